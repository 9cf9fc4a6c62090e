//! A group of machines in one future after another: its columns, and the way from event to event.

use super::sort::{Sort, Sorts};
use super::stretch::{Kind, ran};
use crate::birth::Birth;
use crate::economy::Meters;
use crate::faults::apply::ActiveFault;
use crate::maintenance::work::{Crews, plan_first_works};
use crate::measures::{GroupTally, Tally};
use crate::plan::{Plan, slot};
use crate::sensing::Panel;
use crate::wear::WearState;
use crate::wear::ahead::{Ahead, ONE, Whose};
use crate::world::agenda::Deed;
use crate::world::{
    Agenda, Blackboard, Clock, Course, Down, Floor, Machine, Modes, Outbox, Panels, Roster, Slots, Unrest, Wears,
};
use crate::{faults, script};
use smallvec::SmallVec;
use std::sync::Arc;
use twinwright_model::Mode;

const NEVER: u32 = u32::MAX;

/// How far a machine was brought, and what it will do by itself.
#[derive(Debug, Clone, Copy, Default)]
struct Stand {
    sort: u32,
    /// Wear and meters are those of this tick.
    done: u32,
    /// It has been running since then.
    ran: bool,
    /// It fails then; [`NEVER`] where it does not up to `looked`.
    fails: u32,
    looked: u32,
    /// Its condition comes true then, as far as `watched`.
    asks: u32,
    watched: u32,
}

/// A group of machines that runs its futures one by one, without ticks in which nothing happens.
#[derive(Debug)]
pub struct Leaper {
    plan: Arc<Plan>,
    sorts: Vec<Sort>,
    births: Vec<Birth>,
    course: Course,
    roster: Roster,
    agenda: Agenda,
    unrest: Unrest,
    pub outbox: Outbox,
    crews: Crews,
    blackboard: Blackboard,
    machines: Vec<Machine>,
    modes: Vec<Modes>,
    slots: Vec<Slots>,
    wears: Vec<Wears>,
    panels: Vec<Panels>,
    meters: Vec<Meters>,
    active: Vec<ActiveFault>,
    ahead: Vec<SmallVec<[Ahead; 2]>>,
    stands: Vec<Stand>,
    touched: Vec<u32>,
}

impl Leaper {
    /// A group of machines (ascending), or several, all of which can leap.
    pub fn new(plan: &Arc<Plan>, members: &[u32], known: &Sorts) -> Leaper {
        let mut sorts: Vec<Sort> = Vec::new();
        let mut stands = Vec::new();
        for &machine in members {
            let model = plan.machines[machine as usize].model;
            let found = sorts.iter().position(|sort| sort.model == model);
            let at = found.unwrap_or(sorts.len());
            if let (None, Some(sort)) = (found, known.sort(model)) {
                sorts.push(sort.clone());
            }
            stands.push(Stand { sort: at as u32, ..Stand::default() });
        }
        let rows: Vec<(u32, u32)> = members.iter().map(|&machine| (0, machine)).collect();
        let clock = Clock { tick: 0, fresh: true };
        let course = Course { plan: plan.clone(), clock, runs: crate::twin::runs_of(plan, &rows) };
        let births: Vec<Birth> = members.iter().map(|&machine| Birth::of(plan, machine)).collect();
        let machine = |(local, birth): (usize, &Birth)| {
            let (machine, dice) = (members[local], birth.dice(plan, 0));
            Machine { local: local as u32, machine, future: 0, model: plan.machines[machine as usize].model, dice }
        };
        let machines: Vec<Machine> = births.iter().enumerate().map(machine).collect();
        let count = members.len();
        let wears = |machine: &Machine| plan.models[machine.model as usize].wears.len();
        Leaper {
            plan: plan.clone(),
            sorts,
            births,
            course,
            roster: Roster { members: members.to_vec(), futures: 1, ..Roster::default() },
            agenda: Agenda::default(),
            unrest: Unrest::new(plan),
            outbox: Outbox { muted: true, ..Outbox::default() },
            crews: Crews::default(),
            blackboard: Blackboard::default(),
            modes: vec![Modes::default(); count],
            slots: vec![Slots(SmallVec::new()); count],
            wears: vec![Wears(SmallVec::new()); count],
            panels: vec![Panels(SmallVec::new()); count],
            meters: vec![Meters::default(); count],
            active: Vec::new(),
            ahead: machines.iter().map(|machine| smallvec::smallvec![Ahead::default(); wears(machine)]).collect(),
            machines,
            stands,
            touched: Vec::new(),
        }
    }

