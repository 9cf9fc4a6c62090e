//! How likely a wear fails within a lead time, from what can be known today.
//!
//! Known are the laws, the wear that shows (gamma, wiener, shock, linear, exponential) or the age (weibull, whose life
//! stays hidden), and the stress that the machine saw on average since the part was new: it goes on like that.

use super::tails;
use crate::wear::Law;

/// Where one wear stands, and how far it will age within the lead time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlook {
    /// Wear now, and what it began from.
    pub now: f64,
    pub base: f64,
    /// Stress-weighted lives since the renewal, and those to come within the lead time.
    pub s: f64,
    pub ds: f64,
}

/// A sum that rounding keeps a hair below 1 has reached it.
const HAIR: f64 = 1e-9;

impl Outlook {
    /// How likely the wear reaches 1 on the way.
    pub fn failure(&self, law: &Law) -> f64 {
        let left = 1.0 - self.now;
        if left <= 0.0 {
            return 1.0;
        }
        if self.ds <= 0.0 || self.ds.is_nan() {
            return 0.0;
        }
        match law {
            Law::Linear => certain(self.ds >= left - HAIR),
            Law::Exponential { shape, whole } => {
                let rise = libm::exp(shape * self.s) * libm::expm1(shape * self.ds) / whole;
                certain(rise >= left - HAIR)
            }
            Law::Wiener { spread } => tails::reached_by(left, self.ds, *spread),
            Law::Gamma { spread } => {
                let square = spread * spread;
                tails::gamma_above(self.ds / square, left / square)
            }
            Law::Weibull { shape } => {
                // The life is mean 1: its scale is 1 / Gamma(1 + 1/k). A part that began worn has less of it.
                let whole = (1.0 - self.base).max(HAIR) * libm::exp(-libm::lgamma(1.0 + 1.0 / shape));
                let hazard = |s: f64| libm::pow(s / whole, *shape);
                -libm::expm1(hazard(self.s) - hazard(self.s + self.ds))
            }
            Law::Shock { rate, jump } => tails::jumps_reach(left, rate * self.ds, jump),
        }
    }
}

fn certain(it_is: bool) -> f64 {
    f64::from(u8::from(it_is))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(law: &Law, now: f64, base: f64, s: f64, ds: f64) -> f64 {
        Outlook { now, base, s, ds }.failure(law)
    }

    #[test]
    fn what_wears_evenly_fails_when_it_must() {
        assert_eq!(failure(&Law::Linear, 0.65, 0.0, 0.65, 0.349), 0.0);
        assert_eq!(failure(&Law::Linear, 0.65, 0.0, 0.65, 0.35), 1.0);
        let curve = Law::Exponential { shape: 3.0, whole: libm::expm1(3.0) };
        // w = (e^(3 s) - 1) / (e^3 - 1) is 1 at s = 1.
        let now = libm::expm1(3.0 * 0.7) / libm::expm1(3.0);
        assert_eq!(failure(&curve, now, 0.0, 0.7, 0.299), 0.0);
        assert_eq!(failure(&curve, now, 0.0, 0.7, 0.3), 1.0);
    }

    /// 1 - R(s + ds) / R(s) by scipy.stats.weibull_min of mean 1, or of mean 0.7 where the part began at 0.3.
    #[test]
    fn a_weibull_life_is_judged_by_its_age() {
        for (shape, s, ds, base, expected) in [
            (2.5, 0.6, 0.1, 0.0, 0.09264516407129775),
            (1.0, 0.6, 0.1, 0.0, 0.09516258196404037),
            (3.0, 0.4, 0.05, 0.3, 0.054755723154575886),
        ] {
            // The wear that hides the drawn life says nothing.
            for now in [0.1, 0.9] {
                let found = failure(&Law::Weibull { shape }, now, base, s, ds);
                assert!((found - expected).abs() < 1e-6 * expected, "{found} for {expected}");
            }
        }
    }

    /// Gamma(ds / spread^2, scale spread^2) above what is left: scipy.special.gammaincc(16, 30) for spread 0.1.
    #[test]
    fn a_gamma_wear_is_judged_by_what_is_left() {
        let found = failure(&Law::Gamma { spread: 0.1 }, 0.7, 0.0, 0.8, 0.16);
        assert!((found - 0.0019474797778723041).abs() < 1e-8, "{found}");
    }
}
