//! Sums over machines that do not depend on the order of adding, so that worlds on any number of threads agree to the bit.
//!
//! A plant of 100,000 machines is summed as it is read; only the machines that measures name keep figures of their own.

use crate::economy::Meters;
use crate::measures::{MOST_NAMED, PARTS, Tally};
use crate::plan::Plan;
use crate::twin::Twin;
use crate::world::{Course, Machine, Modes};
use std::collections::BTreeMap;

/// 2^60: a float goes in and out unchanged but for parts below 1e-18, and 1e20 hours or coins fit.
const FRACTION: f64 = 1_152_921_504_606_846_976.0;

/// A tally in fixed point.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sum([i128; PARTS]);

impl Sum {
    pub fn add(&mut self, tally: &Tally) {
        for (sum, part) in self.0.iter_mut().zip(tally.parts()) {
            *sum += libm::rint(part * FRACTION) as i128;
        }
    }

    pub fn absorb(&mut self, other: &Sum) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, more)| *sum += more);
    }

    pub fn tally(&self) -> Tally {
        Tally::from_parts(self.0.map(|sum| sum as f64 / FRACTION))
    }
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
    }

    fn add(&mut self, plan: &Plan, machine: &Machine, tally: Tally) {
        self.plants.entry(machine.future).or_default().add(&tally);
        self.kinds.entry(plan.model_of(machine.machine).sheet).or_default().add(&tally);
        if (machine.machine as usize) < MOST_NAMED {
            self.named.insert((machine.machine, machine.future), tally);
        }
    }
}

impl Twin {
    /// What this world came to so far.
    pub fn accounts(&mut self) -> Accounts {
        let (plan, tick) = (self.plan().clone(), self.world.resource::<Course>().clock.tick);
        let mut accounts = Accounts::default();
        let mut query = self.world.query::<(&Machine, &Modes, &Meters)>();
        for (machine, modes, meters) in query.iter(&self.world) {
            accounts.add(&plan, machine, Tally::of(&plan, machine.machine, modes, meters, tick));
        }
        accounts
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
