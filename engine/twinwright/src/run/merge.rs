//! Puts what several worlds said of the same ticks into one order: time, future, machine.
//!
//! The same bytes come out for any number of worlds. A single world's columns pass through untouched, but for the
//! numbers of fault sets, which are given in row order.

use super::worker::Stretch;
use std::collections::BTreeMap;
use twinwright_core::Plan;
use twinwright_io::Failure;
use twinwright_model::{AlertRecord, Chunk, EventRecord, Label, ReadingRows, Time, TruthRows, WorkRecord};

/// One stretch of the whole run.
#[derive(Debug, Default)]
pub struct Merged {
    pub chunk: Chunk,
    pub events: Vec<EventRecord>,
    pub alerts: Vec<AlertRecord>,
    pub labels: Vec<Label>,
    pub works: Vec<WorkRecord>,
}

impl Merged {
    /// When machines failed in it.
    pub fn failures(&self) -> impl Iterator<Item = Failure> {
        let failures = self.events.iter().filter(|event| event.event == "failure");
        failures.map(|event| Failure { time: event.time, machine: event.machine, future: event.future })
    }
}

/// Merges stretch after stretch.
#[derive(Debug)]
pub struct Merger {
    sheets: usize,
    /// Names of fault sets as worlds brought them, and in the order in which rows showed them.
    seen: Vec<String>,
    sets: Vec<String>,
}

impl Merger {
    pub fn new(plan: &Plan) -> Merger {
        Merger { sheets: plan.sheets.len(), seen: Vec::new(), sets: Vec::new() }
    }

    pub fn merge(&mut self, mut parts: Vec<Stretch>) -> Merged {
        let mut merged = Merged::default();
        for part in &mut parts {
            merged.events.append(&mut part.outbox.events);
            merged.alerts.append(&mut part.outbox.alerts);
            merged.labels.append(&mut part.outbox.labels);
            merged.works.append(&mut part.outbox.works);
            let sets = std::mem::take(&mut part.chunk.fault_sets);
            part.chunk.readings.iter_mut().for_each(|rows| renumber(rows, &sets, &mut self.seen));
        }
        merged.events.sort_by_key(|event| (event.time, event.future, event.machine));
        merged.alerts.sort_by_key(|alert| (alert.time, alert.future, alert.machine));
        merged.works.sort_by_key(|work| (work.time, work.future, work.machine));
        merged.chunk = match parts.len() {
            1 => parts.remove(0).chunk,
            _ => self.weave(&parts),
        };
        merged.chunk.readings.iter_mut().for_each(|rows| renumber(rows, &self.seen, &mut self.sets));
        merged.chunk.fault_sets.clone_from(&self.sets);
        merged
    }

    fn weave(&self, parts: &[Stretch]) -> Chunk {
        let mut chunk = Chunk::default();
        for sheet in 0..self.sheets {
            let readings: Vec<&ReadingRows> = parts.iter().map(|part| &part.chunk.readings[sheet]).collect();
            let order =
                order_of(&readings.iter().map(|rows| key(&rows.time, &rows.future, &rows.machine)).collect::<Vec<_>>());
            chunk.readings.push(weave_readings(&readings, &order));
            let truth: Vec<&TruthRows> = parts.iter().map(|part| &part.chunk.truth[sheet]).collect();
            let order =
                order_of(&truth.iter().map(|rows| key(&rows.time, &rows.future, &rows.machine)).collect::<Vec<_>>());
            chunk.truth.push(weave_truth(&truth, &order));
        }
        chunk
    }
}

/// Gives fault sets the numbers that `sets` has for their names, in the order of the rows.
fn renumber(rows: &mut ReadingRows, names: &[String], sets: &mut Vec<String>) {
    if names.is_empty() {
        return;
    }
    let mut known: BTreeMap<u32, u32> = BTreeMap::new();
    let mut number = |old: u32| -> u32 {
        if old == 0 {
            return 0;
        }
        *known.entry(old).or_insert_with(|| {
            let name = &names[old as usize - 1];
            let place = sets.iter().position(|set| set == name).unwrap_or_else(|| {
                sets.push(name.clone());
                sets.len() - 1
            });
            place as u32 + 1
        })
    };
    rows.fault.iter_mut().for_each(|fault| *fault = number(*fault));
    rows.sensor_fault.iter_mut().for_each(|(_, _, fault)| *fault = number(*fault));
}

