//! How sure a prediction is: split conformal prediction, by unit, below and above each for itself.
//!
//! Errors of units that the model has not seen are scaled by the error that is usual at such a prediction; the quantile
//! of the scaled errors, a little stretched for the number of units, gives a band that holds for the next unit whatever
//! the errors look like. The truth is taken as it is, uncapped.

use serde::{Deserialize, Serialize};

/// Groups of predictions, each with its usual error.
const GROUPS: usize = 10;
/// No error is taken for smaller than this, in cycles.
const LEAST: f64 = 0.5;

/// A prediction for a unit that was held out, and what was true.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Errors {
    pub unit: Vec<usize>,
    pub predicted: Vec<f64>,
    pub truth: Vec<f64>,
}

/// Makes a prediction a low and a high one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// The share of rows that the band covers.
    pub coverage: f64,
    /// Predictions, ascending, with how far the truth usually lies below and above them.
    at: Vec<f64>,
    below: Vec<f64>,
    above: Vec<f64>,
    times_below: f64,
    times_above: f64,
}

impl Errors {
    pub fn push(&mut self, unit: usize, predicted: f64, truth: f64) {
        self.unit.push(unit);
        self.predicted.push(predicted);
        self.truth.push(truth);
    }

    /// Each unit counts the same, however long it lived.
    fn weights(&self) -> (Vec<f64>, usize) {
        let units = self.unit.iter().copied().max().map_or(0, |most| most + 1);
        let mut rows = vec![0usize; units];
        self.unit.iter().for_each(|unit| rows[*unit] += 1);
        let present = rows.iter().filter(|rows| **rows > 0).count();
        (self.unit.iter().map(|unit| 1.0 / (rows[*unit] * present.max(1)) as f64).collect(), present)
    }
}

impl Band {
    pub fn learn(errors: &Errors, coverage: f64) -> Band {
        let (weights, units) = errors.weights();
        let mut order: Vec<usize> = (0..weights.len()).collect();
        order.sort_by(|&a, &b| errors.predicted[a].total_cmp(&errors.predicted[b]));
        let mut band = Band { coverage, at: vec![], below: vec![], above: vec![], times_below: 1.0, times_above: 1.0 };
        for group in order.chunks(order.len().div_ceil(GROUPS).max(1)) {
            let weight: f64 = group.iter().map(|&row| weights[row]).sum();
            let mean =
                |of: &dyn Fn(usize) -> f64| group.iter().map(|&row| weights[row] * of(row)).sum::<f64>() / weight;
            // Predictions at the cap differ by rounding alone, which must not put the groups out of order.
            let at = mean(&|row| errors.predicted[row]);
            band.at.push(band.at.last().map_or(at, |last| at.max(*last)));
            band.below.push(mean(&|row| (errors.predicted[row] - errors.truth[row]).max(0.0)).max(LEAST));
            band.above.push(mean(&|row| (errors.truth[row] - errors.predicted[row]).max(0.0)).max(LEAST));
        }
        let scaled = |sign: f64, band: &Band, spreads: &[f64]| -> Vec<f64> {
            let rows = errors.predicted.iter().zip(&errors.truth);
            rows.map(|(p, t)| sign * (p - t) / band.usual(spreads, *p)).collect()
        };
        // The next unit is one more: the quantile moves up by its share.
        let level = (0.5 + coverage / 2.0) * (1.0 + 1.0 / units.max(1) as f64);
        let (below, above) = (scaled(1.0, &band, &band.below), scaled(-1.0, &band, &band.above));
        band.times_below = quantile(&below, &weights, level).max(0.0);
        band.times_above = quantile(&above, &weights, level).max(0.0);
        band
    }

    /// Between the groups' means on a straight line, beyond them level.
    fn usual(&self, spreads: &[f64], predicted: f64) -> f64 {
        let next = self.at.partition_point(|at| *at <= predicted);
        match (next.checked_sub(1), self.at.get(next)) {
            (None, _) => spreads.first().copied().unwrap_or(LEAST),
            (Some(last), None) => spreads[last],
            (Some(i), Some(after)) => {
                spreads[i] + (spreads[next] - spreads[i]) * (predicted - self.at[i]) / (after - self.at[i])
            }
        }
    }

    /// The lowest and highest life left that go with a prediction.
    pub fn around(&self, predicted: f64) -> (f64, f64) {
        let low = predicted - self.times_below * self.usual(&self.below, predicted);
        (low.max(0.0), predicted + self.times_above * self.usual(&self.above, predicted))
    }

    pub(super) fn is_sound(&self) -> bool {
        let count = self.at.len();
        count > 0 && self.below.len() == count && self.above.len() == count && self.at.is_sorted()
    }
}

/// The smallest value that has at least this share of the weight at or below it.
fn quantile(values: &[f64], weights: &[f64], level: f64) -> f64 {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut sum = 0.0;
    for &row in &order {
        sum += weights[row];
        if sum >= level - 1e-12 {
            return values[row];
        }
    }
    order.last().map_or(0.0, |&row| values[row])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predictions_that_differ_by_rounding_alone_make_a_sound_band() {
        let mut errors = Errors::default();
        for row in 0..1_000usize {
            let dust = (row * 7919 % 13) as f64 * 1e-13;
            errors.push(row / 100, 125.0 + dust, 100.0 + row as f64 % 50.0);
        }
        let band = Band::learn(&errors, 0.9);
        assert!(band.is_sound(), "{band:?}");
        let (low, high) = band.around(125.0);
        assert!(low < high && high.is_finite(), "{low} {high}");
    }
}
