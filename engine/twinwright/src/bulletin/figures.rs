//! What a report says, as plain numbers: filled once, then only written and drawn.

use super::alarms::Alarms;
use super::calendar::Period;
use super::intervals::Estimate;
use serde_json::Value;
use twinwright_io::store::periods::Prediction;
use twinwright_model::{E10, Mode, Time};

/// Everything.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    pub heading: Heading,
    pub plant: Account,
    pub machines: Vec<Account>,
    pub works: Vec<Work>,
    pub alarms: Alarms,
    pub wears: Vec<WearFigure>,
    /// Machine and what was expected of it.
    pub expected: Vec<(String, Prediction)>,
    pub advice: Vec<Advice>,
    /// Why there is not more advice, in one sentence.
    pub nothing_more: String,
    /// What each machine was doing, one after the other.
    pub stays: Vec<Vec<Stay>>,
}

/// What it is a report of.
#[derive(Debug, Clone, PartialEq)]
pub struct Heading {
    pub period: Period,
    pub run: String,
    pub title: String,
    pub version: String,
    /// The day, week or month that was meant.
    pub asked: (Time, Time),
    /// What there is of it.
    pub from: Time,
    pub to: Time,
    /// What a reader should know before the figures.
    pub notes: Vec<String>,
}

/// A machine in one mode.
#[derive(Debug, Clone, PartialEq)]
pub struct Stay {
    pub mode: Mode,
    pub from: Time,
    pub to: Time,
    pub reason: String,
}

/// What a machine, or the plant, came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Account {
    /// Of its row; 0 for the plant.
    pub id: i64,
    pub name: String,
    pub kind: String,
    /// In the order of [`E10::ALL`].
    pub hours: [f64; 6],
    pub failures: u64,
    /// Planned works.
    pub planned: u64,
    pub mtbf: Estimate,
    pub mttr: Estimate,
    /// Lengths in hours of the unplanned stops that ended.
    pub stops: Vec<f64>,
    pub oee: Option<f64>,
    /// What weighs the OEE of machines in that of the plant: pieces that were possible.
    pub possible: f64,
    pub energy_kwh: Option<f64>,
    pub costs: Costs,
    pub alerts: usize,
}

/// What it cost, in the currency of the machine files.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Costs {
    pub downtime: f64,
    pub unplanned: f64,
    pub planned: f64,
    pub energy: f64,
}

/// The parts of a cost by name, in the order in which they are drawn.
pub const COSTS: [&str; 4] = ["downtime", "unplanned repairs", "planned work", "energy"];

impl Costs {
    pub fn parts(&self) -> [f64; 4] {
        [self.downtime, self.unplanned, self.planned, self.energy]
    }

    pub fn sum(&self) -> f64 {
        self.parts().iter().sum()
    }
}

impl Account {
    pub fn in_state(&self, state: E10) -> f64 {
        self.hours[state as usize]
    }

    /// Hours in which it could produce.
    pub fn uptime_h(&self) -> f64 {
        self.in_state(E10::Prd) + self.in_state(E10::Sby) + self.in_state(E10::Eng)
    }

    /// Hours that were not taken out of the schedule.
    pub fn scheduled_h(&self) -> f64 {
        self.uptime_h() + self.in_state(E10::Sdt) + self.in_state(E10::Udt)
    }

    pub fn availability(&self) -> Option<f64> {
        (self.scheduled_h() > 0.0).then(|| self.uptime_h() / self.scheduled_h())
    }
}

/// A failure, or work that was done.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    pub machine: String,
    pub time: Time,
    pub what: String,
    pub subject: String,
    pub hours: Option<f64>,
    pub cost: Option<f64>,
}

/// How far a wear has come, and where it is going on a straight line.
#[derive(Debug, Clone, PartialEq)]
pub struct WearFigure {
    /// Its machine's place in the list, and name.
    pub of: usize,
    pub machine: String,
    pub wear: String,
    /// The instant of the last snapshot.
    pub at: Time,
    pub value: f64,
    /// Growth a day since `since`, by least squares through the snapshots after its last restoration.
    pub per_day: Option<f64>,
    pub since: Time,
    /// When the line reaches 1.
    pub reaches: Option<Time>,
    /// Works that restored it so far.
    pub restored: usize,
    /// The snapshots that are drawn.
    pub points: Vec<(Time, f64)>,
}

/// Work that is proposed.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    pub of: usize,
    pub machine: String,
    pub subject: String,
    /// As `maintenance_tasks` has it: preventive, corrective, inspection, calibration.
    pub kind: &'static str,
    pub severity: &'static str,
    pub title: String,
    /// The figures behind it, in one sentence.
    pub reason: String,
    pub due: Option<Time>,
    /// In the currency of the machine files.
    pub saves: Option<f64>,
    /// What the saving rests on.
    pub assumption: String,
    pub hours: Option<f64>,
    pub cost: Option<f64>,
    pub figures: Value,
    /// Tells this work from the same work of another time.
    pub occasion: usize,
}