    /// Runs one future from start to end.
    pub fn run(&mut self, future: u32) {
        self.begin(future);
        self.visit(0);
        let last = self.plan.ticks;
        loop {
            let next = self.next_event(last);
            if next > last {
                break;
            }
            self.visit(next);
        }
        self.course.clock.tick = last;
        for local in 0..self.machines.len() {
            self.bring(local, last, true);
        }
    }

    /// Puts everything back to the start.
    fn begin(&mut self, future: u32) {
        let plan = self.plan.clone();
        self.course.clock = Clock { tick: 0, fresh: true };
        self.roster.first_future = future;
        for (local, birth) in self.births.iter().enumerate() {
            let machine = &mut self.machines[local];
            (machine.future, machine.dice) = (future, birth.dice(&plan, future));
            birth.begin(&plan, future, &machine.dice, &mut self.slots[local], &mut self.wears[local]);
            self.modes[local] = Modes::default();
            self.meters[local] = Meters::default();
            let stand = &mut self.stands[local];
            *stand = Stand { sort: stand.sort, fails: NEVER, asks: NEVER, ..Stand::default() };
        }
        if !plan.faults.is_empty() {
            for (panels, machine) in self.panels.iter_mut().zip(&self.machines) {
                panels.0.clear();
                panels.0.extend(plan.models[machine.model as usize].panels.iter().map(|_| Panel::default()));
            }
            self.blackboard.board = Default::default();
            self.active.clear();
        }
        self.blackboard.patches.0.clear();
        self.blackboard.worn.clear();
        self.agenda.clear();
        self.agenda.today.clear();
        self.crews = Crews::new(&plan.maintenance, 1);
        self.unrest.locals.extend(0..self.machines.len() as u32);
        // Other models' duty cycles are no event here.
        self.unrest.duty.fill(NEVER);
        self.sorts.iter().for_each(|sort| self.unrest.duty[sort.model as usize] = 0);
        self.unrest.groups.logs.clear();
        self.sorts.iter_mut().for_each(|sort| sort.duty = 0);
        script::actions::plan_actions(&plan, &self.roster, &mut self.agenda);
        faults::schedule::plan_first_faults(&plan, &self.roster, &mut self.agenda);
        plan_first_works(&plan, &self.course.runs, &mut self.agenda);
    }

    /// The next tick at which something happens, or one beyond `last`.
    fn next_event(&mut self, last: u32) -> u32 {
        let duties = self.sorts.iter().map(|sort| sort.duty).min().unwrap_or(NEVER);
        let mut next = self.agenda.next().min(self.unrest.next()).min(duties);
        for local in 0..self.stands.len() {
            let stand = &self.stands[local];
            let sort = &self.sorts[stand.sort as usize];
            // A path of pieces is drawn no further than it is needed.
            let limit = if sort.plain { last } else { next.min(last) };
            if stand.looked < limit && stand.fails == NEVER {
                self.look_for_failure(local, limit);
            }
            if self.stands[local].watched < limit && self.stands[local].asks == NEVER {
                self.look_for_condition(local, limit);
            }
            let stand = &self.stands[local];
            next = next.min(stand.fails).min(stand.asks);
        }
        next
    }

