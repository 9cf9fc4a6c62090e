//! Tuning: what an alarm limit would have asked of people with another limit, deadband or delay, on readings that are there.
//!
//! A [`Signal`] is one sensor's readings as one limit sees them; [`calls`] goes through them with a [`Setting`] and says when
//! somebody would have been called. It is what detection and rules do, without the rest of a site: whoever proposes a setting
//! must still try it in the whole.

mod search;
mod signal;
#[cfg(test)]
mod tests;

pub use search::{Candidate, Episode, Grid, Ledger, Unit, Wishes, candidates, choose, frontier, judge, later};
pub use signal::{Rule, Setting, Signal, calls, creep, stretches};
