//! What is believed of the wears of a machine, states drawn from it, and how many lives at stress 1 each then has left.

use crate::dice::{Dice, Purpose};
use crate::follow::Estimate;
use crate::follow::sketch::{Growth, Sketch, WearSketch};
use crate::wear::WearPlan;
use crate::wear::passage::passage;
use nalgebra::{DMatrix, DVector};

/// A machine that runs has not failed: a state beyond is drawn again, so often at most.
const AGAIN: u64 = 64;
/// The highest wear that a machine that runs may have.
const LAST: f64 = 0.999_999;

/// What is believed of all wears together.
#[derive(Debug, Clone)]
pub struct Belief {
    pub wears: Vec<WearBelief>,
    mean: DVector<f64>,
    /// What turns independent normals into deviations from the mean.
    spread: DMatrix<f64>,
}

/// What is believed of one wear.
#[derive(Debug, Clone)]
pub struct WearBelief {
    pub sketch: WearSketch,
    pub now: f64,
    pub interval: (f64, f64),
    /// Where its clock stands, and the wear that it began with.
    s: f64,
    base: f64,
}

impl Belief {
    pub fn of(sketch: &Sketch, estimate: &Estimate) -> Belief {
        let mut estimate = estimate.clone();
        estimate.settle(sketch);
        let common = sketch.common;
        let mean = estimate.x.rows(0, common).into_owned();
        let wears = sketch.wears.iter().enumerate().map(|(number, wear)| WearBelief {
            sketch: wear.clone(),
            now: estimate.wear(number, wear),
            interval: estimate.interval(number, wear),
            s: estimate.clocks[number].s,
            base: estimate.clocks[number].base,
        });
        let own = estimate.p.view((0, 0), (common, common)).into_owned().symmetric_eigen();
        let roots = own.eigenvalues.map(|value| value.max(0.0).sqrt());
        let spread = own.eigenvectors * DMatrix::from_diagonal(&roots);
        Belief { wears: wears.collect(), mean, spread }
    }

    /// A state as it may be: none of its wears has failed.
    pub fn draw(&self, dice: &Dice) -> DVector<f64> {
        let purpose = Purpose::named("prognosis.state");
        let mut state = self.mean.clone();
        for attempt in 0..AGAIN {
            let mut luck = dice.stream(purpose, attempt);
            let normals = DVector::from_fn(self.mean.len(), |_, _| luck.normal());
            state = &self.mean + &self.spread * normals;
            if self.wears.iter().all(|wear| wear.level(&state) < 1.0) {
                break;
            }
        }
        state
    }

    /// Lives at stress 1 that a wear has left in a state, along a path of its law, and the wear that it stands at.
    pub fn remaining(&self, number: usize, plan: &WearPlan, state: &DVector<f64>, dice: &Dice) -> (f64, f64) {
        let wear = &self.wears[number];
        let speed = wear.speed(state);
        let now = wear.level(state).min(LAST);
        let lives = match wear.sketch.growth {
            Growth::Straight => (1.0 - now) / speed,
            Growth::Curved { shape, whole } => {
                // From where the curve would have been begun to stand here now.
                let before = wear.s * speed;
                let base = now - libm::expm1((shape * before).min(50.0)) / whole;
                (libm::log1p((1.0 - base) * whole) / shape - before).max(0.0) / speed
            }
            Growth::Wander { .. } => passage(plan, dice, now) / speed,
            Growth::Jumps { .. } => passage(plan, dice, now.max(0.0)) / speed,
        };
        (lives, now)
    }
}

impl WearBelief {
    fn speed(&self, state: &DVector<f64>) -> f64 {
        self.sketch.rate.map_or(1.0, |rate| libm::exp(state[rate].clamp(-20.0, 20.0)))
    }

    fn level(&self, state: &DVector<f64>) -> f64 {
        let level = state[self.sketch.level];
        let clock = self.s * self.speed(state);
        match self.sketch.growth {
            Growth::Straight => self.base + clock + level,
            Growth::Curved { shape, whole } => self.base + libm::expm1((shape * clock).min(50.0)) / whole + level,
            _ => level,
        }
    }
}
