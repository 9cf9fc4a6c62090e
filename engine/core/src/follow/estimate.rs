//! What is believed of one machine: states, their covariance, and how time passes for them. It hears nothing itself.

use super::sketch::{Growth, SLOPE_LASTS, Sketch, WearSketch};
use crate::plan::Model;
use nalgebra::{DMatrix, DVector};
use smallvec::SmallVec;

/// No wear is believed to be further than this.
pub const MOST_WORN: f64 = 1.2;
/// Half the width of a normal variable's 90 % interval.
pub const NINETY: f64 = 1.644_853_626_951_472_2;
/// No variance is opened further: readings that would need it are nonsense, and squares of it must stay finite.
const MOST_OPEN: f64 = 1e24;
/// Jumps below so many standard deviations of the estimate pass unnoticed at first: they are growth, larger ones are found out.
/// With 7 the intervals of gamma paths hold what they say over the whole range of noise that tests try.
const NOTICED: f64 = 7.0;
/// And an estimate is never so good that smaller jumps than this would stand out.
const LEAST_NOTICED: f64 = 1e-3;

/// States and covariance of a machine, and where the clocks of its wears stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    pub x: DVector<f64>,
    /// Symmetric; both triangles are kept.
    pub p: DMatrix<f64>,
    pub clocks: SmallVec<[Clock; 3]>,
    /// Ticks that the covariance has still to go through.
    pub ticks: u32,
}

/// The clock of a wear.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Clock {
    /// Lives at the nominal rate since the last renewal, and the wear that the renewal began with.
    pub s: f64,
    pub base: f64,
    /// Lives that the covariance has still to go through.
    pub due: f64,
}

impl Estimate {
    /// Before anything was heard: as new as the machine file says.
    pub fn fresh(sketch: &Sketch) -> Estimate {
        let size = sketch.size();
        let mut estimate = Estimate {
            x: DVector::zeros(size),
            p: DMatrix::zeros(size, size),
            clocks: sketch.wears.iter().map(|_| Clock::default()).collect(),
            ticks: 0,
        };
        for (number, wear) in sketch.wears.iter().enumerate() {
            estimate.begin(number, wear, wear.start);
            if let Some(rate) = wear.rate {
                estimate.p[(rate, rate)] = wear.rate_sd * wear.rate_sd;
            }
        }
        for hidden in &sketch.hidden {
            estimate.p[(hidden.state, hidden.state)] = hidden.sd * hidden.sd;
        }
        estimate
    }

    /// A wear begins at a level, whatever was known of it before.
    fn begin(&mut self, number: usize, wear: &WearSketch, (mean, sd): (f64, f64)) {
        self.clocks[number] = Clock { s: 0.0, base: mean, due: 0.0 };
        self.x[wear.level] = if wear.follows_clock() { 0.0 } else { mean };
        self.forget(wear.level, sd * sd);
        if let (Some(slope), Growth::Wander { variance }) = (wear.slope, wear.growth) {
            self.x[slope] = 0.0;
            self.forget(slope, variance);
        }
    }

    /// A wear was restored: a new part, and where each part has a life of its own, a new life.
    pub fn restore(&mut self, number: usize, wear: &WearSketch) {
        self.begin(number, wear, wear.restored);
        if let Some(rate) = wear.rate.filter(|_| wear.renews_rate) {
            self.x[rate] = 0.0;
            self.forget(rate, wear.rate_sd * wear.rate_sd);
        }
    }

    /// Nothing that is known of other states says anything of this one.
    fn forget(&mut self, state: usize, variance: f64) {
        self.p.row_mut(state).fill(0.0);
        self.p.column_mut(state).fill(0.0);
        self.p[(state, state)] = variance;
    }

    /// The wear that is believed: never below 0, never far beyond 1.
    pub fn wear(&self, number: usize, wear: &WearSketch) -> f64 {
        self.raw_wear(number, wear, 0.0).clamp(0.0, MOST_WORN)
    }

    /// The same before it is bounded, its clock running faster by `faster` in logarithms.
    fn raw_wear(&self, number: usize, wear: &WearSketch, faster: f64) -> f64 {
        let level = self.x[wear.level];
        if !wear.follows_clock() {
            return level;
        }
        let clock = &self.clocks[number];
        clock.base + wear.curve(clock.s * self.speed(wear, faster)) + level
    }

