//! A panel: sixteen sensor lanes of one machine, and what all machines of a model share about them.

use serde::{Deserialize, Serialize};

/// Lanes of a panel.
pub const LANES: usize = 16;

/// The state of sixteen sensors of one machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[repr(align(8))]
pub struct Panel {
    /// True values that lanes will have at the next tick, if nothing acts on them. The values of the present tick are
    /// not part of the state: who wants them asks the world to keep them.
    pub ahead: [f64; LANES],
    /// What noise adds now.
    pub noise: [f32; LANES],
    /// The last readings.
    pub measured: [f32; LANES],
    /// Codes of [`twinwright_model::Quality`].
    pub quality: [u8; LANES],
    /// Lanes with an open or pending limit alert.
    pub watched: u16,
    /// Lanes with an active fault.
    pub faulted: u16,
    /// Lags start settled; before the first sense there is nothing to lag behind.
    pub settled: bool,
}

impl Default for Panel {
    fn default() -> Panel {
        Panel {
            ahead: [0.0; LANES],
            noise: [0.0; LANES],
            measured: [0.0; LANES],
            quality: [0; LANES],
            watched: 0,
            faulted: 0,
            settled: false,
        }
    }
}

/// What all machines of a model share about a panel: planar coefficients, one entry a lane.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelPlan {
    /// How many lanes are used.
    pub used: usize,
    /// Readings come every so many ticks ...
    pub every: u32,
    /// ... or so many times a tick.
    pub per_tick: u32,
    /// The constant part of the true value, and the gain of each lane on each slot.
    pub base: [f64; LANES],
    pub gains: Vec<(u16, [f64; LANES])>,
    /// Part of the way to the target gone in a (sub-)tick; 0 for a lane without lag.
    pub alpha: [f64; LANES],
    /// AR(1): memory from sample to sample, and what a fresh normal is multiplied with.
    pub rho: [f32; LANES],
    pub fresh: [f32; LANES],
    /// Stationary sd (faults on noise need it) and degrees of freedom of Student-t tails (0: normal).
    pub sd: [f32; LANES],
    pub tails: [f64; LANES],
    pub has_tails: bool,
    pub slope: [f32; LANES],
    pub offset: [f32; LANES],
    /// Rounding to multiples of up/down; `inverse` is down/up, 0 without a resolution.
    pub inverse: [f32; LANES],
    pub up: [f32; LANES],
    pub down: [f32; LANES],
    pub low: [f32; LANES],
    pub high: [f32; LANES],
    /// Beyond these some alarm limit is passed.
    pub alarm_low: [f32; LANES],
    pub alarm_high: [f32; LANES],
}

impl PanelPlan {
    /// A panel without sensors yet.
    pub fn empty(every: u32, per_tick: u32) -> PanelPlan {
        PanelPlan {
            used: 0,
            every,
            per_tick,
            base: [0.0; LANES],
            gains: Vec::new(),
            alpha: [0.0; LANES],
            rho: [0.0; LANES],
            fresh: [0.0; LANES],
            sd: [0.0; LANES],
            tails: [0.0; LANES],
            has_tails: false,
            slope: [1.0; LANES],
            offset: [0.0; LANES],
            inverse: [0.0; LANES],
            up: [1.0; LANES],
            down: [1.0; LANES],
            low: [f32::NEG_INFINITY; LANES],
            high: [f32::INFINITY; LANES],
            alarm_low: [f32::NEG_INFINITY; LANES],
            alarm_high: [f32::INFINITY; LANES],
        }
    }

    /// Makes a lane's gain on a slot known.
    pub fn add_gain(&mut self, slot: u16, lane: usize, gain: f64) {
        if let Some((_, gains)) = self.gains.iter_mut().find(|(known, _)| *known == slot) {
            gains[lane] += gain;
            return;
        }
        let mut gains = [0.0; LANES];
        gains[lane] = gain;
        self.gains.push((slot, gains));
    }

    /// Rounds a lane's readings to multiples of `step`. A step of 1/n is written as a division by n, whose result is the
    /// float nearest to the decimal, so that 22.3 is read and not 22.300001.
    pub fn set_resolution(&mut self, lane: usize, step: f64) {
        let per_unit = 1.0 / step;
        let whole = libm::round(per_unit);
        if whole >= 1.0 && (per_unit - whole).abs() < 1e-9 * whole {
            (self.inverse[lane], self.up[lane], self.down[lane]) = (whole as f32, 1.0, whole as f32);
        } else {
            (self.inverse[lane], self.up[lane], self.down[lane]) = (per_unit as f32, step as f32, 1.0);
        }
    }
}
