//! Same seed, same bytes: however many threads, in whatever company, saved in the middle or not.
//!
//! The golden digests say that the bits are also those of the day they were written, on whatever CPU this runs. They are
//! renewed with TWINWRIGHT_RENEW=1; a changelog entry says why.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use twinwright::run::{self, Settings};
use twinwright_core::record::{FaultSets, Wanted};
use twinwright_core::snapshot::Snapshot;
use twinwright_core::{Batch, Plan, Twin};
use twinwright_io::Format;
use twinwright_model::{Chunk, ReadingRows, TruthRows};
use twinwright_tests::{Scratch, plan_of, project, scenario};

/// A machine with a bit of everything.
const MACHINE: &str = r#"
[parameters]
fouling = { normal = [1.0, 0.05] }
[drivers]
load    = { duty = "shift" }
ambient = { mean = 22, swing = 4, period = "1 d" }
gust    = { walk = { mean = 0, sd = 0.5, memory = "10 min" } }
heat    = { expr = "load^2 * fouling * running + 0.001 * temp" }
speed   = { expr = "1480 * running", lag = "40 s" }
[duty.shift]
cycle = [ { for = "40 min", load = 0.9 }, { for = "20 min", load = 0.1, mode = "idle" } ]
[wear.bearing]
law = "gamma"
life = "4 h"
spread = 0.3
stress = "(load / 0.8)^3"
repair = { takes = { lognormal = ["30 min", 1.5] }, cost = 100 }
[wear.seal]
law = "wiener"
life = { normal = ["30 h", "2 h"] }
spread = 0.2
repair = { takes = "10 min", cost = 20, restores_to = 0.1 }
[wear.knock]
law = "shock"
rate = 0.2
jump = { uniform = [0.1, 0.3] }
repair = { takes = "5 min" }
[sensors.temp]
value = "ambient + 20*heat + gust + 30*max(bearing, 0)^1.5"
lag = "5 min"
noise = { sd = 0.4, memory = "30 s" }
range = [-20, 150]
resolution = 0.1
limits = { high = 50, high_high = 60, deadband = 1, on_delay = "20 s", off_delay = "1 min" }
[sensors.vib]
value = "0.8 + 0.5*load + 6*bearing^2"
noise = { sd = 0.08, tails = 4 }
limits = { high = 3 }
[sensors.fast]
value = "speed"
every = "5 s"
noise = { sd = 2 }
[sensors.slow]
value = "knock + seal"
every = "1 min"
"#;

const REST: &str = r#"
[[link]]
from = "U-1"
to = "U-2"
kind = "feeds"
[[at]]
time = "+3 h"
machine = "U-3"
set = { load = 0.5 }
lasts = "1 h"
[[at]]
when = "U-4.vib > 1.4 for 2 min"
set = { gust = 3 }
lasts = "5 min"
[[fault.drift]]
machine = "U-1"
sensor = "temp"
rate = 5
every = { exponential = "2 h" }
lasts = "20 min"
[[fault.stuck]]
machine = "U-{2..3}"
sensor = "vib"
every = { exponential = "3 h" }
lasts = "10 min"
[[fault.shift]]
machine = "U-5"
driver = "ambient"
by = 4
start = "+2 h"
ramp = "10 min"
hold = "1 h"
decay = "20 min"
[[fault.swap]]
machine = "U-4"
sensor = "temp"
with = "vib"
start = "+4 h"
lasts = "30 min"
[maintenance]
policy = "periodic"
every = "7 h"
by = "operating"
crew = 2
"#;

fn plan() -> Arc<Plan> {
    plan_of(MACHINE, &scenario(5, "10 h", "10 s", REST))
}

fn empty_chunk(plan: &Plan) -> Chunk {
    Chunk {
        readings: plan.sheets.iter().map(ReadingRows::for_sheet).collect(),
        truth: plan.sheets.iter().map(TruthRows::for_sheet).collect(),
        fault_sets: Vec::new(),
    }
}

/// Runs ticks and returns all rows; NaN is compared through its bits in the text.
fn rows(twin: &mut Twin, ticks: u32) -> String {
    let plan = twin.plan().clone();
    let (mut chunk, mut sets) = (empty_chunk(&plan), FaultSets::default());
    for _ in 0..ticks {
        twin.tick(&Batch::default());
        twin.show(Wanted { readings: true, truth: true }, &mut chunk, &mut sets);
    }
    let outbox = twin.take_outbox();
    format!("{:?} {:?} {:?} {:?}", chunk, outbox.events, outbox.alerts, outbox.labels)
}

