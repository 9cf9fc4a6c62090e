//! What the readings of a minute or an hour come to: one function, so that roll-ups that were kept as data arrived and
//! roll-ups that were computed again have the same bits.

/// The figures of one minute or hour of a sensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Roll {
    pub count: u32,
    pub mean: f64,
    pub min: f64,
    pub max: f64,
    /// Of the sample: divided by count - 1. None of a single reading.
    pub stddev: Option<f64>,
    /// Linear between the readings in order of size, as `percentile_cont(0.95)` has it.
    pub p95: f64,
}

/// Whether a reading counts in roll-ups: it has a finite value and is not bad.
pub fn counts(value: f64, quality: i16) -> bool {
    value.is_finite() && quality != 1
}

/// The figures of readings in order of time; none if there are none. NaN stands for a reading that does not count.
pub fn roll_up(values: &[(i64, f64)]) -> Option<Roll> {
    let mut counted: Vec<f64> = values.iter().map(|&(_, value)| value).collect();
    figures(&mut counted)
}

/// The same of bare values in order of time, which lose their order.
pub(super) fn figures(values: &mut Vec<f64>) -> Option<Roll> {
    values.retain(|value| value.is_finite());
    // SQLite knows no negative zero.
    values.iter_mut().for_each(|value| *value += 0.0);
    let count = u32::try_from(values.len()).ok()?;
    let [min, max] = [values.iter().copied().reduce(f64::min)?, values.iter().copied().reduce(f64::max)?];
    let number = f64::from(count);
    let mean = mean(values, number).clamp(min, max);
    let stddev = (count > 1).then(|| {
        let (mut squares, mut rest) = (0.0, 0.0);
        for value in values.iter() {
            let apart = value - mean;
            squares += apart * apart;
            rest += apart;
        }
        let sum: f64 = squares - rest * rest / number;
        (sum.max(0.0) / (number - 1.0)).sqrt().min(f64::MAX)
    });
    Some(Roll { count, mean: mean + 0.0, min, max, stddev, p95: p95(values) + 0.0 })
}

/// With what rounding loses carried along, so that long sums lose nothing.
fn mean(values: &[f64], number: f64) -> f64 {
    let (mut sum, mut lost) = (0.0f64, 0.0f64);
    for &value in values {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
        sum = next;
    }
    let mean = (sum + lost) / number;
    if mean.is_finite() { mean } else { values.iter().map(|value| value / number).sum() }
}

fn p95(values: &mut [f64]) -> f64 {
    let place = 0.95 * (values.len() - 1) as f64;
    let below = place.floor() as usize;
    let (_, low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let low = *low;
    let part = place - below as f64;
    match above.iter().copied().reduce(f64::min) {
        Some(high) if part > 0.0 => {
            let apart = high - low;
            // Two numbers may be further apart than any number is large.
            if apart.is_finite() { low + part * apart } else { low * (1.0 - part) + high * part }
        }
        _ => low,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Roll {
        roll_up(&values.iter().map(|&value| (0, value)).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn figures_are_those_of_the_textbook() {
        // 1 to 21: mean 11, variance 21 * 22 / 12, the 95th percentile is the twentieth of them.
        let numbers: Vec<f64> = (1..=21).map(f64::from).collect();
        let roll = of(&numbers);
        assert_eq!((roll.count, roll.mean, roll.min, roll.max, roll.p95), (21, 11.0, 1.0, 21.0, 20.0));
        assert_eq!(roll.stddev, Some(38.5f64.sqrt()));
        // Of two, 95 % of the way.
        assert!((of(&[30.0, 10.0]).p95 - 29.0).abs() < 1e-12);
        assert_eq!(of(&[2.5]), Roll { count: 1, mean: 2.5, min: 2.5, max: 2.5, stddev: None, p95: 2.5 });
        assert_eq!(roll_up(&[]), None);
        assert_eq!(roll_up(&[(1, f64::NAN), (2, f64::INFINITY)]), None);
    }

    #[test]
    fn what_does_not_vary_has_no_deviation_and_large_numbers_no_noise() {
        let same = of(&[0.1; 3_600]);
        assert_eq!((same.mean, same.stddev, same.p95), (0.1, Some(0.0), 0.1));
        let far = of(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0]);
        assert_eq!((far.mean, far.stddev), (1e9 + 2.0, Some(1.0)));
        let huge = of(&[f64::MAX, f64::MAX, -f64::MAX]);
        assert!(huge.mean.is_finite() && huge.stddev.is_some_and(f64::is_finite), "{huge:?}");
        assert!((of(&[-1e308, 1e308]).p95 / 0.9e308 - 1.0).abs() < 1e-12);
        assert_eq!(of(&[-0.0]).mean.to_bits(), 0);
    }
}
