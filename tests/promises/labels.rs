//! Labels in the forms of SKAB, NAB and C-MAPSS: read back as those projects read theirs, and held against what the
//! run itself says of faults, modes and readings. The readers here are plain splits; none is the engine's.

use crate::truth::seen::{Seen, see};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use twinwright_io::labels::{LabelSort, LabelWriters};
use twinwright_io::{RunFolder, RunHead};
use twinwright_model::{Chunk, EventRecord, Label, Mode, Quality, ReadingRows, Span, Time};
use twinwright_tests::{Scratch, scenario};

/// A wear whose life a person can count, and two sensors.
const WEARING: &str = "[drivers]\nx = { mean = 50, swing = 10, period = \"7 h\" }\n\
                       [wear.belt]\nlaw = \"linear\"\nlife = \"20 h\"\nrepair = { takes = \"2 h\" }\n\
                       [sensors.temp]\nvalue = \"20 + x + 9*belt\"\nnoise = { sd = 0.1 }\n\
                       [sensors.slow]\nvalue = \"x\"\nevery = \"5 h\"\n";

/// Two noisy sensors and no wear.
const STEADY: &str = "[drivers]\nx = 50\n[sensors.s]\nvalue = \"x\"\nnoise = { sd = 0.5 }\n\
                      [sensors.other]\nvalue = \"2*x\"\nnoise = { sd = 0.25 }\n";

fn head(seen: &Seen) -> RunHead {
    RunHead {
        machines: seen.plan.machines.iter().map(|machine| machine.id.to_string()).collect(),
        sheets: seen.plan.sheets.clone(),
        futures: 1,
        resolution: Span(1_000),
        scenario: "test".to_owned(),
        seed: 1,
        version: "0".to_owned(),
    }
}

fn rows(from: &ReadingRows, range: std::ops::Range<usize>) -> ReadingRows {
    let part = |column: &Vec<f32>| column[range.clone()].to_vec();
    ReadingRows {
        time: from.time[range.clone()].to_vec(),
        machine: from.machine[range.clone()].to_vec(),
        future: from.future[range.clone()].to_vec(),
        values: from.values.iter().map(part).collect(),
        quality: from.quality.iter().map(|column| column[range.clone()].to_vec()).collect(),
        fault: from.fault[range.clone()].to_vec(),
        sensor_fault: Vec::new(),
    }
}

/// Writes a run's labels, cut into pieces of about so many rows at whole instants.
fn write(seen: &Seen, sorts: &[LabelSort], piece: usize) -> Scratch {
    let scratch = Scratch::new();
    let mut folder = RunFolder::open(scratch.join("out")).unwrap();
    let mut writers = LabelWriters::open(&folder, &head(seen), sorts).unwrap();
    let (mut from, mut events) = (0, seen.events.as_slice());
    while from < seen.readings.len() {
        let mut to = (from + piece).min(seen.readings.len());
        while to < seen.readings.len() && seen.readings.time[to] == seen.readings.time[to - 1] {
            to += 1;
        }
        let end = seen.readings.time[to - 1];
        let (mine, rest): (&[EventRecord], _) = events.split_at(events.partition_point(|event| event.time <= end));
        events = rest;
        let chunk = Chunk { readings: vec![rows(&seen.readings, from..to)], ..Chunk::default() };
        writers.record(&chunk, mine).unwrap();
        from = to;
    }
    let labels: Vec<Label> = seen.labels.iter().chain(&seen.open_labels).cloned().collect();
    writers.finish(&folder, &labels).unwrap();
    folder.keep();
    scratch
}

fn text(scratch: &Scratch, name: &str) -> String {
    let path = scratch.join("out/labels").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// All files below a folder with their bytes.
fn files(folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            let name = path.components().skip_while(|part| part.as_os_str() != "out").collect::<std::path::PathBuf>();
            found.insert(name.display().to_string(), std::fs::read(&path).unwrap());
        }
    }
}

/// A table of 26 whitespace-separated columns: unit, cycle and the 24 others.
fn units(text: &str) -> BTreeMap<u32, Vec<Vec<f64>>> {
    let mut units: BTreeMap<u32, Vec<Vec<f64>>> = BTreeMap::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(cells.len(), 26, "{line}");
        let (unit, cycle): (u32, usize) = (cells[0].parse().unwrap(), cells[1].parse().unwrap());
        let unit = units.entry(unit).or_default();
        unit.push(cells[2..].iter().map(|cell| cell.parse().unwrap()).collect());
        assert_eq!(cycle, unit.len(), "cycles count from 1 without a gap");
    }
    assert!(units.keys().copied().eq(1..=units.len() as u32), "units count from 1 without a gap");
    units
}

