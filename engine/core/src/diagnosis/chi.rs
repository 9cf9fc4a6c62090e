//! How unlikely a sum of squares is by chance: the upper tail of the chi-square distribution. It knows nothing of machines.

/// Terms after which a series is taken as it stands.
const TERMS: usize = 500;

/// The probability that a chi-square variable of so many degrees of freedom is above `x`.
pub fn above(x: f64, degrees: f64) -> f64 {
    if degrees <= 0.0 || x <= 0.0 || x.is_nan() {
        return 1.0;
    }
    if x == f64::INFINITY {
        return 0.0;
    }
    let (a, x) = (degrees / 2.0, x / 2.0);
    let front = libm::exp(a * libm::log(x) - x - libm::lgamma(a));
    let tail = if x < a + 1.0 { 1.0 - front * series(a, x) } else { front * fraction(a, x) };
    tail.clamp(0.0, 1.0)
}

/// The lower incomplete gamma function's power series, without its front factor.
fn series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum) = (1.0 / a, 1.0 / a);
    for n in 1..TERMS {
        term *= x / (a + n as f64);
        sum += term;
        if term < sum * 1e-16 {
            break;
        }
    }
    sum
}

/// The upper one's continued fraction, by Lentz's method.
fn fraction(a: f64, x: f64) -> f64 {
    let tiny = 1e-300;
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / tiny;
    let mut d = 1.0 / b;
    let mut h = d;
    for n in 1..TERMS {
        let n = n as f64;
        let step = -n * (n - a);
        b += 2.0;
        d = 1.0 / nonzero(step * d + b, tiny);
        c = nonzero(b + step / c, tiny);
        h *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    h
}

fn nonzero(value: f64, tiny: f64) -> f64 {
    if value.abs() < tiny { tiny } else { value }
}

#[cfg(test)]
mod tests {
    use super::above;

    #[test]
    fn tails_are_those_of_the_closed_forms() {
        for x in [1e-3, 0.5, 1.0, 3.0, 10.0, 40.0, 200.0, 1000.0] {
            let half: f64 = x / 2.0;
            // Two degrees: an exponential; four: with one more term; one: the error function.
            let close = |found: f64, exact: f64| {
                assert!((found - exact).abs() < 1e-12 * exact + 1e-300, "{x}: {found} {exact}")
            };
            close(above(x, 2.0), libm::exp(-half));
            close(above(x, 4.0), libm::exp(-half) * (1.0 + half));
            assert!((above(x, 1.0) - libm::erfc(half.sqrt())).abs() < 1e-12);
        }
        assert_eq!((above(-1.0, 3.0), above(f64::NAN, 3.0), above(f64::INFINITY, 3.0)), (1.0, 1.0, 0.0));
    }
}