    /// How fast the clock of a wear runs.
    fn speed(&self, wear: &WearSketch, faster: f64) -> f64 {
        wear.rate.map_or(1.0, |rate| libm::exp((self.x[rate] + faster).clamp(-20.0, 20.0)))
    }

    /// How a wear changes with the logarithm of its rate.
    pub fn by_rate(&self, number: usize, wear: &WearSketch) -> f64 {
        if !wear.follows_clock() || wear.rate.is_none() {
            return 0.0;
        }
        let clock = self.clocks[number].s * self.speed(wear, 0.0);
        match wear.growth {
            Growth::Curved { shape, whole } => clock * shape * libm::exp((shape * clock).min(50.0)) / whole,
            _ => clock,
        }
    }

    pub fn wear_sd(&self, number: usize, wear: &WearSketch) -> f64 {
        let (level, by_rate) = (wear.level, self.by_rate(number, wear));
        let mut variance = self.p[(level, level)];
        if let Some(rate) = wear.rate {
            variance += by_rate * (2.0 * self.p[(level, rate)] + by_rate * self.p[(rate, rate)]);
        }
        variance.max(0.0).sqrt()
    }

    /// The interval that holds the wear nine times in ten.
    pub fn interval(&self, number: usize, wear: &WearSketch) -> (f64, f64) {
        let middle = self.wear(number, wear);
        let (mut below, mut above) = (self.wear_sd(number, wear), self.wear_sd(number, wear));
        if let Some(rate) = wear.rate.filter(|_| wear.follows_clock()) {
            // A life that is hardly known makes an interval that is no longer symmetric.
            let by_rate = self.by_rate(number, wear).abs() * self.p[(rate, rate)].max(0.0).sqrt();
            let far = NINETY * self.p[(rate, rate)].max(0.0).sqrt();
            let now = self.raw_wear(number, wear, 0.0);
            let span = |faster: f64| (self.raw_wear(number, wear, faster) - now).abs() / NINETY;
            below = (below * below - by_rate * by_rate + span(-far) * span(-far)).max(0.0).sqrt();
            above = (above * above - by_rate * by_rate + span(far) * span(far)).max(0.0).sqrt();
        }
        ((middle - NINETY * below).max(0.0), (middle + NINETY * above).max(0.0))
    }

    /// A tick passes, `stress_of` having been the stress of each wear since the tick before, for so many nanoseconds.
    pub fn pass(&mut self, sketch: &Sketch, nanos: f64, stress_of: impl Fn(u16) -> f64) {
        for (number, wear) in sketch.wears.iter().enumerate() {
            let stress = stress_of(wear.stress);
            if stress <= 0.0 || !stress.is_finite() {
                continue;
            }
            let ds = stress * nanos / wear.life;
            self.clocks[number].s += ds;
            self.clocks[number].due += ds;
            self.grow(number, wear, ds);
        }
        for hidden in &sketch.hidden {
            self.x[hidden.state] *= hidden.keeps;
        }
        self.ticks += 1;
    }

    /// The mean of a wear that goes its own way.
    fn grow(&mut self, number: usize, wear: &WearSketch, ds: f64) {
        let ds = ds * self.speed(wear, 0.0);
        match wear.growth {
            Growth::Straight | Growth::Curved { .. } => return,
            Growth::Wander { .. } => {
                let slope = wear.slope.map_or(0.0, |slope| self.x[slope]);
                let left = libm::exp(-ds / SLOPE_LASTS);
                self.x[wear.level] += ds + slope * SLOPE_LASTS * (1.0 - left);
                if let Some(slope) = wear.slope {
                    self.x[slope] *= left;
                }
            }
            Growth::Jumps { mean, size, small, .. } => {
                let share = unnoticed(self.wear_sd(number, wear), size, small);
                self.x[wear.level] += mean * share.0 * ds;
            }
        }
        self.x[wear.level] = self.x[wear.level].clamp(-MOST_WORN, MOST_WORN);
    }

    /// Takes the covariance to the present tick.
    pub fn settle(&mut self, sketch: &Sketch) {
        if self.ticks == 0 {
            return;
        }
        for (number, wear) in sketch.wears.iter().enumerate() {
            let ds = std::mem::take(&mut self.clocks[number].due) * self.speed(wear, 0.0);
            if ds > 0.0 {
                self.spread(number, wear, ds);
            }
        }
        for hidden in sketch.hidden.iter().filter(|hidden| hidden.keeps < 1.0) {
            let keeps = libm::pow(hidden.keeps, f64::from(self.ticks));
            self.fade(hidden.state, keeps);
            self.p[(hidden.state, hidden.state)] += hidden.sd * hidden.sd * (1.0 - keeps * keeps);
        }
        self.ticks = 0;
    }

