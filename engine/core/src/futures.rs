//! Futures by the thousand: one block after another of a plan's random courses, of which nothing is kept but what
//! measures need.

use crate::leap::explain::Division;
use crate::measures::{GroupTally, MOST_NAMED, Tally};
use crate::plan::Plan;
use crate::twin::{Batch, Twin};
use std::ops::Range;
use std::sync::Arc;

pub use crate::leap::explain::{Readers, explain, readers};

/// What one future came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FutureEnd {
    pub future: u32,
    pub plant: Tally,
    /// By kind, as the plan's sheets.
    pub kinds: Vec<Tally>,
    /// Of the first [`MOST_NAMED`] machines, where they are asked for.
    pub named: Vec<Tally>,
    /// Hours to the first failure of each of those machines; None where there was none.
    pub first_failures: Vec<Option<f64>>,
    /// By group of the plan.
    pub groups: Vec<GroupTally>,
}

/// How futures are run.
#[derive(Debug, Clone)]
pub struct Asking {
    /// Sensors are simulated where a tick is gone through: a limit, a policy or a condition needs readings.
    pub readings: bool,
    /// Alarm limits of all machines are watched, so that alerts are counted: every machine goes tick by tick.
    pub limits: bool,
    /// Quiet stretches pass in one step where that changes nothing.
    pub skip: bool,
    /// Tallies of single machines are kept.
    pub named: bool,
}

/// Machines times futures that are stepped side by side: more would not stay in the cache.
const SIDE_BY_SIDE: usize = 512;

/// Runs the futures of a plan, on one thread.
#[derive(Debug)]
pub struct Ensemble {
    plan: Arc<Plan>,
    asking: Asking,
    /// Groups of machines that go from event to event, and the machines that go tick by tick.
    division: Division,
}

impl Ensemble {
    pub fn new(plan: &Arc<Plan>, asking: Asking) -> Ensemble {
        Ensemble { plan: plan.clone(), division: Division::of(plan, &asking), asking }
    }

    /// The ends of a block of futures, in order. None when `stop` said so on the way.
    pub fn run(&mut self, futures: Range<u32>, stop: &dyn Fn() -> bool) -> Option<Vec<FutureEnd>> {
        let mut ends: Vec<FutureEnd> = futures.clone().map(|future| self.end_of(future)).collect();
        if !self.division.steppers.is_empty() {
            let block = (SIDE_BY_SIDE / self.division.steppers.len()).max(1);
            for (ends, first) in ends.chunks_mut(block).zip(futures.clone().step_by(block)) {
                self.step(first, ends, stop)?;
            }
        }
        let Ensemble { plan, asking, division } = self;
        for (end, future) in ends.iter_mut().zip(futures) {
            if stop() {
                return None;
            }
            for leaper in &mut division.leapers {
                leaper.run(future);
                leaper.tallies().for_each(|(machine, tally)| end.add(plan, asking, machine, &tally));
                leaper.groups().for_each(|(group, tally)| end.add_group(group, tally));
            }
        }
        Some(ends)
    }

    /// Futures side by side, tick by tick.
    fn step(&self, first: u32, ends: &mut [FutureEnd], stop: &dyn Fn() -> bool) -> Option<()> {
        let plan = &self.plan;
        let mut twin = Twin::build_lean(plan, self.division.steppers.clone(), first..first + ends.len() as u32);
        twin.mute();
        if !self.asking.readings {
            twin.close_eyes();
        }
        let batch = Batch::default();
        for tick in plan.first_tick()..=plan.ticks {
            if tick.is_multiple_of(1024) && stop() {
                return None;
            }
            twin.tick(&batch);
        }
        twin.each_tally(|machine, future, tally| {
            ends[(future - first) as usize].add(plan, &self.asking, machine, &tally)
        });
        twin.each_group(|group, future, tally| ends[(future - first) as usize].add_group(group, tally));
        Some(())
    }

    fn end_of(&self, future: u32) -> FutureEnd {
        let named = if self.asking.named { self.plan.machines.len().min(MOST_NAMED) } else { 0 };
        FutureEnd {
            future,
            plant: Tally::default(),
            kinds: vec![Tally::default(); self.plan.sheets.len()],
            named: vec![Tally::default(); named],
            first_failures: vec![None; named],
            groups: vec![GroupTally::default(); self.plan.groups.len()],
        }
    }
}

impl FutureEnd {
    fn add(&mut self, plan: &Plan, asking: &Asking, machine: u32, tally: &Tally) {
        self.plant.add(tally);
        self.kinds[plan.model_of(machine).sheet as usize].add(tally);
        if asking.named && (machine as usize) < MOST_NAMED {
            self.named[machine as usize] = tally.clone();
            self.first_failures[machine as usize] = tally.first_failure_h;
        }
    }

    /// What the downtime of a group costs is a cost of the plant.
    fn add_group(&mut self, group: u16, tally: GroupTally) {
        self.plant.cost_downtime += tally.cost_downtime;
        self.groups[group as usize] = tally;
    }
}
