//! What is in the store after a run is what its folder says.

use super::{finished, instant, lines, micros, name_of, settings, written};
use crate::store::Base;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use twinwright_tests::Scratch;

/// A script that idles one machine for a while.
const REST: &str = "[[at]]\ntime = \"+5 d\"\nmachine = \"M-3\"\nset = { mode = \"idle\" }\nlasts = \"2 d\"\n";

type Row = Vec<String>;

fn rows(text: &str) -> Vec<Row> {
    text.lines().map(|line| line.split('|').map(str::to_owned).collect()).collect()
}

/// Mode changes as the events have them: of several in one instant the last, if it changes anything.
fn changes(events: &[Value]) -> BTreeMap<(i64, String), (String, String)> {
    let mut changes: BTreeMap<(i64, String), (String, String)> = BTreeMap::new();
    for event in events.iter().filter(|event| event["event"] == "mode") {
        let key = (micros(event["time"].as_str().unwrap()), event["machine"].as_str().unwrap().to_owned());
        let (mode, before) = (event["mode"].as_str().unwrap(), event["before"].as_str().unwrap());
        let first = changes.get(&key).map_or(before.to_owned(), |known| known.1.clone());
        changes.insert(key, (mode.to_owned(), first));
    }
    changes.retain(|_, (mode, before)| mode != before);
    changes
}

fn check_modes(base: &Base, run: &str, out: &Path) {
    let events = lines(&out.join("events.jsonl"));
    let time = instant(base, "s.time");
    let asked = base.ask(&format!(
        "SELECT {time}, e.name, s.status, coalesce(s.previous, '-'), coalesce(s.duration_s, -1) FROM status_events s \
         JOIN equipment e ON e.id = s.equipment_id JOIN runs r ON r.id = s.run_id WHERE r.name = '{run}' ORDER BY 1, 2"
    ));
    let rows = rows(&asked);
    let (first, later): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row[3] == "-");
    assert_eq!(first.iter().map(|row| row[1].as_str()).collect::<Vec<_>>(), ["M-1", "M-2", "M-3"]);
    let found: BTreeMap<(i64, String), (String, String)> =
        later.iter().map(|row| ((row[0].parse().unwrap(), row[1].clone()), (row[2].clone(), row[3].clone()))).collect();
    assert_eq!(found, changes(&events));
    assert!(found.len() > 20, "{} changes test little", found.len());
    // Hours of each state: what lasted before each change, and what lasts at the end.
    let mut hours: BTreeMap<String, f64> = BTreeMap::new();
    let mut last: BTreeMap<String, (i64, String)> = BTreeMap::new();
    for row in first.iter().chain(&later) {
        if row[3] != "-" {
            *hours.entry(row[3].clone()).or_default() += row[4].parse::<f64>().unwrap() / 3600.0;
        }
        last.insert(row[1].clone(), (row[0].parse().unwrap(), row[2].clone()));
    }
    let summary: Value = serde_json::from_slice(&std::fs::read(out.join("summary.json")).unwrap()).unwrap();
    let end = micros(summary["end"].as_str().unwrap());
    for (since, mode) in last.into_values() {
        *hours.entry(mode).or_default() += (end - since) as f64 / 3.6e9;
    }
    for (mode, measure) in
        [("running", "e10_prd_h"), ("idle", "e10_sby_h"), ("maintenance", "e10_sdt_h"), ("failed", "e10_udt_h")]
    {
        let (kept, said) =
            (hours.get(mode).copied().unwrap_or(0.0), summary["measures"][measure]["mean"].as_f64().unwrap());
        assert!((kept - said).abs() < 1e-6, "{measure}: {kept} in the store, {said} in the summary");
        assert!(said > 0.0, "{measure} is tested with nothing");
    }
}

