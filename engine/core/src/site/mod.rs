//! A site: what a live mirror is built from. Machines and links are a plan as a scenario's is; beside it stand where readings
//! come from, how time is told, which findings are looked for, and what becomes an alert.

mod compile;

pub use compile::{compile, compile_rules};

use crate::Plan;
use crate::expression::Bound;
use crate::files::outlet::OutletPlan;
use std::sync::Arc;
use twinwright_model::feeds::FeedPlan;
use twinwright_model::live::ChannelName;
use twinwright_model::time::SECOND;
use twinwright_model::{Severity, Span};

/// A site, compiled.
#[derive(Debug, Clone)]
pub struct SitePlan {
    /// The file's name without its ending: names the default store and the run.
    pub name: String,
    /// Machines, models, links, tick and start. It has one future and no script, faults or maintenance; nobody counts its
    /// ticks. `plan.digest` is what the file and its machine files say of all that ticks.
    pub plan: Arc<Plan>,
    /// By channel number, machine by machine: its sensors, its fed drivers, its `mode`.
    pub channels: Vec<ChannelPlan>,
    pub time: TimePlan,
    pub feeds: Vec<FeedPlan>,
    pub detectors: DetectorPlan,
    pub rules: Vec<RulePlan>,
    pub alerts: AlertPlan,
    /// Where alerts, reports and states go.
    pub outlets: Vec<OutletPlan>,
    /// The store's URL, if the file names one.
    pub store: Option<String>,
    /// When reports are made.
    pub reports: Vec<ReportPlan>,
}

/// A channel that the site's file and its machine files know.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelPlan {
    pub name: ChannelName,
    /// What values are in; a source's other unit is converted.
    pub unit: String,
    pub target: Target,
}

/// What a channel's values are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Sensor {
        machine: u32,
        /// Among the model's sensors.
        sensor: u16,
        panel: u8,
        lane: u8,
    },
    /// A driver `{ feed = ... }`: its number among the model's drivers.
    Driver {
        machine: u32,
        driver: u16,
    },
    Mode {
        machine: u32,
    },
    /// Registered while running: the twin knows no model of it.
    Stray {
        machine: u32,
    },
}

/// How time is told.
#[derive(Debug, Clone, PartialEq)]
pub struct TimePlan {
    pub clock: Clock,
    /// How long a tick waits for readings that overtook each other (default 2 s).
    pub reorder: Span,
    /// Further ahead of our clock a reading is not believed (default 5 s).
    pub ahead: Span,
    /// What is older is not taken in (default 30 d).
    pub oldest: Span,
    /// Silence after which a sensor is uncertain, and bad (defaults: 5 and 20 times its usual gap, at least 5 s and 20 s).
    pub uncertain: Option<Span>,
    pub bad: Option<Span>,
}

/// Who moves the mirror's time on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// Readings do, and the host's clock where there are none.
    Wall,
    /// Only the readings: a recording, or a simulated plant.
    Source,
}

/// What findings are looked for. Limits come from machine files, and from `[limits]` of the site.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectorPlan {
    /// Deviations from the twin's expectation, in standard deviations, and for how long.
    pub residual: Option<(f64, Span)>,
    /// CUSUM on the standardised residual: slack and decision level.
    pub cusum: Option<(f64, f64)>,
    /// A good value that does not change for this long although it should.
    pub stuck: Option<Span>,
    /// Limits, rate and stuck time of single items: more than the machine file says, or all there is of a stray.
    pub items: Vec<ItemPlan>,
}

impl DetectorPlan {
    /// What is looked for where a site says nothing.
    pub fn usual() -> DetectorPlan {
        DetectorPlan {
            residual: Some((4.0, Span(30 * SECOND))),
            cusum: Some((1.0, 10.0)),
            stuck: Some(Span(600 * SECOND)),
            items: Vec::new(),
        }
    }
}

/// The detectors that a rule may name. That a clock is wrong (`skew`) is found where readings come in: no replay knows it.
pub const DETECTORS: [&str; 11] = [
    "low_low",
    "low",
    "high",
    "high_high",
    "rate",
    "stuck",
    "missing",
    "out_of_range",
    "residual",
    "cusum",
    "signal_lost",
];

/// Those whose findings are about a machine and no sensor of it.
pub const OF_MACHINES: [&str; 1] = ["signal_lost"];

/// What the site says of an item, laid over what machine files say. One of a machine goes before one of all machines.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemPlan {
    /// A machine's id, or None for all of them.
    pub machine: Option<String>,
    pub item: String,
    pub unit: Option<String>,
    pub limits: Option<crate::limits::LimitsPlan>,
    pub range: Option<(f64, f64)>,
    /// Change per hour, either way.
    pub rate: Option<f64>,
    pub stuck: Option<Span>,
}

impl ItemPlan {
    /// An item of which nothing is said yet.
    pub fn of(machine: Option<String>, item: &str) -> ItemPlan {
        ItemPlan { machine, item: item.to_owned(), unit: None, limits: None, range: None, rate: None, stuck: None }
    }
}

/// When a finding or a condition becomes an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct RulePlan {
    pub name: String,
    /// The machines that it is judged on.
    pub machines: Vec<u32>,
    pub when: When,
    /// For how long it must hold, in nanoseconds; and for how long it must be gone.
    pub holds: i64,
    pub gone: i64,
    pub severity: Severity,
    /// Alerts of one group on one machine are told as one; the first says what came first.
    pub group: Option<String>,
    /// Stays until somebody resolves it.
    pub latch: bool,
    pub suppress: Vec<Suppress>,
    /// Told again after so long, as long as it is active and nobody acknowledged it.
    pub again: Option<Span>,
    /// Raised by one severity after so long unacknowledged.
    pub escalate: Option<Span>,
    /// With `{machine} {sensor} {rule} {value} {limit} {expected} {unit} {severity} {detector}`.
    pub message: String,
}

#[derive(Debug, Clone, PartialEq)]
pub enum When {
    /// `finding bearing_temp.high`; `*` for any sensor or any detector (None).
    Finding { sensor: Option<String>, detector: Option<String> },
    /// An expression over the machine's sensors, drivers, wears and `running`: by machine of the rule, its reads and itself.
    Holds { text: String, by_machine: Vec<(Vec<crate::maintenance::Source>, Bound)> },
}

/// When an alert of a rule is kept out of sight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Suppress {
    /// Also idle, offline and calibrating, if the file says so.
    Mode(twinwright_model::Mode),
    /// For so many nanoseconds after the machine began to run.
    StartUp(i64),
    /// While another rule's alert is active on the same machine, or on a machine that feeds this one.
    Rule(String),
    Upstream,
}

/// What holds for all alerts.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertPlan {
    /// So many alerts in ten minutes are a flood (default 10); single ones of low and medium severity are then not told.
    pub flood: u32,
    /// Limits raise alerts by themselves (a site without rules).
    pub by_limits: bool,
    /// A returned alert that nobody acknowledged is resolved after so long (default 8 h, a shift); None: it waits for ever.
    pub quiet: Option<Span>,
    /// The longest that an alert can be shelved (default 24 h).
    pub longest_shelf: Span,
}

/// A report at a time of day.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportPlan {
    /// `daily weekly monthly`
    pub period: String,
    /// Nanoseconds after midnight UTC.
    pub at: i64,
}
