//! Means with their intervals by Student's t, and differences between runs future by future.

use super::outcome::{Difference, Interval};
use statrs::distribution::{ContinuousCDF, StudentsT};
use std::cell::RefCell;
use std::collections::BTreeMap;
use twinwright_core::plan::study::Better;

/// A confidence, with the quantiles of Student's t that were needed so far.
#[derive(Debug)]
pub struct Student {
    confidence: f64,
    known: RefCell<BTreeMap<usize, f64>>,
}

/// Mean and standard deviation of some values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    pub n: usize,
    pub mean: f64,
    pub deviation: f64,
}

impl Student {
    pub fn new(confidence: f64) -> Student {
        Student { confidence, known: RefCell::default() }
    }

    pub fn confidence(&self) -> f64 {
        self.confidence
    }

    /// How many standard errors an interval of the mean of `n` values reaches to each side; None below two.
    pub fn quantile(&self, n: usize) -> Option<f64> {
        let freedom = n.checked_sub(1).filter(|freedom| *freedom > 0)?;
        if let Some(known) = self.known.borrow().get(&freedom) {
            return Some(*known);
        }
        let law = StudentsT::new(0.0, 1.0, freedom as f64).ok()?;
        let quantile = law.inverse_cdf(0.5 + self.confidence / 2.0);
        self.known.borrow_mut().insert(freedom, quantile);
        Some(quantile)
    }

    /// Half the width of the interval of a mean.
    pub fn half_width(&self, moments: &Moments) -> Option<f64> {
        Some(self.quantile(moments.n)? * moments.deviation / (moments.n as f64).sqrt())
    }

    pub fn interval(&self, moments: &Moments) -> Option<Interval> {
        let half = self.half_width(moments)?;
        Some(Interval { low: moments.mean - half, high: moments.mean + half })
    }

    /// A run against its baseline. Futures in which one of them has no value do not count.
    pub fn difference(
        &self,
        run: &[Option<f64>],
        baseline: &[Option<f64>],
        better: Option<Better>,
    ) -> Option<Difference> {
        let differences = paired(run, baseline);
        let moments = Moments::of(&differences)?;
        let better = better.map(|better| share_better(&differences, better));
        Some(Difference { mean: moments.mean, interval: self.interval(&moments), better, n: moments.n })
    }
}

impl Moments {
    /// None of no values. Of one value the deviation is 0, and no interval is made of it.
    pub fn of(values: &[f64]) -> Option<Moments> {
        let n = values.len();
        if n == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let deviation = if n > 1 { (squares / (n - 1) as f64).sqrt() } else { 0.0 };
        // What is left of equal values is rounding, and no spread.
        let deviation = if deviation > 1e-12 * mean.abs() { deviation } else { 0.0 };
        Some(Moments { n, mean, deviation })
    }
}

/// Run less baseline, in the futures in which both have a value.
pub fn paired(run: &[Option<f64>], baseline: &[Option<f64>]) -> Vec<f64> {
    run.iter().zip(baseline).filter_map(|(run, baseline)| Some((*run)? - (*baseline)?)).collect()
}

/// The part of futures in which the run was better; a tie counts half.
fn share_better(differences: &[f64], better: Better) -> f64 {
    let score = |difference: f64| match (difference, better) {
        (0.0, _) => 0.5,
        (difference, Better::Higher) => f64::from(difference > 0.0),
        (difference, Better::Lower) => f64::from(difference < 0.0),
    };
    differences.iter().map(|difference| score(*difference)).sum::<f64>() / differences.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-6 * b.abs().max(1.0)
    }

    #[test]
    fn quantiles_are_those_of_scipy() {
        // scipy.stats.t.ppf(0.975, n - 1), and ppf(0.95, n - 1) for the last
        for (n, wanted) in [(2, 12.706204736), (10, 2.262157163), (32, 2.039513446), (10_000, 1.960201264)] {
            let quantile = Student::new(0.95).quantile(n).unwrap();
            assert!(near(quantile, wanted), "{n}: {quantile} instead of {wanted}");
        }
        assert!(near(Student::new(0.9).quantile(6).unwrap(), 2.015048373));
        assert_eq!(Student::new(0.95).quantile(1), None);
    }

    #[test]
    fn an_interval_is_the_one_of_the_textbook() {
        // Mean 5, deviation 2 of 4 values by hand: 5 +- 3.182446305 * 2 / 2.
        let moments = Moments { n: 4, mean: 5.0, deviation: 2.0 };
        let interval = Student::new(0.95).interval(&moments).unwrap();
        assert!(near(interval.low, 5.0 - 3.182446305) && near(interval.high, 5.0 + 3.182446305));
        // (1, 3, 5): mean 3, squares 4 + 0 + 4, deviation sqrt(8 / 2) = 2.
        assert_eq!(Moments::of(&[1.0, 3.0, 5.0]), Some(Moments { n: 3, mean: 3.0, deviation: 2.0 }));
    }

    #[test]
    fn a_difference_counts_only_the_futures_that_both_have_and_ties_as_half() {
        let run = [Some(1.0), None, Some(4.0), Some(2.0), Some(9.0)];
        let baseline = [Some(1.0), Some(1.0), Some(6.0), None, Some(8.0)];
        let student = Student::new(0.95);
        let lower = student.difference(&run, &baseline, Some(Better::Lower)).unwrap();
        // Differences 0, -2, 1: mean -1/3, one better of three and a tie.
        assert!(near(lower.mean, -1.0 / 3.0) && lower.n == 3);
        assert!(near(lower.better.unwrap(), 0.5));
        let higher = student.difference(&run, &baseline, Some(Better::Higher)).unwrap();
        assert!(near(higher.better.unwrap(), 0.5));
        assert_eq!(student.difference(&run, &baseline, None).unwrap().better, None);
        assert_eq!(student.difference(&[None], &[Some(1.0)], None), None);
    }
}
