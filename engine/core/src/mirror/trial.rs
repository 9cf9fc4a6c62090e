//! A trial: was a part restored while the machine stood still? Nobody says which; so for a while the machine is followed in
//! several ways at once, as it was and with one or all of its wears restored, and what explains the readings best stays.

use super::Round;
use crate::follow::Sketch;
use crate::follow::update::{Follower, NEVER};

/// How much likelier (as a logarithm) the best must be than the next to end a trial.
const CLEAR: f64 = 8.0;
/// A trial ends after so many readings of the machine at the latest.
const LONGEST: u32 = 400;
/// What was worn down is restored more often than what was not.
const WORN: (f64, f64) = (0.5, 2.0);

/// One way in which a machine may stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Rival {
    pub follower: Follower,
    /// The logarithm of how well it explains what was heard since the trial began.
    pub likelihood: f64,
    pub heard: u32,
}

impl Round<'_> {
    /// Begins a trial.
    pub(super) fn doubt(&mut self, machine: usize) {
        let Some(model) = self.machines.get(machine).map(|machine| machine.model) else { return };
        let sketch = &self.sketches[model as usize];
        let standing = &mut self.standings[machine];
        standing.rivals = rivals_of(sketch, &standing.follower);
    }
}

fn rivals_of(sketch: &Sketch, now: &Follower) -> Vec<Rival> {
    if sketch.wears.is_empty() {
        return Vec::new();
    }
    let mut now = now.clone();
    now.estimate.settle(sketch);
    // What sensors said before the stop says nothing of their noise after it.
    now.traces.iter_mut().for_each(|trace| trace.used = NEVER);
    let all = (sketch.wears.len() > 1).then(|| (0..sketch.wears.len()).collect());
    let single = (0..sketch.wears.len()).map(|wear| vec![wear]);
    let restored = single.chain(all).map(|which: Vec<usize>| {
        let (mut follower, mut likelihood) = (now.clone(), 0.0);
        for wear in which {
            likelihood += if now.estimate.wear(wear, &sketch.wears[wear]) > WORN.0 { WORN.1 } else { -WORN.1 };
            follower.estimate.restore(wear, &sketch.wears[wear]);
        }
        Rival { follower, likelihood, heard: 0 }
    });
    let mut rivals: Vec<Rival> = restored.collect();
    rivals.insert(0, Rival { follower: now, likelihood: 0.0, heard: 0 });
    rivals
}

/// The rival that has won, if the trial is over.
pub fn winner(rivals: &[Rival]) -> Option<usize> {
    let (mut best, mut next) = (0, f64::NEG_INFINITY);
    for at in 1..rivals.len() {
        let (here, there) = (rivals[at].likelihood, rivals[best].likelihood);
        next = next.max(here.min(there));
        if here > there {
            best = at;
        }
    }
    let clear = rivals[best].likelihood - next > CLEAR;
    (clear || rivals[best].heard >= LONGEST).then_some(best)
}