/// The rows of each life of a machine that ended in a failure, as the modes of the truth tell it.
fn lives(seen: &Seen, machine: u32) -> Vec<Vec<usize>> {
    let (mut lives, mut life) = (Vec::new(), Vec::new());
    for (row, mode) in seen.modes(machine).into_iter().enumerate() {
        if mode == Mode::Running {
            life.push(row);
        } else if mode == Mode::Failed && !life.is_empty() {
            lives.push(std::mem::take(&mut life));
        }
    }
    lives
}

#[test]
fn cmapss_shows_whole_lives_in_train_and_cut_ones_in_test_and_no_machine_in_both() {
    let machine = WEARING.replace("\"20 h\"", "{ weibull = [3, \"20 h\"] }");
    let seen = see(&machine, &scenario(12, "100 h", "1 h", ""));
    let scratch = write(&seen, &[LabelSort::Cmapss], 50);
    let (train, test) =
        (units(&text(&scratch, "cmapss/train_unit.txt")), units(&text(&scratch, "cmapss/test_unit.txt")));
    let remaining: Vec<usize> =
        text(&scratch, "cmapss/RUL_unit.txt").lines().map(|line| line.trim().parse().unwrap()).collect();
    assert_eq!(remaining.len(), test.len());
    let columns: Json = serde_json::from_str(&text(&scratch, "cmapss/columns_unit.json")).unwrap();
    assert_eq!(columns["columns"].as_array().unwrap().len(), 26);

    let mut told = 0;
    let mut sides = [BTreeSet::new(), BTreeSet::new()];
    for (side, (name, units)) in [("train", &train), ("test", &test)].into_iter().enumerate() {
        for unit in columns[name].as_array().unwrap() {
            let id = unit["machine"].as_str().unwrap();
            sides[side].insert(id.to_owned());
            let machine = seen.plan.machines.iter().position(|machine| *machine.id == *id).unwrap() as u32;
            let life = &lives(&seen, machine)[unit["life"].as_u64().unwrap() as usize - 1];
            let number = unit["unit"].as_u64().unwrap() as u32;
            let rows = &units[&number];
            let left = if side == 0 { 0 } else { remaining[number as usize - 1] };
            assert_eq!(rows.len() + left, life.len(), "{name} {unit}");
            assert!(side == 0 || left > 0, "a test unit has not failed yet: {unit}");
            check_values(&seen, machine, &life[..rows.len()], rows);
            told += 1;
        }
    }
    let all: usize = (0..12).map(|machine| lives(&seen, machine).len()).sum();
    assert_eq!(told, all, "every life that ended is told once");
    assert!(all > 30, "{all} lives");
    assert!(sides[0].is_disjoint(&sides[1]) && sides.iter().all(|side| side.len() >= 3), "{sides:?}");
}

/// Settings and padding are 0, `temp` is what was read, `slow` repeats what it read last.
fn check_values(seen: &Seen, machine: u32, life: &[usize], rows: &[Vec<f64>]) {
    let (temp, slow) = (seen.measured(machine, "temp"), seen.measured(machine, "slow"));
    let places = |name: &str| 3 + seen.plan.sheets[0].sensors.iter().position(|sensor| sensor.name == name).unwrap();
    let mut last = life.iter().map(|&row| slow[row]).find(|value| !value.is_nan()).unwrap_or(0.0);
    for (row, cells) in life.iter().zip(rows) {
        if !slow[*row].is_nan() {
            last = slow[*row];
        }
        assert_eq!(cells[places("temp")] as f32, temp[*row]);
        assert_eq!(cells[places("slow")] as f32, last);
        assert!(cells[..3].iter().chain(&cells[5..]).all(|cell| *cell == 0.0), "{cells:?}");
    }
}

