//! What is hidden in the machines of a model, laid out as the states of a filter: each wear, what a unit was born with, what
//! wanders by chance, and the bias of each sensor. It is worked out once for all machines of a model and holds no estimate.
//!
//! A wear has a level and, where its life is not known, the logarithm of how fast its clock runs. Two sorts of law differ:
//! those that follow their clock (linear, exponential, weibull: the level is only what was added to the curve) and those that
//! go their own way (wiener, gamma, shock: the level is the wear itself).

use super::moments;
use crate::drivers::{Operand, Source};
use crate::plan::Model;
use crate::sensing::PanelPlan;
use crate::wear::{Law, NODES_PER_LIFE, WearPlan};

/// More parameters and walks than this are taken as they typically are.
const MOST_HIDDEN: usize = 12;

/// The states of a model's machines.
#[derive(Debug, Clone, Default)]
pub struct Sketch {
    pub wears: Vec<WearSketch>,
    pub hidden: Vec<Hidden>,
    /// By sensor.
    pub lanes: Vec<LaneSketch>,
    /// States before the biases, which follow by sensor.
    pub common: usize,
}

impl Sketch {
    pub fn size(&self) -> usize {
        self.common + self.lanes.len()
    }

    /// The state of a sensor's bias.
    pub fn bias(&self, sensor: usize) -> usize {
        self.common + sensor
    }
}

/// A wear.
#[derive(Debug, Clone)]
pub struct WearSketch {
    pub slot: u16,
    pub stress: u16,
    /// Its states.
    pub level: usize,
    pub slope: Option<usize>,
    pub rate: Option<usize>,
    /// How uncertain the logarithm of the rate is before anything was seen, and the part of it that each renewal draws anew.
    pub rate_sd: f64,
    pub renews_rate: bool,
    /// Wear at the start and after a repair: mean and standard deviation.
    pub start: (f64, f64),
    pub restored: (f64, f64),
    /// Nanoseconds of stress 1 in which the clock goes from 0 to 1.
    pub life: f64,
    pub growth: Growth,
}

/// How a wear follows from its clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Growth {
    /// Exactly: a straight line, or `expm1(shape * clock) / whole`.
    Straight,
    Curved {
        shape: f64,
        whole: f64,
    },
    /// By chance, but smoothly: the variance of its slope, which lasts for `SLOPE_LASTS` of a life.
    Wander {
        variance: f64,
    },
    /// In jumps: mean and variance a life, the size that jumps typically have, and how many of them are small: 1 for the
    /// countless ones of a gamma path, 0 for shocks that are all alike.
    Jumps {
        mean: f64,
        variance: f64,
        size: f64,
        small: f64,
    },
}

/// A wiener path keeps its slope for one node of a life; this time constant gives the same spread over long times.
pub const SLOPE_LASTS: f64 = 0.5 / NODES_PER_LIFE;

/// Shocks of exponential sizes have half of the small jumps of a gamma path: with none, intervals hold the truth too seldom, with
/// all, too often. Shocks whose sizes are more even than this (sd by mean) have none.
const SMALL_SHOCKS: f64 = 0.5;
const EVEN_SHOCKS: f64 = 0.5;

/// A number that acts on a machine and that nobody measures: what the unit was born with, or what wanders about a mean.
#[derive(Debug, Clone)]
pub struct Hidden {
    pub name: String,
    pub slot: u16,
    pub state: usize,
    pub mean: Operand,
    pub sd: f64,
    /// What is left of a deviation after a tick: 1 for what a unit was born with.
    pub keeps: f64,
    /// Time constant in seconds; infinite for what a unit was born with.
    pub memory_s: f64,
}

/// What is to be known of a sensor's noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LaneSketch {
    pub panel: u8,
    pub lane: u8,
    /// Calibration.
    pub slope: f64,
    pub offset: f64,
    /// Stationary variance of what noise adds to a reading, and how long it remembers, in seconds.
    pub noise: f64,
    pub memory_s: f64,
    /// Variance of rounding.
    pub grain: f64,
    /// Part of the way to the target gone in a tick; 0 without a lag. And the lag in seconds and five of them in ticks.
    pub alpha: f64,
    pub lag_s: f64,
    pub settles: u32,
    pub low: f64,
    pub high: f64,
}

impl Sketch {
    /// The states of a model; `fed` says which slots a feed holds.
    pub fn of(model: &Model, tick_s: f64, fed: impl Fn(u16) -> bool) -> Sketch {
        let mut sketch = Sketch::default();
        for wear in &model.wears {
            sketch.add_wear(wear);
        }
        sketch.add_hidden(model, tick_s, fed);
        for sensor in &model.sensors {
            let panel = &model.panels[usize::from(sensor.panel)];
            sketch.lanes.push(LaneSketch::of(panel, sensor.panel, sensor.lane, tick_s));
        }
        sketch
    }

    fn state(&mut self) -> usize {
        self.common += 1;
        self.common - 1
    }

