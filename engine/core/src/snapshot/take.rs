//! Taking a snapshot: from a world to values, machine by machine.

use super::{MachineState, Passport, PlantState, Snapshot, VERSION};
use crate::economy::Meters;
use crate::faults::apply::ActiveFault;
use crate::groups::GroupLog;
use crate::limits::Level;
use crate::limits::judge::{LimitWatch, Watches};
use crate::script::conditions::{Standing, Standings};
use crate::twin::Twin;
use crate::world::agenda::Deed;
use crate::world::board::LaneAct;
use crate::world::{Agenda, Blackboard, Machine, Modes, Panels, Roster, Slots, Unrest, Wears};
use std::collections::BTreeMap;

impl Twin {
    /// The whole state, as a value.
    pub fn snapshot(&mut self) -> Snapshot {
        let tick = self.now();
        let (plan, passport) = (self.plan().digest, Passport::of(self.plan()));
        let mut machines = Vec::with_capacity(self.world.resource::<Roster>().len() as usize);
        self.each_machine(|state| machines.push(state));
        Snapshot { version: VERSION, plan, passport, tick, machines, plants: self.plants() }
    }

    /// What belongs to no machine, by future.
    pub(super) fn plants(&self) -> Vec<PlantState> {
        let first = self.world.resource::<Roster>().first_future;
        let standings = &self.world.resource::<Standings>().0;
        let logs = &self.world.resource::<Unrest>().groups.logs;
        let untouched = vec![GroupLog::default(); self.plan().groups.len()];
        let one = |(row, list): (usize, &Vec<Standing>)| PlantState {
            future: first + row as u32,
            conditions: list.clone(),
            groups: logs.get(row).unwrap_or(&untouched).clone(),
        };
        standings.iter().enumerate().map(one).collect()
    }

    /// The state of one machine after another, by future and machine: a plant is not held twice.
    pub(super) fn each_machine(&mut self, mut take: impl FnMut(MachineState)) {
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
}
