//! A run's diary: events, alerts and works of stretch after stretch, as rows of the tables of a store.
//!
//! A mode that lasts no time is none: of changes in one instant only where they lead to is kept.

use super::alarms::Alarms;
use crate::run::merge::Merged;
use serde_json::Value;
use std::collections::BTreeMap;
use twinwright_core::Plan;
use twinwright_io::store::chronicle::{ModeRow, Unit, WorkRow};
use twinwright_model::{EventRecord, Mode, Time, WorkRecord};

/// What has to be remembered from one stretch to the next.
#[derive(Debug)]
pub struct Diary {
    /// Each machine's mode and since when.
    modes: Vec<(Mode, Time)>,
    /// The first tick, until its events were heard.
    opening: Option<Time>,
    alarms: Alarms,
    /// Work that goes on, by machine.
    works: BTreeMap<u32, WorkRecord>,
}

impl Diary {
    pub fn new(plan: &Plan) -> Diary {
        let first = plan.time_of(i64::from(plan.first_tick()));
        let modes =
            plan.origin.as_ref().map_or_else(|| vec![Mode::Running; plan.machines.len()], |one| one.modes(plan));
        Diary {
            modes: modes.into_iter().map(|mode| (mode, first)).collect(),
            opening: Some(first),
            alarms: Alarms::new(first),
            works: BTreeMap::new(),
        }
    }

    /// Adds a stretch to a piece of history.
    pub fn hear(&mut self, plan: &Plan, merged: &Merged, unit: &mut Unit) {
        self.hear_modes(&merged.events, unit);
        self.hear_works(merged, unit);
        for alert in &merged.alerts {
            self.alarms.hear(plan, alert, unit);
        }
    }

    fn hear_modes(&mut self, events: &[EventRecord], unit: &mut Unit) {
        let mut changes: BTreeMap<(Time, u32), (Mode, Option<String>)> = BTreeMap::new();
        for event in events.iter().filter(|event| event.event == "mode") {
            let mode = event.detail.get("mode").and_then(Value::as_str).and_then(Mode::from_name).unwrap_or_default();
            changes.insert((event.time, event.machine), (mode, None));
        }
        for event in events {
            if let (Some((_, reason)), Some(why)) = (changes.get_mut(&(event.time, event.machine)), reason(event)) {
                *reason = Some(why);
            }
        }
        if let Some(first) = self.opening.take() {
            for machine in 0..self.modes.len() as u32 {
                let (mode, reason) =
                    changes.remove(&(first, machine)).unwrap_or((self.modes[machine as usize].0, None));
                self.modes[machine as usize].0 = mode;
                unit.modes.push(ModeRow { machine, time: first, mode, previous: None, lasted_s: None, reason });
            }
        }
        for ((time, machine), (mode, reason)) in changes {
            let (previous, since) = self.modes[machine as usize];
            if mode != previous {
                let lasted_s = Some(time.since(since).seconds());
                unit.modes.push(ModeRow { machine, time, mode, previous: Some(previous), lasted_s, reason });
                self.modes[machine as usize] = (mode, time);
            }
        }
    }

    fn hear_works(&mut self, merged: &Merged, unit: &mut Unit) {
        let mut begun = merged.works.iter().peekable();
        for event in &merged.events {
            // What begins in this instant comes after what ends in it.
            while let Some(work) = begun.next_if(|work| work.time < event.time) {
                self.begin_work(work);
            }
            self.hear_work(event, unit);
        }
        begun.for_each(|work| self.begin_work(work));
    }

    fn begin_work(&mut self, work: &WorkRecord) {
        let before = self.works.remove(&work.machine).filter(|before| !before.planned && !work.planned);
        let cost = work.cost + before.map_or(0.0, |before| before.cost);
        self.works.insert(work.machine, WorkRecord { cost, ..work.clone() });
    }

    fn hear_work(&mut self, event: &EventRecord, unit: &mut Unit) {
        let (machine, time) = (event.machine, event.time);
        match event.event {
            "failure" => {
                // A wear that fails during planned work turns it into a repair.
                let broken = event.detail.contains_key("wear").then(|| self.works.get(&machine)).flatten();
                if let Some(work) = broken.filter(|work| work.planned).cloned() {
                    self.works.remove(&machine);
                    let (hours, cost) = (Some(time.since(work.time).hours()), Some(work.cost));
                    let note = "broken off by a failure";
                    unit.works.push(WorkRow {
                        machine,
                        time,
                        what: "planned",
                        subject: String::new(),
                        hours,
                        cost,
                        note,
                    });
                }
                let subject = reason(event).unwrap_or_default();
                unit.works.push(WorkRow { machine, time, what: "failure", subject, hours: None, cost: None, note: "" });
            }
            "repair" => {
                let planned = event.detail.get("planned").and_then(Value::as_bool).unwrap_or(false);
                let work = self.works.remove(&machine).filter(|work| work.planned == planned);
                let what = if planned { "planned" } else { "repair" };
                let (hours, cost) = (event.detail.get("hours").and_then(Value::as_f64), work.map(|work| work.cost));
                let subject = reason(event).unwrap_or_default();
                unit.works.push(WorkRow { machine, time, what, subject, hours, cost, note: "" });
            }
            _ => {}
        }
    }
}

/// What an event that changes a mode is about.
fn reason(event: &EventRecord) -> Option<String> {
    let text = |key: &str| event.detail.get(key).and_then(Value::as_str).map(str::to_owned);
    match event.event {
        "failure" => text("wear").or_else(|| text("fault")),
        "repair" | "maintenance" => {
            let wears = event.detail.get("wears").and_then(Value::as_array)?;
            Some(wears.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "))
        }
        "set" if event.detail.contains_key("mode") => Some("script".to_owned()),
        _ => None,
    }
}
