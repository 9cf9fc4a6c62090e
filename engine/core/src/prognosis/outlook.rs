//! The stress ahead: a machine's drivers over the coming week, without luck, and what stress they bring to each wear at each of
//! its levels. What comes after the week is taken to be like it.

use crate::drivers::drive::drive;
use crate::plan::{Model, Plan, slot};
use crate::sensing::kernel::targets;
use crate::world::{Blackboard, Clock, Course, Machine, Run, Slots};
use std::sync::Arc;
use twinwright_model::Mode;

/// Instants of the week at which drivers are looked at, five minutes apart: a prime, so that no cycle falls in step with them.
const INSTANTS: u32 = 2017;
const WEEK: f64 = 7.0 * 86_400e9;
/// Levels of a wear at which its stress is looked at, from 0 to 1.
const LEVELS: usize = 5;
/// The least copies that are driven at once.
const AT_ONCE: usize = 16;

/// What is ahead of a machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// By wear and level: mean stress.
    stress: Vec<[f64; LEVELS]>,
    /// By wear, as new: the stress summed up to and with each instant. And the nanoseconds between two instants.
    sums: Vec<Vec<f64>>,
    between: f64,
    /// Drivers by name, with their means.
    pub drivers: Vec<(String, f64)>,
}

impl Outlook {
    /// Looks over the week after a tick, from the machine's numbers as they stand.
    pub fn of(plan: &Arc<Plan>, machine: &Machine, slots: &Slots, tick: u32) -> Outlook {
        let model = &plan.models[machine.model as usize];
        let stride = (WEEK / f64::from(INSTANTS) / plan.tick.0 as f64).max(1.0);
        let mut outlook = Outlook {
            stress: vec![[0.0; LEVELS]; model.wears.len()],
            sums: vec![Vec::with_capacity(INSTANTS as usize); model.wears.len()],
            between: stride * plan.tick.0 as f64,
            drivers: model.drivers.iter().map(|driver| (driver.name.clone(), 0.0)).collect(),
        };
        let copies = (model.wears.len() * LEVELS).max(AT_ONCE);
        let runs = vec![Run { model: machine.model, start: 0, end: copies }];
        let mut course = Course { plan: plan.clone(), clock: Clock { tick, fresh: false }, runs };
        let mut blackboard = Blackboard::default();
        let machines = vec![machine.clone(); copies];
        let mut copies = vec![slots.clone(); copies];
        for instant in 0..INSTANTS {
            let ahead = (f64::from(instant) * stride).floor().min(f64::from(u32::MAX / 2)) as u32;
            course.clock.tick = tick.saturating_add(ahead);
            let mode = mode_at(plan, machine, course.clock.tick);
            copies.iter_mut().enumerate().for_each(|(at, copy)| prepare(model, at, mode, copy));
            drive(&course, &mut blackboard, &machines, &mut copies);
            copies.iter_mut().for_each(|copy| echo(model, copy));
            outlook.add(model, mode, &copies);
        }
        outlook
    }

    /// Adds what an instant shows to the means.
    fn add(&mut self, model: &Model, mode: Mode, copies: &[Slots]) {
        for (driver, plan) in self.drivers.iter_mut().zip(&model.drivers) {
            driver.1 += copies[0].0[usize::from(plan.slot)] / f64::from(INSTANTS);
        }
        for (number, (wear, copies)) in model.wears.iter().zip(copies.chunks(LEVELS)).enumerate() {
            let at = |copy: &Slots| {
                let stress = copy.0[usize::from(wear.stress)];
                if mode.ages() && stress > 0.0 && stress.is_finite() { stress } else { 0.0 }
            };
            for (mean, copy) in self.stress[number].iter_mut().zip(copies) {
                *mean += at(copy) / f64::from(INSTANTS);
            }
            let before = self.sums[number].last().copied().unwrap_or(0.0);
            self.sums[number].push(before + at(&copies[0]));
        }
    }

    /// Nanoseconds until a wear that stands at `now` has gone through so many nanoseconds at stress 1: through the course of
    /// drivers ahead, over and over, by how much faster it goes where stress grows with the wear. Infinite without stress.
    pub fn time(&self, wear: usize, now: f64, nanos: f64) -> f64 {
        let sums = &self.sums[wear];
        let whole = sums.last().copied().unwrap_or(0.0);
        let faster = self.stress(wear, now) / self.mean_stress(wear);
        let need = nanos / faster / self.between;
        if !(whole > 0.0 && need.is_finite()) {
            return f64::INFINITY;
        }
        let rounds = (need / whole).floor();
        let left = need - rounds * whole;
        let at = sums.partition_point(|sum| *sum < left).min(sums.len() - 1);
        let before = if at == 0 { 0.0 } else { sums[at - 1] };
        let step = sums[at] - before;
        let part = if step > 0.0 { ((left - before) / step).clamp(0.0, 1.0) } else { 0.0 };
        (rounds * sums.len() as f64 + at as f64 + part) * self.between
    }

    /// The stress of a wear on its way from a level to failure: as much time at each level, as slowly as it goes there.
    fn stress(&self, wear: usize, now: f64) -> f64 {
        let at = |level: f64| {
            let place = level.clamp(0.0, 1.0) * (LEVELS - 1) as f64;
            let piece = (place.floor() as usize).min(LEVELS - 2);
            let way = place - piece as f64;
            self.stress[wear][piece] * (1.0 - way) + self.stress[wear][piece + 1] * way
        };
        let now = now.clamp(0.0, 1.0);
        let steps = 8;
        let slowness = (0..steps).map(|step| 1.0 / at(now + (1.0 - now) * (step as f64 + 0.5) / steps as f64));
        steps as f64 / slowness.sum::<f64>()
    }

    /// The same for a wear as new.
    pub fn mean_stress(&self, wear: usize) -> f64 {
        self.stress[wear][0]
    }
}

/// Puts a copy into a mode, with one of its wears at one of the levels.
fn prepare(model: &Model, at: usize, mode: Mode, copy: &mut Slots) {
    copy.0[usize::from(slot::RUNNING)] = f64::from(u8::from(mode == Mode::Running));
    if let Some(wear) = model.wears.get(at / LEVELS) {
        copy.0[usize::from(wear.slot)] = (at % LEVELS) as f64 / (LEVELS - 1) as f64;
    }
}

/// True values that expressions read at the next instant.
fn echo(model: &Model, copy: &mut Slots) {
    for &(slot, panel, lane) in &model.echoes {
        let [aims] = targets(&model.panels[usize::from(panel)], [copy.0.as_slice()]);
        if aims[usize::from(lane)].is_finite() {
            copy.0[usize::from(slot)] = aims[usize::from(lane)];
        }
    }
}

/// As the duty cycle says, or running where none does.
fn mode_at(plan: &Plan, machine: &Machine, tick: u32) -> Mode {
    let model = &plan.models[machine.model as usize];
    model.mode_duty.map_or(Mode::Running, |duty| {
        let duty = &model.duties[duty];
        duty.modes[duty.phase_at(i64::from(tick) * plan.tick.0)]
    })
}
