//! Every reading that a run made, by machine and sensor in the order of time: 13 bytes each, so that tens of millions
//! fit, and one of those bytes remembers whether it arrived.

use super::layout::Mapping;
use super::readings::{Found, Reading, ReadingSource, Value};
use crate::Trouble;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use twinwright_io::readback::{ReadError, TableForm};
use twinwright_model::{Quality, Time};

/// The readings of one sensor of one machine.
#[derive(Debug, Default)]
pub(super) struct Series {
    pub(super) machine: u32,
    pub(super) sensor: u32,
    pub(super) times: Vec<i64>,
    pub(super) values: Vec<f32>,
    marks: Vec<u8>,
    /// The latest one that has arrived.
    pub(super) latest: Option<usize>,
    /// Where the next one is expected.
    cursor: usize,
}

/// Whether a row of the run stands for a reading that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Making {
    Made = 0,
    /// A dropout: a row without a value that no stream carries.
    Never = 1,
    /// JSON cannot tell a dropout from a sensor that said NaN.
    Perhaps = 2,
}

const QUALITY: u8 = 0b0000_0011;
const MAKING: u8 = 0b0000_1100;
const ARRIVED: u8 = 0b0001_0000;
const ALTERED: u8 = 0b0010_0000;

#[derive(Debug, Default)]
pub(super) struct Expected {
    pub(super) machines: Names,
    pub(super) sensors: Names,
    pub(super) series: Vec<Series>,
    index: HashMap<(u32, u32), u32>,
    /// Readings that a stream carries.
    pub(super) made: u64,
}

/// Names by number.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) list: Vec<String>,
    known: HashMap<String, u32>,
}

impl Names {
    pub(super) fn find(&self, name: &str) -> Option<u32> {
        self.known.get(name).copied()
    }

    fn number(&mut self, name: &str) -> u32 {
        self.find(name).unwrap_or_else(|| {
            let number = self.list.len() as u32;
            self.list.push(name.to_owned());
            self.known.insert(name.to_owned(), number);
            number
        })
    }

    pub(super) fn name(&self, number: u32) -> &str {
        &self.list[number as usize]
    }
}

impl Series {
    fn push(&mut self, time: i64, value: f32, mark: u8) {
        self.times.push(time);
        self.values.push(value);
        self.marks.push(mark);
    }

    pub(super) fn quality(&self, at: usize) -> Quality {
        Quality::from_code(self.marks[at] & QUALITY)
    }

    pub(super) fn making(&self, at: usize) -> Making {
        match (self.marks[at] & MAKING) >> 2 {
            0 => Making::Made,
            1 => Making::Never,
            _ => Making::Perhaps,
        }
    }

    pub(super) fn has_arrived(&self, at: usize) -> bool {
        self.marks[at] & ARRIVED != 0
    }

    pub(super) fn is_altered(&self, at: usize) -> bool {
        self.marks[at] & ALTERED != 0
    }

    pub(super) fn arrive(&mut self, at: usize, altered: bool) {
        self.marks[at] |= ARRIVED | if altered { ALTERED } else { 0 };
    }

    /// The reading of this time. A time of a coarse clock stands for all instants up to the next: then it is the first
    /// of them that has not arrived yet, and was made if the row has a value.
    pub(super) fn find(&mut self, time: Time, grain: i64, has_value: bool) -> Option<usize> {
        if self.times.get(self.cursor) == Some(&time.0) && grain == 1 {
            self.cursor += 1;
            return Some(self.cursor - 1);
        }
        let first = self.times.partition_point(|&known| known < time.0);
        let end = time.0.saturating_add(grain);
        let same = self.times[first..].iter().take_while(|&&known| known < end).count();
        let fits = |at: &usize| !has_value || self.making(*at) != Making::Never;
        let fitting = || (first..first + same).filter(fits);
        let fresh = fitting().find(|&at| !self.has_arrived(at));
        let at = fresh.or_else(|| fitting().next()).or((same > 0).then_some(first))?;
        self.cursor = at + 1;
        Some(at)
    }

