//! A recording that is played: in whatever order its rows come within the window, and however often, it is heard the same.

use super::plant::{TANK, ask};
use std::f64::consts::TAU;
use std::fmt::Write;
use twinwright_tests::{Scratch, said, shown, twinwright};

const SITE: &str = "schema = \"site/1\"\ntick = \"1 s\"\n[[machine]]\nid = \"T-{1..3}\"\nkind = \"tank\"\n\
                    [feed.replay.past]\npath = \"past.csv\"\nspeed = \"max\"\n";

/// Milliseconds since the first of March.
fn row(machine: usize, ms: i64) -> String {
    let swing = (TAU * (ms as f64 / 40_000.0 + machine as f64 / 3.0)).sin();
    let (minutes, seconds) = (ms / 60_000, ms % 60_000);
    format!(
        "2026-03-01T00:{minutes:02}:{:02}.{:03}Z,T-{machine},level,{:.2}",
        seconds / 1_000,
        seconds % 1_000,
        50.0 + 45.0 * swing
    )
}

/// All rows in order of time, with their times.
fn rows() -> Vec<(i64, String)> {
    let all = (0..600).flat_map(|n| (1..=3).map(move |machine| (n * 500 + machine as i64 * 7, machine)));
    all.map(|(ms, machine)| (ms, row(machine, ms))).collect()
}

/// Plays these rows: the digest of the last state, and the course of all alerts.
fn played(rows: &[String]) -> (String, String, String) {
    let scratch = Scratch::new();
    scratch.write("tank.toml", TANK);
    scratch.write("tanks.toml", SITE);
    scratch.write("past.csv", format!("time,machine,sensor,value\n{}\n", rows.join("\n")));
    let output = twinwright(scratch.path(), &["live", "tanks.toml", "--quiet", "--digest"]);
    assert!(output.status.success(), "{}", said(&output));
    let store = scratch.join("tanks.db");
    let course = ask(
        &store,
        "SELECT e.name, a.rule, t.number, t.what, t.status, t.time FROM alert_transitions t JOIN alerts a ON a.id = t.alert_id \
         JOIN equipment e ON e.id = a.equipment_id ORDER BY e.name, a.rule, a.raised_at, t.number",
    );
    let stored = ask(&store, "SELECT count(*), sum(value), count(DISTINCT time) FROM sensor_readings");
    (shown(&output), course, stored)
}

#[test]
fn order_within_the_window_doubles_and_late_copies_change_nothing() {
    let straight: Vec<String> = rows().into_iter().map(|(_, row)| row).collect();
    let whole = played(&straight);
    assert!(whole.1.lines().count() > 20, "{}", whole.1);
    for case in 1..=3u64 {
        let mut seed = case;
        let mut random = move |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        let mut arrivals: Vec<(i64, String)> = Vec::new();
        for (ms, row) in rows() {
            if random(10) == 0 {
                arrivals.push((ms + random(2_000) as i64, row.clone()));
            }
            // Very late: it is there already.
            if random(50) == 0 {
                arrivals.push((ms + 30_000 + random(60_000) as i64, row.clone()));
            }
            // Which feed speaks first decides where time begins, so the beginning stays as it is.
            let held_up = if ms < 2_500 { 0 } else { random(2_000) as i64 };
            arrivals.push((ms + held_up, row));
        }
        arrivals.sort_by_key(|(at, _)| *at);
        let shuffled: Vec<String> = arrivals.into_iter().map(|(_, row)| row).collect();
        assert_ne!(shuffled, straight);
        assert_eq!(played(&shuffled), whole, "case {case}");
    }
}

