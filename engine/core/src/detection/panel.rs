//! Looking at a panel: sixteen lanes at once, without a branch by lane. What all readings go through (the usual gap, the
//! sums of CUSUM, standing still) is plain arithmetic under masks; only a lane that is beyond something, or that has a
//! case, is looked at closer.
//!
//! Nothing that is no number gets into the state: a lane that is not believed keeps what it has.

// Lanes are looped over by number on purpose: that is the form that vectorises. `x - x == 0` asks whether x is finite
// with one operation on every lane.
#![allow(clippy::needless_range_loop, clippy::eq_op)]

use super::cases::{self, Case, Sign};
use super::plan::PanelWatchPlan;
use super::rate::RateWatch;
use super::view::PanelView;
use super::{Detector, JUDGES, Turn};
use crate::sensing::LANES;
use pulp::{Simd, WithSimd};
use serde::{Deserialize, Serialize};
use twinwright_model::Quality;
use twinwright_model::time::SECOND;

/// What is remembered of sixteen sensors.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PanelWatch {
    /// Lanes that were ever heard, twice, and often enough to have a usual gap.
    pub ever: u16,
    twice: u16,
    pub paced: u16,
    /// Lanes whose silence is a finding.
    pub missing: u16,
    /// When a lane was last believed, in nanoseconds, and what it said.
    pub heard_at: [i64; LANES],
    last: [f64; LANES],
    /// The usual time between readings, in seconds.
    pub gap_s: [f32; LANES],
    /// Readings since the value changed, and since when it has not.
    same: [u32; LANES],
    same_since: [i64; LANES],
    /// The two sums of CUSUM.
    above: [f64; LANES],
    below: [f64; LANES],
    /// Lanes with a case, by detector.
    busy: [u16; JUDGES],
    cases: Vec<Case>,
    rate: Option<Box<RateWatch>>,
}

/// A standardised residual counts at most this much in CUSUM: fat tails are cut.
const FURTHEST: f64 = 4.0;
/// What one pass makes of the lanes.
struct Pass {
    /// Lanes whose reading is believed.
    fresh: u16,
    /// Standardised residual; 0 where there is none.
    deviation: [f64; LANES],
    /// Lanes with a residual.
    compared: u16,
    /// Lanes worth a closer look.
    hot: u16,
}

/// The pass over all lanes, for `pulp` to run on the widest vectors that there are; its bits are the same on all.
struct Looking<'a> {
    watch: &'a mut PanelWatch,
    plan: &'a PanelWatchPlan,
    view: &'a PanelView,
}

impl WithSimd for Looking<'_> {
    type Output = Pass;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Pass {
        self.watch.pass(self.plan, self.view)
    }
}

/// Bits of the lanes that are true.
#[inline(always)]
fn bits(lanes: &[bool; LANES]) -> u16 {
    let mut mask = 0u16;
    for lane in 0..LANES {
        mask |= u16::from(lanes[lane]) << lane;
    }
    mask
}

impl PanelWatch {
    /// Looks at one pass; says what begins and ends. Returns the lanes whose reading was believed.
    pub fn look(&mut self, plan: &PanelWatchPlan, view: &PanelView, turns: &mut impl FnMut(Turn)) -> u16 {
        if view.heard == 0 {
            return 0;
        }
        let pass = pulp::Arch::new().dispatch(Looking { watch: self, plan, view });
        self.paced |= self.twice & pass.fresh;
        self.twice |= self.ever & pass.fresh;
        self.ever |= pass.fresh;
        let busy = self.busy.iter().fold(0, |all, lanes| all | lanes);
        let mut work = pass.fresh & (pass.hot | busy | plan.rated);
        while work != 0 {
            let lane = work.trailing_zeros() as usize;
            work &= work - 1;
            self.look_closer(plan, view, &pass, lane, turns);
        }
        pass.fresh
    }

