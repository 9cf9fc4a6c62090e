//! What passes between a live plant, its mirror and its store: readings as they were heard, what people ask, findings, and
//! alerts with their course.

use crate::{Mode, Quality, Severity, Time};
use serde::{Deserialize, Serialize};

/// A place that values come in at, by number in the site: a sensor, a driver that a feed holds, or the mode of a machine.
pub type Channel = u32;

/// What a channel is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ChannelName {
    pub machine: String,
    /// A sensor, a driver, or `mode`.
    pub item: String,
}

/// What a real machine told us.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    pub channel: Channel,
    /// The source's time stamp.
    pub time: Time,
    /// In the channel's unit; NaN when there is no value, and then the quality is bad.
    pub value: f64,
    pub quality: Quality,
}

/// Why a message or a reading was put aside instead of being believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Longer than the feed allows.
    TooLong,
    /// The topic does not fit the feed's template.
    WrongTopic,
    /// No JSON, no line protocol, too deep, not UTF-8.
    Broken,
    NoValue,
    /// The value is neither a number, a flag nor a number as text.
    WrongType,
    NoTime,
    WrongTime,
    WrongQuality,
    /// A unit that cannot be converted into the channel's.
    WrongUnit,
    UnknownMachine,
    UnknownSensor,
    /// A name that nothing may be called: empty, too long, control characters.
    WrongName,
    /// From further in the future than clocks differ.
    Future,
    /// From before what the site takes in.
    TooOld,
}

impl Reason {
    pub const ALL: [Reason; 14] = [
        Reason::TooLong,
        Reason::WrongTopic,
        Reason::Broken,
        Reason::NoValue,
        Reason::WrongType,
        Reason::NoTime,
        Reason::WrongTime,
        Reason::WrongQuality,
        Reason::WrongUnit,
        Reason::UnknownMachine,
        Reason::UnknownSensor,
        Reason::WrongName,
        Reason::Future,
        Reason::TooOld,
    ];

    /// As the store and the metrics name it.
    pub fn name(self) -> &'static str {
        match self {
            Reason::TooLong => "too_long",
            Reason::WrongTopic => "wrong_topic",
            Reason::Broken => "broken",
            Reason::NoValue => "no_value",
            Reason::WrongType => "wrong_type",
            Reason::NoTime => "no_time",
            Reason::WrongTime => "wrong_time",
            Reason::WrongQuality => "wrong_quality",
            Reason::WrongUnit => "wrong_unit",
            Reason::UnknownMachine => "unknown_machine",
            Reason::UnknownSensor => "unknown_sensor",
            Reason::WrongName => "wrong_name",
            Reason::Future => "future",
            Reason::TooOld => "too_old",
        }
    }
}

/// A message, or a part of one, that was put aside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    pub reason: Reason,
    /// For people: what exactly was wrong, and where.
    pub detail: String,
    /// `mqtt.gateway`
    pub feed: String,
    /// Where it came from: a topic, a path, a file with its line. At most 1,024 bytes.
    pub origin: String,
    pub arrived: Time,
    /// The message, or its first 4,096 bytes.
    pub payload: Vec<u8>,
}

/// What a person, or the program in a person's stead, asks of an alert or a rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// Given by whoever asks; the same action asked twice is done once.
    pub uid: String,
    pub at: Aim,
    pub ask: Ask,
    pub by: String,
    pub reason: Option<String>,
    /// When it was asked, by the clock of whoever asked.
    pub asked: Time,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// By its uid.
    Alert(String),
    /// A rule on a machine, whether it has an alert now or not.
    Rule { machine: String, rule: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    Acknowledge,
    /// The reason is the comment.
    Comment,
    /// Out of sight until then.
    Shelve {
        until: Time,
    },
    Unshelve,
    /// Lets go of a latched alert, or of one whose condition will not return.
    Resolve,
    /// The rule is not judged on that machine until it is put back.
    OutOfService,
    InService,
}

