//! The past as `history` tells it: the same bytes from both databases, against what was written and closed forms.

mod alerts;
mod archives;
mod machines;
mod plans;
mod sensors;

use crate::store::Base;
use crate::wires::run;
use serde_json::{Value, json};
use std::sync::Arc;
use twinwright::Trouble;
use twinwright::history::{self, arguments::*};
use twinwright_io::outlets::{MachineHead, Manifest, SensorHead};
use twinwright_io::store::{Cell, Link, Place, Registry, Row, Store};
use twinwright_model::{Sensor, Sheet, Span, Time};

/// 2026-01-01T00:00:00Z in microseconds.
const START: i64 = 1_767_225_600_000_000;
const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;
/// Names as somebody might send them.
const HOSTILE: [&str; 2] = ["'; DROP TABLE sensors; --", "a.b\u{1b}[2J \"x\", $1"];

fn time(micros: i64) -> Time {
    Time(micros * 1_000)
}

/// An instant as answers write it.
fn text(micros: i64) -> String {
    time(micros).to_string()
}

fn place(base: &Base) -> Place {
    Place::parse(&base.url()).expect("a place")
}

/// Machines P-101 and a hostile one, each with the same sensors.
fn manifest(sensors: &[(&str, &str)]) -> Manifest {
    let head = |name: &str| MachineHead { id: name.to_owned(), sheet: 0 };
    let sensor = |(name, unit): &(&str, &str)| Sensor { name: (*name).to_owned(), unit: (*unit).to_owned() };
    let sensors: Vec<Sensor> = sensors.iter().map(sensor).collect();
    Manifest {
        machines: vec![head("P-101"), head(HOSTILE[0])],
        sensors: sensors.iter().map(|s| SensorHead { name: s.name.clone(), unit: s.unit.clone() }).collect(),
        sheets: vec![Sheet { kind: "pump".to_owned(), sensors, wears: vec![] }],
        path: "acme/lyon".to_owned(),
        scenario: "pumps".to_owned(),
        seed: 1,
        version: "0".to_owned(),
        start: time(START),
        tick: Span(SECOND * 1_000),
        resolution: Span(1_000),
    }
}

/// Writes readings of sensors (micro-seconds, value, quality) as `generate` would, all of machine P-101 but the hostile
/// sensor, which is of the hostile machine.
fn write(base: &Base, sensors: &[(&str, &str)], readings: &[(usize, i64, f64, i16)]) {
    run(async {
        let mut store = Store::connect(&place(base)).await.expect("a store");
        let manifest = Arc::new(manifest(sensors));
        store.register(&Registry::of(&manifest)).await.expect("names that a store takes");
        let mut link = Link::open(&place(base)).await.expect("a store");
        let ask =
            "SELECT s.id FROM sensors s JOIN equipment e ON e.id = s.equipment_id WHERE e.name = $1 AND s.name = $2";
        let mut ids = Vec::new();
        for (name, _) in sensors {
            let machine = if *name == HOSTILE[1] { HOSTILE[0] } else { "P-101" };
            ids.push(link.first(ask, &[machine.into(), (*name).into()]).await.unwrap().expect("a sensor").int(0) as i32);
        }
        let row = |&(sensor, time, value, quality): &(usize, i64, f64, i16)| Row {
            sensor: ids[sensor],
            time,
            value,
            quality,
        };
        let mut rows: Vec<Row> = readings.iter().map(row).collect();
        rows.sort_by_key(|row| (row.sensor, row.time));
        for some in rows.chunks(20_000) {
            store.write(some).await.expect("rows that a store takes");
        }
        store.close().await.expect("a clean end");
        link.close().await;
    });
}

/// What `history` answers, or the words and the exit code of a refusal.
fn asked(what: What) -> Result<String, (u8, String)> {
    let mut out = Vec::new();
    let refused = |trouble: Trouble| (trouble.exit_code(), trouble.to_string());
    history::answer(&HistoryArgs { what }, &mut out).map_err(refused)?;
    Ok(String::from_utf8(out).expect("text"))
}

fn source(base: &Base) -> Source {
    Source { store: Some(base.url()), run: None }
}

fn between(from: Option<&str>, to: Option<&str>) -> Between {
    Between { from: from.map(str::to_owned), to: to.map(str::to_owned) }
}

/// The same question to both databases: the answers must be the same bytes.
fn of_both(bases: &[Base], what: impl Fn(&Base) -> What) -> String {
    let answers: Vec<String> =
        bases.iter().map(|base| asked(what(base)).unwrap_or_else(|(_, why)| panic!("{why}"))).collect();
    assert_eq!(answers[0], answers[1]);
    answers[0].clone()
}

/// The same refusal from both, without the store's name.
fn refused_by_both(bases: &[Base], what: impl Fn(&Base) -> What) -> (u8, String) {
    let answers: Vec<(u8, String)> = bases.iter().map(|base| asked(what(base)).expect_err("a refusal")).collect();
    assert_eq!(answers[0], answers[1]);
    answers[0].clone()
}

/// Rows of a table as a run leaves them: (columns, values).
async fn insert(link: &mut Link, table: &str, columns: &str, values: &[Cell]) {
    let places: Vec<String> = (1..=values.len()).map(|place| format!("${place}")).collect();
    let statement = format!("INSERT INTO {table} ({columns}) VALUES ({})", places.join(", "));
    link.run(statement, values).await.unwrap_or_else(|trouble| panic!("{table}: {trouble}"));
}

