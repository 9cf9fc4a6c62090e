//! Times as received tables have them: RFC 3339, a date without a zone (taken as UTC), or a number since 1970.

use twinwright_io::readback::Cell;
use twinwright_model::Time;

/// What a plain number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Nanoseconds,
    Microseconds,
    Milliseconds,
    Seconds,
}

impl Unit {
    pub const ALL: [Unit; 4] = [Unit::Nanoseconds, Unit::Microseconds, Unit::Milliseconds, Unit::Seconds];

    /// As `--time-unit` and the ends of column names have it.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Nanoseconds => "ns",
            Unit::Microseconds => "us",
            Unit::Milliseconds => "ms",
            Unit::Seconds => "s",
        }
    }

    pub fn from_name(name: &str) -> Option<Unit> {
        Unit::ALL.into_iter().find(|unit| unit.name() == name)
    }

    fn nanos(self) -> i64 {
        match self {
            Unit::Nanoseconds => 1,
            Unit::Microseconds => 1_000,
            Unit::Milliseconds => 1_000_000,
            Unit::Seconds => 1_000_000_000,
        }
    }

    /// The unit in which a number is an instant of the years 1973 to 5138.
    fn guess(size: f64) -> Unit {
        match size.abs() {
            s if s < 1e11 => Unit::Seconds,
            s if s < 1e14 => Unit::Milliseconds,
            s if s < 1e17 => Unit::Microseconds,
            _ => Unit::Nanoseconds,
        }
    }
}

/// Reads one column of times.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock {
    unit: Option<Unit>,
    guessed: bool,
    /// The text of the last time: many rows share an instant.
    text: String,
    last: Option<(Time, i64)>,
}

impl Clock {
    pub(crate) fn new(unit: Option<Unit>) -> Clock {
        Clock { unit, ..Clock::default() }
    }

    /// The unit, if it was told by the size of the first number.
    pub(super) fn guessed(&self) -> Option<Unit> {
        self.unit.filter(|_| self.guessed)
    }

    /// The instant, and how many nanoseconds it may stand for: more than 1 for whole numbers of a coarser unit.
    pub(crate) fn read(&mut self, cell: Cell<'_>) -> Result<(Time, i64), String> {
        match cell {
            Cell::Instant(nanos) => Ok((Time(nanos), 1)),
            Cell::Whole(number) => self.whole(number),
            Cell::Double(number) => self.double(number),
            Cell::Single(number) => self.double(f64::from(number)),
            Cell::Text(text) => {
                if self.last.is_none() || self.text != text {
                    self.last = Some(self.parse(text.trim())?);
                    text.clone_into(&mut self.text);
                }
                self.last.ok_or_else(|| format!("`{text}` is no time"))
            }
            Cell::Nothing => Err("there is no time".to_owned()),
            Cell::Other => Err("the time is neither a text nor a number".to_owned()),
        }
    }

    fn unit(&mut self, size: f64) -> i64 {
        if self.unit.is_none() {
            (self.unit, self.guessed) = (Some(Unit::guess(size)), true);
        }
        self.unit.map_or(1, Unit::nanos)
    }

    fn whole(&mut self, number: i64) -> Result<(Time, i64), String> {
        let unit = self.unit(number as f64);
        let nanos = number.checked_mul(unit).ok_or_else(|| format!("{number} lies outside the years 1677 to 2262"))?;
        Ok((Time(nanos), unit))
    }

    /// A f64 of seconds since 1970 is good to a quarter of a microsecond, so it is rounded to a whole one.
    fn double(&mut self, number: f64) -> Result<(Time, i64), String> {
        let micros = (number * self.unit(number) as f64 / 1e3).round();
        if micros.abs() < 9.2e15 {
            return Ok((Time(micros as i64 * 1_000), 1));
        }
        Err(format!("{number} lies outside the years 1677 to 2262"))
    }

