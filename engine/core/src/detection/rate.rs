//! Rate of change: slopes between the means of neighbouring stretches of time, so that noise from reading to reading is
//! no change. Stretches grow until the noise of their means is small beside the rate that is looked for.

use crate::sensing::LANES;
use serde::{Deserialize, Serialize};
use twinwright_model::time::SECOND;

/// A stretch lasts so long and has so many readings at the least, and lasts so long at the most.
const SHORTEST: i64 = 60 * SECOND;
const LEAST: u32 = 5;
const LONGEST: i64 = 3600 * SECOND;
/// The noise of means is judged from so many changes of slope before any slope is.
const LEARNING: u8 = 4;
/// A mean absolute change of slope, times this, is three standard deviations of a difference of means, also where means
/// wander instead of scattering: 3 / sqrt(2) / 0.8.
const MARGIN: f64 = 2.65;
/// Steep in so many stretches running, in one direction: a single spike goes up and down again.
const RUNNING: i8 = 2;

/// What one lane's slope is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Slope {
    began: i64,
    length: i64,
    sum: f64,
    readings: u32,
    /// The mean of the last stretch and when its middle was; the difference of the last two means.
    mean: f64,
    middle: i64,
    difference: f64,
    /// Mean absolute change of that difference.
    noise: f64,
    stretches: u8,
    /// Steep stretches running, with their direction; and level ones.
    steep: i8,
    level: u8,
}

/// Slopes of a panel.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RateWatch([Slope; LANES]);

/// What the end of a stretch says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steepness {
    pub on: bool,
    pub calm: bool,
    pub per_hour: f64,
}

impl RateWatch {
    /// Takes a reading; an answer comes when a stretch ends. `rate` is per second.
    pub fn take(&mut self, lane: usize, time: i64, value: f64, rate: f64) -> Option<Steepness> {
        self.0[lane].take(time, value, rate)
    }

    /// A lane's slope from another panel's watch.
    pub fn carry(&mut self, lane: usize, from: &RateWatch, from_lane: usize) {
        self.0[lane] = from.0[from_lane];
    }
}

impl Slope {
    fn take(&mut self, time: i64, value: f64, rate: f64) -> Option<Steepness> {
        self.length = self.length.max(SHORTEST);
        if self.readings == 0 {
            self.began = time;
        }
        self.sum += value;
        self.readings += 1;
        let lasted = time.saturating_sub(self.began);
        if lasted < self.length || self.readings < LEAST {
            return None;
        }
        let (mean, middle) = (self.sum / f64::from(self.readings), self.began + lasted / 2);
        (self.sum, self.readings) = (0.0, 0);
        let apart = middle.saturating_sub(self.middle);
        let before = std::mem::replace(&mut self.mean, mean);
        self.middle = middle;
        self.stretches = self.stretches.saturating_add(1);
        if self.stretches == 1 || apart > 4 * self.length {
            // Nothing to compare with, or a silence between.
            (self.stretches, self.steep, self.noise) = (1, 0, 0.0);
            return None;
        }
        self.judge(mean - before, apart as f64 / SECOND as f64, rate)
    }

    fn judge(&mut self, difference: f64, apart_s: f64, rate: f64) -> Option<Steepness> {
        let change = (difference - std::mem::replace(&mut self.difference, difference)).abs();
        let learnt = self.stretches.saturating_sub(2);
        if learnt == 0 {
            return None;
        }
        if learnt <= LEARNING {
            self.noise += (change - self.noise) / f64::from(learnt);
            return None;
        }
        // One jump must not blind it for long.
        self.noise += (change.min(4.0 * self.noise + rate * apart_s) - self.noise) / 8.0;
        let (margin, allowed) = (MARGIN * self.noise, rate * apart_s);
        if margin > allowed && self.length < LONGEST {
            // Too noisy to tell: longer stretches have steadier means.
            self.length = (2 * self.length).min(LONGEST);
            self.noise *= std::f64::consts::FRAC_1_SQRT_2;
        }
        let direction: i8 = if difference < 0.0 { -1 } else { 1 };
        let is_steep = difference.abs() > allowed + margin;
        self.steep = match (is_steep, self.steep * direction >= 0) {
            (false, _) => 0,
            (true, true) => (self.steep + direction).clamp(-RUNNING, RUNNING),
            (true, false) => direction,
        };
        self.level = if difference.abs() < 0.9 * allowed { self.level.saturating_add(1) } else { 0 };
        let per_hour = difference / apart_s * 3600.0;
        Some(Steepness { on: self.steep.abs() >= RUNNING, calm: self.level >= 2, per_hour })
    }
}
