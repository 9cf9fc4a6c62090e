//! The truth: remaining hours against their closed form, in every format.

use super::*;
use crate::Failure;

fn record_truth(out: &Path, futures: u32, rows: &[(f64, u32, u32, Mode, f64)], failures: &[Failure]) {
    let sheet = sheet("pump", &["temp"]);
    let options = Options { formats: vec![Format::Csv, Format::Jsonl], truth: true, ..Options::default() };
    let folder = RunFolder::open(out).unwrap();
    let mut recorder = Recorder::open(folder, head(std::slice::from_ref(&sheet), futures), &options).unwrap();
    for rows in rows.chunks(3) {
        let chunk = Chunk {
            readings: vec![ReadingRows::for_sheet(&sheet)],
            truth: vec![truth_rows(&sheet, rows)],
            ..Chunk::default()
        };
        recorder.record(&chunk).unwrap();
    }
    recorder.finish(failures.to_vec()).unwrap();
}

fn failure(hours: f64, machine: u32, future: u32) -> Failure {
    Failure { time: at(hours * 3600.0), machine, future }
}

#[test]
fn remaining_hours_count_down_to_the_failure_and_then_to_the_next() {
    let scratch = Scratch::new();
    let rows: Vec<_> = (0..8).map(|hour| (f64::from(hour) * 3600.0, 0, 0, Mode::Running, 1.0)).collect();
    record_truth(&scratch.out(), 1, &rows, &[failure(5.5, 0, 0), failure(2.0, 0, 0)]);
    let text = read(scratch.out().join("truth/pump.csv"));
    assert!(text.starts_with("time,machine,mode,temp,wear.bearing,remaining_h\n"));
    let hours: Vec<&str> = text.lines().skip(1).map(|line| line.rsplit(',').next().unwrap()).collect();
    assert_eq!(hours, ["2.0", "1.0", "0.0", "2.5", "1.5", "0.5", "", ""]);
    assert!(!scratch.out().join("truth/pump.spool.part").exists());
}

#[test]
fn each_machine_of_each_future_has_its_own_failures() {
    let scratch = Scratch::new();
    let mut rows = Vec::new();
    for hour in 0..2 {
        for future in 0..3 {
            for machine in 0..2 {
                rows.push((f64::from(hour) * 3600.0, machine, future, Mode::Idle, 0.1));
            }
        }
    }
    record_truth(&scratch.out(), 3, &rows, &[failure(1.0, 1, 1), failure(0.5, 0, 0)]);
    let text = read(scratch.out().join("truth/pump.jsonl"));
    let hours: Vec<Option<f64>> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["remaining_h"].as_f64())
        .collect();
    let mut wanted = [None; 12];
    (wanted[0], wanted[3], wanted[9]) = (Some(0.5), Some(1.0), Some(0.0));
    assert_eq!(hours, wanted);
    let first = "{\"time\":\"2026-01-01T00:00:00.000Z\",\"machine\":\"P-101\",\"future\":0,\"mode\":\"idle\",\
                 \"temp\":0.1,\"wear.bearing\":0.01,\"remaining_h\":0.5}";
    assert_eq!(text.lines().next().unwrap(), first);
}

#[test]
fn true_values_read_back_the_same_f64() {
    let scratch = Scratch::new();
    let values: Vec<f64> = (1..200).map(|i| 1.0 / f64::from(i) * 10f64.powi(i % 40 - 20)).collect();
    let rows: Vec<_> = values.iter().map(|&value| (0.0, 0, 0, Mode::Failed, value)).collect();
    record_truth(&scratch.out(), 1, &rows, &[]);
    let text = read(scratch.out().join("truth/pump.csv"));
    for (line, value) in text.lines().skip(1).zip(values) {
        let read: f64 = line.split(',').nth(3).unwrap().parse().unwrap();
        assert_eq!(read.to_bits(), value.to_bits());
    }
}
