//! The passport of a snapshot: what its numbers are called, so that another plan can tell what it can take over.
//!
//! A plan's numbers mean something only within the plan. The names here say which machine, slot, wear, sensor, fault and
//! action a number stood for.

use crate::digest::Hash;
use crate::drivers::Source;
use crate::faults::{Effect, FaultPlan, Target};
use crate::plan::{Model, Plan};
use crate::script::{ActionPlan, Setting};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Debug;

/// The names of a plan, as far as a state refers to them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Passport {
    pub seed: u64,
    /// The first instant and the step, in nanoseconds.
    pub start: i64,
    pub tick: i64,
    /// Id of each machine, and its kind among `kinds`.
    pub machines: Vec<(String, u32)>,
    pub kinds: Vec<KindPass>,
    pub faults: Vec<FaultPass>,
    pub actions: Vec<ActionPass>,
    /// What each condition is, as one number.
    pub conditions: Vec<u128>,
    /// The maintenance policy, as one number; and the spare parts.
    pub upkeep: u128,
    pub spares: Vec<String>,
    /// Each group: its name, and which machines it is, as one number.
    pub groups: Vec<(String, u128)>,
}

/// What the states of machines of one model hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KindPass {
    pub kind: String,
    pub slots: u16,
    pub panels: u16,
    /// What stands in a slot from one tick to the next.
    pub names: Vec<(String, u16)>,
    /// Drivers that are held: name, slot, and the value before anybody set another; None where it was drawn.
    pub held: Vec<(String, u16, Option<f64>)>,
    pub drivers: Vec<String>,
    /// Name, and what law it follows, as one number.
    pub wears: Vec<(String, u128)>,
    /// Name, panel and lane.
    pub sensors: Vec<(String, u8, u8)>,
}

/// A fault of the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultPass {
    pub name: String,
    pub kind: String,
    /// When it comes, as one number.
    pub arrival: u128,
    /// By machine: what it acts on there.
    pub targets: Vec<(u32, String)>,
    pub is_trip: bool,
}

/// An act of the script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActionPass {
    /// What it is, as one number.
    pub what: u128,
    pub by_condition: bool,
    pub sets_mode: bool,
}

/// A part of a plan as one number: a plan is plain data, and its text says all of it.
fn sign(part: &impl Debug) -> u128 {
    let mut hash = Hash::default();
    hash.text(&format!("{part:?}"));
    hash.finish()
}

impl Passport {
    pub fn of(plan: &Plan) -> Passport {
        let mut kinds: Vec<KindPass> = Vec::new();
        let mut known: BTreeMap<u128, u32> = BTreeMap::new();
        let models: Vec<u32> =
            plan.models.iter().map(|model| enlist(KindPass::of(model), &mut kinds, &mut known)).collect();
        Passport {
            seed: plan.seed,
            start: plan.start.0,
            tick: plan.tick.0,
            machines: plan.machines.iter().map(|one| (one.id.to_string(), models[one.model as usize])).collect(),
            kinds,
            faults: plan.faults.iter().map(|fault| FaultPass::of(plan, fault)).collect(),
            actions: plan.script.actions.iter().map(ActionPass::of).collect(),
            conditions: plan
                .script
                .conditions
                .iter()
                .map(|one| sign(&(&one.text, one.holds, one.once, plan.script.actions.get(one.action))))
                .collect(),
            upkeep: sign(&plan.maintenance),
            spares: plan.maintenance.spares.iter().map(|spare| spare.name.clone()).collect(),
            groups: plan.groups.iter().map(|group| (group.name.clone(), sign(&group.machines))).collect(),
        }
    }

    /// What machines of this number hold.
    pub fn kind_of(&self, machine: u32) -> Option<&KindPass> {
        self.kinds.get(self.machines.get(machine as usize)?.1 as usize)
    }
}

/// Kinds that are drawn machine by machine have the same names: each is listed once.
fn enlist(pass: KindPass, kinds: &mut Vec<KindPass>, known: &mut BTreeMap<u128, u32>) -> u32 {
    *known.entry(sign(&pass)).or_insert_with(|| {
        kinds.push(pass);
        kinds.len() as u32 - 1
    })
}

