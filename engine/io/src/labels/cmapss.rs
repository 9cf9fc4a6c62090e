//! C-MAPSS's form: `labels/cmapss/{train,test,RUL}_<kind>.txt`, 26 columns without a head, and `columns_<kind>.json`
//! that says what they are.
//!
//! A unit is one life of a machine: from its start, or from the end of a repair or planned work, to the failure of a
//! wear. Only rows of a machine at work count, each one cycle; a trip interrupts a life and does not end it. Lives
//! without a failure in the run are left out. A machine is wholly in train or wholly in test, by the hash of its id,
//! so nothing of a test machine can be learnt. A cell without a number repeats the one before: C-MAPSS has no gaps.

use super::Run;
use super::page::Page;
use super::spool::{RowSpool, SpooledRow};
use crate::{RecordError, RunFolder, file_name};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use twinwright_model::{EventRecord, Mode, Sheet, Time};

const SENSORS: usize = 21;
const SETTINGS: usize = 3;

/// What each machine's lives are, as its events tell.
#[derive(Debug)]
pub(super) struct Lives {
    machines: Vec<Course>,
    /// Changes of the present stretch that rows have not reached yet.
    ahead: BTreeMap<u32, VecDeque<(Time, Change)>>,
}

#[derive(Debug, Clone)]
struct Course {
    mode: Mode,
    lives: Vec<Life>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Life {
    cycles: u64,
    failed: bool,
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Mode(Mode),
    Failed,
    Renewed,
}

impl Change {
    fn of(event: &EventRecord) -> Option<Change> {
        match event.event {
            "mode" => event.detail.get("mode").and_then(Value::as_str).and_then(Mode::from_name).map(Change::Mode),
            // A trip is a failure too, but of no part: nothing is renewed after it.
            "failure" if event.detail.contains_key("wear") => Some(Change::Failed),
            "repair" => Some(Change::Renewed),
            _ => None,
        }
    }
}

impl Course {
    fn take(&mut self, change: Change) {
        match change {
            Change::Mode(mode) => self.mode = mode,
            Change::Failed => self.lives.last_mut().into_iter().for_each(|life| life.failed = true),
            Change::Renewed => self.lives.push(Life::default()),
        }
    }

    /// Lives that are told whole: number from 1, and cycles.
    fn told(&self, at_least: u64) -> impl Iterator<Item = (u32, u64)> {
        let lives = (1u32..).zip(&self.lives);
        lives
            .filter(move |(_, life)| life.failed && life.cycles >= at_least)
            .map(|(number, life)| (number, life.cycles))
    }
}

impl Lives {
    pub(super) fn new(machines: usize) -> Lives {
        let course = Course { mode: Mode::Running, lives: vec![Life::default()] };
        Lives { machines: vec![course; machines], ahead: BTreeMap::new() }
    }

    /// The events of a stretch, before its rows.
    pub(super) fn hear(&mut self, events: &[EventRecord]) {
        for event in events.iter().filter(|event| event.future == 0) {
            if let Some(change) = Change::of(event) {
                self.ahead.entry(event.machine).or_default().push_back((event.time, change));
            }
        }
    }

    /// A row's life; 0 where the machine is not at work.
    pub(super) fn row(&mut self, machine: u32, time: Time) -> u32 {
        let Some(course) = self.machines.get_mut(machine as usize) else { return 0 };
        if let Some(ahead) = self.ahead.get_mut(&machine) {
            while let Some((_, change)) = ahead.pop_front_if(|(at, _)| *at <= time) {
                course.take(change);
            }
        }
        match course.lives.last_mut() {
            Some(life) if course.mode.ages() && !life.failed => life.cycles += 1,
            _ => return 0,
        }
        course.lives.len() as u32
    }

    /// All rows of the stretch are through.
    pub(super) fn end_stretch(&mut self) {
        for (machine, changes) in std::mem::take(&mut self.ahead) {
            if let Some(course) = self.machines.get_mut(machine as usize) {
                changes.into_iter().for_each(|(_, change)| course.take(change));
            }
        }
    }