fn check_alerts(base: &Base, run: &str, out: &Path) {
    let said: Vec<Value> = lines(&out.join("alerts.jsonl"));
    assert!(said.len() > 20, "{} lines of alerts test little", said.len());
    let time = instant(base, "t.time");
    let asked = base.ask(&format!(
        "SELECT {time}, e.name, a.rule, a.severity, t.what, t.status, s.name, a.uid FROM alert_transitions t \
         JOIN alerts a ON a.id = t.alert_id JOIN equipment e ON e.id = a.equipment_id JOIN sensors s ON s.id = a.sensor_id \
         JOIN runs r ON r.id = a.run_id WHERE r.name = '{run}'"
    ));
    let mut found: Vec<(i64, String, String, String, bool)> = rows(&asked)
        .iter()
        .map(|row| {
            assert!(row[7].starts_with(&format!("{run}/")), "{}", row[7]);
            assert!(row[2].starts_with(&row[6]), "{} is of sensor {}", row[2], row[6]);
            (row[0].parse().unwrap(), row[1].clone(), row[2].clone(), row[3].clone(), row[5] == "resolved")
        })
        .collect();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut wanted: Vec<(i64, String, String, String, bool)> = said
        .iter()
        .map(|one| {
            let is_over = one["state"] == "cleared";
            (micros(&text(&one["time"])), text(&one["machine"]), text(&one["rule"]), text(&one["severity"]), is_over)
        })
        .collect();
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted);
    // Each alert stands as its last transition says.
    let stale = "SELECT count(*) FROM alerts a JOIN alert_transitions t ON t.alert_id = a.id WHERE t.status <> a.status AND \
                 t.number = (SELECT max(number) FROM alert_transitions WHERE alert_id = a.id)";
    assert_eq!(base.ask(stale), "0");
    let open = base.ask("SELECT count(*) FROM alerts WHERE status = 'active' AND returned_at IS NOT NULL");
    assert_eq!(open, "0");
}

fn check_works(base: &Base, run: &str, out: &Path) {
    let events = lines(&out.join("events.jsonl"));
    let time = instant(base, "m.time");
    let asked = base.ask(&format!(
        "SELECT {time}, e.name, m.what, m.subject, coalesce(m.hours, 0), coalesce(m.cost, 0) FROM maintenance_logs m \
         JOIN equipment e ON e.id = m.equipment_id JOIN runs r ON r.id = m.run_id WHERE r.name = '{run}'"
    ));
    let rows = rows(&asked);
    let mut found: Vec<(i64, String, String, String)> =
        rows.iter().map(|row| (row[0].parse().unwrap(), row[1].clone(), row[2].clone(), row[3].clone())).collect();
    let mut wanted: Vec<(i64, String, String, String)> = Vec::new();
    for event in &events {
        let what = match event["event"].as_str().unwrap() {
            "failure" => "failure",
            "repair" if event["planned"] == true => "planned",
            "repair" => "repair",
            _ => continue,
        };
        let text = |key: &str| event[key].as_str().unwrap().to_owned();
        wanted.push((micros(&text("time")), text("machine"), what.to_owned(), "bearing".to_owned()));
    }
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted);
    for (what, each) in [("repair", 900.0), ("planned", 300.0)] {
        let of: Vec<&Row> = rows.iter().filter(|row| row[2] == what).collect();
        assert!(of.len() > 1, "no {what}");
        let right = |row: &&Row| row[5].parse::<f64>().unwrap() == each && row[4].parse::<f64>().unwrap() >= 6.0;
        assert!(of.iter().all(right), "{what}: {of:?}");
    }
}

fn check_measures(base: &Base, run: &str, out: &Path) {
    let summary: Value = serde_json::from_slice(&std::fs::read(out.join("summary.json")).unwrap()).unwrap();
    let said = summary["measures"].as_object().unwrap();
    let of_run = format!("JOIN runs r ON r.id = m.run_id WHERE r.name = '{run}'");
    let row = match base {
        Base::Postgres(_) => "json_build_array(m.measure, m.mean, m.p05, m.p50, m.p95, m.futures)::text",
        Base::Sqlite(_) => "json_array(m.measure, m.mean, m.p05, m.p50, m.p95, m.futures)",
    };
    let asked = base.ask(&format!("SELECT {row} FROM run_measures m {of_run}"));
    let found: Vec<Vec<Value>> = asked.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(found.len(), said.len());
    for row in found {
        let figure = &said[row[0].as_str().unwrap()];
        for (place, key) in ["mean", "p05", "p50", "p95", "n"].iter().enumerate() {
            let (kept, said) = (row[place + 1].as_f64().unwrap(), figure[*key].as_f64().unwrap());
            assert!((kept - said).abs() <= said.abs() * 1e-14, "{} {key}: {kept} and {said}", row[0]);
        }
    }
    let end = base.ask(&format!("SELECT status, state_digest, plan_digest FROM runs WHERE name = '{run}'"));
    let (digest, plan) = (summary["digest"].as_str().unwrap(), summary["plan"].as_str().unwrap());
    assert_eq!(end, format!("finished|{digest}|{plan}"));
}

