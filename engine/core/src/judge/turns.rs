//! Turns: the rows at which a sensor's level steps away from where it was. They are change points of their own, inside an
//! anomaly and outside; none of them is an anomaly.

use super::baseline::Lens;
use super::{JudgeSpec, SCALES};

/// So many rows in a row must show a step.
const LASTS: u32 = 2;

/// Where levels were, slowly following.
#[derive(Debug, Clone)]
pub(super) struct Turns {
    gain: f64,
    apart: u32,
    from: Vec<f64>,
    hot: u32,
    since: u32,
}

impl Turns {
    pub fn new(reference: &[f64], spec: &JudgeSpec) -> Turns {
        Turns {
            gain: 1.0 / spec.scales[SCALES - 1],
            apart: spec.apart,
            from: reference.to_vec(),
            hot: 0,
            since: u32::MAX,
        }
    }

    /// How far each fast level is from where it was, which then follows.
    pub fn steps(&mut self, levels: &[f64]) -> impl Iterator<Item = f64> {
        let gain = self.gain;
        self.from.iter_mut().zip(levels).map(move |(from, level)| {
            let step = level - *from;
            *from += gain * step;
            step
        })
    }

    /// Whether a step is seen at this row. `told` says that this row is a change point anyway.
    pub fn hear(&mut self, lens: &Lens, levels: &[f64], limit: f64, told: bool) -> bool {
        let mut furthest = 0.0f64;
        for (step, usual) in self.steps(levels).zip(&lens.step) {
            furthest = furthest.max((step / usual).abs());
        }
        self.since = self.since.saturating_add(1);
        self.hot = if furthest >= limit { self.hot + 1 } else { 0 };
        let turned = self.hot >= LASTS && self.since >= self.apart;
        if turned || told {
            let seen = self.from.len();
            self.from.copy_from_slice(&levels[..seen]);
            self.since = 0;
            self.hot = 0;
        }
        turned
    }
}