type Key<'a> = (&'a [Time], &'a [u32], &'a [u32]);

fn key<'a>(time: &'a [Time], future: &'a [u32], machine: &'a [u32]) -> Key<'a> {
    (time, future, machine)
}

/// Stretches of rows in the merged order: (part, from, to).
fn order_of(parts: &[Key<'_>]) -> Vec<(usize, usize, usize)> {
    let mut next = vec![0usize; parts.len()];
    let mut order: Vec<(usize, usize, usize)> = Vec::new();
    let at = |part: usize, row: usize| {
        let (time, future, machine) = parts[part];
        (row < time.len()).then(|| (time[row], future[row], machine[row]))
    };
    loop {
        let first = (0..parts.len()).filter_map(|part| Some((at(part, next[part])?, part))).min();
        let Some((_, part)) = first else { return order };
        let row = next[part];
        next[part] += 1;
        match order.last_mut() {
            Some((last, _, to)) if *last == part && *to == row => *to += 1,
            _ => order.push((part, row, row + 1)),
        }
    }
}

fn gather<T: Copy>(order: &[(usize, usize, usize)], columns: &[&Vec<T>]) -> Vec<T> {
    let mut out = Vec::with_capacity(columns.iter().map(|column| column.len()).sum());
    for &(part, from, to) in order {
        out.extend_from_slice(&columns[part][from..to]);
    }
    out
}

fn weave_readings(parts: &[&ReadingRows], order: &[(usize, usize, usize)]) -> ReadingRows {
    let mut woven = ReadingRows {
        time: gather(order, &columns(parts, |rows| &rows.time)),
        machine: gather(order, &columns(parts, |rows| &rows.machine)),
        future: gather(order, &columns(parts, |rows| &rows.future)),
        fault: gather(order, &columns(parts, |rows| &rows.fault)),
        ..ReadingRows::default()
    };
    for sensor in 0..parts.first().map_or(0, |rows| rows.values.len()) {
        woven.values.push(gather(order, &columns(parts, |rows| &rows.values[sensor])));
        woven.quality.push(gather(order, &columns(parts, |rows| &rows.quality[sensor])));
    }
    let mut base = 0u32;
    for &(part, from, to) in order {
        let list = &parts[part].sensor_fault;
        let first = list.partition_point(|(row, _, _)| (*row as usize) < from);
        let mine = list[first..].iter().take_while(|(row, _, _)| (*row as usize) < to);
        woven.sensor_fault.extend(mine.map(|&(row, sensor, set)| (base + row - from as u32, sensor, set)));
        base += (to - from) as u32;
    }
    woven
}

fn columns<'a, R, T>(parts: &[&'a R], column: impl Fn(&'a R) -> &'a Vec<T>) -> Vec<&'a Vec<T>> {
    parts.iter().map(|rows| column(rows)).collect()
}

fn weave_truth(parts: &[&TruthRows], order: &[(usize, usize, usize)]) -> TruthRows {
    let mut woven = TruthRows {
        time: gather(order, &columns(parts, |rows| &rows.time)),
        machine: gather(order, &columns(parts, |rows| &rows.machine)),
        future: gather(order, &columns(parts, |rows| &rows.future)),
        mode: gather(order, &columns(parts, |rows| &rows.mode)),
        ..TruthRows::default()
    };
    for sensor in 0..parts.first().map_or(0, |rows| rows.values.len()) {
        woven.values.push(gather(order, &columns(parts, |rows| &rows.values[sensor])));
    }
    for wear in 0..parts.first().map_or(0, |rows| rows.wears.len()) {
        woven.wears.push(gather(order, &columns(parts, |rows| &rows.wears[wear])));
    }
    woven
}
