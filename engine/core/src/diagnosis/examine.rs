//! Examining: a machine as new and copies of it, each with one thing different, go through the same drivers and modes; what real
//! sensors showed beside the first is the residual, and how the others differ from it are the signatures. Rows in which the
//! machine ran and rows in which it did not are kept apart: what depends on running tells a wear from a sensor.

use super::{Cause, Suspect, Symptoms};
use crate::drivers::drive::drive;
use crate::follow::sketch::{LaneSketch, Sketch, typical};
use crate::plan::{Model, Plan, slot};
use crate::sensing::LANES;
use crate::sensing::kernel::targets;
use crate::world::{Blackboard, Clock, Course, Machine, Run, Slots};
use nalgebra::{DMatrix, DVector};
use std::sync::Arc;
use twinwright_model::Mode;

/// Sizes of each wear that are tried.
const SIZES: usize = 16;
/// So many copies are driven at once at the price of a few.
const AT_ONCE: usize = 16;
/// Rounds in which what feeds on itself comes to rest at the start.
const SETTLING: usize = 64;
/// What no file says exactly: so large a part of a reading's standard deviation is never averaged away.
const NEVER_KNOWN: f64 = 0.05;
/// A sensor may be off by a quarter of its range, and by so many standard deviations at least.
const OFF: (f64, f64) = (0.25, 20.0);

/// The copies, and what was seen beside them.
#[derive(Debug)]
pub struct Examiner {
    sketch: Sketch,
    course: Course,
    blackboard: Blackboard,
    model: usize,
    machines: Vec<Machine>,
    /// The machine as new, then each wear at each size, then each hidden number a standard deviation up.
    slots: Vec<Slots>,
    changes: Vec<(u16, f64)>,
    /// By copy and panel: the true values that lagged lanes have at the next tick, and those of this one.
    ahead: Vec<Vec<[f64; LANES]>>,
    truth: Vec<Vec<[f64; LANES]>>,
    mode: Mode,
    begun: bool,
    /// While it runs, and else; by sensor.
    sums: [Vec<Sum>; 2],
}

/// What a row has of a sensor: its number and the value.
pub type Seen = (usize, f64);

/// What was seen of one sensor.
#[derive(Debug, Clone, Default)]
struct Sum {
    count: f64,
    residual: f64,
    /// By copy after the first.
    effects: Vec<f64>,
}

impl Examiner {
    /// Copies of a machine of a plan in which nothing is left to luck.
    pub fn of(plan: &Arc<Plan>, machine: &Machine, slots: &Slots, sketch: Sketch) -> Examiner {
        let model = machine.model as usize;
        let changes = changes(&sketch, &plan.models[model]);
        let copies = (1 + changes.len()).max(AT_ONCE);
        let runs = vec![Run { model: machine.model, start: 0, end: copies }];
        let panels = plan.models[model].panels.len();
        let mut examiner = Examiner {
            course: Course { plan: plan.clone(), clock: Clock { tick: 0, fresh: true }, runs },
            blackboard: Blackboard::default(),
            model,
            machines: vec![machine.clone(); copies],
            slots: vec![slots.clone(); copies],
            ahead: vec![vec![[0.0; LANES]; panels]; 1 + changes.len()],
            truth: vec![vec![[0.0; LANES]; panels]; 1 + changes.len()],
            mode: Mode::Running,
            begun: false,
            sums: [vec![Sum::default(); sketch.lanes.len()], vec![Sum::default(); sketch.lanes.len()]],
            sketch,
            changes,
        };
        examiner.make_different();
        examiner
    }

    /// The copies are as new but for the one thing in which each differs.
    fn make_different(&mut self) {
        let model = &self.course.plan.models[self.model];
        for (at, copy) in self.slots.iter_mut().enumerate() {
            for (number, _, _) in &model.drawn {
                copy.0[usize::from(*number)] = typical(model, *number);
            }
            for hidden in &self.sketch.hidden {
                copy.0[usize::from(hidden.slot)] = hidden.mean.of(&copy.0);
            }
            for wear in &self.sketch.wears {
                copy.0[usize::from(wear.slot)] = 0.0;
            }
            if let Some(&(slot, value)) = at.checked_sub(1).and_then(|at| self.changes.get(at)) {
                copy.0[usize::from(slot)] = value;
            }
        }
    }

    fn plan(&self) -> &Model {
        &self.course.plan.models[self.model]
    }

