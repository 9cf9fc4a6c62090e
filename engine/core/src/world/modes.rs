//! Modes: what each machine is doing, why, and how much time it spent so.

use super::clock::{Clock, Course};
use super::machine::{Machine, Roster, Slots};
use super::outbox::Outbox;
use crate::links::LinkKind;
use crate::plan::{Plan, slot};
use bevy_ecs::prelude::{Component, Query, Res, ResMut, Resource};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;
use twinwright_model::{Mode, Time};

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
}

impl Default for Modes {
    fn default() -> Modes {
        Modes { mode: Mode::Running, since: 0, spent: [0; 6], down: Down::No, forced: None, trips: 0, wants_work: None }
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
    pub locals: BTreeSet<u32>,
    /// By model: the next tick at which its duty changes phase.
    pub duty: Vec<u32>,
    /// Links by machine of the plan: (other end, kind).
    pub upstream: Vec<Vec<(u32, LinkKind)>>,
    pub downstream: Vec<Vec<u32>>,
}

impl Unrest {
    pub fn new(plan: &Plan) -> Unrest {
        let mut unrest = Unrest { duty: vec![0; plan.models.len()], ..Unrest::default() };
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
pub fn settle_modes(
    course: Res<Course>,
    roster: Res<Roster>,
    mut unrest: ResMut<Unrest>,
    mut outbox: ResMut<Outbox>,
    mut machines: Query<(&Machine, &mut Modes, &mut Slots)>,
) {
    let plan = &*course.plan;
    let clock = course.clock;
    stir_duties(&course, &mut unrest);
    let time = plan.time_of(i64::from(clock.tick));
    while let Some(local) = unrest.locals.pop_first() {
        let Ok((machine, modes, _)) = machines.get(roster.entity(local)) else { continue };
        let model = &plan.models[machine.model as usize];
        let duty = duty_mode(plan, model, &clock);
        let wanted = modes.wanted(duty);
        let wanted = under_links(plan, &roster, &unrest, local, wanted, &machines);
        let Ok((machine, mut modes, mut slots)) = machines.get_mut(roster.entity(local)) else { continue };
        if wanted != modes.mode || clock.fresh {
            take_mode(machine, &mut modes, &mut slots, wanted, &clock, time, &mut outbox);
            if let Some(below) = unrest.downstream.get(machine.machine as usize) {
                let below: Vec<u32> = below.iter().filter_map(|&to| roster.beside(local, to)).collect();
                unrest.locals.extend(below);
            }
        }
    }
}

fn take_mode(
    machine: &Machine,
    modes: &mut Modes,
    slots: &mut Slots,
    wanted: Mode,
    clock: &Clock,
    time: Time,
    outbox: &mut Outbox,
) {
    let before = modes.mode;
    let mode = before as usize;
    modes.spent[mode] += clock.tick - modes.since;
    modes.since = clock.tick;
    modes.mode = wanted;
    slots.0[slot::RUNNING as usize] = f64::from(u8::from(wanted == Mode::Running));
    if wanted != before {
        let detail = [("mode", json!(wanted.name())), ("before", json!(before.name()))];
        outbox.event(time, (machine.machine, machine.future), "mode", detail);
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

/// What the machines above make of a wanted mode.
fn under_links(
    plan: &Plan,
    roster: &Roster,
    unrest: &Unrest,
    local: u32,
    wanted: Mode,
    machines: &Query<(&Machine, &mut Modes, &mut Slots)>,
) -> Mode {
    if plan.links.is_empty() || !matches!(wanted, Mode::Running | Mode::Idle | Mode::Calibrating) {
        return wanted;
    }
    let mut wanted = wanted;
    let mut fed = None;
    for &(from, kind) in &unrest.upstream[roster.machine(local) as usize] {
        let above = roster.beside(local, from).and_then(|above| machines.get(roster.entity(above)).ok());
        let Some((_, above, _)) = above else { continue };
        match kind {
            LinkKind::Feeds => fed = Some(fed.unwrap_or(false) || above.mode == Mode::Running),
            LinkKind::Contains if matches!(above.mode, Mode::Maintenance | Mode::Offline) => return above.mode,
            LinkKind::Controls if matches!(above.mode, Mode::Failed | Mode::Maintenance | Mode::Offline) => {
                wanted = Mode::Idle;
            }
            _ => {}
        }
    }
    if fed == Some(false) && wanted == Mode::Running { Mode::Idle } else { wanted }
}
