//! A cell as a number, or why it is none. Never guesses: a decimal comma is named, not read.

use twinwright_io::readback::Cell;

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Nothing,
    Value(f64),
    Infinite,
    /// Something else.
    Odd,
}

impl Number {
    pub(super) fn of(cell: Cell<'_>) -> Number {
        match cell {
            Cell::Nothing => Number::Nothing,
            Cell::Whole(number) => Number::Value(number as f64),
            // 0.1 as its writer meant it, so that a table says the same in every format.
            Cell::Single(number) => Number::of_float(number.to_string().parse().unwrap_or(f64::NAN)),
            Cell::Double(number) => Number::of_float(number),
            Cell::Text(text) => Number::of_text(text.trim()),
            Cell::Instant(_) | Cell::Other => Number::Odd,
        }
    }

    fn of_text(text: &str) -> Number {
        match text.parse::<f64>() {
            Ok(number) => Number::of_float(number),
            Err(_) => match text {
                "" | "null" | "NULL" | "None" | "none" | "NA" | "N/A" | "n/a" | "\\N" | "-" | "?" => Number::Nothing,
                _ => Number::Odd,
            },
        }
    }

    fn of_float(number: f64) -> Number {
        match number {
            number if number.is_nan() => Number::Nothing,
            number if number.is_infinite() => Number::Infinite,
            number => Number::Value(number),
        }
    }
}

/// Whether a cell is a number but for a comma where its point should be.
pub(super) fn has_decimal_comma(cell: Cell<'_>) -> bool {
    let Cell::Text(text) = cell else { return false };
    text.matches(',').count() == 1 && text.trim().replace(',', ".").parse::<f64>().is_ok()
}

/// A cell for a message.
pub(super) fn shown(cell: Cell<'_>) -> String {
    match cell {
        Cell::Text(text) => format!("`{}`", super::account::cut(text)),
        Cell::Instant(_) => "a time".to_owned(),
        _ => "neither a number nor a text".to_owned(),
    }
}
