//! One row and its typed cells; the texts of all cells lie in one buffer, so that a row costs no allocation.

use std::ops::Range;

/// What stands in a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Empty, null, or a column that this row does not have.
    Nothing,
    Text(&'a str),
    Whole(i64),
    Single(f32),
    Double(f64),
    /// Nanoseconds since 1970.
    Instant(i64),
    /// A list, an object, a truth value: nothing that a reading is made of.
    Other,
}

#[derive(Debug, Clone, Default)]
pub struct Row {
    text: String,
    cells: Vec<Kept>,
}

#[derive(Debug, Clone)]
pub(super) enum Kept {
    Nothing,
    Text(Range<usize>),
    Whole(i64),
    Single(f32),
    Double(f64),
    Instant(i64),
    Other,
}

impl Row {
    pub fn new() -> Row {
        Row::default()
    }

    /// A cell by its column; beyond the last one there is nothing.
    pub fn cell(&self, column: usize) -> Cell<'_> {
        match self.cells.get(column) {
            None | Some(Kept::Nothing) => Cell::Nothing,
            Some(Kept::Text(place)) => Cell::Text(&self.text[place.clone()]),
            Some(Kept::Whole(number)) => Cell::Whole(*number),
            Some(Kept::Single(number)) => Cell::Single(*number),
            Some(Kept::Double(number)) => Cell::Double(*number),
            Some(Kept::Instant(nanos)) => Cell::Instant(*nanos),
            Some(Kept::Other) => Cell::Other,
        }
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.cells.clear();
    }

    pub(super) fn push(&mut self, cell: Kept) {
        self.cells.push(cell);
    }

    pub(super) fn push_text(&mut self, text: &str) {
        let cell = self.keep(text);
        self.cells.push(cell);
    }

    /// Lays a text down without a cell for it yet.
    pub(super) fn keep(&mut self, text: &str) -> Kept {
        let start = self.text.len();
        self.text.push_str(text);
        Kept::Text(start..self.text.len())
    }

    /// Puts a cell where its column is; columns between stay empty.
    pub(super) fn put(&mut self, column: usize, cell: Kept) {
        if self.cells.len() <= column {
            self.cells.resize(column + 1, Kept::Nothing);
        }
        self.cells[column] = cell;
    }

    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }
}
