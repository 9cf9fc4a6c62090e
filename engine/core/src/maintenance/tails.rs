//! Tails of distributions: how likely something is above a mark. With libm alone, so that every platform decides alike.

use crate::files::numbers::Draw;

/// How likely a standard normal is below `z`.
pub fn normal_below(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

/// How likely a gamma variable of this shape and scale 1 is above `x`: the regularised upper incomplete gamma.
pub fn gamma_above(shape: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    if shape <= 0.0 {
        return 0.0;
    }
    if shape > 1e5 {
        // Wilson and Hilferty 1931: the cube root of a gamma is nearly normal, here to 1e-7.
        let ninth = 1.0 / (9.0 * shape);
        return normal_below((1.0 - ninth - libm::cbrt(x / shape)) / ninth.sqrt());
    }
    // x^shape e^-x / Gamma(shape)
    let front = libm::exp(shape * libm::log(x) - x - libm::lgamma(shape));
    if x < shape + 1.0 { 1.0 - front * series(shape, x) } else { front * fraction(shape, x) }
}

/// The lower incomplete gamma over x^a e^-x, below its bend: 1/a + x/(a (a+1)) + ...
fn series(shape: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut a) = (1.0 / shape, 1.0 / shape, shape);
    for _ in 0..10_000 {
        a += 1.0;
        term *= x / a;
        sum += term;
        if term < sum * 1e-16 {
            break;
        }
    }
    sum
}

