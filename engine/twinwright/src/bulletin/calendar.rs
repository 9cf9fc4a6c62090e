//! Days, weeks and months in UTC: which of them is meant, and where it begins and ends.

use crate::Trouble;
use twinwright_core::files::units;
use twinwright_model::Time;

const DAY: i64 = 86_400_000_000_000;

/// What a report tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    Daily,
    Weekly,
    Monthly,
    /// The whole of a run.
    Run,
}

impl Period {
    pub fn from_name(name: &str) -> Option<Period> {
        [Period::Daily, Period::Weekly, Period::Monthly].into_iter().find(|period| period.name() == name)
    }

    /// As the command line and the store have it.
    pub fn name(self) -> &'static str {
        match self {
            Period::Daily => "daily",
            Period::Weekly => "weekly",
            Period::Monthly => "monthly",
            Period::Run => "run",
        }
    }

    /// What it is a report of.
    pub fn noun(self) -> &'static str {
        match self {
            Period::Daily => "day",
            Period::Weekly => "week",
            Period::Monthly => "month",
            Period::Run => "run",
        }
    }

    /// The one that an instant lies in, from its start up to the next one's. Weeks begin on Monday.
    pub fn around(self, time: Time) -> (Time, Time) {
        let day = time.0.div_euclid(DAY);
        let at = |day: i64| Time(day.saturating_mul(DAY));
        match self {
            Period::Daily | Period::Run => (at(day), at(day + 1)),
            // 1970 began on a Thursday.
            Period::Weekly => {
                let monday = day - (day + 3).rem_euclid(7);
                (at(monday), at(monday + 7))
            }
            Period::Monthly => {
                let (year, month) = month_of(day);
                let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
                (at(first_day(year, month)), at(first_day(next.0, next.1)))
            }
        }
    }

    /// The stretch that is meant of a run from `start` to `end`: the one around `asked`, else the last whole one.
    pub fn stretch(self, (start, end): (Time, Time), asked: Option<Time>) -> (Time, Time) {
        if self == Period::Run {
            return (start, end);
        }
        if let Some(asked) = asked {
            return self.around(asked);
        }
        let last = self.around(Time(end.0 - 1));
        let whole = if last.1 <= end { last } else { self.around(Time(last.0.0 - 1)) };
        // A run that has no whole one is told of as far as it goes.
        if whole.0 >= start { whole } else { last }
    }

    /// As a file is called by it: `daily-2026-03-04`, `monthly-2026-03`, `run`.
    pub fn stem(self, from: Time) -> String {
        let text = from.to_string();
        match self {
            Period::Run => "run".to_owned(),
            Period::Monthly => format!("monthly-{}", text.get(..7).unwrap_or_default()),
            _ => format!("{}-{}", self.name(), text.get(..10).unwrap_or_default()),
        }
    }
}

/// Year and month of a day since 1970, by the calendar that repeats every 400 years.
fn month_of(day: i64) -> (i64, i64) {
    // Counted from 1 March of year 0, a leap day comes last.
    let day = day + 719_468;
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let year = year + era * 400;
    if month < 10 { (year, month + 3) } else { (year + 1, month - 9) }
}

/// The first day of a month, since 1970.
fn first_day(year: i64, month: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * month + 2) / 5 - 719_468
}

/// `2026-03-04`.
pub fn date(text: &str) -> Result<Time, Trouble> {
    Time::parse(&format!("{text}T00:00:00Z"))
        .map_err(|_| Trouble::Input(format!("--on {text}: this is no date; expected such as 2026-03-04")))
}

/// An instant, or a time after the start of the run such as `+30 d`.
pub fn instant(text: &str, start: Time) -> Result<Time, Trouble> {
    let after = text.strip_prefix('+').and_then(|span| units::parse_span(span.trim()).ok()).map(|span| start + span);
    after.or_else(|| Time::parse(text).ok()).ok_or_else(|| {
        Trouble::Input(format!("--at {text}: this is no time; expected such as 2026-03-04T08:00:00Z, or `+30 d`"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time::parse(text).unwrap()
    }

    fn shown((from, to): (Time, Time)) -> String {
        format!("{} {}", &from.to_string()[..10], &to.to_string()[..10])
    }

    #[test]
    fn months_begin_where_the_calendar_says() {
        // Every month from 1690 to 2250, as the clock of the model writes it.
        for month in 0..(2250 - 1690) * 12i64 {
            let (year, month) = (1690 + month / 12, month % 12 + 1);
            let text = format!("{year:04}-{month:02}-01T00:00:00Z");
            assert_eq!(first_day(year, month), at(&text).0.div_euclid(DAY), "{text}");
            assert_eq!(month_of(first_day(year, month)), (year, month));
            assert_ne!(month_of(first_day(year, month) - 1), (year, month));
        }
    }

    #[test]
    fn weeks_begin_on_monday() {
        // 5 January 2026 and 29 December 1969 are Mondays.
        assert_eq!(shown(Period::Weekly.around(at("2026-01-11T23:59:59Z"))), "2026-01-05 2026-01-12");
        assert_eq!(shown(Period::Weekly.around(at("2026-01-12T00:00:00Z"))), "2026-01-12 2026-01-19");
        assert_eq!(shown(Period::Weekly.around(at("1970-01-01T00:00:00Z"))), "1969-12-29 1970-01-05");
    }

    #[test]
    fn the_last_whole_one_is_meant_unless_one_is_asked_for() {
        let year = (at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
        assert_eq!(shown(Period::Daily.stretch(year, None)), "2026-12-31 2027-01-01");
        assert_eq!(shown(Period::Monthly.stretch(year, None)), "2026-12-01 2027-01-01");
        assert_eq!(shown(Period::Weekly.stretch(year, None)), "2026-12-21 2026-12-28");
        assert_eq!(shown(Period::Monthly.stretch(year, Some(at("2026-02-11T07:00:00Z")))), "2026-02-01 2026-03-01");
        let short = (at("2026-01-01T06:00:00Z"), at("2026-01-02T05:00:00Z"));
        assert_eq!(shown(Period::Daily.stretch(short, None)), "2026-01-02 2026-01-03");
        assert_eq!(Period::Run.stretch(short, None), short);
    }

    #[test]
    fn files_are_called_by_the_day_or_the_month() {
        let from = at("2026-03-01T00:00:00Z");
        let stems = [Period::Daily, Period::Weekly, Period::Monthly, Period::Run].map(|period| period.stem(from));
        assert_eq!(stems, ["daily-2026-03-01", "weekly-2026-03-01", "monthly-2026-03", "run"]);
        assert_eq!(instant("+30 d", from).unwrap(), at("2026-03-31T00:00:00Z"));
        assert!(instant("soon", from).is_err() && date("4 March").is_err() && date("2026-03-04").is_ok());
    }
}
