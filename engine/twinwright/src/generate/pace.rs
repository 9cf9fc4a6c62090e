//! How fast a stream runs: as fast as it goes, at the clock's pace, or a multiple of it; and no more than so many
//! readings a second when that is asked for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use twinwright_model::Time;

/// Simulated seconds in a second; none is as many as there are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace(pub Option<f64>);

/// How much is made: readings in all, readings in a second.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limit {
    pub readings: Option<u64>,
    pub per_second: Option<f64>,
}

impl Pace {
    pub const MAX: Pace = Pace(None);
    pub const REAL: Pace = Pace(Some(1.0));

    /// `max`, `real` or `60x`.
    pub fn parse(text: &str) -> Result<Pace, String> {
        match text {
            "max" => Ok(Pace::MAX),
            "real" => Ok(Pace::REAL),
            other => {
                let factor = other.strip_suffix('x').and_then(|number| number.parse::<f64>().ok());
                let factor = factor.filter(|factor| factor.is_finite() && (1e-6..=1e9).contains(factor));
                factor
                    .map(|factor| Pace(Some(factor)))
                    .ok_or_else(|| "expected max, real or a factor such as 60x".to_owned())
            }
        }
    }
}

impl Limit {
    /// `1000000` readings, or `5000/s`.
    pub fn parse(text: &str) -> Result<Limit, String> {
        let expected = || "expected a number of readings such as 1000000, or a rate such as 5000/s".to_owned();
        match text.strip_suffix("/s") {
            Some(rate) => {
                let rate = rate.trim().replace('_', "").parse::<f64>().ok();
                let rate = rate.filter(|rate| rate.is_finite() && *rate > 0.0).ok_or_else(expected)?;
                Ok(Limit { per_second: Some(rate), readings: None })
            }
            None => {
                let count = text.trim().replace('_', "").parse::<u64>().ok().filter(|count| *count > 0);
                Ok(Limit { readings: Some(count.ok_or_else(expected)?), per_second: None })
            }
        }
    }

    /// Two limits, each of its own sort; none where both say the same thing.
    pub fn and(self, other: Limit) -> Option<Limit> {
        let twice = (self.readings.is_some() && other.readings.is_some())
            || (self.per_second.is_some() && other.per_second.is_some());
        let both =
            Limit { readings: other.readings.or(self.readings), per_second: other.per_second.or(self.per_second) };
        (!twice).then_some(both)
    }
}

/// Holds a stream back to its pace.
#[derive(Debug)]
pub struct Pacer {
    pace: Pace,
    per_second: Option<f64>,
    begun: Instant,
    first: Option<Time>,
}

impl Pacer {
    pub fn new(pace: Pace, limit: Limit) -> Pacer {
        Pacer { pace, per_second: limit.per_second, begun: Instant::now(), first: None }
    }

    /// Whether instants must leave one by one.
    pub fn is_held(&self) -> bool {
        self.pace != Pace::MAX || self.per_second.is_some()
    }

    /// Waits until what was made for `time` may leave, after `made` readings before it. A stop ends the wait.
    pub fn wait(&mut self, time: Time, made: u64, stop: &AtomicBool) {
        let first = *self.first.get_or_insert(time);
        let by_clock = self.pace.0.map_or(0.0, |factor| time.since(first).seconds() / factor);
        let by_rate = self.per_second.map_or(0.0, |rate| made as f64 / rate);
        let due = self.begun + Duration::from_secs_f64(by_clock.max(by_rate).clamp(0.0, 1e9));
        while !stop.load(Ordering::Relaxed) {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(Duration::from_millis(50)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paces_and_limits_are_read_as_people_write_them() {
        assert_eq!(Pace::parse("60x"), Ok(Pace(Some(60.0))));
        assert_eq!((Pace::parse("max"), Pace::parse("real")), (Ok(Pace::MAX), Ok(Pace::REAL)));
        for wrong in ["", "x", "0x", "-1x", "infx", "NaNx", "fast", "60"] {
            assert!(Pace::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Limit::parse("1_000_000").map(|limit| limit.readings), Ok(Some(1_000_000)));
        assert_eq!(Limit::parse("5000/s").map(|limit| limit.per_second), Ok(Some(5000.0)));
        for wrong in ["", "0", "-1", "0/s", "many", "5000/min"] {
            assert!(Limit::parse(wrong).is_err(), "{wrong}");
        }
    }
}
