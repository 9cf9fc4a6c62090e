//! The alerts of live runs as an operator's board shows them: what is open and what is hidden, one alert with its course, and
//! the rules that are out of service.

use super::Stretch;
use crate::outlets::trouble::OutletTrouble;
use crate::store::cell::Record;
use crate::store::{Cell, Link};
use serde_json::{Value, json};
use twinwright_model::Time;

/// An alert as it stands now, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct BoardRow {
    pub id: i64,
    pub uid: String,
    pub run: String,
    pub machine: String,
    pub sensor: Option<String>,
    pub unit: Option<String>,
    pub rule: String,
    pub group: Option<String>,
    pub first_up: bool,
    pub escalated: i64,
    pub severity: String,
    pub status: String,
    /// `shelved`, `design` or `out_of_service`
    pub hidden: Option<String>,
    pub message: String,
    pub value: Option<f64>,
    pub limit: Option<f64>,
    pub raised: Time,
    pub returned: Option<Time>,
    pub acknowledged: Option<(Time, String)>,
    pub resolved: Option<(Time, String)>,
    pub shelved: Option<Shelved>,
}

/// Until when, by whom and why an alert is or was shelved.
#[derive(Debug, Clone, PartialEq)]
pub struct Shelved {
    pub until: Time,
    pub by: String,
    pub reason: String,
}

/// A rule that is not judged on a machine.
#[derive(Debug, Clone, PartialEq)]
pub struct OutOfService {
    pub machine: String,
    pub rule: String,
    pub since: Time,
    pub by: String,
    pub reason: Option<String>,
}

/// Which alerts are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Active and acknowledged ones, the severest first.
    Open,
    /// Those that are shelved, suppressed by design or out of service.
    Hidden,
    /// Those that there were in a stretch, raised before or in it and not resolved before, the newest first.
    During(Stretch),
}

macro_rules! board {
    ($rest:literal) => {
        concat!(
            "SELECT a.id, a.uid, r.name, e.name, s.name, s.unit, a.rule, a.alert_group, a.first_up, a.escalated, a.severity, \
             a.status, a.suppressed_by, a.message, a.trigger_value, a.threshold_value, a.raised_at, a.returned_at, \
             a.acknowledged_at, a.acknowledged_by, a.resolved_at, a.resolved_by, a.shelved_until, a.shelved_by, a.shelve_reason \
             FROM alerts a JOIN runs r ON r.id = a.run_id JOIN equipment e ON e.id = a.equipment_id \
             LEFT JOIN sensors s ON s.id = a.sensor_id WHERE ",
            $rest
        )
    };
}

const OPEN: &str = board!(
    "a.status IN ('active', 'acknowledged') AND r.kind = 'live' ORDER BY a.priority DESC, a.raised_at DESC, a.id LIMIT $1"
);
const HIDDEN: &str =
    board!("a.status = 'suppressed' AND r.kind = 'live' ORDER BY a.priority DESC, a.raised_at DESC, a.id LIMIT $1");
const DURING: &str = board!(
    "a.raised_at < $2 AND (a.resolved_at IS NULL OR a.resolved_at >= $1) AND r.kind = 'live' \
     ORDER BY a.raised_at DESC, a.id DESC LIMIT $3"
);
const ONE: &str = board!("a.uid = $1");

/// The alerts of all live runs of a store, so many at most.
pub async fn board(link: &mut Link, shown: Shown, most: i64) -> Result<Vec<BoardRow>, OutletTrouble> {
    let (ask, values): (&'static str, Vec<Cell>) = match shown {
        Shown::Open => (OPEN, vec![most.into()]),
        Shown::Hidden => (HIDDEN, vec![most.into()]),
        Shown::During(stretch) => (DURING, vec![stretch.from.into(), stretch.to.into(), most.into()]),
    };
    let mut rows = Vec::new();
    link.each(ask, &values, |row| rows.push(alert(&row))).await?;
    Ok(rows)
}

/// One alert, of whatever run.
pub async fn one(link: &mut Link, uid: &str) -> Result<Option<BoardRow>, OutletTrouble> {
    Ok(link.first(ONE, &[uid.into()]).await?.as_ref().map(alert))
}

/// What is out of service.
pub async fn out_of_service(link: &mut Link) -> Result<Vec<OutOfService>, OutletTrouble> {
    let ask = "SELECT e.name, o.rule, o.since, o.by_whom, o.reason FROM out_of_service o \
               JOIN equipment e ON e.id = o.equipment_id ORDER BY o.since, e.id";
    let row = |row: &Record| OutOfService {
        machine: row.text(0).to_owned(),
        rule: row.text(1).to_owned(),
        since: row.time(2).unwrap_or_default(),
        by: row.text(3).to_owned(),
        reason: row.maybe_text(4).map(str::to_owned),
    };
    Ok(link.all(ask, &[]).await?.iter().map(row).collect())
}

/// The name of the latest live run.
pub async fn latest_live(link: &mut Link) -> Result<Option<String>, OutletTrouble> {
    let ask = "SELECT name FROM runs WHERE kind = 'live' ORDER BY id DESC LIMIT 1";
    Ok(link.first(ask, &[]).await?.map(|row| row.text(0).to_owned()))
}

fn alert(row: &Record) -> BoardRow {
    let text = |place: usize| row.text(place).to_owned();
    let maybe = |place: usize| row.maybe_text(place).map(str::to_owned);
    let by = |time: usize| row.time(time).map(|at| (at, row.text(time + 1).to_owned()));
    BoardRow {
        id: row.int(0),
        uid: text(1),
        run: text(2),
        machine: text(3),
        sensor: maybe(4),
        unit: maybe(5).filter(|unit| !unit.is_empty()),
        rule: text(6),
        group: maybe(7),
        first_up: row.int(8) == 1,
        escalated: row.int(9),
        severity: text(10),
        status: text(11),
        hidden: maybe(12),
        message: text(13),
        value: row.maybe_real(14),
        limit: row.maybe_real(15),
        raised: row.time(16).unwrap_or_default(),
        returned: row.time(17),
        acknowledged: by(18),
        resolved: by(20),
        shelved: row.time(22).map(|until| Shelved { until, by: text(23), reason: text(24) }),
    }
}

impl BoardRow {
    /// For programs.
    pub fn json(&self) -> Value {
        let by = |said: &Option<(Time, String)>| {
            said.as_ref().map(|(time, by)| json!({ "time": time.to_string(), "by": by }))
        };
        let shelved = self
            .shelved
            .as_ref()
            .map(|shelf| json!({ "until": shelf.until.to_string(), "by": shelf.by, "reason": shelf.reason }));
        json!({
            "uid": self.uid,
            "run": self.run,
            "machine": self.machine,
            "sensor": self.sensor,
            "unit": self.unit,
            "rule": self.rule,
            "group": self.group,
            "first_up": self.first_up,
            "escalated": self.escalated,
            "severity": self.severity,
            "status": self.status,
            "hidden": self.hidden,
            "message": self.message,
            "value": self.value,
            "limit": self.limit,
            "raised": self.raised.to_string(),
            "returned": self.returned.map(|time| time.to_string()),
            "acknowledged": by(&self.acknowledged),
            "resolved": by(&self.resolved),
            "shelved": shelved,
        })
    }
}
