//! What a report is drawn from: plain numbers, small however long the run was.

use crate::whatif::outcome::WhatIf;
use twinwright_core::measures::Tally;
use twinwright_model::{Mode, Span, Time};

/// Machines that are drawn and listed one by one.
pub const MOST_ROWS: usize = 40;
/// Stretches of time that the timeline tells apart.
pub const LANE_BINS: usize = 480;
/// Stretches of time in which failures are counted.
pub const FAILURE_BINS: usize = 48;
/// Points of a trace, each with the lowest, mean and highest of its samples.
pub const BUCKETS: usize = 360;

/// Everything a report says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReportData {
    pub title: String,
    /// What the scenario file says at its top: the question it asks.
    pub question: Vec<String>,
    pub scenario: String,
    pub version: String,
    pub seed: u64,
    pub start: Time,
    pub end: Time,
    pub tick: Span,
    pub machines: usize,
    pub futures: u32,
    /// How many of them events and alerts tell of.
    pub recorded: u32,
    pub interrupted: bool,
    pub cards: Vec<Card>,
    /// Each expectation and whether it holds.
    pub expectations: Vec<(String, bool)>,
    pub kinds: Vec<Row>,
    pub rows: Vec<Row>,
    pub lanes: Vec<Lane>,
    /// By part that failed, commonest first: failures in each stretch of time, a mean over futures.
    pub failures: Vec<(String, Vec<f64>)>,
    pub alerts: Vec<AlertRow>,
    pub faults: Vec<FaultRow>,
    pub traces: Option<Traces>,
    pub spreads: Vec<Spread>,
    /// What the study came to; then what else is here tells of its baseline.
    pub what_if: Option<WhatIf>,
    /// The command that makes the same page.
    pub command: String,
}

/// One figure of the headline.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    pub label: &'static str,
    pub value: String,
    /// The spread over futures.
    pub note: String,
}

/// A kind, or a machine, and what it came to (a mean over futures).
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub name: String,
    pub kind: String,
    pub machines: usize,
    pub tally: Tally,
}

/// One machine's modes over the run, in the first future.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    pub id: String,
    /// Hours in each mode, by stretch.
    pub bins: Vec<[f32; 6]>,
    pub stops: Vec<Stop>,
}

/// A time of standing still.
#[derive(Debug, Clone, PartialEq)]
pub struct Stop {
    pub mode: Mode,
    pub from: Time,
    pub to: Time,
    /// The part that failed, or the parts that were worked on.
    pub part: String,
}

/// Alerts of one rule on one machine.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertRow {
    pub machine: String,
    pub rule: String,
    pub severity: String,
    /// A mean over futures.
    pub count: f64,
    pub first: Time,
    pub last: Time,
}

/// A fault that was put in on purpose.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultRow {
    pub fault: String,
    pub layer: &'static str,
    pub machine: String,
    pub sensor: String,
    pub start: Time,
    pub end: Option<Time>,
}

/// What the sensors of one machine read, in the first future.
#[derive(Debug, Clone, PartialEq)]
pub struct Traces {
    pub machine: String,
    pub kind: String,
    pub sensors: Vec<Trace>,
    /// Name and the wear at each point.
    pub wears: Vec<(String, Vec<Option<Reach>>)>,
}

/// One sensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    pub name: String,
    pub unit: String,
    /// Low-low, low, high, high-high.
    pub limits: [Option<f64>; 4],
    pub points: Vec<Option<Reach>>,
    pub alerts: Vec<Time>,
    pub faults: Vec<(Time, Time)>,
}

/// The lowest, mean and highest of some samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reach {
    pub low: f64,
    pub mean: f64,
    pub high: f64,
}

/// One measure of the plant over futures, ascending.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    pub label: &'static str,
    pub percent: bool,
    pub values: Vec<f64>,
}
