//! Judges a single series that nobody trained: it begins empty, learns as it goes, and says of each value how rare it is.
//!
//! Five members look at a value, each turned into how rarely it was so strange before; what several find rare counts
//! more than what one finds rare. Only the first row of an event is raised. It must never look ahead, never need to know
//! where the series ends or what it is called, and never hold more than a few thousand values.

mod hold;
mod nearest;
mod rarity;
mod season;
#[cfg(test)]
mod tests;

use hold::HoldOff;
use nearest::Nearest;
use rarity::Rarity;
use season::Season;
use serde::{Deserialize, Serialize};

/// The knobs; what they are by default works for counts, loads, temperatures and prices alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesSpec {
    /// How rare a value must be to be raised, in nats: 7.8 is about once in 2,400 values.
    pub limit: f64,
    /// Rows after an event in which only something clearly rarer is raised.
    pub hold: f64,
    /// Rows over which what was heard is forgotten.
    pub memory: f64,
    /// Rows of the stretch that is compared with all stretches heard lately.
    pub stretch: usize,
}

impl Default for SeriesSpec {
    fn default() -> Self {
        SeriesSpec { limit: 7.8, hold: 50.0, memory: 20_000.0, stretch: 12 }
    }
}

/// What is said of one value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct SeriesVerdict {
    /// 1.0 is the limit; 0 while an event is held off.
    pub score: f64,
    /// The first row of something rare.
    pub anomaly: bool,
    /// How rare the value is, in limits, held off or not: what a plot shows.
    pub rarity: f64,
}

/// Values that are only learnt from, not judged.
const QUIET: f64 = 100.0;
/// Values after which deviations mean something.
const SETTLED: f64 = 10.0;
/// Larger readings are taken as this, so that no sum overflows.
const LARGEST: f64 = 1e150;
/// What is nearer to zero than this share of the reading is rounding.
const ROUNDING: f64 = 1e-9;
/// Rows over which centre and spread follow.
const SLOW: f64 = 2000.0;
/// How members add up: 0 would be their sum, large their maximum.
const UNITE: f64 = 0.4;

const MEMBERS: usize = 5;
/// What each member counts.
const WEIGHTS: [f64; MEMBERS] = [1.0, 1.0, 1.0, 1.0, 0.5];

/// Watches one series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesWatch {
    limit: f64,
    heard: f64,
    centre: f64,
    spread: f64,
    recent: f64,
    season: Season,
    nearest: Nearest,
    rarities: Vec<Rarity>,
    hold: HoldOff,
}

impl SeriesWatch {
    pub fn new(spec: &SeriesSpec) -> Self {
        let usual = SeriesSpec::default();
        let sane = |given: f64, usual: f64| if given > 0.0 && given.is_finite() { given } else { usual };
        let limit = sane(spec.limit, usual.limit);
        SeriesWatch {
            limit,
            heard: 0.0,
            centre: 0.0,
            spread: 0.0,
            recent: 0.0,
            season: Season::default(),
            nearest: Nearest::new(spec.stretch),
            rarities: vec![Rarity::new(sane(spec.memory, usual.memory)); MEMBERS],
            hold: HoldOff::new(limit, sane(spec.hold, usual.hold)),
        }
    }

    /// Judges a value, then learns from it. NaN and infinities say that nothing was read.
    pub fn hear(&mut self, time_ns: i64, value: f64) -> SeriesVerdict {
        if !value.is_finite() {
            return SeriesVerdict::default();
        }
        let strange = self.look(time_ns, value.clamp(-LARGEST, LARGEST));
        let mut united = 0.0;
        for ((member, strangeness), weight) in self.rarities.iter_mut().zip(strange).zip(WEIGHTS) {
            let Some(strangeness) = strangeness else { continue };
            if self.heard > QUIET {
                united += libm::expm1(UNITE * weight * member.of(strangeness));
            }
            if self.heard > SETTLED {
                member.learn(strangeness);
            }
        }
        if self.heard <= QUIET {
            return SeriesVerdict::default();
        }
        let rare = libm::log1p(united) / UNITE;
        let raised = self.hold.pass(rare);
        SeriesVerdict { score: raised / self.limit, anomaly: raised >= self.limit, rarity: rare / self.limit }
    }

    /// How strange each member finds the value, in its own unit: the jump, the deviation from what is usual at this time
    /// of day (now, and smoothed twice), and the distance to the most similar stretch.
    fn look(&mut self, time_ns: i64, value: f64) -> [Option<f64>; MEMBERS] {
        self.heard += 1.0;
        if self.heard == 1.0 {
            self.centre = value;
            self.recent = value;
        }
        let rounding = ROUNDING * self.centre.abs() + f64::MIN_POSITIVE;
        let jump = (value - self.recent).abs();
        self.recent += (value - self.recent) / 3.0;

        // The arcus sinus is linear near the centre and a logarithm far from it: spikes stay, but do not drown the rest.
        let away = value - self.centre;
        let shape = libm::asinh(away / (2.0 * (self.spread + rounding))).clamp(-12.0, 12.0);
        let most = if self.heard > 20.0 { 5.0 * self.spread + rounding } else { f64::INFINITY };
        let rate = 1.0 / self.heard.min(SLOW);
        let step = away.clamp(-most, most);
        self.centre += step * rate;
        self.spread += (step.abs() - self.spread) * rate;

        let [now, smooth, smoother] = self.season.hear(time_ns, shape, self.heard);
        let jump = if jump > rounding { jump } else { 0.0 };
        [Some(jump), now, smooth, smoother, self.nearest.hear(shape.clamp(-6.0, 6.0) as f32)]
    }
}