#[test]
fn a_trip_interrupts_a_life_and_planned_work_ends_it_untold() {
    let trip = "[[fault.trip]]\nmachine = \"U-1\"\nstart = \"+5 h\"\nlasts = \"3 h\"\n";
    let seen = see(WEARING, &scenario(1, "30 h", "1 h", trip));
    let scratch = write(&seen, &[LabelSort::Cmapss], 7);
    let train = units(&text(&scratch, "cmapss/train_unit.txt"));
    assert!(!scratch.join("out/labels/cmapss/test_unit.txt").exists(), "one machine is for learning");
    let running = seen.modes(0).iter().take_while(|mode| **mode == Mode::Running).count();
    assert_eq!(running, 5, "the machine trips at 5 h");
    assert_eq!(train.values().map(Vec::len).collect::<Vec<_>>(), [20], "twenty hours of work are one life");

    let planned = "[maintenance]\npolicy = \"periodic\"\nevery = \"15 h\"\nrestores = [\"belt\"]\n";
    let seen = see(WEARING, &scenario(1, "100 h", "1 h", planned));
    assert_eq!(seen.ticks_of(0, "failure").len(), 0, "planned work comes before every failure");
    assert!(seen.ticks_of(0, "repair").len() > 3);
    let scratch = write(&seen, &[LabelSort::Cmapss], 7);
    assert!(!scratch.join("out/labels/cmapss/train_unit.txt").exists(), "no life was lived to its end");
    let columns: Json = serde_json::from_str(&text(&scratch, "cmapss/columns_unit.json")).unwrap();
    assert_eq!((&columns["train"], &columns["test"]), (&Json::Array(vec![]), &Json::Array(vec![])));
}

/// Half an hour at 10 s: `s` has two faults that overlap and one that stands alone, `other` drops out, the whole of U-2
/// is shifted to the end, and the line of U-1 is late, which is no anomaly.
fn faulty() -> Seen {
    let faults = "[[fault.offset]]\nmachine = \"U-1\"\nsensor = \"s\"\nby = 9\nstart = \"+10 min\"\nlasts = \"5 min\"\n\
                  [[fault.noise]]\nmachine = \"U-1\"\nsensor = \"s\"\nfactor = 3\nstart = \"+12 min\"\nlasts = \"8 min\"\n\
                  [[fault.spike]]\nmachine = \"U-1\"\nsensor = \"s\"\nby = 90\nstart = \"+25 min\"\n\
                  [[fault.dropout]]\nmachine = \"U-1\"\nsensor = \"other\"\nstart = \"+5 min\"\nlasts = \"1 min\"\n\
                  [[fault.shift]]\nmachine = \"U-2\"\ndriver = \"x\"\nby = 5\nstart = \"+20 min\"\n\
                  [[fault.late]]\nmachine = \"U-1\"\nby = \"5 s\"\nstart = \"+1 min\"\nlasts = \"1 min\"\n";
    see(STEADY, &scenario(3, "30 min", "10 s", faults))
}

const ROWS: usize = 181;

#[test]
fn skab_marks_the_rows_of_faults_and_the_rows_where_something_changes() {
    let seen = faulty();
    let scratch = write(&seen, &[LabelSort::Skab], 100);
    let wanted: [(&str, Vec<usize>, &[usize]); 3] = [
        ("U-1", (30..36).chain(60..120).chain(150..151).collect(), &[30, 36, 60, 72, 90, 120, 150, 151]),
        ("U-2", (120..ROWS).collect(), &[120]),
        ("U-3", vec![], &[]),
    ];
    for (machine, (name, anomalies, changes)) in wanted.into_iter().enumerate() {
        let table = text(&scratch, &format!("skab/{name}.csv"));
        let mut lines = table.lines();
        assert_eq!(lines.next(), Some("datetime;s;other;anomaly;changepoint"));
        let lines: Vec<Vec<&str>> = lines.map(|line| line.split(';').collect()).collect();
        assert_eq!(lines.len(), ROWS);
        assert_eq!((lines[0][0], lines[61][0]), ("2026-01-01 00:00:00", "2026-01-01 00:10:10"));
        let marked = |column: usize| (0..ROWS).filter(|&row| lines[row][column] == "1.0").collect::<Vec<_>>();
        assert_eq!(marked(3), anomalies, "{name}");
        assert_eq!(marked(4), changes, "{name}");
        for (column, sensor) in [(1, "s"), (2, "other")] {
            let (values, quality) = (seen.measured(machine as u32, sensor), seen.quality(machine as u32, sensor));
            for row in 0..ROWS {
                let cell = lines[row][column];
                let missing = Quality::from_code(quality[row]) == Quality::Missing;
                assert_eq!(cell.is_empty(), missing, "{name} {sensor} row {row}");
                assert!(missing || cell.parse() == Ok(values[row]) && cell.contains('.'), "{name} {sensor} row {row}");
            }
        }
    }
}

