//! Histories made by hand, written to a store row by row.

use crate::store::Base;
use crate::wires::run;
use serde_json::{Value as Json, json};
use twinwright_io::outlets::address::Address;
use twinwright_io::store::{Cell, Link, Place};
use twinwright_model::{Mode, Span, Time};

/// A machine file whose prices are round.
pub const FAN: &str = "schema = \"machine/1\"\nkind = \"fan\"\n[drivers]\nload = 0.8\n\
    [wear.belt]\nlaw = \"linear\"\nlife = \"200 h\"\nrepair = { takes = \"2 h\", cost = 900, planned_cost = 300 }\n\
    [wear.bearing]\nlaw = \"linear\"\nlife = \"1200 h\"\nrepair = { takes = \"4 h\", cost = 500, planned_cost = 150 }\n\
    [wear.seal]\nlaw = \"linear\"\nlife = \"900 h\"\nrepair = { takes = \"1 h\", cost = 100, planned_cost = 100 }\n\
    [sensors.temp]\nvalue = \"20 + 5*load*running + 9*belt\"\n\
    [production]\nrate = \"10*running\"\nideal = 10\n[costs]\npower = \"10*running\"\nenergy = 0.5\ndowntime = 100\n";

/// So many seconds after an instant.
pub fn at(text: &str, seconds: i64) -> Time {
    Time::parse(text).expect("an instant") + Span(seconds * 1_000_000_000)
}

/// Statements with their values, in the order in which they are done.
pub struct History {
    rows: Vec<(String, Vec<Cell>)>,
    machines: i64,
    modes: Vec<Option<Mode>>,
    alerts: usize,
}

impl History {
    /// Of one run, which has number 1.
    pub fn new(name: &str, start: &str, end: &str) -> History {
        let mut history = History { rows: Vec::new(), machines: 0, modes: Vec::new(), alerts: 0 };
        history.add(
            "INSERT INTO runs (id, name, kind, scenario, title, document, seed, futures, machines, start_time, end_time, tick_ns, \
             plan_digest, version, command, status, began_at) VALUES (1, $1, 'scenario', 'plant', $2, 'no scenario', 1, 1, \
             0, $3, $4, 1000000000, $5, '0.1.0', 'by hand', 'finished', $3)",
            vec![name.into(), "By hand".into(), at(start, 0).into(), at(end, 0).into(), "0".repeat(32).into()],
        );
        history
    }

    fn add(&mut self, statement: &str, values: Vec<Cell>) {
        self.rows.push((statement.to_owned(), values));
    }

    pub fn title(&mut self, title: &str) {
        self.add("UPDATE runs SET title = $1 WHERE id = 1", vec![title.into()]);
    }

    pub fn document(&mut self, kind: &str, text: &str) {
        self.add(
            "INSERT INTO machine_configurations (id, kind, version, digest, document, created_at) VALUES (1, $1, 1, $2, $3, $4)",
            vec![kind.into(), "1".repeat(32).into(), text.into(), Time(0).into()],
        );
        self.add("INSERT INTO run_configurations (run_id, configuration_id) VALUES (1, 1)", Vec::new());
    }

    pub fn machine(&mut self, name: &str, kind: &str) -> i64 {
        self.machines += 1;
        self.modes.push(None);
        let values = vec![self.machines.into(), name.into(), kind.into()];
        self.add("INSERT INTO equipment (id, name, kind) VALUES ($1, $2, $3)", values);
        self.machines
    }

    pub fn mode(&mut self, machine: i64, time: &str, mode: &str) {
        let mode = Mode::from_name(mode).expect("a mode");
        let previous = self.modes[machine as usize - 1].replace(mode);
        let e10 = mode.e10().name().to_uppercase();
        self.add(
            "INSERT INTO status_events (run_id, equipment_id, time, status, previous, e10) VALUES (1, $1, $2, $3, $4, $5)",
            vec![machine.into(), at(time, 0).into(), mode.name().into(), previous.map(Mode::name).into(), e10.into()],
        );
    }

    pub fn log(&mut self, machine: i64, time: &str, what: &str, subject: &str, hours: Option<f64>, cost: Option<f64>) {
        self.add(
            "INSERT INTO maintenance_logs (run_id, equipment_id, time, what, subject, hours, cost) \
             VALUES (1, $1, $2, $3, $4, $5, $6)",
            vec![machine.into(), at(time, 0).into(), what.into(), subject.into(), hours.into(), cost.into()],
        );
    }

    pub fn state(&mut self, machine: i64, time: &str, state: Json) {
        self.add(
            "INSERT INTO state_snapshots (run_id, equipment_id, time, state) VALUES (1, $1, $2, $3)",
            vec![machine.into(), at(time, 0).into(), state.into()],
        );
    }

    pub fn performance(&mut self, machine: i64, time: &str, hours: f64, efficiency: f64) {
        self.add(
            "INSERT INTO performance_metrics (run_id, equipment_id, time, span_s, efficiency) VALUES (1, $1, $2, $3, $4)",
            vec![machine.into(), at(time, 0).into(), (hours * 3600.0).into(), efficiency.into()],
        );
    }

    pub fn alert(&mut self, machine: i64, rule: &str, severity: &str, raised: Time, lasts: Option<i64>, hidden: bool) {
        self.alerts += 1;
        let returned = lasts.map(|seconds| raised + Span(seconds * 1_000_000_000));
        let priority =
            ["low", "medium", "high", "critical"].iter().position(|known| *known == severity).unwrap_or(0) + 1;
        self.add(
            "INSERT INTO alerts (uid, run_id, equipment_id, rule, severity, priority, status, raised_at, returned_at, \
             suppressed_by) VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9)",
            vec![
                format!("made/{}", self.alerts).into(),
                machine.into(),
                rule.into(),
                severity.into(),
                (priority as i64).into(),
                if hidden { "suppressed" } else { "active" }.into(),
                raised.into(),
                returned.into(),
                hidden.then_some("design").into(),
            ],
        );
    }

    pub fn prediction(&mut self, machine: i64, time: &str, kind: &str, subject: &str, value: f64) {
        self.add(
            "INSERT INTO predictions (run_id, equipment_id, time, kind, subject, value, horizon_h, model, assumptions) \
             VALUES (1, $1, $2, $3, $4, $5, 168, 'futures', $6)",
            vec![machine.into(), at(time, 0).into(), kind.into(), subject.into(), value.into(), json!({}).into()],
        );
    }

    /// Makes the store and writes it all.
    pub fn write(&self, base: &Base) {
        run(async {
            let address = Address::parse(&base.url()).expect("an address");
            let mut link = Link::open(&Place::of(&address).expect("a place")).await.expect("a store");
            link.begin().await.expect("a transaction");
            for (statement, values) in &self.rows {
                link.run(statement.as_str(), values).await.unwrap_or_else(|trouble| panic!("{statement}: {trouble}"));
            }
            link.commit().await.expect("a commit");
            link.close().await;
        });
    }
}