    /// Brings the rows into the order of time; gives a time that stands twice.
    fn sort(&mut self) -> Option<i64> {
        if !self.times.is_sorted() {
            let mut order: Vec<u32> = (0..self.times.len() as u32).collect();
            order.sort_by_key(|&at| self.times[at as usize]);
            self.times = order.iter().map(|&at| self.times[at as usize]).collect();
            self.values = order.iter().map(|&at| self.values[at as usize]).collect();
            self.marks = order.iter().map(|&at| self.marks[at as usize]).collect();
        }
        self.times.shrink_to_fit();
        self.values.shrink_to_fit();
        self.marks.shrink_to_fit();
        self.times.array_windows().find(|[a, b]| a == b).map(|[a, _]| *a)
    }
}

impl Expected {
    pub(super) fn load(files: &[PathBuf]) -> Result<Expected, Trouble> {
        let mut expected = Expected::default();
        for file in files {
            expected.read(file)?;
        }
        let Expected { machines, sensors, series, .. } = &mut expected;
        for series in series {
            if let Some(time) = series.sort() {
                let (machine, sensor) = (machines.name(series.machine), sensors.name(series.sensor));
                let from = files.first().map(|file| file.display().to_string()).unwrap_or_default();
                return Err(Trouble::Input(format!(
                    "{from}: {machine} {sensor} has two readings of {}; expected one a time, as a stream makes them",
                    Time(time)
                )));
            }
        }
        Ok(expected)
    }

    fn read(&mut self, file: &Path) -> Result<(), Trouble> {
        let mut source = ReadingSource::open(file, &Mapping::default(), None)?;
        let form = source.form();
        source.for_each(|row, found| match found {
            Found::Reading(reading) => self.add(&reading, form).map_err(|why| wrong(file, row, form, &why)),
            Found::Unreadable(why) => Err(wrong(file, row, form, why)),
        })
    }

    fn add(&mut self, reading: &Reading<'_>, form: TableForm) -> Result<(), String> {
        let (value, making) = match reading.value {
            Value::Number(number) => (number, Making::Made),
            // In a wide table: this sensor was not due.
            Value::Nothing if reading.is_wide && reading.quality.is_none() => return Ok(()),
            Value::Nothing if form == TableForm::Jsonl => (f32::NAN, Making::Perhaps),
            Value::Nothing => (f32::NAN, Making::Never),
            Value::Odd(text) => return Err(format!("`{text}` is no value; expected a number")),
        };
        let quality = match reading.quality {
            None => Quality::Good,
            Some(word) => quality_of(word).ok_or_else(|| format!("`{word}` is no quality"))?,
        };
        let (machine, sensor) = (self.machines.number(reading.machine), self.sensors.number(reading.sensor));
        let number = *self.index.entry((machine, sensor)).or_insert_with(|| {
            self.series.push(Series { machine, sensor, ..Series::default() });
            self.series.len() as u32 - 1
        });
        self.made += u64::from(making == Making::Made);
        self.series[number as usize].push(reading.time.0, value, quality.code() | (making as u8) << 2);
        Ok(())
    }

    /// The series of a machine's sensor.
    pub(super) fn series_of(&self, machine: u32, sensor: u32) -> Option<usize> {
        self.index.get(&(machine, sensor)).map(|&number| number as usize)
    }
}

fn wrong(file: &Path, row: u64, form: TableForm, why: &str) -> Trouble {
    if form == TableForm::Parquet {
        return ReadError::input(file, None, format!("row {row}: {why}")).into();
    }
    ReadError::input(file, Some((row, 1)), why).into()
}

/// A quality by its word or its number.
pub(super) fn quality_of(word: &str) -> Option<Quality> {
    [Quality::Good, Quality::Bad, Quality::Uncertain, Quality::Substitute]
        .into_iter()
        .find(|quality| word.eq_ignore_ascii_case(quality.word()) || word.parse() == Ok(quality.code()))
}
