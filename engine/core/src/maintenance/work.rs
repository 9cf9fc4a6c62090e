//! What repairs and maintains: failures become work, work waits for hands, takes its time and restores.

use super::risk::Outlook;
use super::spares::{Shelf, spares_of};
use super::{MaintenancePlan, Policy};
use crate::plan::{Model, Plan};
use crate::world::agenda::Deed;
use crate::world::{Agenda, Down, Few, Floor, Hall, Run};
use bevy_ecs::prelude::Resource;
use serde_json::json;
use twinwright_model::{Mode, WorkRecord};

/// Who waits for hands, by future: (since, local number); how many hands are busy; and the shelves.
#[derive(Debug, Clone, Default, Resource)]
pub struct Crews {
    pub waiting: Vec<Few<(u32, u32)>>,
    pub busy: Vec<u32>,
    pub shelves: Vec<Shelf>,
}

impl Crews {
    /// Nobody waits, and the shelves are full.
    pub fn new(plan: &MaintenancePlan, futures: usize) -> Crews {
        let shelf = Shelf::full(&plan.spares);
        Crews { waiting: vec![Few::default(); futures], busy: vec![0; futures], shelves: vec![shelf; futures] }
    }
}

/// Turns wears that reached 1 into failures.
pub fn answer_failures(mut hall: Hall) {
    if let Some(mut floor) = hall.floor() {
        floor.answer_failures();
    }
}

/// Ends the works that are done, and takes in the parts that come.
pub fn finish_works(mut hall: Hall) {
    if let Some(mut floor) = hall.floor() {
        floor.finish_works();
    }
}

/// Asks for planned work that is due, and gives free hands to those who wait.
pub fn begin_works(mut hall: Hall) {
    if let Some(mut floor) = hall.floor() {
        floor.begin_works();
    }
}