    /// All lanes, without branches.
    #[inline(always)]
    fn pass(&mut self, plan: &PanelWatchPlan, view: &PanelView) -> Pass {
        let mut believed = [false; LANES];
        for lane in 0..LANES {
            let (value, quality) = (view.measured[lane], view.quality[lane]);
            let known = self.ever >> lane & 1 == 1;
            let sound = (quality == Quality::Good as u8) | (quality == Quality::Uncertain as u8);
            let asked = view.heard & plan.used;
            let later = view.heard_at[lane] > self.heard_at[lane];
            let past = view.heard_at[lane] <= view.time.0;
            believed[lane] = (value - value == 0.0) & sound & (later | !known) & past & (asked >> lane & 1 == 1);
        }
        let fresh = bits(&believed);
        let gaps = self.keep_pace(view, &believed);
        let (deviation, compared) = deviations(plan, view, &believed);
        let summed = self.sum_up(plan, view, &gaps, &deviation, &compared);
        let still = self.compare_values(plan, view, &believed);
        let mut hot = [false; LANES];
        for lane in 0..LANES {
            let value = view.measured[lane];
            let outside = (value > plan.inner_high[lane]) | (value < plan.inner_low[lane]);
            let odd = view.quality[lane] != Quality::Good as u8;
            hot[lane] = outside | odd | (deviation[lane].abs() > plan.residual) | summed[lane] | still[lane];
        }
        Pass { fresh, deviation, compared: bits(&compared), hot: bits(&hot) }
    }

    /// When lanes were heard, and how often they usually are. Returns the gaps in seconds.
    #[inline(always)]
    fn keep_pace(&mut self, view: &PanelView, believed: &[bool; LANES]) -> [f64; LANES] {
        let mut gaps = [0.0f64; LANES];
        for lane in 0..LANES {
            let known = self.ever >> lane & 1 == 1;
            let gap = view.heard_at[lane].wrapping_sub(self.heard_at[lane]) as f64 / SECOND as f64;
            let gap = if known { gap.max(0.0) } else { 0.0 };
            let usual = f64::from(self.gap_s[lane]);
            // One long silence is not the new pace.
            let next = if usual > 0.0 { usual + (gap.min(3.0 * usual) - usual) / 8.0 } else { gap };
            self.gap_s[lane] = if believed[lane] { next as f32 } else { self.gap_s[lane] };
            self.heard_at[lane] = if believed[lane] { view.heard_at[lane] } else { self.heard_at[lane] };
            gaps[lane] = gap;
        }
        gaps
    }

    /// CUSUM of both sides. Readings that follow each other within the memory of the noise weigh less, so that the sum's
    /// chance of reaching its level is that of independent readings.
    #[inline(always)]
    fn sum_up(
        &mut self,
        plan: &PanelWatchPlan,
        view: &PanelView,
        gaps: &[f64; LANES],
        deviation: &[f64; LANES],
        compared: &[bool; LANES],
    ) -> [bool; LANES] {
        let mut over = [false; LANES];
        for lane in 0..LANES {
            let gap = gaps[lane].max(1e-9);
            let weight = gap / (gap + plan.memory_s[lane]);
            let weight = if compared[lane] { weight } else { 0.0 };
            let sd = if compared[lane] { view.sd[lane].max(plan.least_sd[lane]) } else { 1.0 };
            let slack = plan.slack + plan.bias[lane] / sd;
            let cut = deviation[lane].clamp(-FURTHEST, FURTHEST);
            self.above[lane] = (self.above[lane] + weight * (cut - slack)).max(0.0).min(plan.level);
            self.below[lane] = (self.below[lane] - weight * (cut + slack)).max(0.0).min(plan.level);
            over[lane] = (self.above[lane] >= plan.level) | (self.below[lane] >= plan.level);
        }
        over
    }

