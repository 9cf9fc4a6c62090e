//! How a report writes what it says: numbers, times, shares, and tables that pages, texts and files share.

use super::intervals::Estimate;
use crate::report::scale::{minute, plain};
use twinwright_model::Time;

/// What stands where nothing is known.
pub const NOTHING: &str = "–";

/// Four digits that matter, three of what is small.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if !(1e-9..0.01).contains(&size) {
        return plain(value);
    }
    let places = (2.0 - size.log10().floor()) as usize;
    format!("{value:.places$}").trim_end_matches('0').to_owned()
}

/// `2026-03-04 16:20`.
pub fn when(time: Time) -> String {
    minute(time)
}

/// `97.43 %`
pub fn percent(part: f64) -> String {
    format!("{:.2} %", part * 100.0)
}

/// `320 (114 to 1 616)`, `at least 334` where only that is known.
pub fn estimate(estimate: &Estimate) -> String {
    let reach = match (estimate.low, estimate.high) {
        (Some(low), Some(high)) => format!("{} to {}", number(low), number(high)),
        (Some(low), None) => format!("at least {}", number(low)),
        _ => String::new(),
    };
    match (estimate.value, reach.is_empty()) {
        (Some(value), false) => format!("{} ({reach})", number(value)),
        (Some(value), true) => number(value),
        (None, false) => reach,
        (None, true) => NOTHING.to_owned(),
    }
}

/// One cell of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Text(String),
    Number(f64),
    /// A part of one.
    Share(f64),
    Time(Time),
    Empty,
}

impl Cell {
    pub fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    pub fn count(count: usize) -> Cell {
        Cell::Number(count as f64)
    }

    pub fn maybe(value: Option<f64>) -> Cell {
        value.map_or(Cell::Empty, Cell::Number)
    }

    pub fn share(value: Option<f64>) -> Cell {
        value.map_or(Cell::Empty, Cell::Share)
    }

    /// For people.
    pub fn shown(&self) -> String {
        match self {
            Cell::Text(text) => text.clone(),
            Cell::Number(value) => number(*value),
            Cell::Share(part) => percent(*part),
            Cell::Time(time) => when(*time),
            Cell::Empty => NOTHING.to_owned(),
        }
    }

    /// For programs.
    pub fn exact(&self) -> String {
        match self {
            Cell::Text(text) => crate::whatif::tables::harmless(text),
            Cell::Number(value) | Cell::Share(value) => value.to_string(),
            Cell::Time(time) => time.to_string(),
            Cell::Empty => String::new(),
        }
    }
}

/// A table, the same on a page, in a text and as a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Of its file.
    pub name: &'static str,
    pub title: &'static str,
    pub note: String,
    /// The head of each column for people and for programs, and whether it holds numbers.
    pub heads: Vec<(&'static str, &'static str, bool)>,
    pub rows: Vec<Vec<Cell>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_are_short() {
        let shown = [0.002_718_32, -0.000_252_91, 0.005, 0.02, 0.0].map(number);
        assert_eq!(shown, ["0.00272", "-0.000253", "0.005", "0.02", "0"]);
    }

    #[test]
    fn an_open_end_is_said() {
        let of = |value, low, high| estimate(&Estimate { value, low, high });
        assert_eq!(of(Some(320.0), Some(114.0), Some(1_616.0)), "320 (114 to 1 616)");
        assert_eq!(of(None, Some(334.0), None), "at least 334");
        assert_eq!([of(Some(5.0), None, None), of(None, None, None)], ["5", NOTHING]);
    }

    #[test]
    fn a_cell_is_harmless_in_a_spreadsheet_and_a_number_stays_one() {
        assert_eq!(Cell::text("=1+1").exact(), "'=1+1");
        assert_eq!([Cell::Number(-2.5).exact(), Cell::Share(0.25).exact()], ["-2.5", "0.25"]);
        assert_eq!([Cell::Share(0.25).shown(), Cell::Empty.shown()], ["25.00 %", NOTHING]);
    }
}