impl KindPass {
    pub fn of(model: &Model) -> KindPass {
        let initial: BTreeMap<u16, f64> = model.initial.iter().copied().collect();
        let mut held = Vec::new();
        for driver in &model.drivers {
            if let Source::Held { slot } = driver.source {
                held.push((driver.name.clone(), slot, initial.get(&slot).copied()));
            }
        }
        KindPass {
            kind: model.kind.clone(),
            slots: model.slots,
            panels: model.panels.len() as u16,
            names: names_of(model),
            held,
            drivers: model.drivers.iter().map(|driver| driver.name.clone()).collect(),
            wears: model.wears.iter().map(|wear| (wear.name.clone(), sign(&wear.law))).collect(),
            sensors: model.sensors.iter().map(|sensor| (sensor.name.clone(), sensor.panel, sensor.lane)).collect(),
        }
    }
}

/// The slots that a state needs from one tick to the next, by name: what was drawn or is constant is in the plan.
fn names_of(model: &Model) -> Vec<(String, u16)> {
    let mut names = vec![("running".to_owned(), crate::plan::slot::RUNNING)];
    for driver in &model.drivers {
        names.push((format!("driver {}", driver.name), driver.slot));
        if let Source::Walk { slot, .. } = driver.source {
            names.push((format!("walk {}", driver.name), slot));
        }
        if let Some(lag) = driver.lag {
            names.push((format!("lag {}", driver.name), lag.slot));
        }
    }
    for wear in &model.wears {
        names.push((format!("wear {}", wear.name), wear.slot));
        names.push((format!("stress {}", wear.name), wear.stress));
    }
    for &(slot, panel, lane) in &model.echoes {
        let sensor = model.sensors.iter().find(|sensor| (sensor.panel, sensor.lane) == (panel, lane));
        names.extend(sensor.map(|sensor| (format!("echo {}", sensor.name), slot)));
    }
    let rates = [("power", model.economy.power), ("rate", model.economy.rate), ("scrap", model.economy.scrap)];
    names.extend(rates.into_iter().filter_map(|(name, slot)| Some((name.to_owned(), slot?))));
    names
}

impl FaultPass {
    fn of(plan: &Plan, fault: &FaultPlan) -> FaultPass {
        let part = |target: &Target| (target.machine, part_of(plan.model_of(target.machine), fault, target));
        FaultPass {
            name: fault.name.clone(),
            kind: fault.kind.name.to_owned(),
            arrival: sign(&fault.arrival),
            targets: fault.targets.iter().map(part).collect(),
            is_trip: fault.effect == Effect::Trip,
        }
    }

    /// What it acts on at a machine.
    pub fn target(&self, machine: u32) -> Option<&str> {
        let place = self.targets.binary_search_by_key(&machine, |(number, _)| *number).ok()?;
        Some(self.targets[place].1.as_str())
    }
}

fn part_of(model: &Model, fault: &FaultPlan, target: &Target) -> String {
    let part = usize::from(target.part);
    match &fault.effect {
        Effect::Shift { .. } => model.drivers.get(part).map(|driver| format!("driver {}", driver.name)),
        Effect::Wear { .. } => model.wears.get(part).map(|wear| format!("wear {}", wear.name)),
        _ if fault.one_sensor => model.sensors.get(part).map(|sensor| {
            let with = model.sensors.get(usize::from(target.with)).filter(|_| fault.effect == Effect::Swap);
            format!("sensor {} {}", sensor.name, with.map_or("", |with| &with.name))
        }),
        _ => None,
    }
    .unwrap_or_default()
}

impl ActionPass {
    fn of(action: &ActionPlan) -> ActionPass {
        ActionPass {
            what: sign(action),
            by_condition: action.tick.is_none(),
            sets_mode: action.sets.iter().any(|set| matches!(set, Setting::Mode(_))),
        }
    }
}
