//! Alerts as an operator reads them: a table, one alert with its course, and the rules that are out of service.

use crate::history::sheet::{Entry, Sheet, tame};
use crate::history::shown;
use crate::report::scale::plain;
use serde_json::{Value, json};
use std::fmt::Write;
use twinwright_io::store::queries::alerts::Transition;
use twinwright_io::store::queries::board::{BoardRow, OutOfService, Shown};

const HEADS: [&str; 10] =
    ["alert", "severity", "machine", "rule", "state", "raised", "value", "limit", "hidden_until", "message"];

pub fn list(alerts: &[BoardRow], out: &[OutOfService], which: Shown) -> String {
    let mut text = match (alerts.is_empty(), which) {
        (true, Shown::Open) => "no alert is open\n".to_owned(),
        (true, Shown::Hidden) => "no alert is hidden\n".to_owned(),
        (true, Shown::During(_)) => "there was no alert\n".to_owned(),
        (false, _) => sheet(alerts).text(),
    };
    for one in out {
        let _ = writeln!(text, "out of service: {}", out_line(one));
    }
    text
}

fn sheet(alerts: &[BoardRow]) -> Sheet {
    let mut sheet = Sheet::new(&HEADS);
    for alert in alerts {
        sheet.row(vec![
            Entry::words(&alert.uid),
            Entry::words(&alert.severity),
            Entry::words(&alert.machine),
            Entry::words(&alert.rule),
            Entry::words(&state(alert)),
            Entry::When(alert.raised),
            Entry::number(alert.value),
            Entry::number(alert.limit),
            Entry::when(alert.shelved.as_ref().filter(|_| alert.hidden.as_deref() == Some("shelved")).map(|s| s.until)),
            Entry::words(&alert.message),
        ]);
    }
    sheet
}

/// As operators say it: what it is, and whether its condition is gone.
fn state(alert: &BoardRow) -> String {
    match (alert.status.as_str(), alert.hidden.as_deref()) {
        ("suppressed", Some("shelved")) => "shelved".to_owned(),
        ("suppressed", Some("out_of_service")) => "out of service".to_owned(),
        ("suppressed", _) => "suppressed by design".to_owned(),
        ("active", _) if alert.returned.is_some() => "gone, unacknowledged".to_owned(),
        ("active", _) => "active, unacknowledged".to_owned(),
        (other, _) => other.to_owned(),
    }
}

/// One alert, line by line, and its course.
pub fn one(alert: &BoardRow, course: &[Transition]) -> String {
    let mut page = String::new();
    let _ = writeln!(page, "{}  {}  {} {}", tame(&alert.uid), alert.severity, tame(&alert.machine), tame(&alert.rule));
    let mut line = |what: &str, said: String| {
        if !said.is_empty() {
            let _ = writeln!(page, "  {what:<14}{said}");
        }
    };
    line("message", tame(&alert.message));
    line("state", state(alert));
    let unit = alert.unit.as_deref().map_or(String::new(), |unit| format!(" {}", tame(unit)));
    let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{}{unit}", plain(value)));
    line("sensor", tame(alert.sensor.as_deref().unwrap_or("")));
    line("value", number(alert.value));
    line("limit", number(alert.limit));
    let first = if alert.first_up { ", came first" } else { "" };
    line("group", alert.group.as_deref().map_or(String::new(), |group| format!("{}{first}", tame(group))));
    line("escalated", if alert.escalated > 0 { format!("{} times", alert.escalated) } else { String::new() });
    line("raised", shown(alert.raised));
    line("gone since", alert.returned.map_or(String::new(), shown));
    if let (Some(shelf), Some("shelved")) = (&alert.shelved, alert.hidden.as_deref()) {
        line("shelved until", format!("{}, by {}: {}", shown(shelf.until), tame(&shelf.by), tame(&shelf.reason)));
    }
    for step in course {
        let comment = step.comment.as_deref().map_or(String::new(), |comment| format!(": {}", tame(comment)));
        let _ = writeln!(page, "    {}  {} by {}{comment}", shown(step.time), words(&step.what), tame(&step.by_whom));
    }
    page
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

pub fn step_json(step: &Transition) -> Value {
    json!({
        "time": step.time.to_string(),
        "step": step.what,
        "status": step.status,
        "by": step.by_whom,
        "comment": step.comment,
    })
}

fn out_line(one: &OutOfService) -> String {
    let reason = one.reason.as_deref().map_or(String::new(), |reason| format!(": {}", tame(reason)));
    format!("{} {}, since {}, by {}{reason}", tame(&one.machine), tame(&one.rule), shown(one.since), tame(&one.by))
}

pub fn out_json(one: &OutOfService) -> Value {
    json!({
        "machine": one.machine,
        "rule": one.rule,
        "since": one.since.to_string(),
        "by": one.by,
        "reason": one.reason,
    })
}

/// What is out of service after it was changed.
pub fn service(out: &[OutOfService], as_json: bool) -> String {
    if as_json {
        let out: Vec<Value> = out.iter().map(out_json).collect();
        return format!("{:#}\n", json!({ "out_of_service": out }));
    }
    if out.is_empty() {
        return "no rule is out of service\n".to_owned();
    }
    out.iter().map(|one| format!("out of service: {}\n", out_line(one))).collect()
}
