//! Digests of a run's state: of each machine by itself, put together however machines were spread over worlds.

use super::Snapshot;
use crate::digest::Hash;
use crate::plan::Plan;
use crate::script::conditions::Standing;
use crate::twin::Twin;
use crate::world::Roster;
use std::collections::BTreeMap;

impl Twin {
    /// Digests of each machine's whole state and of each condition: worked out only when they are asked for.
    pub fn digests(&mut self) -> Digests {
        let roster = self.world.resource::<Roster>();
        let mut machines = Vec::with_capacity(roster.len() as usize);
        let (first_future, members) = (roster.first_future, roster.members.clone());
        self.each_machine(|state| machines.push(Hash::of(&state)));
        let mut conditions = BTreeMap::new();
        for plant in &self.plants() {
            // A world that cannot see a condition's machines leaves its standing untouched.
            let list = plant.conditions.iter().enumerate();
            let touched = list.filter(|(_, standing)| **standing != Standing::default());
            conditions.extend(touched.map(|(number, standing)| ((plant.future, number), Hash::of(standing))));
        }
        Digests { worlds: vec![WorldDigests { first_future, members, machines }], conditions }
    }
}

impl Snapshot {
    /// The digest of the run whose state this is: the one that its worlds would give at this tick.
    pub fn digest(&self, plan: &Plan) -> u128 {
        let first_future = self.machines.first().map_or(0, |state| state.future);
        let firsts = self.machines.iter().take_while(|state| state.future == first_future);
        let world = WorldDigests {
            first_future,
            members: firsts.map(|state| state.machine).collect(),
            machines: self.machines.iter().map(Hash::of).collect(),
        };
        let listed = self.plants.iter().flat_map(|plant| {
            let touched = plant.conditions.iter().enumerate().filter(|(_, seen)| **seen != Standing::default());
            touched.map(|(number, seen)| ((plant.future, number), Hash::of(seen)))
        });
        Digests { worlds: vec![world], conditions: listed.collect() }.combine(plan, self.tick.unwrap_or(0))
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
