//! Renewals: what repairs restore, and that every renewal has luck of its own.

use super::with_wear;
use crate::noise::statistics::{correlation, moments};
use crate::truth::seen::{Seen, Watched, see, units};
use twinwright_tests::scenario;

fn hourly(machine: &str, hours: u32, rest: &str) -> Seen {
    see(machine, &scenario(1, &format!("{hours} h"), "1 h", rest))
}

#[test]
fn a_repair_takes_its_time_and_wear_begins_anew() {
    let machine = with_wear("law = \"linear\"\nlife = \"10 h\"\nrepair = { takes = \"3 h\" }");
    let seen = hourly(&machine, 30, "");
    assert_eq!(seen.ticks_of(0, "failure"), [10, 23]);
    assert_eq!(seen.ticks_of(0, "repair"), [13, 26]);
    let wear = seen.wear(0, "part");
    assert_eq!(&wear[10..13], [1.0; 3]);
    for (hour, expected) in [(13, 0.0), (14, 0.1), (22, 0.9), (23, 1.0), (26, 0.0), (30, 0.4)] {
        assert!((wear[hour] - expected).abs() < 1e-14, "hour {hour}: {}", wear[hour]);
    }
}

#[test]
fn a_repair_restores_to_what_it_says_and_the_next_path_adds_to_it() {
    let machine = with_wear("law = \"linear\"\nlife = \"10 h\"\nrepair = { takes = \"2 h\", restores_to = 0.35 }");
    let seen = hourly(&machine, 40, "");
    // 10 h to the first failure, then (1 - 0.35) * 10 h, seen at the next whole hour: 7.
    assert_eq!(seen.ticks_of(0, "failure"), [10, 19, 28, 37]);
    assert!((seen.wear(0, "part")[12] - 0.35).abs() < 1e-15);
    assert!((seen.wear(0, "part")[13] - 0.45).abs() < 1e-15);
}

#[test]
fn a_gamma_path_restored_halfway_adds_to_where_it_was_restored() {
    // The renewal's own path does not depend on where it starts: the same luck from 0 and from 0.4.
    let keys = "law = \"gamma\"\nlife = \"100 h\"\nspread = 0.2\nrepair = { takes = \"2 h\", restores_to = ";
    let from_new = hourly(&with_wear(&format!("{keys}0 }}")), 200, "");
    let from_used = hourly(&with_wear(&format!("{keys}0.4 }}")), 200, "");
    let back = from_new.ticks_of(0, "repair")[0] as usize;
    assert_eq!(from_used.ticks_of(0, "repair")[0] as usize, back);
    let (new, used) = (from_new.wear(0, "part"), from_used.wear(0, "part"));
    for hour in back..back + 30 {
        assert!((used[hour] - new[hour] - 0.4).abs() < 1e-12, "hour {hour}");
    }
}

#[test]
fn a_wear_may_start_used() {
    let machine = with_wear("law = \"linear\"\nlife = \"100 h\"\nstarts_at = 0.75");
    let seen = hourly(&machine, 30, "");
    assert_eq!(seen.wear(0, "part")[0], 0.75);
    assert_eq!(seen.ticks_of(0, "failure"), [25]);
}

#[test]
fn a_wear_without_a_repair_stays_failed() {
    let seen = hourly(&with_wear("law = \"linear\"\nlife = \"10 h\""), 100, "");
    assert_eq!(seen.ticks_of(0, "failure"), [10]);
    assert!(seen.modes(0)[10..].iter().all(|mode| *mode == twinwright_model::Mode::Failed));
}

#[test]
fn renewals_are_drawn_anew_and_independently() {
    let count = units(20_000);
    let machine = with_wear("law = \"weibull\"\nlife = \"100 h\"\nshape = 2\nrepair = { takes = \"1 h\" }");
    let mut watched = Watched::new(&machine, &scenario(count, "1000 h", "1 h", ""));
    watched.go_to(1000);
    let mut ends: Vec<Vec<f64>> = vec![Vec::new(); count as usize];
    for event in watched.twin.take_outbox().events {
        if matches!(event.event, "failure" | "repair") {
            ends[event.machine as usize].push(event.time.since(watched.plan.start).hours());
        }
    }
    assert!(ends.iter().all(|ends| ends.len() >= 3), "two failures each");
    let first: Vec<f64> = ends.iter().map(|ends| ends[0]).collect();
    let second: Vec<f64> = ends.iter().map(|ends| ends[2] - ends[1]).collect();
    for (lives, which) in [(&first, "first"), (&second, "second")] {
        // As in the law's own test: scipy.stats.weibull_min(2) at mean 100, half a tick late.
        moments(lives.iter().copied()).must_be(100.5, 52.27232008770635, 3.245089300687646, which);
    }
    let r = correlation(&first, &second);
    assert!(r.abs() < 4.0 / f64::from(count).sqrt(), "r = {r}");
}

#[test]
fn lives_may_differ_from_machine_to_machine_and_then_stay() {
    let machine =
        with_wear("law = \"linear\"\nlife = { uniform = [\"50 h\", \"150 h\"] }\nrepair = { takes = \"1 h\" }");
    let count = units(20_000);
    let mut watched = Watched::new(&machine, &scenario(count, "320 h", "1 h", ""));
    watched.go_to(320);
    let mut failures: Vec<Vec<f64>> = vec![Vec::new(); count as usize];
    for event in watched.twin.take_outbox().events.iter().filter(|event| event.event == "failure") {
        failures[event.machine as usize].push(event.time.since(watched.plan.start).hours());
    }
    let first: Vec<f64> = failures.iter().map(|ends| ends[0]).collect();
    // Uniform on 100 hours: sd 100 / sqrt 12, kurtosis 1.8; half a tick late.
    moments(first.iter().copied()).must_be(100.5, 100.0 / 12f64.sqrt(), 1.8, "first lives");
    for ends in &failures {
        assert_eq!(ends[1], 2.0 * ends[0] + 1.0, "the same life again, after an hour of repair");
    }
}
