//! What an outlet is told of an alert: one JSON object, whole, so that whoever gets it needs no store.

use super::names::plain;
use serde_json::{Value, json};
use twinwright_model::Time;
use twinwright_model::live::AlertChange;

/// A step of an alert for outlets. `machine` is the machine's name, `site` and `path` say where it stands.
pub(super) fn payload(change: &AlertChange, machine: &str, site: &str, path: &str) -> Value {
    let alert = &change.alert;
    let at = |time: Time| time.to_string();
    let by =
        |said: &Option<(Time, String)>| said.as_ref().map(|(time, by)| json!({ "time": at(*time), "by": plain(by) }));
    let shelved = alert
        .shelved
        .as_ref()
        .map(|shelf| json!({ "until": at(shelf.until), "by": plain(&shelf.by), "reason": plain(&shelf.reason) }));
    json!({
        "uid": plain(&alert.uid),
        "number": change.number,
        "time": at(change.time),
        "step": change.step.name(),
        "by": plain(&change.by),
        "comment": change.comment.as_deref().map(plain),
        "value": change.value,
        "machine": plain(machine),
        "sensor": alert.sensor.as_deref().map(plain),
        "rule": plain(&alert.rule),
        "group": alert.group.as_deref().map(plain),
        "first_up": alert.first_up,
        "severity": alert.severity.to_string(),
        "status": alert.status.name(),
        "hidden": alert.hidden.map(|hidden| hidden.name()),
        "message": plain(&alert.message),
        "limit": alert.limit,
        "raised": at(alert.raised),
        "returned": alert.returned.map(at),
        "acknowledged": by(&alert.acknowledged),
        "resolved": by(&alert.resolved),
        "shelved": shelved,
        "escalated": alert.escalated,
        "site": plain(site),
        "path": plain(path),
    })
}
