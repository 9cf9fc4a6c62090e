//! The workshop of `[maintenance]`: its hours, its habits and its shelf.

use super::{Compiler, Plant};
use crate::dice::Purpose;
use crate::files::leaf::At;
use crate::files::names;
use crate::files::numbers::Draw;
use crate::files::sources::Fault;
use crate::maintenance::hours::{DAY, WorkHours};
use crate::maintenance::spares::SparePlan;
use crate::maintenance::spec::{MaintenanceSpec, SpareSpec};
use std::collections::BTreeSet;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Nanoseconds of a minute.
const MINUTE: i64 = 60_000_000_000;

impl Compiler<'_> {
    pub(super) fn work_hours(&mut self, upkeep: &MaintenanceSpec, tick: i64) -> Option<WorkHours> {
        if upkeep.hours.is_none() && upkeep.days.is_none() {
            return None;
        }
        let (from, to) = match &upkeep.hours {
            Some(hours) => self.shift(hours, tick),
            None => (0, DAY),
        };
        let days = match &upkeep.days {
            Some(days) => self.work_days(days),
            None => (0..7).collect(),
        };
        Some(WorkHours::new(from, to, days.into_iter()))
    }

    /// `06:00-14:00`
    fn shift(&mut self, hours: &At<String>, tick: i64) -> (i64, i64) {
        let parts = hours.value.split_once('-').and_then(|(from, to)| Some((of_day(from)?, of_day(to)?)));
        let Some((from, to)) = parts.filter(|(from, to)| from != to && *from < DAY) else {
            let message = if parts.is_some() { "this shift has no beginning and end" } else { "these are no hours" };
            let fault = Fault::new(&hours.span, "hours", message);
            self.faults.add(fault.expected("from when to when, such as \"06:00-14:00\" or \"22:00-06:00\""));
            return (0, DAY);
        };
        let long = (to - from).rem_euclid(DAY);
        if long > 0 && long < tick {
            let fault =
                Fault::new(&hours.span, "hours", "this shift is shorter than a tick: work could miss it for ever");
            self.faults.add(fault.expected("a longer shift, or a shorter `tick`"));
        }
        (from, to)
    }

    fn work_days(&mut self, days: &At<Vec<At<String>>>) -> BTreeSet<i64> {
        if days.value.is_empty() {
            let fault = Fault::new(&days.span, "days", "nobody works on any day");
            self.faults.add(fault.expected(names::list(DAYS)));
        }
        let mut found = BTreeSet::new();
        for day in &days.value {
            match DAYS.iter().position(|known| *known == day.value) {
                Some(place) => _ = found.insert(place as i64),
                None => {
                    let short = day.value.to_lowercase();
                    let meant = DAYS.into_iter().find(|known| short.starts_with(known)).map(str::to_owned);
                    self.faults.add(
                        Fault::new(&day.span, "days", format!("`{}` is not a day", day.value))
                            .expected(names::list(DAYS))
                            .nearest(meant.or_else(|| names::nearest(&day.value, DAYS))),
                    );
                }
            }
        }
        found
    }

    pub(super) fn opportunity(&mut self, upkeep: &MaintenanceSpec) -> Option<f64> {
        let num = upkeep.opportunistic.as_ref()?;
        let value = num.draw.fixed().filter(|value| (0.0..=1.0).contains(value));
        if value.is_none() {
            let fault = Fault::new(&num.span, "number", "this is not a wear");
            self.faults.add(fault.expected("a number from 0 to 1"));
        }
        value
    }

    /// The shelf, and by model and wear what is taken from it.
    pub(super) fn spares(
        &mut self,
        upkeep: &MaintenanceSpec,
        plant: &Plant,
    ) -> (Vec<SparePlan>, Vec<Vec<Option<u16>>>) {
        let mut plans = Vec::new();
        for (name, spare) in upkeep.spares.iter() {
            self.check_taker(name, plant);
            plans.push(self.spare(name, spare));
        }
        let spare_of = |wear: &crate::wear::WearPlan| {
            wear.repair.as_ref()?;
            plans.iter().position(|spare| spare.name == wear.name).map(|place| place as u16)
        };
        let takes = plant.models.iter().map(|model| model.wears.iter().map(spare_of).collect()).collect();
        (plans, takes)
    }

    /// Somebody must be able to use a spare.
    fn check_taker(&mut self, name: &At<String>, plant: &Plant) {
        if plant.unclear || self.faults.is_full() {
            return;
        }
        let wears = || plant.models.iter().flat_map(|model| &model.wears);
        if !wears().any(|wear| wear.name == name.value) {
            let known: BTreeSet<&str> = wears().map(|wear| wear.name.as_str()).collect();
            self.faults.add(
                Fault::new(&name.span, "unknown-name", format!("no machine has a wear `{}`", name.value))
                    .expected(names::list(known.iter().copied()))
                    .nearest(names::nearest(&name.value, known.iter().copied())),
            );
        } else if !wears().any(|wear| wear.name == name.value && wear.repair.is_some()) {
            let message = format!("`{}` has no `repair` in its machine file: nobody takes its spares", name.value);
            self.faults.say(&name.span, "repair", message);
        }
    }

    fn spare(&mut self, name: &At<String>, spec: &SpareSpec) -> SparePlan {
        if spec.stock.value > MOST_SPARES {
            let fault = Fault::new(&spec.stock.span, "number", "no shelf holds so many");
            self.faults.add(fault.expected(format!("0 to {MOST_SPARES}")));
        }
        if spec.lead.draw.fixed().is_some_and(|nanos| nanos < 0.0) {
            self.faults.add(Fault::new(&spec.lead.span, "time", "this is before the order").expected("0 or more"));
        }
        SparePlan {
            name: name.value.clone(),
            stock: spec.stock.value.min(MOST_SPARES) as u32,
            lead: spec.lead.draw.clone(),
            cost: spec.cost.as_ref().map_or(Draw::Fixed(0.0), |num| num.draw.clone()),
            purpose: Purpose::named(&format!("spare.{}", name.value)),
        }
    }
}

const MOST_SPARES: u64 = 1_000_000;

/// Nanoseconds of the day at `14:30`; `24:00` is its end.
fn of_day(text: &str) -> Option<i64> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let two = |digits: &str| (digits.len() == 2).then(|| digits.parse::<u8>().ok()).flatten().map(i64::from);
    let minutes = two(hours)? * 60 + two(minutes).filter(|minutes| *minutes < 60)?;
    (minutes <= 24 * 60).then_some(minutes * MINUTE)
}
