//! Modes: what each machine is doing, why, and how much time it spent so.

use super::clock::{Clock, Course};
use super::few::Few;
use super::floor::{Floor, Hall};
use crate::groups::Groups;
use crate::links::LinkKind;
use crate::plan::{Plan, slot};
use bevy_ecs::prelude::{Component, Resource};
use serde::{Deserialize, Serialize};
use serde_json::json;
use twinwright_model::Mode;

/// Why a machine cannot run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Down {
    #[default]
    No,
    /// Failed for good: nothing repairs it.
    Dead,
    /// Failed; these wears (bits) are to be restored. `busy` once hands are on it, until a tick that is then known.
    Failed { wears: u32, busy: bool, since: u32, until: u32 },
    /// Planned work on these wears, in progress.
    Planned { wears: u32, since: u32, until: u32 },
}

/// What a machine is doing, and its log of time in ticks.
#[derive(Debug, Clone, PartialEq, Component, Serialize, Deserialize)]
pub struct Modes {
    pub mode: Mode,
    /// Since when.
    pub since: u32,
    /// Ticks spent in each mode before `since`.
    pub spent: [u32; 6],
    pub down: Down,
    /// What the script forces.
    pub forced: Option<Mode>,
    /// Active trips.
    pub trips: u16,
    /// Waiting for planned work since this tick.
    pub wants_work: Option<u32>,
    pub parts: Parts,
}

/// Spare parts that a machine waits for or holds, by wear as bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// Ordered for this machine, and not come yet.
    pub missing: u32,
    /// Taken from the shelf, and not fitted yet.
    pub at_hand: u32,
    /// Since which tick some are missing.
    pub since: u32,
}

impl Parts {
    /// Ticks of a wait that goes on.
    pub fn waited(&self, tick: u32) -> u32 {
        if self.missing == 0 { 0 } else { tick.saturating_sub(self.since) }
    }
}

impl Default for Modes {
    fn default() -> Modes {
        Modes {
            mode: Mode::Running,
            since: 0,
            spent: [0; 6],
            down: Down::No,
            forced: None,
            trips: 0,
            wants_work: None,
            parts: Parts::default(),
        }
    }
}

impl Modes {
    /// Ticks spent in a mode up to `tick`.
    pub fn time_in(&self, mode: Mode, tick: u32) -> u32 {
        self.spent[mode as usize] + if self.mode == mode { tick - self.since } else { 0 }
    }

    fn wanted(&self, duty: Mode) -> Mode {
        match self.down {
            _ if self.trips > 0 => Mode::Failed,
            Down::Dead | Down::Failed { .. } => Mode::Failed,
            Down::Planned { .. } => Mode::Maintenance,
            Down::No => self.forced.unwrap_or(duty),
        }
    }
}

/// Machines whose mode may change at this tick, and when duty cycles next say something.
#[derive(Debug, Clone, Default, Resource)]
pub struct Unrest {
    pub locals: Few<u32>,
    /// By model: the next tick at which its duty changes phase.
    pub duty: Vec<u32>,
    /// Links by machine of the plan: (other end, kind).
    pub upstream: Vec<Vec<(u32, LinkKind)>>,
    pub downstream: Vec<Vec<u32>>,
    /// What mode changes mean for groups of machines.
    pub groups: Groups,
}

impl Unrest {
    pub fn new(plan: &Plan) -> Unrest {
        let groups = Groups::new(plan);
        let mut unrest = Unrest { duty: vec![0; plan.models.len()], groups, ..Unrest::default() };
        if !plan.links.is_empty() {
            unrest.upstream = vec![Vec::new(); plan.machines.len()];
            unrest.downstream = vec![Vec::new(); plan.machines.len()];
            for link in &plan.links {
                unrest.upstream[link.to as usize].push((link.from, link.kind));
                unrest.downstream[link.from as usize].push(link.to);
            }
        }
        unrest
    }

    /// The first tick at which somebody's mode may change.
    pub fn next(&self) -> u32 {
        if self.locals.is_empty() { self.duty.iter().copied().min().unwrap_or(u32::MAX) } else { 0 }
    }