    /// Tells all copies what a driver's slot holds.
    pub fn tell(&mut self, slot: u16, value: f64) {
        self.slots.iter_mut().for_each(|copy| copy.0[usize::from(slot)] = value);
    }

    /// Takes all copies to a tick, in the mode that is told or else in the one that the duty cycle says. What lies more than a
    /// tick before is not made up for: after a pause lags begin settled.
    pub fn step(&mut self, tick: u32, told: Option<Mode>) {
        let fresh = !self.begun || tick != self.course.clock.tick.wrapping_add(1);
        self.begun = true;
        self.course.clock = Clock { tick, fresh };
        let nanos = i64::from(tick) * self.course.plan.tick.0;
        let duty = self.plan().mode_duty.map(|duty| &self.plan().duties[duty]);
        let by_duty = duty.map_or(Mode::Running, |duty| duty.modes[duty.phase_at(nanos)]);
        self.mode = told.unwrap_or(by_duty);
        self.tell(slot::RUNNING, f64::from(u8::from(self.mode == Mode::Running)));
        let rounds = if fresh && !self.plan().echoes.is_empty() { SETTLING } else { 1 };
        for _ in 0..rounds {
            drive(&self.course, &mut self.blackboard, &self.machines, &mut self.slots);
            self.aim(fresh);
        }
    }

    /// Takes the copies as they are: one look, with lags settled.
    pub fn look(&mut self, clock: Clock, mode: Mode) {
        self.course.clock = clock;
        self.mode = mode;
        drive(&self.course, &mut self.blackboard, &self.machines, &mut self.slots);
        self.aim(true);
    }

    /// True values of each copy.
    fn aim(&mut self, fresh: bool) {
        let model = &self.course.plan.models[self.model];
        for (copy, slots) in self.slots.iter_mut().enumerate().take(1 + self.changes.len()) {
            for (panel, plan) in model.panels.iter().enumerate() {
                let [aims] = targets(plan, [slots.0.as_slice()]);
                for lane in &self.sketch.lanes {
                    let number = usize::from(lane.lane);
                    if usize::from(lane.panel) != panel || !aims[number].is_finite() {
                        continue;
                    }
                    let ahead = &mut self.ahead[copy][panel][number];
                    let now = if lane.alpha > 0.0 && !fresh { *ahead } else { aims[number] };
                    *ahead = now + (aims[number] - now) * lane.alpha;
                    self.truth[copy][panel][number] = now;
                }
            }
            for &(slot, panel, lane) in &model.echoes {
                slots.0[usize::from(slot)] = self.truth[copy][usize::from(panel)][usize::from(lane)];
            }
        }
    }

    /// Lays readings of this tick beside what is expected. Readings beyond their range say nothing.
    pub fn hear(&mut self, seen: impl IntoIterator<Item = Seen>) {
        if !self.mode.ages() {
            return;
        }
        let regime = usize::from(self.mode != Mode::Running);
        for (sensor, value) in seen {
            let Some(lane) = self.sketch.lanes.get(sensor) else { continue };
            if !value.is_finite() || value <= lane.low || value >= lane.high {
                continue;
            }
            let truth = |copy: usize| self.truth[copy][usize::from(lane.panel)][usize::from(lane.lane)];
            let sum = &mut self.sums[regime][sensor];
            sum.effects.resize(self.changes.len(), 0.0);
            sum.count += 1.0;
            sum.residual += value - (truth(0) * lane.slope + lane.offset);
            for (copy, effect) in sum.effects.iter_mut().enumerate() {
                *effect += (truth(copy + 1) - truth(0)) * lane.slope;
            }
        }
    }