    fn look_for_failure(&mut self, local: usize, limit: u32) {
        let plan = &*self.plan;
        let (stand, machine) = (&mut self.stands[local], &self.machines[local]);
        let model = &plan.models[machine.model as usize];
        let from = stand.looked + 1;
        stand.looked = limit;
        for (index, wear) in self.wears[local].0.iter().enumerate() {
            let whose = Whose { plan: &model.wears[index], dice: &machine.dice, tick_nanos: plan.tick.0 as f64 };
            let until = limit.min(stand.fails);
            let found = self.ahead[local][index].first(wear, whose, (from, until), (ONE, 0));
            stand.fails = found.unwrap_or(stand.fails);
        }
    }

    fn look_for_condition(&mut self, local: usize, limit: u32) {
        let plan = &*self.plan;
        let (stand, machine) = (&mut self.stands[local], &self.machines[local]);
        let Some(watch) = self.sorts[stand.sort as usize].watch else {
            stand.watched = NEVER;
            return;
        };
        let index = watch.wear as usize;
        let whose = &plan.models[machine.model as usize].wears[index];
        let whose = Whose { plan: whose, dice: &machine.dice, tick_nanos: plan.tick.0 as f64 };
        let from = stand.watched + 1;
        stand.watched = limit;
        let found = self.ahead[local][index].first(&self.wears[local].0[index], whose, (from, limit), (watch.level, 1));
        stand.asks = found.unwrap_or(NEVER);
    }

    /// A tick at which something happens: the machines that it happens to are brought there, then follows what follows
    /// in a twin's tick.
    fn visit(&mut self, tick: u32) {
        self.course.clock = Clock { tick, fresh: tick == 0 };
        self.agenda.open(tick);
        let mut touched = std::mem::take(&mut self.touched);
        touched.clear();
        touched.extend(self.agenda.today.iter().map(|due| due.local));
        for (local, (stand, modes)) in self.stands.iter().zip(&self.modes).enumerate() {
            let stirs = stand.fails == tick || stand.asks == tick || modes.wants_work.is_some();
            if stirs || self.sorts[stand.sort as usize].duty == tick {
                touched.push(local as u32);
            }
        }
        touched.sort_unstable();
        touched.dedup();
        for &local in &touched {
            self.bring(local as usize, tick, false);
        }
        if tick == 0 || self.unrest.next() <= tick || !self.agenda.today.is_empty() || !self.blackboard.worn.is_empty()
        {
            self.follow();
        }
        for local in 0..self.stands.len() {
            // A mode that changed without a deed of its own: by a link, or because hands came free.
            if self.modes[local].since == tick && (tick == 0 || self.stands[local].done < tick) {
                self.bring(local, tick, true);
                touched.push(local as u32);
            }
        }
        for &local in &touched {
            self.go_on(local as usize, tick);
        }
        for sort in &mut self.sorts {
            sort.settle_duty(&self.plan, tick);
        }
        self.touched = touched;
    }

    /// The deeds of a tick, in the order of every tick.
    fn follow(&mut self) {
        let mut floor = Floor {
            course: &self.course,
            roster: &self.roster,
            agenda: &mut self.agenda,
            unrest: &mut self.unrest,
            outbox: &mut self.outbox,
            crews: &mut self.crews,
            blackboard: &mut self.blackboard,
            machines: &self.machines,
            modes: &mut self.modes,
            slots: &mut self.slots,
            wears: &mut self.wears,
            panels: &mut self.panels,
            meters: &mut self.meters,
        };
        floor.finish_works();
        floor.change_listed_faults(&mut self.active);
        floor.follow_script();
        floor.answer_failures();
        floor.begin_works();
        floor.settle_modes();
    }

