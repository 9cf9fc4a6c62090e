//! What machines are doing and what is wrong with them: a hash for each machine, a queue of alerts by severity.
//!
//! Alerts that maintenance hid are shown to nobody: they are neither pushed nor counted. A push goes through a script
//! that keeps the number of the last push beside the queues: a push that comes twice is left out the second time, even
//! when the first one was still on its way through a dead line. This file makes commands; it never sends any.

use super::super::Manifest;
use crate::numerals;
use ::redis::Pipeline;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use twinwright_model::{AlertRecord, AlertState, Mode, Parcel, Severity, Time};

const DAY_SECONDS: u64 = 86_400;
/// Machines of one page: two commands each.
const PAGE: usize = 500;
/// Alerts of one push.
const PUSH: usize = 200;

/// KEYS: the mark, then the queues. ARGV: the push's number, how long the mark lives, how many alerts a queue keeps,
/// then pairs of a queue and an alert.
const SCRIPT: &str = "\
if tonumber(redis.call('GET', KEYS[1]) or '0') >= tonumber(ARGV[1]) then return 0 end \
for i = 4, #ARGV, 2 do redis.call('LPUSH', KEYS[1 + tonumber(ARGV[i])], ARGV[i + 1]) end \
for i = 2, #KEYS do redis.call('LTRIM', KEYS[i], 0, tonumber(ARGV[3]) - 1) end \
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) \
return 1";

const SEVERITIES: [Severity; 4] = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

/// What is known of every machine.
pub(super) struct Statuses {
    names: Vec<String>,
    desks: Vec<Desk>,
    /// Machines of which the server has not heard the newest.
    stirred: BTreeSet<u32>,
}

struct Desk {
    mode: Mode,
    last: Option<Time>,
    sensors: usize,
    /// Rules whose alerts are active.
    active: BTreeSet<String>,
}

impl Statuses {
    pub(super) fn new(manifest: &Manifest) -> Statuses {
        let sensors = |sheet: u16| manifest.sheets.get(usize::from(sheet)).map_or(0, |sheet| sheet.sensors.len());
        let desk = |sensors| Desk { mode: Mode::Running, last: None, sensors, active: BTreeSet::new() };
        Statuses {
            names: manifest.machines.iter().map(|machine| machine.id.clone()).collect(),
            desks: manifest.machines.iter().map(|machine| desk(sensors(machine.sheet))).collect(),
            stirred: BTreeSet::new(),
        }
    }

    pub(super) fn machines(&self) -> &[String] {
        &self.names
    }

    /// Takes in what a parcel says of its machines.
    pub(super) fn hear(&mut self, parcel: &Parcel) {
        for (&machine, &time) in parcel.machine.iter().zip(&parcel.time) {
            self.touch(machine, time);
        }
        for event in parcel.events.iter().filter(|event| event.event == "mode") {
            let mode = event.detail.get("mode").and_then(Value::as_str).and_then(Mode::from_name);
            if let (Some(mode), Some(desk)) = (mode, self.touch(event.machine, event.time)) {
                desk.mode = mode;
            }
        }
        for alert in parcel.alerts.iter().filter(|alert| !alert.suppressed) {
            let Some(desk) = self.touch(alert.machine, alert.time) else { continue };
            match alert.state {
                AlertState::Raised => desk.active.insert(alert.rule.clone()),
                AlertState::Cleared => desk.active.remove(&alert.rule),
            };
        }
    }

    /// A machine was heard of; readings that come late do not turn its time back.
    fn touch(&mut self, machine: u32, time: Time) -> Option<&mut Desk> {
        let desk = self.desks.get_mut(machine as usize)?;
        if desk.last.is_none_or(|last| last < time) {
            desk.last = Some(time);
        }
        self.stirred.insert(machine);
        Some(desk)
    }

