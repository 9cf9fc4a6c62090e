//! Machines as they stand at this tick, for people and programs: one JSON object a machine.
//!
//! A portrait reads and never changes, like a glance. It holds what can be shown; what is needed to go on is in a snapshot.

use crate::economy::Meters;
use crate::measures::Tally;
use crate::plan::{Model, Plan};
use crate::twin::Twin;
use crate::world::{Blackboard, Course, FaultBoard, Machine, Modes, Panels, Roster, Slots, Wears};
use serde_json::{Map, Value, json};
use twinwright_model::{E10, Mode, Quality};

/// What is said of a driver that is not there.
const NO_VALUE: f64 = f64::NAN;

impl Twin {
    /// Every machine of this world in the first future, by its number in the plan. True values are there where the world
    /// keeps them and has made a tick.
    pub fn portraits(&mut self) -> Vec<(u32, Value)> {
        let plan = self.plan().clone();
        let tick = self.world.resource::<Course>().clock.tick;
        let mut query = self.world.query::<(&Machine, &Modes, &Slots, &Wears, &Panels, &Meters)>();
        let Blackboard { board, truth, .. } = self.world.resource::<Blackboard>();
        let mut portraits = Vec::new();
        for (machine, modes, slots, wears, panels, meters) in query.iter(&self.world) {
            if machine.future != 0 {
                continue;
            }
            let model = &plan.models[machine.model as usize];
            let tally = Tally::of(&plan, machine.machine, modes, meters, tick);
            let mut portrait = head(&plan, modes, &tally);
            portrait.insert("wear".to_owned(), worn(model, wears));
            portrait.insert("drivers".to_owned(), driven(model, slots));
            if let Some(kept) = truth {
                let first = machine.local as usize * kept.panels;
                portrait.insert("true".to_owned(), true_values(model, &kept.lanes[first..first + kept.panels]));
            }
            portrait.insert("readings".to_owned(), read(model, panels));
            portrait.insert("faults".to_owned(), faults(board, machine.local));
            portraits.push((machine.machine, Value::Object(portrait)));
        }
        portraits
    }

    /// What a driver of a machine says now; NaN where there is no such driver or machine.
    pub fn driver(&self, future: u32, machine: u32, name: &str) -> f64 {
        let roster = self.world.resource::<Roster>();
        let slots = roster.local(future, machine).and_then(|local| self.world.get::<Slots>(roster.entity(local)));
        let driver = self.plan().model_of(machine).drivers.iter().find(|driver| driver.name == name);
        match (slots, driver) {
            (Some(slots), Some(driver)) => slots.0[driver.slot as usize],
            _ => NO_VALUE,
        }
    }
}

fn head(plan: &Plan, modes: &Modes, tally: &Tally) -> Map<String, Value> {
    let in_state = |state: E10| -> f64 {
        Mode::ALL.iter().filter(|mode| mode.e10() == state).map(|&mode| tally.hours[mode as usize]).sum()
    };
    let hours: Map<String, Value> =
        E10::ALL.iter().map(|&state| (state.name().to_ascii_uppercase(), json!(in_state(state)))).collect();
    let mut head = Map::new();
    let mut say = |name: &str, value: Value| head.insert(name.to_owned(), value);
    say("mode", json!(modes.mode.name()));
    say("e10", json!(modes.mode.e10().name().to_ascii_uppercase()));
    say("since", json!(plan.time_of(i64::from(modes.since)).to_string()));
    say("hours", Value::Object(hours));
    for name in ["failures", "planned_works", "alerts", "energy_kwh", "cost", "pieces", "good_pieces"] {
        say(name, json!(tally.measure(name)));
    }
    say("repairs", json!(tally.repairs));
    say("ideal_pieces", json!(tally.ideal_pieces));
    head
}

fn worn(model: &Model, wears: &Wears) -> Value {
    model.wears.iter().zip(&wears.0).map(|(plan, wear)| (plan.name.clone(), json!(wear.now))).collect()
}

fn driven(model: &Model, slots: &Slots) -> Value {
    let one = |driver: &crate::drivers::DriverPlan| (driver.name.clone(), json!(slots.0[driver.slot as usize]));
    model.drivers.iter().map(one).collect()
}

fn true_values(model: &Model, lanes: &[[f64; crate::sensing::LANES]]) -> Value {
    let value = |panel: u8, lane: u8| lanes.get(usize::from(panel)).map(|lanes| lanes[usize::from(lane)]);
    model.sensors.iter().map(|one| (one.name.clone(), json!(value(one.panel, one.lane)))).collect()
}

fn read(model: &Model, panels: &Panels) -> Value {
    let reading = |sensor: &crate::sensing::SensorPlan| {
        let (panel, lane) = (&panels.0[usize::from(sensor.panel)], usize::from(sensor.lane));
        let quality = Quality::from_code(panel.quality[lane]);
        let value = quality.has_value().then(|| decimal(panel.measured[lane]));
        (sensor.name.clone(), json!({ "value": value, "quality": quality.word() }))
    };
    model.sensors.iter().map(reading).collect()
}

/// A reading as it is written: 22.3 and not 22.299999237060547.
fn decimal(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

fn faults(board: &FaultBoard, local: u32) -> Value {
    let mut names: Vec<&str> = board.names.get(&local).into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    names.dedup();
    json!(names)
}
