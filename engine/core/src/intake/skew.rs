//! Clocks of sources that are wrong: by how much a machine's time stamps are off ours, and when they jump.
//!
//! Only told, never corrected: a time stamp is what its source said.

use std::collections::BTreeMap;
use twinwright_model::live::Channel;
use twinwright_model::{Span, Time};

/// A source whose clock is off by more than this is told of.
const WORTH_TELLING: i64 = 30_000_000_000;
/// Readings in a row on the other side of that, before it is told: one late reading is no wrong clock.
const IN_A_ROW: u32 = 20;

/// Clocks by source: a machine, or whatever its channels are joined by.
#[derive(Debug, Clone, Default)]
pub struct SkewWatch {
    sources: BTreeMap<Channel, Standing>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Standing {
    /// Told of, since then.
    wrong: Option<Time>,
    against: u32,
}

/// A clock that is found to be wrong, or right again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skew {
    pub source: Channel,
    /// How much it is ahead of ours (behind: negative).
    pub ahead: Span,
    pub since: Time,
    pub ended: Option<Time>,
}

impl SkewWatch {
    /// A reading of a source, stamped with `time`, arrived at `arrived`.
    pub fn look(&mut self, source: Channel, time: Time, arrived: Time) -> Option<Skew> {
        let ahead = Span(time.0.saturating_sub(arrived.0));
        let is_wrong = ahead.0.saturating_abs() > WORTH_TELLING;
        let standing = self.sources.entry(source).or_default();
        if is_wrong == standing.wrong.is_some() {
            standing.against = 0;
            return None;
        }
        standing.against += 1;
        if standing.against < IN_A_ROW {
            return None;
        }
        standing.against = 0;
        match standing.wrong.take() {
            Some(since) => Some(Skew { source, ahead, since, ended: Some(arrived) }),
            None => {
                standing.wrong = Some(arrived);
                Some(Skew { source, ahead, since: arrived, ended: None })
            }
        }
    }
}
