//! How rarely something was so large before: a histogram of logarithms that forgets, and beyond the largest the slope
//! of its tail.
//!
//! It must never depend on the unit of what it counts, nor grow.

use serde::{Deserialize, Serialize};

/// Bins to a doubling; 1,024 of them reach from 2^-64 to 2^64.
const TO_A_DOUBLING: f64 = 8.0;
const BINS: usize = 1024;
/// Bins are also summed by blocks, so that asking touches few of them.
const BLOCK: usize = 32;
/// Never says more than this beyond what counting says, in nats.
const BEYOND: f64 = 20.0;
/// Weights grow instead of the old ones shrinking; above this all are scaled back.
const LARGE: f64 = 1e9;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rarity {
    bins: Vec<f32>,
    blocks: Vec<f64>,
    total: f64,
    /// What the next entry weighs, and by how much more than the one before.
    weight: f64,
    growth: f64,
}

impl Rarity {
    pub fn new(memory: f64) -> Self {
        let growth = libm::exp(1.0 / memory.clamp(100.0, 1e6));
        Rarity { bins: vec![0.0; BINS], blocks: vec![0.0; BINS / BLOCK], total: 0.0, weight: 1.0, growth }
    }

    /// Minus the logarithm of the share of all entries that were at least as large; 0 is usual.
    pub fn of(&self, size: f64) -> f64 {
        if self.total <= 0.0 {
            return 0.0;
        }
        let place = place(size);
        let heard = self.total / self.weight;
        let above = self.above(place) / self.weight;
        let counted = libm::log((heard + 1.0) / (above + 0.5));
        if above >= 1.0 { counted } else { counted + (self.by_slope(place, heard) - counted).clamp(0.0, BEYOND) }
    }

    pub fn learn(&mut self, size: f64) {
        let bin = place(size) as usize;
        self.weight *= self.growth;
        self.bins[bin] += self.weight as f32;
        self.blocks[bin / BLOCK] += self.weight;
        self.total += self.weight;
        if self.weight > LARGE {
            let scale = 1.0 / self.weight;
            self.bins.iter_mut().for_each(|bin| *bin = (f64::from(*bin) * scale) as f32);
            self.blocks.iter_mut().for_each(|block| *block *= scale);
            self.total *= scale;
            self.weight = 1.0;
        }
    }

    /// The weight of all entries above a place, a bin counted by the part of it that is above.
    fn above(&self, place: f64) -> f64 {
        let bin = place as usize;
        let block = bin / BLOCK;
        let part = f64::from(self.bins[bin]) * (1.0 - (place - bin as f64));
        let near: f64 = self.bins[bin + 1..(block + 1) * BLOCK].iter().map(|bin| f64::from(*bin)).sum();
        let far: f64 = self.blocks[block + 1..].iter().sum();
        part + near + far
    }

    /// Hill's estimate: the largest hundredth lies on a power law, and so does what was never seen.
    fn by_slope(&self, place: f64, heard: f64) -> f64 {
        let wanted = (0.01 * heard).clamp(5.0, 40.0);
        let (mut count, mut sum, mut from) = (0.0, 0.0, BINS);
        while from > 0 && count < wanted {
            from -= 1;
            if from % BLOCK == BLOCK - 1 && self.blocks[from / BLOCK] <= 0.0 {
                from -= BLOCK - 1;
                continue;
            }
            let here = f64::from(self.bins[from]) / self.weight;
            count += here;
            sum += here * (from as f64 + 0.5);
        }
        if count <= 0.0 {
            return 0.0;
        }
        let slope = (sum / count - from as f64).max(0.5);
        libm::log(heard.max(1.0) / count) + (place - from as f64) / slope
    }
}

/// Where a size stands among the bins.
fn place(size: f64) -> f64 {
    let middle = (BINS / 2) as f64;
    (libm::log2(size.max(f64::MIN_POSITIVE)) * TO_A_DOUBLING + middle).clamp(0.0, BINS as f64 - 1.001)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles of a distribution in an order without trend.
    fn spread_out(count: u32, quantile: impl Fn(f64) -> f64) -> Vec<f64> {
        (0..count).map(|i| quantile((f64::from(i.wrapping_mul(7919) % count) + 0.5) / f64::from(count))).collect()
    }

    #[test]
    fn what_an_exponential_exceeds_with_probability_e_to_the_minus_x_is_x_nats_rare() {
        for unit in [1e-6, 1.0, 1e9] {
            let mut rarity = Rarity::new(1e6);
            spread_out(20_000, |share| -libm::log(1.0 - share) * unit).into_iter().for_each(|size| rarity.learn(size));
            for nats in [1.0, 2.0, 4.0, 6.0, 8.0] {
                let said = rarity.of(nats * unit);
                assert!((said - nats).abs() < 0.15, "{nats} nats in units of {unit}: {said}");
            }
        }
    }

    #[test]
    fn beyond_the_largest_a_power_law_goes_on() {
        // P(size > x) = x^-2: 2 ln x nats, also where nothing was seen yet.
        let mut rarity = Rarity::new(1e6);
        spread_out(10_000, |share| 1.0 / libm::sqrt(1.0 - share)).into_iter().for_each(|size| rarity.learn(size));
        for size in [300.0, 1000.0] {
            let (said, right) = (rarity.of(size), 2.0 * libm::log(size));
            assert!((said - right).abs() < 0.15 * right, "{size}: {said} instead of {right}");
        }
    }

    #[test]
    fn what_was_usual_long_ago_is_forgotten() {
        let mut rarity = Rarity::new(1000.0);
        (0..5000).for_each(|_| rarity.learn(100.0));
        assert!(rarity.of(100.0) < 1.0, "it is all there is");
        (0..10_000).for_each(|_| rarity.learn(1.0));
        assert!(rarity.of(100.0) > 5.0, "ten memories later it is news");
    }
}
