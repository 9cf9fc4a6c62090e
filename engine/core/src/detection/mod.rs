//! Detection: opinions about readings. A detector looks at what a sensor said, beside what was expected of it, and says
//! when something began to be odd and when that ended.
//!
//! `plan` holds what is looked for, `panel` looks at sixteen lanes at once, `cases` waits out delays, `rate` measures
//! slopes and `silence` notices what is not said. No detector judges a reading whose quality is bad or whose value is no
//! number: such a reading neither begins nor ends a finding, it only counts as not heard. What a finding is worth is
//! decided by rules, elsewhere.

mod cases;
pub mod panel;
pub mod plan;
mod rate;
pub mod silence;
#[cfg(test)]
mod tests;
pub mod view;

pub use panel::PanelWatch;
pub use plan::PanelWatchPlan;
pub use view::PanelView;

use crate::limits::Level;
use serde::{Deserialize, Serialize};
use twinwright_model::Severity;

/// Who has an opinion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Detector {
    LowLow,
    Low,
    High,
    HighHigh,
    /// Beyond what the sensor can measure: that is the sensor's trouble, and no limit is judged on it.
    OutOfRange,
    /// Far from the expectation for a while.
    Residual,
    /// A little off the expectation for long.
    Cusum,
    /// The same value again and again, although noise should move it.
    Stuck,
    /// Rises or falls too fast.
    Rate,
    /// A sensor is silent while its machine speaks.
    Missing,
    /// A whole machine is silent.
    SignalLost,
}

/// Detectors that judge readings: all but the last two, which judge silence.
pub const JUDGES: usize = 9;

impl Detector {
    pub const ALL: [Detector; 11] = [
        Detector::LowLow,
        Detector::Low,
        Detector::High,
        Detector::HighHigh,
        Detector::OutOfRange,
        Detector::Residual,
        Detector::Cusum,
        Detector::Stuck,
        Detector::Rate,
        Detector::Missing,
        Detector::SignalLost,
    ];

    /// As files, findings and alerts name it.
    pub fn name(self) -> &'static str {
        match self {
            Detector::LowLow => Level::LowLow.name(),
            Detector::Low => Level::Low.name(),
            Detector::High => Level::High.name(),
            Detector::HighHigh => Level::HighHigh.name(),
            Detector::OutOfRange => "out_of_range",
            Detector::Residual => "residual",
            Detector::Cusum => "cusum",
            Detector::Stuck => "stuck",
            Detector::Rate => "rate",
            Detector::Missing => "missing",
            Detector::SignalLost => "signal_lost",
        }
    }

    pub fn from_name(name: &str) -> Option<Detector> {
        Detector::ALL.into_iter().find(|detector| detector.name() == name)
    }

    /// The limit that it judges.
    pub fn level(self) -> Option<Level> {
        Level::ALL.get(self as usize).copied()
    }

    /// Outer limits are high; what only says that a value drifts a little is low.
    pub fn severity(self) -> Severity {
        match self {
            Detector::LowLow | Detector::HighHigh => Severity::High,
            Detector::Cusum => Severity::Low,
            _ => Severity::Medium,
        }
    }
}

/// A detector's opinion began or ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Turn {
    pub lane: u8,
    pub detector: Detector,
    /// When it began, in nanoseconds; and when it ended.
    pub since: i64,
    pub ended: Option<i64>,
    /// The reading, or for a rate the change per hour; NaN where there is none.
    pub value: f64,
    pub expected: Option<(f64, f64)>,
    pub limit: Option<f64>,
    /// The furthest value since it began.
    pub peak: f64,
}