    /// What was seen so far, ready to be judged.
    pub fn symptoms(&self) -> Symptoms {
        let rows: Vec<(usize, usize)> = (0..2)
            .flat_map(|regime| (0..self.sketch.lanes.len()).map(move |sensor| (regime, sensor)))
            .filter(|&(regime, sensor)| self.sums[regime][sensor].count > 0.0)
            .collect();
        let of = |row: usize| &self.sums[rows[row].0][rows[row].1];
        let lane = |row: usize| &self.sketch.lanes[rows[row].1];
        let effect = |copy: usize| DVector::from_fn(rows.len(), |row, _| of(row).effects[copy] / of(row).count);
        let scale = DVector::from_fn(rows.len(), |row, _| (lane(row).noise + lane(row).least()).sqrt());
        let tick_s = self.course.plan.tick.seconds();
        let mut covariance = DMatrix::from_diagonal(&DVector::from_fn(rows.len(), |row, _| {
            let known = NEVER_KNOWN * scale[row];
            mean_variance(lane(row), of(row).count, tick_s) + known * known
        }));
        let first = self.sketch.wears.len() * SIZES;
        for (at, hidden) in self.sketch.hidden.iter().enumerate() {
            let moved = effect(first + at);
            if hidden.memory_s.is_infinite() {
                covariance += &moved * moved.transpose();
                continue;
            }
            // What wanders is elsewhere when the machine stands than it was while it ran, and lags are behind it.
            for regime in 0..2 {
                let seconds = self.sums[regime].iter().map(|sum| sum.count).fold(1.0, f64::max) * tick_s;
                let there = |row: usize| if rows[row].0 == regime { moved[row] } else { 0.0 };
                let moved = DVector::from_fn(rows.len(), |row, _| there(row));
                covariance += &moved * moved.transpose() * kept(hidden.memory_s, seconds);
                for row in 0..rows.len() {
                    let behind = (lane(row).lag_s / seconds).min(1.0);
                    covariance[(row, row)] += 2.0 * moved[row] * moved[row] * behind * behind;
                }
            }
        }
        let residual = DVector::from_fn(rows.len(), |row, _| of(row).residual / of(row).count);
        let suspects = self.suspects(&rows, effect);
        Symptoms { residual, covariance, scale, suspects }
    }

    fn suspects(&self, rows: &[(usize, usize)], effect: impl Fn(usize) -> DVector<f64>) -> Vec<Suspect> {
        let plan = self.plan();
        let nothing = DVector::zeros(rows.len());
        let wears = (0..self.sketch.wears.len()).map(|wear| {
            let sizes = (0..SIZES).map(|size| effect(wear * SIZES + size));
            let curve: Vec<DVector<f64>> = std::iter::once(nothing.clone()).chain(sizes).collect();
            Suspect { cause: Cause::Wear(wear), name: plan.wears[wear].name.clone(), curve, largest: 1.0 }
        });
        // What moves no sensor that was seen can be no cause.
        let mut suspects: Vec<Suspect> = wears.filter(|one| one.curve.iter().any(|at| at.amax() > 0.0)).collect();
        for sensor in (0..self.sketch.lanes.len()).filter(|sensor| rows.iter().any(|row| row.1 == *sensor)) {
            let lane = &self.sketch.lanes[sensor];
            let least = OFF.1 * (lane.noise + lane.least()).sqrt();
            let range = OFF.0 * (lane.high - lane.low);
            let largest = if range.is_finite() { least.max(range) } else { 5.0 * least };
            let all = DVector::from_fn(rows.len(), |row, _| if rows[row].1 == sensor { largest } else { 0.0 });
            let (cause, name) = (Cause::Bias(sensor), plan.sensors[sensor].name.clone());
            suspects.push(Suspect { cause, name, curve: vec![nothing.clone(), all], largest });
        }
        suspects
    }
}

/// What is different in each copy after the first.
fn changes(sketch: &Sketch, model: &Model) -> Vec<(u16, f64)> {
    let sizes = |slot: u16| (1..=SIZES).map(move |size| (slot, size as f64 / SIZES as f64));
    let wears = sketch.wears.iter().flat_map(|wear| sizes(wear.slot));
    let hidden = sketch.hidden.iter().map(|hidden| {
        let mean = match hidden.mean {
            crate::drivers::Operand::Number(mean) => mean,
            crate::drivers::Operand::Slot(slot) => typical(model, slot),
        };
        (hidden.slot, mean + hidden.sd)
    });
    wears.chain(hidden).collect()
}

/// The variance of the mean of so many readings, one a tick.
fn mean_variance(lane: &LaneSketch, count: f64, tick_s: f64) -> f64 {
    let rho = lane.remembers(tick_s);
    let independent = (count * (1.0 - rho) / (1.0 + rho)).max(1.0);
    // Rounding is averaged away only where noise is larger than it.
    let rounding = if lane.noise > lane.grain { lane.least() / independent } else { lane.least() };
    lane.noise / independent + rounding
}

/// The part of the variance of what wanders that is left in its mean over so many seconds.
fn kept(memory_s: f64, seconds: f64) -> f64 {
    let memories = seconds / memory_s.max(1e-9);
    if memories < 1e-6 {
        return 1.0;
    }
    2.0 / memories * (1.0 + libm::expm1(-memories) / memories)
}