    /// Whether values stand still. Only good readings count: what is cut off at the end of a range stands still by nature.
    #[inline(always)]
    fn compare_values(&mut self, plan: &PanelWatchPlan, view: &PanelView, believed: &[bool; LANES]) -> [bool; LANES] {
        let mut still = [false; LANES];
        for lane in 0..LANES {
            let value = view.measured[lane];
            let good = view.quality[lane] == Quality::Good as u8;
            let equal = (value == self.last[lane]) & good;
            let same = if equal { self.same[lane].saturating_add(1) } else { 0 };
            let since = if equal { self.same_since[lane] } else { view.heard_at[lane] };
            self.same[lane] = if believed[lane] { same } else { self.same[lane] };
            self.same_since[lane] = if believed[lane] { since } else { self.same_since[lane] };
            self.last[lane] = if believed[lane] { value } else { self.last[lane] };
            let lasted = self.heard_at[lane].wrapping_sub(self.same_since[lane]);
            still[lane] = (self.same[lane] >= plan.stuck_readings[lane]) & (lasted >= plan.stuck_for[lane]);
        }
        still
    }

    /// One lane that is beyond something, or has a case.
    #[inline(never)]
    fn look_closer(
        &mut self,
        plan: &PanelWatchPlan,
        view: &PanelView,
        pass: &Pass,
        lane: usize,
        turns: &mut impl FnMut(Turn),
    ) {
        let (bit, time) = (1u16 << lane, view.heard_at[lane]);
        for detector in Detector::ALL.into_iter().take(JUDGES) {
            let row = detector as usize;
            let Some(sign) = self.sign(detector, plan, view, pass, lane) else { continue };
            if !sign.on && self.busy[row] & bit == 0 {
                continue;
            }
            let delays = (plan.begin[row][lane], plan.end[row][lane]);
            let lasts = cases::step(&mut self.cases, (detector, lane as u8, time), &sign, delays, turns);
            self.busy[row] = if lasts { self.busy[row] | bit } else { self.busy[row] & !bit };
        }
    }

    /// What a detector makes of a lane's reading; None: nothing, and what is open stays as it is.
    fn sign(
        &mut self,
        detector: Detector,
        plan: &PanelWatchPlan,
        view: &PanelView,
        pass: &Pass,
        lane: usize,
    ) -> Option<Sign> {
        let value = view.measured[lane];
        let (low, high) = (plan.range_low[lane], plan.range_high[lane]);
        let is_beyond = value < low || value > high;
        let is_compared = pass.compared >> lane & 1 == 1;
        let expected = is_compared.then(|| (view.expected[lane], view.sd[lane]));
        let simple = |on, calm, from: f64, limit| Some(Sign { on, calm, forget: !on, value, from, expected, limit });
        match detector {
            Detector::LowLow | Detector::Low | Detector::High | Detector::HighHigh => {
                let row = detector as usize;
                let (limit, back) = (plan.limit[row][lane], plan.back[row][lane]);
                if is_beyond || limit.is_infinite() {
                    return None;
                }
                let is_low = row < 2;
                let on = if is_low { value < limit } else { value > limit };
                let calm = if is_low { value >= back } else { value <= back };
                simple(on, calm, limit, Some(limit))
            }
            Detector::OutOfRange => {
                let is_cut = view.quality[lane] == Quality::Uncertain as u8 && at_end_of_range(value, low, high);
                let end = if value - low < high - value { low } else { high };
                let on = is_beyond || is_cut;
                simple(on, !on, end, (end.abs() < 1e99).then_some(end))
            }
            Detector::Residual => {
                let (mean, _) = expected?;
                let calm = pass.deviation[lane].abs() < plan.residual_calm;
                let on = pass.deviation[lane].abs() > plan.residual;
                // Between the two it goes on counting, but alone it begins nothing.
                Some(Sign { on, calm, forget: calm, value, from: mean, expected, limit: None })
            }
            Detector::Cusum => {
                let (mean, _) = expected?;
                let sum = self.above[lane].max(self.below[lane]);
                simple(sum >= plan.level, sum < 0.1 * plan.level, mean, None)
            }
            Detector::Stuck => {
                let lasted = self.heard_at[lane].saturating_sub(self.same_since[lane]);
                let on = self.same[lane] >= plan.stuck_readings[lane] && lasted >= plan.stuck_for[lane];
                simple(on, self.same[lane] == 0, value, None)
            }
            Detector::Rate => self.steepness(plan, view, lane, is_beyond),
            Detector::Missing | Detector::SignalLost => None,
        }
    }