    /// Brings a machine's wear and meters to a tick. `late`: its mode was changed at this tick already, without a
    /// failure.
    fn bring(&mut self, local: usize, tick: u32, late: bool) {
        let (stand, machine) = (&mut self.stands[local], &self.machines[local]);
        let from = std::mem::replace(&mut stand.done, tick);
        if from == tick {
            return;
        }
        let sort = &self.sorts[stand.sort as usize];
        let model = &self.plan.models[machine.model as usize];
        let (slots, wears, meters) = (&mut self.slots[local], &mut self.wears[local], &mut self.meters[local]);
        let kind = Kind { plan: &self.plan, model, steady: &sort.steady };
        let (nanos, ahead) = (self.plan.tick.0 as f64, &mut self.ahead[local]);
        let mut leap = |index: usize, wear: &mut WearState, to: u32| {
            let whose = Whose { plan: &model.wears[index], dice: &machine.dice, tick_nanos: nanos };
            wear.leap(whose, to, &mut ahead[index])
        };
        let running = slots.0[slot::RUNNING as usize];
        slots.0[slot::RUNNING as usize] = f64::from(u8::from(stand.ran));
        if sort.steady.bends {
            let patches = self.blackboard.patches.0.get(&(local as u32)).map_or(&[][..], Vec::as_slice);
            kind.book_bent((from, tick), slots, wears, patches, meters, &mut leap);
        } else {
            kind.book(machine, stand.ran, tick - from, slots, meters);
        }
        slots.0[slot::RUNNING as usize] = running;
        for (index, (wear, plan)) in wears.0.iter_mut().zip(&model.wears).enumerate() {
            let failed = leap(index, wear, tick);
            slots.0[plan.slot as usize] = wear.now.max(0.0);
            if failed && !late && self.modes[local].mode != Mode::Failed {
                self.blackboard.worn.push((local as u32, index as u8));
            }
        }
    }

    /// What holds for a machine from this tick on: drivers, stress, and what it will do by itself.
    fn go_on(&mut self, local: usize, tick: u32) {
        let (stand, machine, modes) = (&mut self.stands[local], &self.machines[local], &self.modes[local]);
        let sort = &self.sorts[stand.sort as usize];
        let model = &self.plan.models[machine.model as usize];
        let (slots, wears) = (&mut self.slots[local], &mut self.wears[local]);
        let patches = self.blackboard.patches.0.get(&(local as u32)).map_or(&[][..], Vec::as_slice);
        Kind { plan: &self.plan, model, steady: &sort.steady }.drive(tick, slots, patches);
        let ages = modes.mode.ages();
        for (wear, plan) in wears.0.iter_mut().zip(&model.wears) {
            // As in ageing: stress that is no finite number, or negative, counts as none.
            let stress = slots.0[plan.stress as usize];
            let stress = if ages && stress > 0.0 && stress.is_finite() { stress } else { 0.0 };
            wear.take_stress(tick, self.plan.tick.0 as f64, stress);
        }
        stand.ran = ran(slots);
        (stand.fails, stand.looked) = (NEVER, if modes.mode == Mode::Failed { NEVER } else { tick });
        (stand.asks, stand.watched) = (NEVER, NEVER);
        if let Some(watch) = sort.watch
            && modes.down == Down::No
            && modes.wants_work.is_none()
            && self.agenda.of_machine(local as u32).all(|due| due.deed != Deed::PlannedWork)
        {
            if watch.level.holds(wears.0[watch.wear as usize].now) {
                let due = self.course.clock.after(watch.delay, self.plan.tick.0);
                self.agenda.add(due, local as u32, Deed::PlannedWork);
            } else {
                stand.watched = tick;
            }
        }
    }

    /// What each machine came to: machine of the plan and sums.
    pub fn tallies(&self) -> impl Iterator<Item = (u32, Tally)> {
        let tick = self.course.clock.tick;
        let rows = self.machines.iter().zip(&self.modes).zip(&self.meters);
        rows.map(move |((machine, modes), meters)| {
            (machine.machine, Tally::of(&self.plan, machine.machine, modes, meters, tick))
        })
    }

    /// What each group of stand-ins among these machines came to: its place in the plan and sums.
    pub fn groups(&self) -> impl Iterator<Item = (u16, GroupTally)> {
        let ours =
            |machine: Option<&u32>| machine.is_none_or(|machine| self.roster.members.binary_search(machine).is_ok());
        let groups = self.plan.groups.iter().enumerate().filter(move |(_, group)| ours(group.machines.first()));
        groups.map(|(at, _)| (at as u16, self.unrest.groups.tally(&self.plan, 0, at, self.course.clock.tick)))
    }
}
