//! The whole state of a world as one value: saved, restored bit for bit, and digested.
//!
//! Nothing in it depends on how machines were spread over worlds: it is a list of machines, each with everything that is
//! its own, and the standing of conditions. No generator has a position to save.

use crate::digest::Hash;
use crate::economy::Meters;
use crate::faults::apply::ActiveFault;
use crate::limits::Level;
use crate::limits::judge::{LimitWatch, Watches};
use crate::maintenance::work::Crews;
use crate::plan::Plan;
use crate::script::conditions::{Standing, Standings};
use crate::twin::Twin;
use crate::world::agenda::Deed;
use crate::world::board::LaneAct;
use crate::world::patches::Patch;
use crate::world::{Agenda, Blackboard, Clock, Course, Down, Machine, Modes, Panels, Roster, Slots, Unrest, Wears};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Raised when what a snapshot holds changes its meaning.
pub const VERSION: u32 = 1;

/// A world at one instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub version: u32,
    /// The plan it belongs to.
    pub plan: u128,
    /// The tick that was last shown; None before the first.
    pub tick: Option<u32>,
    pub machines: Vec<MachineState>,
    /// By future: the standing of each condition.
    pub conditions: Vec<(u32, Vec<Standing>)>,
}

/// Everything that is one machine's own, in one future.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MachineState {
    pub future: u32,
    pub machine: u32,
    modes: Modes,
    slots: Slots,
    wears: Wears,
    panels: Panels,
    meters: Meters,
    agenda: Vec<(u32, Deed)>,
    faults: Vec<ActiveFault>,
    patches: Vec<Patch>,
    watches: Vec<(u16, Level, LimitWatch)>,
}

/// Why a snapshot cannot be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreError {
    /// Not the bytes of a snapshot, or only a part of them.
    Unreadable,
    /// Written by another version of the engine.
    Version(u32),
    /// Taken from another plan.
    Plan,
    /// Its machines are not those of the plan.
    Machines(String),
}

impl std::fmt::Display for RestoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RestoreError::Unreadable => f.write_str("these are not the bytes of a whole snapshot"),
            RestoreError::Version(version) => {
                write!(f, "the snapshot is of version {version}, this engine reads {VERSION}")
            }
            RestoreError::Plan => f.write_str("the snapshot was taken from another scenario or other machine files"),
            RestoreError::Machines(why) => write!(f, "the snapshot does not fit the plan: {why}"),
        }
    }
}

impl std::error::Error for RestoreError {}

impl Snapshot {
    /// As bytes for a file or a table. (JSON would not do: it knows no infinity.)
    pub fn to_bytes(&self) -> Vec<u8> {
        // Writing to memory fails only for types of unknown length, which a snapshot has none of.
        postcard::to_allocvec(self).unwrap_or_default()
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Snapshot, RestoreError> {
        let (version, _) = postcard::take_from_bytes::<u32>(bytes).map_err(|_| RestoreError::Unreadable)?;
        if version != VERSION {
            return Err(RestoreError::Version(version));
        }
        postcard::from_bytes(bytes).map_err(|_| RestoreError::Unreadable)
    }
}

impl Twin {
    /// The whole state, as a value.
    pub fn snapshot(&mut self) -> Snapshot {
        let tick = self.now();
        let plan = self.plan().digest;
        let mut machines = Vec::with_capacity(self.world.resource::<Roster>().len() as usize);
        self.each_machine(|state| machines.push(state));
        Snapshot { version: VERSION, plan, tick, machines, conditions: self.conditions() }
    }

    fn conditions(&self) -> Vec<(u32, Vec<Standing>)> {
        let first = self.world.resource::<Roster>().first_future;
        let standings = &self.world.resource::<Standings>().0;
        standings.iter().enumerate().map(|(row, list)| (first + row as u32, list.clone())).collect()
    }

