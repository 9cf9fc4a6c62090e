//! Driving: works out drivers, stress and derived terms: sixteen machines of a model at a time, column by column.

use super::{Operand, Source};
use crate::dice::panel_normals;
use crate::plan::{Model, Plan};
use crate::world::patches::What;
use crate::world::{Blackboard, Clock, Course, Machine, Patches, Run, Slots};
use bevy_ecs::prelude::{Query, Res, ResMut};
use pulp::{Simd, WithSimd};

/// Machines in a block.
const BLOCK: usize = 16;

/// Normals of random walks, sixteen ticks ahead of time: a cache of what is addressed by name, not a state.
#[derive(Debug, Clone, Default)]
struct Gusts {
    /// By machine and walk.
    normals: Vec<[f32; 16]>,
    walks: usize,
    /// The sixteen ticks they are for.
    stretch: Option<u32>,
}

impl Gusts {
    fn new(plan: &Plan, machines: usize) -> Gusts {
        let walks = plan.models.iter().map(|model| usize::from(model.walks)).max().unwrap_or(0);
        Gusts { normals: vec![[0.0; 16]; machines * walks], walks, stretch: None }
    }
}

/// Columns of a block, kept from tick to tick so that nothing is allocated.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    wide: Vec<[f64; BLOCK]>,
    narrow: Vec<[f64; 1]>,
    gusts: Option<Gusts>,
}

/// Drivers, stress, derived terms and rates of this tick, of all machines of a world: they lie in line.
pub fn drive(course: &Course, blackboard: &mut Blackboard, machines: &[Machine], slots: &mut [Slots]) {
    let mut columns = std::mem::take(&mut blackboard.columns);
    let stretch = course.clock.tick / 16;
    let mut gusts = columns.gusts.take().unwrap_or_else(|| Gusts::new(&course.plan, machines.len()));
    let stale = gusts.stretch != Some(stretch);
    gusts.stretch = Some(stretch);
    pulp::Arch::new().dispatch(DrivePass {
        clock: course.clock,
        nanos: i64::from(course.clock.tick) * course.plan.tick.0,
        plan: &course.plan,
        runs: &course.runs,
        machines,
        slots,
        patches: &blackboard.patches,
        gusts: &mut gusts,
        stale,
        columns: &mut columns,
    });
    columns.gusts = Some(gusts);
    blackboard.columns = columns;
}

/// The same as a system of its own: before the first readings, while what feeds on itself comes to rest.
pub fn drive_machines(
    course: Res<Course>,
    mut blackboard: ResMut<Blackboard>,
    mut machines: Query<(&Machine, &mut Slots)>,
) {
    let Ok(stretches) = machines.contiguous_iter_mut() else { return };
    for (machines, mut slots) in stretches {
        drive(&course, &mut blackboard, machines, slots.bypass_change_detection());
    }
}

struct DrivePass<'a> {
    clock: Clock,
    nanos: i64,
    plan: &'a Plan,
    runs: &'a [Run],
    machines: &'a [Machine],
    slots: &'a mut [Slots],
    patches: &'a Patches,
    gusts: &'a mut Gusts,
    stale: bool,
    columns: &'a mut Columns,
}

impl WithSimd for DrivePass<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        let mut columns = std::mem::take(self.columns);
        for index in 0..self.runs.len() {
            let run = self.runs[index];
            let model = &self.plan.models[run.model as usize];
            let needed = model.tape.columns().max(usize::from(model.slots));
            let mut at = run.start;
            if columns.wide.len() < needed {
                columns.wide.resize(needed, [0.0; BLOCK]);
                columns.narrow.resize(needed, [0.0; 1]);
            }
            while at + BLOCK <= run.end {
                self.block::<BLOCK>(model, at, &mut columns.wide);
                at += BLOCK;
            }
            while at < run.end {
                self.block::<1>(model, at, &mut columns.narrow);
                at += 1;
            }
        }
        *self.columns = columns;
    }
}

