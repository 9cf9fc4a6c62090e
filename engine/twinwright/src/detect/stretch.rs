//! Stretches of rows, as people say them: `first 400 rows`, `until 2026-01-01T06:00:00Z`, `first 2 h`.

use crate::verify::clock::Clock;
use twinwright_io::readback::Cell;
use twinwright_model::{Span, Time, units};

/// What people may say.
pub const EXPECTED: &str = "expected such as `first 400 rows`, `first 2 h` or `until 2026-01-01T06:00:00Z`";

/// Which rows from a place on belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stretch {
    Rows(u64),
    /// From the first row's time on, its end excluded.
    For(Span),
    /// Before this instant.
    Until(Time),
}

impl Stretch {
    pub fn parse(text: &str) -> Result<Stretch, String> {
        let wrong = || format!("`{text}` is no stretch of rows; {EXPECTED}");
        let words = text.trim();
        if let Some(instant) = words.strip_prefix("until ") {
            let (time, _) = Clock::default().read(Cell::Text(instant.trim())).map_err(|_| wrong())?;
            return Ok(Stretch::Until(time));
        }
        let rest = words.strip_prefix("first ").or_else(|| words.strip_prefix("next ")).ok_or_else(wrong)?;
        let stretch = match rest.trim().strip_suffix("rows").or_else(|| rest.trim().strip_suffix("row")) {
            Some(count) => Stretch::Rows(count.trim().replace(['_', ' '], "").parse().map_err(|_| wrong())?),
            None => Stretch::For(units::parse_span(rest).map_err(|_| wrong())?),
        };
        let is_empty = matches!(stretch, Stretch::Rows(0)) || matches!(stretch, Stretch::For(span) if span.0 <= 0);
        if is_empty { Err(wrong()) } else { Ok(stretch) }
    }

    /// Whether a row is part of it, by how many were before it, the time of the first of them and its own.
    pub fn holds(self, before: u64, first: i64, time: i64) -> bool {
        match self {
            Stretch::Rows(rows) => before < rows,
            Stretch::For(span) => time.saturating_sub(first) < span.0,
            Stretch::Until(end) => time < end.0,
        }
    }

    pub fn needs_times(self) -> bool {
        !matches!(self, Stretch::Rows(_))
    }
}

impl std::fmt::Display for Stretch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Stretch::Rows(rows) => write!(f, "{rows} rows"),
            Stretch::For(span) => write!(f, "{span}"),
            Stretch::Until(time) => write!(f, "until {time}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_read_as_people_say_it() {
        let hours = |hours: i64| Span(hours * 3_600_000_000_000);
        let instant = Time(1_767_225_600_000_000_000);
        for (text, wanted) in [
            ("first 400 rows", Stretch::Rows(400)),
            ("next 1 row", Stretch::Rows(1)),
            ("first 1_000 rows", Stretch::Rows(1_000)),
            ("first 2 h", Stretch::For(hours(2))),
            ("until 2026-01-01T00:00:00Z", Stretch::Until(instant)),
            ("until 2026-01-01 00:00:00", Stretch::Until(instant)),
            ("until 2026-01-01", Stretch::Until(instant)),
        ] {
            assert_eq!(Stretch::parse(text), Ok(wanted), "{text}");
        }
        for text in [
            "",
            "400",
            "first",
            "first 0 rows",
            "first -3 rows",
            "first x rows",
            "first 0 s",
            "until soon",
            "last 4 rows",
        ] {
            assert!(Stretch::parse(text).is_err_and(|why| why.contains("expected")), "{text}");
        }
    }
}
