//! A machine at an instant: the page for people and the object for programs.

use super::alerts;
use super::machine::{Subject, after_start};
use super::sheet::{Entry, Sheet, tame};
use super::when::shown;
use crate::report::scale::plain;
use serde_json::{Map, Value, json};
use std::fmt::Write;
use twinwright_io::store::queries::alerts::AlertRow;
use twinwright_io::store::queries::states::{ModeChange, Work};
use twinwright_model::{E10, Span, Time};

/// What is known of a machine at an instant.
pub struct Moment {
    pub at: Time,
    pub mode: Option<ModeChange>,
    /// The instant that the state is of: the last tick up to `at`, or a checkpoint before.
    pub state_of: Option<Time>,
    pub state: Value,
    /// Why the state is not the exact one.
    pub note: Option<String>,
    /// Open then.
    pub alerts: Vec<AlertRow>,
    pub work: Option<Work>,
    /// Sensors and their units.
    pub units: Vec<(String, String)>,
}

/// What of a state stands in places of its own; the rest is listed as it comes.
const KNOWN: [&str; 9] = ["mode", "e10", "since", "wear", "drivers", "true", "readings", "faults", "hours"];

pub fn text(subject: &Subject, moment: &Moment) -> String {
    let mut page = String::new();
    head(&mut page, subject, moment);
    let why = moment.note.as_deref().map_or("", |why| why.trim_end());
    match moment.state_of {
        Some(time) if !why.is_empty() => {
            let _ = writeln!(page, "the state below is that of the checkpoint at {}: {why}", shown(time));
        }
        Some(time) if time != moment.at => {
            let _ = writeln!(page, "the state below is that of the last tick, {}", shown(time));
        }
        Some(_) => {}
        None => {
            let _ = writeln!(page, "its state is not stored: {why}");
        }
    }
    hours(&mut page, &moment.state["hours"]);
    numbers(&mut page, "wear", &moment.state["wear"]);
    numbers(&mut page, "drivers", &moment.state["drivers"]);
    rest(&mut page, &moment.state);
    sensors(&mut page, moment);
    let faults: Vec<String> = moment.state["faults"].as_array().into_iter().flatten().map(words).collect();
    if !faults.is_empty() {
        line(&mut page, "faults", &faults.join(", "));
    }
    if let Some(work) = &moment.work {
        line(&mut page, "last work", &work_line(work));
    }
    let count = moment.alerts.len();
    line(&mut page, "open alerts", &if count == 0 { "none".to_owned() } else { count.to_string() });
    if count > 0 {
        page.push('\n');
        page.push_str(&alerts::sheet(&moment.alerts).text());
    }
    page
}

fn head(page: &mut String, subject: &Subject, moment: &Moment) {
    let (machine, run) = (&subject.machine, &subject.run);
    let place = machine.location.as_deref().map_or(String::new(), |place| format!(", {}", tame(place)));
    let _ = writeln!(page, "{}  {}{place}", tame(&machine.name), tame(&machine.kind));
    let after = after_start(subject, moment.at);
    let _ = writeln!(page, "as of {} ({after}) in run {}\n", shown(moment.at), tame(&run.name));
    if let Some(mode) = &moment.mode {
        let lasted = Span(moment.at.0.saturating_sub(mode.time.0));
        let why = mode.reason.as_deref().map_or(String::new(), |why| format!(", {}", tame(why)));
        line(page, "mode", &format!("{} ({}) since {}, for {lasted}{why}", mode.mode, mode.e10, shown(mode.time)));
    }
}

fn line(page: &mut String, name: &str, text: &str) {
    let _ = writeln!(page, "{name:<12} {text}");
}

/// `bearing 0.412, seal 0.12`: numbers of an object, by name.
fn numbers(page: &mut String, name: &str, object: &Value) {
    let pairs: Vec<String> =
        sorted(object).into_iter().map(|(key, value)| format!("{} {}", tame(key), words(value))).collect();
    if !pairs.is_empty() {
        line(page, name, &pairs.join(", "));
    }
}

/// By name: one of the databases keeps no order of its own.
fn sorted(object: &Value) -> Vec<(&String, &Value)> {
    let mut pairs: Vec<(&String, &Value)> = object.as_object().into_iter().flatten().collect();
    pairs.sort_by_key(|(key, _)| key.as_str());
    pairs
}