/// A run `pumps-1` of two days of P-101: running, failed at 10 h, repaired until 14 h, planned work at 30 h for 2 h.
fn history_of_a_run(base: &Base) {
    write(
        base,
        &[("vibration", "mm/s"), ("temp", "degC")],
        &[(0, START + HOUR, 2.5, 0), (1, START + 2 * HOUR, 61.0, 2)],
    );
    run(async {
        let mut link = Link::open(&place(base)).await.expect("a store");
        let at = |hours: i64| Cell::from(time(START + hours * HOUR));
        let digest = "0123456789abcdef0123456789abcdef";
        let columns = "name, kind, scenario, title, document, seed, futures, machines, start_time, end_time, tick_ns, \
                       plan_digest, version, command, status, began_at, ended_at";
        let run: [Cell; 17] = [
            "pumps-1".into(),
            "scenario".into(),
            "pumps".into(),
            "Pumps".into(),
            "".into(),
            7.into(),
            1.into(),
            2.into(),
            at(0),
            at(48),
            60_000_000_000i64.into(),
            digest.into(),
            "0".into(),
            "run".into(),
            "finished".into(),
            at(900),
            at(901),
        ];
        insert(&mut link, "runs", columns, &run).await;
        for (hours, status, e10, previous, lasted, reason) in [
            (0, "running", "PRD", None, None, None),
            (10, "failed", "UDT", Some("running"), Some(36_000.0), Some("bearing")),
            (14, "running", "PRD", Some("failed"), Some(14_400.0), None),
            (30, "maintenance", "SDT", Some("running"), Some(57_600.0), Some("planned bearing")),
            (32, "running", "PRD", Some("maintenance"), Some(7_200.0), None),
        ] {
            let row: [Cell; 8] = [
                1.into(),
                1.into(),
                at(hours),
                status.into(),
                previous.into(),
                lasted.into(),
                e10.into(),
                reason.into(),
            ];
            insert(
                &mut link,
                "status_events",
                "run_id, equipment_id, time, status, previous, duration_s, e10, reason",
                &row,
            )
            .await;
        }
        for (hours, wear) in [(0, 0.0), (12, 1.0), (24, 0.25)] {
            let row = [1.into(), 1.into(), at(hours), state(wear).into()];
            insert(&mut link, "state_snapshots", "run_id, equipment_id, time, state", &row).await;
        }
        for (hours, what, subject, took, cost) in [
            (10, "failure", "bearing", None, None),
            (14, "repair", "bearing", Some(4.0), Some(3_800.0)),
            (32, "planned", "bearing", Some(2.0), Some(1_500.0)),
        ] {
            let row: [Cell; 7] = [1.into(), 1.into(), at(hours), what.into(), subject.into(), took.into(), cost.into()];
            insert(&mut link, "maintenance_logs", "run_id, equipment_id, time, what, subject, hours, cost", &row).await;
        }
        alerts_of_a_run(&mut link).await;
        link.close().await;
    });
}

fn state(wear: f64) -> Value {
    json!({
        "mode": "running", "wear": { "seal": 0.5, "bearing": wear }, "drivers": { "load": 0.8 },
        "true": { "vibration": 2.25, "temp": 60.0 },
        "readings": { "vibration": { "value": 2.5, "quality": "good" }, "temp": { "value": null, "quality": "bad" } },
        "faults": ["temp stuck"], "hours": { "PRD": 10.0, "UDT": 2.0 }, "failures": 1, "energy_kwh": 120.5,
    })
}

/// Number, hours, machine, rule, severity, what became of it: open, resolved after so many hours, or suppressed.
const ALERTS: [(i64, i64, i64, &str, &str, &str); 5] = [
    (1, 9, 1, "vibration high_high", "high", "resolved"),
    (2, 20, 1, "vibration high", "medium", "open"),
    (3, 21, 1, "temp high_high", "high", "open"),
    (4, 22, 2, "temp high_high", "high", "open"),
    (5, 40, 1, "temp high", "medium", "suppressed"),
];

async fn alerts_of_a_run(link: &mut Link) {
    let at = |hours: i64| Cell::from(time(START + hours * HOUR));
    for (number, hours, machine, rule, severity, fate) in ALERTS {
        let priority = if severity == "high" { 3 } else { 2 };
        let resolved = if fate == "resolved" { at(hours + 5) } else { Cell::Null };
        let by: Cell = (fate == "resolved").then_some("engine").into();
        let suppressed: Cell = (fate == "suppressed").then_some("design").into();
        let status = if fate == "open" { "active" } else { fate };
        let row: [Cell; 14] = [
            format!("pumps-1/{number}").into(),
            1.into(),
            machine.into(),
            rule.into(),
            severity.into(),
            priority.into(),
            status.into(),
            5.5.into(),
            4.5.into(),
            at(hours),
            resolved.clone(),
            resolved,
            by,
            suppressed,
        ];
        let columns = "uid, run_id, equipment_id, rule, severity, priority, status, trigger_value, threshold_value, raised_at, \
                       returned_at, resolved_at, resolved_by, suppressed_by";
        insert(link, "alerts", columns, &row).await;
        let first = if fate == "suppressed" { ("suppressed", "suppressed") } else { ("raised", "active") };
        let mut steps = vec![(1, hours, first.0, first.1)];
        steps.extend((fate == "resolved").then_some((2, hours + 5, "returned", "resolved")));
        for (step, hours, what, status) in steps {
            let row: [Cell; 5] = [number.into(), step.into(), at(hours), what.into(), status.into()];
            insert(link, "alert_transitions", "alert_id, number, time, what, status", &row).await;
        }
    }
}
