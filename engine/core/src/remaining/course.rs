//! The course of one unit so far, as numbers: the level of each sensor, its mean since the first
//! row, its slope, and the age. One row at a time, constant memory; a row changes nothing that was said of an earlier one.

use super::regimes::{Regimes, fill};
use serde::{Deserialize, Serialize};

/// How many cycles the smoothers remember.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scales {
    pub level: f64,
    pub slope: f64,
}

impl Scales {
    /// Shares of the median life, so that lives of a hundred and of a million cycles are treated alike.
    pub fn of_life(median: f64) -> Scales {
        Scales { level: (median / 25.0).max(1.0), slope: (median / 5.0).max(3.0) }
    }

    pub(super) fn is_sound(&self) -> bool {
        [self.level, self.slope].iter().all(|scale| scale.is_finite() && *scale > 0.0)
    }
}

/// Numbers of each sensor, and those of the unit as a whole.
const PER_SENSOR: usize = 3;
const PER_UNIT: usize = 2;
/// How strongly a slope over few cycles is drawn to 0: the share of the variance of ages that a long course has.
const SLOPE_DRAW: f64 = 0.1;

/// Weighted sums of one sensor.
#[derive(Debug, Clone, Copy, Default)]
struct Trace {
    level: [f64; 2],
    whole: [f64; 2],
    /// Weights, ages, squared ages, readings, ages times readings.
    slope: [f64; 5],
}

impl Trace {
    fn age(&mut self, cycles: f64, keep: [f64; 2]) {
        self.level = self.level.map(|sum| sum * keep[0]);
        let [weight, age, square, reading, both] = self.slope;
        let aged = [
            weight,
            age + cycles * weight,
            square + 2.0 * cycles * age + cycles * cycles * weight,
            reading,
            both + cycles * reading,
        ];
        self.slope = aged.map(|sum| sum * keep[1]);
    }

    fn take(&mut self, reading: f64) {
        for sums in [&mut self.level, &mut self.whole] {
            sums[0] += 1.0;
            sums[1] += reading;
        }
        self.slope[0] += 1.0;
        self.slope[3] += reading;
    }

    fn numbers(&self, scale: f64) -> [f64; PER_SENSOR] {
        // Below this weight nothing was heard for so long that nothing is known.
        let mean = |sums: [f64; 2]| if sums[0] > 1e-12 { sums[1] / sums[0] } else { 0.0 };
        let [weight, age, square, reading, both] = self.slope;
        let spread = weight * square - age * age + SLOPE_DRAW * weight * weight * scale * scale;
        let slope = if spread > 1e-12 { (age * reading - weight * both) / spread * scale } else { 0.0 };
        [mean(self.level), mean(self.whole), slope]
    }
}

/// A unit, as far as it was heard.
#[derive(Debug, Clone)]
pub struct Course<'a> {
    regimes: &'a Regimes,
    scales: Scales,
    traces: Vec<Trace>,
    settings: Vec<f64>,
    before: Option<f64>,
    design: Vec<f64>,
    rest: Vec<f64>,
}

impl<'a> Course<'a> {
    pub(super) fn new(regimes: &'a Regimes, scales: Scales) -> Course<'a> {
        let mut settings = vec![0.0; regimes.width()];
        regimes.begin(&mut settings);
        let traces = vec![Trace::default(); regimes.moving.len()];
        Course { regimes, scales, traces, settings, before: None, design: Vec::new(), rest: Vec::new() }
    }

    pub(super) fn width(regimes: &Regimes) -> usize {
        regimes.moving.len() * PER_SENSOR + PER_UNIT
    }

    /// Hears a row and says what is known after it.
    pub(super) fn hear(&mut self, cycle: f64, settings: &[f64], sensors: &[f64], into: &mut Vec<f64>) {
        into.clear();
        fill(&mut self.settings, settings);
        self.regimes.rest(&self.settings, sensors, &mut self.design, &mut self.rest);
        let passed = self.before.map_or(0.0, |before| cycle - before);
        let Scales { level, slope } = self.scales;
        let keep = [level, slope].map(|scale| libm::exp(-passed / scale));
        for (trace, rest) in self.traces.iter_mut().zip(&self.rest) {
            if passed > 0.0 {
                trace.age(passed, keep);
            }
            if rest.is_finite() {
                trace.take(*rest);
            }
            into.extend(trace.numbers(slope));
        }
        self.before = Some(cycle);
        into.extend([cycle, libm::log(1.0 + cycle.max(0.0))]);
    }
}
