//! A piece of a run's history, as it goes into the store: all of it or nothing, and once.
//!
//! The run's row counts the pieces that are there. A piece whose commit was not answered goes again, and is left out when
//! its number says that it is there.

use super::begin::Begun;
use super::insert::Insert;
use crate::outlets::trouble::OutletTrouble;
use crate::store::{Cell, Link};
use serde_json::Value;
use std::collections::BTreeMap;
use twinwright_model::{E10, Mode, Severity, Time};

/// A piece of history. Machines go by their number in the run, sensors by their place on the machine.
#[derive(Debug, Clone, Default)]
pub struct Unit {
    /// From 1, without gaps.
    pub number: u32,
    pub modes: Vec<ModeRow>,
    /// Alerts that are new or have changed, by number.
    pub alerts: BTreeMap<u64, AlertRow>,
    pub turns: Vec<TurnRow>,
    pub works: Vec<WorkRow>,
    pub checkpoint: Option<CheckpointRow>,
    pub end: Option<EndRow>,
}

/// A machine takes a mode.
#[derive(Debug, Clone)]
pub struct ModeRow {
    pub machine: u32,
    pub time: Time,
    pub mode: Mode,
    /// None at the beginning of the run.
    pub previous: Option<Mode>,
    /// How long the previous one had lasted.
    pub lasted_s: Option<f64>,
    pub reason: Option<String>,
}

/// An alert as it stands.
#[derive(Debug, Clone)]
pub struct AlertRow {
    /// From 1, in the order in which the run raised them.
    pub number: u64,
    pub machine: u32,
    pub sensor: u16,
    pub rule: String,
    pub severity: Severity,
    /// `active`, `suppressed` or `resolved`
    pub status: &'static str,
    pub message: String,
    pub value: f64,
    pub limit: f64,
    pub raised: Time,
    pub returned: Option<Time>,
}

/// A step in the course of an alert.
#[derive(Debug, Clone)]
pub struct TurnRow {
    pub alert: u64,
    /// From 1, by alert.
    pub number: u32,
    pub time: Time,
    pub what: &'static str,
    pub status: &'static str,
    pub value: f64,
}

/// A failure, or work that was done.
#[derive(Debug, Clone)]
pub struct WorkRow {
    pub machine: u32,
    pub time: Time,
    /// `failure`, `repair` or `planned`
    pub what: &'static str,
    pub subject: String,
    pub hours: Option<f64>,
    pub cost: Option<f64>,
    pub note: &'static str,
}

/// The whole state at a tick.
#[derive(Debug, Clone)]
pub struct CheckpointRow {
    pub tick: u32,
    pub time: Time,
    pub state_digest: String,
    pub plan_digest: String,
    pub engine: String,
    pub packed: Vec<u8>,
    /// By the clock on the wall.
    pub taken: Time,
    /// By machine, for people.
    pub states: Vec<(u32, Value)>,
    pub performance: Vec<PerformanceRow>,
}

/// How a machine did since the checkpoint before.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PerformanceRow {
    pub machine: u32,
    pub span_s: f64,
    pub load: Option<f64>,
    pub temperature: Option<f64>,
    pub vibration: Option<f64>,
    pub uptime: Option<f64>,
    pub anomalies: u32,
    pub efficiency: Option<f64>,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct EndRow {
    /// `finished`, `interrupted` or `failed`
    pub status: &'static str,
    /// Of the last tick; None where there was none.
    pub end: Option<Time>,
    pub state_digest: Option<String>,
    /// By the clock on the wall.
    pub ended: Time,
    pub measures: Vec<MeasureRow>,
}

/// A measure over futures.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MeasureRow {
    pub name: String,
    pub unit: String,
    pub mean: f64,
    pub p05: f64,
    pub p50: f64,
    pub p95: f64,
    pub futures: u32,
    /// Of the mean: low, high, confidence.
    pub interval: Option<(f64, f64, f64)>,
    /// Against the baseline.
    pub difference: Option<f64>,
    pub difference_interval: Option<(f64, f64)>,
    pub better: Option<f64>,
}