    fn steepness(&mut self, plan: &PanelWatchPlan, view: &PanelView, lane: usize, is_beyond: bool) -> Option<Sign> {
        if plan.rated >> lane & 1 == 0 || is_beyond {
            return None;
        }
        let rate = plan.rate[lane];
        let watch = self.rate.get_or_insert_default();
        let seen = watch.take(lane, view.heard_at[lane], view.measured[lane], rate)?;
        let limit = Some(if seen.per_hour < 0.0 { -rate } else { rate } * 3600.0);
        let (value, expected) = (seen.per_hour, None);
        Some(Sign { on: seen.on, calm: seen.calm, forget: !seen.on, value, from: 0.0, expected, limit })
    }

    /// Takes over what another watch knows of a lane; a finding whose detector looks for nothing here is given up.
    pub fn carry(&mut self, lane: usize, plan: &PanelWatchPlan, from: &PanelWatch, from_lane: usize) -> Vec<Case> {
        let (bit, was) = (1u16 << lane, |mask: u16| mask >> from_lane & 1 == 1);
        let put = |mask: &mut u16, is_set: bool| *mask = if is_set { *mask | bit } else { *mask & !bit };
        put(&mut self.ever, was(from.ever));
        put(&mut self.twice, was(from.twice));
        put(&mut self.paced, was(from.paced));
        put(&mut self.missing, was(from.missing));
        self.heard_at[lane] = from.heard_at[from_lane];
        self.last[lane] = from.last[from_lane];
        self.gap_s[lane] = from.gap_s[from_lane];
        self.same[lane] = from.same[from_lane];
        self.same_since[lane] = from.same_since[from_lane];
        self.above[lane] = from.above[from_lane].min(plan.level);
        self.below[lane] = from.below[from_lane].min(plan.level);
        if let (Some(slopes), 1) = (&from.rate, plan.rated >> lane & 1) {
            self.rate.get_or_insert_default().carry(lane, slopes, from_lane);
        }
        let mut given_up = Vec::new();
        for case in from.cases.iter().filter(|case| usize::from(case.lane) == from_lane) {
            if plan.looks_for(case.detector, lane) {
                self.cases.push(case.moved(lane as u8));
                self.busy[case.detector as usize] |= bit;
            } else {
                given_up.push(*case);
            }
        }
        given_up
    }

    /// The cases of a lane.
    pub fn cases_of(&self, lane: usize) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(move |case| usize::from(case.lane) == lane)
    }

    /// Whether every number of it is one: what must hold whatever was heard.
    pub fn is_finite(&self) -> bool {
        let sums = self.above.iter().chain(&self.below).chain(&self.last);
        sums.copied().all(f64::is_finite) && self.gap_s.iter().copied().all(f32::is_finite)
    }
}

/// What is cut off at the end of a range stands there.
fn at_end_of_range(value: f64, low: f64, high: f64) -> bool {
    value <= low + 3e-6 * low.abs() || value >= high - 3e-6 * high.abs()
}

/// Standardised residuals, and which lanes have one: good readings inside the range, with an expectation to compare with.
#[inline(always)]
fn deviations(plan: &PanelWatchPlan, view: &PanelView, believed: &[bool; LANES]) -> ([f64; LANES], [bool; LANES]) {
    let (mut deviation, mut compared) = ([0.0f64; LANES], [false; LANES]);
    for lane in 0..LANES {
        let (value, mean, sd) = (view.measured[lane], view.expected[lane], view.sd[lane]);
        let sane = (mean - mean == 0.0) & (sd - sd == 0.0) & (sd > 0.0) & (mean.abs() < 1e100);
        let inside = (value >= plan.range_low[lane]) & (value <= plan.range_high[lane]);
        let good = view.quality[lane] == Quality::Good as u8;
        let known = view.modelled >> lane & 1 == 1;
        compared[lane] = sane & inside & good & known & believed[lane];
        let raw = (value - mean) / sd.max(plan.least_sd[lane]);
        deviation[lane] = if compared[lane] { raw } else { 0.0 };
    }
    (deviation, compared)
}
