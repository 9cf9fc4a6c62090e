//! Looking ahead: what a machine's sensors would show if something hidden were a little different, from the model itself. It
//! works on copies, and changes nothing of the mirror.

use crate::drivers::drive::drive;
use crate::follow::Estimate;
use crate::follow::sketch::{LaneSketch, Sketch};
use crate::follow::update::Sight;
use crate::plan::{Model, Plan};
use crate::sensing::LANES;
use crate::sensing::kernel::targets;
use crate::world::{Blackboard, Clock, Course, Machine, Run, Slots};
use std::sync::Arc;

/// So many copies are driven at once at the price of a few.
const AT_ONCE: usize = 16;
/// The least difference of a wear that is tried.
const LEAST_STEP: f64 = 1e-3;
/// A lagged sensor whose cause wanders counts only while what the lag hides of it is this small a part of its noise.
const HARMLESS: f64 = 0.1;

/// Copies of a machine, each with one thing changed.
#[derive(Debug)]
pub struct Looking {
    course: Course,
    blackboard: Blackboard,
    machines: Vec<Machine>,
    slots: Vec<Slots>,
    /// What is changed in each copy after the first: its slot, and the value.
    changes: Vec<(u16, f64)>,
}

impl Looking {
    pub fn new(plan: &Arc<Plan>) -> Looking {
        let course = Course { plan: plan.clone(), clock: Clock::default(), runs: Vec::new() };
        let (machines, slots, changes) = (Vec::new(), Vec::new(), Vec::new());
        Looking { course, blackboard: Blackboard::default(), machines, slots, changes }
    }

    /// Fills in a sight: `truth` is what is true of each sensor now (by panel and lane), `estimate` stands in `slots`.
    pub fn look(
        &mut self,
        (machine, slots): (&Machine, &Slots),
        sketch: &Sketch,
        estimate: &Estimate,
        clock: Clock,
        truth: impl Fn(usize, usize) -> f64,
        sight: &mut Sight,
    ) {
        let plan = self.course.plan.clone();
        let model = &plan.models[machine.model as usize];
        self.plan_changes(sketch, estimate, slots);
        self.drive_copies(machine, slots, clock);
        sight.expected.clear();
        sight.gains.clear();
        sight.gains.resize(sketch.lanes.len() * sketch.common, 0.0);
        sight.blur.clear();
        for (sensor, lane) in sketch.lanes.iter().enumerate() {
            let true_value = truth(usize::from(lane.panel), usize::from(lane.lane));
            sight.expected.push(true_value * lane.slope + lane.offset);
            let row = &mut sight.gains[sensor * sketch.common..(sensor + 1) * sketch.common];
            self.differences(model, sketch, estimate, sensor, row);
            let blur = sketch.hidden.iter().filter(|hidden| lane.lag_s > 0.0 && hidden.keeps < 1.0).map(|hidden| {
                let moved = row[hidden.state] * hidden.sd;
                moved * moved * lane.lag_s / (lane.lag_s + hidden.memory_s)
            });
            sight.blur.push(blur.sum());
        }
    }

    /// Whether what wanders before a lagged sensor keeps it from being believed.
    pub fn is_blurred(sketch: &Sketch, sight: &Sight, sensor: usize) -> bool {
        sight.blur[sensor] > HARMLESS * (sketch.lanes[sensor].noise + sketch.lanes[sensor].grain)
    }

    /// What a sensor is drawn to as the estimate that was looked at has it.
    pub fn aim(&self, model: &Model, lane: &LaneSketch) -> f64 {
        aims(model, usize::from(lane.panel), &self.slots[0])[usize::from(lane.lane)]
    }

    fn plan_changes(&mut self, sketch: &Sketch, estimate: &Estimate, slots: &Slots) {
        self.changes.clear();
        for (number, wear) in sketch.wears.iter().enumerate() {
            let middle = estimate.wear(number, wear);
            let step = estimate.wear_sd(number, wear).clamp(LEAST_STEP, 0.5);
            self.changes.push((wear.slot, middle + step));
            self.changes.push((wear.slot, (middle - step).max(0.0)));
        }
        for hidden in &sketch.hidden {
            let sd = estimate.p[(hidden.state, hidden.state)].sqrt().max(hidden.sd * 1e-3);
            self.changes.push((hidden.slot, slots.0[usize::from(hidden.slot)] + sd));
        }
    }

    fn drive_copies(&mut self, machine: &Machine, slots: &Slots, clock: Clock) {
        let copies = (1 + self.changes.len()).max(AT_ONCE);
        self.machines.resize_with(copies, || machine.clone());
        self.slots.resize_with(copies, || slots.clone());
        for (at, copy) in self.slots.iter_mut().enumerate() {
            copy.0.clone_from(&slots.0);
            if let Some(&(slot, value)) = at.checked_sub(1).and_then(|at| self.changes.get(at)) {
                copy.0[usize::from(slot)] = value;
            }
        }
        // Who they are does not matter where nothing is left to luck; that they are many of one model does.
        self.course.clock = clock;
        self.course.runs.clear();
        self.course.runs.push(Run { model: machine.model, start: 0, end: copies });
        drive(&self.course, &mut self.blackboard, &self.machines, &mut self.slots);
    }

    /// How one sensor's reading changes with each state.
    fn differences(&self, model: &Model, sketch: &Sketch, estimate: &Estimate, sensor: usize, row: &mut [f64]) {
        let lane = &sketch.lanes[sensor];
        let (panel, number) = (&model.panels[usize::from(lane.panel)], usize::from(lane.lane));
        let target = |copy: usize| {
            let gains = panel.gains.iter().filter(|(_, gains)| gains[number] != 0.0);
            gains
                .fold(panel.base[number], |sum, (slot, gains)| sum + gains[number] * self.slots[copy].0[*slot as usize])
        };
        for (wear, sketch) in sketch.wears.iter().enumerate() {
            let (high, low) = (1 + 2 * wear, 2 + 2 * wear);
            let gain = lane.slope * (target(high) - target(low)) / (self.changes[high - 1].1 - self.changes[low - 1].1);
            row[sketch.level] = gain;
            if let Some(rate) = sketch.rate {
                row[rate] = gain * estimate.by_rate(wear, sketch);
            }
        }
        let base = target(0);
        for (at, hidden) in sketch.hidden.iter().enumerate() {
            let copy = 1 + 2 * sketch.wears.len() + at;
            let step = self.changes[copy - 1].1 - self.slots[0].0[usize::from(hidden.slot)];
            row[hidden.state] = if step != 0.0 { lane.slope * (target(copy) - base) / step } else { 0.0 };
        }
    }
}

/// The true values that a panel is drawn to.
pub fn aims(model: &Model, panel: usize, slots: &Slots) -> [f64; LANES] {
    let [aims] = targets(&model.panels[panel], [slots.0.as_slice()]);
    aims
}