impl Unit {
    /// Rows that it brings.
    pub fn rows(&self) -> u64 {
        let states = self.checkpoint.as_ref().map_or(0, |one| 1 + one.states.len() + one.performance.len());
        let end = self.end.as_ref().map_or(0, |end| 1 + end.measures.len());
        (self.modes.len() + self.alerts.len() + self.turns.len() + self.works.len() + states + end) as u64
    }

    /// Writes it, unless it is there.
    pub async fn write(&self, link: &mut Link, begun: &Begun) -> Result<(), OutletTrouble> {
        link.begin().await?;
        let mark = "UPDATE runs SET written = $2 WHERE id = $1 AND written = $3";
        let values: [Cell; 3] = [begun.run.into(), self.number.into(), (i64::from(self.number) - 1).into()];
        if link.run(mark, &values).await? == 0 {
            return link.roll_back().await;
        }
        self.write_judgement(link, begun).await?;
        if let Some(checkpoint) = &self.checkpoint {
            checkpoint.write(link, begun).await?;
        }
        if let Some(end) = &self.end {
            end.write(link, begun.run).await?;
        }
        link.commit().await
    }

    async fn write_judgement(&self, link: &mut Link, begun: &Begun) -> Result<(), OutletTrouble> {
        let columns = ["run_id", "equipment_id", "time", "status", "previous", "duration_s", "e10", "reason"];
        let mut rows = Insert::into("status_events", &columns, "");
        for one in &self.modes {
            rows.add([
                begun.run.into(),
                begun.machines[one.machine as usize].into(),
                one.time.into(),
                one.mode.name().into(),
                one.previous.map(Mode::name).into(),
                one.lasted_s.into(),
                e10(one.mode.e10()).into(),
                one.reason.clone().into(),
            ]);
        }
        rows.write(link).await?;
        write_alerts(link, begun, &self.alerts).await?;
        let mut rows =
            Insert::into("alert_transitions", &["alert_id", "number", "time", "what", "status", "value"], "")
                .form(0, "(SELECT id FROM alerts WHERE uid = $)");
        for one in &self.turns {
            rows.add([
                uid(begun, one.alert).into(),
                one.number.into(),
                one.time.into(),
                one.what.into(),
                one.status.into(),
                one.value.into(),
            ]);
        }
        rows.write(link).await?;
        let columns = ["run_id", "equipment_id", "time", "what", "subject", "hours", "cost", "note"];
        let mut rows = Insert::into("maintenance_logs", &columns, "");
        for one in &self.works {
            rows.add([
                begun.run.into(),
                begun.machines[one.machine as usize].into(),
                one.time.into(),
                one.what.into(),
                (&one.subject).into(),
                one.hours.into(),
                one.cost.into(),
                one.note.into(),
            ]);
        }
        rows.write(link).await
    }
}

/// As the tables spell it.
pub fn e10(state: E10) -> &'static str {
    match state {
        E10::Prd => "PRD",
        E10::Sby => "SBY",
        E10::Eng => "ENG",
        E10::Sdt => "SDT",
        E10::Udt => "UDT",
        E10::Nst => "NST",
    }
}

fn uid(begun: &Begun, number: u64) -> String {
    format!("{}/{number}", begun.name)
}

