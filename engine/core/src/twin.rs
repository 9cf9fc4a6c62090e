//! The twin: a world built from a plan, and the narrow waist through which everything else drives it.

use crate::birth::Birth;
use crate::drivers::Source;
use crate::economy::Meters;
use crate::limits::judge::Watches;
use crate::maintenance::work::Crews;
use crate::plan::Plan;
use crate::plugins::{Phase, Phases};
use crate::script::conditions::{Standing, Standings};
use crate::sensing::{LANES, Panel};
use crate::world::blackboard::KeptTruth;
use crate::world::{
    Agenda, Blackboard, Clock, Course, Machine, Modes, Outbox, Panels, Roster, Run, Slots, Unrest, Wears,
};
use crate::{faults, maintenance, script};
use bevy_ecs::prelude::World;
use std::ops::Range;
use std::sync::Arc;

/// Rounds in which what feeds on itself comes to rest at the start.
const SETTLING: usize = 64;

/// A value for a driver that a feed holds, as it came in before a tick.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    pub machine: u32,
    pub future: u32,
    pub driver: String,
    pub value: f64,
}

/// What one tick hears.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    pub inputs: Vec<Input>,
}

/// A world of some machines of a plan, in some of its futures.
#[derive(Debug)]
pub struct Twin {
    pub(crate) world: World,
    phases: Phases,
    plan: Arc<Plan>,
    watches_conditions: bool,
    /// Limits are judged.
    judges: bool,
    pub(crate) started: bool,
    next_due: u32,
}

impl Twin {
    /// A world of all machines in all futures.
    pub fn build(plan: &Arc<Plan>) -> Twin {
        let members = (0..plan.machines.len() as u32).collect();
        Twin::build_part(plan, members, 0..plan.futures)
    }

    /// A world of some machines (ascending) in some futures. Machines that are linked, share a condition or a crew belong
    /// together.
    pub fn build_part(plan: &Arc<Plan>, members: Vec<u32>, futures: Range<u32>) -> Twin {
        Twin::build_lean(plan, members, futures).keeping_truth()
    }

    pub(crate) fn keeping_truth(mut self) -> Twin {
        let panels = self.plan.models.iter().map(|model| model.panels.len()).max().unwrap_or(0);
        let lanes = vec![[0.0; LANES]; self.world.resource::<Roster>().len() as usize * panels];
        self.world.resource_mut::<Blackboard>().truth = Some(KeptTruth { panels, lanes });
        self
    }

    /// The same, but true values are not kept for showing: they take as much memory as a third of the rest.
    pub fn build_lean(plan: &Arc<Plan>, members: Vec<u32>, futures: Range<u32>) -> Twin {
        let twin = Twin::at_start(plan, members, futures);
        match &plan.origin {
            Some(origin) => origin.begin(twin),
            None => twin,
        }
    }

    /// The same at the start, wherever the plan begins.
    pub(crate) fn at_start(plan: &Arc<Plan>, members: Vec<u32>, futures: Range<u32>) -> Twin {
        let mut world = World::new();
        let rows: Vec<(u32, u32)> =
            futures.clone().flat_map(|future| members.iter().map(move |&machine| (future, machine))).collect();
        let mut roster =
            Roster { members, first_future: futures.start, futures: futures.len() as u32, ..Roster::default() };
        let runs = runs_of(plan, &rows);
        let mut agenda = Agenda::default();
        script::actions::plan_actions(plan, &roster, &mut agenda);
        faults::schedule::plan_first_faults(plan, &roster, &mut agenda);
        maintenance::work::plan_first_works(plan, &runs, &mut agenda);
        let bundles = rows.iter().enumerate().map(|(local, &(future, machine))| bundle(plan, local, future, machine));
        roster.entities = world.spawn_batch(bundles).collect();
        let mut unrest = Unrest::new(plan);
        unrest.locals.extend(0..rows.len() as u32);
        let conditions = vec![vec![Standing::default(); plan.script.conditions.len()]; futures.len()];
        world.insert_resource(Course { plan: plan.clone(), clock: Clock { tick: 0, fresh: true }, runs });
        world.insert_resource(Crews::new(&plan.maintenance, futures.len()));
        world.insert_resource(Standings(conditions));
        world.insert_resource(roster);
        world.insert_resource(agenda);
        world.insert_resource(unrest);
        world.init_resource::<Outbox>();
        world.init_resource::<Blackboard>();
        world.init_resource::<Watches>();
        let phases = Phases::new(&mut world);
        let by_condition = matches!(plan.maintenance.policy, crate::maintenance::Policy::Condition { .. });
        let watches_conditions = by_condition || !plan.script.conditions.is_empty();
        Twin { world, phases, plan: plan.clone(), watches_conditions, judges: true, started: false, next_due: 0 }
    }

    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// No readings from now on, and no alerts. True values are still worked out where drivers or stress read them.
    pub(crate) fn close_eyes(&mut self) {
        self.judges = false;
        let echoes = self.plan.models.iter().any(|model| !model.echoes.is_empty());
        self.world.resource_mut::<Blackboard>().blind = !echoes;
    }