    /// How the uncertainty of a wear grows over a stretch of its clock.
    fn spread(&mut self, number: usize, wear: &WearSketch, ds: f64) {
        let level = wear.level;
        match wear.growth {
            Growth::Straight | Growth::Curved { .. } => {}
            Growth::Wander { variance } => {
                let Some(slope) = wear.slope else { return };
                let left = libm::exp(-ds / SLOPE_LASTS);
                let gone = 1.0 - left;
                self.mix(level, slope, SLOPE_LASTS * gone);
                self.fade(slope, left);
                if let Some(rate) = wear.rate {
                    self.mix(level, rate, ds);
                }
                let (v, tau) = (variance, SLOPE_LASTS);
                let spread = 2.0 * v * tau * (ds - 2.0 * tau * gone + tau / 2.0 * (1.0 - left * left));
                self.p[(level, level)] += spread.max(0.0);
                self.p[(level, slope)] += v * tau * gone * gone;
                self.p[(slope, level)] = self.p[(level, slope)];
                self.p[(slope, slope)] += v * (1.0 - left * left);
            }
            Growth::Jumps { mean, variance, size, small } => {
                let share = unnoticed(self.wear_sd(number, wear), size, small);
                if let Some(rate) = wear.rate {
                    self.mix(level, rate, mean * share.0 * ds);
                }
                self.p[(level, level)] += variance * share.1 * ds;
            }
        }
    }

    /// `to` becomes `to + factor * from`.
    fn mix(&mut self, to: usize, from: usize, factor: f64) {
        for other in 0..self.x.len() {
            let with = self.p[(other, from)];
            self.p[(other, to)] += factor * with;
        }
        for other in 0..self.x.len() {
            let with = self.p[(from, other)];
            self.p[(to, other)] += factor * with;
        }
    }

    /// A state becomes `keeps` times itself.
    fn fade(&mut self, state: usize, keeps: f64) {
        for other in 0..self.x.len() {
            self.p[(other, state)] *= keeps;
            self.p[(state, other)] *= keeps;
        }
    }

    /// Puts wears and hidden numbers where the machine's expressions read them.
    pub fn write(&self, sketch: &Sketch, slots: &mut [f64]) {
        for (number, wear) in sketch.wears.iter().enumerate() {
            slots[usize::from(wear.slot)] = self.wear(number, wear);
        }
        for hidden in &sketch.hidden {
            slots[usize::from(hidden.slot)] = hidden.mean.of(slots) + self.x[hidden.state];
        }
    }

    /// What becomes uncertain by so much: something happened that no model foresees. Beyond all measure nothing is believed.
    pub fn open(&mut self, state: usize, size: f64) {
        let variance = self.p[(state, state)] + size * size;
        if variance < MOST_OPEN {
            self.p[(state, state)] = variance;
        }
    }
}

impl WearSketch {
    pub fn follows_clock(&self) -> bool {
        matches!(self.growth, Growth::Straight | Growth::Curved { .. })
    }

    fn curve(&self, clock: f64) -> f64 {
        match self.growth {
            Growth::Curved { shape, whole } => libm::expm1((shape * clock).min(50.0)) / whole,
            _ => clock,
        }
    }
}

/// The share of a jumping wear's mean and variance that comes in jumps too small to stand out: between sizes as a gamma process
/// has them, and exponential ones, of which fewer are small.
fn unnoticed(sd: f64, size: f64, small: f64) -> (f64, f64) {
    let ratio = (NOTICED * sd).max(LEAST_NOTICED) / size;
    if ratio > 30.0 {
        return (1.0, 1.0);
    }
    let rest = libm::exp(-ratio);
    let (none, one, two) = (1.0 - rest, 1.0 - rest * (1.0 + ratio), 1.0 - rest * (1.0 + ratio * (1.0 + ratio / 2.0)));
    (one + small * (none - one), two + small * (one - two))
}

/// What is typical of a model's machines, put over what the plan drew for one of them.
pub fn make_typical(sketch: &Sketch, model: &Model, slots: &mut [f64]) {
    for (slot, ..) in &model.drawn {
        slots[usize::from(*slot)] = super::sketch::typical(model, *slot);
    }
    for hidden in &sketch.hidden {
        slots[usize::from(hidden.slot)] = hidden.mean.of(slots);
    }
}
