//! Episodes: when scores that pass 1 become an anomaly, and when that is over. It sees scores only.

use super::JudgeSpec;

/// Whether an anomaly is on.
#[derive(Debug, Clone, Default)]
pub(super) struct Episode {
    pub on: bool,
    odd: u32,
    calm: u32,
    peak: f64,
}

/// What a score did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Same,
    Began,
    Ended,
}

impl Episode {
    pub fn hear(&mut self, score: f64, spec: &JudgeSpec) -> Turn {
        if !self.on {
            self.odd = if score >= 1.0 { self.odd + 1 } else { 0 };
            if self.odd < spec.debounce {
                return Turn::Same;
            }
            *self = Episode { on: true, odd: 0, calm: 0, peak: score };
            return Turn::Began;
        }
        self.peak = self.peak.max(score);
        let calm = score < 1.0 || score < spec.clear * self.peak;
        self.calm = if calm { self.calm + 1 } else { 0 };
        if self.calm < spec.hold {
            return Turn::Same;
        }
        *self = Episode::default();
        Turn::Ended
    }
}
