//! Work hours: planned work begins only within them, by the calendar of the scenario in UTC.

use twinwright_model::Time;

/// Nanoseconds of a day.
pub const DAY: i64 = 86_400_000_000_000;
const WEEK: i64 = 7 * DAY;

/// When planned work may begin, week by week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkHours {
    /// From when to when in nanoseconds after Monday 00:00; a shift over midnight belongs to the day that it begins on,
    /// and that of Sunday ends beyond the week.
    shifts: Vec<(i64, i64)>,
}

impl WorkHours {
    /// The same shift on some days, counted from Monday; one that ends before it begins goes over midnight.
    pub fn new(from: i64, to: i64, days: impl Iterator<Item = i64>) -> WorkHours {
        let long = if to > from { to - from } else { to - from + DAY };
        WorkHours { shifts: days.map(|day| (day * DAY + from, day * DAY + from + long)).collect() }
    }

    pub fn are_open(&self, time: Time) -> bool {
        let now = of_week(time);
        self.shifts.iter().any(|shift| (shift.0..shift.1).contains(&now) || (shift.0..shift.1).contains(&(now + WEEK)))
    }

    /// When the next shift begins, after this instant.
    pub fn next_opening(&self, time: Time) -> Time {
        let now = of_week(time);
        let waits = self.shifts.iter().map(|shift| match (shift.0 - now).rem_euclid(WEEK) {
            0 => WEEK,
            wait => wait,
        });
        Time(time.0.saturating_add(waits.min().unwrap_or(WEEK)))
    }
}

/// Nanoseconds since Monday 00:00. The first of January 1970 was a Thursday.
fn of_week(time: Time) -> i64 {
    (time.0.rem_euclid(WEEK) + 3 * DAY).rem_euclid(WEEK)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = DAY / 24;

    /// 2026-01-05 was a Monday.
    fn at(day: i64, hour: i64) -> Time {
        let monday = Time::parse("2026-01-05T00:00:00Z").expect("an instant");
        Time(monday.0 + day * DAY + hour * HOUR)
    }

    #[test]
    fn a_shift_is_open_from_its_first_instant_to_before_its_last() {
        let early = WorkHours::new(6 * HOUR, 14 * HOUR, 0..5);
        for day in 0..7 {
            assert!(!early.are_open(at(day, 5)) && !early.are_open(at(day, 14)));
            assert_eq!(early.are_open(at(day, 6)), day < 5);
            assert_eq!(early.are_open(at(day, 13)), day < 5);
        }
        assert_eq!(early.next_opening(at(4, 14)), at(7, 6));
        assert_eq!(early.next_opening(at(0, 6)), at(1, 6));
    }

    #[test]
    fn a_night_shift_belongs_to_the_day_it_begins_on() {
        let night = WorkHours::new(22 * HOUR, 6 * HOUR, [6].into_iter());
        assert!(!night.are_open(at(6, 21)) && night.are_open(at(6, 22)));
        assert!(night.are_open(at(7, 5)) && !night.are_open(at(7, 6)));
        assert_eq!(night.next_opening(at(0, 7)), at(6, 22));
    }
}
