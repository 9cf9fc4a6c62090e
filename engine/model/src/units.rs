//! Times and sizes as people write them: `12 min`, `1.5 h`, `90 d`, `64 KiB`.

use crate::Span;
use crate::names;
use std::fmt;

/// Unit names and their length in nanoseconds.
pub const UNITS: [(&str, f64); 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("min", 60e9),
    ("h", 3600e9),
    ("d", 86_400e9),
    ("w", 604_800e9),
];

/// No span may be longer: an i64 of nanoseconds ends at 292 years.
pub const LONGEST_YEARS: f64 = 200.0;

/// Why a time could not be read.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitFault {
    pub message: String,
    pub expected: Option<String>,
    pub nearest: Option<String>,
}

impl fmt::Display for UnitFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.expected, &self.nearest) {
            (_, Some(nearest)) => write!(f, "{}; did you mean `{nearest}`?", self.message),
            (Some(expected), None) => write!(f, "{}; expected {expected}", self.message),
            (None, None) => f.write_str(&self.message),
        }
    }
}

/// Reads a span with its unit.
pub fn parse_span(text: &str) -> Result<Span, UnitFault> {
    let text = text.trim();
    let split = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '_' | '+' | '-'))).unwrap_or(text.len());
    // An exponent is part of the number: `1e3 s`.
    let split = match text[split..].strip_prefix(['e', 'E']) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-')) => {
            let digits = rest[1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - 1);
            split + 2 + digits
        }
        _ => split,
    };
    let (number, unit) = (text[..split].replace('_', ""), text[split..].trim());
    let number: f64 = number.parse().map_err(|_| UnitFault {
        message: format!("`{}` is not a time", shorten(text)),
        expected: Some("a number and a unit, such as `12 min`, `1.5 h` or `90 d`".to_owned()),
        nearest: None,
    })?;
    let Some((_, size)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(UnitFault {
            message: if unit.is_empty() {
                "this time has no unit".to_owned()
            } else {
                format!("`{}` is not a unit of time", shorten(unit))
            },
            expected: Some(names::list(UNITS.iter().map(|(name, _)| *name))),
            nearest: nearest_unit(unit).map(|name| format!("{} {name}", trim_number(number))),
        });
    };
    let nanos = number * size;
    if !nanos.is_finite() || nanos.abs() > LONGEST_YEARS * 365.25 * 86_400e9 {
        return Err(UnitFault {
            message: format!("`{}` is too long", shorten(text)),
            expected: Some(format!("at most {LONGEST_YEARS} years ({} d)", LONGEST_YEARS * 365.0)),
            nearest: None,
        });
    }
    Ok(Span(nanos.round() as i64))
}

/// Reads a number of bytes above 0: `100 MB`, `64KiB`, `5000`.
pub fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let factor: u64 = match text[split..].trim() {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    text[..split].parse::<u64>().ok()?.checked_mul(factor).filter(|bytes| *bytes > 0)
}

fn trim_number(number: f64) -> String {
    format!("{number}")
}

fn shorten(text: &str) -> String {
    if text.chars().count() > 40 {
        format!("{}…", text.chars().take(40).collect::<String>())
    } else {
        text.to_owned()
    }
}

/// Words that people use for a unit we write otherwise.
fn nearest_unit(typed: &str) -> Option<&'static str> {
    const WORDS: [(&str, &str); 10] = [
        ("sec", "s"),
        ("second", "s"),
        ("minute", "min"),
        ("m", "min"),
        ("hr", "h"),
        ("hour", "h"),
        ("day", "d"),
        ("week", "w"),
        ("msec", "ms"),
        ("millisecond", "ms"),
    ];
    let lower = typed.to_lowercase();
    let lower = lower.strip_suffix('s').filter(|stem| !stem.is_empty()).unwrap_or(&lower);
    WORDS.iter().find(|(word, _)| *word == lower).map(|(_, unit)| *unit).or_else(|| {
        let known = UNITS.iter().map(|(name, _)| *name);
        let near = names::nearest(lower, known)?;
        UNITS.iter().map(|(name, _)| *name).find(|name| *name == near)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_a_number_and_a_unit() {
        for (text, nanos) in [
            ("12 min", 720_000_000_000),
            ("1.5h", 5_400_000_000_000),
            ("100 ms", 100_000_000),
            ("1e3 s", 1_000_000_000_000),
            ("2 w", 1_209_600_000_000_000),
        ] {
            assert_eq!(parse_span(text), Ok(Span(nanos)), "{text}");
        }
    }

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [("100 MB", 100_000_000), ("64KiB", 65_536), ("5000", 5_000)] {
            assert_eq!(parse_size(text), Some(bytes));
        }
        for text in ["", "MB", "0", "1 parsec", "99999999999 GB"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_a_time_says_what_is() {
        assert_eq!(parse_span("5 hours").unwrap_err().nearest.as_deref(), Some("5 h"));
        assert_eq!(parse_span("5").unwrap_err().message, "this time has no unit");
        assert!(parse_span("soon").unwrap_err().message.contains("is not a time"));
        assert!(parse_span("1e9 w").unwrap_err().message.contains("too long"));
        assert!(parse_span("").is_err() && parse_span("e5 s").is_err() && parse_span("1e").is_err());
    }
}
