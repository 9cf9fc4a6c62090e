//! Twelve ways in which a sensor goes wrong, through the whole program: what is beside it notices nothing.
//!
//! Two engines hear the same plant; in what the second hears the same sensors are well. What the bad ones say becomes a reading
//! without a value, a row of quarantine with its reason, or a finding, and an alert only where the plant itself could look like it.

use super::plant::{ask, now_ms};
use std::collections::BTreeMap;
use std::path::Path;
use twinwright_tests::Scratch;
use twinwright_tests::mirror::Mirror;
use twinwright_tests::servers::mosquitto::Mosquitto;
use twinwright_tests::source::Source;

const VESSEL: &str = r#"
schema = "machine/1"
kind = "vessel"
[drivers]
inflow = 1.0
[sensors.level]
value = "50 * inflow"
unit = "%"
noise = { sd = 0.5 }
range = [-100, 200]
limits = { high = 80, low = 10, deadband = 3, on_delay = "3 s" }
[sensors.flow]
value = "20 * inflow"
unit = "m3/h"
noise = { sd = 0.2 }
limits = { high = 30, deadband = 1 }
"#;

/// Seconds of the course, and samples of each; from second 20 to 50 the bad ones are bad.
const SECONDS: i64 = 70;
const RATE: i64 = 4;
const BAD: std::ops::Range<i64> = 20 * RATE..50 * RATE;

/// How a sensor goes wrong: its name, what it says at a sample instead of what it should, and why that is put aside.
struct Way {
    name: &'static str,
    says: fn(i64, i64) -> String,
    reason: Option<&'static str>,
}

fn plain(ms: i64, value: impl std::fmt::Display) -> String {
    format!("{{\"timestamp_ms\":{ms},\"value\":{value}}}")
}

const WAYS: [Way; 12] = [
    Way { name: "nan", says: |_, ms| plain(ms, "NaN"), reason: None },
    Way { name: "infinite", says: |n, ms| plain(ms, ["Infinity", "-1e999"][n as usize % 2]), reason: None },
    Way { name: "huge", says: |n, ms| plain(ms, ["1e308", "-1e308"][n as usize % 2]), reason: None },
    Way { name: "stuck", says: |_, ms| plain(ms, 50.25), reason: None },
    Way { name: "spike", says: |n, ms| plain(ms, if n % 20 == 0 { 1e4 } else { level(n) }), reason: None },
    Way { name: "drift", says: |n, ms| plain(ms, level(n) + (n - BAD.start) as f64 * 0.1), reason: None },
    Way { name: "flap", says: |n, ms| plain(ms, [0.0, 99.0][n as usize % 2]), reason: None },
    Way {
        name: "wrong_unit",
        says: |n, ms| format!("{{\"timestamp_ms\":{ms},\"value\":{},\"unit\":\"degC\"}}", level(n)),
        reason: Some("wrong_unit"),
    },
    Way {
        name: "wrong_type",
        says: |n, ms| plain(ms, ["\"abc\"", "{}", "[1]"][n as usize % 3]),
        reason: Some("wrong_type"),
    },
    Way { name: "empty", says: |_, ms| plain(ms, "\"\""), reason: None },
    Way {
        name: "clock",
        says: |n, ms| plain(ms + [3_600_000, -3_600_000][n as usize % 2], level(n)),
        reason: Some("future"),
    },
    Way { name: "of_1970", says: |n, _| plain(n, level(n)), reason: Some("too_old") },
];

/// A level that is well, with a noise that is its own.
fn level(n: i64) -> f64 {
    50.0 + ((n * 7_919) % 101 - 50) as f64 / 100.0
}

/// A flow that passes its limit now and then, at each machine at another time.
fn flow(n: i64, machine: i64) -> f64 {
    let high = (n / RATE + machine) % 16 >= 12;
    if high { 31.5 } else { 20.0 + ((n * 7_907) % 41 - 20) as f64 / 100.0 }
}

fn site(port: u16, root: &str, machines: usize) -> String {
    format!(
        "schema = \"site/1\"\n[[machine]]\nid = \"V-{{1..{machines}}}\"\nkind = \"vessel\"\n\
         [feed.mqtt.gateway]\nurl = \"mqtt://127.0.0.1:{port}\"\nclient_id = \"{root}\"\ntopic = \"{root}/{{machine}}/{{sensor}}\"\n"
    )
}

/// Tells both what they are to hear; the level of a machine behind the list of ways is well in both. How many readings there are of a kind.
fn speak(port: u16, machines: usize) -> i64 {
    let mut source = Source::connect(port, "source");
    let begun = now_ms() / 1_000 * 1_000 - SECONDS * 1_000;
    for n in 0..SECONDS * RATE {
        let ms = begun + n * 1_000 / RATE;
        for machine in 1..=machines {
            let well = plain(ms, level(n));
            let bad = WAYS.get(machine - 1).filter(|_| BAD.contains(&n)).map_or(well.clone(), |way| (way.says)(n, ms));
            let flow = plain(ms, flow(n, machine as i64));
            for (root, level) in [("bad", &bad), ("well", &well)] {
                source.publish(&format!("{root}/V-{machine}/flow"), flow.as_bytes());
                source.publish(&format!("{root}/V-{machine}/level"), level.as_bytes());
            }
        }
    }
    source.settle();
    SECONDS * RATE
}

