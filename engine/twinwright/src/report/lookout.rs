//! The lookout: follows the first machines of the first future from within their world, a few thousand times a run.
//!
//! It looks at ticks that follow from the plan alone, so that no number of threads or chunk changes what it saw.

use super::data::BUCKETS;
use crate::run::split::Part;
use twinwright_core::{Plan, Twin};

/// Looks in one run; twelve for each point, so that a point knows the reach of what happened in it.
const LOOKS: u64 = 12 * BUCKETS as u64;
/// Machines that are followed.
pub const MOST_FOLLOWED: u32 = 16;

/// What was seen of one machine at one tick.
#[derive(Debug, Clone, PartialEq)]
pub struct Sight {
    pub machine: u32,
    pub bucket: usize,
    pub readings: Vec<f32>,
    pub wears: Vec<f64>,
}

/// Where a world looks next.
#[derive(Debug, Clone)]
pub struct Lookout {
    machines: Vec<u32>,
    ticks: u64,
    looks: u64,
    next: u64,
}

impl Lookout {
    pub fn new(plan: &Plan, part: &Part) -> Lookout {
        let followed = if part.futures.contains(&0) { part.machines.as_slice() } else { &[] };
        let machines = followed.iter().copied().filter(|&machine| machine < MOST_FOLLOWED).collect();
        let ticks = u64::from(plan.ticks);
        Lookout { machines, ticks, looks: ticks.clamp(1, LOOKS), next: 0 }
    }

    /// Looks, if it is time to.
    pub fn look(&mut self, twin: &Twin, sights: &mut Vec<Sight>) {
        let Some(tick) = twin.now().map(u64::from) else { return };
        if self.machines.is_empty() || tick * self.looks < self.next * self.ticks {
            return;
        }
        while self.next * self.ticks <= tick * self.looks {
            self.next += 1;
        }
        let bucket = (tick * BUCKETS as u64 / self.ticks.max(1)).min(BUCKETS as u64 - 1) as usize;
        for &machine in &self.machines {
            let mut sight = Sight { machine, bucket, readings: Vec::new(), wears: Vec::new() };
            if twin.glance(0, machine, &mut sight.readings, &mut sight.wears) {
                sights.push(sight);
            }
        }
    }
}
