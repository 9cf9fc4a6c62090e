//! The hot loop: one sampling of a few panels of the same plan, all lanes at once.
//!
//! Each step is a loop of its own over planar lanes so that it vectorises; nothing here is reassociated or fused, so
//! the bits do not depend on the CPU. Everything is `#[inline(always)]`: the caller dispatches on the instruction set.

// Lanes are looped over by number on purpose: that is the form that vectorises. `x - x == 0` asks whether x is finite
// with one operation on every lane.
#![allow(clippy::needless_range_loop, clippy::eq_op)]

use super::panel::{LANES, Panel, PanelPlan};
use crate::dice::{Dice, Purpose, panel_normals, student_t};
use twinwright_model::Quality;

/// Where a sampling stands in the run.
#[derive(Debug, Clone, Copy)]
pub struct Sampling {
    /// Number of the panel in its machine: its noise is addressed by it.
    pub panel: u32,
    /// Number of the sample.
    pub index: u64,
    /// Whether readings are taken, or only true values go on.
    pub due: bool,
}

/// What faults may do to lanes between the steps; called only for panels with a fault.
pub trait Distort {
    fn truth(&mut self, which: usize, target: &mut [f64; LANES]);
    fn raw(&mut self, which: usize, raw: &mut [f32; LANES], noise: &[f32; LANES]);
    fn reading(&mut self, which: usize, panel: &mut Panel);
}

/// Lanes of `N` panels.
pub type Lanes<T, const N: usize> = [[T; LANES]; N];

/// Advances true values and, where due, takes readings. Returns which panels have a lane beyond an alarm limit.
#[inline(always)]
pub fn sample<const N: usize>(
    plan: &PanelPlan,
    panels: &mut [&mut Panel; N],
    slots: [&[f64]; N],
    dice: &[Dice; N],
    sampling: Sampling,
    distort: &mut dyn Distort,
    truth: &mut Lanes<f64, N>,
) -> [bool; N] {
    let mut target = targets(plan, slots);
    for p in 0..N {
        if panels[p].faulted != 0 {
            distort.truth(p, &mut target[p]);
        }
        truth[p] = advance(plan, panels[p], &target[p]);
    }
    if !sampling.due {
        return [false; N];
    }
    let mut fresh = [[0.0f32; LANES]; N];
    panel_normals(dice, [sampling.panel; N], [sampling.index; N], &mut fresh);
    if plan.has_tails {
        fatten(plan, dice, sampling, &mut fresh);
    }
    let mut hot = [false; N];
    for p in 0..N {
        let mut raw = add_noise(plan, panels[p], &truth[p], &fresh[p]);
        if panels[p].faulted != 0 {
            distort.raw(p, &mut raw, &panels[p].noise);
        }
        hot[p] = read(plan, panels[p], &raw);
        if panels[p].faulted != 0 {
            distort.reading(p, panels[p]);
            hot[p] = true;
        }
        panels[p].settled = true;
    }
    hot
}

/// Base and gains: what the true values are drawn to.
#[inline(always)]
pub fn targets<const N: usize>(plan: &PanelPlan, slots: [&[f64]; N]) -> Lanes<f64, N> {
    let mut target = [plan.base; N];
    for (slot, gains) in &plan.gains {
        for p in 0..N {
            let term = slots[p][*slot as usize];
            for lane in 0..LANES {
                target[p][lane] += gains[lane] * term;
            }
        }
    }
    target
}

/// Takes lagged lanes to the value that was prepared a tick ago, and prepares the next. Returns the present values.
#[inline(always)]
fn advance(plan: &PanelPlan, panel: &mut Panel, target: &[f64; LANES]) -> [f64; LANES] {
    if !panel.settled {
        panel.ahead = *target;
    }
    let mut truth = [0.0f64; LANES];
    for lane in 0..LANES {
        // A target that is no number leaves the value where it was: one bad expression must not spread.
        let aim = if target[lane] - target[lane] == 0.0 { target[lane] } else { panel.ahead[lane] };
        let now = if plan.alpha[lane] > 0.0 { panel.ahead[lane] } else { aim };
        truth[lane] = now;
        panel.ahead[lane] = now + (aim - now) * plan.alpha[lane];
    }
    truth
}

#[inline(always)]
fn add_noise(plan: &PanelPlan, panel: &mut Panel, truth: &[f64; LANES], fresh: &[f32; LANES]) -> [f32; LANES] {
    let mut raw = [0.0f32; LANES];
    if panel.settled {
        for lane in 0..LANES {
            panel.noise[lane] = panel.noise[lane] * plan.rho[lane] + fresh[lane] * plan.fresh[lane];
        }
    } else {
        for lane in 0..LANES {
            panel.noise[lane] = fresh[lane] * plan.sd[lane];
        }
    }
    for lane in 0..LANES {
        raw[lane] = truth[lane] as f32 + panel.noise[lane];
    }
    raw
}

/// Beyond this a float has no fraction left to round.
const WHOLE: f32 = 4_194_304.0;
/// Adding and taking away 1.5 * 2^23 rounds to the nearest whole number, on every CPU.
const ROUNDER: f32 = 12_582_912.0;

/// Calibration, resolution, range. True when a lane is beyond an alarm limit.
#[inline(always)]
fn read(plan: &PanelPlan, panel: &mut Panel, raw: &[f32; LANES]) -> bool {
    let mut value = [0.0f32; LANES];
    for lane in 0..LANES {
        let scaled = raw[lane] * plan.slope[lane] + plan.offset[lane];
        let steps = scaled * plan.inverse[lane];
        let whole = (steps + ROUNDER) - ROUNDER;
        let whole = if steps.abs() < WHOLE { whole } else { steps };
        let rounded = whole * plan.up[lane] / plan.down[lane];
        value[lane] = if plan.inverse[lane] > 0.0 { rounded } else { scaled };
    }
    let mut alarms = 0u32;
    let mut odd = [0u32; LANES];
    for lane in 0..LANES {
        let value = value[lane];
        let below = value < plan.low[lane];
        let above = value > plan.high[lane];
        let kept = if above { plan.high[lane] } else { value };
        let kept = if below { plan.low[lane] } else { kept };
        panel.measured[lane] = kept;
        let outside = (u32::from(below) | u32::from(above)) * Quality::Uncertain as u32;
        odd[lane] = outside | u32::from(kept - kept != 0.0);
        alarms |= u32::from(kept > plan.alarm_high[lane]) | u32::from(kept < plan.alarm_low[lane]);
    }
    for lane in 0..LANES {
        panel.quality[lane] = odd[lane] as u8;
    }
    alarms != 0
}

/// What the Student-t words of lanes are for; apart from all other luck by name.
const TAILS: Purpose = Purpose::named("noise.tails");

/// Replaces normals by Student-t values on the lanes that ask for them.
#[inline(never)]
fn fatten<const N: usize>(plan: &PanelPlan, dice: &[Dice; N], sampling: Sampling, fresh: &mut Lanes<f32, N>) {
    for p in 0..N {
        for lane in (0..plan.used).filter(|&lane| plan.tails[lane] > 0.0) {
            // 2^44 samples of 2^20 lanes have words of their own.
            let lane_number = u64::from(sampling.panel) * LANES as u64 + lane as u64;
            let words = dice[p].words(TAILS, (lane_number << 44) | sampling.index);
            fresh[p][lane] = student_t(plan.tails[lane], words[0], words[1]) as f32;
        }
    }
}
