//! Putting a state back: worlds that begin with what a snapshot holds.

use super::{MachineState, Origin, PlantState, RestoreError, Snapshot};
use crate::faults::apply::ActiveFault;
use crate::limits::judge::Watches;
use crate::maintenance::spares::shelves_of;
use crate::maintenance::work::Crews;
use crate::plan::Plan;
use crate::script::conditions::Standings;
use crate::twin::Twin;
use crate::world::{Agenda, Blackboard, Clock, Course, Down, Machine, Modes, Roster, Slots, Unrest, Wears};
use std::ops::Range;
use std::sync::Arc;

impl Twin {
    /// A world that goes on from a snapshot as if it had never been saved. Another plan than the one it was taken from,
    /// and machines that the snapshot lacks, are refused.
    pub fn restore(plan: &Arc<Plan>, snapshot: &Snapshot) -> Result<Twin, RestoreError> {
        let origin = Origin::strict(plan, snapshot)?;
        let futures = snapshot.machines.iter().map(|state| state.future);
        let range = futures.clone().min().unwrap_or(0)..futures.max().map_or(0, |last| last.saturating_add(1));
        let mut members: Vec<u32> = snapshot.machines.iter().map(|state| state.machine).collect();
        members.sort_unstable();
        members.dedup();
        if snapshot.machines.len() != members.len() * range.len() {
            return Err(RestoreError::Unfit("some machines are missing in some futures".to_owned()));
        }
        Ok(origin.begin(Twin::at_start(plan, members, range).keeping_truth()))
    }

    /// A world of some machines in some futures that goes on from a snapshot: as it is where the plan is the same, carried
    /// over where it is changed; from a single future all others go their own way.
    pub fn fork(
        plan: &Arc<Plan>,
        snapshot: &Arc<Snapshot>,
        members: Vec<u32>,
        futures: Range<u32>,
    ) -> Result<Twin, RestoreError> {
        Ok(Origin::new(plan, snapshot)?.begin(Twin::at_start(plan, members, futures).keeping_truth()))
    }
}

impl Origin {
    /// Lets a world that stands at the start begin here.
    pub(crate) fn begin(&self, mut twin: Twin) -> Twin {
        let plan = &twin.plan().clone();
        if let Some(tick) = self.tick() {
            twin.world.resource_mut::<Course>().clock = Clock { tick, fresh: false };
            twin.started = true;
        }
        twin.world.resource_mut::<Agenda>().clear();
        let mut query = twin.world.query::<(&Machine, &Slots, &Wears)>();
        let built: Vec<(Machine, Slots, Wears)> = query
            .iter(&twin.world)
            .map(|(machine, slots, wears)| (machine.clone(), slots.clone(), wears.clone()))
            .collect();
        for (machine, slots, wears) in built {
            // That all of them are there was seen when the snapshot was taken on.
            if let Some(state) = self.state(plan, &machine, &slots, &wears) {
                twin.put_back(plan, &machine, state);
            }
        }
        let (first, futures) = (twin.world.resource::<Roster>().first_future, twin.world.resource::<Roster>().futures);
        for row in 0..futures {
            twin.put_plant(plan, row as usize, self.plant(first + row));
        }
        if self.tick().is_some() {
            twin.settle_after_restore(plan);
        }
        if self.is_changed() {
            // Links, duties and forced modes may say otherwise now.
            let everybody = twin.world.resource::<Roster>().len();
            twin.world.resource_mut::<Unrest>().locals.extend(0..everybody);
        }
        twin.look_ahead();
        twin
    }
}

impl Twin {
    fn put_back(&mut self, plan: &Arc<Plan>, machine: &Machine, state: MachineState) {
        let local = machine.local;
        let entity = self.world.resource::<Roster>().entity(local);
        let model = plan.model_of(machine.machine);
        if let Ok(mut place) = self.world.get_entity_mut(entity) {
            place.insert((state.modes, state.slots, state.wears, state.panels, state.meters));
        }
        for (tick, deed) in state.agenda {
            self.world.resource_mut::<Agenda>().add(tick, local, deed);
        }
        for fault in state.faults {
            let fault = ActiveFault { local, ..fault };
            self.world.resource_mut::<Blackboard>().board.enter(&fault, plan, model, machine.machine);
            self.world.spawn(fault);
        }
        for patch in state.patches {
            self.world.resource_mut::<Blackboard>().patches.add(local, patch);
        }
        for (sensor, level, watch) in state.watches {
            self.world.resource_mut::<Watches>().0.insert((local, sensor, level), watch);
        }
    }

    fn put_plant(&mut self, plan: &Plan, row: usize, state: PlantState) {
        let members = self.world.resource::<Roster>().members.clone();
        let mut standings = self.world.resource_mut::<Standings>();
        let places = standings.0[row].iter_mut().zip(state.conditions).zip(&plan.script.conditions);
        for ((place, standing), condition) in places {
            // How a condition stands is the business of the world that sees its machines.
            if condition.reads.iter().all(|(machine, _)| members.binary_search(machine).is_ok()) {
                *place = standing;
            }
        }
        let mut unrest = self.world.resource_mut::<Unrest>();
        for (index, (log, group)) in state.groups.into_iter().zip(&plan.groups).enumerate() {
            if group.machines.iter().all(|machine| members.binary_search(machine).is_ok()) {
                unrest.groups.put_back(plan, row, index, log);
            }
        }
    }

    /// What follows from the machines' states: who waits for hands, and when duty cycles next speak.
    fn settle_after_restore(&mut self, plan: &Arc<Plan>) {
        let mut query = self.world.query::<(&Machine, &Modes)>();
        let mut crews = Crews::new(&plan.maintenance, 0);
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
        let machines = query.iter(&self.world);
        crews.shelves = shelves_of(plan, roster, self.world.resource::<Agenda>(), machines);
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
}
