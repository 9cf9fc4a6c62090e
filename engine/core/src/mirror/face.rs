//! The face of a machine: what its sensors showed last, panel by panel, and how silence and doubt tell on it. It never makes a
//! value up: what the twin would put in its place is said elsewhere, and marked.

use super::view::NEVER;
use crate::sensing::LANES;
use crate::site::TimePlan;
use serde::{Deserialize, Serialize};
use twinwright_model::time::SECOND;
use twinwright_model::{Quality, Time};

/// Silence is told from a usual gap: so many of them, and at least so many seconds.
const UNCERTAIN: (f64, i64) = (5.0, 5 * SECOND);
const BAD: (f64, i64) = (20.0, 20 * SECOND);

/// One panel of one machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Face {
    /// True values that lagged lanes will have at the next tick.
    pub ahead: [f64; LANES],
    /// What the model expects to be read, biases included; NaN where it says nothing.
    pub expected: [f64; LANES],
    pub measured: [f64; LANES],
    pub quality: [u8; LANES],
    pub heard_at: [i64; LANES],
    /// The noise that the last good reading had, as far as it remembers, and the variance of that.
    pub noise: [f64; LANES],
    pub doubt: [f64; LANES],
    /// Nanoseconds between readings, as they usually come; 0 before there were two.
    pub gap: [f64; LANES],
    /// Mean and variance of what was received, over about the last thousand readings.
    pub mean: [f64; LANES],
    pub variance: [f64; LANES],
    pub count: [u32; LANES],
}

impl Default for Face {
    fn default() -> Face {
        Face {
            ahead: [0.0; LANES],
            expected: [f64::NAN; LANES],
            measured: [f64::NAN; LANES],
            quality: [Quality::Bad.code(); LANES],
            heard_at: [NEVER; LANES],
            noise: [0.0; LANES],
            doubt: [0.0; LANES],
            gap: [0.0; LANES],
            mean: [0.0; LANES],
            variance: [0.0; LANES],
            count: [0; LANES],
        }
    }
}

impl Face {
    /// Lays a reading on a lane. True when it has a value that may be looked at.
    pub fn show(&mut self, lane: usize, time: Time, value: f64, quality: Quality) -> bool {
        self.note_gap(lane, time);
        self.heard_at[lane] = time.0;
        let usable = value.is_finite() && matches!(quality, Quality::Good | Quality::Uncertain | Quality::Substitute);
        self.measured[lane] = if value.is_finite() { value } else { f64::NAN };
        self.quality[lane] = if usable { quality } else { Quality::Bad }.code();
        if usable {
            self.count_in(lane, value);
        }
        usable
    }

    fn note_gap(&mut self, lane: usize, time: Time) {
        let gap = time.0.saturating_sub(self.heard_at[lane]);
        if self.heard_at[lane] == NEVER || gap <= 0 {
            return;
        }
        let usual = self.gap[lane];
        // A pause says little of the usual gap: it counts for four times the usual at most.
        let gap = if usual > 0.0 { (gap as f64).min(4.0 * usual) } else { gap as f64 };
        self.gap[lane] = if usual > 0.0 { usual + (gap - usual) / 16.0 } else { gap };
    }

    fn count_in(&mut self, lane: usize, value: f64) {
        self.count[lane] = self.count[lane].saturating_add(1);
        let weight = 1.0 / f64::from(self.count[lane].min(1000));
        let off = value - self.mean[lane];
        let mean = self.mean[lane] + off * weight;
        let variance = (1.0 - weight) * (self.variance[lane] + weight * off * off);
        // What would overflow is not counted.
        if mean.is_finite() && variance.is_finite() {
            (self.mean[lane], self.variance[lane]) = (mean, variance);
        }
    }

    /// Lets silence tell.
    pub fn fall_silent(&mut self, used: usize, now: Time, time: &TimePlan) {
        for lane in (0..used).filter(|&lane| self.heard_at[lane] != NEVER) {
            let silence = now.0.saturating_sub(self.heard_at[lane]);
            let after = |(gaps, least): (f64, i64)| ((gaps * self.gap[lane]) as i64).max(least);
            let uncertain = time.uncertain.map_or(after(UNCERTAIN), |span| span.0);
            let bad = time.bad.map_or(after(BAD), |span| span.0);
            if silence > bad {
                self.quality[lane] = Quality::Bad.code();
            } else if silence > uncertain && self.quality[lane] == Quality::Good.code() {
                self.quality[lane] = Quality::Uncertain.code();
            }
        }
    }

    /// Whether the last reading can still be taken for the present one.
    pub fn is_fresh(&self, lane: usize) -> bool {
        self.quality[lane] != Quality::Bad.code() && self.measured[lane].is_finite()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::Clock;
    use twinwright_model::Span;

    fn time_plan(uncertain: Option<Span>, bad: Option<Span>) -> TimePlan {
        let (reorder, ahead, oldest) = (Span(2 * SECOND), Span(5 * SECOND), Span(i64::MAX));
        TimePlan { clock: Clock::Source, reorder, ahead, oldest, uncertain, bad }
    }

    #[test]
    fn silence_is_measured_in_the_gaps_that_a_sensor_usually_leaves() {
        for (gap_s, uncertain_s, bad_s) in [(1, 5, 20), (10, 50, 200), (60, 300, 1200)] {
            let mut face = Face::default();
            for at in 0..50 {
                face.show(3, Time(at * gap_s * SECOND), 1.0, Quality::Good);
            }
            let last = 49 * gap_s;
            let mut quality_after = |seconds: i64| {
                face.fall_silent(16, Time((last + seconds) * SECOND), &time_plan(None, None));
                Quality::from_code(face.quality[3])
            };
            assert_eq!(quality_after(uncertain_s), Quality::Good);
            assert_eq!(quality_after(uncertain_s + 1), Quality::Uncertain);
            assert_eq!(quality_after(bad_s), Quality::Uncertain);
            assert_eq!(quality_after(bad_s + 1), Quality::Bad);
        }
    }

    #[test]
    fn what_has_no_value_is_bad_and_leaves_no_number_behind() {
        let mut face = Face::default();
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(!face.show(0, Time(1), value, Quality::Good));
            assert!(face.measured[0].is_nan() && face.quality[0] == Quality::Bad.code());
        }
        assert!(!face.show(0, Time(2), 7.0, Quality::Bad));
        assert!(face.show(0, Time(3), 1e308, Quality::Good) && face.show(0, Time(4), -1e308, Quality::Good));
        assert!(face.mean[0].is_finite() && face.variance[0].is_finite());
    }

    #[test]
    fn mean_and_deviation_are_those_of_what_was_received() {
        let mut face = Face::default();
        for at in 0..100 {
            face.show(1, Time(at), if at % 2 == 0 { 4.0 } else { 6.0 }, Quality::Good);
        }
        assert!((face.mean[1] - 5.0).abs() < 1e-12 && (face.variance[1] - 1.0).abs() < 1e-12);
    }
}
