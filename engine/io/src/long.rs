//! Readings in long shape: one row a reading, all kinds in one table, merged by time.
//!
//! `fault` names what acts on that sensor: its own faults and those of the whole machine. A row of the world says
//! all faults of the machine together, so the faults of its other sensors are taken out by name here.
//! A chunk holds whole ticks of all kinds, so merging within a chunk is merging altogether.

use crate::table::{Cells, Column, Role, Rows, column, has_value, leading_columns};
use std::collections::BTreeMap;
use std::sync::Arc;
use twinwright_model::{Chunk, Parcel, Quality, ReadingRows, Sheet};

/// Turns chunks into long rows.
#[derive(Debug)]
pub struct Lengthener {
    /// Every sensor name of the run, once.
    sensors: Vec<String>,
    /// Per sheet: its sensors as indices into `sensors`.
    codes: Vec<Vec<u32>>,
    faults: FaultNames,
    /// The names as parcels share them.
    shared: Arc<Vec<String>>,
}

/// The sets of faults that sensors have, by name.
#[derive(Debug, Default)]
struct FaultNames {
    names: Vec<String>,
    /// 1 + index into `names`.
    known: BTreeMap<String, u32>,
    /// What a machine's set leaves to (each sensor with its own set, all others).
    split: BTreeMap<(u32, Vec<(u16, u32)>), Split>,
}

#[derive(Debug, Clone)]
struct Split {
    others: u32,
    own: Vec<(u16, u32)>,
}

/// `time, machine, future, sensor, value, quality, fault`, and the sequence number where it is asked for.
pub(crate) fn columns(futures: u32, seq: bool) -> Vec<Column> {
    let mut columns = leading_columns(futures);
    columns.push(column("sensor", Role::Sensor));
    columns.push(column("value", Role::Reading));
    columns.push(column("quality", Role::Quality));
    columns.push(column("fault", Role::Fault));
    if seq {
        columns.push(column("seq", Role::Seq));
    }
    columns
}

impl Lengthener {
    pub fn new(sheets: &[Sheet]) -> Lengthener {
        let mut sensors: Vec<String> = Vec::new();
        let mut known: BTreeMap<&str, u32> = BTreeMap::new();
        let mut code = |name| {
            *known.entry(name).or_insert_with(|| {
                sensors.push(String::from(name));
                sensors.len() as u32 - 1
            })
        };
        let codes = sheets.iter().map(|sheet| sheet.sensors.iter().map(|s| code(s.name.as_str())).collect()).collect();
        Lengthener { sensors, codes, faults: FaultNames::default(), shared: Arc::default() }
    }

    /// Every sensor name of the run, once: what a parcel's sensor numbers stand for.
    pub fn sensors(&self) -> &[String] {
        &self.sensors
    }

    /// Adds the chunk's readings to a parcel, by time, sheet, row and sensor.
    pub fn lengthen(&mut self, chunk: &Chunk, parcel: &mut Parcel) {
        let mut next = vec![(0, 0); chunk.readings.len()];
        let first = |(readings, &(row, _)): (&ReadingRows, &(usize, usize))| readings.time.get(row).copied();
        while let Some(time) = chunk.readings.iter().zip(&next).filter_map(first).min() {
            for (sheet, (readings, (row, entry))) in chunk.readings.iter().zip(&mut next).enumerate() {
                while readings.time.get(*row) == Some(&time) {
                    let entries = entries_of(readings, *row, entry);
                    let split = self.faults.split(readings.fault[*row], entries, &chunk.fault_sets);
                    extend(parcel, readings, *row, &self.codes[sheet], &split);
                    *row += 1;
                }
            }
        }
        if self.shared.len() != self.faults.names.len() {
            self.shared = Arc::new(self.faults.names.clone());
        }
        parcel.faults = self.shared.clone();
    }
}

