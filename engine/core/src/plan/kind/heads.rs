//! What a machine file says of itself: its version, its kind, its class, and names that share one space.

use super::{MOST_NAMES, MOST_SENSORS, Maker, RESERVED};
use crate::files::leaf::At;
use crate::files::machine::{CLASSES, MACHINE_SCHEMA};
use crate::files::names;
use crate::files::sources::Fault;
use std::collections::BTreeMap;

impl Maker<'_> {
    pub(super) fn check_head(&mut self) {
        if self.spec.schema.value != MACHINE_SCHEMA {
            let fault = Fault::new(&self.spec.schema.span, "schema", "this is not a machine file of version 1");
            self.faults.add(fault.expected(format!("`schema = \"{MACHINE_SCHEMA}\"`")));
        }
        let kind = &self.spec.kind;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if kind.value.is_empty() || !kind.value.chars().all(plain) || kind.value.len() > 64 {
            let fault = Fault::new(&kind.span, "kind-name", format!("`{}` cannot name a kind", kind.value));
            self.faults.add(fault.expected("lower-case letters, digits and `-`, at most 64"));
        }
        if let Some(class) = &self.spec.class
            && !CLASSES.contains(&class.value.as_str())
        {
            self.faults.add(
                Fault::new(&class.span, "class", format!("`{}` is not a class", class.value))
                    .expected(names::list(CLASSES))
                    .nearest(names::nearest(&class.value, CLASSES)),
            );
        }
        if self.spec.sensors.is_empty() && !self.faults.blames_key("sensors") && !self.faults.names_sort() {
            self.faults.say(&self.spec.span, "missing-key", "a machine needs at least one sensor");
        }
    }

    /// Names of parameters, drivers, wears and sensors share one space.
    pub(super) fn check_names(&mut self) -> bool {
        let spec = self.spec;
        let tables: [(&str, Vec<&At<String>>); 4] = [
            ("parameter", spec.parameters.iter().map(|(name, _)| name).collect()),
            ("driver", spec.drivers.iter().map(|(name, _)| name).collect()),
            ("wear", spec.wear.iter().map(|(name, _)| name).collect()),
            ("sensor", spec.sensors.iter().map(|(name, _)| name).collect()),
        ];
        let total: usize = tables.iter().map(|(_, names)| names.len()).sum();
        if spec.sensors.len() > MOST_SENSORS || total > MOST_NAMES || spec.wear.len() > 32 {
            let message =
                format!("this kind has {} sensors, {} wears and {total} names", spec.sensors.len(), spec.wear.len());
            let fault = Fault::new(&spec.span, "too-many", message);
            self.faults.add(fault.expected(format!("at most {MOST_SENSORS} sensors, 32 wears and {MOST_NAMES} names")));
            return false;
        }
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        for (sort, names) in &tables {
            for name in names {
                if !names::is_identifier(&name.value) {
                    let fault = Fault::new(&name.span, "name", format!("`{}` cannot name a {sort}", name.value));
                    self.faults.add(fault.expected("letters, digits and `_`, at most 64, no digit first"));
                } else if RESERVED.contains(&name.value.as_str()) {
                    self.faults.say(
                        &name.span,
                        "name",
                        format!("`{}` already means something in expressions", name.value),
                    );
                } else if let Some(other) = seen.insert(&name.value, sort) {
                    let message = format!("`{}` is the name of a {other} and of a {sort}", name.value);
                    self.faults.say(&name.span, "name", message);
                }
            }
        }
        true
    }
}