fn words(value: &Value) -> String {
    match value {
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), plain),
        Value::String(text) => tame(text),
        Value::Null => "-".to_owned(),
        other => tame(&other.to_string()),
    }
}

/// Hours by E10 state, in its order, of states that it was in.
fn hours(page: &mut String, hours: &Value) {
    let names = E10::ALL.map(|e10| e10.name().to_uppercase());
    let spent = |name: &String| {
        hours[name].as_f64().filter(|hours| *hours > 0.0).map(|hours| format!("{name} {}", plain(hours)))
    };
    let parts: Vec<String> = names.iter().filter_map(spent).collect();
    if !parts.is_empty() {
        line(page, "hours", &parts.join(", "));
    }
}

/// Whatever else the state says: figures on one line, without those that are zero.
fn rest(page: &mut String, state: &Value) {
    let others = || sorted(state).into_iter().filter(|(key, _)| !KNOWN.contains(&key.as_str()));
    let name = |key: &str| tame(&key.replace('_', " "));
    let figures: Vec<String> = others()
        .filter(|(_, value)| value.as_f64().is_some_and(|number| number != 0.0))
        .map(|(key, value)| format!("{} {}", name(key), words(value)))
        .collect();
    if !figures.is_empty() {
        line(page, "so far", &figures.join(", "));
    }
    for (key, value) in others() {
        match value {
            Value::Number(_) | Value::Null => {}
            Value::Object(_) => numbers(page, &name(key), value),
            Value::Array(list) if list.is_empty() => {}
            Value::Array(list) => line(page, &name(key), &list.iter().map(words).collect::<Vec<_>>().join(", ")),
            other => line(page, &name(key), &words(other)),
        }
    }
}

fn sensors(page: &mut String, moment: &Moment) {
    let mut sheet = Sheet::new(&["sensor", "true", "reading", "quality", "unit"]);
    let (truth, readings) = (&moment.state["true"], &moment.state["readings"]);
    let mut names: Vec<&String> =
        [truth, readings].into_iter().filter_map(Value::as_object).flat_map(Map::keys).collect();
    names.sort();
    names.dedup();
    for name in names {
        let reading = &readings[name];
        let unit = moment.units.iter().find(|(sensor, _)| sensor == name).map_or("", |(_, unit)| unit.as_str());
        sheet.row(vec![
            Entry::words(name),
            Entry::number(truth[name].as_f64()),
            Entry::number(reading["value"].as_f64()),
            Entry::words(reading["quality"].as_str().unwrap_or("")),
            Entry::words(unit),
        ]);
    }
    if !sheet.is_empty() {
        page.push('\n');
        page.push_str(&sheet.text());
        page.push('\n');
    }
}

fn work_line(work: &Work) -> String {
    let mut parts = vec![work.what.clone()];
    parts.extend([&work.subject].into_iter().filter(|subject| !subject.is_empty()).map(|subject| tame(subject)));
    parts.push(format!("at {}", shown(work.time)));
    parts.extend(work.hours.map(|hours| format!("{} h", plain(hours))));
    parts.extend(work.cost.map(|cost| format!("cost {}", plain(cost))));
    parts.join(", ")
}

pub fn json(subject: &Subject, moment: &Moment) -> Value {
    let mode = moment.mode.as_ref().map(
        |mode| json!({ "name": mode.mode, "e10": mode.e10, "since": mode.time.to_string(), "reason": mode.reason }),
    );
    let work = moment.work.as_ref().map(|work| {
        json!({ "time": work.time.to_string(), "what": work.what, "subject": work.subject, "hours": work.hours,
                "cost": work.cost, "by": work.by_whom, "note": work.note })
    });
    json!({
        "machine": subject.machine.name,
        "kind": subject.machine.kind,
        "location": subject.machine.location,
        "run": subject.run.name,
        "at": moment.at.to_string(),
        "mode": mode,
        "state_of": moment.state_of.map(|time| time.to_string()),
        "state_note": moment.note,
        "state": ordered(&moment.state),
        "open_alerts": alerts::json(&moment.alerts),
        "last_work": work,
    })
}

/// With the keys of all objects by name.
fn ordered(value: &Value) -> Value {
    match value {
        Value::Object(_) => {
            Value::Object(sorted(value).into_iter().map(|(key, value)| (key.clone(), ordered(value))).collect())
        }
        Value::Array(list) => list.iter().map(ordered).collect(),
        other => other.clone(),
    }
}
