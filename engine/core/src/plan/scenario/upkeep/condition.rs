//! The condition of a condition policy, bound to each kind that has all its names.

use super::super::actions::source_of;
use super::{Compiler, Plant};
use crate::expression::{Meaning, Names};
use crate::limits::Level;
use crate::maintenance::spec::MaintenanceSpec;
use crate::maintenance::{Policy, Sign, Watched};
use crate::plan::{Model, formulas};
use std::collections::{BTreeMap, BTreeSet};

impl Compiler<'_> {
    pub(super) fn on_condition(&mut self, upkeep: &MaintenanceSpec, plant: &Plant) -> Policy {
        let delay = upkeep.delay.as_ref().map_or(0.0, |delay| delay.draw.fixed().unwrap_or(0.0));
        let Some(when) = &upkeep.when else {
            self.faults.say(&upkeep.policy.span, "missing-key", "a condition policy needs `when`");
            return Policy::RunToFailure;
        };
        let Some(expr) = formulas::parse(when, Names::Dotted, &mut self.faults) else { return Policy::RunToFailure };
        let mut by_model = BTreeMap::new();
        let used: BTreeSet<u32> = plant.machines.iter().map(|machine| machine.model).collect();
        let named = expr.names();
        for index in used {
            let model = &plant.models[index as usize];
            // A plant has kinds that the condition does not speak of.
            if named.iter().any(|(name, _)| sign_of(model, name).is_none()) {
                continue;
            }
            let mut reads: Vec<Sign> = Vec::new();
            let mut resolve = |name: &str| {
                let sign = sign_of(model, name)?;
                let at = reads.iter().position(|read| *read == sign).unwrap_or_else(|| {
                    reads.push(sign);
                    reads.len() - 1
                });
                Some(Meaning::Slot(at as u16))
            };
            if let Ok(bound) = expr.bind(&mut resolve, &[]) {
                by_model.insert(index, vec![Watched { bound, reads }]);
            }
        }
        if by_model.is_empty() && !plant.models.is_empty() && !plant.unclear {
            let known = known_signs(plant);
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let said = self.faults.said();
            formulas::bind(
                when,
                Names::Dotted,
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
}

/// What a name of a condition stands for on a machine: a number of it, or `vibration.high`.
fn sign_of(model: &Model, name: &str) -> Option<Sign> {
    let Some((sensor, level)) = name.split_once('.') else { return source_of(model, name).map(Sign::Number) };
    let place = model.sensors.iter().position(|known| known.name == sensor)?;
    let level = Level::ALL.into_iter().find(|known| known.name() == level)?;
    let limits = model.sensors[place].limits.as_ref()?;
    limits.at[level as usize].map(|_| Sign::Alert(place as u16, level))
}

/// All names that a condition may use on some machine of the plant.
fn known_signs(plant: &Plant) -> BTreeSet<String> {
    let mut known = BTreeSet::from(["running".to_owned()]);
    for model in &plant.models {
        known.extend(model.slot_of.keys().cloned());
        for sensor in &model.sensors {
            known.insert(sensor.name.clone());
            let limits =
                sensor.limits.iter().flat_map(|limits| Level::ALL.map(|level| (level, limits.at[level as usize])));
            let set = limits.filter(|(_, at)| at.is_some());
            known.extend(set.map(|(level, _)| format!("{}.{}", sensor.name, level.name())));
        }
    }
    known
}