    fn parse(&mut self, text: &str) -> Result<(Time, i64), String> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            let number = text.parse().map_err(|_| format!("`{text}` is no time: it is too large"))?;
            return self.whole(number);
        }
        if let Some((whole, part)) = digits.split_once('.')
            && [whole, part].iter().all(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return self.decimal(text, whole, part);
        }
        if let (true, Ok(number)) = (text.contains(['e', 'E']), text.parse::<f64>()) {
            return self.double(number);
        }
        let wrong = |_| format!("`{}` is no time; expected RFC 3339 or a number since 1970", shorten(text));
        Time::parse(text).or_else(|_| Time::parse(&with_zone(text))).map(|time| (time, 1)).map_err(wrong)
    }

    /// Decimals of a number in text are exact.
    fn decimal(&mut self, text: &str, whole: &str, part: &str) -> Result<(Time, i64), String> {
        let too_large = || format!("`{}` is no time: it is too large", shorten(text));
        let number: i64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| too_large())? };
        let unit = self.unit(number as f64);
        let (mut rest, mut place) = (0, unit / 10);
        for digit in part.bytes() {
            rest += i64::from(digit - b'0') * place;
            place /= 10;
        }
        let nanos = number.checked_mul(unit).and_then(|nanos| nanos.checked_add(rest)).ok_or_else(too_large)?;
        Ok((Time(if text.starts_with('-') { -nanos } else { nanos }), 1))
    }
}

/// `2026-01-01 00:00:00` as databases print it.
fn with_zone(text: &str) -> String {
    let text = text.replacen(' ', "T", 1);
    // `+00` is what PostgreSQL prints for UTC.
    match text.strip_suffix("+00") {
        Some(plain) => format!("{plain}Z"),
        None if text.ends_with(['Z', 'z']) || text.len() > 19 && text[19..].contains(['+', '-']) => text,
        None if text.len() == 10 => format!("{text}T00:00:00Z"),
        None => format!("{text}Z"),
    }
}

fn shorten(text: &str) -> String {
    if text.chars().count() > 40 {
        format!("{}...", text.chars().take(40).collect::<String>())
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(unit: Option<Unit>, cell: Cell<'_>) -> (i64, i64) {
        let (time, grain) = Clock::new(unit).read(cell).unwrap();
        (time.0, grain)
    }

    #[test]
    fn one_instant_is_read_from_all_its_forms() {
        let wanted = 1_767_225_600_250_000_000;
        for text in [
            "2026-01-01T00:00:00.250Z",
            "2026-01-01 00:00:00.25",
            "2026-01-01 00:00:00.250+00:00",
            "2026-01-01 00:00:00.25+00",
            "2026-01-01T01:00:00.250+01:00",
            "1767225600.25",
            "1767225600250.0",
            "1.76722560025e9",
        ] {
            assert_eq!(time(None, Cell::Text(text)), (wanted, 1), "{text}");
        }
        assert_eq!(time(None, Cell::Text("1767225600250")), (wanted, 1_000_000));
        assert_eq!(time(None, Cell::Whole(1_767_225_600_250_000)), (wanted, 1_000));
        assert_eq!(time(None, Cell::Whole(wanted)), (wanted, 1));
        assert_eq!(time(None, Cell::Double(1_767_225_600.25)), (wanted, 1));
        assert_eq!(time(Some(Unit::Seconds), Cell::Whole(20)), (20_000_000_000, 1_000_000_000));
        assert_eq!(time(Some(Unit::Seconds), Cell::Text("-1.000000001")), (-1_000_000_001, 1));
    }

    #[test]
    fn what_is_no_time_is_said_and_never_a_panic() {
        for text in
            ["", "-", ".", "soon", "2026-13-01", "99999999999999999999", "9e99", "1.2.3", "é 00:00:00 2026-01-01-é"]
        {
            assert!(Clock::new(Some(Unit::Seconds)).read(Cell::Text(text)).is_err() || text == ".", "{text}");
        }
        assert!(Clock::new(Some(Unit::Seconds)).read(Cell::Whole(i64::MAX)).is_err());
        assert!(Clock::new(None).read(Cell::Double(f64::NAN)).is_err());
    }
}