/// A finding that began or ended: one detector's opinion about one sensor or machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FindingChange {
    /// `<machine>/<sensor or ->/<detector>/<since in ns>`: the same in every replay.
    pub uid: String,
    /// The machine's number in the site.
    pub machine: u32,
    /// None: about the machine.
    pub sensor: Option<String>,
    /// `high_high high low low_low rate stuck missing out_of_range residual cusum skew signal_lost`
    pub detector: String,
    pub severity: Severity,
    pub since: Time,
    /// None: it begins.
    pub ended: Option<Time>,
    /// The reading that began or ended it; NaN where there is none.
    pub value: f64,
    /// What the twin expected, and the standard deviation of that.
    pub expected: Option<(f64, f64)>,
    pub limit: Option<f64>,
    /// The furthest reading while it lasted.
    pub peak: f64,
}

/// Where an alert stands: ISA-18.2's states, and what takes an alert out of sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertStatus {
    Active,
    Acknowledged,
    Resolved,
    Suppressed,
}

impl AlertStatus {
    pub fn name(self) -> &'static str {
        match self {
            AlertStatus::Active => "active",
            AlertStatus::Acknowledged => "acknowledged",
            AlertStatus::Resolved => "resolved",
            AlertStatus::Suppressed => "suppressed",
        }
    }
}

/// What hides an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hidden {
    Shelved,
    /// Maintenance, start-up, another alert that explains it.
    Design,
    OutOfService,
}

impl Hidden {
    pub fn name(self) -> &'static str {
        match self {
            Hidden::Shelved => "shelved",
            Hidden::Design => "design",
            Hidden::OutOfService => "out_of_service",
        }
    }
}

/// A step in the course of an alert, as `alert_transitions.what` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Raised,
    Returned,
    Acknowledged,
    Resolved,
    Shelved,
    Unshelved,
    Suppressed,
    Unsuppressed,
    Commented,
    Escalated,
    /// The condition came back before the alert was resolved.
    RaisedAgain,
}

impl Step {
    pub fn name(self) -> &'static str {
        match self {
            Step::Raised => "raised",
            Step::Returned => "returned",
            Step::Acknowledged => "acknowledged",
            Step::Resolved => "resolved",
            Step::Shelved => "shelved",
            Step::Unshelved => "unshelved",
            Step::Suppressed => "suppressed",
            Step::Unsuppressed => "unsuppressed",
            Step::Commented => "commented",
            Step::Escalated => "escalated",
            Step::RaisedAgain => "raised_again",
        }
    }
}

/// An alert as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// `<run>/<number>`
    pub uid: String,
    /// The machine's number in the site.
    pub machine: u32,
    pub sensor: Option<String>,
    pub rule: String,
    /// Alerts of a group are told together; the first of them says what came first.
    pub group: Option<String>,
    pub first_up: bool,
    pub severity: Severity,
    pub status: AlertStatus,
    pub hidden: Option<Hidden>,
    pub message: String,
    pub value: Option<f64>,
    pub limit: Option<f64>,
    pub raised: Time,
    /// The condition is gone since then.
    pub returned: Option<Time>,
    /// When and by whom.
    pub acknowledged: Option<(Time, String)>,
    pub resolved: Option<(Time, String)>,
    pub shelved: Option<Shelf>,
    /// How often it was escalated.
    pub escalated: u32,
}

/// Why and until when an alert is out of sight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelf {
    pub until: Time,
    pub by: String,
    pub reason: String,
}

/// A step of one alert, with how the alert stands after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertChange {
    /// From 1, by alert.
    pub number: u32,
    pub time: Time,
    pub step: Step,
    pub by: String,
    pub comment: Option<String>,
    pub value: Option<f64>,
    /// Whether people are to be told (not when it is hidden, nor held back in a flood).
    pub tell: bool,
    pub alert: Alert,
}

/// A machine takes another mode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModeChange {
    pub time: Time,
    pub machine: u32,
    pub mode: Mode,
    pub previous: Option<Mode>,
}