#[test]
fn a_plan_run_twice_says_the_same_and_another_seed_does_not() {
    let plan = plan();
    let (mut a, mut b) = (Twin::build(&plan), Twin::build(&plan));
    for _ in 0..200 {
        a.tick(&Batch::default());
        b.tick(&Batch::default());
        assert_eq!(a.digests(), b.digests());
    }
    let other = plan_of(MACHINE, &format!("seed = 2\n{}", scenario(5, "10 h", "10 s", REST)));
    let mut c = Twin::build(&other);
    (0..200).for_each(|_| c.tick(&Batch::default()));
    assert_ne!(a.digests(), c.digests());
}

#[test]
fn a_restored_twin_continues_as_if_never_saved() {
    let plan = plan();
    let mut whole = Twin::build(&plan);
    for at in [0u32, 1, 700, 1441, 2200] {
        let mut whole_again = Twin::build(&plan);
        for _ in 0..at {
            whole_again.tick(&Batch::default());
        }
        whole_again.take_outbox();
        let snapshot = whole_again.snapshot();
        let bytes = snapshot.to_bytes();
        let read = Snapshot::from_bytes(&bytes).expect("a snapshot can be read back");
        assert_eq!(read.to_bytes(), bytes);
        let mut restored = Twin::restore(&plan, &read).expect("and restored");
        assert_eq!(restored.now(), whole_again.now());
        let ticks = 1200;
        assert_eq!(rows(&mut restored, ticks), rows(&mut whole_again, ticks), "saved after {at} ticks");
        assert_eq!(restored.digests(), whole_again.digests());
    }
    assert!(rows(&mut whole, 2500).contains("failure"), "the test machine must fail for this to mean something");
}

#[test]
fn a_snapshot_of_another_plan_is_refused_with_the_reason() {
    let mut twin = Twin::build(&plan());
    twin.tick(&Batch::default());
    let mut snapshot = twin.snapshot();
    let other = plan_of(&MACHINE.replace("0.8 + 0.5*load", "0.9 + 0.5*load"), &scenario(5, "10 h", "10 s", REST));
    let error = Twin::restore(&other, &snapshot).expect_err("another machine file").to_string();
    assert!(error.contains("another scenario or other machine files"), "{error}");
    let bytes = snapshot.to_bytes();
    for length in [0, 1, 7, bytes.len() / 2, bytes.len() - 1] {
        assert!(Snapshot::from_bytes(&bytes[..length]).is_err(), "{length} bytes of {}", bytes.len());
    }
    snapshot.version = 99;
    let error = Twin::restore(&plan(), &snapshot).expect_err("another version").to_string();
    assert!(error.contains("version 99"), "{error}");
    snapshot.version = twinwright_core::snapshot::VERSION;
    snapshot.machines.pop();
    snapshot.machines.remove(0);
    snapshot.machines[0].machine = 77;
    let error = Twin::restore(&plan(), &snapshot).expect_err("machines that are not there").to_string();
    assert!(error.contains("does not fit"), "{error}");
}

/// Readings of one machine as text, wherever it stands in the plan.
fn readings_of(plan: &Arc<Plan>, id: &str, sensors: &[&str], ticks: u32) -> String {
    let mut twin = Twin::build(plan);
    let (mut chunk, mut sets) = (empty_chunk(plan), FaultSets::default());
    for _ in 0..ticks {
        twin.tick(&Batch::default());
        twin.show(Wanted { readings: true, truth: true }, &mut chunk, &mut sets);
    }
    let index = plan.machine_index(id).expect("the machine is in the plan");
    let sheet = plan.model_of(index).sheet as usize;
    let (readings, truth) = (&chunk.readings[sheet], &chunk.truth[sheet]);
    let mut text = String::new();
    for sensor in sensors {
        let column =
            plan.sheets[sheet].sensors.iter().position(|known| known.name == *sensor).expect("the sensor is there");
        for row in (0..readings.len()).filter(|&row| readings.machine[row] == index) {
            text.push_str(&format!("{:?} {} ", readings.values[column][row], readings.quality[column][row]));
        }
        for row in (0..truth.len()).filter(|&row| truth.machine[row] == index) {
            text.push_str(&format!("{:?} ", truth.values[column][row]));
        }
    }
    text
}