    /// The hashes of all machines that were heard of since [`Statuses::said`].
    pub(super) fn pages(&self) -> Vec<Pipeline> {
        let stirred: Vec<usize> = self.stirred.iter().map(|&machine| machine as usize).collect();
        let page = |machines: &[usize]| {
            let mut page = Pipeline::new();
            for &machine in machines {
                let desk = &self.desks[machine];
                let key = format!("equipment:{}:status", self.names[machine]);
                page.cmd("HSET").arg(&key).arg("status").arg(word(desk.mode));
                page.arg("last_update").arg(desk.last.map_or(String::new(), |last| last.to_string()));
                page.arg("sensor_count").arg(desk.sensors).arg("alert_count").arg(desk.active.len()).ignore();
                page.cmd("EXPIRE").arg(&key).arg(DAY_SECONDS).ignore();
            }
            page
        };
        stirred.chunks(PAGE).map(page).collect()
    }

    pub(super) fn said(&mut self) {
        self.stirred.clear();
    }
}

/// A mode as dashboards call it.
fn word(mode: Mode) -> &'static str {
    match mode {
        Mode::Running => "online",
        Mode::Idle => "idle",
        Mode::Maintenance => "maintenance",
        Mode::Failed => "error",
        Mode::Offline => "offline",
        Mode::Calibrating => "calibrating",
    }
}

/// Numbers the pushes of one run.
pub(super) struct Pushes {
    /// The key of this run's mark.
    mark: String,
    keep: u64,
    /// The last push of the parcels before.
    last: u64,
}

impl Pushes {
    pub(super) fn new(keep: u64) -> Pushes {
        // Of this run alone: a second one with the same seed pushes its own alerts.
        let own = RandomState::new().hash_one("run");
        Pushes { mark: format!("twinwright:pushed:{own:016x}"), keep, last: 0 }
    }

    /// The pushes of a parcel, the same ones each time until [`Pushes::done_with`].
    pub(super) fn of(&self, parcel: &Parcel, machines: &[String]) -> Vec<Pipeline> {
        let shown: Vec<&AlertRecord> = shown(parcel).collect();
        let push = |(index, alerts): (usize, &[&AlertRecord])| {
            let mut push = Pipeline::new();
            push.cmd("EVAL").arg(SCRIPT).arg(1 + SEVERITIES.len()).arg(&self.mark);
            for severity in SEVERITIES {
                push.arg(format!("alerts:queue:{severity}"));
            }
            push.arg(self.last + index as u64 + 1).arg(DAY_SECONDS).arg(self.keep);
            for alert in alerts {
                push.arg(alert.severity as usize + 1).arg(json_of(alert, machines));
            }
            push.ignore();
            push
        };
        shown.chunks(PUSH).enumerate().map(push).collect()
    }

    /// Nothing of this parcel is pushed any more.
    pub(super) fn done_with(&mut self, parcel: &Parcel) {
        self.last += shown(parcel).count().div_ceil(PUSH) as u64;
    }

    /// Takes the mark away at the end of a run; none if there never was one.
    pub(super) fn forget(&mut self) -> Option<Pipeline> {
        let mut forget = Pipeline::new();
        forget.cmd("DEL").arg(&self.mark).ignore();
        (self.last > 0).then_some(forget)
    }
}

fn shown(parcel: &Parcel) -> impl Iterator<Item = &AlertRecord> {
    parcel.alerts.iter().filter(|alert| !alert.suppressed && alert.state == AlertState::Raised)
}

fn json_of(alert: &AlertRecord, machines: &[String]) -> String {
    let machine = machines.get(alert.machine as usize).map_or("", String::as_str);
    let number = |value: f64| if value.is_finite() { json!(value) } else { Value::Null };
    let mut fields = Map::new();
    fields.insert("timestamp_ms".to_owned(), json!(alert.time.0.div_euclid(1_000_000)));
    fields.insert("time".to_owned(), json!(alert.time.to_string()));
    fields.insert("machine".to_owned(), json!(machine));
    fields.insert("sensor".to_owned(), json!(alert.sensor));
    fields.insert("rule".to_owned(), json!(alert.rule));
    fields.insert("severity".to_owned(), json!(alert.severity.to_string()));
    fields.insert("value".to_owned(), number(numerals::decimal(alert.value)));
    fields.insert("limit".to_owned(), number(alert.limit));
    Value::Object(fields).to_string()
}