/// The upper one over x^a e^-x, beyond the bend: a continued fraction by Lentz's method.
fn fraction(shape: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - shape;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut value = d;
    for i in 1..10_000 {
        let i = f64::from(i);
        let a = i * (shape - i);
        b += 2.0;
        let denominator = a * d + b;
        d = 1.0 / if denominator.abs() < TINY { TINY } else { denominator };
        c = b + a / c;
        c = if c.abs() < TINY { TINY } else { c };
        value *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}

/// How likely a path of drift 1 and this spread reaches `distance` before `time`: the inverse Gaussian's distribution.
pub fn reached_by(distance: f64, time: f64, spread: f64) -> f64 {
    if distance <= 0.0 {
        return 1.0;
    }
    if time <= 0.0 {
        return 0.0;
    }
    let root = spread * time.sqrt();
    let late = (time + distance) / root;
    // The second part is a huge factor times a tiny tail: in logarithms neither leaves the numbers.
    let second = libm::exp(2.0 * distance / (spread * spread) + log_normal_above(late));
    (normal_below((time - distance) / root) + second).min(1.0)
}

/// The logarithm of how likely a standard normal is above `z`, for z of 0 and more.
fn log_normal_above(z: f64) -> f64 {
    if z < 25.0 {
        return libm::log(normal_below(-z));
    }
    // Abramowitz and Stegun 26.2.12: below 1e-8 off from here on.
    let square = z * z;
    let bracket = 1.0 - 1.0 / square + 3.0 / (square * square) - 15.0 / (square * square * square);
    -0.5 * square - libm::log(z) - 0.5 * libm::log(std::f64::consts::TAU) + libm::log(bracket)
}

/// How likely the sum of a Poisson number of jumps is at or above `distance`: exact for jumps of one size, and where
/// sizes are drawn as if each sum were normal.
pub fn jumps_reach(distance: f64, arrivals: f64, jump: &Draw) -> f64 {
    if distance <= 0.0 {
        return 1.0;
    }
    if arrivals <= 0.0 || arrivals.is_nan() {
        return 0.0;
    }
    let (mean, variance) = moments(jump);
    if arrivals > 1e4 {
        let z = (arrivals * mean - distance) / (arrivals * (variance + mean * mean)).sqrt();
        return if z.is_nan() { 0.0 } else { normal_below(z) };
    }
    let reaches = |jumps: f64| {
        let left = jumps * mean - distance;
        if variance > 0.0 {
            normal_below(left / (jumps * variance).sqrt())
        } else {
            // Ten jumps of a tenth are one, whatever their rounding says.
            f64::from(u8::from(left >= -1e-9 * distance))
        }
    };
    let most = (arrivals + 12.0 * arrivals.sqrt() + 30.0) as u32;
    let mut sum = 0.0;
    for jumps in 1..=most {
        let n = f64::from(jumps);
        let weight = libm::exp(n * libm::log(arrivals) - arrivals - libm::lgamma(n + 1.0));
        sum += weight * reaches(n);
    }
    sum.min(1.0)
}

/// Mean and variance of a number that is drawn.
fn moments(draw: &Draw) -> (f64, f64) {
    match draw {
        Draw::Fixed(value) => (*value, 0.0),
        Draw::Normal(mean, sd) => (*mean, sd * sd),
        Draw::Lognormal(median, gsd) => {
            let square = libm::log(*gsd) * libm::log(*gsd);
            let mean = median * libm::exp(0.5 * square);
            (mean, mean * mean * libm::expm1(square))
        }
        Draw::Uniform(low, high) => (0.5 * (low + high), (high - low) * (high - low) / 12.0),
        Draw::Exponential(mean) => (*mean, mean * mean),
        Draw::Weibull(shape, mean) => {
            let ratio = libm::exp(libm::lgamma(1.0 + 2.0 / shape) - 2.0 * libm::lgamma(1.0 + 1.0 / shape));
            (*mean, mean * mean * (ratio - 1.0))
        }
        Draw::Choice(values) => {
            let count = values.len().max(1) as f64;
            let mean = values.iter().sum::<f64>() / count;
            (mean, values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64, within: f64) {
        assert!((found - expected).abs() <= within * expected, "{found} for {expected}");
    }

    /// Values of scipy.special.gammaincc.
    #[test]
    fn the_gamma_tail_is_that_of_scipy() {
        for (shape, x, expected) in [
            (0.02, 0.3, 0.018173790720535675),
            (0.5, 0.1, 0.6547208460185768),
            (2.0, 5.0, 0.04042768199451279),
            (16.0, 12.0, 0.8444156524501832),
            (16.0, 30.0, 0.0019474797778723041),
            (400.0, 380.0, 0.8414492902157051),
            (400.0, 450.0, 0.007774644192745909),
            (50_000.0, 50_300.0, 0.09004843579116882),
            (200_000.0, 200_500.0, 0.13181577674527703),
        ] {
            near(gamma_above(shape, x), expected, 1e-6);
        }
        assert_eq!((gamma_above(3.0, 0.0), gamma_above(0.0, 1.0)), (1.0, 0.0));
    }

    /// Values of scipy.stats.invgauss.cdf with mean d and shape d^2 / spread^2.
    #[test]
    fn a_first_passage_is_an_inverse_gaussian() {
        for (distance, time, spread, expected) in [
            (1.0, 0.8, 0.25, 0.2182764948788622),
            (0.3, 0.1, 0.1, 1.9158957196926863e-10),
            (0.3, 0.28, 0.02, 0.030611031822875303),
            (0.3, 0.5, 0.02, 1.0),
            (0.05, 0.04, 0.3, 0.6367585256505128),
        ] {
            near(reached_by(distance, time, spread), expected, 1e-6);
        }
    }

    /// Values of scipy.stats: poisson.sf, and poisson.pmf times norm.sf summed.
    #[test]
    fn jumps_are_a_mixture_of_poisson() {
        let fixed = |distance, arrivals, jump| jumps_reach(distance, arrivals, &Draw::Fixed(jump));
        near(fixed(1.0, 3.0, 0.25), 0.35276811121776874, 1e-9);
        near(fixed(0.35, 1.2, 0.1), 0.03376896818565569, 1e-9);
        near(fixed(1.0, 8.0, 0.1), 0.28337574127298903, 1e-9);
        near(jumps_reach(1.0, 3.0, &Draw::Normal(0.25, 0.05)), 0.2679095989318142, 1e-9);
        near(jumps_reach(0.6, 10.0, &Draw::Normal(0.05, 0.02)), 0.2658163784529938, 1e-9);
    }

    /// Values of scipy.stats.lognorm and weibull_min; the others by hand.
    #[test]
    fn moments_of_what_is_drawn() {
        for (draw, mean, variance) in [
            (Draw::Lognormal(0.1, 1.4), 0.10582396107763835, 0.0013424014815398872),
            (Draw::Weibull(1.7, 0.1), 0.1, 0.0036660562086817533),
            (Draw::Uniform(1.0, 4.0), 2.5, 0.75),
            (Draw::Exponential(3.0), 3.0, 9.0),
            (Draw::Choice(vec![1.0, 2.0, 6.0]), 3.0, 14.0 / 3.0),
        ] {
            let found = moments(&draw);
            near(found.0, mean, 1e-9);
            near(found.1, variance, 1e-9);
        }
    }
}
