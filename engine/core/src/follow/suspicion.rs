//! Suspicion: whether readings lie beside what is expected for so long that something must have happened, and what.
//!
//! Innovations of a filter that is right are white. Their sums over a short and a long past, in the direction in which a
//! wear or a sensor's bias would push them, are compared with their own spread; whose sum stands out furthest is opened.

use super::sketch::{Growth, Sketch, WearSketch};
use serde::{Deserialize, Serialize};

/// How much of the past is forgotten with each reading: a short and a long memory.
const FORGETS: [f64; 2] = [1.0 / 12.0, 1.0 / 200.0];
/// A single reading counts for no more than so many standard deviations: one outlier proves nothing.
const MOST: f64 = 2.5;
/// Evidence (a squared standard deviation) from which something must have happened.
const ENOUGH: f64 = 20.0;

/// Innovations in one direction, summed over a short and a long past: sum and variance of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    sums: [(f64, f64); 2],
}

impl Tally {
    /// Time passes: the past weighs less.
    pub fn age(&mut self) {
        for ((sum, variance), forgets) in self.sums.iter_mut().zip(FORGETS) {
            *sum *= 1.0 - forgets;
            *variance *= (1.0 - forgets) * (1.0 - forgets);
        }
    }

    /// An innovation of so many standard deviations `sd`, which a push of 1 would move by `effect`.
    pub fn add(&mut self, sigmas: f64, sd: f64, effect: f64) {
        let weight = effect / sd;
        for (sum, variance) in &mut self.sums {
            *sum += weight * sigmas.clamp(-MOST, MOST);
            *variance += weight * weight;
        }
    }

    /// The stronger evidence, and the push that it speaks for.
    fn evidence(&self) -> (f64, f64) {
        let judged = self.sums.map(
            |(sum, variance)| {
                if variance > 0.0 { (sum * sum / variance, sum / variance) } else { (0.0, 0.0) }
            },
        );
        if judged[0].0 >= judged[1].0 { judged[0] } else { judged[1] }
    }
}

/// What is opened, and how far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cause {
    pub state: usize,
    pub size: f64,
}

/// The best explanation of what persists, if anything does.
pub fn cause(sketch: &Sketch, wears: &[Tally], biases: &[Tally]) -> Option<Cause> {
    let of_wears = wears.iter().zip(&sketch.wears).map(|(tally, wear)| {
        let (evidence, push) = tally.evidence();
        (evidence - wear.reluctance(push), Cause { state: wear.level, size: push.abs().min(1.0) })
    });
    let of_biases = biases.iter().enumerate().map(|(sensor, tally)| {
        let (evidence, push) = tally.evidence();
        (evidence - 8.0, Cause { state: sketch.bias(sensor), size: push.abs() })
    });
    let best = of_wears.chain(of_biases).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > ENOUGH && best.1.size.is_finite()).then_some(best.1)
}

impl WearSketch {
    /// How much evidence a jump of this wear needs beyond the usual.
    fn reluctance(&self, push: f64) -> f64 {
        match self.growth {
            Growth::Jumps { .. } if push > 0.0 => 0.0,
            Growth::Jumps { .. } | Growth::Wander { .. } => 10.0,
            Growth::Straight | Growth::Curved { .. } => 25.0,
        }
    }
}
