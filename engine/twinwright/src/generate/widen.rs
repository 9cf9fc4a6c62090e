//! From readings in delivery order back to rows: what arrives together of one machine and instant makes one row.
//!
//! For outlets of wide shape behind a comms fault: a reading that was lost is an empty cell, one that comes twice or
//! late makes a row of its own. No reading is added, none is left out.

use std::collections::BTreeMap;
use std::sync::Arc;
use twinwright_io::outlets::Manifest;
use twinwright_model::{Chunk, Parcel, Quality, ReadingRows};

/// Puts readings into rows.
#[derive(Debug)]
pub struct Widener {
    manifest: Arc<Manifest>,
    /// Of each sheet: the column of each sensor number.
    columns: Vec<BTreeMap<u32, usize>>,
    sets: Vec<String>,
    known: BTreeMap<String, u32>,
}

impl Widener {
    pub fn new(manifest: &Arc<Manifest>) -> Widener {
        let number = |name: &str| manifest.sensors.iter().position(|sensor| sensor.name == name).map(|n| n as u32);
        let columns = manifest.sheets.iter().map(|sheet| {
            let sensors = sheet.sensors.iter().enumerate();
            sensors.filter_map(|(column, sensor)| Some((number(&sensor.name)?, column))).collect()
        });
        Widener { columns: columns.collect(), manifest: manifest.clone(), sets: Vec::new(), known: BTreeMap::new() }
    }

    pub fn widen(&mut self, parcel: &Parcel) -> Chunk {
        let mut chunk =
            Chunk { readings: self.manifest.sheets.iter().map(ReadingRows::for_sheet).collect(), ..Chunk::default() };
        let mut from = 0;
        while from < parcel.len() {
            let to = self.row_end(parcel, from);
            self.push_row(parcel, from..to, &mut chunk);
            from = to;
        }
        chunk.fault_sets.clone_from(&self.sets);
        chunk
    }

    /// The readings from `from` on that stand in one row: one machine, one instant, no sensor twice.
    fn row_end(&self, parcel: &Parcel, from: usize) -> usize {
        let mut to = from + 1;
        while to < parcel.len()
            && (parcel.machine[to], parcel.time[to]) == (parcel.machine[from], parcel.time[from])
            && !parcel.sensor[from..to].contains(&parcel.sensor[to])
        {
            to += 1;
        }
        to
    }

    fn push_row(&mut self, parcel: &Parcel, rows: std::ops::Range<usize>, chunk: &mut Chunk) {
        let first = rows.start;
        let Some(machine) = self.manifest.machines.get(parcel.machine[first] as usize) else { return };
        let sheet = usize::from(machine.sheet);
        let fault = self.set_of(parcel, rows.clone());
        let wide = &mut chunk.readings[sheet];
        wide.time.push(parcel.time[first]);
        wide.machine.push(parcel.machine[first]);
        wide.future.push(0);
        wide.fault.push(fault);
        for (values, quality) in wide.values.iter_mut().zip(&mut wide.quality) {
            values.push(f32::NAN);
            quality.push(Quality::Unsampled.code());
        }
        let last = wide.time.len() - 1;
        for row in rows {
            if let Some(&column) = self.columns[sheet].get(&parcel.sensor[row]) {
                wide.values[column][last] = parcel.value[row];
                wide.quality[column][last] = parcel.quality[row];
            }
        }
    }

    /// All faults of the row's readings, as one set.
    fn set_of(&mut self, parcel: &Parcel, rows: std::ops::Range<usize>) -> u32 {
        let mut names: Vec<&str> = Vec::new();
        for fault in parcel.fault[rows].iter().filter(|fault| **fault > 0) {
            let set = parcel.faults.get(*fault as usize - 1).map_or("", String::as_str);
            for name in set.split('+') {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        if names.is_empty() {
            return 0;
        }
        names.sort_unstable();
        let name = names.join("+");
        if let Some(&number) = self.known.get(&name) {
            return number;
        }
        self.sets.push(name.clone());
        let number = self.sets.len() as u32;
        self.known.insert(name, number);
        number
    }
}
