//! Groups: machines that stand in for each other, of which so many are needed (k out of n).
//!
//! The log of a group changes only where a machine of it changes its mode, and tells only of what held for a time: two
//! machines that change places within one tick leave the group as it is. So a log is the same whether ticks were
//! stepped or leapt over.

pub mod spec;

use crate::measures::GroupTally;
use crate::plan::Plan;
use crate::twin::Twin;
use crate::world::{Course, Roster, Unrest};
use serde::{Deserialize, Serialize};
use twinwright_model::Mode;

/// A group of the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupPlan {
    pub name: String,
    /// Machines of the plan, ascending.
    pub machines: Vec<u32>,
    pub needs: u32,
    /// Cost of an hour in which it is down.
    pub downtime_price: f64,
}

/// One group in one future.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupLog {
    /// Machines that are not available.
    lacking: u32,
    /// The tick of the last change; what held before it is counted.
    since: u32,
    was_up: bool,
    up: u32,
    failures: u32,
}

impl Default for GroupLog {
    fn default() -> GroupLog {
        GroupLog { lacking: 0, since: 0, was_up: true, up: 0, failures: 0 }
    }
}

impl GroupLog {
    fn change(&mut self, group: &GroupPlan, is_available: bool, tick: u32) {
        if tick > self.since {
            self.count(group, tick);
        }
        self.lacking = if is_available { self.lacking - 1 } else { self.lacking + 1 };
    }

    /// Counts what has held since the last change.
    fn count(&mut self, group: &GroupPlan, tick: u32) {
        let is_up = group.machines.len() as u32 - self.lacking >= group.needs;
        // A group that is down from the start has not failed: nothing went before it.
        self.failures += u32::from(self.was_up && !is_up && self.since > 0);
        self.up += if is_up { tick - self.since } else { 0 };
        (self.was_up, self.since) = (is_up, tick);
    }

    /// What the group came to up to a tick.
    pub fn tally(mut self, group: &GroupPlan, tick: u32, tick_hours: f64) -> GroupTally {
        self.count(group, tick);
        let down_h = f64::from(tick - self.up) * tick_hours;
        GroupTally {
            up_h: f64::from(self.up) * tick_hours,
            down_h,
            failures: f64::from(self.failures),
            cost_downtime: down_h * group.downtime_price,
        }
    }
}

/// The groups of a world.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Groups {
    /// By machine of the plan; empty where there are no groups.
    of_machine: Vec<Vec<u16>>,
    /// By future, counted from the first of the world, and group; as far as anything has changed.
    pub logs: Vec<Vec<GroupLog>>,
}

impl Groups {
    pub fn new(plan: &Plan) -> Groups {
        let mut groups = Groups::default();
        if !plan.groups.is_empty() {
            groups.of_machine = vec![Vec::new(); plan.machines.len()];
            for (index, group) in plan.groups.iter().enumerate() {
                for &machine in &group.machines {
                    groups.of_machine[machine as usize].push(index as u16);
                }
            }
        }
        groups
    }

    /// A machine goes from one mode to another.
    pub fn change_mode(&mut self, plan: &Plan, row: usize, machine: u32, modes: (Mode, Mode), tick: u32) {
        let (before, after) = (is_available(modes.0), is_available(modes.1));
        if before == after || self.of_machine.is_empty() {
            return;
        }
        self.make_room(plan, row);
        for &group in &self.of_machine[machine as usize] {
            self.logs[row][group as usize].change(&plan.groups[group as usize], after, tick);
        }
    }

    fn make_room(&mut self, plan: &Plan, row: usize) {
        if self.logs.len() <= row {
            self.logs.resize(row + 1, vec![GroupLog::default(); plan.groups.len()]);
        }
    }

    /// Goes on with a log that was kept.
    pub fn put_back(&mut self, plan: &Plan, row: usize, group: usize, log: GroupLog) {
        self.make_room(plan, row);
        self.logs[row][group] = log;
    }

    /// What one group came to in one future.
    pub fn tally(&self, plan: &Plan, row: usize, group: usize, tick: u32) -> GroupTally {
        let log = self.logs.get(row).map_or_else(GroupLog::default, |logs| logs[group]);
        log.tally(&plan.groups[group], tick, plan.tick.hours())
    }
}

fn is_available(mode: Mode) -> bool {
    matches!(mode, Mode::Running | Mode::Idle | Mode::Calibrating)
}

impl Twin {
    /// What each group of this world came to so far: group, future, sums.
    pub fn each_group(&self, mut take: impl FnMut(u16, u32, GroupTally)) {
        let plan = self.plan();
        let tick = self.world.resource::<Course>().clock.tick;
        let roster = self.world.resource::<Roster>();
        let groups = &self.world.resource::<Unrest>().groups;
        for row in 0..roster.futures {
            for (index, group) in plan.groups.iter().enumerate() {
                // The machines of a group share a world: the first tells whether they live here.
                if group.machines.iter().take(1).all(|machine| roster.members.binary_search(machine).is_ok()) {
                    take(index as u16, roster.first_future + row, groups.tally(plan, row as usize, index, tick));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group() -> GroupPlan {
        GroupPlan { name: "feed".to_owned(), machines: vec![0, 1, 2], needs: 2, downtime_price: 10.0 }
    }

    #[test]
    fn a_group_is_up_while_enough_of_its_machines_are() {
        let (group, mut log) = (group(), GroupLog::default());
        for (tick, is_available) in [(10, false), (20, false), (25, true), (40, false), (41, true), (50, true)] {
            log.change(&group, is_available, tick);
        }
        // One lacks from 10 on, two from 20 to 25 and from 40 to 41: down for 5 + 1 of 100 ticks of half an hour.
        let tally = log.tally(&group, 100, 0.5);
        assert_eq!((tally.up_h, tally.down_h, tally.failures, tally.cost_downtime), (47.0, 3.0, 2.0, 30.0));
        assert_eq!(tally.measure("availability"), Some(0.94));
    }

    #[test]
    fn machines_that_change_places_within_a_tick_do_not_fail_the_group() {
        let (group, mut log) = (group(), GroupLog::default());
        log.change(&group, false, 5);
        log.change(&group, false, 9);
        log.change(&group, true, 9);
        assert_eq!(log.tally(&group, 20, 1.0).failures, 0.0);
    }

    #[test]
    fn a_group_that_is_down_from_the_start_did_not_fail() {
        let (group, mut log) = (group(), GroupLog::default());
        log.change(&group, false, 0);
        log.change(&group, false, 0);
        log.change(&group, true, 4);
        let tally = log.tally(&group, 10, 1.0);
        assert_eq!((tally.up_h, tally.failures), (6.0, 0.0));
    }
}
