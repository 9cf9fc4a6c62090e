//! Columns that are ready to be written, as a world would hand them over, and a recorder to write them with.
//!
//! Ten machines, eight sensors, one row a second and machine: slow waves and noise, rounded to a tenth as sensors with a
//! resolution are, or with all their digits. peers.py makes its table from the same bytes ([`Ready::raw`]).

use crate::Refused;
use std::path::Path;
use twinwright_io::{Format, Options, Recorder, RunFolder, RunHead, Shape};
use twinwright_model::time::SECOND;
use twinwright_model::{Chunk, ReadingRows, Sensor, Sheet, Span, Time};

const MACHINES: usize = 10;
pub const SENSORS: usize = 8;
/// Rows that a world hands over at a time.
const STRETCH: usize = 5_000;
/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600 * SECOND;

/// A recording that waits to be written.
#[derive(Debug)]
pub struct Ready {
    head: RunHead,
    chunks: Vec<Chunk>,
    rows: usize,
}

impl Ready {
    pub fn new(rows: usize, rounded: bool) -> Ready {
        let sensors = (0..SENSORS).map(|at| Sensor { name: format!("s{at}"), unit: String::new() }).collect();
        let sheet = Sheet { kind: "unit".to_owned(), sensors, wears: Vec::new() };
        let mut noise = Noise(7);
        let starts = (0..rows).step_by(STRETCH);
        let chunks = starts.map(|from| chunk(&sheet, from..(from + STRETCH).min(rows), rounded, &mut noise)).collect();
        let head = RunHead {
            machines: (0..MACHINES).map(|at| format!("P-{}", 101 + at)).collect(),
            sheets: vec![sheet],
            futures: 1,
            resolution: Span(SECOND),
            scenario: "bench".to_owned(),
            seed: 7,
            version: "bench".to_owned(),
        };
        Ready { head, chunks, rows }
    }

    pub fn values(&self) -> usize {
        self.rows * SENSORS
    }

    /// All readings as little-endian f32, sensor by sensor.
    pub fn raw(&self) -> Vec<u8> {
        let columns = (0..SENSORS).flat_map(|at| self.chunks.iter().map(move |chunk| &chunk.readings[0].values[at]));
        columns.flatten().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// Writes one wide table and returns the bytes it has.
    pub fn write(&self, folder: &Path, format: Format) -> Result<u64, Refused> {
        let options =
            Options { formats: vec![format], shape: Shape::Wide, readings: true, truth: false, labels: false };
        let mut recorder = Recorder::open(RunFolder::open(folder)?, self.head.clone(), &options)?;
        for chunk in &self.chunks {
            recorder.record(chunk)?;
        }
        let folder = recorder.finish(Vec::new())?;
        let table = folder.path().join(format!("readings/unit.{}", format.extension()));
        Ok(std::fs::metadata(table)?.len())
    }
}

fn chunk(sheet: &Sheet, range: std::ops::Range<usize>, rounded: bool, noise: &mut Noise) -> Chunk {
    let mut rows = ReadingRows::for_sheet(sheet);
    for row in range {
        rows.time.push(Time(START + (row / MACHINES) as i64 * SECOND));
        rows.machine.push((row % MACHINES) as u32);
        rows.future.push(0);
        rows.fault.push(0);
        let wave = (row as f64 / 5_000.0).sin();
        for (sensor, (values, quality)) in rows.values.iter_mut().zip(&mut rows.quality).enumerate() {
            let value = 50.0 + 3.0 * sensor as f64 + 5.0 * wave + 0.4 * noise.next();
            values.push(if rounded { ((value * 10.0).round() / 10.0) as f32 } else { value as f32 });
            quality.push(0);
        }
    }
    Chunk { readings: vec![rows], truth: Vec::new(), fault_sets: Vec::new() }
}

/// Sums of four uniform numbers from SplitMix64 (Steele, Lea and Flood 2014), near enough to normal for a file.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        let uniform = |state: &mut u64| {
            *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
        };
        let sum: f64 = (0..4).map(|_| uniform(&mut self.0)).sum();
        (sum - 2.0) * 3.0_f64.sqrt()
    }
}
