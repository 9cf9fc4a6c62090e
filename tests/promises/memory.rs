//! Memory: a run leaves its history in a store, the store knows any instant of it again, and other runs go on from there.
//!
//! Everything holds on both databases.

mod ended;
mod forked;
mod kept;
mod replayed;
mod studies;

use crate::store::Base;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use twinwright::run::{self, Outcome, Settings};
use twinwright::{Trouble, memory};
use twinwright_tests::Scratch;

/// A line of machines with all that a history can have: failures, repairs with spares and a small crew, planned work, faults
/// that trip, alerts, links, a group and a script with a condition.
const MACHINE: &str = r#"
schema = "machine/1"
kind = "mill"
class = "other"
identity = { manufacturer = "Acme", model = "M-7", serial = "4711", installed = "2020-05-01" }
[drivers.load]
value = 0.7
unit = "1"
[wear.bearing]
law = "weibull"
life = "150 h"
shape = 2.0
[wear.bearing.repair]
takes = "6 h"
cost = 900
planned_cost = 300
[sensors.bearing_temp]
value = "40 + 45 * bearing + 10 * load"
unit = "degC"
range = [-20, 200]
resolution = 0.1
noise = { sd = 1.5 }
limits = { high = 85, high_high = 92, deadband = 2 }
[sensors.vibration]
value = "2 + 6 * bearing"
unit = "mm/s"
noise = { sd = 0.25 }
[production]
rate = "100 * running"
ideal = 120
"#;

fn scenario_text(rest: &str) -> String {
    format!(
        "schema = \"scenario/1\"\ntitle = \"A line to remember\"\nstart = \"2026-01-01T00:00:00Z\"\n\
         duration = \"40 d\"\ntick = \"10 min\"\nseed = 5\n\
         [[machine]]\nid = \"M-{{1..3}}\"\nkind = \"mill\"\n\
         [[link]]\nfrom = \"M-1\"\nto = \"M-2\"\nkind = \"feeds\"\n\
         [maintenance]\npolicy = \"periodic\"\nevery = \"9 d\"\ncrew = 1\n{rest}"
    )
}

/// A scenario file with its machine file beside it.
fn written(scratch: &Scratch, name: &str, rest: &str) -> std::path::PathBuf {
    scratch.write("mill.toml", MACHINE);
    scratch.write(name, scenario_text(rest))
}

fn settings(scenario: &Path, out: &Path, url: &str) -> Settings {
    let mut settings = Settings::of(scenario);
    settings.out = Some(out.to_path_buf());
    settings.store = Some(url.to_owned());
    (settings.threads, settings.quiet) = (2, true);
    settings
}

/// Runs a scenario as `run --store` does.
fn remembered(settings: &Settings, stop: &AtomicBool) -> Result<Outcome, Trouble> {
    let (study, sources) = run::study_with_sources(settings)?;
    memory::run(settings, study.base(), &sources, stop)
}

fn finished(settings: &Settings) -> Outcome {
    remembered(settings, &AtomicBool::new(false)).unwrap_or_else(|trouble| panic!("{trouble}"))
}

/// What a run is called in its store.
fn name_of(outcome: &Outcome) -> &str {
    &outcome.stored.as_ref().expect("it was stored").run
}

/// An instant as a statement has it.
fn instant(base: &Base, column: &str) -> String {
    match base {
        Base::Postgres(_) => format!("(extract(epoch FROM {column}) * 1000000)::bigint"),
        Base::Sqlite(_) => column.to_owned(),
    }
}

/// Microseconds of an instant in a file.
fn micros(text: &str) -> i64 {
    twinwright_model::Time::parse(text).expect("an instant").0 / 1_000
}

/// Lines of a file, each an object.
fn lines(path: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(path).expect("a run leaves this file");
    text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect()
}
