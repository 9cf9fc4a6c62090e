//! Sensing: every panel of every machine, run by run, four panels at a time.

use super::distort::Distortion;
use super::kernel::{Sampling, sample, targets};
use super::panel::{LANES, Panel};
use super::wires;
use crate::plan::{Model, Plan};
use crate::world::{Between, Blackboard, Clock, Course, Hot, Machine, Panels, Run, Slots};
use bevy_ecs::prelude::{Query, Res};
use pulp::{Simd, WithSimd};

/// True values and readings of this tick, of machines that lie in line.
pub fn sense(
    course: &Course,
    blackboard: &mut Blackboard,
    machines: &[Machine],
    slots: &mut [Slots],
    panels: &mut [Panels],
) {
    blackboard.hot.clear();
    blackboard.between.clear();
    let crossed = blackboard.board.has_swaps();
    if crossed {
        wires::straighten(&blackboard.board, course.clock.tick, machines.iter().zip(panels.iter_mut()));
    }
    pulp::Arch::new().dispatch(SensePass {
        clock: course.clock,
        plan: &course.plan,
        runs: &course.runs,
        machines,
        slots,
        panels,
        blackboard,
    });
    if crossed {
        wires::cross(course, blackboard, machines.iter().zip(panels));
    }
}

/// True values alone, at their targets: before the first readings are taken.
pub fn settle_truth(course: Res<Course>, mut machines: Query<(&Machine, &mut Slots)>) {
    for (machine, mut slots) in &mut machines {
        let model = &course.plan.models[machine.model as usize];
        for (number, plan) in model.panels.iter().enumerate() {
            let [target] = targets(plan, [slots.0.as_slice()]);
            for &(slot, _, lane) in model.echoes.iter().filter(|(_, panel, _)| usize::from(*panel) == number) {
                if target[lane as usize].is_finite() {
                    slots.0[slot as usize] = target[lane as usize];
                }
            }
        }
    }
}

/// One pass over machines that lie in line, behind the choice of the instruction set.
struct SensePass<'a> {
    clock: Clock,
    plan: &'a Plan,
    runs: &'a [Run],
    machines: &'a [Machine],
    slots: &'a mut [Slots],
    panels: &'a mut [Panels],
    blackboard: &'a mut Blackboard,
}

impl WithSimd for SensePass<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        for index in 0..self.runs.len() {
            let run = self.runs[index];
            for number in 0..self.plan.models[run.model as usize].panels.len() {
                let mut at = run.start;
                while at + 4 <= run.end {
                    self.block::<4>(run.model, number, at);
                    at += 4;
                }
                while at < run.end {
                    self.block::<1>(run.model, number, at);
                    at += 1;
                }
            }
        }
    }
}

impl SensePass<'_> {
    /// One panel of `N` machines of a run.
    #[inline(always)]
    fn block<const N: usize>(&mut self, model: u32, number: usize, at: usize) {
        let model = &self.plan.models[model as usize];
        let plan = &model.panels[number];
        let due = plan.every == 1 || self.clock.tick.is_multiple_of(plan.every);
        for part in 0..plan.per_tick {
            // The last tick is an instant: nothing is sampled beyond the end.
            if part > 0 && self.clock.tick == self.plan.ticks {
                break;
            }
            let index = if plan.per_tick == 1 {
                u64::from(self.clock.tick / plan.every)
            } else {
                u64::from(self.clock.tick) * u64::from(plan.per_tick) + u64::from(part)
            };
            self.one_sampling::<N>(model, number, at, Sampling { panel: number as u32, index, due }, part);
        }
    }

    #[inline(always)]
    fn one_sampling<const N: usize>(&mut self, model: &Model, number: usize, at: usize, sampling: Sampling, part: u32) {
        let plan = &model.panels[number];
        let machines: &[Machine; N] = self.machines[at..at + N].try_into().expect("a block has N machines");
        let slots: &[Slots; N] = self.slots[at..at + N].try_into().expect("a block has N machines");
        let rows: &mut [Panels; N] = (&mut self.panels[at..at + N]).try_into().expect("a block has N machines");
        let mut panels: [&mut Panel; N] = rows.each_mut().map(|row| &mut row.0[number]);
        let dice = machines.each_ref().map(|machine| machine.dice);
        let after = self.plan.tick.0 / i64::from(plan.per_tick) * i64::from(part);
        let mut distort = Distortion {
            board: &mut self.blackboard.board,
            machines,
            panel: number as u8,
            nanos: i64::from(self.clock.tick) * self.plan.tick.0 + after,
            tick_nanos: self.plan.tick.0,
        };
        let terms = slots.each_ref().map(|slots| slots.0.as_slice());
        let mut truth = [[0.0; LANES]; N];
        let hot = sample::<N>(plan, &mut panels, terms, &dice, sampling, &mut distort, &mut truth);
        if plan.per_tick > 1 {
            keep_between(self.blackboard, machines, &panels, &truth, number, part);
        }
        for p in 0..N {
            if sampling.due && (hot[p] || panels[p].watched != 0) {
                let panel = &panels[p];
                let (measured, quality) = (panel.measured, panel.quality);
                self.blackboard.hot.push(Hot {
                    local: machines[p].local,
                    panel: number as u8,
                    after,
                    truth: truth[p],
                    measured,
                    quality,
                });
            }
        }
        if let Some(kept) = &mut self.blackboard.truth {
            let stride = kept.panels;
            for (p, truth) in truth.iter().enumerate() {
                kept.lanes[(at + p) * stride + number] = *truth;
            }
        }
        if !model.echoes.is_empty() {
            self.echo(model, number, at, &truth);
        }
    }

    /// Keeps the true values that drivers and stress read at the next tick.
    #[inline(never)]
    fn echo<const N: usize>(&mut self, model: &Model, number: usize, at: usize, truth: &[[f64; LANES]; N]) {
        for &(slot, _, lane) in model.echoes.iter().filter(|(_, panel, _)| usize::from(*panel) == number) {
            for (slots, truth) in self.slots[at..at + N].iter_mut().zip(truth) {
                slots.0[slot as usize] = truth[lane as usize];
            }
        }
    }
}

#[inline(never)]
fn keep_between(
    blackboard: &mut Blackboard,
    machines: &[Machine],
    panels: &[&mut Panel],
    truth: &[[f64; LANES]],
    number: usize,
    part: u32,
) {
    for ((machine, panel), truth) in machines.iter().zip(panels).zip(truth) {
        blackboard.between.push(Between {
            local: machine.local,
            panel: number as u8,
            part,
            truth: *truth,
            measured: panel.measured,
            quality: panel.quality,
        });
    }
}
