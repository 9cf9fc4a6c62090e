//! `[limits]` of a site: laid over what machine files say, so that whoever watches an item looks in one place.

use super::Maker;
use crate::files::leaf::{At, Pair};
use crate::files::names;
use crate::files::site::{ItemSpec, Number};
use crate::files::sources::Fault;
use crate::limits::{Level, LimitsPlan};
use crate::plan::Model;
use crate::sensing::SensorPlan;
use crate::site::ItemPlan;
use std::collections::BTreeSet;
use twinwright_model::Span;
use twinwright_model::time::SECOND;

/// The key of an item: a machine's, or of all that have it.
struct Aim<'k> {
    machine: Option<&'k str>,
    item: &'k str,
}

fn aim(key: &str) -> Aim<'_> {
    match key.rsplit_once('.') {
        Some((machine, item)) => Aim { machine: Some(machine), item },
        None => Aim { machine: None, item: key },
    }
}

impl Maker<'_> {
    /// Items of all machines first, then those of single ones, which have all that the former say and more.
    pub(super) fn items(&mut self) -> Vec<ItemPlan> {
        let (mut general, mut single): (Vec<ItemPlan>, Vec<ItemPlan>) = (Vec::new(), Vec::new());
        let spec = self.spec;
        let (of_all, of_one): (Vec<_>, Vec<_>) = spec.limits.iter().partition(|(key, _)| !key.value.contains('.'));
        for (key, item) in of_all {
            self.check_keys(key, item);
            general.extend(self.item_of_all(key, item));
        }
        for (key, item) in of_one {
            self.check_keys(key, item);
            single.extend(self.item_of_one(key, item, &general));
        }
        // What holds for one machine alone replaces what was spread over all of them.
        general.retain(|plan| {
            plan.machine.is_none() || !single.iter().any(|own| own.machine == plan.machine && own.item == plan.item)
        });
        general.extend(single);
        general
    }

    /// One plan where all machines come to the same, else one a machine.
    fn item_of_all(&mut self, key: &At<String>, item: &ItemSpec) -> Vec<ItemPlan> {
        let having = |model: &u32| sensor_of(&self.plant.models[*model as usize], &key.value).cloned();
        let sensors: Vec<(u32, SensorPlan)> =
            self.used.iter().filter_map(|model| Some((*model, having(model)?))).collect();
        let bare = ItemPlan::of(None, &key.value);
        if sensors.is_empty() {
            self.check_known(key, &key.value, None);
            return vec![self.laid_over(key, item, bare)];
        }
        self.check_unit(item, &sensors[0].1);
        let mut plans: Vec<(u32, ItemPlan)> = Vec::new();
        for (model, sensor) in sensors {
            let below = ItemPlan { limits: sensor.limits, ..bare.clone() };
            plans.push((model, self.laid_over(key, item, below)));
        }
        if plans.iter().all(|(_, plan)| plan.limits == plans[0].1.limits) {
            return vec![plans.swap_remove(0).1];
        }
        if !self.take_room(key, self.plant.machines.len()) {
            return Vec::new();
        }
        let of = |model: u32| plans.iter().find(|(known, _)| *known == model).map(|(_, plan)| plan);
        let machines = self.plant.machines.iter();
        machines
            .filter_map(|machine| {
                Some(ItemPlan { machine: Some(machine.id.to_string()), ..of(machine.model)?.clone() })
            })
            .collect()
    }

    fn item_of_one(&mut self, key: &At<String>, item: &ItemSpec, general: &[ItemPlan]) -> Option<ItemPlan> {
        let Aim { machine: Some(id), item: name } = aim(&key.value) else { return None };
        let machine = At { value: id.to_owned(), span: key.span.clone() };
        let on = if self.check_machine(&machine) { self.plant.find(id) } else { None };
        if on.is_none() && !self.registers {
            return None;
        }
        let sensor = on.and_then(|on| sensor_of(self.plant.model_of(on), name).cloned());
        match &sensor {
            Some(sensor) => self.check_unit(item, sensor),
            None => self.check_known(key, name, on),
        }
        let laid =
            general.iter().find(|plan| plan.item == name && plan.machine.as_deref().is_none_or(|other| other == id));
        let below = match laid {
            Some(plan) => plan.clone(),
            None => ItemPlan { limits: sensor.and_then(|sensor| sensor.limits), ..ItemPlan::of(None, name) },
        };
        let plan = self.laid_over(key, item, below);
        Some(ItemPlan { machine: Some(id.to_owned()), ..plan })
    }

    /// What the site says, over what stands below it.
    fn laid_over(&mut self, key: &At<String>, item: &ItemSpec, below: ItemPlan) -> ItemPlan {
        let stuck = item.stuck.is_some().then(|| self.span(&item.stuck, Span(SECOND), (Span(SECOND), super::LONGEST)));
        let rate = item.rate.as_ref().map(|rate| {
            if rate.value.0 <= 0.0 {
                let fault = Fault::new(&rate.span, "number", "every change would be too fast");
                self.faults().add(fault.expected("above 0, in units per hour"));
            }
            rate.value.0
        });
        ItemPlan {
            unit: item.unit.as_ref().map(|unit| unit.value.clone()).or(below.unit),
            limits: self.limits(key, item, below.limits),
            range: item.range.as_ref().and_then(|range| self.range(range)).or(below.range),
            rate: rate.or(below.rate),
            stuck: stuck.or(below.stuck),
            machine: below.machine,
            item: below.item,
        }
    }

    fn limits(&mut self, key: &At<String>, item: &ItemSpec, below: Option<LimitsPlan>) -> Option<LimitsPlan> {
        let given = [&item.low_low, &item.low, &item.high, &item.high_high];
        let beside = item.deadband.is_some() || item.on_delay.is_some() || item.off_delay.is_some();
        if given.iter().all(|level| level.is_none()) && (!beside || below.is_none()) {
            if beside {
                let fault = Fault::new(&key.span, "limits", "these limits limit nothing");
                self.faults().add(fault.expected("`low_low`, `low`, `high` or `high_high`"));
            }
            return below;
        }
        let mut plan = below.unwrap_or(LimitsPlan { at: [None; 4], deadband: 0.0, on_delay: 0, off_delay: 0 });
        for (place, level) in given.iter().enumerate() {
            plan.at[place] = level.as_ref().map(|level| level.value.0).or(plan.at[place]);
        }
        let mut before: Option<(f64, Level)> = None;
        for (level, at) in Level::ALL.into_iter().zip(plan.at) {
            let Some(at) = at else { continue };
            if let Some((lower, other)) = before.filter(|(lower, _)| *lower > at) {
                let own = given[level as usize].as_ref().or(given[other as usize].as_ref());
                let span = own.map_or(key.span.clone(), |own| own.span.clone());
                let message = format!("`{}` at {at} lies below `{}` at {lower}", level.name(), other.name());
                self.faults().add(
                    Fault::new(&span, "limits", message)
                        .expected("low_low, low, high, high_high in this order, with what the machine file says"),
                );
            }
            before = Some((at, level));
        }
        if let Some(at) = &item.deadband {
            if at.value.0 < 0.0 {
                self.faults()
                    .add(Fault::new(&at.span, "number", "the deadband is out of bounds").expected("0 or more"));
            }
            plan.deadband = at.value.0;
        }
        let delays = (Span::ZERO, super::LONGEST);
        plan.on_delay = self.span(&item.on_delay, Span(plan.on_delay), delays).0;
        plan.off_delay = self.span(&item.off_delay, Span(plan.off_delay), delays).0;
        Some(plan)
    }

    fn range(&mut self, range: &Pair) -> Option<(f64, f64)> {
        let Pair(low, high, span) = range;
        let ends = low.draw.fixed().zip(high.draw.fixed());
        if ends.is_none_or(|(low, high)| low >= high) {
            let fault = Fault::new(span, "number", "this is no range");
            self.faults().add(fault.expected("[lowest, highest]: two numbers, the lowest first"));
        }
        ends
    }

    fn check_keys(&mut self, key: &At<String>, item: &ItemSpec) {
        let numbers = [&item.low_low, &item.low, &item.high, &item.high_high, &item.deadband, &item.rate];
        let absent = numbers.iter().all(|number: &&Option<At<Number>>| number.is_none())
            && item.on_delay.is_none()
            && item.off_delay.is_none()
            && item.range.is_none()
            && item.stuck.is_none()
            && item.unit.is_none();
        if absent && !self.faults().blames_inside(&item.span) && !self.faults().is_full() {
            let fault = Fault::new(&key.span, "limits", "these limits limit nothing");
            self.faults().add(fault.expected(names::list(ItemSpec::keys())));
        }
    }

    fn check_unit(&mut self, item: &ItemSpec, sensor: &SensorPlan) {
        if let Some(unit) = item.unit.as_ref().filter(|unit| unit.value != sensor.unit) {
            let message = format!("`{}` is in `{}`: its machine file says so", sensor.name, sensor.unit);
            let fault = Fault::new(&unit.span, "unit", message);
            self.faults()
                .add(fault.expected("limits in that unit; what a source sends is converted by the feed's `units`"));
        }
    }

    /// Only sensors have limits; where nobody has it, it may still be registered.
    fn check_known(&mut self, key: &At<String>, item: &str, on: Option<u32>) {
        if self.registers || self.plant.unclear || self.compiler.faults.is_full() {
            return;
        }
        let models = match on {
            Some(machine) => vec![self.plant.machines[machine as usize].model],
            None => self.used.clone(),
        };
        let sensors = models.iter().flat_map(|model| &self.plant.models[*model as usize].sensors);
        let known: BTreeSet<&str> = sensors.map(|sensor| sensor.name.as_str()).collect();
        let message = format!("there is no sensor `{item}`");
        let near = names::nearest(item, known.iter().copied());
        let near =
            near.map(|near| key.value.strip_suffix(item).map_or(near.clone(), |before| format!("{before}{near}")));
        let fault =
            Fault::new(&key.span, "unknown-sensor", message).expected(names::list(known.iter().copied())).nearest(near);
        self.compiler.faults.add(fault);
    }
}

fn sensor_of<'m>(model: &'m Model, name: &str) -> Option<&'m SensorPlan> {
    model.sensors.iter().find(|sensor| sensor.name == name)
}
