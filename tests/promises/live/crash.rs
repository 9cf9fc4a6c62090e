//! The crash oracle: an engine that is killed over and over, beside one that is not, both hearing the same broker.
//!
//! At the end every reading that a source got an answer for is stored once, with its value; the alerts went the same way in
//! both; and whoever listens to alerts has heard every step at least once, by the same id, in order.
//! A kill counts to the part of a commit that the engine last spoke of.

use super::plant::{Issued, Plant, ask, site, with_tank};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;
use twinwright_tests::Scratch;
use twinwright_tests::mirror::Mirror;
use twinwright_tests::servers::mosquitto::{Mosquitto, Subscriber};

/// The parts of a commit, as the engine's log names them, and what each kill must have met.
const PHASES: [(&str, &str); 4] = [
    ("before", "gathering"),
    ("inside", "committing"),
    ("after commit", "committed"),
    ("after acknowledgement", "acknowledged"),
];

/// How hard it is done.
struct Measure {
    tanks: usize,
    rate: i64,
    kills: usize,
    /// Without so many kills in each phase, and so many redeliveries, the test says nothing.
    each: usize,
    redelivered: usize,
}

#[test]
fn nothing_is_lost_doubled_or_told_otherwise_however_often_it_is_killed() {
    let full = std::env::var_os("TWINWRIGHT_FULL").is_some();
    let measure = if full {
        Measure { tanks: 20, rate: 250, kills: 200, each: 10, redelivered: 1_000 }
    } else {
        Measure { tanks: 5, rate: 100, kills: 16, each: 1, redelivered: 20 }
    };
    let scratch = Scratch::new();
    with_tank(&scratch);
    let broker = Mosquitto::start(scratch.path(), "persistence true\nlog_type all");
    let alerts = |name: &str| {
        format!(
            "[outlet.mqtt.alerts]\nurl = \"mqtt://127.0.0.1:{}\"\ntopic = \"{name}/{{machine}}/alert/{{rule}}\"\n",
            broker.port()
        )
    };
    let write = |name: &str| {
        let text = site(measure.tanks, broker.port(), name, "") + &alerts(&format!("told-{name}"));
        scratch.write(&format!("{name}.site.toml"), text);
        format!("{name}.site.toml")
    };
    let (killed, whole) = (write("killed"), write("whole"));
    let told = Subscriber::of(&broker, "told-killed/+/alert/#", "%p");
    let mut steady = Mirror::ready(scratch.path(), "whole", &[&whole]);
    let mut engine = Mirror::ready(scratch.path(), "killed", &[&killed, "--log", "debug"]);
    let plant = Plant::start(broker.port(), measure.tanks, measure.rate);

    let mut met: BTreeMap<&str, usize> = BTreeMap::new();
    for round in 0..measure.kills {
        let (_, word) = PHASES[round % PHASES.len()];
        std::thread::sleep(Duration::from_millis(300 + (round as u64 * 197) % 900));
        engine.kill_at(word);
        let said = engine.said();
        *met.entry(last_phase(&said)).or_default() += 1;
        engine = Mirror::ready(scratch.path(), "killed", &[&killed, "--log", "debug"]);
    }
    let issued = plant.end();

    let waits = "SELECT count(*) FROM outbox WHERE state = 'waiting'";
    for (mirror, name) in [(&mut engine, "killed"), (&mut steady, "whole")] {
        let store = scratch.join(format!("{name}.db"));
        mirror.wait_for("all readings are stored", |_| stored_count(&store) >= issued.len());
        mirror.wait_for("all notices are out", |_| ask(&store, waits) == "0");
        assert!(mirror.stop().success(), "{}", mirror.said());
        assert_stored(&store, &issued);
    }
    let last = issued.iter().map(|(_, ms, _)| *ms).max().expect("something was issued") - 3_000;
    let course = transitions(&scratch.join("whole.db"), last);
    assert!(course.len() > measure.tanks * 2, "{course:?}");
    assert_eq!(transitions(&scratch.join("killed.db"), last), course);
    assert_told(&scratch.join("killed.db"), &told.lines());

    let redelivered = broker.said().lines().filter(|line| line.contains("Sending PUBLISH to killed (d1")).count();
    assert!(redelivered >= measure.redelivered, "only {redelivered} redeliveries");
    // Between a commit and its acknowledgement lie some microseconds: only the long form can ask for them.
    for (phase, _) in PHASES.iter().filter(|(phase, _)| full || *phase != "after commit") {
        let count = met.get(phase).copied().unwrap_or_default();
        assert!(count >= measure.each, "only {count} kills {phase}: {met:?}");
    }
}

/// The phase that the engine spoke of last.
fn last_phase(said: &str) -> &'static str {
    let at = |word: &str| said.rfind(word).unwrap_or(0);
    PHASES.iter().max_by_key(|(_, word)| at(word)).map_or("before", |(phase, _)| phase)
}

fn stored_count(store: &Path) -> usize {
    ask(store, "SELECT count(*) FROM sensor_readings").parse().unwrap_or(0)
}

/// What is stored is what was issued: no duplicate, no gap, the same values.
fn assert_stored(store: &Path, issued: &Issued) {
    let rows = ask(
        store,
        "SELECT e.name, r.time / 1000, r.value FROM sensor_readings r JOIN sensors s ON s.id = r.sensor_id \
         JOIN equipment e ON e.id = s.equipment_id",
    );
    let stored: BTreeSet<(String, i64, u64)> = rows
        .lines()
        .map(|row| {
            let mut cells = row.split('|');
            let mut next = || cells.next().expect("three cells");
            (next().to_owned(), next().parse().expect("a time"), next().parse::<f64>().expect("a value").to_bits())
        })
        .collect();
    let wanted: BTreeSet<(String, i64, u64)> =
        issued.iter().map(|(machine, ms, value)| (machine.clone(), *ms, value.to_bits())).collect();
    assert_eq!(wanted.len(), issued.len(), "no time twice at the sources");
    let (lost, made_up) = (wanted.difference(&stored).count(), stored.difference(&wanted).count());
    assert_eq!((lost, made_up), (0, 0), "lost and made up, of {}", issued.len());
    assert_eq!(ask(store, "SELECT count(*) FROM quarantine"), "0");
}

/// Every notice of the outbox was heard by its id, at least once, and those of an alert in their order.
fn assert_told(store: &Path, heard: &[String]) {
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
    let sent: BTreeSet<String> = ask(store, "SELECT uid FROM outbox").lines().map(str::to_owned).collect();
    assert!(!sent.is_empty());
    assert_eq!(first, sent);
}

/// Every step of every alert up to an instant: when, where, what.
fn transitions(store: &Path, until_ms: i64) -> Vec<String> {
    let rows = ask(
        store,
        &format!(
            "SELECT e.name, a.rule, t.number, t.what, t.status, t.time FROM alert_transitions t JOIN alerts a ON a.id = t.alert_id \
             JOIN equipment e ON e.id = a.equipment_id WHERE t.time / 1000 <= {until_ms} \
             ORDER BY e.name, a.rule, a.raised_at, t.number"
        ),
    );
    rows.lines().map(str::to_owned).collect()
}
