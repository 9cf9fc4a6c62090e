//! What can be chosen about judging. The defaults are the ones that all published figures were taken with.

use super::{PARTS, SCALES};
use serde::{Deserialize, Serialize};

/// All knobs, resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JudgeSpec {
    pub scales: [f64; SCALES],
    pub adapt: f64,
    pub shrink: f64,
    pub margin: f64,
    pub debounce: u32,
    pub clear: f64,
    pub hold: u32,
    pub step: f64,
    pub apart: u32,
    pub warmup: u32,
    /// By part: whether it is heard.
    pub parts: [bool; PARTS.len()],
    /// Lowest and highest reading by the name of a column; whoever knows the names hands them to [`super::Learner::bound`].
    pub limits: Vec<(String, [f64; 2])>,
}

impl Default for JudgeSpec {
    fn default() -> JudgeSpec {
        JudgeSpec {
            scales: [4.0, 16.0, 64.0],
            adapt: 0.008,
            shrink: 0.1,
            margin: 1.15,
            debounce: 3,
            clear: 0.55,
            hold: 3,
            step: 1.5,
            apart: 60,
            warmup: 400,
            parts: PARTS.map(|part| part != "cusum"),
            limits: Vec::new(),
        }
    }
}

impl JudgeSpec {
    /// The same without one of [`PARTS`]; false when there is no such part.
    pub fn leave_out(&mut self, part: &str) -> bool {
        self.switch(part, false)
    }

    /// Switches one of [`PARTS`]; false when there is no such part.
    pub(super) fn switch(&mut self, part: &str, on: bool) -> bool {
        let found = PARTS.iter().position(|name| *name == part);
        found.is_some_and(|at| {
            self.parts[at] = on;
            true
        })
    }
}
