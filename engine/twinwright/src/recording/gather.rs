//! Rows gathered into instants: a wide row is one; rows of many machines, and readings of a long table, are put together
//! while their time stays the same. Keeps one instant and no more.

use super::layout::{Layout, word};
use super::number::{Number, shown};
use super::{Account, Instant, stamp_of};
use std::collections::HashMap;
use twinwright_io::readback::{Cell, Row};

/// Names that are remembered; a table with more of them is looked up by name each time.
const MOST_KNOWN: usize = 100_000;

#[derive(Debug)]
pub(super) struct Gather {
    /// Of a wide table without machines: column and slot.
    plain: Option<Vec<(usize, usize)>>,
    /// Slots by `machine` or `machine\0sensor`.
    known: HashMap<String, Vec<Option<usize>>>,
    key: String,
    pending: Instant,
    is_pending: bool,
    /// By slot: whether the pending instant has its reading.
    filled: Vec<bool>,
    found: Vec<(usize, usize)>,
}

impl Gather {
    pub(super) fn new(layout: &Layout) -> Gather {
        let is_plain = layout.long.is_none() && layout.machine.is_none();
        let slot = |column: &usize| Some((*column, layout.slot("", &layout.titles[*column])?));
        Gather {
            plain: is_plain.then(|| layout.cells.iter().filter_map(slot).collect()),
            known: HashMap::new(),
            key: String::new(),
            pending: Instant { values: vec![f64::NAN; layout.names.len()], ..Instant::default() },
            is_pending: false,
            filled: vec![false; layout.names.len()],
            found: Vec::new(),
        }
    }

    /// Hears a row; true when it made an instant whole.
    pub(super) fn hear(
        &mut self,
        layout: &Layout,
        (line, time, stamp): (u64, i64, Option<Cell<'_>>),
        row: &Row,
        account: &mut Account,
        into: &mut Instant,
    ) -> bool {
        if let Some(plain) = &self.plain {
            into.time = time;
            stamp_of(stamp, time, &mut into.stamp);
            into.values.clear();
            into.values.resize(layout.names.len(), f64::NAN);
            for &(column, slot) in plain {
                into.values[slot] = read(row.cell(column), line, &layout.titles[column], account);
            }
            return true;
        }
        self.find(layout, row);
        if self.found.is_empty() {
            if layout.is_unasked(self.key.split('\0').next().unwrap_or_default()) {
                return false;
            }
            account.strange.note(|| format!("line {line}: {}", self.key.replace('\0', ".")));
            return false;
        }
        let is_next =
            self.is_pending && (self.pending.time != time || self.found.iter().any(|&(_, slot)| self.filled[slot]));
        let whole = is_next && self.flush(into);
        self.is_pending = true;
        self.pending.time = time;
        stamp_of(stamp, time, &mut self.pending.stamp);
        for &(column, slot) in &self.found {
            self.filled[slot] = true;
            self.pending.values[slot] = read(row.cell(column), line, &layout.titles[column], account);
        }
        whole
    }

    /// Hands on what is pending; false where nothing is.
    pub(super) fn flush(&mut self, into: &mut Instant) -> bool {
        if !std::mem::take(&mut self.is_pending) {
            return false;
        }
        into.time = self.pending.time;
        std::mem::swap(&mut into.stamp, &mut self.pending.stamp);
        std::mem::swap(&mut into.values, &mut self.pending.values);
        self.pending.values.clear();
        self.pending.values.resize(self.filled.len(), f64::NAN);
        self.filled.fill(false);
        true
    }

    /// The columns of this row that are read, with their slots.
    fn find(&mut self, layout: &Layout, row: &Row) {
        self.found.clear();
        self.key.clear();
        let machine = layout.machine.and_then(|column| word(row.cell(column))).unwrap_or_default();
        self.key.push_str(&machine);
        let sensor = layout.long.map(|(sensor, _)| word(row.cell(sensor)).unwrap_or_default());
        if let Some(sensor) = &sensor {
            self.key.push('\0');
            self.key.push_str(sensor);
        }
        if !self.known.contains_key(&self.key) {
            let slots = match &sensor {
                Some(sensor) => vec![layout.slot(&machine, sensor)],
                None => layout.cells.iter().map(|&cell| layout.slot(&machine, &layout.titles[cell])).collect(),
            };
            if self.known.len() >= MOST_KNOWN {
                self.known.clear();
            }
            self.known.insert(self.key.clone(), slots);
        }
        let Some(slots) = self.known.get(&self.key) else { return };
        match layout.long {
            Some((_, value)) => self.found.extend(slots.iter().flatten().map(|&slot| (value, slot))),
            None => {
                let places = layout.cells.iter().zip(slots);
                self.found.extend(places.filter_map(|(&column, slot)| Some((column, (*slot)?))));
            }
        }
    }
}

fn read(cell: Cell<'_>, line: u64, title: &str, account: &mut Account) -> f64 {
    match Number::of(cell) {
        Number::Value(number) => number,
        Number::Nothing => f64::NAN,
        Number::Infinite => {
            account.infinite.note(|| format!("line {line}, {title}"));
            f64::NAN
        }
        Number::Odd => {
            account.odd.note(|| format!("line {line}, {title}: {}", shown(cell)));
            f64::NAN
        }
    }
}
