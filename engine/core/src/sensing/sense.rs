//! The system that senses: every panel of every machine, run by run, four panels at a time.

use super::distort::Distortion;
use super::kernel::{Sampling, sample, targets};
use super::panel::{Panel, PanelPlan};
use crate::plan::Plan;
use crate::world::{Between, Blackboard, Clock, Course, Hot, LaneAct, Machine, Panels, Run, Slots};
use bevy_ecs::prelude::{Query, Res, ResMut};
use pulp::{Simd, WithSimd};

/// True values and readings of this tick.
pub fn sense_panels(
    course: Res<Course>,
    mut blackboard: ResMut<Blackboard>,
    mut machines: Query<(&Machine, &Slots, &mut Panels)>,
) {
    blackboard.hot.clear();
    blackboard.between.clear();
    let Ok(stretches) = machines.contiguous_iter_mut() else { return };
    for (machines, slots, mut panels) in stretches {
        let pass = SensePass {
            clock: course.clock,
            plan: &course.plan,
            runs: &course.runs,
            machines,
            slots,
            panels: panels.bypass_change_detection(),
            blackboard: &mut blackboard,
        };
        pulp::Arch::new().dispatch(pass);
    }
    if blackboard.board.has_swaps() {
        cross_wires(&mut blackboard, &mut machines);
    }
}

/// True values alone, at their targets: before the first readings are taken.
pub fn settle_truth(course: Res<Course>, mut machines: Query<(&Machine, &Slots, &mut Panels)>) {
    for (machine, slots, mut panels) in &mut machines {
        let plans = &course.plan.models[machine.model as usize].panels;
        for (plan, panel) in plans.iter().zip(&mut panels.0) {
            let [target] = targets(plan, [slots.0.as_slice()]);
            for (truth, target) in panel.truth.iter_mut().zip(target).filter(|(_, target)| target.is_finite()) {
                *truth = target;
            }
        }
    }
}

/// Sensors that were swapped on purpose read each other's values.
fn cross_wires(blackboard: &mut Blackboard, machines: &mut Query<(&Machine, &Slots, &mut Panels)>) {
    let Blackboard { board, hot, .. } = blackboard;
    for (machine, _, mut panels) in machines {
        let local = machine.local;
        for (&(_, panel), fault) in board.lanes.range((local, 0)..=(local, u8::MAX)).flat_map(|(key, all)| all.iter().map(move |fault| (key, fault))) {
            let LaneAct::Swap(other_panel, other_lane) = fault.act else { continue };
            // Each pair stands on the board twice, once from either end.
            let (a, b) = ((panel as usize, fault.lane as usize), (other_panel as usize, other_lane as usize));
            if a < b {
                let first = (panels.0[a.0].measured[a.1], panels.0[a.0].quality[a.1]);
                let second = (panels.0[b.0].measured[b.1], panels.0[b.0].quality[b.1]);
                (panels.0[a.0].measured[a.1], panels.0[a.0].quality[a.1]) = second;
                (panels.0[b.0].measured[b.1], panels.0[b.0].quality[b.1]) = first;
            }
        }
        for hot in hot.iter_mut().filter(|hot| hot.local == local && hot.after == 0) {
            hot.measured = panels.0[hot.panel as usize].measured;
            hot.quality = panels.0[hot.panel as usize].quality;
        }
    }
}

/// One pass over machines that lie in line, behind the choice of the instruction set.
struct SensePass<'a> {
    clock: Clock,
    plan: &'a Plan,
    runs: &'a [Run],
    machines: &'a [Machine],
    slots: &'a [Slots],
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
        let plan = &self.plan.models[model as usize].panels[number];
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
            self.one_sampling::<N>(plan, number, at, Sampling { panel: number as u32, index, due }, part);
        }
    }

    #[inline(always)]
    fn one_sampling<const N: usize>(
        &mut self,
        plan: &PanelPlan,
        number: usize,
        at: usize,
        sampling: Sampling,
        part: u32,
    ) {
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
        let hot = sample::<N>(plan, &mut panels, terms, &dice, sampling, &mut distort);
        if plan.per_tick > 1 {
            keep_between(self.blackboard, machines, &panels, number, part);
        }
        for p in 0..N {
            if sampling.due && (hot[p] || panels[p].watched != 0) {
                let panel = &panels[p];
                let (measured, quality) = (panel.measured, panel.quality);
                self.blackboard.hot.push(Hot { local: machines[p].local, panel: number as u8, after, measured, quality });
            }
        }
    }
}

#[inline(never)]
fn keep_between(blackboard: &mut Blackboard, machines: &[Machine], panels: &[&mut Panel], number: usize, part: u32) {
    for (machine, panel) in machines.iter().zip(panels) {
        blackboard.between.push(Between {
            local: machine.local,
            panel: number as u8,
            part,
            truth: panel.truth,
            measured: panel.measured,
            quality: panel.quality,
        });
    }
}
