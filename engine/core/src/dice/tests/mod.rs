//! Tests of the dice: addresses, the noise kernel, the samplers; and the statistics that judge them.
//!
//! All seeds are fixed, so a test that passes once passes always: the limits say how unlikely the luck of a correct
//! generator would have to be (about 1 in 1,000 for a Kolmogorov-Smirnov test, 1 in 15,000 for a correlation).

#![allow(clippy::disallowed_methods, reason = "expected values are compared within a tolerance: std's powi will do")]

mod address;
mod kernel;
mod samplers;

use super::*;

const PURPOSE: Purpose = Purpose::named("test.luck");

fn dice() -> Dice {
    Dice::of(7, 0, "P-101")
}

/// Largest distance between the empirical and the given distribution, times the root of the number of draws.
fn ks(mut draws: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    draws.sort_by(f64::total_cmp);
    let n = draws.len() as f64;
    let distances = draws.iter().enumerate().map(|(i, x)| {
        let expected = cdf(*x);
        (expected - i as f64 / n).max((i + 1) as f64 / n - expected)
    });
    distances.fold(0.0, |a, b| if a > b { a } else { b }) * n.sqrt()
}

/// Correlation of two series, times the root of their length: 4 is four standard deviations.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(x, y)| f(x - mean_a, y - mean_b)).sum::<f64>();
    sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt() * n.sqrt()
}

fn mean(draws: &[f64]) -> f64 {
    draws.iter().sum::<f64>() / draws.len() as f64
}

fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

/// Regularised lower incomplete gamma function at e^log_x, by its power series or Lentz's continued fraction
/// (Press et al., Numerical Recipes, section 6.2).
fn gamma_cdf(shape: f64, log_x: f64) -> f64 {
    let x = libm::exp(log_x);
    let front = shape * log_x - x - libm::lgamma(shape);
    if x < shape + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / shape, 1.0 / shape, shape);
        while term > sum * 1e-15 {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return libm::exp(front + libm::log(sum));
    }
    let mut b = x + 1.0 - shape;
    let (mut c, mut d) = (1e300, 1.0 / b);
    let mut fraction = d;
    for i in 1..500 {
        let a = -f64::from(i) * (f64::from(i) - shape);
        b += 2.0;
        d = 1.0 / (a * d + b);
        c = b + a / c;
        fraction *= c * d;
    }
    1.0 - libm::exp(front) * fraction
}

#[test]
fn the_yardsticks_agree_with_scipy() {
    // scipy 1.17.1: special.gammainc(shape, x), stats.norm.cdf(-1.5)
    for (shape, x, expected) in [
        (0.02, 1e-10, 0.6380755860188414),
        (1e-3, 1e-5, 0.9891230446957835),
        (30.0, 25.0, 0.1821039159774551),
        (30.0, 42.0, 0.9778608520508079),
        (0.5, 2.0, 0.9544997361036415),
    ] {
        let got = gamma_cdf(shape, libm::log(x));
        assert!((got - expected).abs() < 1e-12, "P({shape}, {x}) = {got}");
    }
    assert!((normal_cdf(-1.5) - 0.06680720126885807).abs() < 1e-15);
}
