//! When enough futures were run. The rule is looked at after fixed numbers of futures, never at what happens to be done,
//! so that the answer does not depend on threads.

use super::outcome::Stopped;
use super::statistics::{Moments, Student, paired};
use twinwright_core::plan::study::{Of, StopRule};

/// Fewer futures say too little about their own spread.
const FIRST: u32 = 32;
/// A measure that has not moved at all is given this many futures: what is rare may not have come yet.
const UNMOVED: usize = 300;

/// The number of futures after which the rule is looked at for the first time, or again: 5 % more each time.
pub fn next_look(last: u32, most: u32) -> u32 {
    if last == 0 { FIRST.min(most) } else { (last + (last / 20).max(1)).min(most) }
}

/// Watches one rule.
#[derive(Debug)]
pub struct Stopping {
    rule: StopRule,
    student: Student,
    /// The interval was narrow enough at the last look.
    held: bool,
    widest: f64,
}

impl Stopping {
    pub fn new(rule: &StopRule) -> Stopping {
        let student = Student::new(rule.confidence);
        Stopping { rule: rule.clone(), student, held: false, widest: f64::INFINITY }
    }

    /// Whether it is enough: narrow enough at two looks running, since a narrow interval may be one lucky dip.
    ///
    /// `columns` has the measure of each future, and the place of the baseline, for each run.
    pub fn look(&mut self, columns: &[(Vec<Option<f64>>, usize)]) -> bool {
        let widths = columns.iter().enumerate().filter_map(|(place, (column, baseline))| match self.rule.of {
            Of::Value => Some(self.width(&column.iter().flatten().copied().collect::<Vec<_>>())),
            Of::Difference if *baseline == place => None,
            Of::Difference => Some(self.width(&paired(column, &columns[*baseline].0))),
        });
        self.widest = widths.fold(0.0, f64::max);
        let narrow = self.widest <= self.rule.half_width;
        let enough = narrow && self.held;
        self.held = narrow;
        enough
    }

    fn width(&self, values: &[f64]) -> f64 {
        match Moments::of(values) {
            Some(moments) if moments.deviation > 0.0 || moments.n >= UNMOVED => {
                self.student.half_width(&moments).unwrap_or(f64::INFINITY)
            }
            _ => f64::INFINITY,
        }
    }

    /// What it came to, as looked at last.
    pub fn outcome(&self) -> Stopped {
        Stopped {
            measure: self.rule.measure.clone(),
            half_width: self.widest,
            wanted: self.rule.half_width,
            confidence: self.rule.confidence,
            reached: self.widest <= self.rule.half_width,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(half_width: f64, of: Of) -> Stopping {
        Stopping::new(&StopRule { measure: "cost".to_owned(), half_width, confidence: 0.95, of })
    }

    /// Values -1 and 1 in turn: mean 0, deviation close to 1.
    fn swings(n: u32) -> Vec<Option<f64>> {
        (0..n).map(|i| Some(if i % 2 == 0 { 1.0 } else { -1.0 })).collect()
    }

    #[test]
    fn it_stops_soon_after_the_width_holds_and_never_before() {
        // Deviation 1: the half width 1.96 / sqrt(n) is 0.05 at n = 1.96^2 / 0.05^2 = 1537.
        let mut stopping = rule(0.05, Of::Value);
        let (mut done, mut enough) = (0, false);
        while !enough && done < 10_000 {
            done = next_look(done, 10_000);
            enough = stopping.look(&[(swings(done), 0)]);
        }
        assert!(enough && done >= 1537 && f64::from(done) < 1.2 * 1537.0, "stopped at {done}");
    }

    #[test]
    fn what_has_not_moved_is_not_believed_at_once() {
        let mut stopping = rule(0.05, Of::Value);
        let still = |n: usize| vec![(vec![Some(0.0); n], 0)];
        assert!(!stopping.look(&still(32)) && !stopping.look(&still(299)));
        assert!(!stopping.look(&still(300)) && stopping.look(&still(315)));
    }

    #[test]
    fn a_difference_is_judged_on_pairs_and_the_baseline_has_none() {
        // Run and baseline swing together but for a thousandth: the pairs are narrow where the values are not.
        let baseline = swings(100);
        let run: Vec<Option<f64>> = baseline.iter().map(|value| value.map(|value| value * 1.001 + 5.0)).collect();
        let columns = vec![(baseline, 0), (run, 0)];
        let mut of_difference = rule(0.001, Of::Difference);
        assert!(!of_difference.look(&columns) && of_difference.look(&columns));
        let mut of_value = rule(0.001, Of::Value);
        assert!(!of_value.look(&columns) && !of_value.look(&columns));
    }

    #[test]
    fn looks_grow_by_a_twentieth_and_end_at_the_most() {
        assert_eq!(next_look(0, 10), 10);
        assert_eq!((next_look(0, 1000), next_look(32, 1000), next_look(200, 1000)), (32, 33, 210));
        assert_eq!(next_look(990, 1000), 1000);
    }
}