impl Floor<'_> {
    pub fn answer_failures(&mut self) {
        for (local, wear) in std::mem::take(&mut self.blackboard.worn) {
            self.fail(local, wear);
        }
    }

    pub fn finish_works(&mut self) {
        for (local, deed) in self.agenda.todays(|deed| matches!(deed, Deed::FinishWork | Deed::PartComes { .. })) {
            match deed {
                Deed::PartComes { spare, .. } => self.receive(local, spare),
                _ => self.finish(local),
            }
        }
    }

    pub fn begin_works(&mut self) {
        for (local, deed) in
            self.agenda.todays(|deed| matches!(deed, Deed::CheckAge | Deed::PlannedWork | Deed::CheckRisk))
        {
            match (deed, &self.plan().maintenance.policy) {
                (Deed::CheckAge, _) => self.check_age(local),
                (Deed::CheckRisk, _) => self.check_risk(local),
                (_, Policy::Calendar { .. }) => self.calendar_work(local),
                _ => self.ask_for_work(local),
            }
        }
        self.give_hands();
    }

    fn fail(&mut self, local: u32, wear: u8) {
        let (model, tick, at) = (self.model(local), self.tick(), local as usize);
        let plan = &model.wears[wear as usize];
        let modes = &mut self.modes[at];
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
        self.meters[at].failures += 1;
        let (time, whose, row) = (self.time(), self.whose(local), self.row(local));
        self.outbox.event(time, whose, "failure", || [("wear", json!(plan.name))]);
        self.unrest.add(local);
        if was_planned {
            self.crews.busy[row] -= 1;
        }
        self.crews.waiting[row].retain(|(_, waiting)| *waiting != local);
        if repairable {
            self.crews.waiting[row].insert((tick, local));
            self.ask_for_parts(local, wears);
        } else {
            self.crews.shelves[row].forget(local);
        }
    }

    /// Planned work is due on a machine.
    pub fn ask_for_work(&mut self, local: u32) {
        let (tick, row) = (self.tick(), self.row(local));
        let modes = &mut self.modes[local as usize];
        if modes.down != Down::No || modes.wants_work.is_some() {
            return;
        }
        modes.wants_work = Some(tick);
        self.crews.waiting[row].insert((tick, local));
        self.ask_for_parts(local, planned_wears(self.plan(), self.machines[local as usize].model));
    }

    /// Free hands go to who waited longest of those whose work can begin.
    pub fn give_hands(&mut self) {
        let crew = self.plan().maintenance.crew.unwrap_or(u32::MAX);
        for row in 0..self.crews.busy.len() {
            let mut next = self.crews.waiting[row].first();
            while let Some(entry) = next.filter(|_| self.crews.busy[row] < crew) {
                next = self.crews.waiting[row].after(entry);
                if self.can_begin(entry.1) {
                    self.crews.waiting[row].remove(entry);
                    self.crews.busy[row] += u32::from(self.begin(entry.1));
                }
            }
        }
    }

    /// The wears that work on a machine would restore now, and whether it is planned work.
    fn wanted(&self, local: u32) -> (u32, bool) {
        match self.modes[local as usize].down {
            Down::Failed { wears, busy: false, .. } => (wears, false),
            Down::No => (planned_wears(self.plan(), self.machines[local as usize].model), true),
            _ => (0, false),
        }
    }

    /// Whether the parts are there and, for planned work, the shop is open; where it is not, its opening is awaited.
    fn can_begin(&mut self, local: u32) -> bool {
        let (which, planned) = self.wanted(local);
        if let (Some(hours), true) = (&self.plan().maintenance.hours, planned)
            && !hours.are_open(self.time())
        {
            let opening = self.plan().tick_at(hours.next_opening(self.time()));
            self.agenda.add(u32::try_from(opening).unwrap_or(u32::MAX), local, Deed::OpenShop);
            return false;
        }
        let missing = self.modes[local as usize].parts.missing & which;
        // A state may come from a plan in which more wears took a spare.
        missing == 0 || spares_of(self.plan(), self.machines[local as usize].model, missing).next().is_none()
    }

    /// Work begins on a machine. False when there is nothing left to do.
    fn begin(&mut self, local: u32) -> bool {
        let (plan, model, tick, at) = (self.plan(), self.model(local), self.tick(), local as usize);
        let (which, planned) = self.wanted(local);
        self.modes[at].wants_work = None;
        if which == 0 {
            return false;
        }
        let all = which | self.take_along(local, which);
        let (machine, meters) = (&self.machines[at], &mut self.meters[at]);
        let (mut takes, mut cost_planned, mut cost_unplanned) = (0.0f64, 0.0, 0.0);
        for (index, repair) in repairs(model, all) {
            let mut luck = machine.dice.stream(repair.purpose, u64::from(self.wears[at].0[index].renewal));
            takes = takes.max(luck.draw(&repair.takes).max(0.0));
            // What is restored along with a repair was not broken: it costs what planned work costs.
            if planned || which & (1 << index) == 0 {
                cost_planned += luck.draw(&repair.planned_cost);
            } else {
                cost_unplanned += luck.draw(&repair.cost);
            }
        }
        meters.cost_planned += cost_planned;
        meters.cost_unplanned += cost_unplanned;
        let until = self.course.clock.after(takes, plan.tick.0);
        if planned {
            meters.planned_works += 1;
            self.modes[at].down = Down::Planned { wears: all, since: tick, until };
            let (time, whose) = (self.time(), self.whose(local));
            self.outbox.event(time, whose, "maintenance", || {
                [("wears", json!(names_of(model, all))), ("cost", json!(cost_planned))]
            });
        } else {
            self.modes[at].down = Down::Failed { wears: all, busy: true, since: tick, until };
        }
        let (time, (machine, future)) = (self.time(), self.whose(local));
        self.outbox.work(WorkRecord { time, machine, future, planned, cost: cost_planned + cost_unplanned });
        self.agenda.add(until, local, Deed::FinishWork);
        self.unrest.add(local);
        true
    }

    /// The work on a machine is done: its wears begin anew.
    pub fn finish(&mut self, local: u32) {
        let (plan, model, tick, at) = (self.plan(), self.model(local), self.tick(), local as usize);
        let (machine, modes) = (&self.machines[at], &mut self.modes[at]);
        let (which, since, planned) = match modes.down {
            // Work that a failure broke off has left its end on the agenda: only the present work's end counts.
            Down::Failed { wears, busy: true, since, until } if until == tick => (wears, since, false),
            Down::Planned { wears, since, until } if until == tick => (wears, since, true),
            _ => return,
        };
        for (index, repair) in repairs(model, which) {
            let wear = &mut self.wears[at].0[index];
            let mut luck = machine.dice.stream(repair.purpose, u64::from(wear.renewal) | RESTORES_TO);
            wear.restore(&model.wears[index], &machine.dice, tick, luck.draw(&repair.restores_to).clamp(0.0, 1.0));
            wear.restored_after = modes.time_in(Mode::Running, tick);
            self.slots[at].0[model.wears[index].slot as usize] = wear.now.max(0.0);
        }
        modes.down = Down::No;
        modes.parts.at_hand &= !which;
        let hours = f64::from(tick - since) * plan.tick.hours();
        let (time, whose, row) = (self.time(), self.whose(local), self.row(local));
        self.outbox.event(time, whose, "repair", || {
            [("wears", json!(names_of(model, which))), ("planned", json!(planned)), ("hours", json!(hours))]
        });
        self.unrest.add(local);
        if matches!(plan.maintenance.policy, Policy::Operating { .. }) {
            self.agenda.add(tick + 1, local, Deed::CheckAge);
        }
        self.crews.busy[row] -= 1;
    }

    /// Age replacement: works when a part has run long enough, else looks again when it may have.
    pub fn check_age(&mut self, local: u32) {
        let plan = self.plan();
        let Policy::Operating { every } = plan.maintenance.policy else { return };
        let (tick, at) = (self.tick(), local as usize);
        let modes = &self.modes[at];
        if modes.down != Down::No {
            return;
        }
        let ran = modes.time_in(Mode::Running, tick);
        let which = &plan.maintenance.restores[self.machines[at].model as usize];
        let oldest = which.iter().map(|&wear| ran - self.wears[at].0[wear as usize].restored_after).max();
        let Some(oldest) = oldest else { return };
        let every = (every / plan.tick.0 as f64).ceil() as u32;
        if oldest >= every {
            self.ask_for_work(local);
        } else {
            self.agenda.add(tick + (every - oldest).max(1), local, Deed::CheckAge);
        }
    }

    /// Calendar work: on every machine at once, whatever happened before.
    pub fn calendar_work(&mut self, local: u32) {
        let plan = self.plan();
        let Policy::Calendar { every } = plan.maintenance.policy else { return };
        self.ask_for_work(local);
        self.agenda.add(next_round(plan, self.tick(), every), local, Deed::PlannedWork);
    }

    /// Predictive work: when a failure within the lead time has become likely enough.
    pub fn check_risk(&mut self, local: u32) {
        let plan = self.plan();
        let Policy::Predictive { lead, risk, every } = plan.maintenance.policy else { return };
        let modes = &self.modes[local as usize];
        if modes.down == Down::Dead {
            return;
        }
        if modes.down == Down::No && modes.wants_work.is_none() && self.failure_within(local, lead) >= risk {
            self.ask_for_work(local);
        }
        self.agenda.add(next_round(plan, self.tick(), every), local, Deed::CheckRisk);
    }

    /// How likely one of the wears that planned work restores fails within a time.
    fn failure_within(&self, local: u32, lead: f64) -> f64 {
        let (plan, model, at) = (self.plan(), self.model(local), local as usize);
        let survives = |&wear: &u8| {
            let (state, law) = (&self.wears[at].0[wear as usize], &model.wears[wear as usize].law);
            let (s, pace, base) = state.standing(self.tick(), plan.tick.0 as f64);
            1.0 - Outlook { now: state.now, base, s, ds: pace * lead }.failure(law)
        };
        let which = &plan.maintenance.restores[self.machines[at].model as usize];
        1.0 - which.iter().map(survives).product::<f64>()
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

/// The first tick of a round that comes after this one, for rounds of so many nanoseconds from the start.
fn next_round(plan: &Plan, tick: u32, every: f64) -> u32 {
    let mut round = (f64::from(tick) * plan.tick.0 as f64 / every).floor() + 1.0;
    while plan.tick_after(round * every) <= tick {
        round += 1.0;
    }
    plan.tick_after(round * every)
}

fn planned_wears(plan: &Plan, model: u32) -> u32 {
    plan.maintenance.restores[model as usize].iter().fold(0, |bits, wear| bits | 1 << wear)
}

/// Puts the first planned work of every machine on the agenda.
pub fn plan_first_works(plan: &Plan, runs: &[Run], agenda: &mut Agenda) {
    let (every, deed) = match plan.maintenance.policy {
        Policy::Calendar { every } => (every, Deed::PlannedWork),
        Policy::Operating { every } => (every, Deed::CheckAge),
        Policy::Predictive { every, .. } => (every, Deed::CheckRisk),
        Policy::RunToFailure | Policy::Condition { .. } => return,
    };
    for run in runs {
        let restores = &plan.maintenance.restores[run.model as usize];
        for local in (run.start..run.end).filter(|_| !restores.is_empty()) {
            agenda.add(plan.tick_after(every), local as u32, deed);
        }
    }
}
