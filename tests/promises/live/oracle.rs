//! What must hold of a store after whatever happened to the engine that wrote it: judged by sqlite3 and psql, never by the engine.
//!
//! Every reading that a source got an answer for is stored once, with its value; whoever listens to alerts has heard every step at
//! least once, by the same id, in order; and the course of all alerts can be laid beside that of another engine.

use super::plant::{Issued, ask};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use twinwright_tests::mirror::Mirror;
use twinwright_tests::servers::postgres::Postgres;

/// Whether the long forms are wanted.
pub fn is_full() -> bool {
    std::env::var_os("TWINWRIGHT_FULL").is_some()
}

/// A line of figures, for whoever asks for them with --nocapture.
#[expect(clippy::print_stdout, reason = "asked for with --nocapture")]
pub fn tell(figures: &str) {
    println!("{figures}");
}

/// A store that can be asked, a row a line, cells with `|` between.
pub trait Asked {
    fn answer(&self, question: &str) -> String;
    /// A time in milliseconds.
    fn ms(&self, column: &str) -> String;

    fn count(&self, question: &str) -> usize {
        self.answer(question).parse().unwrap_or(0)
    }
}

impl Asked for Path {
    fn answer(&self, question: &str) -> String {
        ask(self, question)
    }

    fn ms(&self, column: &str) -> String {
        format!("{column} / 1000")
    }
}

impl Asked for Postgres {
    fn answer(&self, question: &str) -> String {
        self.ask(question)
    }

    fn ms(&self, column: &str) -> String {
        format!("floor(extract(epoch FROM {column}) * 1000)::bigint")
    }
}

/// Waits until all is stored and told, stops the engine, and looks at what is stored.
pub fn assert_came_through(mirror: &mut Mirror, store: &(impl Asked + ?Sized), issued: &Issued) {
    mirror.wait_for("all readings are stored", |_| stored_count(store) >= issued.len());
    mirror.wait_for("all notices are out", |_| {
        store.answer("SELECT count(*) FROM outbox WHERE state = 'waiting'") == "0"
    });
    assert!(mirror.stop().success(), "{}", mirror.said());
    assert_stored(store, issued);
}

pub fn stored_count(store: &(impl Asked + ?Sized)) -> usize {
    store.count("SELECT count(*) FROM sensor_readings")
}

/// What is stored is what was issued: no duplicate, no gap, the same values.
pub fn assert_stored(store: &(impl Asked + ?Sized), issued: &Issued) {
    let rows = store.answer(&format!(
        "SELECT e.name, {}, r.value FROM sensor_readings r JOIN sensors s ON s.id = r.sensor_id \
         JOIN equipment e ON e.id = s.equipment_id",
        store.ms("r.time")
    ));
    let stored: BTreeSet<(String, i64, u64)> = rows
        .lines()
        .map(|row| {
            let mut cells = row.split('|');
            let mut next = || cells.next().expect("three cells");
            (next().to_owned(), next().parse().expect("a time"), next().parse::<f64>().expect("a value").to_bits())
        })
        .collect();
    assert_eq!(stored.len(), rows.lines().count(), "a reading is stored twice");
    let wanted: BTreeSet<(String, i64, u64)> =
        issued.iter().map(|(machine, ms, value)| (machine.clone(), *ms, value.to_bits())).collect();
    assert_eq!(wanted.len(), issued.len(), "no time twice at the sources");
    let (lost, made_up) = (wanted.difference(&stored).count(), stored.difference(&wanted).count());
    assert_eq!((lost, made_up), (0, 0), "lost and made up, of {}", issued.len());
    assert_eq!(store.answer("SELECT count(*) FROM quarantine"), "0");
}

/// Every notice of the outbox was heard by its id, at least once, and those of an alert in their order.
pub fn assert_told(store: &(impl Asked + ?Sized), heard: &[String]) {
    let mut first: BTreeSet<String> = BTreeSet::new();
    let mut latest: BTreeMap<String, u64> = BTreeMap::new();
    for line in heard.iter().filter(|line| !line.is_empty()) {
        let notice: serde_json::Value = serde_json::from_str(line).expect("a notice is JSON");
        let id = notice["id"].as_str().expect("a notice has an id").to_owned();
        let (alert, number) = (notice["uid"].as_str().expect("an alert"), notice["number"].as_u64().expect("a number"));
        if first.insert(id) {
            let before = latest.insert(alert.to_owned(), number);
            assert!(before.is_none_or(|before| before < number), "{alert}: {number} after {before:?}");
        }
    }
    let sent: BTreeSet<String> = store.answer("SELECT uid FROM outbox").lines().map(str::to_owned).collect();
    assert!(!sent.is_empty());
    assert_eq!(first, sent);
}

/// Every step of every alert up to an instant: when, where, what.
pub fn transitions(store: &(impl Asked + ?Sized), until_ms: i64) -> Vec<String> {
    let time = store.ms("t.time");
    let rows = store.answer(&format!(
        "SELECT e.name, a.rule, t.number, t.what, t.status, {time} FROM alert_transitions t \
         JOIN alerts a ON a.id = t.alert_id JOIN equipment e ON e.id = a.equipment_id WHERE {time} <= {until_ms} \
         ORDER BY e.name, a.rule, a.raised_at, t.number"
    ));
    rows.lines().map(str::to_owned).collect()
}
