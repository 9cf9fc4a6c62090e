//! Alarm limits: readings that pass a limit for long enough raise an alert, and clear it when they are back.

pub mod judge;
pub mod spec;

use serde::{Deserialize, Serialize};
use twinwright_model::Severity;

/// The four limits of a sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    LowLow,
    Low,
    High,
    HighHigh,
}

impl Level {
    pub const ALL: [Level; 4] = [Level::LowLow, Level::Low, Level::High, Level::HighHigh];

    pub fn name(self) -> &'static str {
        match self {
            Level::LowLow => "low_low",
            Level::Low => "low",
            Level::High => "high",
            Level::HighHigh => "high_high",
        }
    }

    pub fn severity(self) -> Severity {
        match self {
            Level::LowLow | Level::HighHigh => Severity::High,
            Level::Low | Level::High => Severity::Medium,
        }
    }

    fn is_low(self) -> bool {
        matches!(self, Level::LowLow | Level::Low)
    }
}

/// A sensor's limits; delays in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LimitsPlan {
    pub at: [Option<f64>; 4],
    pub deadband: f64,
    pub on_delay: i64,
    pub off_delay: i64,
}

impl LimitsPlan {
    /// Whether a reading is beyond a limit.
    pub fn beyond(&self, level: Level, value: f32) -> bool {
        let value = f64::from(value);
        self.at[level as usize].is_some_and(|limit| if level.is_low() { value < limit } else { value > limit })
    }

    /// Whether a reading has come back inside by the deadband.
    pub fn back(&self, level: Level, value: f32) -> bool {
        let value = f64::from(value);
        self.at[level as usize].is_some_and(|limit| {
            if level.is_low() { value >= limit + self.deadband } else { value <= limit - self.deadband }
        })
    }
}