/// What a store says of flows, and of levels of machines behind the list of ways: readings, findings, alerts.
fn neighbours(store: &Path) -> [String; 3] {
    let behind = WAYS.len();
    let beside = format!("(s.name = 'flow' OR CAST(substr(e.name, 3) AS INTEGER) > {behind})");
    let readings = format!(
        "SELECT e.name, s.name, r.time, r.value, r.quality FROM sensor_readings r JOIN sensors s ON s.id = r.sensor_id \
         JOIN equipment e ON e.id = s.equipment_id WHERE {beside} ORDER BY 1, 2, 3"
    );
    let findings = format!(
        "SELECT e.name, s.name, a.algorithm, a.time, a.ended_at, a.calculated_metrics FROM anomaly_records a \
         JOIN sensors s ON s.id = a.sensor_id JOIN equipment e ON e.id = s.equipment_id WHERE {beside} ORDER BY 1, 2, 3, 4"
    );
    let alerts = "SELECT e.name, a.rule, t.number, t.what, t.status, t.time FROM alert_transitions t \
                  JOIN alerts a ON a.id = t.alert_id JOIN equipment e ON e.id = a.equipment_id \
                  WHERE a.rule LIKE 'flow%' ORDER BY 1, 2, a.raised_at, 3";
    [ask(store, &readings), ask(store, &findings), ask(store, alerts)]
}

#[test]
fn a_sensor_that_goes_wrong_is_seen_and_what_is_beside_it_notices_nothing() {
    let scratch = Scratch::new();
    scratch.write("vessel.toml", VESSEL);
    let broker = Mosquitto::start(scratch.path(), "");
    let machines = WAYS.len() + 3;
    // Sessions come first: a mirror begins with the first thing that it hears.
    ["bad", "well"].iter().for_each(|root| broker.keep_for(root, &format!("{root}/#")));
    let each = speak(broker.port(), machines);
    let mut stores = BTreeMap::new();
    let mut mirrors = Vec::new();
    for root in ["bad", "well"] {
        scratch.write(&format!("{root}.toml"), site(broker.port(), root, machines));
        mirrors.push(Mirror::ready(scratch.path(), root, &[&format!("{root}.toml")]));
        stores.insert(root, scratch.join(format!("{root}.db")));
    }
    let of_flow = "SELECT count(*) FROM sensor_readings r JOIN sensors s ON s.id = r.sensor_id WHERE s.name = 'flow'";
    for (mirror, store) in mirrors.iter_mut().zip(stores.values()) {
        let all = (each * machines as i64).to_string();
        mirror.wait_for("all of the neighbours is stored", |_| ask(store, of_flow) == all);
        assert!(mirror.stop().success(), "{}", mirror.last_words());
    }
    let (bad, well) = (&stores["bad"], &stores["well"]);
    let [readings, findings, alerts] = neighbours(well);
    assert!(alerts.lines().count() > machines * 2, "{alerts}");
    assert_eq!(neighbours(bad), [readings, findings, alerts]);
    assert_eq!(ask(well, "SELECT count(*) FROM quarantine"), "0");
    assert_put_aside(bad);
    assert_finite(bad);
    // A drift that stays below its limit, a flap that is shorter than the delay: no alert comes of any of the twelve.
    let others =
        "SELECT e.name, a.rule FROM alerts a JOIN equipment e ON e.id = a.equipment_id WHERE a.rule NOT LIKE 'flow%'";
    assert_eq!(ask(bad, others), "");
}

/// Every sample that had to be put aside was, with its reason, and none else.
fn assert_put_aside(store: &Path) {
    let rows = ask(store, "SELECT origin, reason, count(*) FROM quarantine GROUP BY 1, 2 ORDER BY 1, 2");
    let mut wanted: Vec<String> = Vec::new();
    for (machine, way) in (1..).zip(&WAYS) {
        // Of a clock that is wrong either way only what is ahead is refused: what is behind is a late reading.
        let count = (BAD.end - BAD.start) / if way.name == "clock" { 2 } else { 1 };
        wanted.extend(way.reason.map(|reason| format!("V-{machine}/level|{reason}|{count}")));
    }
    let mut found: Vec<String> = rows.lines().map(|row| row.trim_start_matches("bad/").to_owned()).collect();
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted);
}

/// Nothing in the store is infinite, and what has no value is bad.
fn assert_finite(store: &Path) {
    let infinite = |column: &str| format!("({column} IS NOT NULL AND abs({column}) > 1.7976931348623157e308)");
    let of = [
        ("sensor_readings", vec!["value"]),
        ("sensor_readings_1m", vec!["mean", "min", "max", "stddev", "p95"]),
        ("sensor_readings_1h", vec!["mean", "min", "max", "stddev", "p95"]),
    ];
    for (table, columns) in of {
        for column in columns {
            let found = ask(store, &format!("SELECT count(*) FROM {table} WHERE {}", infinite(column)));
            assert_eq!(found, "0", "{table}.{column}");
        }
    }
    let texts =
        "SELECT count(*) FROM anomaly_records WHERE calculated_metrics LIKE '%nan%' OR calculated_metrics LIKE '%inf%'";
    assert_eq!(ask(store, texts), "0");
    let odd = "SELECT count(*) FROM sensor_readings WHERE value IS NULL AND quality <> 1";
    assert_eq!(ask(store, odd), "0", "a reading without a value that is not bad");
    let none = "SELECT count(*) FROM sensor_readings WHERE value IS NULL";
    assert_eq!(ask(store, none), (3 * (BAD.end - BAD.start)).to_string(), "nan, infinite and empty");
}
