//! How far a reading can be trusted.

use serde::{Deserialize, Serialize};

/// The quality of one reading. The last two say that there is no value to judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Quality {
    #[default]
    Good = 0,
    Bad = 1,
    Uncertain = 2,
    Substitute = 3,
    /// This sensor is not sampled at this instant: an empty cell, and no row in long shape.
    Unsampled = 4,
    /// A reading was due and did not come (dropout): an empty value, written as quality `bad`.
    Missing = 5,
}

impl Quality {
    pub fn from_code(code: u8) -> Quality {
        match code {
            0 => Quality::Good,
            1 => Quality::Bad,
            2 => Quality::Uncertain,
            3 => Quality::Substitute,
            4 => Quality::Unsampled,
            _ => Quality::Missing,
        }
    }

    pub fn code(self) -> u8 {
        self as u8
    }

    /// The word in files; empty for an instant without a sample.
    pub fn word(self) -> &'static str {
        match self {
            Quality::Good => "good",
            Quality::Bad | Quality::Missing => "bad",
            Quality::Uncertain => "uncertain",
            Quality::Substitute => "substitute",
            Quality::Unsampled => "",
        }
    }

    /// Whether a value stands beside this quality.
    pub fn has_value(self) -> bool {
        !matches!(self, Quality::Unsampled | Quality::Missing)
    }
}
