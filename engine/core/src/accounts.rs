//! Sums over machines that do not depend on the order of adding, so that worlds on any number of threads agree to the bit.
//!
//! A plant of 100,000 machines is summed as it is read; only the machines that measures name keep figures of their own.

use crate::economy::Meters;
use crate::measures::{GroupTally, MOST_NAMED, PARTS, Tally};
use crate::plan::Plan;
use crate::twin::Twin;
use crate::world::{Course, Machine, Modes};
use std::collections::BTreeMap;

/// 2^60: a float goes in and out unchanged but for parts below 1e-18, and 1e20 hours or coins fit.
const FRACTION: f64 = 1_152_921_504_606_846_976.0;

/// A tally in fixed point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    parts: [i128; PARTS],
    /// The earliest first failure.
    first: Option<i128>,
}

impl Default for Sum {
    fn default() -> Sum {
        Sum { parts: [0; PARTS], first: None }
    }
}

impl Sum {
    pub fn add(&mut self, tally: &Tally) {
        for (sum, part) in self.parts.iter_mut().zip(tally.parts()) {
            *sum += fixed(part);
        }
        self.first = [self.first, tally.first_failure_h.map(fixed)].into_iter().flatten().min();
    }

    pub fn absorb(&mut self, other: &Sum) {
        self.parts.iter_mut().zip(other.parts).for_each(|(sum, more)| *sum += more);
        self.first = [self.first, other.first].into_iter().flatten().min();
    }

    pub fn tally(&self) -> Tally {
        let first_failure_h = self.first.map(|first| first as f64 / FRACTION);
        Tally { first_failure_h, ..Tally::from_parts(self.parts.map(|sum| sum as f64 / FRACTION)) }
    }
}

fn fixed(part: f64) -> i128 {
    libm::rint(part * FRACTION) as i128
}

/// What a run came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Accounts {
    /// By future.
    pub plants: BTreeMap<u32, Sum>,
    /// By sheet, over all futures.
    pub kinds: BTreeMap<u16, Sum>,
    /// By machine and future, of the first machines of the plan.
    pub named: BTreeMap<(u32, u32), Tally>,
    /// By group and future.
    pub groups: BTreeMap<(u16, u32), GroupTally>,
}

impl Accounts {
    pub fn absorb(&mut self, other: Accounts) {
        for (future, sum) in &other.plants {
            self.plants.entry(*future).or_default().absorb(sum);
        }
        for (sheet, sum) in &other.kinds {
            self.kinds.entry(*sheet).or_default().absorb(sum);
        }
        self.named.extend(other.named);
        self.groups.extend(other.groups);
    }

    /// What a group's downtime costs is a cost of the plant.
    fn add_group(&mut self, group: u16, future: u32, tally: GroupTally) {
        let cost = Tally { cost_downtime: tally.cost_downtime, ..Tally::default() };
        self.plants.entry(future).or_default().add(&cost);
        self.groups.insert((group, future), tally);
    }

    fn add(&mut self, plan: &Plan, machine: u32, future: u32, tally: Tally) {
        self.plants.entry(future).or_default().add(&tally);
        self.kinds.entry(plan.model_of(machine).sheet).or_default().add(&tally);
        if (machine as usize) < MOST_NAMED {
            self.named.insert((machine, future), tally);
        }
    }
}

impl Twin {
    /// What this world came to so far.
    pub fn accounts(&mut self) -> Accounts {
        let plan = self.plan().clone();
        let mut accounts = Accounts::default();
        self.each_tally(|machine, future, tally| accounts.add(&plan, machine, future, tally));
        self.each_group(|group, future, tally| accounts.add_group(group, future, tally));
        accounts
    }

    /// What each machine came to so far, future by future in the order of the plan: machine, future, sums.
    pub fn each_tally(&mut self, mut take: impl FnMut(u32, u32, Tally)) {
        let (plan, tick) = (self.plan().clone(), self.world.resource::<Course>().clock.tick);
        let mut query = self.world.query::<(&Machine, &Modes, &Meters)>();
        for (machine, modes, meters) in query.iter(&self.world) {
            take(machine.machine, machine.future, Tally::of(&plan, machine.machine, modes, meters, tick));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_do_not_depend_on_the_order() {
        let tallies: Vec<Tally> = (0..1000)
            .map(|i| Tally { cost_scrap: 0.1 * f64::from(i), hours: [1e6 / 3.0; 6], ..Tally::default() })
            .collect();
        let (mut forwards, mut backwards) = (Sum::default(), Sum::default());
        tallies.iter().for_each(|tally| forwards.add(tally));
        tallies.iter().rev().for_each(|tally| backwards.add(tally));
        assert_eq!(forwards, backwards);
        assert!((forwards.tally().cost_scrap - 49_950.0).abs() < 1e-6);
        assert!((forwards.tally().hours[2] - 1e9 / 3.0).abs() < 1e-3);
    }
}
