//! Channels: levels, surprises and their variances at several time scales, row by row. What is not read is taken as usual.
//!
//! A surprise is what a row holds beyond what the row before foretold. Learning and judging look through the same
//! channels; here is no limit and no memory that grows.

use super::baseline::{Lens, MEMBERS};
use super::{SCALES, heard};

/// A reading further off than so many spreads counts as that far: one wild value must not be remembered for ever.
const FURTHEST: f64 = 30.0;
/// A squared surprise counts as at most this.
const WILDEST: f64 = 100.0;
/// Added to a variance before its logarithm: a variance of nothing is finite.
const FLOOR: f64 = 0.02;
/// The mean squared surprise of a row counts as at most this.
const MOST_ERROR: f64 = 20.0;
/// Slack of the cumulative sums, in standard deviations, and how far they are counted.
const SLACK: f64 = 0.5;
const MOST_SUM: f64 = 1e4;
/// At the end of an anomaly a level further from its reference than so many spreads has moved.
const MOVED: f64 = 3.0;
/// A reference that was set anew finds its place over so many rows, and the first of them stands for this many.
const SETTLING: u32 = 64;
const FIRST_STANDS_FOR: f64 = 4.0;

/// The state of all channels.
#[derive(Debug, Clone)]
pub(super) struct Channels {
    gains: [f64; SCALES],
    variance: bool,
    cusum: bool,
    /// The level that readings are held against: it follows slowly.
    pub reference: Vec<f64>,
    /// Standardised readings of this row; what was not read is at the reference.
    pub reading: Vec<f64>,
    /// Distances from the reference, of this row and of the one before.
    deviation: Vec<f64>,
    before: Vec<f64>,
    /// What could not be foretold of this row.
    pub surprise: Vec<f64>,
    /// Scale by scale: levels, levels of surprises, variances of surprises.
    pub level: Vec<f64>,
    drift: Vec<f64>,
    power: Vec<f64>,
    /// Mean squared surprise, whitened, by scale.
    error: [f64; SCALES],
    sums: Vec<[f64; 2]>,
    white: Vec<f64>,
    /// Columns whose reference was set anew, and how many rows ago.
    moved: Vec<usize>,
    young: u32,
}

impl Channels {
    pub fn new(lens: &Lens, scales: [f64; SCALES], parts: &[bool], reference: &[f64]) -> Channels {
        let seen = reference.len();
        let mean = |at: usize| (libm::exp(lens.log_mean.get(at).copied().unwrap_or(0.0)) - FLOOR).max(0.0);
        Channels {
            gains: scales.map(|scale| 1.0 / scale),
            variance: parts[3],
            cusum: parts[4],
            reference: reference.to_vec(),
            reading: reference.to_vec(),
            deviation: vec![0.0; seen],
            before: vec![0.0; seen],
            surprise: vec![0.0; seen],
            level: reference.iter().copied().cycle().take(SCALES * seen).collect(),
            drift: vec![0.0; SCALES * seen],
            power: (0..SCALES * seen).map(mean).collect(),
            error: [1.0; SCALES],
            sums: vec![[0.0; 2]; seen],
            white: vec![0.0; seen],
            moved: Vec::new(),
            young: SETTLING,
        }
    }

    /// Hears a row.
    pub fn advance(&mut self, lens: &Lens, row: &[f64]) {
        let seen = self.reference.len();
        std::mem::swap(&mut self.deviation, &mut self.before);
        for at in 0..seen {
            let usual = self.reference[at];
            let value = heard(row.get(lens.columns[at] as usize));
            let value = value.map_or(usual, |v| ((v - lens.centre[at]) / lens.scale[at]).clamp(-FURTHEST, FURTHEST));
            self.reading[at] = value;
            self.deviation[at] = value - usual;
        }
        self.foretell(lens);
        for at in 0..seen {
            let missing = heard(row.get(lens.columns[at] as usize)).is_none();
            let rest = (self.surprise[at] - lens.bias[at]) / lens.spread[at];
            self.surprise[at] = if missing { 0.0 } else { rest };
        }
        for scale in 0..SCALES {
            let gain = self.gains[scale];
            let stretch = scale * seen..(scale + 1) * seen;
            for (level, reading) in self.level[stretch.clone()].iter_mut().zip(&self.reading) {
                *level += gain * (reading - *level);
            }
            for (drift, surprise) in self.drift[stretch.clone()].iter_mut().zip(&self.surprise) {
                *drift += gain * (surprise - *drift);
            }
            for (power, surprise) in self.power[stretch].iter_mut().zip(&self.surprise) {
                *power += gain * ((surprise * surprise).min(WILDEST) - *power);
            }
        }
        whiten(lens, &self.surprise, &mut self.white);
        let error = (square(&self.white) / seen.max(1) as f64).min(MOST_ERROR);
        for (kept, gain) in self.error.iter_mut().zip(self.gains) {
            *kept += gain * (error - *kept);
        }
    }

    /// What is left of this row when what the row before foretold is taken off.
    fn foretell(&mut self, lens: &Lens) {
        self.surprise.copy_from_slice(&self.deviation);
        for block in &lens.blocks {
            let range = block.first..block.first + block.len;
            let rest = &mut self.surprise[range.clone()];
            for (before, adds) in self.before[range].iter().zip(block.foretell.chunks_exact(block.len)) {
                for (left, add) in rest.iter_mut().zip(adds) {
                    *left -= before * add;
                }
            }
        }
    }

