//! The part of the agenda that starts and ends faults: entities, their index by lane, and their labels.

use super::{Effect, FaultPlan, schedule};
use crate::dice::Dice;
use crate::economy::Meters;
use crate::plan::{Model, Plan};
use crate::world::agenda::Deed;
use crate::world::patches::{By, Patch, What};
use crate::world::{
    Agenda, Blackboard, Course, Envelope, FaultBoard, LaneAct, LaneFault, Machine, Modes, Outbox, Panels, Roster,
    Slots, Unrest, Wears,
};
use bevy_ecs::prelude::{Commands, Component, Entity, Query, Res, ResMut};
use bevy_ecs::system::SystemParam;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use twinwright_model::{Label, Mode};

/// An active fault on one machine.
#[derive(Debug, Clone, PartialEq, Component, Serialize, Deserialize)]
pub struct ActiveFault {
    pub local: u32,
    pub fault: u32,
    pub occurrence: u32,
    pub envelope: Envelope,
    /// The drawn size, as labels say it.
    pub size: Option<f64>,
    /// What it does to lanes: panel and lane with each act.
    pub lanes: Vec<(u8, u8, LaneAct)>,
}

/// What faults need to see and to change.
#[derive(SystemParam)]
pub struct Mischief<'w, 's> {
    course: Res<'w, Course>,
    roster: Res<'w, Roster>,
    agenda: ResMut<'w, Agenda>,
    unrest: ResMut<'w, Unrest>,
    outbox: ResMut<'w, Outbox>,
    blackboard: ResMut<'w, Blackboard>,
    commands: Commands<'w, 's>,
    active: Query<'w, 's, (Entity, &'static ActiveFault)>,
    machines: Query<
        'w,
        's,
        (
            &'static Machine,
            &'static mut Modes,
            &'static mut Slots,
            &'static mut Wears,
            &'static mut Panels,
            &'static mut Meters,
        ),
    >,
}

/// Starts and ends the faults that are due.
pub fn change_faults(mut mischief: Mischief) {
    for (local, deed) in mischief.agenda.todays(|deed| matches!(deed, Deed::StartFault { .. } | Deed::EndFault { .. }))
    {
        match deed {
            Deed::StartFault { fault, occurrence, due } => mischief.start(local, fault, occurrence, due),
            Deed::EndFault { fault, occurrence } => mischief.end(local, fault, occurrence),
            _ => {}
        }
    }
}

impl Mischief<'_, '_> {
    fn start(&mut self, local: u32, index: u32, occurrence: u32, due: i64) {
        let course = self.course.plan.clone();
        let plan = &*course;
        let fault = &plan.faults[index as usize];
        let Ok((machine, mut modes, mut slots, mut wears, mut panels, mut meters)) =
            self.machines.get_mut(self.roster.entity(local))
        else {
            return;
        };
        let Some(target) = schedule::target_on(fault, machine.machine) else { return };
        let model = &plan.models[machine.model as usize];
        let tick = self.course.clock.tick;
        let envelope = schedule::envelope(fault, &machine.dice, occurrence, tick, plan.tick.0);
        let (size, lanes) = acts(fault, target, model, &machine.dice, occurrence, &panels);
        let by = By::Fault { fault: index, occurrence };
        match &fault.effect {
            Effect::Shift { .. } => {
                let what = What::Shift { by: size.unwrap_or(0.0), envelope };
                self.blackboard.patches.add(local, Patch { driver: target.part, what, by });
            }
            Effect::Wear { .. } => {
                let wear = &mut wears.0[target.part as usize];
                if wear.step(size.unwrap_or(0.0)) && modes.mode != Mode::Failed {
                    self.blackboard.worn.push((local, target.part as u8));
                }
                slots.0[model.wears[target.part as usize].slot as usize] = wear.now.max(0.0);
            }
            Effect::Trip => {
                if modes.mode != Mode::Failed {
                    meters.failures += 1;
                    let whose = (machine.machine, machine.future);
                    self.outbox.event(plan.time_of(i64::from(tick)), whose, "failure", [("fault", json!(fault.name))]);
                }
                modes.trips += 1;
                self.unrest.add(local);
            }
            _ => {}
        }
        for &(panel, lane, _) in &lanes {
            panels.0[panel as usize].faulted |= 1 << lane;
        }
        let end = schedule::end_tick(&envelope, plan);
        self.agenda.add(end, local, Deed::EndFault { fault: index, occurrence });
        if let Some(gap) = schedule::gap(fault, &machine.dice, occurrence + 1) {
            let (next, due) = schedule::next_start(due, gap, end, plan);
            self.agenda.add(next, local, Deed::StartFault { fault: index, occurrence: occurrence + 1, due });
        }
        let whose = (machine.machine, machine.future);
        let active = ActiveFault { local, fault: index, occurrence, envelope, size, lanes };
        self.blackboard.board.enter(&active, plan, model, machine.machine);
        let detail = [
            ("fault", json!(fault.name)),
            ("layer", json!(fault.layer().name())),
            ("sensor", json!(sensor_name(fault, target.part, model))),
        ];
        self.outbox.event(plan.time_of(i64::from(tick)), whose, "fault_start", detail);
        self.commands.spawn(active);
    }

