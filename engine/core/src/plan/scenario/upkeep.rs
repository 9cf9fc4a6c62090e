//! `[maintenance]`: when planned work is due, on what, and with how many hands.

mod condition;
mod shop;

use super::Compiler;
use super::plant::Plant;
use crate::files::names;
use crate::files::numbers::Lapse;
use crate::files::scenario::ScenarioSpec;
use crate::files::sources::Fault;
use crate::maintenance::spec::MaintenanceSpec;
use crate::maintenance::{MaintenancePlan, Policy};
use std::collections::BTreeSet;

const POLICIES: [&str; 4] = ["run-to-failure", "periodic", "condition", "predictive"];

impl Compiler<'_> {
    pub(super) fn maintenance(&mut self, spec: &ScenarioSpec, plant: &Plant) -> MaintenancePlan {
        let Some(upkeep) = &spec.maintenance else { return MaintenancePlan::default() };
        let policy = match upkeep.policy.value.as_str() {
            "run-to-failure" => Policy::RunToFailure,
            "periodic" => self.periodic(upkeep),
            "condition" => self.on_condition(upkeep, plant),
            "predictive" => self.predictive(upkeep, spec.tick.value.0 as f64),
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
        let (spares, takes) = self.spares(upkeep, plant);
        MaintenancePlan {
            policy,
            restores: self.restores(upkeep, plant),
            crew,
            hours: self.work_hours(upkeep, spec.tick.value.0),
            opportunistic: self.opportunity(upkeep),
            spares,
            takes,
        }
    }

    fn check_policy_keys(&mut self, upkeep: &MaintenanceSpec) {
        let policy = upkeep.policy.value.as_str();
        let given: [(&str, _, &[&str]); 6] = [
            ("every", upkeep.every.as_ref().map(|every| &every.span), &["periodic", "predictive"]),
            ("by", upkeep.by.as_ref().map(|by| &by.span), &["periodic"]),
            ("when", upkeep.when.as_ref().map(|when| &when.span), &["condition"]),
            ("delay", upkeep.delay.as_ref().map(|delay| &delay.span), &["condition"]),
            ("lead", upkeep.lead.as_ref().map(|lead| &lead.span), &["predictive"]),
            ("risk", upkeep.risk.as_ref().map(|risk| &risk.span), &["predictive"]),
        ];
        for (key, span, belongs) in given {
            if let (Some(span), true) = (span, POLICIES.contains(&policy) && !belongs.contains(&policy)) {
                let owners = belongs.join(" or ");
                self.faults.say(span, "policy", format!("`{key}` belongs to a {owners} policy, not to {policy}"));
            }
        }
    }

    fn periodic(&mut self, upkeep: &MaintenanceSpec) -> Policy {
        let every = match &upkeep.every {
            Some(every) => self.fixed_time(every, "a time, such as \"30 d\""),
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

    fn predictive(&mut self, upkeep: &MaintenanceSpec, tick: f64) -> Policy {
        let lead = match &upkeep.lead {
            Some(lead) => self.fixed_time(lead, "a time, such as \"14 d\""),
            None => {
                self.faults.say(&upkeep.policy.span, "missing-key", "a predictive policy needs `lead`");
                1e9
            }
        };
        let risk = match &upkeep.risk {
            Some(risk) => {
                let value = risk.draw.fixed().filter(|value| *value > 0.0 && *value <= 1.0);
                if value.is_none() {
                    let fault = Fault::new(&risk.span, "number", "this is no probability to act on");
                    self.faults.add(fault.expected("a number above 0, at most 1"));
                }
                value.unwrap_or(1.0)
            }
            None => {
                self.faults.say(&upkeep.policy.span, "missing-key", "a predictive policy needs `risk`");
                1.0
            }
        };
        let every =
            upkeep.every.as_ref().map_or(lead / 10.0, |every| self.fixed_time(every, "a time, such as \"1 d\""));
        Policy::Predictive { lead, risk, every: every.max(tick) }
    }

    /// A time that nothing is drawn from.
    fn fixed_time(&mut self, lapse: &Lapse, expected: &str) -> f64 {
        match lapse.draw.fixed() {
            Some(nanos) if nanos >= 1.0 => nanos,
            _ => {
                let fault = Fault::new(&lapse.span, "time", "this is not a fixed time above 0");
                self.faults.add(fault.expected(expected));
                1e9
            }
        }
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
