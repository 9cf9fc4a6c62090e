//! The folder: refused, replaced, cleaned up; and the line files.

use super::*;
use crate::RecordError;
use std::slice::from_ref;
use twinwright_model::{AlertRecord, AlertState, EventRecord, Label, Severity};

/// Everything below a folder, sorted.
fn below(path: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path).into_iter().flatten() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            names.extend(below(&entry.path()).into_iter().map(|inner| format!("{name}/{inner}")));
        }
        names.push(name);
    }
    names.sort();
    names
}

#[test]
fn a_folder_that_no_run_made_is_refused_and_left_alone() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.out()).unwrap();
    fs::write(scratch.out().join("thesis.txt"), "years").unwrap();
    let error = RunFolder::open(scratch.out()).unwrap_err();
    assert!(matches!(error, RecordError::Occupied { .. }));
    assert!(error.to_string().contains("no run made"), "{error}");
    assert_eq!(below(&scratch.out()), ["thesis.txt"]);
}

#[test]
fn a_file_in_the_place_of_the_folder_is_an_error_with_its_path() {
    let scratch = Scratch::new();
    fs::write(scratch.out(), "a file").unwrap();
    let error = RunFolder::open(scratch.out()).unwrap_err();
    assert!(error.to_string().contains(&scratch.out().display().to_string()), "{error}");
}

#[test]
fn a_run_replaces_what_a_run_made_and_nothing_else() {
    let scratch = Scratch::new();
    let (sheet, chunk) = small_run();
    record(&scratch.out(), from_ref(&sheet), from_ref(&chunk), &[Format::Csv, Format::Influx], Shape::Wide);
    fs::write(scratch.out().join("note.txt"), "mine").unwrap();
    record(&scratch.out(), &[sheet], &[chunk], &[Format::Csv], Shape::Long);
    let wanted = [".twinwright-run", "alerts.jsonl", "events.jsonl", "note.txt", "readings.csv", "summary.json"];
    assert_eq!(below(&scratch.out()), wanted);
}

#[test]
fn variants_inside_a_folder_are_replaced_with_it() {
    let scratch = Scratch::new();
    let mut folder = RunFolder::open(scratch.out()).unwrap();
    let mut variant = folder.subfolder("base").unwrap();
    variant.write("summary.json", b"{}").unwrap();
    folder.write("summary.json", b"{}").unwrap();
    variant.keep();
    folder.keep();
    drop((folder, variant));
    assert_eq!(below(&scratch.out()).len(), 5);
    let mut folder = RunFolder::open(scratch.out()).unwrap();
    folder.keep();
    assert_eq!(below(&scratch.out()), [".twinwright-run"]);
}

#[test]
fn an_abandoned_run_leaves_nothing() {
    let scratch = Scratch::new();
    let (sheet, chunk) = small_run();
    let options =
        Options { formats: Format::ALL.to_vec(), readings: true, truth: true, labels: true, ..Options::default() };
    let mut recorder = Recorder::open(RunFolder::open(scratch.out()).unwrap(), head(&[sheet], 1), &options).unwrap();
    recorder.record(&chunk).unwrap();
    assert!(below(&scratch.out()).iter().any(|name| name.ends_with(".csv.part")));
    assert!(!below(&scratch.out()).iter().any(|name| name.ends_with(".csv")));
    recorder.abandon();
    assert!(!scratch.out().exists());
}

#[test]
fn a_run_that_was_killed_is_replaced_like_any_other() {
    let scratch = Scratch::new();
    let folder = RunFolder::open(scratch.out()).unwrap();
    let part = folder.create("readings/pump.csv").unwrap();
    std::mem::forget((folder, part));
    assert!(scratch.out().join("readings/pump.csv.part").exists());
    let mut folder = RunFolder::open(scratch.out()).unwrap();
    folder.keep();
    assert_eq!(below(&scratch.out()), [".twinwright-run"]);
}

