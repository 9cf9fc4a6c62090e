//! What a study leaves in its folder.

use super::{folder, repaired};
use serde_json::Value;
use std::path::Path;
use twinwright_tests::{Scratch, said, scenario, twinwright};

/// A study with two variants; one has a name from hell.
fn plant(count: u32) -> Scratch {
    let rest = format!(
        "[futures]\ncount = {count}\n[[variant]]\nname = \"slow\"\nset = {{ \"wear.belt.repair.takes\" = \"9 h\" }}\n\
         [[variant]]\nname = \"=cmd|' /C calc'!A0<script>alert(1)</script>\"\nset = {{ \"wear.belt.life\" = \"150 h\" }}\n"
    );
    folder(&repaired("5 h"), &scenario(2, "2000 h", "1 h", &rest))
}

fn run(scratch: &Scratch, more: &[&str]) {
    let output = twinwright(scratch.path(), &[&["run", "plant.toml", "--quiet"], more].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).expect("a file")).expect("JSON")
}

fn futures_in(events: &Path) -> usize {
    let text = std::fs::read_to_string(events).expect("events");
    let future = |line: &str| serde_json::from_str::<Value>(line).expect("JSON")["future"].as_u64().unwrap_or(0);
    text.lines().map(future).collect::<std::collections::BTreeSet<_>>().len()
}

#[test]
fn a_folder_for_each_run_and_an_answer_for_all() {
    let scratch = plant(30);
    run(&scratch, &["--tables", "csv,json"]);
    let out = scratch.join("out/plant");
    let summary = json(&out.join("summary.json"));
    assert_eq!((&summary["futures"], &summary["partial"]), (&30.into(), &false.into()));
    let variants = summary["variants"].as_array().expect("variants");
    assert_eq!(variants.len(), 2);
    let difference = &variants[0]["difference"]["downtime_h"];
    let [mean, low, high] = ["mean", "low", "high"].map(|key| difference[key].as_f64().expect("a number"));
    assert!(low < mean && mean < high && low > 0.0 && difference["n"] == 30 && difference["confidence"] == 0.95);
    assert_eq!(difference["better"], 0.0, "a longer repair is better in no future");
    // Pairs: the mean difference is the difference of the means.
    let of = |measures: &Value| measures["downtime_h"]["mean"].as_f64().expect("a number");
    let apart = of(&variants[0]["measures"]) - of(&summary["measures"]);
    assert!((mean - apart).abs() < 1e-9 * apart.abs(), "{mean} and {apart}");
    let folders: Vec<&str> = variants.iter().map(|variant| variant["folder"].as_str().expect("a folder")).collect();
    assert!(folders[1].chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)), "{folders:?}");
    for folder in ["base", folders[0], folders[1]] {
        let run = json(&out.join(folder).join("summary.json"));
        assert_eq!(run["futures"], 30);
        assert_eq!(futures_in(&out.join(folder).join("events.jsonl")), 1, "the first future of {folder}");
        assert!(out.join(folder).join("report.html").is_file());
    }
    assert_eq!(json(&out.join("base/summary.json"))["measures"], summary["measures"]);
    let page = std::fs::read_to_string(out.join("report.html")).expect("a report");
    assert!(!page.contains("<script>alert"), "a name is no script");
    // Again into the same folder, and with all futures.
    run(&scratch, &["--keep", "futures", "--readings"]);
    assert_eq!(futures_in(&out.join("slow/events.jsonl")), 30);
    assert!(out.join("slow/readings").is_dir() && !out.join("tables").exists());
}

#[test]
fn tables_read_back_and_no_cell_is_a_formula() {
    let scratch = plant(12);
    run(&scratch, &["--tables", "csv,json"]);
    let tables = scratch.join("out/plant/tables");
    for (name, rows) in [("measures", None), ("differences", None), ("futures", Some(36))] {
        let mut reader = csv::Reader::from_path(tables.join(format!("{name}.csv"))).expect("a table");
        let head: Vec<String> = reader.headers().expect("a head").iter().map(str::to_owned).collect();
        let cells: Vec<Vec<String>> =
            reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect();
        let objects = json(&tables.join(format!("{name}.json")));
        let objects = objects.as_array().expect("rows");
        assert_eq!(objects.len(), cells.len(), "{name}");
        assert!(rows.is_none_or(|rows| rows == cells.len()), "{name}: {}", cells.len());
        for (row, object) in cells.iter().zip(objects) {
            for (key, cell) in head.iter().zip(row) {
                match &object[key] {
                    // Both are written to the last digit, and read to the last but one.
                    Value::Number(number) => {
                        let (a, b) = (number.as_f64().expect("a number"), cell.parse::<f64>().expect("a number"));
                        assert!((a - b).abs() <= 1e-15 * b.abs(), "{name} {key}: {a} and {b}");
                    }
                    Value::String(text) => {
                        assert_eq!(cell.trim_start_matches('\''), text, "{name} {key}");
                        assert!(!cell.starts_with(['=', '+', '-', '@']), "{name} {key}: {cell}");
                    }
                    _ => assert!(cell.is_empty(), "{name} {key}: {cell}"),
                }
            }
        }
    }
}

#[test]
fn futures_of_a_lone_run_are_all_recorded_while_they_are_few() {
    let lone = |count: u32| {
        let rest = format!("[futures]\ncount = {count}\n");
        let scratch = folder(&repaired("5 h"), &scenario(2, "400 h", "1 h", &rest));
        run(&scratch, &[]);
        futures_in(&scratch.join("out/plant/events.jsonl"))
    };
    assert!(lone(40) > 30);
    assert_eq!(lone(600), 1);
}

#[test]
fn a_sweep_compares_every_point() {
    let rest = "[futures]\ncount = 20\n[sweep]\n\"wear.belt.life\" = [\"100 h\", \"200 h\", \"400 h\"]\n";
    let scratch = folder(&repaired("5 h"), &scenario(1, "2000 h", "1 h", rest));
    run(&scratch, &["--tables", "csv"]);
    let summary = json(&scratch.join("out/plant/summary.json"));
    let variants = summary["variants"].as_array().expect("points");
    assert_eq!(variants.len(), 3);
    let failures = |at: usize| variants[at]["measures"]["failures"]["mean"].as_f64().expect("a number");
    assert!(failures(0) > failures(1) && failures(1) > failures(2));
    assert_eq!(variants[1]["point"]["wear.belt.life"], "200 h");
    // The first point is the scenario as it stands: nothing differs in any future.
    assert_eq!(variants[0]["difference"]["failures"]["high"], 0.0);
}
