//! Mean times with what is known of them: how sure a number of failures, or some lengths of stops, makes one.

use crate::whatif::statistics::{Moments, Student};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Of all intervals here.
pub const CONFIDENCE: f64 = 0.95;

/// A mean and where the true one lies. An end that is open is None.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Estimate {
    pub value: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// Mean operating time between failures, from a count over some hours: exact where failures come by chance at one rate.
///
/// The count is Poisson, so `2 T / chi2` with `2 n + 2` and `2 n` degrees of freedom. Without a failure only a lower bound
/// is known, and it is one-sided.
pub fn between_failures(hours: f64, failures: u64) -> Estimate {
    if hours <= 0.0 {
        return Estimate::default();
    }
    let bound = |freedom: u64, part: f64| {
        let quantile = ChiSquared::new(freedom as f64).ok()?.inverse_cdf(part);
        (quantile > 0.0).then(|| 2.0 * hours / quantile)
    };
    let tail = (1.0 - CONFIDENCE) / 2.0;
    if failures == 0 {
        return Estimate { value: None, low: bound(2, CONFIDENCE), high: None };
    }
    Estimate {
        value: Some(hours / failures as f64),
        low: bound(2 * failures + 2, 1.0 - tail),
        high: bound(2 * failures, tail),
    }
}

/// Mean length of stops by Student's t, never below nothing; of one stop no interval is made.
pub fn to_repair(hours: &[f64]) -> Estimate {
    let Some(moments) = Moments::of(hours) else { return Estimate::default() };
    let interval = Student::new(CONFIDENCE).interval(&moments);
    Estimate {
        value: Some(moments.mean),
        low: interval.map(|interval| interval.low.max(0.0)),
        high: interval.map(|interval| interval.high),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: Option<f64>, wanted: f64) -> bool {
        found.is_some_and(|found| (found - wanted).abs() <= 1e-6 * wanted)
    }

    #[test]
    fn the_interval_of_a_count_is_the_exact_one() {
        // scipy.stats.chi2.ppf(0.975, 8) = 17.53454613948465 and ppf(0.025, 6) = 1.2373442457912032, so of 3 in 1000 h:
        let three = between_failures(1_000.0, 3);
        assert!(near(three.value, 1_000.0 / 3.0));
        assert!(near(three.low, 2_000.0 / 17.534_546_139_484_65));
        assert!(near(three.high, 2_000.0 / 1.237_344_245_791_203_2));
        // Of none: the chance of none in T hours is e^(-T / MTBF), which is 0.05 at MTBF = T / ln 20.
        let none = between_failures(1_000.0, 0);
        assert!(near(none.low, 1_000.0 / 20f64.ln()));
        assert_eq!((none.value, none.high), (None, None));
        // Of one, the upper end from the chance of at least one: 1 - e^(-T / MTBF) = 0.025.
        assert!(near(between_failures(10.0, 1).high, -10.0 / 0.975f64.ln()));
        assert_eq!(between_failures(0.0, 0), Estimate::default());
    }

    #[test]
    fn the_interval_of_stops_is_students_and_never_below_nothing() {
        // Mean 4, deviation 2 of three: 4 +- 4.302652729911275 * 2 / sqrt(3), whose lower end is below nothing.
        let three = to_repair(&[2.0, 4.0, 6.0]);
        assert!(near(three.value, 4.0) && near(three.high, 4.0 + 4.302_652_729_911_275 * 2.0 / 3f64.sqrt()));
        assert_eq!(three.low, Some(0.0));
        assert_eq!(to_repair(&[5.0]), Estimate { value: Some(5.0), low: None, high: None });
        assert_eq!(to_repair(&[]), Estimate::default());
    }
}
