//! Tests of judging: closed forms, planted changes, hostile rows. No number here came from our own output.

mod closed_forms;
mod files;
mod hostile;
mod planted;

use super::{Baseline, Judge, JudgeSpec, Learner};
use std::sync::Arc;

/// Normal draws that are the same every time.
pub struct Luck(u64);

impl Luck {
    pub fn new(seed: u64) -> Luck {
        Luck(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    pub fn normal(&mut self) -> f64 {
        let (first, second) = (self.uniform(), self.uniform());
        (-2.0 * libm::log(first)).sqrt() * libm::cos(2.0 * std::f64::consts::PI * second)
    }

    pub fn row(&mut self, columns: usize) -> Vec<f64> {
        (0..columns).map(|_| self.normal()).collect()
    }
}

pub fn learn(rows: &[Vec<f64>], spec: &JudgeSpec) -> Result<Baseline, String> {
    let mut learner = Learner::new(rows.first().map_or(0, Vec::len), spec);
    for row in rows {
        learner.hear(0, row);
    }
    learner.finish()
}

pub fn judge_of(rows: &[Vec<f64>]) -> Judge {
    Judge::new(Arc::new(learn(rows, &JudgeSpec::default()).expect("rows that can be learnt from")))
}
