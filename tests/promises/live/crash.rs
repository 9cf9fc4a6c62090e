//! The crash oracle: an engine that is killed over and over, beside one that is not, both hearing the same broker.
//!
//! A kill counts to the part of a commit that the engine last spoke of. The one that is not killed keeps its store in SQLite.

use super::oracle::{Asked, assert_came_through, assert_told, is_full, tell, transitions};
use super::plant::{Plant, site, with_tank};
use std::collections::BTreeMap;
use std::time::Duration;
use twinwright_tests::Scratch;
use twinwright_tests::mirror::Mirror;
use twinwright_tests::servers::mosquitto::{Mosquitto, Subscriber};
use twinwright_tests::servers::postgres::Postgres;

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
    let scratch = Scratch::new();
    let store = scratch.join("killed.db");
    kill_over_and_over(&scratch, "sqlite:killed.db", store.as_path(), &measure());
}

#[test]
fn the_same_holds_where_the_store_is_postgresql() {
    let scratch = Scratch::new();
    let store = Postgres::start(scratch.path());
    kill_over_and_over(&scratch, &store.url(), &store, &measure());
}

fn measure() -> Measure {
    match is_full() {
        true => Measure { tanks: 20, rate: 250, kills: 200, each: 10, redelivered: 1_000 },
        false => Measure { tanks: 5, rate: 100, kills: 16, each: 1, redelivered: 20 },
    }
}

fn kill_over_and_over(scratch: &Scratch, url: &str, store: &(impl Asked + ?Sized), measure: &Measure) {
    with_tank(scratch);
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
    let words = [&killed, "--store", url, "--log", "debug"];
    let mut engine = Mirror::ready(scratch.path(), "killed", &words);
    let plant = Plant::start(broker.port(), measure.tanks, measure.rate);

    let mut met: BTreeMap<&str, usize> = BTreeMap::new();
    for round in 0..measure.kills {
        let (_, word) = PHASES[round % PHASES.len()];
        std::thread::sleep(Duration::from_millis(300 + (round as u64 * 197) % 900));
        engine.kill_at(word);
        *met.entry(last_phase(&engine.said())).or_default() += 1;
        engine = Mirror::ready(scratch.path(), "killed", &words);
    }
    let issued = plant.end();

    let calm = scratch.join("whole.db");
    assert_came_through(&mut engine, store, &issued);
    assert_came_through(&mut steady, calm.as_path(), &issued);
    let last = issued.iter().map(|(_, ms, _)| *ms).max().expect("something was issued") - 3_000;
    let course = transitions(calm.as_path(), last);
    assert!(course.len() > measure.tanks * 2, "{course:?}");
    assert_eq!(transitions(store, last), course);
    assert_told(store, &told.lines());

    let redelivered = broker.said().lines().filter(|line| line.contains("Sending PUBLISH to killed (d1")).count();
    tell(&format!("{met:?}, {redelivered} redeliveries, {} readings, {} steps", issued.len(), course.len()));
    assert!(redelivered >= measure.redelivered, "only {redelivered} redeliveries");
    // Between a commit and its acknowledgement lie some microseconds: only the long form can ask for them.
    for (phase, _) in PHASES.iter().filter(|(phase, _)| is_full() || *phase != "after commit") {
        let count = met.get(phase).copied().unwrap_or_default();
        assert!(count >= measure.each, "only {count} kills {phase}: {met:?}");
    }
}

/// The phase that the engine spoke of last.
fn last_phase(said: &str) -> &'static str {
    let at = |word: &str| said.rfind(word).unwrap_or(0);
    PHASES.iter().max_by_key(|(_, word)| at(word)).map_or("before", |(phase, _)| phase)
}
