//! How messages become readings: topics, JSON pointers, names and units, held against what the site knows.

use super::Maker;
use crate::files::feed::{HttpFeedSpec, MqttFeedSpec, PayloadSpec};
use crate::files::leaf::{At, Named};
use crate::files::names;
use crate::files::sources::{Fault, NOWHERE};
use crate::plan::Model;
use std::collections::BTreeSet;
use twinwright_model::feeds::{Mapping, Payload};

/// More than a message would ever be sent to.
const LONGEST_TOPIC: usize = 1_024;

impl Maker<'_> {
    pub(super) fn mqtt_mapping(&mut self, feed: &MqttFeedSpec) -> Mapping {
        if feed.topic.0.is_empty() && feed.topic.1 != NOWHERE {
            let fault = Fault::new(&feed.topic.1, "topic", "nothing is subscribed to");
            self.faults().add(fault.expected("such as `plant/{machine}/{sensor}`"));
        }
        for topic in &feed.topic.0 {
            if let Err(why) = check_topic(&topic.value) {
                let expected =
                    "levels apart by `/`, {machine} and {sensor} once at most; `+` is one level, `#` the rest";
                self.faults().add(Fault::new(&topic.span, "topic", why).expected(expected));
            }
        }
        let mapping = self.names_and_units(&feed.names, &feed.units);
        let topics = feed.topic.0.iter().map(|topic| topic.value.clone()).collect();
        Mapping { topics, payload: self.payload(&feed.payload), ..mapping }
    }

    pub(super) fn http_mapping(&mut self, feed: &HttpFeedSpec) -> Mapping {
        let mapping = self.names_and_units(&feed.names, &feed.units);
        Mapping { payload: self.payload(&feed.payload), ..mapping }
    }

    /// What is not said is looked for in the usual places.
    fn payload(&mut self, given: &Option<PayloadSpec>) -> Payload {
        let Some(given) = given else { return Payload::default() };
        let mut known = BTreeSet::new();
        let mut pointer = |at: &Option<At<String>>| {
            let at = at.as_ref()?;
            self.check_pointer(at);
            if !known.insert(at.value.clone()) {
                let fault = Fault::new(&at.span, "payload", format!("`{}` stands for two things", at.value));
                self.faults().add(fault.expected("a place of its own for each part"));
            }
            Some(at.value.clone())
        };
        Payload {
            list: pointer(&given.list),
            value: pointer(&given.value),
            time: pointer(&given.time),
            quality: pointer(&given.quality),
            unit: pointer(&given.unit),
            machine: pointer(&given.machine),
            sensor: pointer(&given.sensor),
            values: pointer(&given.values),
        }
    }

    fn check_pointer(&mut self, at: &At<String>) {
        let tail_is_fine = |(place, _): (usize, &str)| matches!(at.value.as_bytes().get(place + 1), Some(b'0' | b'1'));
        if !at.value.starts_with('/')
            || at.value.len() > 256
            || !at.value.match_indices('~').all(tail_is_fine)
            || at.value.matches('/').count() > 32
        {
            let near = names::is_identifier(&at.value).then(|| format!("/{}", at.value));
            let fault = Fault::new(&at.span, "payload", "this is no JSON pointer");
            self.faults()
                .add(fault.expected("a path that begins with `/`, such as `/value` or `/data/0/v`").nearest(near));
        }
    }

    pub(super) fn names_and_units(&mut self, given: &Named<At<String>>, units: &Named<At<String>>) -> Mapping {
        for (source, target) in given.iter() {
            self.check_map(source, target);
        }
        for (item, unit) in units.iter() {
            self.check_item(item, None);
            if unit.value.is_empty() || unit.value.len() > 32 || unit.value.chars().any(char::is_control) {
                let fault = Fault::new(&unit.span, "unit", "this is no unit");
                self.faults().add(fault.expected("such as `degF` or `bar`"));
            }
        }
        let pairs = |named: &Named<At<String>>| {
            named.iter().map(|(key, value)| (key.value.clone(), value.value.clone())).collect::<Vec<_>>()
        };
        Mapping { names: pairs(given), units: pairs(units), ..Mapping::default() }
    }

    /// `"TT-4711" = "P-101.bearing_temp"`, `"plc1/*" = "P-101.*"`
    fn check_map(&mut self, source: &At<String>, target: &At<String>) {
        let stars = source.value.matches('*').count();
        if source.value.is_empty() || source.value.len() > 256 || stars > 1 {
            let fault = Fault::new(&source.span, "names", "this is no name of a source");
            self.faults().add(fault.expected("`machine/sensor` as the source has it, with one `*` at most"));
            return;
        }
        let Some((machine, item)) =
            target.value.split_once('.').filter(|(machine, item)| !machine.is_empty() && !item.is_empty())
        else {
            let fault = Fault::new(&target.span, "names", "this is no name of the site");
            self.faults().add(fault.expected("`MACHINE.SENSOR`, such as \"P-101.bearing_temp\""));
            return;
        };
        let kept = target.value.matches('*').count();
        let whole = machine == "*" || item == "*";
        if kept != stars || (kept == 1 && !whole) {
            let message = if stars == 1 { "what `*` stands for goes nowhere" } else { "nothing stands for `*` here" };
            let fault = Fault::new(&target.span, "names", message);
            self.faults().add(fault.expected("a `*` on both sides, as in `\"plc1/*\" = \"P-101.*\"`, or on neither"));
            return;
        }
        let part = |text: &str| At { value: text.to_owned(), span: target.span.clone() };
        let known = machine == "*" || self.check_machine(&part(machine));
        if known && item != "*" {
            let on = self.plant.find(machine);
            self.check_item(&part(item), on);
        }
    }

    /// Whether a machine is one of the site's, or may come to be.
    pub(super) fn check_machine(&mut self, machine: &At<String>) -> bool {
        if self.plant.find(&machine.value).is_some() {
            return true;
        }
        if !self.registers {
            self.plant.report_unknown(&machine.value, machine, &mut self.compiler.faults);
        }
        false
    }

    /// A sensor, a fed driver or the mode, of one machine or of any.
    fn check_item(&mut self, item: &At<String>, on: Option<u32>) {
        if self.compiler.faults.is_full() {
            return;
        }
        let used = match on {
            Some(machine) => vec![self.plant.machines[machine as usize].model],
            None => self.used.clone(),
        };
        let models: Vec<&Model> = used.iter().map(|model| &self.plant.models[*model as usize]).collect();
        let known: BTreeSet<&str> = models.iter().flat_map(|model| items_of(model)).collect();
        if known.contains(item.value.as_str()) || self.registers || self.plant.unclear {
            return;
        }
        let whose = on.map_or("no machine of this site".to_owned(), |machine| {
            format!("`{}`", self.plant.machines[machine as usize].id)
        });
        let message = match on {
            Some(_) => format!("{whose} has no sensor or fed driver `{}`", item.value),
            None => format!("{whose} has a sensor or fed driver `{}`", item.value),
        };
        let near = names::nearest(&item.value, known.iter().copied());
        let fault = Fault::new(&item.span, "unknown-sensor", message)
            .expected(names::list(known.iter().copied()))
            .nearest(near);
        self.compiler.faults.add(fault);
    }
}