    /// The state of one machine after another, by future and machine: a plant is not held twice.
    fn each_machine(&mut self, mut take: impl FnMut(MachineState)) {
        let mut faults: BTreeMap<u32, Vec<ActiveFault>> = BTreeMap::new();
        let active: Vec<ActiveFault> = self.world.query::<&ActiveFault>().iter(&self.world).cloned().collect();
        for mut fault in active {
            self.remember_stuck(&mut fault);
            faults.entry(fault.local).or_default().push(fault);
        }
        let mut agenda: BTreeMap<u32, Vec<(u32, Deed)>> = BTreeMap::new();
        for due in self.world.resource::<Agenda>().all() {
            agenda.entry(due.local).or_default().push((due.tick, due.deed));
        }
        let mut watches: BTreeMap<u32, Vec<(u16, Level, LimitWatch)>> = BTreeMap::new();
        for (&(local, sensor, level), watch) in &self.world.resource::<Watches>().0 {
            watches.entry(local).or_default().push((sensor, level, *watch));
        }
        let patches = self.world.resource::<Blackboard>().patches.0.clone();
        let mut query = self.world.query::<(&Machine, &Modes, &Slots, &Wears, &Panels, &Meters)>();
        for (machine, modes, slots, wears, panels, meters) in query.iter(&self.world) {
            let mut faults = faults.remove(&machine.local).unwrap_or_default();
            faults.sort_by_key(|fault| (fault.fault, fault.occurrence));
            // A local number means nothing outside its world.
            faults.iter_mut().for_each(|fault| fault.local = 0);
            take(MachineState {
                future: machine.future,
                machine: machine.machine,
                modes: modes.clone(),
                slots: slots.clone(),
                wears: wears.clone(),
                panels: panels.clone(),
                meters: meters.clone(),
                agenda: agenda.remove(&machine.local).unwrap_or_default(),
                faults,
                patches: patches.get(&machine.local).cloned().unwrap_or_default(),
                watches: watches.remove(&machine.local).unwrap_or_default(),
            });
        }
    }

    /// A stuck sensor's held reading lives on the board once it was seen; the entity takes it along.
    fn remember_stuck(&self, fault: &mut ActiveFault) {
        let board = &self.world.resource::<Blackboard>().board;
        for (panel, lane, act) in &mut fault.lanes {
            if let LaneAct::Stuck(held) = act {
                let on_board = board.lanes.get(&(fault.local, *panel)).into_iter().flatten();
                let same = on_board.filter(|entry| entry.lane == *lane && entry.id == (fault.fault, fault.occurrence));
                for entry in same {
                    if let LaneAct::Stuck(seen) = entry.act {
                        *held = seen;
                    }
                }
            }
        }
    }

    /// A world that goes on from a snapshot as if it had never been saved. Machines of the plan that the snapshot lacks
    /// are refused.
    pub fn restore(plan: &Arc<Plan>, snapshot: &Snapshot) -> Result<Twin, RestoreError> {
        let futures = snapshot.machines.iter().map(|state| state.future);
        let range = futures.clone().min().unwrap_or(0)..futures.max().map_or(0, |last| last + 1);
        let mut members: Vec<u32> = snapshot.machines.iter().map(|state| state.machine).collect();
        members.sort_unstable();
        members.dedup();
        Twin::restore_part(plan, snapshot, members, range)
    }

    fn restore_part(
        plan: &Arc<Plan>,
        snapshot: &Snapshot,
        members: Vec<u32>,
        futures: Range<u32>,
    ) -> Result<Twin, RestoreError> {
        if snapshot.version != VERSION {
            return Err(RestoreError::Version(snapshot.version));
        }
        if snapshot.plan != plan.digest {
            return Err(RestoreError::Plan);
        }
        if members.iter().any(|&machine| machine as usize >= plan.machines.len()) {
            return Err(RestoreError::Machines("it has machines that the plan does not have".to_owned()));
        }
        if snapshot.machines.len() != members.len() * futures.len() {
            return Err(RestoreError::Machines("some machines are missing in some futures".to_owned()));
        }
        let mut twin = Twin::build_part(plan, members, futures);
        if let Some(tick) = snapshot.tick {
            twin.world.resource_mut::<Course>().clock = Clock { tick, fresh: false };
            twin.started = true;
        }
        twin.world.resource_mut::<Agenda>().clear();
        for state in &snapshot.machines {
            twin.put_back(plan, state)?;
        }
        for (future, list) in &snapshot.conditions {
            let first = twin.world.resource::<Roster>().first_future;
            let mut standings = twin.world.resource_mut::<Standings>();
            if let Some(place) = future.checked_sub(first).and_then(|row| standings.0.get_mut(row as usize)) {
                place.clone_from(list);
            }
        }
        if snapshot.tick.is_some() {
            twin.settle_after_restore(plan);
        }
        twin.look_ahead();
        Ok(twin)
    }