#[test]
fn what_cannot_be_read_is_put_aside_and_the_rest_is_heard() {
    let scratch = Scratch::new();
    scratch.write("tank.toml", TANK);
    scratch.write("tanks.toml", SITE);
    let mut text = "time,machine,sensor,value\n".to_owned();
    for (_, row) in rows().into_iter().take(300) {
        let _ = writeln!(text, "{row}");
    }
    text.push_str("2026-03-01T00:00:30Z,T-9,level,5\n2026-03-01T00:00:30Z,T-1,colour,5\nyesterday,T-1,level,5\n");
    scratch.write("past.csv", text);
    let output = twinwright(scratch.path(), &["live", "tanks.toml"]);
    assert!(output.status.success(), "{}", said(&output));
    let store = scratch.join("tanks.db");
    assert_eq!(ask(&store, "SELECT count(*) FROM sensor_readings"), "300");
    let reasons = ask(&store, "SELECT reason FROM quarantine ORDER BY id");
    assert_eq!(reasons.replace('\n', " "), "unknown_machine unknown_sensor wrong_time");
}

#[test]
fn what_was_heard_can_be_heard_again_also_with_other_limits() {
    let scratch = Scratch::new();
    scratch.write("tank.toml", TANK);
    // Played in five seconds and not at once, so that there are many entries.
    let site = SITE.replace("\"max\"", "60");
    scratch.write("tanks.toml", &site);
    let rows: Vec<String> = rows().into_iter().map(|(_, row)| row).collect();
    scratch.write("past.csv", format!("time,machine,sensor,value\n{}\n", rows.join("\n")));
    let output = twinwright(scratch.path(), &["live", "tanks.toml", "--quiet", "--checkpoint-every", "2 min"]);
    assert!(output.status.success(), "{}", said(&output));
    let replay = |more: &[&str]| {
        let words = [&["replay", "sqlite:tanks.db", "--json"], more].concat();
        let output = twinwright(scratch.path(), &words);
        assert!(output.status.success(), "{more:?}: {}{}", shown(&output), said(&output));
        serde_json::from_str::<serde_json::Value>(&shown(&output)).expect("an answer in JSON")
    };
    let whole = replay(&[]);
    assert!(whole["digests"].as_u64() >= Some(4), "{whole}");
    assert_eq!(whole["readings"], 1_800);
    // From a checkpoint on: fewer ticks.
    let later = replay(&["--from", "2026-03-01T00:03:30Z"]);
    assert!(later["ticks"].as_u64() < whole["ticks"].as_u64(), "{later}");
    // The same file changes nothing; lower limits are passed earlier.
    let same = replay(&["--with", "tanks.toml"]);
    assert_eq!(
        (same["alerts_with"].clone(), same["changes"].as_array().map(Vec::len)),
        (same["alerts"].clone(), Some(0))
    );
    scratch.write("lower.toml", format!("{site}[limits.level]\nhigh = 70\n"));
    let lower = replay(&["--with", "lower.toml"]);
    let turns: Vec<&str> = lower["changes"].as_array().unwrap().iter().filter_map(|one| one["turn"].as_str()).collect();
    assert!(!turns.is_empty() && turns.iter().all(|turn| turn.ends_with("earlier")), "{lower}");
    // A limit that nothing passes loses all of its alerts, and no other.
    scratch.write("higher.toml", format!("{site}[limits.level]\nhigh = 87\n high_high = 99\n"));
    let higher = replay(&["--with", "higher.toml"]);
    let lost = higher["changes"].as_array().unwrap().iter().filter(|one| one["turn"] == "lost").count();
    assert!(lost > 0, "{higher}");
    assert!(
        higher["changes"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["turn"] != "lost" || one["rule"] == "level.high_high")
    );

    let output = twinwright(scratch.path(), &["replay", "sqlite:tanks.db", "--with", "none.toml"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    // A journal that was tampered with is no journal of this state.
    let changed = std::process::Command::new("sqlite3")
        .arg(scratch.join("tanks.db"))
        .arg("UPDATE journal SET state_digest = '00000000000000000000000000000000' WHERE digest_tick IS NOT NULL")
        .status();
    assert!(changed.is_ok_and(|status| status.success()));
    let output = twinwright(scratch.path(), &["replay", "sqlite:tanks.db"]);
    assert_eq!(output.status.code(), Some(1), "{}{}", shown(&output), said(&output));
    assert!(shown(&output).contains("is not the one that was mirrored"), "{}", shown(&output));
}
