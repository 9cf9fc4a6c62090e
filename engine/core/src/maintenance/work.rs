//! The systems that repair and maintain: failures become work, work waits for hands, takes its time and restores.

use super::Policy;
use crate::economy::Meters;
use crate::plan::{Model, Plan};
use crate::world::agenda::Deed;
use crate::world::{Agenda, Blackboard, Course, Down, Machine, Modes, Outbox, Roster, Run, Slots, Unrest, Wears};
use bevy_ecs::prelude::{Entity, Query, Res, ResMut, Resource};
use bevy_ecs::system::SystemParam;
use serde_json::json;
use std::collections::BTreeSet;
use twinwright_model::Mode;

/// Who waits for hands, by future: (since, local number); and how many hands are free.
#[derive(Debug, Clone, Default, Resource)]
pub struct Crews {
    pub waiting: Vec<BTreeSet<(u32, u32)>>,
    pub busy: Vec<u32>,
}

type Row = (&'static Machine, &'static mut Modes, &'static mut Slots, &'static mut Wears, &'static mut Meters);

/// What work needs to see and to change.
#[derive(SystemParam)]
pub struct Shop<'w, 's> {
    course: Res<'w, Course>,
    roster: Res<'w, Roster>,
    agenda: ResMut<'w, Agenda>,
    unrest: ResMut<'w, Unrest>,
    outbox: ResMut<'w, Outbox>,
    crews: ResMut<'w, Crews>,
    machines: Query<'w, 's, Row>,
}

/// Turns wears that reached 1 into failures.
pub fn answer_failures(mut shop: Shop, mut blackboard: ResMut<Blackboard>) {
    for (local, wear) in std::mem::take(&mut blackboard.worn) {
        shop.fail(local, wear);
    }
}

/// Ends the works that are done.
pub fn finish_works(mut shop: Shop) {
    for (local, _) in shop.agenda.todays(|deed| deed == Deed::FinishWork) {
        shop.finish(local);
    }
}

/// Asks for planned work that is due, and gives free hands to those who wait.
pub fn begin_works(mut shop: Shop) {
    for (local, deed) in shop.agenda.todays(|deed| matches!(deed, Deed::CheckAge | Deed::PlannedWork)) {
        match (deed, &shop.course.plan.maintenance.policy) {
            (Deed::CheckAge, _) => shop.check_age(local),
            (_, Policy::Calendar { .. }) => shop.calendar_work(local),
            _ => shop.ask_for_work(local),
        }
    }
    shop.give_hands();
}

impl Shop<'_, '_> {
    fn entity(&self, local: u32) -> Entity {
        self.roster.entity(local)
    }

    fn fail(&mut self, local: u32, wear: u8) {
        let course = self.course.plan.clone();
        let (entity, tick) = (self.entity(local), self.course.clock.tick);
        let Ok((machine, mut modes, .., mut meters)) = self.machines.get_mut(entity) else { return };
        let model = &course.models[machine.model as usize];
        let whose = (machine.machine, machine.future);
        let plan = &model.wears[wear as usize];
        let bit = 1u32 << wear;
        // A second wear that fails in the same instant is part of the same repair.
        let wears = match modes.down {
            Down::Failed { wears, .. } => wears | bit,
            _ => bit,
        };
        let was_planned = matches!(modes.down, Down::Planned { .. });
        let repairable = plan.repair.is_some() && modes.down != Down::Dead;
        modes.down =
            if repairable { Down::Failed { wears, busy: false, since: tick, until: u32::MAX } } else { Down::Dead };
        modes.wants_work = None;
        meters.failures += 1;
        let time = course.time_of(i64::from(tick));
        self.outbox.event(time, whose, "failure", [("wear", json!(plan.name))]);
        self.unrest.add(local);
        let row = (self.roster.future(local) - self.roster.first_future) as usize;
        if was_planned {
            self.crews.busy[row] -= 1;
        }
        self.crews.waiting[row].retain(|(_, waiting)| *waiting != local);
        if repairable {
            self.crews.waiting[row].insert((tick, local));
        }
    }

    /// Planned work is due on a machine.
    pub fn ask_for_work(&mut self, local: u32) {
        let (entity, tick) = (self.entity(local), self.course.clock.tick);
        let Ok((_, mut modes, ..)) = self.machines.get_mut(entity) else { return };
        if modes.down != Down::No || modes.wants_work.is_some() {
            return;
        }
        modes.wants_work = Some(tick);
        let row = (self.roster.future(local) - self.roster.first_future) as usize;
        self.crews.waiting[row].insert((tick, local));
    }

    /// Free hands go to who waited longest.
    pub fn give_hands(&mut self) {
        let crew = self.course.plan.maintenance.crew.unwrap_or(u32::MAX);
        for row in 0..self.crews.busy.len() {
            while self.crews.busy[row] < crew {
                let Some((_, local)) = self.crews.waiting[row].pop_first() else { break };
                if self.begin(local) {
                    self.crews.busy[row] += 1;
                }
            }
        }
    }

    /// Work begins on a machine. False when there is nothing left to do.
    fn begin(&mut self, local: u32) -> bool {
        let course = self.course.plan.clone();
        let (entity, tick) = (self.entity(local), self.course.clock.tick);
        let Ok((machine, mut modes, _, wears, mut meters)) = self.machines.get_mut(entity) else { return false };
        let model = &course.models[machine.model as usize];
        let planned = modes.down == Down::No;
        let which = match modes.down {
            Down::Failed { wears, .. } => wears,
            Down::No => planned_wears(&course, machine.model),
            _ => return false,
        };
        modes.wants_work = None;
        if which == 0 {
            return false;
        }
        let (mut takes, mut cost) = (0.0f64, 0.0);
        for (index, repair) in repairs(model, which) {
            let mut luck = machine.dice.stream(repair.purpose, u64::from(wears.0[index].renewal));
            takes = takes.max(luck.draw(&repair.takes).max(0.0));
            cost += luck.draw(if planned { &repair.planned_cost } else { &repair.cost });
        }
        let until = self.course.clock.after(takes, course.tick.0);
        modes.down = if planned {
            meters.cost_planned += cost;
            meters.planned_works += 1;
            Down::Planned { wears: which, since: tick, until }
        } else {
            meters.cost_unplanned += cost;
            Down::Failed { wears: which, busy: true, since: tick, until }
        };
        if planned {
            let detail = [("wears", json!(names_of(model, which))), ("cost", json!(cost))];
            self.outbox.event(
                course.time_of(i64::from(tick)),
                (machine.machine, machine.future),
                "maintenance",
                detail,
            );
        }
        self.agenda.add(until, local, Deed::FinishWork);
        self.unrest.add(local);
        true
    }

    /// The work on a machine is done: its wears begin anew.
    pub fn finish(&mut self, local: u32) {
        let course = self.course.plan.clone();
        let (entity, tick) = (self.entity(local), self.course.clock.tick);
        let Ok((machine, mut modes, mut slots, mut wears, mut meters)) = self.machines.get_mut(entity) else {
            return;
        };
        let model = &course.models[machine.model as usize];
        let (which, since, planned) = match modes.down {
            // Work that a failure broke off has left its end on the agenda: only the present work's end counts.
            Down::Failed { wears, busy: true, since, until } if until == tick => (wears, since, false),
            Down::Planned { wears, since, until } if until == tick => (wears, since, true),
            _ => return,
        };
        for (index, repair) in repairs(model, which) {
            let wear = &mut wears.0[index];
            let mut luck = machine.dice.stream(repair.purpose, u64::from(wear.renewal) | RESTORES_TO);
            wear.restore(&model.wears[index], &machine.dice, tick, luck.draw(&repair.restores_to).clamp(0.0, 1.0));
            wear.restored_after = modes.time_in(Mode::Running, tick);
            slots.0[model.wears[index].slot as usize] = wear.now.max(0.0);
        }
        modes.down = Down::No;
        meters.repairs += u32::from(!planned);
        let hours = f64::from(tick - since) * course.tick.hours();
        let detail = [("wears", json!(names_of(model, which))), ("planned", json!(planned)), ("hours", json!(hours))];
        self.outbox.event(course.time_of(i64::from(tick)), (machine.machine, machine.future), "repair", detail);
        self.unrest.add(local);
        if matches!(course.maintenance.policy, Policy::Operating { .. }) {
            self.agenda.add(tick + 1, local, Deed::CheckAge);
        }
        let row = (self.roster.future(local) - self.roster.first_future) as usize;
        self.crews.busy[row] -= 1;
    }

    /// Age replacement: works when a part has run long enough, else looks again when it may have.
    pub fn check_age(&mut self, local: u32) {
        let course = self.course.plan.clone();
        let Policy::Operating { every } = course.maintenance.policy else { return };
        let (entity, tick) = (self.entity(local), self.course.clock.tick);
        let Ok((machine, modes, _, wears, _)) = self.machines.get_mut(entity) else { return };
        if modes.down != Down::No {
            return;
        }
        let ran = modes.time_in(Mode::Running, tick);
        let which = &course.maintenance.restores[machine.model as usize];
        let oldest = which.iter().map(|&wear| ran - wears.0[wear as usize].restored_after).max();
        let Some(oldest) = oldest else { return };
        let every = (every / course.tick.0 as f64).ceil() as u32;
        if oldest >= every {
            self.ask_for_work(local);
        } else {
            self.agenda.add(tick + (every - oldest).max(1), local, Deed::CheckAge);
        }
    }

    /// Calendar work: on every machine at once, whatever happened before.
    pub fn calendar_work(&mut self, local: u32) {
        let Policy::Calendar { every } = self.course.plan.maintenance.policy else { return };
        self.ask_for_work(local);
        let nanos = f64::from(self.course.clock.tick) * self.course.plan.tick.0 as f64;
        let round = (nanos / every + 0.5).floor() + 1.0;
        self.agenda.add(self.course.plan.tick_after(round * every), local, Deed::PlannedWork);
    }
}

/// Keeps the draw of what a repair restores to apart from the draws of its length and cost.
const RESTORES_TO: u64 = 1 << 40;

fn repairs(model: &Model, which: u32) -> impl Iterator<Item = (usize, &crate::wear::RepairPlan)> {
    let wears = model.wears.iter().enumerate();
    wears
        .filter(move |(index, _)| which & (1 << index) != 0)
        .filter_map(|(index, wear)| Some((index, wear.repair.as_ref()?)))
}

fn names_of(model: &Model, which: u32) -> Vec<&str> {
    repairs(model, which).map(|(index, _)| model.wears[index].name.as_str()).collect()
}

fn planned_wears(plan: &Plan, model: u32) -> u32 {
    plan.maintenance.restores[model as usize].iter().fold(0, |bits, wear| bits | 1 << wear)
}

/// Puts the first planned work of every machine on the agenda.
pub fn plan_first_works(plan: &Plan, runs: &[Run], agenda: &mut Agenda) {
    let (every, deed) = match plan.maintenance.policy {
        Policy::Calendar { every } => (every, Deed::PlannedWork),
        Policy::Operating { every } => (every, Deed::CheckAge),
        Policy::RunToFailure | Policy::Condition { .. } => return,
    };
    for run in runs {
        let restores = &plan.maintenance.restores[run.model as usize];
        for local in (run.start..run.end).filter(|_| !restores.is_empty()) {
            agenda.add(plan.tick_after(every), local as u32, deed);
        }
    }
}
