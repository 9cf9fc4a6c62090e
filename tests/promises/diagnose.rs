//! What is wrong with a machine and how long it will last, asked as people ask it: of a recorded table, and of a live plant's store.

use serde_json::Value;
use twinwright_tests::{Scratch, said, shown, twinwright};

/// A pump with half a bearing gone and another whose flow meter is off, for half a day.
const SCENARIO: &str = r#"
schema = "scenario/1"
title = "t"
start = "2026-01-01T00:00:00Z"
duration = "12 h"
tick = "5 min"
[[machine]]
id = "P-{1..2}"
kind = "centrifugal-pump"
[[fault.wear]]
machine = "P-1"
wear = "bearing"
by = 0.6
start = "2026-01-01T00:00:00Z"
[[fault.offset]]
machine = "P-2"
sensor = "flow"
by = -12
start = "2026-01-01T00:00:00Z"
"#;

const SITE: &str = r#"
schema = "site/1"
tick = "5 min"
[[machine]]
id = "P-{1..2}"
kind = "centrifugal-pump"
[feed.replay.past]
path = "out/long/readings.csv"
speed = "max"
"#;

fn recorded(shape: &str) -> Scratch {
    let scratch = Scratch::new();
    scratch.write("s.toml", SCENARIO);
    let out = format!("out/{shape}");
    let output =
        twinwright(scratch.path(), &["run", "s.toml", "--quiet", "--readings", "--shape", shape, "--out", &out]);
    assert!(output.status.success(), "{}", said(&output));
    scratch
}

/// What a command answers, as text; it must be fine.
fn answer(scratch: &Scratch, arguments: &[&str]) -> String {
    let output = twinwright(scratch.path(), arguments);
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    shown(&output)
}

#[test]
fn a_table_says_which_wear_or_sensor_it_is() {
    let scratch = recorded("wide");
    let table = "out/wide/readings/centrifugal-pump.csv";
    let text = answer(&scratch, &["diagnose", "centrifugal-pump", table, "--machine", "P-1"]);
    assert!(text.starts_with("wear of bearing at 0."), "{text}");
    let text = answer(&scratch, &["diagnose", "centrifugal-pump", table, "--machine", "P-2", "--json"]);
    let said: Value = serde_json::from_str(&text).expect("--json is JSON");
    assert_eq!(said["ranked"][0]["cause"], "sensor flow", "{text}");
    let found = &said["answers"][0]["causes"][0];
    let off = found["estimate"].as_f64().unwrap_or_default();
    assert!((off + 12.0).abs() < 1.5, "{text}");
    assert!(said["answers"][0]["probability"].as_f64() > Some(0.9), "{text}");
}

#[test]
fn a_live_plant_is_asked_the_same_and_how_long_it_lasts() {
    let scratch = recorded("long");
    scratch.write("site.toml", SITE);
    answer(&scratch, &["live", "site.toml", "--quiet", "--store", "sqlite:plant.db"]);
    let store = "sqlite:plant.db";
    let text = answer(&scratch, &["diagnose", store, "P-1"]);
    assert!(text.contains("wear of bearing at 0."), "{text}");
    let life = |more: &[&str]| {
        let asked = [&["predict", "life", store, "P-1", "--futures", "200", "--json"][..], more].concat();
        serde_json::from_str::<Value>(&answer(&scratch, &asked)).expect("--json is JSON")
    };
    let (middling, heavy) = (life(&[]), life(&["--load", "1.2"]));
    let hours = |said: &Value| ["p10", "p50", "p90"].map(|p| said["remaining_h"][p].as_f64().unwrap_or(f64::INFINITY));
    let ([low, middle, high], [_, soon, _]) = (hours(&middling), hours(&heavy));
    assert!(low < middle && middle < high, "{middling}");
    // About 0.4 of 9,000 h at stress 0.8 (16 h of 24 at load 0.85) is 4,500 h.
    assert!((2_000.0..9_000.0).contains(&middle), "{middling}");
    assert!(soon < middle / 1.5, "{heavy}");
    assert!((heavy["assumed"]["load"].as_f64().unwrap_or_default() - 1.2).abs() < 1e-9, "{heavy}");
    assert!(answer(&scratch, &["predict", "life", store, "P-1"]).contains("assumed, on average: load"));
}

#[test]
fn what_cannot_be_answered_is_refused_with_what_was_expected() {
    let scratch = recorded("wide");
    let table = "out/wide/readings/centrifugal-pump.csv";
    scratch.write("none.csv", "time,colour\n2026-01-01T00:00:00Z,red\n2026-01-01T00:01:00Z,blue\n");
    scratch.write("one.csv", "time,flow\n2026-01-01T00:00:00Z,1\n");
    scratch.write("timeless.csv", "flow\n1\n2\n");
    scratch.write("mad.csv", "time,flow,load\nnever,1,2\n2026-01-01T00:00:00Z,inf,nan\n2026-01-01T00:01:00Z,x,\n");
    scratch.write("hot.csv", "time,flow,heat\n2026-01-01T00:00:00Z,1,1\n2026-01-01T00:01:00Z,1,1\n");
    let cases: [(&[&str], &str); 10] = [
        (&["centrifugal-pumps", table, "--machine", "P-1"], "did you mean: centrifugal-pump"),
        (&["centrifugal-pump", table], "which machine? --machine ID, of `P-1` or `P-2`"),
        (&["centrifugal-pump", table, "--machine", "P-7"], "expected at least two rows"),
        (&["centrifugal-pump", "none.csv"], "no column is a sensor of `centrifugal-pump`"),
        (&["centrifugal-pump", "one.csv"], "expected at least two rows"),
        (&["centrifugal-pump", "timeless.csv"], "there is no column `time`"),
        (&["centrifugal-pump", "mad.csv"], "no row has a good reading"),
        (&["centrifugal-pump", "hot.csv"], "the driver `heat` follows from others"),
        (&["centrifugal-pump", "gone.csv"], "there is no such file"),
        (&["centrifugal-pump", table, "--at", "2026-01-01T00:00:00Z"], "--at goes with a store"),
    ];
    for (arguments, expected) in cases {
        let output = twinwright(scratch.path(), &[&["diagnose"][..], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(expected), "{arguments:?}: {}", said(&output));
    }
}