#[test]
fn two_kinds_that_would_share_a_file_are_an_error() {
    let scratch = Scratch::new();
    let options = Options { formats: vec![Format::Csv], readings: true, ..Options::default() };
    let head = head(&[sheet("a/b", &[]), sheet("a_b", &[])], 1);
    let error = Recorder::open(RunFolder::open(scratch.out()).unwrap(), head, &options).unwrap_err();
    assert!(matches!(error, RecordError::SameFile { .. }), "{error}");
    assert!(!scratch.out().exists());
}

fn detail(pairs: serde_json::Value) -> serde_json::Map<String, serde_json::Value> {
    pairs.as_object().unwrap().clone()
}

fn with_lines(scratch: &Scratch, futures: u32) {
    let options = Options { truth: true, labels: true, ..Options::default() };
    let folder = RunFolder::open(scratch.out()).unwrap();
    let mut recorder = Recorder::open(folder, head(&[], futures), &options).unwrap();
    let event = EventRecord {
        time: at(1.5),
        machine: 1,
        future: 4,
        event: "mode",
        detail: detail(serde_json::json!({ "from": "running", "to": "idle", "time": 3 })),
    };
    let alert = AlertRecord {
        time: at(2.0),
        machine: 0,
        future: 4,
        sensor: "temp".to_owned(),
        rule: "temp.high".to_owned(),
        severity: Severity::High,
        state: AlertState::Raised,
        value: 75.1,
        limit: 75.0,
        suppressed: false,
    };
    let label = Label {
        fault: "drift".to_owned(),
        layer: "sensor",
        kind: "drift",
        machine: 0,
        future: 4,
        sensor: "temp".to_owned(),
        start: at(0.0),
        end: None,
        parameters: detail(serde_json::json!({ "rate": 0.5 })),
    };
    recorder.events(&[event]).unwrap();
    recorder.alerts(&[alert]).unwrap();
    recorder.labels(&[label]).unwrap();
    recorder.finish(Vec::new()).unwrap();
}

#[test]
fn events_alerts_and_labels_are_one_line_each() {
    let scratch = Scratch::new();
    with_lines(&scratch, 1);
    let event = "{\"time\":\"2026-01-01T00:00:01.500Z\",\"machine\":\"P 2,\\\"b\\\"\",\"event\":\"mode\",\
                 \"from\":\"running\",\"to\":\"idle\"}\n";
    assert_eq!(read(scratch.out().join("events.jsonl")), event);
    let alert = "{\"time\":\"2026-01-01T00:00:02.000Z\",\"machine\":\"P-101\",\"rule\":\"temp.high\",\
                 \"sensor\":\"temp\",\"severity\":\"high\",\"state\":\"raised\",\"value\":75.1,\"limit\":75.0,\
                 \"suppressed\":false}\n";
    assert_eq!(read(scratch.out().join("alerts.jsonl")), alert);
    let labels = "fault,layer,kind,machine,sensor,start,end,parameters\n\
                  drift,sensor,drift,P-101,temp,2026-01-01T00:00:00.000Z,,\"{\"\"rate\"\":0.5}\"\n";
    assert_eq!(read(scratch.out().join("truth/labels.csv")), labels);
}

#[test]
fn a_future_is_named_when_there_are_several() {
    let scratch = Scratch::new();
    with_lines(&scratch, 5);
    assert!(read(scratch.out().join("events.jsonl")).contains("\"machine\":\"P 2,\\\"b\\\"\",\"future\":4,"));
    assert!(read(scratch.out().join("alerts.jsonl")).contains("\"machine\":\"P-101\",\"future\":4,"));
    let labels = read(scratch.out().join("truth/labels.csv"));
    assert!(labels.starts_with("fault,layer,kind,machine,future,sensor,start,end,parameters\n"));
    assert!(labels.contains(",P-101,4,temp,"));
}
