//! `detect` from outside: the same answer for the same rows however they come, faults found where they were put, tables
//! that nobody would wish for, and what was learnt kept in a file.

mod forms;
mod hostile;
mod model;
mod page;
mod planted;

use std::path::Path;
use std::process::Output;
use twinwright_tests::{Scratch, said, shown, twinwright};

/// Numbers between -1 and 1 that look like chance and are the same every time.
fn chance(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

/// Rows that a test writes down in one form or another.
struct Rows {
    names: Vec<String>,
    rows: Vec<(String, Vec<f64>)>,
}

impl Rows {
    /// Sensors around levels of their own; the first two lie four of their widths off in rows 700 to 799.
    fn of(sensors: usize, count: usize) -> Rows {
        let mut chance = chance(7);
        let row = |at: usize, chance: &mut dyn FnMut() -> f64| {
            let value = |sensor: usize, noise: f64| {
                let shift = if sensor < 2 && (700..800).contains(&at) { 4.0 } else { 0.0 };
                ((10.0 * sensor as f64 + noise + shift) * 1e4).round() / 1e4
            };
            let time = format!("2026-03-01 {:02}:{:02}:{:02}", at / 3_600, at / 60 % 60, at % 60);
            (time, (0..sensors).map(|sensor| value(sensor, chance())).collect())
        };
        let rows = (0..count).map(|at| row(at, &mut chance)).collect();
        Rows { names: (0..sensors).map(|sensor| format!("s{sensor}")).collect(), rows }
    }

    fn csv(&self, mark: &str) -> String {
        let head = format!("time{mark}{}\n", self.names.join(mark));
        let line = |(time, values): &(String, Vec<f64>)| {
            let values: Vec<String> = values.iter().map(f64::to_string).collect();
            format!("{time}{mark}{}\n", values.join(mark))
        };
        head + &self.rows.iter().map(line).collect::<String>()
    }
}

/// Runs `detect` on a table in a folder; what it writes goes to `out`.
fn detect(folder: &Path, table: &str, more: &[&str]) -> Output {
    let arguments: Vec<&str> = ["detect", table, "--out", "out"].iter().chain(more).copied().collect();
    twinwright(folder, &arguments)
}

/// As `detect`, for a run that must succeed: the lines of `scores.csv` after the head.
fn scores(folder: &Path, table: &str, more: &[&str]) -> Vec<String> {
    let output = detect(folder, table, more);
    assert_eq!(output.status.code(), Some(0), "{table} {more:?}: {}{}", said(&output), shown(&output));
    let text = read(folder, "scores.csv");
    let mut lines = text.lines().map(str::to_owned);
    assert_eq!(lines.next().as_deref(), Some("time,score,anomaly,changepoint,top"));
    lines.collect()
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join("out").join(name)).unwrap_or_else(|why| panic!("{name}: {why}"))
}

fn summary(folder: &Path) -> serde_json::Value {
    serde_json::from_str(&read(folder, "summary.json")).expect("a summary is JSON")
}

/// A folder with one table.
fn with(name: &str, bytes: impl AsRef<[u8]>) -> Scratch {
    let scratch = Scratch::new();
    scratch.write(name, bytes);
    scratch
}

const TRAIN: [&str; 2] = ["--train", "first 400 rows"];