    /// Squared opinions: the members at each scale, then the cumulative sums.
    pub fn opinions(&mut self, lens: &Lens) -> [f64; MEMBERS] {
        let seen = self.reference.len();
        let mut found = [0.0; MEMBERS];
        for scale in 0..SCALES {
            let stretch = scale * seen..(scale + 1) * seen;
            let mut furthest = 0.0f64;
            let levels = self.level[stretch.clone()].iter().zip(&self.reference);
            for ((level, reference), spread) in levels.zip(&lens.level[stretch.clone()]) {
                furthest = furthest.max(((level - reference) / spread).abs());
            }
            found[scale] = furthest * furthest;
            whiten(lens, &self.drift[stretch.clone()], &mut self.white);
            let memory = 2.0 / self.gains[scale] - 1.0;
            found[SCALES + scale] = square(&self.white) * memory / seen.max(1) as f64;
            found[2 * SCALES + scale] = self.error[scale];
            if self.variance {
                found[3 * SCALES + scale] = self.log_variance(lens, stretch);
            }
        }
        if self.cusum {
            let sum = self.cumulate(lens);
            found[4 * SCALES] = sum * sum;
        }
        found
    }

    fn log_variance(&self, lens: &Lens, stretch: std::ops::Range<usize>) -> f64 {
        let seen = stretch.len();
        let usual = lens.log_mean[stretch.clone()].iter().zip(&lens.log_spread[stretch.clone()]);
        let mut sum = 0.0;
        for (power, (mean, spread)) in self.power[stretch].iter().zip(usual) {
            let off = (libm::log(power + FLOOR) - mean) / spread;
            sum += off * off;
        }
        sum / seen.max(1) as f64
    }

    /// The largest cumulative sum, up or down, in standard deviations of noise that would give the slowest levels.
    fn cumulate(&mut self, lens: &Lens) -> f64 {
        let seen = self.reference.len();
        let slowest = SCALES - 1;
        let memory = (2.0 / self.gains[slowest] - 1.0).sqrt();
        let mut largest = 0.0f64;
        for (at, sums) in self.sums.iter_mut().enumerate() {
            let off = self.deviation[at] / (lens.level[slowest * seen + at] * memory);
            sums[0] = (sums[0] + off - SLACK).clamp(0.0, MOST_SUM);
            sums[1] = (sums[1] - off - SLACK).clamp(0.0, MOST_SUM);
            largest = largest.max(sums[0]).max(sums[1]);
        }
        largest
    }

    /// Moves references towards this row.
    pub fn follow(&mut self, gain: f64) {
        for (reference, reading) in self.reference.iter_mut().zip(&self.reading) {
            *reference += gain * (reading - *reference);
        }
    }

    /// Begins anew after an anomaly: a column that is back keeps its reference, one that is not takes what it shows as usual.
    /// Variances that are too large begin again, too.
    pub fn rebase(&mut self, lens: &Lens) {
        let seen = self.reference.len();
        self.moved.clear();
        for at in 0..seen {
            if (self.level[at] - self.reference[at]).abs() > MOVED * lens.level[at] {
                self.reference[at] = self.level[at];
                self.moved.push(at);
            }
        }
        self.young = 0;
        for scale in 0..SCALES {
            self.level[scale * seen..(scale + 1) * seen].copy_from_slice(&self.reference);
        }
        self.drift.fill(0.0);
        for (power, mean) in self.power.iter_mut().zip(&lens.log_mean) {
            *power = power.min(libm::exp(*mean));
        }
        self.error = self.error.map(|error| error.min(1.0));
        self.sums.fill([0.0; 2]);
    }

    /// Lets the references that were set anew find their place: each row after a new beginning moves them less.
    pub fn settle(&mut self) {
        if self.young < SETTLING {
            self.young += 1;
            let gain = 1.0 / (FIRST_STANDS_FOR + f64::from(self.young));
            for at in &self.moved {
                self.reference[*at] += gain * (self.reading[*at] - self.reference[*at]);
            }
        }
    }

    /// How far one column is from its usual: its furthest level and its furthest surprise, squared.
    pub fn share(&self, lens: &Lens, at: usize) -> f64 {
        let seen = self.reference.len();
        let (mut level, mut surprise) = (0.0f64, 0.0f64);
        for scale in 0..SCALES {
            let place = scale * seen + at;
            let off = (self.level[place] - self.reference[at]) / lens.level[place];
            level = level.max(off * off);
            surprise = surprise.max(self.drift[place] * self.drift[place] * (2.0 / self.gains[scale] - 1.0));
        }
        level + surprise
    }

    /// Logarithm of a variance, for learning what is usual.
    pub fn log_power(&self, place: usize) -> f64 {
        libm::log(self.power[place] + FLOOR)
    }
}

fn square(list: &[f64]) -> f64 {
    list.iter().map(|value| value * value).sum()
}

/// Makes surprises independent of each other: the inverse of the Cholesky factor times them, block by block.
fn whiten(lens: &Lens, values: &[f64], white: &mut [f64]) {
    white.fill(0.0);
    for block in &lens.blocks {
        let range = block.first..block.first + block.len;
        let out = &mut white[range.clone()];
        for (at, (value, column)) in values[range].iter().zip(block.whiten.chunks_exact(block.len)).enumerate() {
            for (sum, factor) in out[at..].iter_mut().zip(&column[at..]) {
                *sum += value * factor;
            }
        }
    }
}
