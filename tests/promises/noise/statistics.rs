//! Statistics that the promises are judged with: moments, correlations, distances between distributions.
//!
//! Plain textbook forms in f64, apart from the engine on purpose; normal and Student-t probabilities agree with
//! scipy.stats (1.17) to 1e-14 at the points that the tests at the end of this file name.

use std::f64::consts::PI;

/// Number, mean and variance of a sample.
#[derive(Debug, Clone, Copy)]
pub struct Moments {
    pub n: f64,
    pub mean: f64,
    pub variance: f64,
}

pub fn moments(values: impl Iterator<Item = f64> + Clone) -> Moments {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    let variance = values.map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    Moments { n, mean, variance }
}

impl Moments {
    pub fn sd(&self) -> f64 {
        self.variance.sqrt()
    }

    /// The mean lies within 4 standard errors of `mean`, the variance within 4 of `sd` squared: sd / sqrt n, and
    /// sd^2 sqrt((kurtosis - 1) / n), with the kurtosis of the law (3 for a normal) and not of the sample, so that a bad
    /// sample cannot excuse itself.
    pub fn must_be(&self, mean: f64, sd: f64, kurtosis: f64, what: &str) {
        let off = (self.mean - mean) / (sd / self.n.sqrt());
        assert!(off.abs() < 4.0, "{what}: mean {} is {off:.2} standard errors from {mean}", self.mean);
        let off = (self.variance - sd * sd) / (sd * sd * ((kurtosis - 1.0) / self.n).sqrt());
        assert!(off.abs() < 4.0, "{what}: sd {} is {off:.2} standard errors from {sd}", self.sd());
    }
}

/// The part of the values at or below a quantile must be its probability within 4 standard errors.
pub fn must_have_quantiles(values: &[f64], quantiles: &[(f64, f64)], what: &str) {
    for &(p, quantile) in quantiles {
        let below = values.iter().filter(|value| **value <= quantile).count() as f64 / values.len() as f64;
        let off = (below - p) / (p * (1.0 - p) / values.len() as f64).sqrt();
        assert!(off.abs() < 4.0, "{what}: {below} lie below {quantile}, not {p}: {off:.2} standard errors");
    }
}

/// Pearson's r.
pub fn correlation(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let n = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        let (x, y) = (x - mean_a, y - mean_b);
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    ab / (aa * bb).sqrt()
}

/// The autocorrelation of a series of known mean 0 and of some length, at a lag.
pub fn autocorrelation(series: &[f64], lag: usize) -> f64 {
    let total: f64 = series.iter().map(|x| x * x).sum();
    let products: f64 = series.iter().zip(&series[lag..]).map(|(x, y)| x * y).sum();
    products / (series.len() - lag) as f64 / (total / series.len() as f64)
}

/// Kolmogorov's distance between a sample (which it sorts) and a distribution.
pub fn distance(values: &mut [f64], cdf: impl Fn(f64) -> f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let n = values.len() as f64;
    let gaps = values.iter().enumerate().map(|(rank, &value)| {
        let p = cdf(value);
        (p - rank as f64 / n).max((rank + 1) as f64 / n - p)
    });
    gaps.fold(0.0, f64::max)
}

/// The normal distribution by its power series, Marsaglia, "Evaluating the Normal Distribution", J. Stat. Software 11
/// (2004).
pub fn normal_cdf(x: f64) -> f64 {
    if x.abs() > 7.0 {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut sum, mut term, mut i) = (x, x, 1.0);
    while sum + term != sum {
        i += 2.0;
        term *= x * x / i;
        sum += term;
    }
    0.5 + sum * (-0.5 * x * x).exp() / (2.0 * PI).sqrt()
}

/// Student's t with five degrees of freedom, Abramowitz and Stegun 26.7.3.
pub fn student_5_cdf(t: f64) -> f64 {
    let angle = (t / 5f64.sqrt()).atan();
    let (sine, cosine) = angle.sin_cos();
    0.5 + (angle + sine * cosine * (1.0 + 2.0 / 3.0 * cosine * cosine)) / PI
}

#[test]
fn probabilities_agree_with_scipy() {
    // scipy.stats.norm.cdf(x), scipy.stats.t(5).cdf(x)
    for (x, p) in [(-3.5, 0.00023262907903552502), (-1.0, 0.15865525393145707), (0.3, 0.6179114221889526)] {
        assert!((normal_cdf(x) - p).abs() < 1e-14, "{x}");
    }
    for (t, p) in [(1.7, 0.925061606575838), (-4.0, 0.005161707740415725)] {
        assert!((student_5_cdf(t) - p).abs() < 1e-14, "{t}");
    }
}
