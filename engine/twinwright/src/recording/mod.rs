//! Recorded tables as rows of numbers over time: from files or stdin, wide or long, with whatever people left in them.
//!
//! What the columns are is decided by the head of a table and stays; after that a row at a time is read and nothing grows.
//! What cannot be used is counted with its first place, never guessed at and never an end. Judges nothing.

mod account;
mod gather;
mod head;
mod layout;
mod number;

pub use account::Account;
pub(crate) use account::listed;

use crate::Trouble;
use crate::verify::clock::Clock;
use gather::Gather;
use head::Head;
use layout::Layout;
use std::path::{Path, PathBuf};
use twinwright_io::readback::{Cell, Header, Next, ReadError, Row, RowSource};

/// Which columns are read; nothing said means all that hold numbers.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub columns: Vec<String>,
    pub ignore: Vec<String>,
    pub time: Option<String>,
    /// Of a table of many machines only this one.
    pub machine: Option<String>,
}

/// What was read at one instant.
#[derive(Debug, Clone, Default)]
pub struct Instant {
    /// Nanoseconds since 1970, or seconds of rows where a table has no times.
    pub time: i64,
    /// The time as the table has it.
    pub stamp: String,
    /// By column; NaN where nothing was read.
    pub values: Vec<f64>,
}

/// A table that is being read.
pub struct Recording {
    path: PathBuf,
    source: RowSource,
    head: Head,
    layout: Layout,
    gather: Gather,
    clock: Clock,
    row: Row,
    account: Account,
    ended: bool,
    last: Option<i64>,
}

impl Recording {
    /// Opens `path`, or stdin where it is `-`. With `wanted` the columns are these, by name; what is missing stays empty.
    pub fn open(path: &Path, asked: &Asked, wanted: Option<&[String]>) -> Result<Recording, Trouble> {
        let mut source = match path.to_str() {
            Some("-") => RowSource::of_stream("stdin", std::io::stdin(), Header::IfAny)?,
            _ => RowSource::open_with(path, Header::IfAny)?,
        };
        let path = source.path().to_owned();
        let wrong = |why: String| Trouble::from(ReadError::input(&path, None, why));
        let mut account = Account::default();
        let head = Head::read(&mut source, &mut account)?;
        let layout = Layout::of(source.columns(), &head, asked, wanted, &mut account).map_err(wrong)?;
        let gather = Gather::new(&layout);
        let (clock, row) = (Clock::default(), Row::new());
        Ok(Recording { path, source, head, layout, gather, clock, row, account, ended: false, last: None })
    }

    /// What messages call the table.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of what `Instant::values` holds.
    pub fn columns(&self) -> &[String] {
        &self.layout.names
    }

    pub fn has_times(&self) -> bool {
        self.layout.time.is_some()
    }

    /// What was found so far.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Fills `instant` with the next one; false at the end.
    pub fn next(&mut self, instant: &mut Instant) -> Result<bool, Trouble> {
        while !self.ended {
            let number = match self.head.next() {
                Some((number, row)) => {
                    self.row = row;
                    number
                }
                None => match self.source.next(&mut self.row)? {
                    Next::End => {
                        self.ended = true;
                        break;
                    }
                    Next::Broken(number, why) => {
                        self.account.broken.note(|| format!("line {number}: {why}"));
                        continue;
                    }
                    Next::Row(number) => number,
                },
            };
            if self.take(number, instant) {
                return Ok(self.found(instant));
            }
        }
        Ok(self.gather.flush(instant) && self.found(instant))
    }

    /// Hears a row; true when an instant is whole.
    fn take(&mut self, number: u64, instant: &mut Instant) -> bool {
        let (time, stamp) = match self.layout.time {
            None => (number as i64, None),
            Some(column) => {
                let cell = self.row.cell(column);
                match self.clock.read(cell) {
                    Ok((time, _)) => (time.0, Some(cell)),
                    Err(why) => {
                        self.account.timeless.note(|| format!("line {number}: {why}"));
                        return false;
                    }
                }
            }
        };
        self.gather.hear(&self.layout, (number, time, stamp), &self.row, &mut self.account, instant)
    }

    fn found(&mut self, instant: &mut Instant) -> bool {
        self.account.instants += 1;
        if self.layout.time.is_none() {
            // Rows without times lie a second apart and are numbered.
            instant.time = (self.account.instants as i64).saturating_mul(1_000_000_000);
            instant.stamp = self.account.instants.to_string();
        }
        match self.last {
            Some(last) if last == instant.time => self.account.repeated += 1,
            Some(last) if last > instant.time => self.account.back.note(|| instant.stamp.clone()),
            _ => {}
        }
        self.last = Some(instant.time);
        true
    }
}

/// A time as text that says the same: as it is where it is text.
fn stamp_of(cell: Option<Cell<'_>>, time: i64, into: &mut String) {
    use std::fmt::Write;
    into.clear();
    let _ = match cell {
        Some(Cell::Text(text)) => {
            into.push_str(text);
            Ok(())
        }
        Some(Cell::Whole(number)) => write!(into, "{number}"),
        Some(Cell::Double(number)) => write!(into, "{number}"),
        Some(Cell::Single(number)) => write!(into, "{number}"),
        _ => write!(into, "{}", twinwright_model::Time(time)),
    };
}

#[cfg(test)]
mod tests;
