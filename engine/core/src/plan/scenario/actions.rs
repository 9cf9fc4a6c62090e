//! `[[at]]`: actions by time and by condition.

use super::Compiler;
use super::plant::Plant;
use crate::expression::{Meaning, Names};
use crate::files::leaf::{At, Formula};
use crate::files::numbers::Num;
use crate::files::scenario::ScenarioSpec;
use crate::files::sources::Fault;
use crate::files::{Cx, Node, Read, Value, names, units};
use crate::maintenance::Source;
use crate::plan::{Model, formulas};
use crate::script::spec::AtSpec;
use crate::script::{ActionPlan, ConditionPlan, ScriptPlan, Setting};
use twinwright_model::{Mode, Time};

impl Compiler<'_> {
    pub(super) fn script(&mut self, spec: &ScenarioSpec, plant: &Plant, start: Time) -> ScriptPlan {
        let mut script = ScriptPlan::default();
        for at in &spec.at {
            let action = script.actions.len();
            let condition = match (&at.time, &at.when) {
                (Some(_), None) => None,
                (None, Some(when)) => self.condition(when, at, action, plant),
                (time, _) => {
                    let message = match time {
                        Some(_) => "this is to happen at a time and on a condition",
                        None => "when is this to happen?",
                    };
                    self.faults.add(Fault::new(&at.span, "at", message).expected("either `time` or `when`"));
                    None
                }
            };
            if let (Some(once), None) = (at.once, &at.when) {
                let message = format!("`once = {once}` belongs to `when`: a time comes only once");
                self.faults.say(&at.span, "at", message);
            }
            let machines = self.action_machines(at, &condition, plant);
            let sets = self.settings(at, &machines, plant);
            let tick = at.time.as_ref().map(|time| {
                let nanos = time.value.resolve(start).0 - start.0;
                if nanos < 0 {
                    self.faults.say(&time.span, "time", "this lies before the start");
                }
                let tick = spec.tick.value.0.max(1);
                nanos.div_euclid(tick) + i64::from(nanos.rem_euclid(tick) != 0)
            });
            script.actions.push(ActionPlan {
                tick,
                machines,
                sets,
                lasts: at.lasts.as_ref().map(|lasts| lasts.draw.clone()),
            });
            script.conditions.extend(condition);
        }
        script
    }

    fn action_machines(&mut self, at: &AtSpec, condition: &Option<ConditionPlan>, plant: &Plant) -> Vec<u32> {
        if let Some(machine) = &at.machine {
            return plant.select(machine, &mut self.faults);
        }
        if let Some(condition) = condition {
            let mut named: Vec<u32> = condition.reads.iter().map(|(machine, _)| *machine).collect();
            named.sort_unstable();
            named.dedup();
            if let [one] = named.as_slice() {
                return vec![*one];
            }
        }
        if at.when.is_none() || condition.is_some() {
            self.faults.add(Fault::new(&at.span, "missing-key", "`machine` is missing: whom does this set?"));
        }
        Vec::new()
    }

    fn settings(&mut self, at: &AtSpec, machines: &[u32], plant: &Plant) -> Vec<Setting> {
        if at.set.is_empty() {
            self.faults.add(Fault::new(&at.span, "missing-key", "`set` is missing or empty: nothing would happen"));
        }
        let mut sets = Vec::new();
        for (name, node) in at.set.iter() {
            if name.value == "mode" {
                let mut cx = Cx { sources: &self.sources, faults: &mut self.faults };
                let mode: Mode = crate::drivers::spec::ModeName::read(node, &mut cx).0;
                sets.push(Setting::Mode(mode));
                continue;
            }
            for &machine in machines {
                if !self.check_driver(name, plant.model_of(machine)) {
                    break;
                }
            }
            sets.push(Setting::Driver(name.value.clone(), self.setting_value(node)));
        }
        sets
    }

    fn setting_value(&mut self, node: &Node) -> crate::files::numbers::Draw {
        if matches!(node.value, Value::Text(_)) {
            let mut cx = Cx { sources: &self.sources, faults: &mut self.faults };
            cx.wrong_sort(node, "a number, or `mode = \"idle\"` for the mode");
            return Num::fixed(1.0).draw;
        }
        Num::read(node, &mut Cx { sources: &self.sources, faults: &mut self.faults }).draw
    }

    fn check_driver(&mut self, name: &At<String>, model: &Model) -> bool {
        if model.drivers.iter().any(|driver| driver.name == name.value) {
            return true;
        }
        let known = || model.drivers.iter().map(|driver| driver.name.as_str()).chain(["mode"]);
        if self.faults.is_full() {
            return false;
        }
        self.faults.add(
            Fault::new(&name.span, "unknown-driver", format!("`{}` has no driver `{}`", model.kind, name.value))
                .expected(names::list(known()))
                .nearest(names::nearest(&name.value, known())),
        );
        false
    }

    /// `P-101.vibration > 6 for 10 min`
    fn condition(&mut self, when: &Formula, at: &AtSpec, action: usize, plant: &Plant) -> Option<ConditionPlan> {
        let (formula, holds) = self.split_hold(when);
        let mut reads: Vec<(u32, Source)> = Vec::new();
        let mut resolve = |name: &str| {
            let (id, item) = name.rsplit_once('.')?;
            let machine = plant.find(id)?;
            let source = source_of(plant.model_of(machine), item)?;
            let index = reads.iter().position(|read| *read == (machine, source)).unwrap_or_else(|| {
                reads.push((machine, source));
                reads.len() - 1
            });
            Some(Meaning::Slot(index as u16))
        };
        let said = self.faults.said();
        let expr = formulas::parse(&formula, Names::Qualified, &mut self.faults)?;
        let bound = match expr.bind(&mut resolve, &[]) {
            Ok(bound) => bound,
            Err(_) if plant.unclear || self.faults.is_full() => return None,
            Err(_) => {
                let known = known_readings(plant, &formula.text);
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                formulas::bind(&formula, Names::Qualified, &mut resolve, &known, &mut self.faults)
            }
        };
        if bound.as_constant().is_some() {
            if self.faults.said() == said {
                self.faults.say(&when.span, "condition", "this condition never changes");
            }
            return None;
        }
        Some(ConditionPlan { text: when.text.clone(), bound, reads, holds, once: at.once.unwrap_or(false), action })
    }

    /// Cuts ` for 10 min` off a condition.
    pub(crate) fn split_hold(&mut self, when: &Formula) -> (Formula, i64) {
        let Some(at) = when.text.rfind(" for ") else { return (when.clone(), 0) };
        let lapse = when.piece(at + 5..when.text.len());
        let holds = match units::parse_span(&lapse.text) {
            Ok(span) if span.0 >= 0 => span.0,
            Ok(_) => {
                self.faults.say(&lapse.span, "time", "a condition cannot hold for less than no time");
                0
            }
            Err(fault) => {
                let mut said = Fault::new(&lapse.span, "time", fault.message).nearest(fault.nearest);
                said.expected = fault.expected;
                self.faults.add(said);
                0
            }
        };
        (when.piece(0..at), holds)
    }
}

/// Where a condition reads a name of a machine: the measured value of a sensor, a driver, the true wear.
pub fn source_of(model: &Model, item: &str) -> Option<Source> {
    if let Some(sensor) = model.sensors.iter().find(|sensor| sensor.name == item) {
        return Some(Source::Reading(sensor.panel, sensor.lane));
    }
    if let Some(wear) = model.wears.iter().position(|wear| wear.name == item) {
        return Some(Source::Wear(wear as u8));
    }
    if item == "running" {
        return Some(Source::Slot(crate::plan::slot::RUNNING));
    }
    model.slot_of.get(item).map(|&slot| Source::Slot(slot))
}

/// Names worth suggesting: those of the machines that the text seems to speak of.
fn known_readings(plant: &Plant, text: &str) -> Vec<String> {
    let mut known = Vec::new();
    for machine in &plant.machines {
        if known.len() > 2000 {
            break;
        }
        if text.contains(&*machine.id) || known.is_empty() {
            let model = &plant.models[machine.model as usize];
            let names = model.sensors.iter().map(|sensor| &sensor.name).chain(model.slot_of.keys());
            known.extend(names.map(|name| format!("{}.{name}", machine.id)));
        }
    }
    known
}
