//! Alerts with the names of their machines and sensors: those that are open, those of a stretch, and their course.

use super::Stretch;
use super::states::Whose;
use crate::outlets::trouble::OutletTrouble;
use crate::store::cell::Record;
use crate::store::{Cell, Link};
use twinwright_model::Time;

/// An alert as it stands now.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertRow {
    pub id: i64,
    pub uid: String,
    pub machine: String,
    /// None where it is about the whole machine.
    pub sensor: Option<String>,
    pub rule: String,
    pub severity: String,
    pub status: String,
    pub message: String,
    pub value: Option<f64>,
    pub threshold: Option<f64>,
    pub raised: Time,
    pub returned: Option<Time>,
    pub resolved: Option<Time>,
}

/// A step in the course of an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    pub alert: i64,
    pub time: Time,
    /// `raised`, `returned`, `acknowledged`, ...
    pub what: String,
    /// What the alert is after it.
    pub status: String,
    pub by_whom: String,
    pub comment: Option<String>,
}

/// Which alerts of a run are meant.
#[derive(Debug, Clone, PartialEq)]
pub struct Which {
    pub run: i64,
    pub machine: Option<i64>,
    pub rule: Option<String>,
    /// Raised in it.
    pub stretch: Stretch,
}

macro_rules! alerts_where {
    ($rest:literal) => {
        concat!(
            "SELECT a.id, a.uid, e.name, s.name, a.rule, a.severity, a.status, a.message, a.trigger_value, \
             a.threshold_value, a.raised_at, a.returned_at, a.resolved_at \
             FROM alerts a JOIN equipment e ON e.id = a.equipment_id LEFT JOIN sensors s ON s.id = a.sensor_id WHERE ",
            $rest
        )
    };
}

pub const ACTIVE: &str = alerts_where!(
    "a.status IN ('active', 'acknowledged') AND a.run_id = $1 ORDER BY a.priority DESC, a.raised_at DESC, a.id LIMIT $2"
);
/// One machine's alerts go by its own index.
pub const OF_MACHINE: &str = alerts_where!(
    "a.equipment_id = $5 AND a.run_id = $1 AND a.raised_at >= $2 AND a.raised_at < $3 \
     AND (a.rule = $4 OR $4 = '') ORDER BY a.raised_at, a.id"
);
pub const OF_ALL: &str = alerts_where!(
    "a.run_id = $1 AND a.raised_at >= $2 AND a.raised_at < $3 AND (a.rule = $4 OR $4 = '') ORDER BY a.raised_at, a.id"
);
/// What was open then: the last step up to then says so.
const OPEN_AT: &str = alerts_where!(
    "a.equipment_id = $2 AND a.run_id = $1 AND a.raised_at <= $3 AND (a.resolved_at IS NULL OR a.resolved_at > $3) \
     AND coalesce((SELECT t.status FROM alert_transitions t WHERE t.alert_id = a.id AND t.time <= $3 \
                   ORDER BY t.number DESC LIMIT 1), a.status) IN ('active', 'acknowledged') \
     ORDER BY a.priority DESC, a.raised_at DESC, a.id"
);
const COURSE: &str = "SELECT alert_id, time, what, status, by_whom, comment FROM alert_transitions \
                      WHERE alert_id = $1 ORDER BY number";

/// The open alerts of a run: the severest first, of those the newest first.
pub async fn active(link: &mut Link, run: i64, most: i64) -> Result<Vec<AlertRow>, OutletTrouble> {
    read(link, ACTIVE, &[run.into(), most.into()]).await
}

/// The alerts of a run that were raised in a stretch, in order of time, whatever became of them.
pub async fn raised_in(link: &mut Link, which: &Which) -> Result<Vec<AlertRow>, OutletTrouble> {
    let rule = which.rule.as_deref().unwrap_or("");
    let mut values: Vec<Cell> = vec![which.run.into(), which.stretch.from.into(), which.stretch.to.into(), rule.into()];
    let Some(machine) = which.machine else { return read(link, OF_ALL, &values).await };
    values.push(machine.into());
    read(link, OF_MACHINE, &values).await
}

/// The alerts of a machine that were open at an instant, the severest first.
pub async fn open_at(link: &mut Link, whose: Whose, at: Time) -> Result<Vec<AlertRow>, OutletTrouble> {
    read(link, OPEN_AT, &[whose.run.into(), whose.machine.into(), at.into()]).await
}

/// The course of one alert.
pub async fn course(link: &mut Link, alert: i64) -> Result<Vec<Transition>, OutletTrouble> {
    let rows = link.all(COURSE, &[alert.into()]).await?;
    let step = |row: &Record| Transition {
        alert: row.int(0),
        time: row.time(1).unwrap_or_default(),
        what: row.text(2).to_owned(),
        status: row.text(3).to_owned(),
        by_whom: row.text(4).to_owned(),
        comment: row.maybe_text(5).map(str::to_owned),
    };
    Ok(rows.iter().map(step).collect())
}

async fn read(link: &mut Link, ask: &'static str, values: &[Cell]) -> Result<Vec<AlertRow>, OutletTrouble> {
    let mut alerts = Vec::new();
    link.each(ask, values, |row| alerts.push(alert(&row))).await?;
    Ok(alerts)
}

fn alert(row: &Record) -> AlertRow {
    let text = |place: usize| row.text(place).to_owned();
    AlertRow {
        id: row.int(0),
        uid: text(1),
        machine: text(2),
        sensor: row.maybe_text(3).map(str::to_owned),
        rule: text(4),
        severity: text(5),
        status: text(6),
        message: text(7),
        value: row.maybe_real(8),
        threshold: row.maybe_real(9),
        raised: row.time(10).unwrap_or_default(),
        returned: row.time(11),
        resolved: row.time(12),
    }
}
