//! The step that readings are rounded to: the coarsest lattice that holds all of them.

/// Steps are looked for among this many different readings.
const MOST_LEVELS: usize = 20_000;
/// A lattice is believed where rounding errors of its points are this small a share of its step.
const OFF: f64 = 0.02;
/// A number beyond this is no reading.
const LARGEST: f64 = 1e100;
/// Readings may lie on every second or third point only, but one of these shares of the smallest gap must be the step.
const SHARES: [f64; 6] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];

/// The step, or `None` where readings lie on no lattice that is coarser than their own digits.
pub fn step_of(values: &[f64]) -> Option<f64> {
    let mut levels: Vec<f64> = values.iter().copied().filter(|value| value.abs() < LARGEST).collect();
    let count = levels.len();
    levels.sort_by(f64::total_cmp);
    let size = levels.last()?.abs().max(levels.first()?.abs());
    // Single precision carries seven digits; closer readings are the same one.
    let same = size * 2.5e-7;
    levels.dedup_by(|next, kept| *next - *kept <= same);
    // Where hardly a reading comes twice there is no lattice, or one too fine to matter.
    if levels.len() < 3 || levels.len() > MOST_LEVELS || levels.len() * 2 > count {
        return None;
    }
    let first = levels[0];
    let gap = levels.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::MAX, f64::min);
    SHARES.iter().find_map(|share| lattice(&levels, first, gap / share, same)).map(rounded)
}

/// Walks up the levels with an ever better step; `None` where one lies off.
fn lattice(levels: &[f64], first: f64, guess: f64, same: f64) -> Option<f64> {
    let mut step = guess;
    for level in &levels[1..] {
        let steps = ((level - first) / step).round();
        let off = (level - first - steps * step).abs();
        // The guess is off by rounding; what is known of the step grows with the distance.
        if off > OFF * guess + 2.0 * same {
            return None;
        }
        if steps >= 1.0 {
            let better = (level - first) / steps;
            step = if steps > 4.0 { better } else { step };
        }
    }
    Some(step)
}

/// The same step with few digits, where one is that near: 0.1 instead of 0.09999998.
fn rounded(step: f64) -> f64 {
    let tens = libm::pow(10.0, libm::floor(libm::log10(step)) - 3.0);
    let near = (step / tens).round();
    if (near * tens - step).abs() > 2e-4 * step {
        return step;
    }
    // Dividing by a whole number gives the nearest decimal, multiplying by 0.001 does not.
    if tens < 1.0 { near / (1.0 / tens).round() } else { near * tens }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_lattice(step: f64, levels: usize) -> Vec<f64> {
        (0..2000).map(|k| f64::from((((k * 7919) % levels) as f64 * step + 20.0 * step) as f32)).collect()
    }

    #[test]
    fn the_step_of_a_lattice_is_found_in_single_precision() {
        for step in [0.1, 0.01, 0.25, 0.5, 1.0, 5.0, 20.0, 0.002, 150.0 / 4096.0] {
            let found = step_of(&on_lattice(step, 90)).unwrap_or(0.0);
            assert!((found - step).abs() <= 2e-4 * step, "{found}, expected {step}");
        }
    }

    #[test]
    fn readings_on_every_second_and_third_point_have_the_finer_step() {
        let values: Vec<f64> = (0..900).map(|k| [0.0, 0.2, 0.5, 0.9, 1.1][k % 5]).collect();
        assert!((step_of(&values).unwrap() - 0.1).abs() < 1e-9);
    }

    #[test]
    fn smooth_readings_have_no_step_and_few_or_wild_ones_neither() {
        let smooth: Vec<f64> = (0..3000).map(|k| libm::sin(f64::from(k) * 0.1234567)).collect();
        assert_eq!(step_of(&smooth), None);
        assert_eq!(step_of(&[]), None);
        assert_eq!(step_of(&[f64::NAN; 5]), None);
        assert_eq!(step_of(&[1.0; 50]), None);
        assert!(step_of(&[1e308, -1e308, 0.0, 1e308, -1e308, 0.0]).is_none_or(f64::is_finite));
    }
}
