//! What happened: events, alerts and the labels of injected faults, one record each.

use crate::Time;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How much an alert matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        })
    }
}

/// A line of `events.jsonl`. `detail` holds what that event says beside the common fields.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRecord {
    pub time: Time,
    /// Index into the run's machine names.
    pub machine: u32,
    pub future: u32,
    /// `failure repair mode maintenance fault_start fault_end set alert`
    pub event: &'static str,
    pub detail: serde_json::Map<String, serde_json::Value>,
}

/// Where an alert stands after a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    Raised,
    Cleared,
}

/// A line of `alerts.jsonl`: one transition of one alert.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertRecord {
    pub time: Time,
    pub machine: u32,
    pub future: u32,
    pub sensor: String,
    /// For example `bearing_temp.high`.
    pub rule: String,
    pub severity: Severity,
    pub state: AlertState,
    /// The reading that caused the transition.
    pub value: f32,
    pub limit: f64,
    /// Raised in maintenance: recorded, shown to nobody.
    pub suppressed: bool,
}

/// Work that begins on a machine, and what it costs without its spare parts. Events say the rest when it is done.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkRecord {
    pub time: Time,
    pub machine: u32,
    pub future: u32,
    pub planned: bool,
    pub cost: f64,
}

/// A line of `truth/labels.csv`: one injected fault, exact to the tick. `end` is the first instant without it.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    pub fault: String,
    pub layer: &'static str,
    pub kind: &'static str,
    pub machine: u32,
    pub future: u32,
    /// Empty when the fault acts on the whole machine.
    pub sensor: String,
    pub start: Time,
    /// None: still active when the run ended.
    pub end: Option<Time>,
    pub parameters: serde_json::Map<String, serde_json::Value>,
}
