//! The alarm laboratory: what it proposes keeps its word on time that it has not seen, for a scenario and for a recorded plant.

use serde_json::Value;
use twinwright_tests::{Scratch, project, said, shown, twinwright};

/// A level that stands just below its limit, and passes it for twenty minutes in each hour.
fn recording() -> String {
    let mut seed = 11u64;
    let mut uniform = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut text = "time,machine,sensor,value\n".to_owned();
    for second in 0..6 * 3_600i64 {
        let noise = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
        let is_full = (2_000..3_200).contains(&(second % 3_600));
        let level = if is_full { 80.0 } else { 73.5 } + noise;
        let (hour, minute, rest) = (second / 3_600, second / 60 % 60, second % 60);
        text.push_str(&format!("2026-03-01T{hour:02}:{minute:02}:{rest:02}Z,T-1,level,{level:.2}\n"));
    }
    text
}

const TANK: &str = "schema = \"machine/1\"\nkind = \"tank\"\ntitle = \"Tank\"\n[drivers.fill]\nvalue = 73.5\n\
                    [sensors.level]\nvalue = \"fill\"\nunit = \"%\"\nnoise = { sd = 1 }\nlimits = { high = 75 }\n";
const SITE: &str = "schema = \"site/1\"\ntick = \"1 s\"\n[[machine]]\nid = \"T-1\"\nkind = \"tank\"\n\
                    [feed.replay.past]\npath = \"past.csv\"\nspeed = \"max\"\n\
                    [detect]\nresidual = false\ncusum = false\n";

fn json(scratch: &Scratch, arguments: &[&str]) -> Value {
    let output = twinwright(scratch.path(), arguments);
    assert!(output.status.success(), "{}", said(&output));
    serde_json::from_str(&shown(&output)).expect("it is JSON")
}

fn number(value: &Value, path: &str) -> f64 {
    value.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("{path} in {value:#}"))
}

#[test]
fn a_chattering_plant_is_called_a_tenth_as_often_within_the_delay_that_is_named() {
    let scratch = Scratch::new();
    let (scenario, rules) =
        (project().join("scenarios/chattering-pumps.toml"), project().join("scenarios/live/chattering-pumps.toml"));
    let (scenario, rules) = (scenario.to_string_lossy().into_owned(), rules.to_string_lossy().into_owned());
    let told = json(&scratch, &["tune", &scenario, "--rules", &rules, "--out", "tuned", "--json"]);
    let (before, after) = (number(&told, "/before/calls"), number(&told, "/after/calls"));
    assert!(before > 200.0 && after <= before / 10.0, "{before} to {after}");
    for limit in told["limits"].as_array().expect("limits were tuned") {
        assert!(number(limit, "/later_median_s") <= 60.0, "{limit:#}");
        assert!(number(limit, "/after/missed") <= number(limit, "/before/missed"), "{limit:#}");
    }
    // What is proposed is a site file of its own, and quiet already.
    let proposed = scratch.join("tuned/rules.toml");
    let proposed = proposed.to_string_lossy().into_owned();
    assert!(twinwright(scratch.path(), &["check", &proposed]).status.success());
    let again = json(&scratch, &["tune", &scenario, "--rules", &proposed, "--out", "again", "--json"]);
    assert_eq!(number(&again, "/before/calls"), after);
}

#[test]
fn what_a_live_plant_heard_is_tuned_on_without_labels() {
    let scratch = Scratch::new();
    scratch.write("tank.toml", TANK);
    scratch.write("tanks.toml", SITE);
    scratch.write("past.csv", recording());
    let output = twinwright(scratch.path(), &["live", "tanks.toml", "--quiet"]);
    assert!(output.status.success(), "{}", said(&output));
    // Only rules: the machines are those of the store.
    scratch.write(
        "rules.toml",
        "schema = \"site/1\"\n[detect]\nresidual = false\ncusum = false\n[rule.full]\nwhen = \"finding level.high\"\n",
    );
    let told = json(&scratch, &["tune", "sqlite:tanks.db", "--rules", "rules.toml", "--json"]);
    assert_eq!(told["labelled"], false);
    assert_eq!(number(&told, "/readings"), 6.0 * 3_600.0);
    let limit = &told["limits"][0];
    // Two hours and a bit are unseen: two times full, each told once. As it is one of them comes while a false call stands.
    assert_eq!((number(limit, "/before/faults"), number(limit, "/after/calls")), (2.0, 2.0), "{limit:#}");
    assert_eq!((number(limit, "/after/useless"), number(limit, "/after/missed")), (0.0, 0.0), "{limit:#}");
    assert!(number(limit, "/before/useless") >= 3.0, "{limit:#}");
    let labels = "machine,start,end\nT-1,2026-03-01T04:33:20Z,2026-03-01T04:53:20Z\n";
    scratch.write("labels.csv", labels);
    let told =
        json(&scratch, &["tune", "sqlite:tanks.db", "--rules", "rules.toml", "--labels", "labels.csv", "--json"]);
    assert_eq!(told["labelled"], true);
}

#[test]
fn wrong_input_is_told_at_its_place() {
    let scratch = Scratch::new();
    scratch.write("tank.toml", TANK);
    let scenario = "schema = \"scenario/1\"\ntitle = \"T\"\nstart = \"2026-03-01T00:00:00Z\"\nduration = \"1 h\"\ntick = \"1 s\"\n[[machine]]\nid = \"T-1\"\nkind = \"tank\"\n";
    scratch.write("s.toml", scenario);
    scratch.write("rules.toml", "schema = \"site/1\"\n[rule.full]\nwhen = \"finding level.hihg\"\n");
    scratch.write("ticks.toml", "schema = \"site/1\"\ntick = \"2 s\"\n");
    scratch.write("good.toml", "schema = \"site/1\"\n");
    scratch.write("labels.csv", "who,when\n");
    scratch.write("others.toml", "schema = \"site/1\"\n[[machine]]\nid = \"T-9\"\nkind = \"tank\"\n");
    let cases: [(&[&str], &str); 8] = [
        (&["tune", "s.toml", "--rules", "others.toml"], "none of its machines"),
        (&["tune", "s.toml", "--rules", "rules.toml"], "rules.toml:3:"),
        (&["tune", "s.toml", "--rules", "none.toml"], "none.toml"),
        (&["tune", "none.toml", "--rules", "good.toml"], "none.toml"),
        (&["tune", "s.toml", "--rules", "ticks.toml"], "`tick` is 2 s"),
        (&["tune", "s.toml", "--rules", "good.toml", "--fit", "1"], "--fit 1: expected a share"),
        (&["tune", "s.toml", "--rules", "good.toml", "--delay", "soon"], "--delay soon"),
        (&["tune", "s.toml", "--rules", "good.toml", "--labels", "labels.csv"], "--labels goes with a store"),
    ];
    for (arguments, expected) in cases {
        let output = twinwright(scratch.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(said(&output).contains(expected), "{arguments:?}: {}", said(&output));
    }
}