async fn write_alerts(link: &mut Link, begun: &Begun, alerts: &BTreeMap<u64, AlertRow>) -> Result<(), OutletTrouble> {
    let columns = [
        "uid",
        "run_id",
        "equipment_id",
        "sensor_id",
        "rule",
        "severity",
        "priority",
        "status",
        "message",
        "trigger_value",
        "threshold_value",
        "raised_at",
        "returned_at",
        "resolved_at",
        "resolved_by",
        "suppressed_by",
    ];
    let now = ["status", "returned_at", "resolved_at", "resolved_by", "suppressed_by"];
    let set: Vec<String> = now.iter().map(|column| format!("{column} = excluded.{column}")).collect();
    let tail = format!("ON CONFLICT (uid) DO UPDATE SET {}", set.join(", "));
    let mut rows = Insert::into("alerts", &columns, &tail);
    for one in alerts.values() {
        let resolved = one.returned.filter(|_| one.status == "resolved");
        rows.add([
            uid(begun, one.number).into(),
            begun.run.into(),
            begun.machines[one.machine as usize].into(),
            begun.sensors[one.machine as usize][usize::from(one.sensor)].into(),
            (&one.rule).into(),
            one.severity.to_string().into(),
            (one.severity as i64 + 1).into(),
            one.status.into(),
            (&one.message).into(),
            one.value.into(),
            one.limit.into(),
            one.raised.into(),
            one.returned.into(),
            resolved.into(),
            resolved.map(|_| "engine").into(),
            (one.status == "suppressed").then_some("design").into(),
        ]);
    }
    rows.write(link).await
}

impl CheckpointRow {
    async fn write(&self, link: &mut Link, begun: &Begun) -> Result<(), OutletTrouble> {
        let make = "INSERT INTO checkpoints (run_id, tick, time, state_digest, plan_digest, engine, snapshot, taken_at) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let values: [Cell; 8] = [
            begun.run.into(),
            self.tick.into(),
            self.time.into(),
            (&self.state_digest).into(),
            (&self.plan_digest).into(),
            (&self.engine).into(),
            self.packed.clone().into(),
            self.taken.into(),
        ];
        link.run(make, &values).await?;
        let mut rows = Insert::into("state_snapshots", &["run_id", "equipment_id", "time", "state"], "");
        for (machine, state) in &self.states {
            let id = begun.machines[*machine as usize];
            rows.add([begun.run.into(), id.into(), self.time.into(), state.clone().into()]);
        }
        rows.write(link).await?;
        let columns = [
            "run_id",
            "equipment_id",
            "time",
            "span_s",
            "load",
            "temperature",
            "vibration",
            "uptime",
            "anomalies",
            "efficiency",
        ];
        let mut rows = Insert::into("performance_metrics", &columns, "");
        for one in &self.performance {
            rows.add([
                begun.run.into(),
                begun.machines[one.machine as usize].into(),
                self.time.into(),
                one.span_s.into(),
                one.load.into(),
                one.temperature.into(),
                one.vibration.into(),
                one.uptime.into(),
                one.anomalies.into(),
                one.efficiency.into(),
            ]);
        }
        rows.write(link).await
    }
}

impl EndRow {
    /// Ends a run within the caller's transaction.
    pub async fn write(&self, link: &mut Link, run: i64) -> Result<(), OutletTrouble> {
        let end = "UPDATE runs SET status = $2, end_time = $3, state_digest = $4, ended_at = $5 WHERE id = $1";
        let digest = self.state_digest.clone();
        link.run(end, &[run.into(), self.status.into(), self.end.into(), digest.into(), self.ended.into()]).await?;
        let columns = [
            "run_id",
            "measure",
            "unit",
            "mean",
            "p05",
            "p50",
            "p95",
            "futures",
            "low",
            "high",
            "confidence",
            "difference",
            "difference_low",
            "difference_high",
            "better",
        ];
        let mut rows = Insert::into("run_measures", &columns, "");
        for one in &self.measures {
            rows.add([
                run.into(),
                (&one.name).into(),
                (&one.unit).into(),
                one.mean.into(),
                one.p05.into(),
                one.p50.into(),
                one.p95.into(),
                one.futures.into(),
                one.interval.map(|(low, _, _)| low).into(),
                one.interval.map(|(_, high, _)| high).into(),
                one.interval.map(|(_, _, confidence)| confidence).into(),
                one.difference.into(),
                one.difference_interval.map(|(low, _)| low).into(),
                one.difference_interval.map(|(_, high)| high).into(),
                one.better.into(),
            ]);
        }
        rows.write(link).await
    }
}
