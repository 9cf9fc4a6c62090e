//! A table as every format sees it: named columns and, per stretch of rows, where their cells lie.
//!
//! The shapes (wide, long, truth) say which columns there are and lend their cells; the formats only write cells.
//! So a new format is one [`TableWriter`], and a new table is one list of columns. Nothing is copied on the way.

use crate::outflow::Outflow;
use crate::{Format, RecordError};
use std::ops::Range;
use twinwright_model::{Mode, Quality, Time};

/// What a column means; line protocol makes tags of some and fields of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Time,
    Machine,
    Future,
    Sensor,
    /// A reading: f32.
    Reading,
    /// A true value, a wear or the remaining hours: f64.
    Truth,
    Quality,
    Fault,
    Mode,
    /// The number of a reading among its machine's.
    Seq,
}

#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) role: Role,
}

/// What is said once at the top of a table.
#[derive(Debug, Clone)]
pub(crate) struct TableHead {
    /// The name of the whole: line protocol's measurement.
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    /// Whether every time is a whole number of microseconds.
    pub(crate) whole_microseconds: bool,
    /// Facts about the run, for formats with a place for them.
    pub(crate) facts: Vec<(String, String)>,
}

/// The cells of one column in a stretch of rows.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cells<'a> {
    Time(&'a [Time]),
    Whole(&'a [u32]),
    Seq(&'a [u64]),
    /// Indices into a list of words.
    Word {
        codes: &'a [u32],
        words: &'a [String],
    },
    /// 0 is none, else 1 + index into the list.
    MaybeWord {
        codes: &'a [u32],
        words: &'a [String],
    },
    Quality(&'a [u8]),
    Mode(&'a [Mode]),
    /// A reading is there where its quality says so.
    Reading {
        values: &'a [f32],
        quality: &'a [u8],
    },
    Truth(&'a [f64]),
    /// NaN is an empty cell.
    MaybeTruth(&'a [f64]),
}

/// A stretch of rows of one table.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    pub(crate) count: usize,
    /// The rows to write when not all are wanted, ascending.
    pub(crate) kept: Option<&'a [u32]>,
    /// In the order of the head's columns.
    pub(crate) cells: Vec<Cells<'a>>,
}

/// Writes one table into one file.
pub(crate) trait TableWriter: std::fmt::Debug + Send {
    fn write(&mut self, rows: &Rows<'_>) -> Result<(), RecordError>;
    /// What is complete leaves for the file at once, where the format allows that.
    fn flush(&mut self) -> Result<(), RecordError>;
    /// How large the file has grown.
    fn written(&self) -> u64;
    /// Everything is written; the stream is not sealed yet.
    fn finish(self: Box<Self>) -> Result<Outflow, RecordError>;
}

/// The one list of formats.
pub(crate) fn open(format: Format, head: TableHead, file: Outflow) -> Result<Box<dyn TableWriter>, RecordError> {
    Ok(match format {
        Format::Csv => Box::new(crate::csv::table(head, file)),
        Format::Jsonl => Box::new(crate::jsonl::table(head, file)),
        Format::Parquet => Box::new(crate::parquet::ParquetTable::open(&head, file)?),
        Format::Influx => Box::new(crate::influx::InfluxTable::open(&head, file)),
    })
}

pub(crate) fn column(name: impl Into<String>, role: Role) -> Column {
    Column { name: name.into(), role }
}

/// `time, machine, future`, the last only when there are several.
pub(crate) fn leading_columns(futures: u32) -> Vec<Column> {
    let mut columns = vec![column("time", Role::Time), column("machine", Role::Machine)];
    if futures > 1 {
        columns.push(column("future", Role::Future));
    }
    columns
}

pub(crate) fn has_value(quality: u8) -> bool {
    quality < Quality::Unsampled as u8
}

impl<'a> Rows<'a> {
    /// Some of the rows; only where all are kept.
    pub(crate) fn part(&self, range: Range<usize>) -> Rows<'a> {
        let cells = self.cells.iter().map(|cells| cells.part(range.clone())).collect();
        Rows { count: range.len(), kept: None, cells }
    }
}

impl<'a> Cells<'a> {
    fn part(self, range: Range<usize>) -> Cells<'a> {
        match self {
            Cells::Time(times) => Cells::Time(&times[range]),
            Cells::Whole(numbers) => Cells::Whole(&numbers[range]),
            Cells::Seq(numbers) => Cells::Seq(&numbers[range]),
            Cells::Word { codes, words } => Cells::Word { codes: &codes[range], words },
            Cells::MaybeWord { codes, words } => Cells::MaybeWord { codes: &codes[range], words },
            Cells::Quality(codes) => Cells::Quality(&codes[range]),
            Cells::Mode(modes) => Cells::Mode(&modes[range]),
            Cells::Reading { values, quality } => {
                Cells::Reading { values: &values[range.clone()], quality: &quality[range] }
            }
            Cells::Truth(values) => Cells::Truth(&values[range]),
            Cells::MaybeTruth(values) => Cells::MaybeTruth(&values[range]),
        }
    }
}

impl Rows<'_> {
    pub(crate) fn for_each(&self, mut act: impl FnMut(usize) -> Result<(), RecordError>) -> Result<(), RecordError> {
        match self.kept {
            None => (0..self.count).try_for_each(act),
            Some(kept) => kept.iter().try_for_each(|&row| act(row as usize)),
        }
    }

    pub(crate) fn kept_count(&self) -> usize {
        self.kept.map_or(self.count, <[u32]>::len)
    }
}
