//! What can be said of a number that is drawn: its mean and standard deviation, as it is and as a logarithm. It draws nothing.

use crate::files::numbers::Draw;

/// Euler's constant.
const GAMMA: f64 = 0.577_215_664_901_532_9;
/// The standard deviation of a Gumbel variable of scale 1: pi / sqrt 6.
const GUMBEL: f64 = 1.282_549_830_161_864;
/// Points at which a function of a uniform variable is averaged.
const POINTS: usize = 64;

/// Mean and standard deviation.
pub fn plain(draw: &Draw) -> (f64, f64) {
    match draw {
        Draw::Fixed(value) => (*value, 0.0),
        Draw::Normal(mean, sd) => (*mean, sd.abs()),
        Draw::Lognormal(median, gsd) => {
            let variance = squared(libm::log(*gsd));
            let mean = median * libm::exp(variance / 2.0);
            (mean, mean.abs() * libm::expm1(variance).sqrt())
        }
        Draw::Uniform(low, high) => ((low + high) / 2.0, (high - low).abs() / 12f64.sqrt()),
        Draw::Exponential(mean) => (*mean, mean.abs()),
        Draw::Weibull(shape, mean) => {
            let ratio = libm::exp(libm::lgamma(1.0 + 2.0 / shape) - 2.0 * libm::lgamma(1.0 + 1.0 / shape));
            (*mean, mean.abs() * (ratio - 1.0).max(0.0).sqrt())
        }
        Draw::Choice(values) => of_values(values.iter().copied()),
    }
}

/// Mean and standard deviation of the logarithm of a positive number.
pub fn logarithm(draw: &Draw) -> (f64, f64) {
    let ln = |value: f64| libm::log(value.max(f64::MIN_POSITIVE));
    match draw {
        Draw::Fixed(value) => (ln(*value), 0.0),
        Draw::Normal(mean, sd) => {
            let ratio = (sd / mean).abs().min(1.0);
            (ln(*mean) - ratio * ratio / 2.0, ratio)
        }
        Draw::Lognormal(median, gsd) => (ln(*median), libm::log(*gsd).abs()),
        Draw::Uniform(low, high) => {
            let point = |at: usize| low + (high - low) * (at as f64 + 0.5) / POINTS as f64;
            of_values((0..POINTS).map(|at| ln(point(at))))
        }
        Draw::Exponential(mean) => (ln(*mean) - GAMMA, GUMBEL),
        Draw::Weibull(shape, mean) => (ln(*mean) - libm::lgamma(1.0 + 1.0 / shape) - GAMMA / shape, GUMBEL / shape),
        Draw::Choice(values) => of_values(values.iter().map(|value| ln(*value))),
    }
}

fn squared(x: f64) -> f64 {
    x * x
}

fn of_values(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / count;
    (mean, (values.map(|value| squared(value - mean)).sum::<f64>() / count).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::{Dice, Purpose};

    #[test]
    fn moments_are_those_of_many_draws() {
        let draws = [
            Draw::Normal(5.0, 0.4),
            Draw::Lognormal(8.0, 1.2),
            Draw::Uniform(2.0, 6.0),
            Draw::Exponential(3.0),
            Draw::Weibull(1.6, 2.0),
            Draw::Choice(vec![1.0, 2.0, 4.0]),
        ];
        let mut luck = Dice::of(1, 0, "m").stream(Purpose::named("moments"), 0);
        for draw in draws {
            let values: Vec<f64> = (0..200_000).map(|_| luck.draw(&draw)).collect();
            let sample = of_values(values.iter().copied());
            let logs = of_values(values.iter().map(|value| libm::log(*value)));
            for (said, seen) in [(plain(&draw), sample), (logarithm(&draw), logs)] {
                assert!((said.0 - seen.0).abs() < 0.015 * seen.1.max(0.1), "{draw:?}: {said:?} {seen:?}");
                assert!((said.1 / seen.1 - 1.0).abs() < 0.02, "{draw:?}: {said:?} {seen:?}");
            }
        }
    }
}