    fn add_wear(&mut self, plan: &WearPlan) {
        let (life, unit_sd) = moments::logarithm(&plan.life);
        // A weibull life is one draw for each renewal, of mean 1.
        let renewal = match plan.law {
            Law::Weibull { shape } => moments::logarithm(&crate::files::numbers::Draw::Weibull(shape, 1.0)),
            _ => (0.0, 0.0),
        };
        let rate_sd = (unit_sd * unit_sd + renewal.1 * renewal.1).sqrt();
        let growth = growth_of(&plan.law);
        let level = self.state();
        let slope = matches!(growth, Growth::Wander { .. }).then(|| self.state());
        let rate = (rate_sd > 0.0).then(|| self.state());
        let restored = plan.repair.as_ref().map_or((0.0, 0.0), |repair| moments::plain(&repair.restores_to));
        self.wears.push(WearSketch {
            slot: plan.slot,
            stress: plan.stress,
            level,
            slope,
            rate,
            rate_sd,
            renews_rate: renewal.1 > 0.0,
            start: moments::plain(&plan.starts_at),
            restored,
            life: libm::exp(life + renewal.0).max(1.0),
            growth,
        });
    }

    fn add_hidden(&mut self, model: &Model, tick_s: f64, fed: impl Fn(u16) -> bool) {
        for (slot, name, draw) in &model.drawn {
            let (mean, sd) = moments::plain(draw);
            if sd > 0.0 && !fed(*slot) && self.hidden.len() < MOST_HIDDEN {
                let state = self.state();
                let (mean, name) = (Operand::Number(mean), name.clone());
                self.hidden.push(Hidden { name, slot: *slot, state, mean, sd, keeps: 1.0, memory_s: f64::INFINITY });
            }
        }
        for driver in &model.drivers {
            let Source::Walk { slot, mean, sd, rho, .. } = driver.source else { continue };
            let sd = match sd {
                Operand::Number(sd) => sd,
                Operand::Slot(slot) => typical(model, slot),
            };
            if sd > 0.0 && self.hidden.len() < MOST_HIDDEN {
                let memory_s = if rho > 0.0 { -tick_s / libm::log(rho) } else { 0.0 };
                let (state, name) = (self.state(), format!("walk {}", driver.name));
                self.hidden.push(Hidden { name, slot, state, mean, sd, keeps: rho, memory_s });
            }
        }
    }
}

/// What stands in for a number that was drawn for a unit.
pub fn typical(model: &Model, slot: u16) -> f64 {
    let drawn = model.drawn.iter().find(|(known, ..)| *known == slot);
    drawn.map_or(0.0, |(_, _, draw)| moments::plain(draw).0)
}

fn growth_of(law: &Law) -> Growth {
    match law {
        Law::Linear | Law::Weibull { .. } => Growth::Straight,
        Law::Exponential { shape, whole } => Growth::Curved { shape: *shape, whole: *whole },
        Law::Wiener { spread } => Growth::Wander { variance: spread * spread * NODES_PER_LIFE },
        Law::Gamma { spread } => {
            let size = spread * spread;
            Growth::Jumps { mean: 1.0, variance: size, size, small: 1.0 }
        }
        Law::Shock { rate, jump } => {
            let (mean, sd) = moments::plain(jump);
            let second = mean * mean + sd * sd;
            let size = if mean > 0.0 { second / (2.0 * mean) } else { sd };
            let unevenness = if mean > 0.0 { sd / mean } else { 1.0 };
            let small = SMALL_SHOCKS * ((unevenness - EVEN_SHOCKS) / (1.0 - EVEN_SHOCKS)).clamp(0.0, 1.0);
            Growth::Jumps { mean: rate * mean, variance: rate * second, size: size.max(1e-9), small }
        }
    }
}

impl LaneSketch {
    fn of(plan: &PanelPlan, panel: u8, number: u8, tick_s: f64) -> LaneSketch {
        let lane = usize::from(number);
        let per_tick = f64::from(plan.per_tick);
        let sample_s = tick_s * f64::from(plan.every) / per_tick;
        let (slope, rho) = (f64::from(plan.slope[lane]), f64::from(plan.rho[lane]));
        let memory_s = if rho > 0.0 { -sample_s / libm::log(rho) } else { 0.0 };
        let grain = if plan.inverse[lane] > 0.0 { f64::from(plan.up[lane]) / f64::from(plan.down[lane]) } else { 0.0 };
        let sd = f64::from(plan.sd[lane]) * slope;
        // Readings of a tick lie between two of the panel's steps: the lag of a whole tick is that of its steps together.
        let kept = if plan.alpha[lane] > 0.0 { libm::log1p(-plan.alpha[lane]) * per_tick } else { 0.0 };
        let lag_s = if kept < 0.0 { -tick_s / kept } else { 0.0 };
        LaneSketch {
            panel,
            lane: number,
            slope,
            offset: f64::from(plan.offset[lane]),
            noise: sd * sd,
            memory_s,
            grain: grain * grain / 12.0,
            alpha: -libm::expm1(kept),
            lag_s,
            settles: (5.0 * lag_s / tick_s).ceil().clamp(0.0, 1e9) as u32,
            low: f64::from(plan.low[lane]),
            high: f64::from(plan.high[lane]),
        }
    }

    /// How much of the noise is left after so many seconds.
    pub fn remembers(&self, seconds: f64) -> f64 {
        if self.memory_s > 0.0 { libm::exp(-seconds.max(0.0) / self.memory_s) } else { 0.0 }
    }

    /// The least variance that a reading has: no sensor is exact.
    pub fn least(&self) -> f64 {
        self.grain + 1e-12 + 1e-12 * self.noise
    }
}