/// The entries of `row` among the single sensors' faults; `from` moves on with the rows.
fn entries_of<'a>(readings: &'a ReadingRows, row: usize, from: &mut usize) -> &'a [(u32, u16, u32)] {
    let rest = &readings.sensor_fault[*from..];
    let skipped = rest.iter().take_while(|entry| (entry.0 as usize) < row).count();
    let count = rest[skipped..].iter().take_while(|entry| entry.0 as usize == row).count();
    *from += skipped + count;
    &rest[skipped..skipped + count]
}

fn extend(parcel: &mut Parcel, readings: &ReadingRows, row: usize, sensors: &[u32], split: &Split) {
    let mut own = split.own.iter().peekable();
    for (index, &sensor) in sensors.iter().enumerate() {
        let fault = own.next_if(|own| usize::from(own.0) == index).map_or(split.others, |own| own.1);
        let quality = readings.quality[index][row];
        if quality == Quality::Unsampled as u8 {
            continue;
        }
        parcel.time.push(readings.time[row]);
        parcel.machine.push(readings.machine[row]);
        parcel.future.push(readings.future[row]);
        parcel.sensor.push(sensor);
        parcel.value.push(if has_value(quality) { readings.values[index][row] } else { f32::NAN });
        parcel.quality.push(quality);
        parcel.fault.push(fault);
    }
}

/// A parcel's rows as a table's.
pub(crate) fn rows<'a>(
    parcel: &'a Parcel,
    (futures, seq): (u32, bool),
    machines: &'a [String],
    sensors: &'a [String],
) -> Rows<'a> {
    let mut cells = vec![Cells::Time(&parcel.time), Cells::Word { codes: &parcel.machine, words: machines }];
    if futures > 1 {
        cells.push(Cells::Whole(&parcel.future));
    }
    cells.push(Cells::Word { codes: &parcel.sensor, words: sensors });
    cells.push(Cells::Reading { values: &parcel.value, quality: &parcel.quality });
    cells.push(Cells::Quality(&parcel.quality));
    cells.push(Cells::MaybeWord { codes: &parcel.fault, words: &parcel.faults });
    if seq {
        cells.push(Cells::Seq(&parcel.seq));
    }
    Rows { count: parcel.len(), kept: None, cells }
}

impl FaultNames {
    fn split(&mut self, machine: u32, entries: &[(u32, u16, u32)], sets: &[String]) -> Split {
        if machine == 0 && entries.is_empty() {
            return Split { others: 0, own: Vec::new() };
        }
        let key = (machine, entries.iter().map(|&(_, sensor, set)| (sensor, set)).collect::<Vec<_>>());
        if let Some(split) = self.split.get(&key) {
            return split.clone();
        }
        let names = |set: u32| {
            let set = (set as usize).checked_sub(1).and_then(|index| sets.get(index));
            set.map_or("", String::as_str).split('+').filter(|name| !name.is_empty())
        };
        let of_sensors: Vec<&str> = entries.iter().flat_map(|entry| names(entry.2)).collect();
        let others: Vec<&str> = names(machine).filter(|name| !of_sensors.contains(name)).collect();
        let own = entries.iter().map(|&(_, sensor, set)| {
            // In the order of the machine's set, so that one set of faults has one name.
            let own: Vec<&str> = names(set).collect();
            let mut all: Vec<&str> =
                names(machine).filter(|name| own.contains(name) || others.contains(name)).collect();
            all.extend(own.iter().filter(|name| !names(machine).any(|other| other == **name)));
            (sensor, self.code(&all))
        });
        let own = own.collect();
        let split = Split { others: self.code(&others), own };
        self.split.insert(key, split.clone());
        split
    }

    fn code(&mut self, names: &[&str]) -> u32 {
        if names.is_empty() {
            return 0;
        }
        let name = names.join("+");
        if let Some(&code) = self.known.get(&name) {
            return code;
        }
        self.names.push(name.clone());
        let code = self.names.len() as u32;
        self.known.insert(name, code);
        code
    }
}
