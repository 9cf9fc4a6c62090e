//! A table as readings: every row of a long one is a reading, every filled cell of a wide one.

use super::clock::{Clock, Unit};
use super::layout::{Layout, Mapping, Whose};
use crate::Trouble;
use std::borrow::Cow;
use std::path::Path;
use twinwright_io::readback::{Cell, Next, ReadError, Row, RowSource, TableForm};
use twinwright_model::Time;

/// A reading as a table has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reading<'a> {
    pub(super) machine: &'a str,
    pub(super) sensor: &'a str,
    pub(super) time: Time,
    /// How many nanoseconds the time may stand for.
    pub(super) grain: i64,
    pub(super) value: Value<'a>,
    /// None where the table says nothing of it.
    pub(super) quality: Option<&'a str>,
    pub(super) arrival: Option<Time>,
    pub(super) is_wide: bool,
}

/// What stands where a value should.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    Nothing,
    /// NaN and the infinities among them.
    Number(f32),
    Odd(&'a str),
}

/// What a row brought.
pub(super) enum Found<'a> {
    Reading(Reading<'a>),
    /// Why this row is none.
    Unreadable(&'a str),
}

/// One table, read as readings.
pub(super) struct ReadingSource {
    rows: RowSource,
    mapping: Mapping,
    unit: Option<Unit>,
    layout: Option<Layout>,
    /// Columns when the layout was found; JSON lines may bring more later.
    columns: usize,
    time: Clock,
    arrival: Clock,
}

impl ReadingSource {
    pub(super) fn open(path: &Path, mapping: &Mapping, unit: Option<Unit>) -> Result<ReadingSource, Trouble> {
        let rows = RowSource::open(path)?;
        let mut source = ReadingSource {
            rows,
            mapping: mapping.clone(),
            unit,
            layout: None,
            columns: 0,
            time: Clock::default(),
            arrival: Clock::default(),
        };
        if source.form() != TableForm::Jsonl {
            let place = (source.form() == TableForm::Csv).then_some((1, 1));
            source.settle().map_err(|why| Trouble::from(ReadError::input(path, place, why)))?;
        }
        Ok(source)
    }

    pub(super) fn form(&self) -> TableForm {
        self.rows.form()
    }

    /// What the first number of the time column was taken for.
    pub(super) fn guessed(&self) -> Option<Unit> {
        self.time.guessed()
    }

    /// The layout of the columns that are known so far.
    fn settle(&mut self) -> Result<(), String> {
        if self.layout.is_some() && self.columns == self.rows.columns().len() {
            return Ok(());
        }
        let layout = Layout::of(self.rows.columns(), &self.mapping)?;
        if self.layout.is_none() {
            self.time = Clock::new(layout.time.1.or(self.unit));
            self.arrival = Clock::new(layout.arrival.and_then(|(_, unit)| unit).or(self.unit));
        }
        self.columns = self.rows.columns().len();
        self.layout = Some(layout);
        Ok(())
    }

    /// Hands every reading to `act`, with its line or row.
    pub(super) fn for_each(
        &mut self,
        mut act: impl FnMut(u64, Found<'_>) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let mut row = Row::new();
        let mut never_settled = None;
        loop {
            let number = match self.rows.next(&mut row)? {
                Next::End => break,
                Next::Broken(number, why) => {
                    act(number, Found::Unreadable(&why))?;
                    continue;
                }
                Next::Row(number) => number,
            };
            if let Err(why) = self.settle() {
                act(number, Found::Unreadable(&why))?;
                never_settled.get_or_insert((number, why));
                continue;
            }
            let Some(layout) = &self.layout else { continue };
            row_readings(layout, (&mut self.time, &mut self.arrival), &row, &mut |found| act(number, found))?;
        }
        match never_settled.filter(|_| self.layout.is_none()) {
            Some((line, why)) => Err(ReadError::input(self.rows.path(), Some((line, 1)), why).into()),
            None => Ok(()),
        }
    }
}

fn row_readings(
    layout: &Layout,
    (clock, arrivals): (&mut Clock, &mut Clock),
    row: &Row,
    act: &mut impl FnMut(Found<'_>) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let Some(machine) = word(row.cell(layout.machine)) else {
        return act(Found::Unreadable("there is no machine"));
    };
    let (time, grain) = match clock.read(row.cell(layout.time.0)) {
        Ok(read) => read,
        Err(why) => return act(Found::Unreadable(&why)),
    };
    if layout.future.is_some_and(|column| word(row.cell(column)).is_some_and(|future| future != "0")) {
        return act(Found::Unreadable("it is of another future than the first; a stream has one"));
    }
    let arrival = match layout.arrival.map(|(column, _)| row.cell(column)) {
        None | Some(Cell::Nothing) => None,
        Some(cell) => match arrivals.read(cell) {
            Ok((time, _)) => Some(time),
            Err(why) => return act(Found::Unreadable(&format!("arrival: {why}"))),
        },
    };
    for place in &layout.readings {
        let sensor = match &place.sensor {
            Whose::Named(name) => Cow::Borrowed(name.as_str()),
            Whose::Column(column) => match word(row.cell(*column)) {
                Some(sensor) => sensor,
                None => return act(Found::Unreadable("there is no sensor")),
            },
        };
        let quality = place.quality.and_then(|column| word(row.cell(column)));
        act(Found::Reading(Reading {
            machine: &machine,
            sensor: &sensor,
            time,
            grain,
            value: value(row.cell(place.value)),
            quality: quality.as_deref(),
            arrival,
            is_wide: layout.is_wide,
        }))?;
    }
    Ok(())
}

/// A text that is not empty; a number counts as its text, since ids may be numbers.
fn word(cell: Cell<'_>) -> Option<Cow<'_, str>> {
    match cell {
        Cell::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()).map(Cow::Borrowed),
        Cell::Whole(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

fn value(cell: Cell<'_>) -> Value<'_> {
    match cell {
        Cell::Nothing => Value::Nothing,
        Cell::Single(number) => Value::Number(number),
        Cell::Double(number) => Value::Number(number as f32),
        Cell::Whole(number) => Value::Number(number as f32),
        Cell::Text(text) => match text.trim() {
            "" | "null" | "NULL" | "None" | "NA" | "N/A" | "\\N" => Value::Nothing,
            trimmed => trimmed.parse().map_or(Value::Odd(text), Value::Number),
        },
        Cell::Instant(_) | Cell::Other => Value::Odd("something that is no number"),
    }
}
