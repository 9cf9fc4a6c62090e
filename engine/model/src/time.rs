//! Instants and spans in whole nanoseconds: the only clock the engine knows.
//!
//! Nothing here asks the operating system what time it is.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Nanoseconds in a second.
pub const SECOND: i64 = 1_000_000_000;

/// An instant: nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Time(pub i64);

/// A length of time in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Span(pub i64);

impl Time {
    /// Reads RFC 3339, for example `2026-01-01T00:00:00Z`.
    pub fn parse(text: &str) -> Result<Time, String> {
        let stamp: jiff::Timestamp = text.parse().map_err(|e: jiff::Error| e.to_string())?;
        i64::try_from(stamp.as_nanosecond())
            .map(Time)
            .map_err(|_| "this instant lies outside the years 1677 to 2262".to_owned())
    }

    /// The span from `earlier` to this instant.
    pub fn since(self, earlier: Time) -> Span {
        Span(self.0 - earlier.0)
    }
}

impl std::ops::Add<Span> for Time {
    type Output = Time;
    fn add(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}

/// RFC 3339 in UTC with milliseconds, or finer where the instant needs it.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.rem_euclid(SECOND);
        let digits = match nanos {
            n if n % 1_000_000 == 0 => 3,
            n if n % 1_000 == 0 => 6,
            _ => 9,
        };
        let stamp = jiff::Timestamp::from_nanosecond(i128::from(self.0)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        write!(f, "{stamp:.digits$}")
    }
}

impl Span {
    pub const ZERO: Span = Span(0);

    /// A span of so many seconds, rounded to the nanosecond.
    pub fn from_seconds(seconds: f64) -> Span {
        Span((seconds * SECOND as f64).round() as i64)
    }

    pub fn seconds(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }

    pub fn hours(self) -> f64 {
        self.0 as f64 / (3600.0 * SECOND as f64)
    }
}

/// The largest units that fit, as a person would say it: `2 d 4 h`, `1 min`, `250 ms`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(i64, &str); 7] = [
            (86_400 * SECOND, "d"),
            (3_600 * SECOND, "h"),
            (60 * SECOND, "min"),
            (SECOND, "s"),
            (1_000_000, "ms"),
            (1_000, "us"),
            (1, "ns"),
        ];
        let mut rest = self.0;
        let mut said = 0;
        for (size, unit) in UNITS {
            let count = rest / size;
            if count != 0 && said < 2 {
                if said > 0 {
                    f.write_str(" ")?;
                }
                write!(f, "{count} {unit}")?;
                said += 1;
            }
            rest %= size;
        }
        if said == 0 { f.write_str("0 s") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_with_milliseconds_or_as_fine_as_it_needs() {
        let start = Time::parse("2026-01-01T00:00:00Z").unwrap();
        assert_eq!(start.to_string(), "2026-01-01T00:00:00.000Z");
        assert_eq!((start + Span(1_500_000)).to_string(), "2026-01-01T00:00:00.001500Z");
        assert_eq!((start + Span(1)).to_string(), "2026-01-01T00:00:00.000000001Z");
        assert_eq!(Time::parse("1969-12-31T23:59:59.5Z").unwrap().to_string(), "1969-12-31T23:59:59.500Z");
    }

    #[test]
    fn a_span_is_said_in_its_two_largest_units() {
        assert_eq!(Span(90_061 * SECOND).to_string(), "1 d 1 h");
        assert_eq!(Span(250_000_000).to_string(), "250 ms");
        assert_eq!(Span::ZERO.to_string(), "0 s");
    }
}
