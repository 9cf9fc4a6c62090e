//! A site file: a plant that is mirrored, where its readings come from, and what becomes an alert.

use super::feed::FeedTables;
use super::leaf::{At, Formula, Named, Pair};
use super::node::{Node, Value};
use super::notice::NoticeTables;
use super::read::{Cx, Read};
use super::scenario::MachineBlock;
use super::sources::{Bytes, NOWHERE};
use crate::groups::spec::Chosen;
use crate::links::spec::LinkSpec;
use crate::spec;
use serde_json::{Value as Json, json};
use twinwright_model::Span;

/// The schema line that a site opens with.
pub const SITE_SCHEMA: &str = "site/1";

spec! {
    /// A site.
    pub struct SiteSpec {
        /// Always "site/1".
        schema: At<String>,
        /// What it is called.
        title: Option<String>,
        /// `enterprise/site/area/line`: where these machines stand, the prefix of every address.
        path: Option<At<String>>,
        /// The length of a step (default 1 s).
        tick: Option<At<Span>>,
        /// Where all is kept (default `sqlite:<file name>.db` beside this file).
        store: Option<At<String>>,
        /// Who moves time on: `wall`, the readings and the host's clock; `source`, the readings alone (default wall; source where all feeds are replays).
        clock: Option<At<String>>,
        /// How long a step waits for readings that overtook each other (default 2 s).
        reorder: Option<At<Span>>,
        /// Further ahead of the host's clock a reading is not believed (default 5 s).
        ahead: Option<At<Span>>,
        /// What is older than this is not taken in (default 30 d).
        oldest: Option<At<Span>>,
        /// After which silence a sensor is no longer believed.
        silence: Option<SilenceSpec>,
        /// The machines.
        machine: Vec<MachineBlock>,
        /// How machines are joined.
        link: Vec<LinkSpec>,
        /// Where readings come from: `[feed.mqtt.gateway]`.
        feed: Option<FeedTables>,
        /// Limits of items, over what machine files say: `[limits.pressure]`, `[limits."P-101.pressure"]`.
        limits: Named<ItemSpec>,
        /// What is looked for beside limits.
        detect: Option<DetectSpec>,
        /// What becomes an alert: `[rule.bearing_hot]`. Without rules every limit raises alerts.
        rule: Named<RuleSpec>,
        /// What holds for all alerts.
        alerts: Option<AlertsSpec>,
        /// Where alerts, reports and states go: `[outlet.mqtt.alerts]`.
        outlet: Option<NoticeTables>,
        /// When reports are made: `[report.morning]`.
        report: Named<ReportSpec>,
    }
}

spec! {
    /// Silence: both default to a multiple of the gap that a sensor usually leaves.
    pub struct SilenceSpec {
        /// After so long a sensor is uncertain (default 5 of its usual gaps, at least 5 s).
        uncertain: Option<At<Span>>,
        /// After so long it is bad (default 20 of its usual gaps, at least 20 s).
        bad: Option<At<Span>>,
    }
}

spec! {
    /// Limits of a sensor, or of something that was registered while running.
    pub struct ItemSpec {
        /// Below this: severity high.
        low_low: Option<At<Number>>,
        /// Below this: severity medium.
        low: Option<At<Number>>,
        /// Above this: severity medium.
        high: Option<At<Number>>,
        /// Above this: severity high.
        high_high: Option<At<Number>>,
        /// How far back inside a limit a reading must come.
        deadband: Option<At<Number>>,
        /// How long a reading must stay beyond.
        on_delay: Option<At<Span>>,
        /// How long it must stay back.
        off_delay: Option<At<Span>>,
        /// Lowest and highest reading that can be.
        range: Option<Pair>,
        /// Change per hour, either way, that is too fast.
        rate: Option<At<Number>>,
        /// A value that does not change for so long is stuck.
        stuck: Option<At<Span>>,
        /// The unit of what was registered; a sensor's stands in its machine file.
        unit: Option<At<String>>,
    }
}

spec! {
    /// Detectors beside limits; each may be `false`.
    pub struct DetectSpec {
        /// Away from what the twin expects (default `{ sd = 4, for = "30 s" }`).
        residual: Option<Switch<ResidualSpec>>,
        /// A small shift that stays (default `{ slack = 1, level = 10 }`).
        cusum: Option<Switch<CusumSpec>>,
        /// A value that does not change although it should (default "10 min").
        stuck: Option<Switch<At<Span>>>,
    }
}

