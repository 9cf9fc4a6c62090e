//! Noise with memory, made white: a row less what the row before it says of it, over its spread.
//!
//! The noise is an AR(1) of any spacing in time, and what rounding to a step adds to it. Both are a two-line Kalman
//! filter, so a long gap forgets and a coarse step does not pass for forgetting.

/// A memory must make the rows this much likelier (twice the log) before it is believed.
const BELIEVED: f64 = 12.0;
const SEARCH: usize = 18;

/// The filter that whitens; the variance of the noise itself is 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whitener {
    /// Seconds; `None` for white noise.
    pub memory: Option<f64>,
    /// The variance of rounding, as a share of the noise's.
    pub rounding: f64,
}

impl Whitener {
    /// Walks over rows: `visit(row, keep, gain, scale)` has to make `rest = x - expected`, then
    /// `expected' = keep' * (expected + gain * rest)`, and the white row `rest * scale`.
    pub(super) fn walk(&self, times: &[f64], mut visit: impl FnMut(usize, f64, f64, f64)) {
        let (mut spread, mut last, mut keep) = (1.0, f64::NAN, 0.0);
        for row in 0..times.len() {
            if row > 0 {
                let apart = times[row] - times[row - 1];
                if apart != last {
                    last = apart;
                    keep = self.memory.map_or(0.0, |memory| libm::exp(-apart / memory));
                }
                spread = keep * keep * spread + 1.0 - keep * keep;
            }
            let total = spread + self.rounding;
            let gain = spread / total;
            visit(row, if row > 0 { keep } else { 0.0 }, gain, 1.0 / total.sqrt());
            spread *= 1.0 - gain;
        }
    }

    /// Makes a column white in place.
    pub(super) fn apply(&self, times: &[f64], column: &mut [f64]) {
        let mut expected = 0.0;
        self.walk(times, |row, keep, gain, scale| {
            expected *= keep;
            let rest = column[row] - expected;
            expected += gain * rest;
            column[row] = rest * scale;
        });
    }

    /// Twice the log likelihood of a residual, but for a constant, and the noise's variance.
    pub(super) fn judge(&self, rest: &[f64], times: &[f64]) -> (f64, f64) {
        let (mut squares, mut logs, mut product, mut expected) = (0.0, 0.0, 1.0, 0.0);
        self.walk(times, |row, keep, gain, scale| {
            expected *= keep;
            let apart = rest[row] - expected;
            expected += gain * apart;
            squares += apart * apart * scale * scale;
            // One logarithm for many rows: it would be most of the work.
            product *= scale;
            if !(1e-100..1e100).contains(&product) {
                logs += libm::log(product);
                product = 1.0;
            }
        });
        logs += libm::log(product);
        let count = rest.len().max(1) as f64;
        let variance = (squares / count).max(f64::MIN_POSITIVE);
        (2.0 * logs - count * libm::log(variance), variance)
    }
}

/// The likeliest memory of a residual, none where rows say nothing of the next, and twice the log of how likely it is.
pub(super) fn memory_of(rest: &[f64], times: &[f64], rounding: f64) -> (Option<f64>, f64) {
    let plain = Whitener { memory: None, rounding }.judge(rest, times).0;
    let (Some(first), Some(last)) = (times.first(), times.last()) else { return (None, plain) };
    let step = (last - first) / (times.len().max(2) - 1) as f64;
    let (low, high) = (libm::log(step / 5.0), libm::log((last - first).max(step) / 2.0));
    // Also where times are so far apart that a logarithm is no number.
    if low >= high || low.is_nan() || high.is_nan() {
        return (None, plain);
    }
    let judge = |log: f64| Whitener { memory: Some(libm::exp(log)), rounding }.judge(rest, times).0;
    let (best, worth) = highest(low, high, SEARCH, judge);
    if worth - plain > BELIEVED { (Some(libm::exp(best)), worth) } else { (None, plain) }
}

/// The highest point of a function with one hill, by the golden section.
pub(super) fn highest(mut low: f64, mut high: f64, steps: usize, of: impl Fn(f64) -> f64) -> (f64, f64) {
    const SECTION: f64 = 0.618_033_988_749_894_9;
    let (mut a, mut b) = (high - SECTION * (high - low), low + SECTION * (high - low));
    let (mut at_a, mut at_b) = (of(a), of(b));
    for _ in 0..steps {
        if at_a >= at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - SECTION * (high - low);
            at_a = of(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + SECTION * (high - low);
            at_b = of(b);
        }
    }
    if at_a >= at_b { (a, at_a) } else { (b, at_b) }
}