    fn put_back(&mut self, plan: &Arc<Plan>, state: &MachineState) -> Result<(), RestoreError> {
        let missing = || RestoreError::Machines(format!("machine {} is not in the plan", state.machine));
        let roster = self.world.resource::<Roster>();
        let local = roster.local(state.future, state.machine).ok_or_else(missing)?;
        let entity = roster.entity(local);
        let model = plan.model_of(state.machine);
        if state.slots.0.len() != usize::from(model.slots)
            || state.panels.0.len() != model.panels.len()
            || state.wears.0.len() != model.wears.len()
        {
            return Err(RestoreError::Machines(format!(
                "machine {} has another shape",
                plan.machines[state.machine as usize].id
            )));
        }
        let parts =
            (state.modes.clone(), state.slots.clone(), state.wears.clone(), state.panels.clone(), state.meters.clone());
        if let Ok(mut machine) = self.world.get_entity_mut(entity) {
            machine.insert(parts);
        }
        for &(tick, deed) in &state.agenda {
            self.world.resource_mut::<Agenda>().add(tick, local, deed);
        }
        for fault in &state.faults {
            let fault = ActiveFault { local, ..fault.clone() };
            self.world.resource_mut::<Blackboard>().board.enter(&fault, plan, model, state.machine);
            self.world.spawn(fault);
        }
        for patch in &state.patches {
            self.world.resource_mut::<Blackboard>().patches.add(local, patch.clone());
        }
        for &(sensor, level, watch) in &state.watches {
            self.world.resource_mut::<Watches>().0.insert((local, sensor, level), watch);
        }
        Ok(())
    }

    /// What follows from the machines' states: who waits for hands, and when duty cycles next speak.
    fn settle_after_restore(&mut self, plan: &Arc<Plan>) {
        let mut query = self.world.query::<(&Machine, &Modes)>();
        let mut crews = Crews::default();
        let roster = self.world.resource::<Roster>();
        crews.waiting.resize(roster.futures as usize, Default::default());
        crews.busy.resize(roster.futures as usize, 0);
        for (machine, modes) in query.iter(&self.world) {
            let row = (machine.future - roster.first_future) as usize;
            match modes.down {
                Down::Failed { busy: false, since, .. } => {
                    crews.waiting[row].insert((since, machine.local));
                }
                Down::Failed { busy: true, .. } | Down::Planned { .. } => crews.busy[row] += 1,
                Down::No => {
                    if let Some(since) = modes.wants_work {
                        crews.waiting[row].insert((since, machine.local));
                    }
                }
                Down::Dead => {}
            }
        }
        let tick = self.world.resource::<Course>().clock.tick;
        self.world.insert_resource(crews);
        let mut unrest = self.world.resource_mut::<Unrest>();
        unrest.locals.clear();
        for (next, model) in unrest.duty.iter_mut().zip(&plan.models) {
            *next = model.mode_duty.map_or(u32::MAX, |duty| {
                let end = model.duties[duty].phase_end(i64::from(tick) * plan.tick.0);
                u32::try_from((end + plan.tick.0 - 1) / plan.tick.0).unwrap_or(u32::MAX).max(tick + 1)
            });
        }
    }

    /// Digests of each machine's whole state and of each condition: worked out only when they are asked for.
    pub fn digests(&mut self) -> Digests {
        let roster = self.world.resource::<Roster>();
        let mut machines = Vec::with_capacity(roster.len() as usize);
        let (first_future, members) = (roster.first_future, roster.members.clone());
        self.each_machine(|state| machines.push(Hash::of(&state)));
        let mut conditions = BTreeMap::new();
        for (future, list) in &self.conditions() {
            // A world that cannot see a condition's machines leaves its standing untouched.
            let touched = list.iter().enumerate().filter(|(_, standing)| **standing != Standing::default());
            conditions.extend(touched.map(|(number, standing)| ((*future, number), Hash::of(standing))));
        }
        Digests { worlds: vec![WorldDigests { first_future, members, machines }], conditions }
    }
}

/// Digests of the machines of worlds, so that these can be put together however machines were spread over them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digests {
    worlds: Vec<WorldDigests>,
    /// By future and number of the condition.
    conditions: BTreeMap<(u32, usize), u128>,
}

/// One world's: its machines in order, future by future.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct WorldDigests {
    first_future: u32,
    members: Vec<u32>,
    machines: Vec<u128>,
}

impl WorldDigests {
    fn of(&self, future: u32, machine: u32) -> Option<u128> {
        let place = self.members.binary_search(&machine).ok()?;
        let row = future.checked_sub(self.first_future)? as usize;
        self.machines.get(row * self.members.len() + place).copied()
    }
}

impl Digests {
    pub fn extend(&mut self, other: Digests) {
        self.worlds.extend(other.worlds);
        self.conditions.extend(other.conditions);
    }

    /// The digest of a whole run at a tick.
    pub fn combine(&self, plan: &Plan, tick: u32) -> u128 {
        let mut hash = Hash::default();
        let mut wide = |number: u128| {
            hash.number(number as u64);
            hash.number((number >> 64) as u64);
        };
        wide(plan.digest);
        wide(u128::from(tick));
        for future in 0..plan.futures {
            for machine in 0..plan.machines.len() as u32 {
                self.worlds.iter().filter_map(|world| world.of(future, machine)).for_each(&mut wide);
            }
        }
        self.conditions.values().copied().for_each(wide);
        hash.finish()
    }
}