    /// The tick that the world shows; None before the first.
    pub fn now(&self) -> Option<u32> {
        self.started.then(|| self.world.resource::<Course>().clock.tick)
    }

    /// One step. The first one shows tick 0, the start of the scenario.
    pub fn tick(&mut self, batch: &Batch) {
        let clock = &mut self.world.resource_mut::<Course>().clock;
        clock.fresh = !self.started;
        clock.tick += u32::from(self.started);
        let tick = clock.tick;
        self.receive(batch);
        if !self.started || tick >= self.next_due {
            self.eventful(tick);
        } else {
            self.phases.run(Phase::Quiet, &mut self.world);
            if !self.world.resource::<Blackboard>().worn.is_empty() {
                self.script(tick);
                self.phases.run(Phase::Act, &mut self.world);
            }
        }
        if self.judges && !self.world.resource::<Blackboard>().hot.is_empty() {
            self.phases.run(Phase::Judge, &mut self.world);
        }
        if self.watches_conditions {
            self.phases.run(Phase::Watch, &mut self.world);
            self.look_ahead();
        }
    }

    /// A tick at which something is due, or the first.
    fn eventful(&mut self, tick: u32) {
        if self.started {
            self.phases.run(Phase::Age, &mut self.world);
        }
        self.started = true;
        self.script(tick);
        if tick == 0 && self.plan.models.iter().any(|model| !model.echoes.is_empty()) {
            // Lags start settled: drivers that read sensors and sensors that follow drivers come to rest first.
            for _ in 0..SETTLING {
                self.phases.run(Phase::Settle, &mut self.world);
            }
        }
        self.phases.run(Phase::Act, &mut self.world);
    }

    fn script(&mut self, tick: u32) {
        self.world.resource_mut::<Agenda>().open(tick);
        self.phases.run(Phase::Script, &mut self.world);
        self.look_ahead();
    }

    /// The next tick at which something is due, kept so that a quiet tick costs one comparison.
    pub(crate) fn look_ahead(&mut self) {
        let agenda = self.world.resource::<Agenda>().next();
        self.next_due = agenda.min(self.world.resource::<Unrest>().next());
    }

    /// Hears what feeds say of drivers.
    fn receive(&mut self, batch: &Batch) {
        for input in &batch.inputs {
            let Some(local) = self.world.resource::<Roster>().local(input.future, input.machine) else { continue };
            let model = self.plan.model_of(input.machine);
            let driver = model.drivers.iter().find(|driver| driver.name == input.driver);
            if let Some(Source::Held { slot }) = driver.map(|driver| &driver.source)
                && input.value.is_finite()
            {
                let entity = self.world.resource::<Roster>().entity(local);
                if let Some(mut slots) = self.world.get_mut::<Slots>(entity) {
                    slots.0[*slot as usize] = input.value;
                }
            }
        }
    }
}

/// Machines in line that share a model.
pub(crate) fn runs_of(plan: &Plan, rows: &[(u32, u32)]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (at, &(_, machine)) in rows.iter().enumerate() {
        let model = plan.machines[machine as usize].model;
        match runs.last_mut() {
            Some(run) if run.model == model => run.end = at + 1,
            _ => runs.push(Run { model, start: at, end: at + 1 }),
        }
    }
    runs
}

type MachineBundle = (Machine, Modes, Slots, Wears, Panels, Meters);

fn bundle(plan: &Plan, local: usize, future: u32, machine: u32) -> MachineBundle {
    let index = plan.machines[machine as usize].model;
    let birth = Birth::of(plan, machine);
    let (mut slots, mut wears) = (Slots(Default::default()), Wears(Default::default()));
    let dice = birth.dice(plan, future);
    birth.begin(plan, future, &dice, &mut slots, &mut wears);
    let panels = Panels(plan.models[index as usize].panels.iter().map(|_| Panel::default()).collect());
    let machine = Machine { local: local as u32, machine, future, model: index, dice };
    (machine, Modes::default(), slots, wears, panels, Meters::default())
}