/// What readings of a machine of this model can be called.
fn items_of(model: &Model) -> impl Iterator<Item = &str> {
    let drivers = model.drivers.iter().filter(|driver| driver.is_fed).map(|driver| driver.name.as_str());
    model.sensors.iter().map(|sensor| sensor.name.as_str()).chain(drivers).chain(["mode"])
}

/// What is wrong with a topic template.
fn check_topic(topic: &str) -> Result<(), String> {
    if topic.is_empty() || topic.len() > LONGEST_TOPIC {
        return Err(format!("a topic has 1 to {LONGEST_TOPIC} bytes"));
    }
    if let Some(bad) = topic.chars().find(|c| c.is_control()) {
        return Err(format!("`{}` cannot stand in a topic", bad.escape_debug()));
    }
    let levels: Vec<&str> = topic.split('/').collect();
    for (at, level) in levels.iter().enumerate() {
        let last = at + 1 == levels.len();
        if level.contains('#') && (*level != "#" || !last) {
            return Err("`#` is the whole last level, or nothing".to_owned());
        }
        if level.contains('+') && *level != "+" {
            return Err("`+` is a whole level, or nothing".to_owned());
        }
        if level.contains(['{', '}']) {
            check_field(level)?;
        }
    }
    for field in ["{machine}", "{sensor}"] {
        if topic.matches(field).count() > 1 {
            return Err(format!("`{field}` stands twice"));
        }
    }
    Ok(())
}

/// One name in braces in a level, perhaps with text around it.
fn check_field(level: &str) -> Result<(), String> {
    let inside = level.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    match inside {
        Some((before, (name, after)))
            if names::is_identifier(name) && !before.contains('}') && !after.contains(['{', '}']) =>
        {
            Ok(())
        }
        _ => Err(format!("`{level}` is no level with one name in braces")),
    }
}
