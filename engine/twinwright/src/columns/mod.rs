//! A recorded table in memory: columns of numbers, a missing cell as NaN, and columns of times and names where asked.
//!
//! Reading is `readback`'s; this only decides what a cell means. Memory is bounded: a table that is too large is
//! refused, never cut in silence. Nothing here guesses a number: a cell that is none is missing, and counted.

mod whitespace;

use crate::Trouble;
use crate::verify::Clock;
use std::path::Path;
use twinwright_io::readback::{Cell, Next, Row, RowSource};
use twinwright_model::names::nearest;

/// Cells that are held at most: 800 MB of numbers.
const MOST_CELLS: usize = 100_000_000;

/// What a column is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Numbers,
    /// Names of units or machines, as they stand.
    Names,
    /// Instants.
    Times,
}

#[derive(Debug, Clone, Default)]
pub struct Column {
    pub name: String,
    pub numbers: Vec<f64>,
    pub names: Vec<String>,
    /// Nanoseconds since 1970; `None` where there is no time.
    pub times: Vec<Option<i64>>,
    /// Cells with something in them that is no number.
    pub odd: usize,
    filled: usize,
}

#[derive(Debug, Clone, Default)]
pub struct Columns {
    pub rows: usize,
    pub columns: Vec<Column>,
    /// Lines that could not be read, and what was wrong with the first of them.
    pub broken: usize,
    pub first_broken: Option<String>,
}

impl Column {
    /// Most of what stands in it are numbers.
    pub fn is_numeric(&self) -> bool {
        self.filled > 2 * self.odd
    }

    fn take(&mut self, cell: Cell<'_>, sort: Sort, clock: &mut Clock) {
        self.filled += usize::from(cell != Cell::Nothing);
        match sort {
            Sort::Numbers => {
                let (number, odd) = number_of(cell);
                self.odd += usize::from(odd);
                self.numbers.push(number);
            }
            Sort::Names => self.names.push(name_of(cell)),
            Sort::Times => self.times.push(clock.read(cell).ok().map(|(time, _)| time.0)),
        }
    }

    /// A column that comes late has nothing in the rows before.
    fn pad(&mut self, rows: usize, sort: Sort) {
        match sort {
            Sort::Numbers => self.numbers.resize(rows, f64::NAN),
            Sort::Names => self.names.resize(rows, String::new()),
            Sort::Times => self.times.resize(rows, None),
        }
    }
}

impl Columns {
    /// Reads a whole table; `sort_of` says what each column is by its name.
    pub fn read(path: &Path, sort_of: impl Fn(&str) -> Sort) -> Result<Columns, Trouble> {
        if path.extension().is_some_and(|ending| ending == "txt") {
            return whitespace::read(path, sort_of);
        }
        let mut source = RowSource::open(path)?;
        let (mut row, mut clock) = (Row::new(), Clock::new(None));
        let (mut table, mut sorts) = (Columns::default(), Vec::new());
        loop {
            match source.next(&mut row)? {
                Next::End => break,
                Next::Broken(line, why) => {
                    table.broken += 1;
                    table.first_broken.get_or_insert_with(|| format!("{}:{line}: {why}", path.display()));
                    continue;
                }
                Next::Row(_) => {}
            }
            for name in &source.columns()[table.columns.len()..] {
                let mut column = Column { name: name.clone(), ..Column::default() };
                sorts.push(sort_of(name));
                column.pad(table.rows, sorts[sorts.len() - 1]);
                table.columns.push(column);
            }
            table.rows += 1;
            for (at, (column, sort)) in table.columns.iter_mut().zip(&sorts).enumerate() {
                column.take(row.cell(at), *sort, &mut clock);
            }
            table.check_size(path)?;
        }
        table.check_some(path)?;
        Ok(table)
    }

    fn check_size(&self, path: &Path) -> Result<(), Trouble> {
        if self.rows * self.columns.len() <= MOST_CELLS {
            return Ok(());
        }
        let (rows, columns) = (self.rows, self.columns.len());
        Err(Trouble::Input(format!(
            "{}: more than {rows} rows of {columns} columns; expected at most {MOST_CELLS} cells: give a part of it",
            path.display()
        )))
    }

    fn check_some(&self, path: &Path) -> Result<(), Trouble> {
        if self.rows > 0 {
            return Ok(());
        }
        let why = self.first_broken.clone().unwrap_or_else(|| format!("{}: there is no row in it", path.display()));
        Err(Trouble::Input(why))
    }

    /// The place of a column by its name; a name that is not there is answered with the nearest one.
    pub fn place(&self, name: &str, path: &Path) -> Result<usize, Trouble> {
        let names = || self.columns.iter().map(|column| column.name.as_str());
        names().position(|known| known == name).ok_or_else(|| {
            let known: Vec<&str> = names().take(12).collect();
            let more = if self.columns.len() > known.len() { " ..." } else { "" };
            let hint = nearest(name, names()).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let list = known.join(", ");
            Trouble::Input(format!(
                "{}: there is no column `{name}`; its columns are {list}{more}{hint}",
                path.display()
            ))
        })
    }
}

/// A number, or NaN, and whether something else stood there.
fn number_of(cell: Cell<'_>) -> (f64, bool) {
    match cell {
        Cell::Whole(number) => (number as f64, false),
        Cell::Single(number) => (f64::from(number), false),
        Cell::Double(number) => (number, false),
        Cell::Nothing => (f64::NAN, false),
        Cell::Text(text) => match text.trim() {
            "" => (f64::NAN, false),
            text => text.parse().map_or((f64::NAN, true), |number| (number, false)),
        },
        Cell::Instant(_) | Cell::Other => (f64::NAN, true),
    }
}

fn name_of(cell: Cell<'_>) -> String {
    match cell {
        Cell::Text(text) => text.trim().to_owned(),
        Cell::Whole(number) => number.to_string(),
        Cell::Single(number) => number.to_string(),
        Cell::Double(number) => number.to_string(),
        Cell::Nothing | Cell::Instant(_) | Cell::Other => String::new(),
    }
}
