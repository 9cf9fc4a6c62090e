//! Instants as text, RFC 3339 in UTC, as [`Time`] displays itself, but fast: many rows share an instant and many
//! instants share a day, so the text and the date are kept from row to row. Reads no clock.

use twinwright_model::Time;
use twinwright_model::time::SECOND;

const DAY: i64 = 86_400 * SECOND;
/// `2026-01-01T00:00:00.000000000Z` is 30 long.
const LENGTH: usize = 32;

#[derive(Debug, Clone)]
pub(crate) struct TimeText {
    time: Option<Time>,
    day: i64,
    text: [u8; LENGTH],
    length: usize,
}

impl TimeText {
    pub(crate) fn new() -> TimeText {
        TimeText { time: None, day: i64::MIN, text: [b'0'; LENGTH], length: 0 }
    }

    /// The text of `time` and its length.
    #[inline]
    pub(crate) fn of(&mut self, time: Time) -> (&[u8; LENGTH], usize) {
        if self.time != Some(time) {
            self.render(time);
        }
        (&self.text, self.length)
    }

    fn render(&mut self, time: Time) {
        self.time = Some(time);
        let (day, in_day) = (time.0.div_euclid(DAY), time.0.rem_euclid(DAY));
        if day != self.day {
            self.day = day;
            let (year, month, day) = civil(day);
            put(&mut self.text[0..4], year);
            put(&mut self.text[5..7], month);
            put(&mut self.text[8..10], day);
            for (place, mark) in [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.')] {
                self.text[place] = mark;
            }
        }
        let (seconds, nanos) = ((in_day / SECOND) as u32, (in_day % SECOND) as u32);
        put(&mut self.text[11..13], seconds / 3600);
        put(&mut self.text[14..16], seconds / 60 % 60);
        put(&mut self.text[17..19], seconds % 60);
        let (digits, fraction) = match nanos {
            n if n % 1_000_000 == 0 => (3, n / 1_000_000),
            n if n % 1_000 == 0 => (6, n / 1_000),
            n => (9, n),
        };
        put(&mut self.text[20..20 + digits], fraction);
        self.text[20 + digits] = b'Z';
        self.length = 21 + digits;
    }
}

/// Right-aligned decimal digits with leading zeros.
fn put(places: &mut [u8], mut number: u32) {
    for place in places.iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Year, month and day of a day since 1970-01-01 (Hinnant, "chrono-compatible low-level date algorithms").
fn civil(day: i64) -> (u32, u32, u32) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as u32, month as u32, (of_year - (153 * shifted + 2) / 5 + 1) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_reads_as_it_displays_itself() {
        let mut text = TimeText::new();
        let mut check = |nanos: i64| {
            let (bytes, length) = text.of(Time(nanos));
            assert_eq!(std::str::from_utf8(&bytes[..length]).unwrap(), Time(nanos).to_string());
        };
        for day in -40_000..60_000 {
            check(day * DAY + day.rem_euclid(86_400) * SECOND + 250_000_000);
        }
        for nanos in [0, -1, 1, 999, 1_000, 1_500_000, i64::MIN, i64::MAX, 951_782_400 * SECOND] {
            check(nanos);
        }
    }
}