#[test]
fn nab_has_a_window_for_each_fault_of_a_sensor_and_none_that_overlap() {
    let seen = faulty();
    let scratch = write(&seen, &[LabelSort::Nab], 100);
    let read = |name: &str| -> BTreeMap<String, Json> {
        serde_json::from_str(&text(&scratch, &format!("nab/labels/{name}.json"))).unwrap()
    };
    let (windows, labels) = (read("combined_windows"), read("combined_labels"));
    let keys: Vec<&str> = windows.keys().map(String::as_str).collect();
    assert_eq!(keys, ["U-1/other.csv", "U-1/s.csv", "U-2/other.csv", "U-2/s.csv", "U-3/other.csv", "U-3/s.csv"]);
    for (key, wanted) in [
        ("U-1/s.csv", vec![[60, 119], [150, 150]]),
        // Its rows are gone, so there is nothing that a window could hold.
        ("U-1/other.csv", vec![]),
        ("U-2/s.csv", vec![[120, 180]]),
        ("U-2/other.csv", vec![[120, 180]]),
        ("U-3/s.csv", vec![]),
    ] {
        let stamp = |row: usize| format!("2026-01-01 00:{:02}:{:02}", row / 6, row % 6 * 10);
        let full = |row: usize| format!("{}.000000", stamp(row));
        let spans: Vec<[String; 2]> = wanted.iter().map(|[from, to]| [full(*from), full(*to)]).collect();
        assert_eq!(windows[key], serde_json::json!(spans), "{key}");
        assert_eq!(labels[key], serde_json::json!(wanted.iter().map(|w| stamp(w[0])).collect::<Vec<_>>()), "{key}");
    }
    let series = text(&scratch, "nab/data/U-1/other.csv");
    assert_eq!(series.lines().next(), Some("timestamp,value"));
    assert_eq!(series.lines().count(), 1 + ROWS - 6, "six readings dropped out");
    let values: Vec<f32> =
        series.lines().skip(1).map(|line| line.split_once(',').unwrap().1.parse().unwrap()).collect();
    let read: Vec<f32> = seen.measured(0, "other").into_iter().filter(|value| !value.is_nan()).collect();
    assert_eq!(values, read);
}

#[test]
fn jsonl_says_of_every_fault_what_the_labels_say() {
    let seen = faulty();
    let labels: Vec<&Label> = seen.labels.iter().chain(&seen.open_labels).collect();
    let told = text(&write(&seen, &[LabelSort::Jsonl], 100), "labels.jsonl");
    assert_eq!(told.lines().count(), 6);
    for (line, label) in told.lines().zip(labels) {
        let line: Json = serde_json::from_str(line).unwrap();
        assert_eq!(line["fault"], *label.fault);
        assert_eq!((&line["layer"], &line["kind"]), (&Json::from(label.layer), &Json::from(label.kind)));
        assert_eq!(line["machine"], *seen.plan.machines[label.machine as usize].id);
        assert_eq!(line["sensor"], *label.sensor);
        assert_eq!(Time::parse(line["start"].as_str().unwrap()), Ok(label.start));
        assert_eq!(line["end"].as_str().map(|end| Time::parse(end).unwrap()), label.end);
        assert_eq!(line["parameters"], Json::Object(label.parameters.clone()));
    }
}

#[test]
fn labels_do_not_depend_on_how_a_run_is_cut_and_leave_nothing_else_behind() {
    let seen = see(&WEARING.replace("5 h", "20 min"), &scenario(5, "70 h", "1 h", ""));
    let all = |piece: usize| {
        let scratch = write(&seen, &LabelSort::ALL, piece);
        let mut found = BTreeMap::new();
        files(&scratch.join("out"), &mut found);
        found
    };
    let (whole, pieces) = (all(usize::MAX / 2), all(3));
    assert!(whole == pieces, "the bytes are the same");
    let strange: Vec<&String> =
        whole.keys().filter(|name| !name.starts_with("out/labels/") || name.contains("spool")).collect();
    assert_eq!(strange, ["out/.twinwright-run"]);
    assert!(whole["out/labels/skab/U-1.csv"].windows(5).any(|text| text == b":20:0"), "rows between ticks are there");

    let scratch = Scratch::new();
    let folder = RunFolder::open(scratch.join("out")).unwrap();
    let writers = LabelWriters::open(&folder, &head(&seen), &LabelSort::ALL).unwrap();
    drop(writers);
    drop(folder);
    assert!(!scratch.join("out").exists(), "a run that was given up leaves nothing");
}
