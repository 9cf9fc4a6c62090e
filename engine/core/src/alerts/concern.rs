//! A concern: one rule on one machine (and, where the rule is about any sensor, on one sensor), from the moment its
//! condition holds until the last alert about it is forgotten. Here is the life of an alert by itself; who asks, what
//! hides it and whom it is told is decided elsewhere.

use serde::{Deserialize, Serialize};
use twinwright_model::live::{Alert, AlertChange, AlertStatus, Hidden, Step};
use twinwright_model::time::SECOND;
use twinwright_model::{Severity, Time};

/// What comes and goes so often within this time flutters.
pub const FLUTTER: i64 = 60 * SECOND;
/// Who acts when nobody asked.
pub const ENGINE: &str = "engine";

/// Which rule, on what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    pub machine: u32,
    pub rule: String,
    /// Empty: about the machine.
    pub sensor: String,
}

impl Key {
    /// The first key that a machine can have.
    pub fn first_of(machine: u32) -> Key {
        Key { machine, rule: String::new(), sensor: String::new() }
    }
}

/// What was seen when the condition came to hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sight {
    pub value: f64,
    pub limit: Option<f64>,
    pub expected: Option<f64>,
    pub detector: String,
    pub sensor: Option<String>,
}

impl Default for Sight {
    fn default() -> Sight {
        Sight { value: f64::NAN, limit: None, expected: None, detector: String::new(), sensor: None }
    }
}

/// Why an alert that could be told is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Held {
    /// There were too many.
    Flood,
    /// Another one of its group was told.
    Group,
}

/// A rule's condition on one machine, and the alert about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Concern {
    pub holds: bool,
    /// Since when it holds, or does not.
    pub since: i64,
    /// It came and went within one tick.
    pub struck: bool,
    /// Somebody resolved the alert although the condition holds: it must first be gone.
    pub waived: bool,
    pub sight: Sight,
    /// When it was raised last, three times.
    pub raises: [Option<i64>; 3],
    /// It flutters: it is gone only when it was gone for [`FLUTTER`].
    pub damped: bool,
    pub open: Option<Open>,
}

/// An alert that is not resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Open {
    pub alert: Alert,
    /// Number among all alerts of the desk: the order in which they were raised.
    pub order: u64,
    steps: u32,
    /// People know of it.
    pub told: bool,
    pub held: Option<Held>,
    /// When it was told last that it is still active, and made more severe.
    pub nudged: i64,
    pub escalated: i64,
}

impl Concern {
    pub fn begin(time: i64) -> Concern {
        Concern {
            holds: false,
            since: time,
            struck: false,
            waived: false,
            sight: Sight::default(),
            raises: [None; 3],
            damped: false,
            open: None,
        }
    }

    /// The condition comes to hold, or is gone.
    pub fn set(&mut self, holds: bool, time: i64) {
        if self.holds != holds {
            (self.holds, self.since) = (holds, time);
        }
        self.waived &= holds;
    }

    /// Whether an alert is due after `delay`.
    pub fn is_due(&self, delay: i64, time: i64) -> bool {
        let is_calm = self.open.as_ref().is_none_or(|open| open.alert.returned.is_some());
        let lasts = self.holds && time - self.since >= delay;
        is_calm && !self.waived && (lasts || self.struck && delay == 0)
    }

    /// Whether the condition is gone for good.
    pub fn is_gone(&self, delay: i64, time: i64) -> bool {
        let delay = if self.damped { delay.max(FLUTTER) } else { delay };
        let is_active = self.open.as_ref().is_some_and(|open| open.alert.returned.is_none());
        is_active && !self.holds && time - self.since >= delay
    }

    /// Remembers that it was raised; three times within [`FLUTTER`] is fluttering.
    pub fn count_raise(&mut self, time: i64) {
        self.raises.rotate_left(1);
        self.raises[2] = Some(time);
        self.damped |= self.raises[0].is_some_and(|first| time - first < FLUTTER);
    }

    /// Nothing would be lost by forgetting it.
    pub fn is_idle(&self, time: i64) -> bool {
        let is_quiet = self.raises[2].is_none_or(|last| time - last >= FLUTTER);
        !self.holds && !self.struck && self.open.is_none() && is_quiet
    }
}

impl Open {
    pub fn new(alert: Alert, order: u64, time: i64) -> Open {
        Open { alert, order, steps: 0, told: false, held: None, nudged: time, escalated: time }
    }

    /// Whether it is in sight and its condition holds.
    pub fn is_active(&self) -> bool {
        self.alert.returned.is_none() && self.alert.resolved.is_none()
    }

    /// Takes a step that was already written into the alert, and says how the alert stands after it.
    pub fn step(&mut self, step: Step, time: Time, by: &str, comment: Option<String>, value: f64) -> AlertChange {
        self.steps += 1;
        self.alert.status = status(&self.alert);
        // Whoever knows of an alert must learn that it is put out of sight and that it is over, also while it is hidden.
        let is_shown = self.alert.hidden.is_none() || matches!(step, Step::Shelved | Step::Suppressed | Step::Resolved);
        AlertChange {
            number: self.steps,
            time,
            step,
            by: by.to_owned(),
            comment,
            value: value.is_finite().then_some(value),
            tell: self.told && is_shown,
            alert: self.alert.clone(),
        }
    }

    /// Its condition is gone.
    pub fn give_back(&mut self, time: Time, value: f64) -> AlertChange {
        self.alert.returned = Some(time);
        self.step(Step::Returned, time, ENGINE, None, value)
    }

    pub fn acknowledge(&mut self, time: Time, by: &str, comment: Option<String>) -> AlertChange {
        self.alert.acknowledged = Some((time, by.to_owned()));
        self.step(Step::Acknowledged, time, by, comment, f64::NAN)
    }

    pub fn resolve(&mut self, time: Time, by: &str, comment: Option<String>) -> AlertChange {
        self.alert.resolved = Some((time, by.to_owned()));
        self.alert.hidden = None;
        self.step(Step::Resolved, time, by, comment, f64::NAN)
    }

    /// One severity up; None at the top.
    pub fn next_severity(&self) -> Option<Severity> {
        match self.alert.severity {
            Severity::Low => Some(Severity::Medium),
            Severity::Medium => Some(Severity::High),
            Severity::High => Some(Severity::Critical),
            Severity::Critical => None,
        }
    }
}

/// Where an alert stands, from what happened to it.
fn status(alert: &Alert) -> AlertStatus {
    match alert {
        Alert { resolved: Some(_), .. } => AlertStatus::Resolved,
        Alert { hidden: Some(Hidden::Shelved | Hidden::Design | Hidden::OutOfService), .. } => AlertStatus::Suppressed,
        Alert { acknowledged: Some(_), .. } => AlertStatus::Acknowledged,
        _ => AlertStatus::Active,
    }
}
