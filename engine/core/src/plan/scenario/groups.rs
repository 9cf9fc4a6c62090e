//! `[[group]]`: machines of which so many are needed.

use super::Compiler;
use super::plant::Plant;
use crate::files::scenario::ScenarioSpec;
use crate::files::sources::Fault;
use crate::groups::GroupPlan;
use crate::groups::spec::GroupSpec;
use std::collections::BTreeSet;

/// Each log is looked at with every future.
const MOST_GROUPS: usize = 1_000;

impl Compiler<'_> {
    pub(super) fn groups(&mut self, spec: &ScenarioSpec, plant: &Plant) -> Vec<GroupPlan> {
        let mut groups: Vec<GroupPlan> = Vec::new();
        for group in spec.group.iter().take(MOST_GROUPS) {
            self.check_group_name(group, &groups, plant);
            let machines = self.group_machines(group, plant);
            let count = machines.len() as u64;
            let needs = group.needs.value;
            if count > 0 && !(1..=count).contains(&needs) {
                let message = format!("a group of {count} machines cannot need {needs} of them");
                self.faults.add(Fault::new(&group.needs.span, "number", message).expected(format!("1 to {count}")));
            }
            let price = group.downtime.as_ref().map_or(0.0, |price| self.fixed_price(price));
            groups.push(GroupPlan {
                name: group.name.value.clone(),
                machines,
                needs: needs.min(count) as u32,
                downtime_price: price,
            });
        }
        if let Some(group) = spec.group.get(MOST_GROUPS) {
            let fault = Fault::new(&group.span, "too-many", "these are too many groups");
            self.faults.add(fault.expected(format!("at most {MOST_GROUPS}")));
        }
        groups
    }

    fn check_group_name(&mut self, group: &GroupSpec, before: &[GroupPlan], plant: &Plant) {
        let (name, span) = (&group.name.value, &group.name.span);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.len() > 64 || !name.chars().all(is_plain) {
            let fault = Fault::new(span, "group", "this cannot be the name of a group");
            self.faults.add(fault.expected("1 to 64 letters, digits, `-`, `_` and `.`"));
        } else if plant.find(name).is_some() {
            let message = format!("`{name}` is a machine: measures could mean either");
            self.faults.add(Fault::new(span, "group", message).expected("a name of its own"));
        } else if before.iter().any(|other| other.name == *name) {
            self.faults.say(span, "group", format!("`{name}` is the name of two groups"));
        }
    }

    fn group_machines(&mut self, group: &GroupSpec, plant: &Plant) -> Vec<u32> {
        let mut machines = BTreeSet::new();
        for selector in &group.machines.0 {
            for machine in plant.select(selector, &mut self.faults) {
                if !machines.insert(machine) && !self.faults.blames(&selector.span) {
                    let message = format!("`{}` is in this group twice", plant.machines[machine as usize].id);
                    self.faults.say(&selector.span, "group", message);
                }
            }
        }
        if group.machines.0.is_empty() {
            let fault = Fault::new(&group.name.span, "group", "this group has no machines");
            self.faults.add(fault.expected("`machines = \"P-{1..3}\"` or a list"));
        }
        machines.into_iter().collect()
    }

    fn fixed_price(&mut self, price: &crate::files::numbers::Num) -> f64 {
        price.draw.fixed().unwrap_or_else(|| {
            let fault = Fault::new(&price.span, "number", "the cost of an hour is one number here");
            self.faults.add(fault.expected("a number, such as 400"));
            0.0
        })
    }
}
