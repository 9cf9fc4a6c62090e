//! Time stamps as sources write them: RFC 3339, or a number of seconds, milliseconds, microseconds or nanoseconds since 1970,
//! told apart by its size.
//!
//! Whether a time is believable is not for here; only what is no time at all is refused.

use twinwright_model::Time;

/// What a stamp may look like, for messages.
pub(super) const EXPECTED: &str =
    "expected RFC 3339 with an offset, such as `2026-01-01T00:00:00Z`, or s, ms, us or ns since 1970";

/// No source lives after this: 2200-01-01.
const LAST: i128 = 7_258_118_400_000_000_000;
/// Longer texts are no stamps.
const LONGEST: usize = 64;

/// A number as it is written: `1767225600`, `1767225600123`, `1767225600.5`. Seconds end where the year 5138 begins, and each
/// finer unit a thousand times later.
pub(super) fn of_number(text: &str) -> Option<Time> {
    if text.len() > LONGEST {
        return None;
    }
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if digits.is_empty() || !plain(digits) || !plain(part) {
        // With an exponent: nobody counts nanoseconds like that.
        return text.parse::<f64>().ok().and_then(of_seconds_or_finer);
    }
    let whole: i128 = whole.parse().ok()?;
    let unit = unit_of(whole.unsigned_abs());
    // Of what stands behind the point so much as a nanosecond takes.
    let places = part.len().min(9);
    let fraction: i128 = if places == 0 { 0 } else { part[..places].parse().ok()? };
    let fraction = fraction * unit / 10_i128.pow(places as u32);
    let nanos = whole.checked_mul(unit)?;
    within(if text.starts_with('-') { nanos - fraction } else { nanos + fraction })
}

/// A number from a table that keeps numbers.
pub(super) fn of_whole(number: i64) -> Option<Time> {
    within(i128::from(number) * unit_of(i128::from(number).unsigned_abs()))
}

/// A number with a part, from a table that keeps such.
pub(super) fn of_seconds_or_finer(number: f64) -> Option<Time> {
    if number.is_nan() || number.abs() >= 1e19 {
        return None;
    }
    let unit = unit_of(number.abs() as u128) as f64;
    within((number * unit).round() as i128)
}

fn unit_of(size: u128) -> i128 {
    match size {
        0..100_000_000_000 => 1_000_000_000,
        100_000_000_000..100_000_000_000_000 => 1_000_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1_000,
        _ => 1,
    }
}

fn within(nanos: i128) -> Option<Time> {
    (0..LAST).contains(&nanos).then_some(Time(nanos as i64))
}

/// A text: RFC 3339, or a number in quotes.
pub(super) fn of_text(text: &str) -> Option<Time> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    if text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.')) {
        return of_number(text);
    }
    Time::parse(text).ok().and_then(|time| within(i128::from(time.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::chance::Chance;

    /// 2026-01-01T00:00:00Z.
    const NEW_YEAR: i64 = 1_767_225_600_000_000_000;

    #[test]
    fn a_stamp_is_read_in_each_unit_exactly() {
        for (text, nanos) in [
            ("1767225600", NEW_YEAR),
            ("1767225600000", NEW_YEAR),
            ("1767225600000000", NEW_YEAR),
            ("1767225600000000000", NEW_YEAR),
            ("1767225600000000001", NEW_YEAR + 1),
            ("1767225600.123456789", NEW_YEAR + 123_456_789),
            ("1767225600123.5", NEW_YEAR + 123_500_000),
            ("1767225600.0000000009999", NEW_YEAR),
            ("0", 0),
            ("3600", 3_600_000_000_000),
            ("1.7672256e9", NEW_YEAR),
        ] {
            assert_eq!(of_number(text), Some(Time(nanos)), "{text}");
        }
        for (text, nanos) in [
            ("2026-01-01T00:00:00Z", NEW_YEAR),
            ("2026-01-01T01:00:00.000000001+01:00", NEW_YEAR + 1),
            (" 2025-12-31T23:59:59.5Z ", NEW_YEAR - 500_000_000),
            ("1767225600000", NEW_YEAR),
        ] {
            assert_eq!(of_text(text), Some(Time(nanos)), "{text}");
        }
        assert_eq!(of_whole(1_767_225_600_000), Some(Time(NEW_YEAR)));
        assert_eq!(of_seconds_or_finer(1_767_225_600.5), Some(Time(NEW_YEAR + 500_000_000)));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in
            ["", "now", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z", "-5", "99999999999999999999"]
        {
            assert_eq!(of_text(text), None, "{text}");
        }
        for text in ["-1", "1e300", "9223372036854775808", "8000000000000000000", "-0.5"] {
            assert_eq!(of_number(text), None, "{text}");
        }
        assert_eq!(of_seconds_or_finer(f64::NAN), None);
    }

    #[test]
    fn no_text_makes_it_stumble() {
        let mut chance = Chance::new(7);
        for case in 0..200_000 {
            let good = ["2026-01-01T00:00:00.125+01:00", "1767225600123456789", "1767225600.5"][case % 3];
            let bytes = chance.mangled(good.as_bytes(), b"0123456789.-+:TZe");
            let text = String::from_utf8_lossy(&bytes);
            for time in [of_text(&text), of_number(&text)].into_iter().flatten() {
                assert!((0..LAST).contains(&i128::from(time.0)), "{text}");
            }
        }
    }
}
