//! The part of the agenda that starts and ends faults: entities, their index by lane, and their labels.

use super::{Effect, FaultPlan, Layer, schedule};
use crate::dice::Dice;
use crate::plan::{Model, Plan};
use crate::world::agenda::Deed;
use crate::world::patches::{By, Patch, What};
use crate::world::{Envelope, FaultBoard, Floor, Hall, LaneAct, LaneFault, Panels};
use bevy_ecs::prelude::{Commands, Component, Entity, Query};
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

/// Starts and ends the faults that are due.
pub fn change_faults(mut hall: Hall, mut commands: Commands, active: Query<(Entity, &ActiveFault)>) {
    let Some(mut floor) = hall.floor() else { return };
    for (local, deed) in floor.agenda.todays(is_of_faults) {
        match deed {
            Deed::StartFault { fault, occurrence, due } => {
                commands.spawn_batch(floor.start_fault(local, (fault, occurrence), due));
            }
            Deed::EndFault { fault, occurrence } => {
                let found = active.iter().find(|(_, active)| active.is(local, fault, occurrence));
                if let Some((entity, active)) = found {
                    commands.entity(entity).despawn();
                    floor.end_fault(active);
                }
            }
            _ => {}
        }
    }
}

/// Deeds that start and end faults.
fn is_of_faults(deed: Deed) -> bool {
    matches!(deed, Deed::StartFault { .. } | Deed::EndFault { .. })
}

impl ActiveFault {
    fn is(&self, local: u32, fault: u32, occurrence: u32) -> bool {
        (self.local, self.fault, self.occurrence) == (local, fault, occurrence)
    }
}

impl Floor<'_> {
    /// The same where active faults are kept in a list instead of entities.
    pub fn change_listed_faults(&mut self, active: &mut Vec<ActiveFault>) {
        for (local, deed) in self.agenda.todays(is_of_faults) {
            match deed {
                Deed::StartFault { fault, occurrence, due } => {
                    active.extend(self.start_fault(local, (fault, occurrence), due));
                }
                Deed::EndFault { fault, occurrence } => {
                    if let Some(at) = active.iter().position(|active| active.is(local, fault, occurrence)) {
                        let ended = active.swap_remove(at);
                        self.end_fault(&ended);
                    }
                }
                _ => {}
            }
        }
    }

    fn start_fault(&mut self, local: u32, (index, occurrence): (u32, u32), due: i64) -> Option<ActiveFault> {
        let (plan, model, tick, at) = (self.plan(), self.model(local), self.tick(), local as usize);
        let fault = &plan.faults[index as usize];
        let (machine, modes, panels) = (&self.machines[at], &mut self.modes[at], &mut self.panels[at]);
        let target = schedule::target_on(fault, machine.machine)?;
        let envelope = schedule::envelope(fault, &machine.dice, occurrence, tick, plan.tick.0);
        let (size, lanes) = acts(fault, target, model, &machine.dice, occurrence, panels);
        let by = By::Fault { fault: index, occurrence };
        match &fault.effect {
            Effect::Shift { .. } => {
                let what = What::Shift { by: size.unwrap_or(0.0), envelope };
                self.blackboard.patches.add(local, Patch { driver: target.part, what, by });
            }
            Effect::Wear { .. } => {
                let wear = &mut self.wears[at].0[target.part as usize];
                if wear.step(size.unwrap_or(0.0)) && modes.mode != Mode::Failed {
                    self.blackboard.worn.push((local, target.part as u8));
                }
                self.slots[at].0[model.wears[target.part as usize].slot as usize] = wear.now.max(0.0);
            }
            Effect::Trip => {
                if modes.mode != Mode::Failed {
                    self.meters[at].failures += 1;
                    let whose = (machine.machine, machine.future);
                    let time = plan.time_of(i64::from(tick));
                    self.outbox.event(time, whose, "failure", || [("fault", json!(fault.name))]);
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
        if fault.layer() != Layer::Comms {
            self.meters[at].detection.fault_starts(index, occurrence, tick);
        }
        let active = ActiveFault { local, fault: index, occurrence, envelope, size, lanes };
        self.blackboard.board.enter(&active, plan, model, machine.machine);
        self.outbox.event(plan.time_of(i64::from(tick)), whose, "fault_start", || {
            [
                ("fault", json!(fault.name)),
                ("layer", json!(fault.layer().name())),
                ("sensor", json!(sensor_name(fault, target.part, model))),
            ]
        });
        Some(active)
    }

    fn end_fault(&mut self, active: &ActiveFault) {
        let (local, at) = (active.local, active.local as usize);
        let (plan, model, tick) = (self.plan(), self.model(local), self.tick());
        let (time, whose) = (self.time(), self.whose(local));
        let fault = &plan.faults[active.fault as usize];
        self.blackboard.patches.remove(local, By::Fault { fault: active.fault, occurrence: active.occurrence });
        if fault.effect == Effect::Trip {
            self.modes[at].trips = self.modes[at].trips.saturating_sub(1);
            self.unrest.add(local);
        }
        self.blackboard.board.leave(active, plan, &mut self.panels[at]);
        self.meters[at].detection.fault_ends(active.fault, active.occurrence);
        self.outbox.event(time, whose, "fault_end", || {
            let part = schedule::target_on(fault, whose.0).map_or(0, |target| target.part);
            [
                ("fault", json!(fault.name)),
                ("layer", json!(fault.layer().name())),
                ("sensor", json!(sensor_name(fault, part, model))),
            ]
        });
        if !self.outbox.muted {
            self.outbox.labels.push(label_of(plan, active, whose.0, whose.1, Some(tick)));
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