    /// For each of these machines that lived to a failure: whether it is for tests.
    fn split(&self, machines: &[(u32, &str)]) -> BTreeMap<u32, bool> {
        let told = machines.iter().filter(|(machine, _)| self.machines[*machine as usize].told(2).next().is_some());
        let mut hashes: Vec<(u64, u32)> = told.map(|&(machine, name)| (hash(name, 0), machine)).collect();
        hashes.sort_unstable();
        let half = |&(hash, machine): &(u64, u32)| (machine, hash >= 1 << 63);
        let mut split: BTreeMap<u32, bool> = hashes.iter().map(half).collect();
        if let [first, .., last] = hashes.as_slice() {
            // Both sides have somebody.
            split.insert(first.1, false);
            split.insert(last.1, true);
        } else {
            split.values_mut().for_each(|test| *test = false);
        }
        split
    }
}

/// FNV-1a with a last stir: the same on every computer and in every version.
fn hash(name: &str, life: u32) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for byte in name.bytes().chain(life.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

/// How many cycles of a life a test shows: at least a tenth of it and one, never all.
fn shown(name: &str, life: u32, cycles: u64) -> u64 {
    let least = (cycles / 10).max(1);
    least + hash(name, life) % (cycles - least)
}

pub(super) fn write(folder: &RunFolder, run: &Run, rows: &RowSpool, lives: &Lives) -> Result<(), RecordError> {
    for (place, sheet) in run.sheets.iter().enumerate() {
        let numbered = (0u32..).zip(run.machines.iter().map(String::as_str));
        let machines: Vec<(u32, &str)> = numbered.filter(|(m, _)| rows.sheet(*m) == Some(place)).collect();
        let split = lives.split(&machines);
        let mut units = [Vec::new(), Vec::new()];
        if split.is_empty() {
            tracing::warn!("no machine of kind {} lived to a failure: no C-MAPSS files for it", sheet.kind);
        } else {
            write_kind(folder, sheet, rows, lives, (&machines, &split), &mut units)?;
        }
        let [train, test] = units;
        let name = format!("labels/cmapss/columns_{}.json", file_name(&sheet.kind));
        let mut page = Page::open(folder, &name)?;
        page.text(&format!("{:#}\n", columns(sheet, &train, &test)))?;
        page.finish()?;
    }
    Ok(())
}

fn write_kind(
    folder: &RunFolder,
    sheet: &Sheet,
    rows: &RowSpool,
    lives: &Lives,
    (machines, split): (&[(u32, &str)], &BTreeMap<u32, bool>),
    units: &mut [Vec<Value>; 2],
) -> Result<(), RecordError> {
    let kind = file_name(&sheet.kind);
    let open = |what: &str| Page::open(folder, &format!("labels/cmapss/{what}_{kind}.txt"));
    let (mut pages, mut remaining) = ([open("train")?, open("test")?], open("RUL")?);
    for &(machine, name) in machines {
        let Some(&test) = split.get(&machine) else { continue };
        let side = usize::from(test);
        // By life: its unit and how many cycles to write.
        let mut wanted: BTreeMap<u32, (usize, u64)> = BTreeMap::new();
        for (life, cycles) in lives.machines[machine as usize].told(2) {
            let show = if test { shown(name, life, cycles) } else { cycles };
            if test {
                remaining.text(&format!("{} \n", cycles - show))?;
            }
            let unit = units[side].len() + 1;
            units[side].push(json!({ "unit": unit, "machine": name, "life": life, "cycles": show }));
            wanted.insert(life, (unit, show));
        }
        write_machine(rows, machine, sheet.sensors.len().min(SENSORS), &wanted, &mut pages[side])?;
    }
    let [train, test] = pages;
    train.finish()?;
    // With one machine there is nothing to test on, and an empty table is one that readers refuse.
    if !units[1].is_empty() {
        test.finish()?;
        remaining.finish()?;
    }
    Ok(())
}

/// The cycles of a machine's lives, in their order.
fn write_machine(
    rows: &RowSpool,
    machine: u32,
    sensors: usize,
    wanted: &BTreeMap<u32, (usize, u64)>,
    page: &mut Page,
) -> Result<(), RecordError> {
    let firsts = first_values(rows, machine, sensors, wanted)?;
    let (mut life, mut cycle) = (0, 0);
    let mut last = vec![0.0; sensors];
    rows.read(machine, |row| {
        let Some(&(unit, show)) = wanted.get(&row.life) else { return Ok(()) };
        if row.life != life {
            (life, cycle) = (row.life, 0);
            last.clone_from(&firsts[&life]);
        }
        cycle += 1;
        if cycle > show {
            return Ok(());
        }
        page.text(&format!("{unit} {cycle} 0.0 0.0 0.0 "))?;
        for (sensor, last) in last.iter_mut().enumerate() {
            *last = number(row, sensor).unwrap_or(*last);
            page.number(*last)?;
            page.text(" ")?;
        }
        // NASA's lines end in two blanks.
        page.text(&"0.0 ".repeat(SENSORS - sensors))?;
        page.text(" \n")
    })
}

fn number(row: &SpooledRow, sensor: usize) -> Option<f32> {
    row.value(sensor).filter(|value| value.is_finite())
}

/// The first number of each sensor in each life that is shown, for the cells before it; 0 where none comes.
fn first_values(
    rows: &RowSpool,
    machine: u32,
    sensors: usize,
    wanted: &BTreeMap<u32, (usize, u64)>,
) -> Result<BTreeMap<u32, Vec<f32>>, RecordError> {
    let mut firsts: BTreeMap<u32, (u64, Vec<f32>)> =
        wanted.keys().map(|&l| (l, (0, vec![f32::NAN; sensors]))).collect();
    rows.read(machine, |row| {
        let Some((cycle, first)) = firsts.get_mut(&row.life) else { return Ok(()) };
        *cycle += 1;
        // What a test does not show must not shine through.
        if wanted.get(&row.life).is_some_and(|&(_, show)| *cycle <= show) {
            let waiting = first.iter_mut().enumerate().filter(|(_, first)| first.is_nan());
            waiting.for_each(|(sensor, first)| *first = number(row, sensor).unwrap_or(f32::NAN));
        }
        Ok(())
    })?;
    let filled = |first: Vec<f32>| first.into_iter().map(|value| if value.is_nan() { 0.0 } else { value }).collect();
    Ok(firsts.into_iter().map(|(life, (_, first))| (life, filled(first))).collect())
}

/// What the 26 columns are, and which machine each unit was.
fn columns(sheet: &Sheet, train: &[Value], test: &[Value]) -> Value {
    let mut names = vec![json!("unit"), json!("cycle")];
    names.extend((1..=SETTINGS).map(|number| json!(format!("setting {number}: constant 0.0"))));
    names.extend(sheet.sensors.iter().take(SENSORS).map(|sensor| {
        json!(if sensor.unit.is_empty() { sensor.name.clone() } else { format!("{} [{}]", sensor.name, sensor.unit) })
    }));
    names.resize(2 + SETTINGS + SENSORS, json!("unused: constant 0.0"));
    let left_out: Vec<&str> = sheet.sensors.iter().skip(SENSORS).map(|sensor| sensor.name.as_str()).collect();
    json!({
        "about": "One row is one cycle: an instant at which a machine at work was read. A unit is one life of a machine \
                  that ended in a failure. Train shows whole lives, test lives cut before their failure, RUL the cycles \
                  that a test unit has left after its last row. A cell without a reading repeats the one before.",
        "kind": sheet.kind,
        "columns": names,
        "sensors_left_out": left_out,
        "train": train,
        "test": test,
    })
}