impl DrivePass<'_> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, model: &Model, at: usize, columns: &mut [[f64; N]]) {
        self.load(model, at, columns);
        let first = self.machines[at].local;
        let patched = !self.patches.0.is_empty() && self.patches.0.range(first..first + N as u32).next().is_some();
        for (index, driver) in model.drivers.iter().enumerate() {
            self.source::<N>(model, &driver.source, driver.slot, at, columns);
            if patched {
                self.patch(index as u16, driver.slot, first, columns);
            }
            if let Some(lag) = driver.lag {
                self.follow(lag, driver.slot, columns);
            }
        }
        model.tape.run_from_to(model.after_drivers.0, model.after_drivers.1, columns);
        for &slot in &model.stores {
            for (slots, value) in self.slots[at..at + N].iter_mut().zip(columns[slot as usize]) {
                slots.0[slot as usize] = value;
            }
        }
    }

    #[inline(always)]
    fn load<const N: usize>(&mut self, model: &Model, at: usize, columns: &mut [[f64; N]]) {
        for &slot in &model.loads {
            for (value, slots) in columns[slot as usize].iter_mut().zip(&self.slots[at..at + N]) {
                *value = slots.0[slot as usize];
            }
        }
    }

    #[inline(always)]
    fn source<const N: usize>(
        &mut self,
        model: &Model,
        source: &Source,
        out: u16,
        at: usize,
        columns: &mut [[f64; N]],
    ) {
        let value = match *source {
            Source::Held { slot } => columns[slot as usize],
            Source::Duty { duty, column } => {
                let duty = &model.duties[duty];
                [duty.values[column][duty.phase_at(self.nanos)]; N]
            }
            Source::Swing { mean, swing, period, phase } => {
                // Whole turns are taken off in integers' company: a sine of a large number loses its digits.
                let turns = self.nanos as f64 / period + phase;
                let sine = libm::sin(std::f64::consts::TAU * (turns - turns.floor()));
                let (mean, swing) = (column_of(mean, columns), column_of(swing, columns));
                std::array::from_fn(|i| mean[i] + swing[i] * sine)
            }
            Source::Walk { slot, mean, sd, rho, push, walk, purpose } => {
                let (mean, sd) = (column_of(mean, columns), column_of(sd, columns));
                let mut state = columns[slot as usize];
                for (i, x) in state.iter_mut().enumerate() {
                    let z = f64::from(self.gust(at + i, walk, purpose.number()));
                    let stepped = mean[i] + (*x - mean[i]) * rho + sd[i] * push * z;
                    *x = if self.clock.fresh { mean[i] + sd[i] * z } else { stepped };
                }
                columns[slot as usize] = state;
                state
            }
            Source::Tape { push } => {
                model.tape.run_from_to(push, push + 1, columns);
                return;
            }
        };
        columns[out as usize] = value;
    }

    /// The normal of one walk at this tick.
    #[inline(always)]
    fn gust(&mut self, at: usize, walk: u8, purpose: u32) -> f32 {
        let place = self.machines[at].local as usize * self.gusts.walks + usize::from(walk);
        if self.stale {
            let machine = &self.machines[at];
            let mut out = [[0.0; 16]; 1];
            // Panels of sensors have small numbers: walks take theirs from the upper part of what a panel may be.
            let panel = (purpose & 0x0FFF_FFFF) | 0x1000_0000;
            panel_normals(&[machine.dice], [panel], [u64::from(self.clock.tick / 16)], &mut out);
            self.gusts.normals[place] = out[0];
        }
        self.gusts.normals[place][self.clock.tick as usize % 16]
    }

    /// What was set from outside, and shifts by faults, on this driver of these machines.
    #[inline(never)]
    fn patch<const N: usize>(&self, driver: u16, slot: u16, first: u32, columns: &mut [[f64; N]]) {
        for (local, patches) in self.patches.0.range(first..first + N as u32) {
            let value = &mut columns[slot as usize][(local - first) as usize];
            for patch in patches.iter().filter(|patch| patch.driver == driver) {
                if let What::Set(to) = patch.what {
                    *value = to;
                }
            }
            for patch in patches.iter().filter(|patch| patch.driver == driver) {
                if let What::Shift { by, envelope } = patch.what {
                    let nanos = self.nanos - i64::from(envelope.start) * self.plan.tick.0;
                    *value += by * envelope.level(nanos as f64);
                }
            }
        }
    }

    /// The driver follows its source: this tick shows what was prepared a tick ago.
    #[inline(always)]
    fn follow<const N: usize>(&self, lag: super::Lag, slot: u16, columns: &mut [[f64; N]]) {
        let target = columns[slot as usize];
        let now = if self.clock.fresh { target } else { columns[lag.slot as usize] };
        for i in 0..N {
            columns[lag.slot as usize][i] = now[i] + (target[i] - now[i]) * lag.alpha;
        }
        columns[slot as usize] = now;
    }
}

#[inline(always)]
fn column_of<const N: usize>(operand: Operand, columns: &[[f64; N]]) -> [f64; N] {
    match operand {
        Operand::Number(number) => [number; N],
        Operand::Slot(slot) => columns[slot as usize],
    }
}
