//! What a machine is doing, and how SEMI E10 counts that time.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Exactly one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Mode {
    #[default]
    Running,
    Idle,
    Maintenance,
    Failed,
    Offline,
    Calibrating,
}

/// The six SEMI E10 equipment states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum E10 {
    /// Productive.
    Prd,
    /// Standby.
    Sby,
    /// Engineering.
    Eng,
    /// Scheduled downtime.
    Sdt,
    /// Unscheduled downtime.
    Udt,
    /// Non-scheduled time.
    Nst,
}

impl Mode {
    pub const ALL: [Mode; 6] =
        [Mode::Running, Mode::Idle, Mode::Maintenance, Mode::Failed, Mode::Offline, Mode::Calibrating];

    pub fn name(self) -> &'static str {
        match self {
            Mode::Running => "running",
            Mode::Idle => "idle",
            Mode::Maintenance => "maintenance",
            Mode::Failed => "failed",
            Mode::Offline => "offline",
            Mode::Calibrating => "calibrating",
        }
    }

    pub fn from_name(name: &str) -> Option<Mode> {
        Mode::ALL.into_iter().find(|mode| mode.name() == name)
    }

    pub fn e10(self) -> E10 {
        match self {
            Mode::Running => E10::Prd,
            Mode::Idle => E10::Sby,
            Mode::Calibrating => E10::Eng,
            Mode::Maintenance => E10::Sdt,
            Mode::Failed => E10::Udt,
            Mode::Offline => E10::Nst,
        }
    }

    /// Wear stands still while a machine is failed, in maintenance or offline.
    pub fn ages(self) -> bool {
        matches!(self, Mode::Running | Mode::Idle | Mode::Calibrating)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl E10 {
    pub const ALL: [E10; 6] = [E10::Prd, E10::Sby, E10::Eng, E10::Sdt, E10::Udt, E10::Nst];

    /// As it stands in measure names, for example `e10_prd_h`.
    pub fn name(self) -> &'static str {
        match self {
            E10::Prd => "prd",
            E10::Sby => "sby",
            E10::Eng => "eng",
            E10::Sdt => "sdt",
            E10::Udt => "udt",
            E10::Nst => "nst",
        }
    }
}
