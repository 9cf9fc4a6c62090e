//! Does one round of a subject for each line on its input and answers with what it took, as a line of JSON.
//!
//! peers.py keeps this process beside its own and lets the two take turns; a profiler finds nothing else in it. The
//! subjects: `simulate` (1,000 machines of 16 sensors), `world` (any number of machines, with all parts or without
//! some), `kernel` (no engine), `csv` or `parquet` with `rounded` or `full` readings. Everything is made before the
//! first round; a round does only what is compared. `raw` leaves the readings in a file for the peer and ends.

use serde_json::json;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use twinwright_bench::meter::cpu_time;
use twinwright_bench::plants::{self, Parts};
use twinwright_bench::ready::Ready;
use twinwright_bench::{Refused, bare::BarePanel};
use twinwright_core::Batch;
use twinwright_io::Format;

const USAGE: &str = "usage: rounds simulate | world (whole|sense|drive|age|schedule) MACHINES SENSORS | kernel
              | (csv|parquet) (rounded|full) FOLDER | raw (rounded|full) FILE";
/// Machine-ticks of a round of a world.
const MACHINE_TICKS: usize = 250_000;
/// Samples of a round of `kernel`.
const SAMPLES: u64 = 1_000_000;
/// Rows of a recording.
const ROWS: usize = 500_000;

fn main() -> ExitCode {
    twinwright_bench::main_of(serve)
}

fn serve(words: &[&str]) -> Result<(), Refused> {
    match *words {
        ["simulate"] => world(Parts::whole(16), 1_000),
        ["world", parts, machines, sensors] => world(parts_of(parts, sensors.parse()?)?, machines.parse()?),
        ["kernel"] => kernel(),
        ["raw", digits, file] => Ok(std::fs::write(file, Ready::new(ROWS, is_rounded(digits)?).raw())?),
        [format, digits, folder] => record(format, digits, Path::new(folder)),
        _ => Err(USAGE.into()),
    }
}

fn parts_of(name: &str, sensors: usize) -> Result<Parts, Refused> {
    match name {
        "whole" => Ok(Parts::whole(sensors)),
        "sense" => Ok(Parts::sensed(sensors)),
        "drive" => Ok(Parts { drivers: true, wear: false, sensors: 0 }),
        "age" => Ok(Parts { drivers: false, wear: true, sensors: 0 }),
        "schedule" => Ok(Parts::sensed(0)),
        _ => Err(USAGE.into()),
    }
}

/// A round counts readings, or ticks of machines without sensors.
fn world(parts: Parts, machines: usize) -> Result<(), Refused> {
    let mut twin = plants::world(&plants::plan(machines, parts)?);
    let batch = Batch::default();
    (0..100).for_each(|_| twin.tick(&batch));
    let ticks = (MACHINE_TICKS / machines.max(1)).max(1);
    answer(|| {
        (0..ticks).for_each(|_| twin.tick(&batch));
        Ok((machines * parts.sensors.max(1) * ticks, 0))
    })
}

/// The bare loop of one machine with six sensors.
fn kernel() -> Result<(), Refused> {
    let plan = plants::plan(1, Parts::whole(6))?;
    let mut bare = BarePanel::of(&plan)?;
    answer(|| {
        std::hint::black_box(bare.run(SAMPLES));
        Ok((SAMPLES as usize, 0))
    })
}

fn record(format: &str, digits: &str, folder: &Path) -> Result<(), Refused> {
    let format = Format::from_name(format).ok_or(USAGE)?;
    let ready = Ready::new(ROWS, is_rounded(digits)?);
    let folder: PathBuf = folder.join(format.name());
    answer(|| Ok((ready.values(), ready.write(&folder, format)?)))
}

fn is_rounded(digits: &str) -> Result<bool, Refused> {
    match digits {
        "rounded" => Ok(true),
        "full" => Ok(false),
        _ => Err(USAGE.into()),
    }
}

/// One round a line until the input ends.
fn answer(mut round: impl FnMut() -> Result<(usize, u64), Refused>) -> Result<(), Refused> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        line?;
        let mut done = Err(Refused::from("the round did not run"));
        let wall = Instant::now();
        let cpu = cpu_time(|| done = round());
        let wall = wall.elapsed();
        let (pieces, bytes) = done?;
        let figures = json!({ "pieces": pieces, "bytes": bytes, "cpu": cpu.as_secs_f64(), "wall": wall.as_secs_f64() });
        writeln!(out, "{figures}")?;
        out.flush()?;
    }
    Ok(())
}
