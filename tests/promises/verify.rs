//! `verify` finds what was done to the readings on their way, all of it and nothing else.
//!
//! The defects are planted by these tests into tables that they write themselves, so each has a known key; what the
//! program lists is read back and must be exactly that.

mod lists;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use twinwright::Trouble;
use twinwright::run::{self, Settings as RunSettings};
use twinwright::verify::{Mapping, Report, Settings, Sort, verify};
use twinwright_io::{Format, Options, Recorder, RunFolder, RunHead, Shape};
use twinwright_model::{Chunk, Quality, ReadingRows, Sensor, Sheet, Span, Time};
use twinwright_tests::Scratch;

const START: i64 = 1_767_225_600_000_000_000;
const MACHINES: usize = 20;
const SENSORS: usize = 10;
const TICKS: usize = 510;

/// A reading by numbers; machine and sensor may be ones that the run does not have.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Reading {
    machine: usize,
    sensor: usize,
    time: i64,
    value: f32,
    quality: Quality,
}

fn machine_name(machine: usize) -> String {
    format!("M-{machine}")
}

fn sensor_name(sensor: usize) -> String {
    format!("s{sensor}")
}

/// The same numbers in every run of the test.
struct Luck(u64);

impl Luck {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }
}

/// What a run of 20 machines made in 510 seconds: 102,000 readings by time, machine and sensor.
fn made() -> Vec<Reading> {
    let mut luck = Luck(1);
    let mut all = Vec::new();
    for tick in 0..TICKS {
        for (machine, sensor) in (0..MACHINES).flat_map(|m| (0..SENSORS).map(move |s| (m, s))) {
            let quality = if luck.below(50) == 0 { Quality::Uncertain } else { Quality::Good };
            let value = luck.below(100_000) as f32 / 1000.0;
            all.push(Reading { machine, sensor, time: START + tick as i64 * 1_000_000_000, value, quality });
        }
    }
    all
}

/// Records readings one by one in the order given, so that a table can hold any mess.
fn record(folder: &Path, readings: &[Reading], format: Format) {
    let sensors: Vec<Sensor> =
        (0..=SENSORS).map(|sensor| Sensor { name: sensor_name(sensor), unit: String::new() }).collect();
    let sheet = Sheet { kind: "unit".to_owned(), sensors, wears: Vec::new() };
    let head = RunHead {
        machines: (0..=MACHINES).map(machine_name).collect(),
        sheets: vec![sheet.clone()],
        futures: 1,
        resolution: Span(1_000),
        scenario: "test".to_owned(),
        seed: 1,
        version: "0".to_owned(),
    };
    let options = Options { formats: vec![format], shape: Shape::Long, readings: true, ..Options::default() };
    let mut recorder = Recorder::open(RunFolder::open(folder).unwrap(), head, &options).unwrap();
    for reading in readings {
        let mut rows = ReadingRows::for_sheet(&sheet);
        rows.time.push(Time(reading.time));
        rows.machine.push(reading.machine as u32);
        rows.future.push(0);
        rows.fault.push(0);
        for (sensor, (values, quality)) in rows.values.iter_mut().zip(&mut rows.quality).enumerate() {
            let mine = sensor == reading.sensor;
            values.push(if mine { reading.value } else { f32::NAN });
            quality.push(if mine { reading.quality } else { Quality::Unsampled }.code());
        }
        recorder.record(&Chunk { readings: vec![rows], ..Chunk::default() }).unwrap();
    }
    recorder.finish(Vec::new()).unwrap();
}

/// Readings as another program writes them.
fn as_csv(readings: &[Reading]) -> String {
    let mut text = "seq,machine,sensor,time,value,quality\n".to_owned();
    for (seq, r) in readings.iter().enumerate() {
        let (machine, sensor, time) = (machine_name(r.machine), sensor_name(r.sensor), Time(r.time));
        let _ = writeln!(text, "{seq},{machine},{sensor},{time},{},{}", r.value, r.quality.word());
    }
    text
}

fn as_jsonl(readings: &[Reading]) -> String {
    let line = |r: &Reading| {
        let (machine, sensor, time) = (machine_name(r.machine), sensor_name(r.sensor), r.time / 1_000_000);
        let value = f64::from(r.value);
        format!(
            "{{\"timestamp_ms\":{time},\"machine\":\"{machine}\",\"sensor\":\"{sensor}\",\"value\":{value},\"quality\":\"{}\"}}\n",
            r.quality.word()
        )
    };
    readings.iter().map(line).collect()
}

type Key = (String, String, String, String);

fn key(sort: Sort, reading: &Reading) -> Key {
    (sort.name().to_owned(), machine_name(reading.machine), sensor_name(reading.sensor), Time(reading.time).to_string())
}

