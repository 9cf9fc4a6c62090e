//! Maintenance: repairs after failures, planned work before them, and the crews that do both.

pub mod condition;
pub mod spec;
pub mod work;

use crate::expression::Bound;
use std::collections::BTreeMap;

/// When planned work is due.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Policy {
    #[default]
    RunToFailure,
    /// Every so many ticks, from the start whatever happened.
    Calendar { every: f64 },
    /// After so many operating nanoseconds since the wear was last restored.
    Operating { every: f64 },
    /// When an expression over the machine comes true, after a delay (nanoseconds).
    Condition { when: BTreeMap<u32, Vec<Watched>>, delay: f64 },
}

/// A condition bound to one model: its text compiled over the machine's slots and readings.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    pub bound: Bound,
    pub reads: Vec<Source>,
}

/// Where a number of a condition comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Slot(u16),
    /// A reading: panel and lane.
    Reading(u8, u8),
    /// A wear: the true one.
    Wear(u8),
}

/// The maintenance of a plan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MaintenancePlan {
    pub policy: Policy,
    /// By model: which wears planned work restores.
    pub restores: Vec<Vec<u8>>,
    /// Machines worked on at once.
    pub crew: Option<u32>,
}