    fn end(&mut self, local: u32, index: u32, occurrence: u32) {
        let course = self.course.plan.clone();
        let plan = &*course;
        let fault = &plan.faults[index as usize];
        let found = self
            .active
            .iter()
            .find(|(_, active)| (active.local, active.fault, active.occurrence) == (local, index, occurrence));
        let Some((entity, active)) = found.map(|(entity, active)| (entity, active.clone())) else { return };
        let Ok((machine, mut modes, _, _, mut panels, _)) = self.machines.get_mut(self.roster.entity(local)) else {
            return;
        };
        self.commands.entity(entity).despawn();
        self.blackboard.patches.remove(local, By::Fault { fault: index, occurrence });
        if fault.effect == Effect::Trip {
            modes.trips = modes.trips.saturating_sub(1);
            self.unrest.add(local);
        }
        self.blackboard.board.leave(&active, plan, &mut panels);
        let time = plan.time_of(i64::from(self.course.clock.tick));
        let model = &plan.models[machine.model as usize];
        let label = label_of(plan, &active, machine.machine, machine.future, Some(self.course.clock.tick));
        let detail = [
            ("fault", json!(fault.name)),
            ("layer", json!(fault.layer().name())),
            (
                "sensor",
                json!(sensor_name(fault, schedule::target_on(fault, machine.machine).map_or(0, |t| t.part), model)),
            ),
        ];
        self.outbox.event(time, (machine.machine, machine.future), "fault_end", detail);
        if !self.outbox.muted {
            self.outbox.labels.push(label);
        }
    }
}

/// What a fault does to lanes, with its size drawn.
fn acts(
    fault: &FaultPlan,
    target: &super::Target,
    model: &Model,
    dice: &Dice,
    occurrence: u32,
    panels: &Panels,
) -> (Option<f64>, Vec<(u8, u8, LaneAct)>) {
    let draw = |draw| schedule::size(draw, fault, dice, occurrence);
    let sensor = model.sensors.get(target.part as usize);
    let place = sensor.map_or((0, 0), |sensor| (sensor.panel, sensor.lane));
    let one = |size: f64, act: LaneAct| (Some(size), vec![(place.0, place.1, act)]);
    let plain = |act: LaneAct| (None, vec![(place.0, place.1, act)]);
    match &fault.effect {
        Effect::Spike { by } | Effect::Offset { by } => one(draw(by), LaneAct::Add(draw(by))),
        Effect::Drift { rate } => one(draw(rate), LaneAct::Drift(draw(rate))),
        Effect::Scale { factor } => one(draw(factor), LaneAct::Scale(draw(factor))),
        Effect::Noise { factor } => one(draw(factor), LaneAct::Noise(draw(factor))),
        Effect::Quantise { step } => one(draw(step), LaneAct::Quantise(draw(step).abs().max(f64::MIN_POSITIVE))),
        Effect::Leak { by } => one(draw(by), LaneAct::Leak(draw(by))),
        Effect::Stuck => {
            let panel = &panels.0[place.0 as usize];
            let last = Some(panel.measured[place.1 as usize]);
            plain(LaneAct::Stuck(last.filter(|value| panel.settled && value.is_finite())))
        }
        Effect::Dropout => plain(LaneAct::Dropout),
        Effect::Nan => plain(LaneAct::Nan),
        Effect::Swap => {
            let with = model.sensors.get(target.with as usize).map_or((0, 0), |sensor| (sensor.panel, sensor.lane));
            let both = vec![
                (place.0, place.1, LaneAct::Swap(with.0, with.1)),
                (with.0, with.1, LaneAct::Swap(place.0, place.1)),
            ];
            (None, both)
        }
        Effect::Shift { by } | Effect::Wear { by } => (Some(draw(by)), Vec::new()),
        Effect::Trip | Effect::Comms(_) => (None, Vec::new()),
    }
}

/// The sensor that a fault acts on, empty when it acts on the whole machine.
fn sensor_name(fault: &FaultPlan, part: u16, model: &Model) -> String {
    if !fault.one_sensor {
        return String::new();
    }
    model.sensors.get(part as usize).map(|sensor| sensor.name.clone()).unwrap_or_default()
}

/// The ground truth of one occurrence.
pub fn label_of(plan: &Plan, active: &ActiveFault, machine: u32, future: u32, end: Option<u32>) -> Label {
    let fault = &plan.faults[active.fault as usize];
    let model = plan.model_of(machine);
    let part = schedule::target_on(fault, machine).map_or(0, |target| target.part);
    let mut parameters: Map<String, Value> = fault.said.iter().cloned().collect();
    let key = fault.kind.needs.iter().rev().find(|key| ["by", "rate", "factor", "step"].contains(*key));
    if let (Some(size), Some(key)) = (active.size, key) {
        parameters.insert((*key).to_owned(), json!(size));
    }
    if let Effect::Comms(comms) = &fault.effect {
        let dice = Dice::of(plan.seed, u64::from(future), &plan.machines[machine as usize].id);
        parameters.extend(comms.drawn(fault, &dice, active.occurrence).said());
    }
    for (key, nanos) in [("ramp_s", active.envelope.ramp), ("decay_s", active.envelope.decay)] {
        if nanos > 0.0 {
            parameters.insert(key.to_owned(), json!(nanos / 1e9));
        }
    }
    Label {
        fault: fault.name.clone(),
        layer: fault.layer().name(),
        kind: fault.kind.name,
        machine,
        future,
        sensor: sensor_name(fault, part, model),
        start: plan.time_of(i64::from(active.envelope.start)),
        end: end.map(|tick| plan.time_of(i64::from(tick))),
        parameters,
    }
}

impl FaultBoard {
    /// Makes an active fault known to the lanes it acts on, and its name to the machine's rows.
    pub fn enter(&mut self, active: &ActiveFault, plan: &Plan, model: &Model, machine: u32) {
        let fault = &plan.faults[active.fault as usize];
        for &(panel, lane, act) in &active.lanes {
            let entry = LaneFault { lane, act, envelope: active.envelope, id: (active.fault, active.occurrence) };
            self.lanes.entry((active.local, panel)).or_default().push(entry);
        }
        if fault.layer() != super::spec::Layer::Comms {
            let part = schedule::target_on(fault, machine).map(|target| target.part);
            let sensor = part.filter(|_| fault.one_sensor);
            let sensor = sensor.filter(|part| usize::from(*part) < model.sensors.len());
            let names = self.names.entry(active.local).or_default();
            names.push((fault.name.clone(), sensor));
            names.sort();
        }
    }

    /// Forgets a fault; lanes without any other are healthy again.
    pub fn leave(&mut self, active: &ActiveFault, plan: &Plan, panels: &mut Panels) {
        let fault = &plan.faults[active.fault as usize];
        for &(panel, lane, act) in &active.lanes {
            if let LaneAct::Swap(with, other) = act
                && (panel, lane) < (with, other)
            {
                panels.exchange((panel as usize, lane as usize), (with as usize, other as usize));
            }
            let key = (active.local, panel);
            let Some(list) = self.lanes.get_mut(&key) else { continue };
            list.retain(|entry| entry.id != (active.fault, active.occurrence));
            if !list.iter().any(|entry| entry.lane == lane) {
                panels.0[panel as usize].faulted &= !(1 << lane);
            }
            if list.is_empty() {
                self.lanes.remove(&key);
            }
        }
        if let Some(names) = self.names.get_mut(&active.local) {
            if let Some(place) = names.iter().position(|(name, _)| *name == fault.name) {
                names.remove(place);
            }
            if names.is_empty() {
                self.names.remove(&active.local);
            }
        }
    }
}