/// A thousand defects of six sorts, no two on neighbouring readings of one sensor.
fn spoil(made: &[Reading]) -> (Vec<Reading>, BTreeSet<Key>) {
    let mut luck = Luck(7);
    let mut places: BTreeMap<usize, usize> = BTreeMap::new();
    let width = MACHINES * SENSORS;
    while places.len() < 1_000 {
        // Only readings of even ticks are touched, so that the next one of the sensor is as it was.
        let place = luck.below(TICKS / 2 - 1) * 2 * width + luck.below(width);
        let defect = places.len() % 6;
        places.entry(place).or_insert(defect);
    }
    let mut planted = BTreeSet::new();
    // Received rows by the place they come at: whole numbers are where they would be by right.
    let mut rows: Vec<(f64, Reading)> = Vec::new();
    for (place, &reading) in made.iter().enumerate() {
        let mut row = reading;
        let mut at = place as f64;
        match places.get(&place) {
            None => {}
            Some(0) => {
                planted.insert(key(Sort::Lost, &reading));
                continue;
            }
            Some(1) => {
                planted.insert(key(Sort::Doubled, &reading));
                rows.push((at + luck.below(3 * width) as f64 + 0.5, reading));
            }
            Some(2) => {
                planted.insert(key(Sort::Reordered, &reading));
                at += width as f64 + 0.5;
            }
            Some(3) => {
                planted.insert(key(Sort::Altered, &reading));
                row.value = f32::from_bits(row.value.to_bits() + 1);
            }
            Some(4) => {
                planted.insert(key(Sort::Altered, &reading));
                row.quality = if row.quality == Quality::Good { Quality::Bad } else { Quality::Good };
            }
            Some(_) => {
                let mut stranger = reading;
                match luck.below(3) {
                    0 => stranger.time += 1_000_000 * (1 + luck.below(998) as i64),
                    1 => stranger.machine = MACHINES,
                    _ => stranger.sensor = SENSORS,
                }
                if planted.insert(key(Sort::Unknown, &stranger)) {
                    rows.push((at + 0.25, stranger));
                }
            }
        }
        rows.push((at, row));
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    (rows.into_iter().map(|(_, reading)| reading).collect(), planted)
}

/// What a verification listed, one by one.
fn listed(settings: &Settings) -> (Report, BTreeSet<Key>) {
    let report = verify(settings).unwrap();
    let list = std::fs::read_to_string(settings.list.as_ref().unwrap()).unwrap();
    let mut found = BTreeSet::new();
    for line in list.lines().skip(1) {
        let mut cells = line.split(',').map(str::to_owned);
        let mut next = || cells.next().unwrap();
        assert!(found.insert((next(), next(), next(), next())), "told twice: {line}");
    }
    (report, found)
}

fn check_planted(received: PathBuf, against: PathBuf, list: PathBuf, planted: &BTreeSet<Key>) {
    let mut settings = Settings::of(vec![received], against);
    settings.list = Some(list);
    let (report, found) = listed(&settings);
    let missed: Vec<&Key> = planted.difference(&found).take(5).collect();
    let invented: Vec<&Key> = found.difference(planted).take(5).collect();
    assert!(missed.is_empty() && invented.is_empty(), "missed {missed:?}, invented {invented:?}");
    for sort in Sort::ALL {
        let count = planted.iter().filter(|key| key.0 == sort.name()).count() as u64;
        assert_eq!(report.count(sort), count, "{}", sort.name());
    }
    assert_eq!(report.expected, (MACHINES * SENSORS * TICKS) as u64);
    assert_eq!(report.intact, report.expected - report.count(Sort::Lost) - report.count(Sort::Altered));
    assert!(!report.clean());
}

#[test]
fn every_one_of_a_thousand_planted_defects_is_found_and_no_other() {
    let scratch = Scratch::new();
    let made = made();
    let (received, planted) = spoil(&made);
    assert!(made.len() > 100_000 && planted.len() > 990, "{} defects", planted.len());
    record(&scratch.join("run"), &made, Format::Csv);
    let against = || scratch.join("run");

    let csv = scratch.write("received.csv", as_csv(&received));
    check_planted(csv, against(), scratch.join("csv-list.csv"), &planted);
    let jsonl = scratch.write("received.jsonl", as_jsonl(&received));
    check_planted(jsonl, against(), scratch.join("jsonl-list.csv"), &planted);
    record(&scratch.join("back"), &received, Format::Parquet);
    check_planted(scratch.join("back/readings.parquet"), against(), scratch.join("parquet-list.csv"), &planted);
}

#[test]
fn it_does_not_matter_in_which_form_the_run_was_recorded() {
    let scratch = Scratch::new();
    let made = made();
    let (received, planted) = spoil(&made);
    let csv = scratch.write("received.csv", as_csv(&received));
    for format in [Format::Jsonl, Format::Parquet] {
        let run = scratch.join(format.name());
        record(&run, &made, format);
        check_planted(csv.clone(), run, scratch.join(format!("{}-list.csv", format.name())), &planted);
    }
}

#[test]
fn a_consumer_that_drops_every_further_copy_scores_full_marks() {
    let scratch = Scratch::new();
    let mut luck = Luck(3);
    let made = made();
    record(&scratch.join("run"), &made, Format::Csv);
    let mut delivered = Vec::new();
    let mut copies = 0;
    for (place, reading) in made.iter().enumerate() {
        delivered.push(*reading);
        if luck.below(20) == 0 {
            delivered.push(made[place - luck.below(place.min(5_000) + 1)]);
            copies += 1;
        }
    }
    let raw = scratch.write("raw.csv", as_csv(&delivered));
    let report = verify(&Settings::of(vec![raw], scratch.join("run"))).unwrap();
    assert_eq!((report.count(Sort::Doubled), report.intact), (copies, report.expected));
    assert_eq!(Sort::ALL.iter().map(|sort| report.count(*sort)).sum::<u64>(), copies, "doubled, and nothing else");
    let rate = report.rate(Sort::Doubled).mean;
    let (low, high) = report.rate(Sort::Doubled).interval.unwrap();
    assert!(low < 0.05 && 0.05 < high && low < rate && rate < high, "{low} to {high}");

    let mut seen = BTreeSet::new();
    delivered.retain(|reading| seen.insert((reading.machine, reading.sensor, reading.time)));
    let kept = scratch.write("kept.csv", as_csv(&delivered));
    let report = verify(&Settings::of(vec![kept], scratch.join("run"))).unwrap();
    assert!(report.clean() && report.intact == report.expected, "{}", report.page());
    assert!(report.page().contains("all arrived intact") && report.to_json()["clean"] == true);
}

const SHAKY: &str = "schema = \"machine/1\"\nkind = \"unit\"\n[drivers]\nx = { mean = 50, swing = 10, period = \"20 min\" }\n\
                     [sensors.s]\nvalue = \"x\"\nnoise = { sd = 0.5 }\nresolution = 0.01\n\
                     [sensors.often]\nvalue = \"2*x\"\nevery = \"2 s\"\n[sensors.rare]\nvalue = \"x\"\nevery = \"1 min\"\n";

/// A run with dropouts and NaN among its readings, left in all formats.
fn shaky_run(scratch: &Scratch, shape: Shape) -> PathBuf {
    scratch.write("unit.toml", SHAKY);
    let faults = "[[fault.dropout]]\nmachine = \"U-1\"\nsensor = \"s\"\nstart = \"+5 min\"\nlasts = \"1 min\"\n\
                  [[fault.nan]]\nmachine = \"U-2\"\nsensor = \"s\"\nstart = \"+6 min\"\nlasts = \"1 min\"\n";
    let scenario = twinwright_tests::scenario(3, "20 min", "10 s", faults);
    let mut settings = RunSettings::of(&scratch.write("scenario.toml", scenario));
    (settings.readings, settings.quiet, settings.shape) = (true, true, shape);
    settings.formats = vec![Format::Csv, Format::Jsonl, Format::Parquet];
    settings.out = Some(scratch.join("run"));
    let plan = Arc::new(run::plan(&settings).unwrap());
    run::run(&settings, &plan, &AtomicBool::new(false)).unwrap();
    scratch.join("run")
}

#[test]
fn a_run_holds_against_itself_in_every_format_and_shape_with_dropouts_and_nan() {
    for shape in [Shape::Wide, Shape::Long] {
        let scratch = Scratch::new();
        let run = shaky_run(&scratch, shape);
        let stem = if shape == Shape::Wide { "readings/unit" } else { "readings" };
        let formats = ["csv", "jsonl", "parquet"];
        for (received, against) in formats.iter().flat_map(|a| formats.map(|b| (a, b))) {
            let file = |format: &str| run.join(format!("{stem}.{format}"));
            let report = verify(&Settings::of(vec![file(received)], file(against))).unwrap();
            assert!(report.clean(), "{shape:?} {received} against {against}\n{}", report.page());
            // 121 of s, 601 of often and 21 of rare on each of three machines; six of s dropped out, six say NaN.
            let nan = if against == "jsonl" { 6 } else { 0 };
            assert_eq!(report.expected, 3 * (121 + 601 + 21) - 6 - nan, "{received} against {against}");
            assert_eq!(report.received, report.expected, "{shape:?} {received} against {against}");
        }
        let report = verify(&Settings::of(vec![run.clone()], run)).unwrap();
        assert!(report.clean() && report.files == 1, "{}", report.page());
        assert_eq!(report.received, report.expected, "a dropout is neither made nor received");
    }
}

#[test]
fn a_lost_row_of_a_wide_table_loses_each_of_its_readings() {
    let scratch = Scratch::new();
    let run = shaky_run(&scratch, Shape::Wide);
    let table = std::fs::read_to_string(run.join("readings/unit.csv")).unwrap();
    let gone = "2026-01-01T00:03:00.000Z,U-2,";
    let kept: String = table.split_inclusive('\n').filter(|line| !line.starts_with(gone)).collect();
    assert!(kept.len() < table.len());
    let settings = Settings::of(vec![scratch.write("kept.csv", kept)], run);
    let report = verify(&settings).unwrap();
    assert_eq!(report.count(Sort::Lost), 3, "{}", report.page());
    let lost: Vec<(&str, &str)> = report.examples.iter().map(|f| (f.machine.as_str(), f.sensor.as_str())).collect();
    assert_eq!(lost, [("U-2", "s"), ("U-2", "often"), ("U-2", "rare")]);
}

/// Two readings of one sensor, a second apart: 1.5 and 2.5.
fn small_run(scratch: &Scratch) -> PathBuf {
    scratch.write("readings.csv", "time,machine,sensor,value,quality,fault\n2026-01-01T00:00:00.000Z,P-1,temp,1.5,good,\n2026-01-01T00:00:01.000Z,P-1,temp,2.5,good,\n")
}

#[test]
fn what_cannot_be_compared_is_refused_with_its_place() {
    let scratch = Scratch::new();
    let run = small_run(&scratch);
    let refuse =
        |received: PathBuf, against: PathBuf, expected: &str| match verify(&Settings::of(vec![received], against)) {
            Err(Trouble::Input(message)) => assert!(message.contains(expected), "{message}\nexpected: {expected}"),
            other => panic!("expected `{expected}`, got {other:?}"),
        };
    let good = || scratch.join("readings.csv");
    refuse(scratch.join("nowhere.csv"), run.clone(), "nowhere.csv: there is no such file");
    refuse(good(), scratch.join("nowhere"), "there is no such folder");
    std::fs::create_dir(scratch.join("empty")).unwrap();
    refuse(good(), scratch.join("empty"), "holds no readings");
    refuse(scratch.join("empty"), run.clone(), "holds no .csv, .jsonl or .parquet file");
    refuse(scratch.write("a.csv", "when,machine,sensor,value\n"), run.clone(), "a.csv:1:1: no column is the time");
    refuse(scratch.write("b.csv", "time,machine,sensor\n"), run.clone(), "b.csv:1:1: no column is the value");
    refuse(scratch.write("c.csv", "time,machine\n"), run.clone(), "there is no column with readings");
    refuse(scratch.write("d.jsonl", "{\"x\":1}\n"), run.clone(), "d.jsonl:1:1: no column is the time");
    refuse(scratch.write("e.txt", ""), run, "expected a name that ends in .csv, .jsonl or .parquet");
    let twice = "time,machine,sensor,value\n2026-01-01T00:00:00Z,P-1,temp,1\n2026-01-01T00:00:00Z,P-1,temp,1\n";
    refuse(good(), scratch.write("twice.csv", twice), "P-1 temp has two readings of 2026-01-01T00:00:00.000Z");
    let odd = "time,machine,sensor,value\n2026-01-01T00:00:00Z,P-1,temp,warm\n";
    refuse(good(), scratch.write("odd.csv", odd), "odd.csv:2:1: `warm` is no value");
    assert!(Mapping::parse("time").is_err() && Mapping::parse("zeit=time").is_err());
}

#[test]
fn damaged_files_end_in_a_report_or_an_error_and_never_in_a_panic() {
    let scratch = Scratch::new();
    let run = shaky_run(&scratch, Shape::Long);
    let mut luck = Luck(11);
    let (mut reports, mut errors) = (0, 0);
    for format in ["csv", "jsonl", "parquet"] {
        let whole = std::fs::read(run.join(format!("readings.{format}"))).unwrap();
        for round in 0..150 {
            let mut bytes = whole.clone();
            for _ in 0..=luck.below(4) {
                let at = luck.below(bytes.len());
                bytes[at] = luck.below(256) as u8;
            }
            if round % 5 == 0 {
                bytes.truncate(luck.below(bytes.len()));
            }
            let file = scratch.write(&format!("damaged.{format}"), bytes);
            match verify(&Settings::of(vec![file], run.join("readings.csv"))) {
                Ok(_) => reports += 1,
                Err(Trouble::Input(_)) => errors += 1,
                Err(other) => panic!("{format} round {round}: {other}"),
            }
        }
    }
    assert!(reports > 200 && errors > 50, "{reports} reports, {errors} errors");
}
