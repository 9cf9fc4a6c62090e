//! `[maintenance]`: when planned work is due, on what, and with how many hands.

use super::Compiler;
use super::actions::source_of;
use super::plant::Plant;
use crate::expression::{Meaning, Names};
use crate::files::names;
use crate::files::scenario::ScenarioSpec;
use crate::files::sources::Fault;
use crate::maintenance::spec::MaintenanceSpec;
use crate::maintenance::{MaintenancePlan, Policy, Source, Watched};
use crate::plan::formulas;
use std::collections::{BTreeMap, BTreeSet};

const POLICIES: [&str; 3] = ["run-to-failure", "periodic", "condition"];

impl Compiler<'_> {
    pub(super) fn maintenance(&mut self, spec: &ScenarioSpec, plant: &Plant) -> MaintenancePlan {
        let Some(upkeep) = &spec.maintenance else { return MaintenancePlan::default() };
        let policy = match upkeep.policy.value.as_str() {
            "run-to-failure" => Policy::RunToFailure,
            "periodic" => self.periodic(upkeep),
            "condition" => self.on_condition(upkeep, plant),
            other => {
                self.faults.add(
                    Fault::new(&upkeep.policy.span, "policy", format!("`{other}` is not a maintenance policy"))
                        .expected(names::list(POLICIES))
                        .nearest(names::nearest(other, POLICIES)),
                );
                Policy::RunToFailure
            }
        };
        self.check_policy_keys(upkeep);
        let crew = upkeep.crew.as_ref().map(|crew| {
            if crew.value == 0 || crew.value > u64::from(u32::MAX) {
                self.faults.add(Fault::new(&crew.span, "number", "nobody could work").expected("1 or more"));
            }
            crew.value.clamp(1, u64::from(u32::MAX)) as u32
        });
        MaintenancePlan { policy, restores: self.restores(upkeep, plant), crew }
    }

    fn check_policy_keys(&mut self, upkeep: &MaintenanceSpec) {
        let policy = upkeep.policy.value.as_str();
        let given = [
            ("every", upkeep.every.as_ref().map(|every| &every.span), "periodic"),
            ("by", upkeep.by.as_ref().map(|by| &by.span), "periodic"),
            ("when", upkeep.when.as_ref().map(|when| &when.span), "condition"),
            ("delay", upkeep.delay.as_ref().map(|delay| &delay.span), "condition"),
        ];
        for (key, span, belongs) in given {
            if let (Some(span), true) = (span, POLICIES.contains(&policy) && policy != belongs) {
                self.faults.say(span, "policy", format!("`{key}` belongs to a {belongs} policy, not to {policy}"));
            }
        }
    }

    fn periodic(&mut self, upkeep: &MaintenanceSpec) -> Policy {
        let every = match &upkeep.every {
            Some(every) => match every.draw.fixed() {
                Some(nanos) if nanos >= 1.0 => nanos,
                _ => {
                    let fault = Fault::new(&every.span, "time", "this is not a fixed time above 0");
                    self.faults.add(fault.expected("a time, such as \"30 d\""));
                    1e9
                }
            },
            None => {
                self.faults.say(&upkeep.policy.span, "missing-key", "a periodic policy needs `every`");
                1e9
            }
        };
        match upkeep.by.as_ref().map(|by| (by.value.as_str(), by)) {
            None | Some(("calendar", _)) => Policy::Calendar { every },
            Some(("operating", _)) => Policy::Operating { every },
            Some((other, by)) => {
                self.faults.add(
                    Fault::new(&by.span, "policy", format!("`{other}` is not a way to count"))
                        .expected("`calendar` or `operating`")
                        .nearest(names::nearest(other, ["calendar", "operating"])),
                );
                Policy::Calendar { every }
            }
        }
    }

    fn on_condition(&mut self, upkeep: &MaintenanceSpec, plant: &Plant) -> Policy {
        let delay = upkeep.delay.as_ref().map_or(0.0, |delay| delay.draw.fixed().unwrap_or(0.0));
        let Some(when) = &upkeep.when else {
            self.faults.say(&upkeep.policy.span, "missing-key", "a condition policy needs `when`");
            return Policy::RunToFailure;
        };
        let Some(expr) = formulas::parse(when, Names::Plain, &mut self.faults) else { return Policy::RunToFailure };
        let mut by_model = BTreeMap::new();
        let used: BTreeSet<u32> = plant.machines.iter().map(|machine| machine.model).collect();
        let named = expr.names();
        for index in used {
            let model = &plant.models[index as usize];
            // A plant has kinds that the condition does not speak of.
            if named.iter().any(|(name, _)| source_of(model, name).is_none()) {
                continue;
            }
            let mut reads: Vec<Source> = Vec::new();
            let mut resolve = |name: &str| {
                let source = source_of(model, name)?;
                let at = reads.iter().position(|read| *read == source).unwrap_or_else(|| {
                    reads.push(source);
                    reads.len() - 1
                });
                Some(Meaning::Slot(at as u16))
            };
            if let Ok(bound) = expr.bind(&mut resolve, &[]) {
                by_model.insert(index, vec![Watched { bound, reads }]);
            }
        }
        if by_model.is_empty() && !plant.models.is_empty() && !plant.unclear {
            let known: BTreeSet<&str> = plant
                .models
                .iter()
                .flat_map(|m| m.slot_of.keys().map(String::as_str).chain(m.sensors.iter().map(|s| s.name.as_str())))
                .collect();
            let known: Vec<&str> = known.into_iter().chain(["running"]).collect();
            let said = self.faults.said();
            formulas::bind(
                when,
                Names::Plain,
                &mut |name| known.contains(&name).then_some(Meaning::Slot(0)),
                &known,
                &mut self.faults,
            );
            if self.faults.said() == said {
                self.faults.say(&when.span, "condition", "no machine of this plant has all of these names");
            }
        }
        Policy::Condition { when: by_model, delay }
    }

    fn restores(&mut self, upkeep: &MaintenanceSpec, plant: &Plant) -> Vec<Vec<u8>> {
        let Some(named) = &upkeep.restores else {
            let all = |model: &crate::plan::Model| {
                model.wears.iter().enumerate().filter(|(_, w)| w.repair.is_some()).map(|(i, _)| i as u8).collect()
            };
            return plant.models.iter().map(all).collect();
        };
        let wears = || plant.models.iter().flat_map(|model| &model.wears);
        let known: BTreeSet<&str> = wears().map(|wear| wear.name.as_str()).collect();
        let repairable: BTreeSet<&str> =
            wears().filter(|wear| wear.repair.is_some()).map(|wear| wear.name.as_str()).collect();
        for name in named {
            if plant.unclear || self.faults.is_full() {
                break;
            }
            if !known.contains(name.value.as_str()) {
                self.faults.add(
                    Fault::new(&name.span, "unknown-name", format!("no machine has a wear `{}`", name.value))
                        .expected(names::list(known.iter().copied()))
                        .nearest(names::nearest(&name.value, known.iter().copied())),
                );
            } else if !repairable.contains(name.value.as_str()) {
                let message = format!("`{}` has no `repair` in its machine file: it cannot be restored", name.value);
                self.faults.say(&name.span, "repair", message);
            }
        }
        let chosen = |model: &crate::plan::Model| {
            let is_named = |wear: &crate::wear::WearPlan| {
                wear.repair.is_some() && named.iter().any(|name| name.value == wear.name)
            };
            model.wears.iter().enumerate().filter(|(_, w)| is_named(w)).map(|(i, _)| i as u8).collect()
        };
        plant.models.iter().map(chosen).collect()
    }
}
