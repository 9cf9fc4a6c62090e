//! What the recorder promises, on small runs whose bytes a person can check.

mod files;
mod tables;
mod truth;

use crate::{Format, Options, Recorder, RunFolder, RunHead, Shape};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use twinwright_model::time::SECOND;
use twinwright_model::{Chunk, Mode, Quality, ReadingRows, Sensor, Sheet, Span, Time, TruthRows};

const GOOD: u8 = Quality::Good as u8;
const BAD: u8 = Quality::Bad as u8;
const UNSAMPLED: u8 = Quality::Unsampled as u8;
const MISSING: u8 = Quality::Missing as u8;

/// A folder that is gone after the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("twinwright-io-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn out(&self) -> PathBuf {
        self.0.join("out")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn sheet(kind: &str, sensors: &[&str]) -> Sheet {
    let sensor = |name: &&str| Sensor { name: (*name).to_owned(), unit: String::new() };
    Sheet { kind: kind.to_owned(), sensors: sensors.iter().map(sensor).collect(), wears: vec!["bearing".to_owned()] }
}

fn head(sheets: &[Sheet], futures: u32) -> RunHead {
    RunHead {
        machines: vec!["P-101".to_owned(), "P 2,\"b\"".to_owned()],
        sheets: sheets.to_vec(),
        futures,
        resolution: Span(1_000_000),
        scenario: "two pumps".to_owned(),
        seed: 7,
        version: "0.1.0".to_owned(),
    }
}

fn at(seconds: f64) -> Time {
    Time(1_767_225_600 * SECOND + (seconds * 1e9) as i64)
}

/// A row of two sensors: seconds, machine, (value, quality) of each sensor, fault set.
type Row = (f64, u32, [(f32, u8); 2], u32);

fn readings(sheet: &Sheet, rows: &[Row]) -> ReadingRows {
    let mut readings = ReadingRows::for_sheet(sheet);
    for &(seconds, machine, cells, fault) in rows {
        readings.time.push(at(seconds));
        readings.machine.push(machine);
        readings.future.push(0);
        readings.fault.push(fault);
        for (sensor, (value, quality)) in cells.into_iter().enumerate() {
            readings.values[sensor].push(value);
            readings.quality[sensor].push(quality);
        }
    }
    readings
}

/// The run that the golden texts show.
fn small_run() -> (Sheet, Chunk) {
    let sheet = sheet("pump, big", &["temp", "flow rate"]);
    let mut rows = readings(
        &sheet,
        &[
            (0.0, 0, [(22.0, GOOD), (0.1, GOOD)], 0),
            (0.0, 1, [(-0.0, GOOD), (f32::NAN, MISSING)], 1),
            (0.25, 0, [(f32::NAN, UNSAMPLED), (f32::NAN, UNSAMPLED)], 0),
            (0.5, 0, [(f32::NAN, UNSAMPLED), (1e16, Quality::Uncertain as u8)], 0),
            (1.0, 0, [(f32::NAN, BAD), (f32::INFINITY, BAD)], 2),
        ],
    );
    rows.sensor_fault = vec![(1, 1, 1), (4, 0, 1)];
    let chunk = Chunk {
        readings: vec![rows],
        truth: vec![TruthRows::for_sheet(&sheet)],
        fault_sets: vec!["gap".to_owned(), "gap+leak".to_owned()],
    };
    (sheet, chunk)
}

fn record(out: &Path, sheets: &[Sheet], chunks: &[Chunk], formats: &[Format], shape: Shape) {
    let options = Options { formats: formats.to_vec(), shape, readings: true, truth: false, labels: false };
    let mut recorder = Recorder::open(RunFolder::open(out).unwrap(), head(sheets, 1), &options).unwrap();
    chunks.iter().for_each(|chunk| recorder.record(chunk).unwrap());
    recorder.summary(&serde_json::json!({ "scenario": "two pumps" })).unwrap();
    recorder.finish(Vec::new()).unwrap();
}

fn read(path: PathBuf) -> String {
    fs::read_to_string(path).unwrap()
}

fn truth_rows(sheet: &Sheet, rows: &[(f64, u32, u32, Mode, f64)]) -> TruthRows {
    let mut truth = TruthRows::for_sheet(sheet);
    for &(seconds, machine, future, mode, value) in rows {
        truth.time.push(at(seconds));
        truth.machine.push(machine);
        truth.future.push(future);
        truth.mode.push(mode);
        truth.values.iter_mut().for_each(|values| values.push(value));
        truth.wears.iter_mut().for_each(|wears| wears.push(value / 10.0));
    }
    truth
}
