//! The columns of a row group while they gather, and how each goes into the file.

use super::pages::Pager;
use super::words::Words;
use crate::table::{Cells, Role, has_value};
use ::parquet::data_type::{Int32Type, Int64Type};
use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::writer::SerializedRowGroupWriter;
use ::parquet::schema::types::ColumnDescPtr;
use std::io::Write;
use twinwright_model::{Mode, Quality};

/// One column of the row group under way.
#[derive(Debug)]
pub(super) enum Gathered {
    /// Divided by so many nanoseconds a unit; also sequence numbers, which grow as evenly.
    Time(Vec<i64>, i64),
    Whole(Vec<i32>),
    Words(Words),
    Readings(Numbers<f32>),
    Truth(Numbers<f64>),
}

/// Numbers with empty cells.
#[derive(Debug)]
pub(super) struct Numbers<T> {
    pub(super) values: Vec<T>,
    pub(super) present: Presence,
}

/// Which rows have a value; costs nothing while all have.
#[derive(Debug, Default)]
pub(super) struct Presence {
    rows: usize,
    some_absent: Option<Vec<bool>>,
}

impl Presence {
    pub(super) fn all_there(&mut self, count: usize) {
        self.rows += count;
        if let Some(rows) = &mut self.some_absent {
            rows.resize(self.rows, true);
        }
    }

    #[inline]
    pub(super) fn push(&mut self, there: bool) {
        if !there && self.some_absent.is_none() {
            self.some_absent = Some(vec![true; self.rows]);
        }
        self.rows += 1;
        if let Some(rows) = &mut self.some_absent {
            rows.push(there);
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// One for each row, or none when every row has a value.
    pub(super) fn flags(&self) -> Option<&[bool]> {
        self.some_absent.as_deref()
    }

    pub(super) fn clear(&mut self) {
        *self = Presence::default();
    }
}

impl<T> Numbers<T> {
    fn new() -> Numbers<T> {
        Numbers { values: Vec::new(), present: Presence::default() }
    }

    fn push_all(&mut self, rows: impl ExactSizeIterator<Item = usize>, value: impl Fn(usize) -> T) {
        self.present.all_there(rows.len());
        self.values.extend(rows.map(value));
    }

    fn push_some(&mut self, rows: impl Iterator<Item = usize>, value: impl Fn(usize) -> Option<T>) {
        for row in rows {
            let value = value(row);
            self.present.push(value.is_some());
            self.values.extend(value);
        }
    }
}

impl Gathered {
    pub(super) fn for_role(role: Role, nanoseconds: i64) -> Gathered {
        match role {
            Role::Time => Gathered::Time(Vec::new(), nanoseconds),
            Role::Seq => Gathered::Time(Vec::new(), 1),
            Role::Future => Gathered::Whole(Vec::new()),
            Role::Machine | Role::Sensor | Role::Mode => Gathered::Words(Words::required()),
            Role::Quality | Role::Fault => Gathered::Words(Words::optional()),
            Role::Reading => Gathered::Readings(Numbers::new()),
            Role::Truth => Gathered::Truth(Numbers::new()),
        }
    }

    /// Takes these rows' cells; says what does not fit.
    pub(super) fn gather(
        &mut self,
        cells: Cells<'_>,
        rows: impl ExactSizeIterator<Item = usize>,
    ) -> std::result::Result<(), String> {
        match (self, cells) {
            (Gathered::Time(all, 1), Cells::Time(times)) => all.extend(rows.map(|row| times[row].0)),
            (Gathered::Time(all, _), Cells::Seq(numbers)) => all.extend(rows.map(|row| numbers[row] as i64)),
            (Gathered::Time(all, unit), Cells::Time(times)) => {
                for row in rows {
                    if times[row].0 % *unit != 0 {
                        return Err(format!("the time {} is finer than was announced", times[row]));
                    }
                    all.push(times[row].0 / *unit);
                }
            }
            (Gathered::Whole(all), Cells::Whole(numbers)) => all.extend(rows.map(|row| numbers[row] as i32)),
            (Gathered::Words(all), cells) => gather_words(all, cells, rows),
            (Gathered::Readings(all), Cells::Reading { values, quality }) => {
                if quality.iter().all(|&code| has_value(code)) {
                    all.push_all(rows, |row| values[row]);
                } else {
                    all.push_some(rows, |row| has_value(quality[row]).then(|| values[row]));
                }
            }
            (Gathered::Truth(all), Cells::Truth(values)) => all.push_all(rows, |row| values[row]),
            (Gathered::Truth(all), Cells::MaybeTruth(values)) => {
                all.push_some(rows, |row| Some(values[row]).filter(|value| !value.is_nan()));
            }
            _ => return Err("its cells do not fit its columns".to_owned()),
        }
        Ok(())
    }

    /// Writes the gathered rows as the next column of the group and starts anew.
    pub(super) fn write<W: Write + Send>(
        &mut self,
        group: &mut SerializedRowGroupWriter<'_, W>,
        descriptor: &ColumnDescPtr,
        pager: &mut Pager,
    ) -> Result<()> {
        match self {
            Gathered::Time(all, _) => {
                let mut column = group.next_column()?.ok_or_else(no_column)?;
                column.typed::<Int64Type>().write_batch(all, None, None)?;
                all.clear();
                column.close()
            }
            Gathered::Whole(all) => {
                let mut column = group.next_column()?.ok_or_else(no_column)?;
                column.typed::<Int32Type>().write_batch(all, None, None)?;
                all.clear();
                column.close()
            }
            Gathered::Words(words) => pager.words(group, descriptor.clone(), words),
            Gathered::Readings(numbers) => pager.numbers(group, descriptor.clone(), numbers),
            Gathered::Truth(numbers) => pager.numbers(group, descriptor.clone(), numbers),
        }
    }
}

fn gather_words(all: &mut Words, cells: Cells<'_>, rows: impl ExactSizeIterator<Item = usize>) {
    match cells {
        Cells::Word { codes, words } => all.push_each(rows, |row| codes[row], |code| &words[code as usize]),
        Cells::MaybeWord { codes, .. } if codes.iter().all(|&code| code == 0) => all.push_same(rows.len(), 0, |_| ""),
        Cells::MaybeWord { codes, words } => {
            let name = |code| if code == 0 { "" } else { words[code as usize - 1].as_str() };
            all.push_each(rows, |row| codes[row], name);
        }
        Cells::Quality(codes) => {
            let name = |code| Quality::from_code(code as u8).word();
            match codes.first() {
                Some(&first) if codes.iter().all(|&code| code == first) => {
                    all.push_same(rows.len(), u32::from(first), name);
                }
                _ => all.push_each(rows, |row| u32::from(codes[row]), name),
            }
        }
        Cells::Mode(modes) => all.push_each(rows, |row| modes[row] as u32, |code| Mode::ALL[code as usize].name()),
        _ => {}
    }
}

fn no_column() -> ParquetError {
    ParquetError::General("the row group has no such column".to_owned())
}
