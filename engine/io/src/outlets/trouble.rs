//! What can go wrong on a wire: what may pass, and what never will.

use std::fmt;

/// Why a delivery failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutletTrouble {
    /// It may go away by itself (a broker that restarts, a full queue): try again.
    Passing(String),
    /// It will not (a wrong password, a full disk, a table with other columns).
    Lasting(String),
    /// Whoever read it has gone away and wants no more (`| head`): no trouble of ours.
    Enough,
    /// It was asked for something that cannot be (a topic with a wildcard): the input is wrong.
    Input(String),
}

impl OutletTrouble {
    pub fn passing(why: impl fmt::Display) -> OutletTrouble {
        OutletTrouble::Passing(why.to_string())
    }

    pub fn lasting(why: impl fmt::Display) -> OutletTrouble {
        OutletTrouble::Lasting(why.to_string())
    }

    pub fn input(why: impl fmt::Display) -> OutletTrouble {
        OutletTrouble::Input(why.to_string())
    }
}

impl fmt::Display for OutletTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OutletTrouble::Enough => f.write_str("nobody reads it any more"),
            OutletTrouble::Passing(why) | OutletTrouble::Lasting(why) | OutletTrouble::Input(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for OutletTrouble {}