spec! {
    /// Away from what the twin expects.
    pub struct ResidualSpec {
        /// By so many standard deviations (default 4).
        sd: Option<At<Number>>,
        /// For so long (default 30 s).
        r#for: Option<At<Span>>,
    }
}

spec! {
    /// A cumulative sum of standardised deviations.
    pub struct CusumSpec {
        /// Taken off each deviation, in standard deviations (default 1).
        slack: Option<At<Number>>,
        /// The sum that is too much (default 10).
        level: Option<At<Number>>,
    }
}

spec! {
    /// When a finding or a condition becomes an alert.
    pub struct RuleSpec {
        /// `finding bearing_temp.high for 1 min`, or an expression over a machine's sensors, drivers, wears and `running`.
        when: Formula,
        /// For how long it must hold (default 0), where `when` does not say it.
        r#for: Option<At<Span>>,
        /// For how long it must be gone before the alert returns (default: as long as it must hold).
        gone: Option<At<Span>>,
        /// The machines that it is judged on: ids or ranges, one or a list (default: all whose kind has what it names).
        machine: Option<Chosen>,
        /// low, medium, high or critical (default medium).
        severity: Option<At<String>>,
        /// Alerts of one group on one machine are told as one.
        group: Option<At<String>>,
        /// With {machine} {sensor} {rule} {value} {limit} {expected} {unit} {severity} {detector}.
        message: Option<At<String>>,
        /// It stays until somebody resolves it (default false).
        latch: Option<bool>,
        /// When it is kept out of sight: a mode, `start-up 10 min`, `upstream`, `rule NAME` (default "maintenance").
        suppress: Option<Texts>,
        /// Told again after so long without an acknowledgement.
        again: Option<At<Span>>,
        /// One severity higher after so long without an acknowledgement.
        escalate: Option<At<Span>>,
    }
}

spec! {
    /// What holds for all alerts.
    pub struct AlertsSpec {
        /// So many in ten minutes are a flood: those of low and medium severity are then not told one by one (default 10).
        flood: Option<At<u64>>,
        /// An alert whose condition is gone and that nobody acknowledged is resolved after this time, or false: never (default
        /// 8 h).
        quiet: Option<Switch<At<Span>>>,
        /// The longest that an alert can be shelved (default 24 h).
        longest_shelf: Option<At<Span>>,
    }
}

spec! {
    /// A report.
    pub struct ReportSpec {
        /// daily, weekly or monthly.
        period: At<String>,
        /// The time of day, UTC (default "06:00").
        at: Option<At<String>>,
    }
}

/// A plain number: nothing here is left to chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number(pub f64);

impl Read for Number {
    fn read(node: &Node, cx: &mut Cx<'_>) -> Number {
        Number(node.number().unwrap_or_else(|| {
            cx.wrong_sort(node, "a number");
            1.0
        }))
    }

    fn fallback() -> Number {
        Number(1.0)
    }

    fn schema() -> Json {
        json!({ "type": "number" })
    }
}

/// Something that can be switched off with `false`; `true` is its default.
#[derive(Debug, Clone)]
pub enum Switch<T> {
    Off,
    Usual,
    On(T),
}

impl<T: Read> Read for Switch<T> {
    fn read(node: &Node, cx: &mut Cx<'_>) -> Switch<T> {
        match node.value {
            Value::Flag(false) => Switch::Off,
            Value::Flag(true) => Switch::Usual,
            _ => Switch::On(T::read(node, cx)),
        }
    }

    fn fallback() -> Switch<T> {
        Switch::Usual
    }

    fn schema() -> Json {
        json!({ "anyOf": [{ "type": "boolean" }, T::schema()] })
    }
}

/// A text or a list of texts, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Texts(pub Vec<At<String>>, pub Bytes);

impl Read for Texts {
    fn read(node: &Node, cx: &mut Cx<'_>) -> Texts {
        let texts = match &node.value {
            Value::Array(items) => items.iter().map(|item| At::read(item, cx)).collect(),
            _ => vec![At::read(node, cx)],
        };
        Texts(texts, node.span.clone())
    }

    fn fallback() -> Texts {
        Texts(Vec::new(), NOWHERE)
    }

    fn schema() -> Json {
        json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
    }
}