#[test]
fn adding_a_machine_or_a_sensor_changes_no_other_machine() {
    let few = plan_of(MACHINE, &scenario(3, "2 h", "10 s", ""));
    let many = plan_of(MACHINE, &scenario(40, "2 h", "10 s", ""));
    let sensors = ["temp", "vib", "fast", "slow"];
    let reference = readings_of(&few, "U-2", &sensors, 500);
    assert_eq!(reference, readings_of(&many, "U-2", &sensors, 500));
    // Another kind with more sensors before ours in the plan, and one more sensor on our own kind.
    let wider = format!("{MACHINE}\n[sensors.extra]\nvalue = \"load\"\nnoise = {{ sd = 1 }}\n");
    let wider = plan_of(&wider, &scenario(3, "2 h", "10 s", ""));
    assert_eq!(reference, readings_of(&wider, "U-2", &sensors, 500));
    assert!(!reference.is_empty());
}

/// Every file of a folder with its bytes.
fn bytes_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(here) = folders.pop() {
        for entry in std::fs::read_dir(&here).expect("a run's folder can be read").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below the folder").display().to_string();
                files.insert(name, std::fs::read(&path).expect("a run's file can be read"));
            }
        }
    }
    files
}

fn run_into(scenario: &Path, out: &Path, threads: usize, formats: &[Format]) -> u128 {
    let mut settings = Settings::of(scenario);
    settings.out = Some(out.to_path_buf());
    settings.threads = threads;
    settings.formats = formats.to_vec();
    (settings.readings, settings.truth, settings.quiet) = (true, true, true);
    let plan = Arc::new(run::plan(&settings).expect("the scenario is fine"));
    let outcome = run::run(&settings, &plan, &AtomicBool::new(false)).expect("the run works");
    outcome.summary.digest
}

#[test]
fn the_bytes_of_every_file_are_the_same_for_any_number_of_threads_and_order_of_formats() {
    let scratch = Scratch::new();
    scratch.write("unit.toml", format!("schema = \"machine/1\"\nkind = \"unit\"\n{MACHINE}"));
    for (name, rest) in [("plain", REST.replace("crew = 2", "")), ("futures", format!("{REST}[futures]\ncount = 7\n"))]
    {
        let file = scratch.write(&format!("{name}.toml"), scenario(5, "3 h", "10 s", &rest));
        let one = run_into(&file, &scratch.join("one"), 1, &Format::ALL);
        let mut backwards = Format::ALL;
        backwards.reverse();
        let reference = bytes_of(&scratch.join("one"));
        assert!(reference.len() >= 12, "{:?}", reference.keys());
        for threads in [2, 3] {
            let many = run_into(&file, &scratch.join("many"), threads, &backwards);
            assert_eq!(one, many, "{name} on {threads} threads");
            for (file, bytes) in bytes_of(&scratch.join("many")) {
                assert!(reference.get(&file) == Some(&bytes), "{name}: {file} differs on {threads} threads");
            }
        }
    }
}

#[test]
fn shipped_scenarios_have_their_golden_digests() {
    let file = project().join("tests/golden/digests.txt");
    let mut lines = String::new();
    let mut scenarios: Vec<_> = std::fs::read_dir(project().join("scenarios"))
        .expect("scenarios are shipped")
        .flatten()
        .map(|e| e.path())
        .collect();
    scenarios.sort();
    let scratch = Scratch::new();
    for path in scenarios.iter().filter(|path| path.extension().is_some_and(|ending| ending == "toml")) {
        let mut settings = Settings::of(path);
        settings.out = Some(scratch.join("out"));
        settings.quiet = true;
        settings.until = Some("+2 d".to_owned());
        let plan = Arc::new(run::plan(&settings).expect("a shipped scenario is fine"));
        let outcome = run::run(&settings, &plan, &AtomicBool::new(false)).expect("and runs");
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        lines.push_str(&format!("{name} {:032x}\n", outcome.summary.digest));
    }
    if std::env::var_os("TWINWRIGHT_RENEW").is_some() {
        std::fs::create_dir_all(project().join("tests/golden")).expect("a folder can be made");
        std::fs::write(&file, &lines).expect("the goldens can be written");
    }
    let golden = std::fs::read_to_string(&file).expect("the goldens are there");
    assert_eq!(lines, golden, "renew with TWINWRIGHT_RENEW=1 when the change is meant");
}
