//! Readings and truth as columns: what a stretch of ticks leaves for a recorder.
//!
//! One [`Sheet`] per kind says what the columns are; [`ReadingRows`] and [`TruthRows`] hold a stretch of them,
//! ordered by time, then future, then machine. Columns, because Parquet wants columns and a cache line of one
//! sensor is cheap to fill.

use crate::{Mode, Time};

/// The fixed head of one kind's tables.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    pub kind: String,
    pub sensors: Vec<Sensor>,
    pub wears: Vec<String>,
}

/// A column's sensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensor {
    pub name: String,
    pub unit: String,
}

/// What a row's machine number stands for.
pub type MachineName = String;

/// Measured values of one sheet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadingRows {
    pub time: Vec<Time>,
    /// Index into the run's list of machine names.
    pub machine: Vec<u32>,
    pub future: Vec<u32>,
    /// `values[sensor][row]`; NaN where the quality says that there is no value (a NaN with quality bad is a
    /// sensor that really said NaN).
    pub values: Vec<Vec<f32>>,
    /// `quality[sensor][row]`: [`crate::Quality`] codes.
    pub quality: Vec<Vec<u8>>,
    /// Active faults of the row's machine: 0 is none, else 1 + index into [`Chunk::fault_sets`].
    pub fault: Vec<u32>,
    /// Faults of single sensors, for long tables: (row, sensor, 1 + index into fault sets), ascending, rare.
    pub sensor_fault: Vec<(u32, u16, u32)>,
}

/// True values of one sheet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TruthRows {
    pub time: Vec<Time>,
    pub machine: Vec<u32>,
    pub future: Vec<u32>,
    pub mode: Vec<Mode>,
    /// `values[sensor][row]`
    pub values: Vec<Vec<f64>>,
    /// `wears[wear][row]`
    pub wears: Vec<Vec<f64>>,
}

/// Everything recorded in a stretch of ticks; `readings[i]` and `truth[i]` belong to sheet i.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chunk {
    pub readings: Vec<ReadingRows>,
    pub truth: Vec<TruthRows>,
    /// Names of sets of active faults, joined by `+`; grows through a run, never renumbered.
    pub fault_sets: Vec<String>,
}

impl ReadingRows {
    pub fn for_sheet(sheet: &Sheet) -> ReadingRows {
        ReadingRows {
            values: vec![Vec::new(); sheet.sensors.len()],
            quality: vec![Vec::new(); sheet.sensors.len()],
            ..ReadingRows::default()
        }
    }

    pub fn len(&self) -> usize {
        self.time.len()
    }

    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    pub fn clear(&mut self) {
        self.time.clear();
        self.machine.clear();
        self.future.clear();
        self.values.iter_mut().for_each(Vec::clear);
        self.quality.iter_mut().for_each(Vec::clear);
        self.fault.clear();
        self.sensor_fault.clear();
    }
}

impl TruthRows {
    pub fn for_sheet(sheet: &Sheet) -> TruthRows {
        TruthRows {
            values: vec![Vec::new(); sheet.sensors.len()],
            wears: vec![Vec::new(); sheet.wears.len()],
            ..TruthRows::default()
        }
    }

    pub fn len(&self) -> usize {
        self.time.len()
    }

    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    pub fn clear(&mut self) {
        self.time.clear();
        self.machine.clear();
        self.future.clear();
        self.mode.clear();
        self.values.iter_mut().for_each(Vec::clear);
        self.wears.iter_mut().for_each(Vec::clear);
    }
}
