//! Does one round of a subject for each line on its input and answers with what it took, as a line of JSON.
//!
//! peers.py keeps this process beside its own and lets the two take turns. The subjects: `simulate`, and `csv` or
//! `parquet` with `rounded` or `full` readings. Everything is made before the first round; a round does only what is
//! compared. With `raw FILE` it leaves the readings there for the peer and ends.

use serde_json::json;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use twinwright_bench::meter::cpu_time;
use twinwright_bench::plants::{self, Parts};
use twinwright_bench::ready::Ready;
use twinwright_bench::{Refused, bare::BarePanel};
use twinwright_core::{Batch, Twin};
use twinwright_io::Format;

const USAGE: &str = "usage: rounds simulate | kernel | (csv|parquet) (rounded|full) FOLDER | raw (rounded|full) FILE";
/// Readings of a round of `simulate`: 1,000 machines of 16 sensors for so many ticks.
const MACHINES: usize = 1_000;
const SENSORS: usize = 16;
const TICKS: usize = 250;
/// Samples of a round of `kernel`.
const SAMPLES: u64 = 1_000_000;
/// Rows of a recording.
const ROWS: usize = 500_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match serve(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::from(2)
        }
    }
}

fn serve(words: &[&str]) -> Result<(), Refused> {
    match *words {
        ["simulate"] => simulate(),
        ["kernel"] => kernel(),
        ["raw", digits, file] => Ok(std::fs::write(file, Ready::new(ROWS, is_rounded(digits)?).raw())?),
        [format, digits, folder] => record(format, digits, Path::new(folder)),
        _ => Err(USAGE.into()),
    }
}

fn simulate() -> Result<(), Refused> {
    let mut twin = Twin::build(&plants::plan(MACHINES, Parts::whole(SENSORS))?);
    let batch = Batch::default();
    (0..100).for_each(|_| twin.tick(&batch));
    answer(|| {
        (0..TICKS).for_each(|_| twin.tick(&batch));
        Ok((MACHINES * SENSORS * TICKS, 0))
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