#[test]
fn what_is_stored_is_what_the_folder_says() {
    let scratch = Scratch::new();
    let path = written(&scratch, "line.toml", REST);
    for base in Base::both(&scratch) {
        let out = scratch.join("out");
        let outcome = finished(&settings(&path, &out, &base.url()));
        let run = name_of(&outcome);
        assert_eq!(run, "line-1");
        check_modes(&base, run, &out);
        check_alerts(&base, run, &out);
        check_works(&base, run, &out);
        check_measures(&base, run, &out);
        let stored = outcome.stored.as_ref().unwrap();
        assert_eq!(stored.checkpoints, 17);
        for table in ["checkpoints", "state_snapshots / 3", "performance_metrics / 3 + 1"] {
            let (table, rest) = table.split_once(' ').unwrap_or((table, ""));
            assert_eq!(base.ask(&format!("SELECT count(*) {rest} FROM {table}")), "17", "{table}");
        }
        assert_eq!(base.ask("SELECT count(*) FROM sensor_readings"), "0", "readings were not asked for");
        // Again: another run, the same machines and the same version of their file.
        assert_eq!(name_of(&finished(&settings(&path, &out, &base.url()))), "line-2");
        let counts = "SELECT (SELECT count(*) FROM equipment), (SELECT count(*) FROM sensors), \
                      (SELECT count(*) FROM machine_configurations), (SELECT count(*) FROM run_configurations)";
        assert_eq!(base.ask(counts), "3|6|1|2");
    }
}

#[test]
fn machines_and_sensors_are_what_their_files_say() {
    let scratch = Scratch::new();
    let path = written(&scratch, "line.toml", "");
    for base in Base::both(&scratch) {
        let mut asked = settings(&path, &scratch.join("out"), &base.url());
        asked.until = Some("+1 d".to_owned());
        finished(&asked);
        let installed = instant(&base, "installed_at");
        let machine = format!(
            "SELECT name, kind, class, manufacturer, model, serial_number, {installed} FROM equipment WHERE name = 'M-2'"
        );
        let wanted = format!("M-2|mill|other|Acme|M-7|4711|{}", micros("2020-05-01T00:00:00Z"));
        assert_eq!(base.ask(&machine), wanted);
        let sensor = "SELECT parameter_type, unit, cast(range_low AS integer), cast(range_high AS integer), resolution, accuracy, \
                      cast(1 / sampling_rate AS integer) FROM sensors s JOIN equipment e ON e.id = s.equipment_id \
                      WHERE e.name = 'M-1' AND s.name = 'bearing_temp'";
        assert_eq!(base.ask(sensor), "temperature|degC|-20|200|0.1|1.5|600");
        let links = "SELECT f.name, t.name, l.kind FROM equipment_links l JOIN equipment f ON f.id = l.from_id \
                     JOIN equipment t ON t.id = l.to_id";
        assert_eq!(base.ask(links), "M-1|M-2|feeds");
        // What a person entered stays where the files say nothing.
        base.ask("UPDATE equipment SET opc_endpoint = 'opc.tcp://mill', class = 'other' WHERE name = 'M-2'");
        base.ask(
            "UPDATE sensors SET opc_node_id = 'ns=2;s=t', calibration_certificate = 'A-1' WHERE name = 'vibration'",
        );
        finished(&asked);
        assert_eq!(base.ask("SELECT count(*) FROM equipment WHERE opc_endpoint = 'opc.tcp://mill'"), "1");
        assert_eq!(base.ask("SELECT count(*) FROM sensors WHERE calibration_certificate = 'A-1'"), "3");
    }
}

#[test]
fn readings_are_stored_where_they_are_asked_for() {
    let scratch = Scratch::new();
    let path = written(&scratch, "line.toml", "");
    for base in Base::both(&scratch) {
        let mut asked = settings(&path, &scratch.join("out"), &base.url());
        (asked.until, asked.readings) = (Some("+10 h".to_owned()), true);
        let outcome = finished(&asked);
        // Three machines with two sensors, every ten minutes from the start to the end.
        let count = 3 * 2 * 61;
        assert_eq!(outcome.stored.unwrap().readings, count);
        assert_eq!(base.ask("SELECT count(*) FROM sensor_readings"), count.to_string());
        assert_eq!(base.ask("SELECT count(*) FROM sensors"), "6");
    }
}
