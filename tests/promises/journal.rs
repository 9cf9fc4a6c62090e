//! The journal of a live run: an entry is there whole and once, whatever becomes of the engine, and gives back what it was given.
//!
//! Everything runs on both databases; what they hold is read by their own tools.

mod actions;
mod commands;
mod entries;
mod hostile;
mod leases;
mod migrated;
mod readings;
mod runs;

use crate::store::Base;
use serde_json::json;
use std::time::Duration;
use twinwright_io::store::Place;
use twinwright_io::store::chronicle::{MachineFace, MachineFile, Plant, SensorFace};
use twinwright_io::store::journal::{ChannelFace, Journal, Opened, Opening};
use twinwright_io::store::runs::RunHeading;
use twinwright_model::journal::{Checkpoint, Entry, Heard, Hearing};
use twinwright_model::live::*;
use twinwright_model::{Mode, Quality, Severity, Span, Time};

/// 2026-01-01T00:00:00Z in nanoseconds.
const START: i64 = 1_767_225_600_000_000_000;
const SECOND: i64 = 1_000_000_000;

/// So many seconds after the start.
fn at(seconds: i64) -> Time {
    Time(START + seconds * SECOND)
}

fn place(base: &Base) -> Place {
    Place::parse(&base.url()).expect("a place")
}

/// Two pumps, each with two sensors, a driver that a feed holds, and its mode: channels 0 to 3 and 4 to 7.
fn opening(digest: char) -> Opening {
    let sensor = |name: &str, unit: &str| SensorFace {
        name: name.to_owned(),
        unit: unit.to_owned(),
        slope: 1.0,
        ..SensorFace::default()
    };
    let machine = |name: &str| MachineFace {
        name: name.to_owned(),
        kind: "pump".to_owned(),
        sensors: vec![sensor("temp", "degC"), sensor("vibration", "mm/s")],
        ..MachineFace::default()
    };
    let file = MachineFile {
        kind: "pump".to_owned(),
        digest: digest.to_string().repeat(32),
        document: "kind = \"pump\"".to_owned(),
        baselines: json!({}),
        thresholds: json!({}),
    };
    let face = |machine: &str, item: &str, unit: &str, is_sensor| ChannelFace {
        name: ChannelName { machine: machine.to_owned(), item: item.to_owned() },
        unit: unit.to_owned(),
        is_sensor,
    };
    let channels = ["P-1", "P-2"].into_iter().flat_map(|machine| {
        [
            face(machine, "temp", "degC", true),
            face(machine, "vibration", "mm/s", true),
            face(machine, "load", "1", false),
            face(machine, "mode", "", false),
        ]
    });
    Opening {
        site: "line1".to_owned(),
        path: "acme/lyon".to_owned(),
        heading: RunHeading {
            kind: "live",
            scenario: String::new(),
            title: "Line 1".to_owned(),
            document: format!("schema = \"site/1\" # {digest}"),
            changes: json!({}),
            study: None,
            variant: None,
            seed: 1,
            futures: 1,
            machines: 2,
            start: at(0),
            tick: Span(SECOND),
            plan_digest: digest.to_string().repeat(32),
            version: "0.1.0".to_owned(),
            command: "twinwright live line1.toml".to_owned(),
            began: at(0),
        },
        plant: Plant { machines: vec![machine("P-1"), machine("P-2")], links: vec![], files: vec![file] },
        channels: channels.collect(),
        outlets: vec!["mqtt.alerts".to_owned(), "webhook.desk".to_owned()],
        lease: Duration::from_secs(600),
    }
}

async fn open(base: &Base, opening: &Opening) -> (Journal, Opened) {
    Journal::open(&place(base), opening).await.unwrap_or_else(|trouble| panic!("{trouble}"))
}

fn heard(tick: u32, channel: u32, seconds: i64, value: f64) -> Heard {
    let quality = if value.is_nan() { Quality::Bad } else { Quality::Good };
    Heard { tick, measurement: Measurement { channel, time: at(seconds), value, quality } }
}

fn alert(number: u32, status: AlertStatus) -> Alert {
    Alert {
        uid: format!("line1-live-1/{number}"),
        machine: 0,
        sensor: Some("temp".to_owned()),
        rule: "hot".to_owned(),
        group: Some("bearing".to_owned()),
        first_up: true,
        severity: Severity::High,
        status,
        hidden: None,
        message: "P-1: 91 degC".to_owned(),
        value: Some(91.0),
        limit: Some(85.0),
        raised: at(3),
        returned: None,
        acknowledged: None,
        resolved: None,
        shelved: None,
        escalated: 0,
    }
}

fn change(number: u32, seconds: i64, step: Step, alert: Alert) -> AlertChange {
    let by = alert.acknowledged.as_ref().map_or("engine", |(_, by)| by).to_owned();
    let by = if step == Step::Acknowledged { by } else { "engine".to_owned() };
    AlertChange { number, time: at(seconds), step, by, comment: None, value: Some(91.0), tell: true, alert }
}

fn finding(ended: Option<i64>) -> FindingChange {
    FindingChange {
        uid: format!("P-1/temp/high_high/{}", at(3).0),
        machine: 0,
        sensor: Some("temp".to_owned()),
        detector: "high_high".to_owned(),
        severity: Severity::High,
        since: at(3),
        ended: ended.map(at),
        value: 91.0,
        expected: Some((70.0, 0.5)),
        limit: Some(85.0),
        peak: 93.0,
    }
}

/// An entry with readings only.
fn plain(number: u64) -> Entry {
    let tick = number as u32;
    Entry {
        number,
        written: at(i64::from(tick)),
        heard: Hearing {
            readings: vec![heard(tick, 0, i64::from(tick), 20.0 + f64::from(tick))],
            closed: Some(tick),
            ..Hearing::default()
        },
        ..Entry::default()
    }
}

/// An entry in which everything happens that can.
fn full(number: u64) -> Entry {
    let mut entry = plain(number);
    entry.heard.readings.push(heard(Heard::LATE, 5, 1, f64::NAN));
    entry.refusals.push(Refusal {
        reason: Reason::Broken,
        detail: "expected a value at byte 3".to_owned(),
        feed: "mqtt.gateway".to_owned(),
        origin: "plant/P-1/temp".to_owned(),
        arrived: at(2),
        payload: vec![0, 255, b'{'],
    });
    entry.findings = vec![finding(None), finding(Some(4))];
    entry.alerts = vec![
        change(1, 3, Step::Raised, alert(1, AlertStatus::Active)),
        change(2, 4, Step::Returned, Alert { returned: Some(at(4)), ..alert(1, AlertStatus::Active) }),
    ];
    entry.modes = vec![ModeChange { time: at(0), machine: 0, mode: Mode::Running, previous: None }];
    entry.digest = Some((number as u32, 7));
    entry.checkpoint = Some(Checkpoint { tick: number as u32, digest: 7, bytes: vec![1, 2, 3] });
    entry.portraits = vec![(0, "{\"mode\": \"running\"}".to_owned()), (1, "{\"mode\": \"running\"}".to_owned())];
    entry
}

/// How many rows the tables of a live run have.
fn rows(base: &Base) -> String {
    let tables = [
        "journal",
        "quarantine",
        "anomaly_records",
        "alerts",
        "alert_transitions",
        "outbox",
        "status_events",
        "checkpoints",
        "state_snapshots",
        "channels",
    ];
    let counts: Vec<String> = tables.iter().map(|table| format!("(SELECT count(*) FROM {table})")).collect();
    base.ask(&format!("SELECT {}, (SELECT max(written) FROM mirrors)", counts.join(", ")))
}