    pub fn add(&mut self, local: u32) {
        self.locals.insert(local);
    }
}

/// Lets every machine whose reasons changed take its mode, and those that depend on it too.
pub fn settle_modes(mut hall: Hall) {
    if let Some(mut floor) = hall.floor() {
        floor.settle_modes();
    }
}

impl Floor<'_> {
    pub fn settle_modes(&mut self) {
        let (plan, clock) = (self.plan(), self.course.clock);
        stir_duties(self.course, self.unrest);
        while let Some(local) = self.unrest.locals.pop_first() {
            let modes = &self.modes[local as usize];
            let wanted = modes.wanted(duty_mode(plan, self.model(local), &clock));
            let wanted = self.under_links(local, wanted);
            if wanted != self.modes[local as usize].mode || clock.fresh {
                self.take_mode(local, wanted);
                if let Some(below) = self.unrest.downstream.get(self.machines[local as usize].machine as usize) {
                    let roster = self.roster;
                    let below = below.iter().filter_map(|&to| roster.beside(local, to));
                    self.unrest.locals.extend(below);
                }
            }
        }
    }

    fn take_mode(&mut self, local: u32, wanted: Mode) {
        let (tick, time, whose) = (self.tick(), self.time(), self.whose(local));
        let (modes, slots) = (&mut self.modes[local as usize], &mut self.slots[local as usize]);
        let before = modes.mode;
        modes.spent[before as usize] += tick - modes.since;
        modes.since = tick;
        modes.mode = wanted;
        slots.0[slot::RUNNING as usize] = f64::from(u8::from(wanted == Mode::Running));
        if wanted != before {
            let row = self.row(local);
            self.meters[local as usize].change_mode(before, wanted, tick);
            self.unrest.groups.change_mode(&self.course.plan, row, whose.0, (before, wanted), tick);
            self.outbox
                .event(time, whose, "mode", || [("mode", json!(wanted.name())), ("before", json!(before.name()))]);
        }
    }

    /// What the machines above make of a wanted mode.
    fn under_links(&self, local: u32, wanted: Mode) -> Mode {
        if self.plan().links.is_empty() || !matches!(wanted, Mode::Running | Mode::Idle | Mode::Calibrating) {
            return wanted;
        }
        let mut wanted = wanted;
        let mut fed = None;
        for &(from, kind) in &self.unrest.upstream[self.machines[local as usize].machine as usize] {
            let Some(above) = self.roster.beside(local, from) else { continue };
            let above = self.modes[above as usize].mode;
            match kind {
                LinkKind::Feeds => fed = Some(fed.unwrap_or(false) || above == Mode::Running),
                LinkKind::Contains if matches!(above, Mode::Maintenance | Mode::Offline) => return above,
                LinkKind::Controls if matches!(above, Mode::Failed | Mode::Maintenance | Mode::Offline) => {
                    wanted = Mode::Idle;
                }
                _ => {}
            }
        }
        if fed == Some(false) && wanted == Mode::Running { Mode::Idle } else { wanted }
    }
}

/// Puts machines on the list whose duty cycle enters a new phase.
fn stir_duties(course: &Course, unrest: &mut Unrest) {
    let (plan, clock) = (&*course.plan, course.clock);
    for (index, model) in plan.models.iter().enumerate() {
        if unrest.duty[index] > clock.tick {
            continue;
        }
        unrest.duty[index] = match model.mode_duty {
            None => u32::MAX,
            Some(duty) => {
                let now = i64::from(clock.tick) * plan.tick.0;
                let end = model.duties[duty].phase_end(now);
                u32::try_from((end + plan.tick.0 - 1) / plan.tick.0).unwrap_or(u32::MAX).max(clock.tick + 1)
            }
        };
        for run in course.runs.iter().filter(|run| run.model == index as u32) {
            unrest.locals.extend(run.start as u32..run.end as u32);
        }
    }
}

fn duty_mode(plan: &Plan, model: &crate::plan::Model, clock: &Clock) -> Mode {
    model.mode_duty.map_or(Mode::Running, |duty| {
        let duty = &model.duties[duty];
        duty.modes[duty.phase_at(i64::from(clock.tick) * plan.tick.0)]
    })
}
