//! An entry of a mirror's journal: what was heard between two commits, and all that followed from it.
//!
//! It goes into the store whole, once, and before any message of it is acknowledged. Replayed in order from a checkpoint,
//! entries give the same states and the same alerts, whatever the clock says then.

use crate::Time;
use crate::live::{Action, AlertChange, ChannelName, FindingChange, Measurement, ModeChange, Refusal};
use serde::{Deserialize, Serialize};

/// One commit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entry {
    /// From 1, without gaps, by run.
    pub number: u64,
    /// When it was put together, by our clock.
    pub written: Time,
    pub heard: Hearing,
    /// Put aside.
    pub refusals: Vec<Refusal>,
    /// What ticks up to `heard.closed` said.
    pub findings: Vec<FindingChange>,
    pub alerts: Vec<AlertChange>,
    pub modes: Vec<ModeChange>,
    /// The state's digest at the last tick, now and then.
    pub digest: Option<(u32, u128)>,
    pub checkpoint: Option<Checkpoint>,
    /// With a checkpoint: machines by number, each as JSON for people.
    pub portraits: Vec<(u32, String)>,
}

/// What an entry brings to the mirror: all that a replay needs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Hearing {
    /// Channels that are new, in the order of their numbers.
    pub newcomers: Vec<Newcomer>,
    /// In order of arrival.
    pub readings: Vec<Heard>,
    /// What was asked, and the tick that hears it.
    pub actions: Vec<(u32, Action)>,
    /// The last tick that is over; None before the first.
    pub closed: Option<u32>,
}

/// A channel that nobody knew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newcomer {
    pub name: ChannelName,
    pub unit: String,
}

/// A reading and the tick that hears it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    pub tick: u32,
    pub measurement: Measurement,
}

impl Heard {
    /// In place of a tick: it came too late for any, and only mends history.
    pub const LATE: u32 = u32::MAX;
}

/// The mirror's whole state at a tick.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    pub tick: u32,
    pub digest: u128,
    pub bytes: Vec<u8>,
}
