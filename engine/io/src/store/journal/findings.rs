//! An entry's findings as rows of `anomaly_records`: one row a finding, from when it begins, completed when it ends.

use super::names::{key, or_else, plain};
use super::roster::Roster;
use crate::outlets::trouble::OutletTrouble;
use crate::store::Link;
use crate::store::chronicle::Insert;
use serde_json::json;
use std::collections::BTreeMap;
use twinwright_model::live::FindingChange;

const COLUMNS: [&str; 11] = [
    "uid",
    "run_id",
    "equipment_id",
    "sensor_id",
    "time",
    "ended_at",
    "type",
    "severity",
    "algorithm",
    "sensor_data",
    "calculated_metrics",
];

/// Writes the findings of an entry within the caller's transaction. `sensor_data` is what was seen when it began,
/// `calculated_metrics` what it came to.
pub(super) async fn write(
    link: &mut Link,
    run: i64,
    roster: &Roster,
    changes: &[FindingChange],
) -> Result<(), OutletTrouble> {
    // A finding may begin and end within one entry: its first and its last word.
    let mut by_uid: BTreeMap<&str, (usize, &FindingChange, &FindingChange)> = BTreeMap::new();
    for (at, change) in changes.iter().enumerate() {
        by_uid.entry(&change.uid).and_modify(|(_, _, last)| *last = change).or_insert((at, change, change));
    }
    let mut in_order: Vec<_> = by_uid.into_values().collect();
    in_order.sort_unstable_by_key(|(at, _, _)| *at);
    let tail = "ON CONFLICT (uid) DO UPDATE SET ended_at = excluded.ended_at, severity = excluded.severity, \
                calculated_metrics = excluded.calculated_metrics";
    let mut rows = Insert::into("anomaly_records", &COLUMNS, tail);
    for (_, first, last) in in_order {
        let sensor = first.sensor.as_ref().and_then(|sensor| roster.sensor(first.machine, sensor));
        let seen = json!({
            "sensor": first.sensor.as_deref().map(plain),
            "value": first.value,
            "limit": first.limit,
            "expected": first.expected.map(|(expected, _)| expected),
            "sd": first.expected.map(|(_, sd)| sd),
        });
        let ended = last.ended.map(|ended| ended.max(first.since));
        let came_to = json!({ "peak": last.peak, "last_value": ended.map(|_| last.value) });
        rows.add([
            or_else(&key(&first.uid), "-").into(),
            run.into(),
            roster.machine(first.machine)?.into(),
            sensor.into(),
            first.since.into(),
            ended.into(),
            or_else(&first.detector, "-").into(),
            last.severity.to_string().into(),
            algorithm(&first.detector).into(),
            seen.into(),
            came_to.into(),
        ]);
    }
    rows.write(link).await
}

/// The four limits are one way of looking.
fn algorithm(detector: &str) -> String {
    match detector {
        "high_high" | "high" | "low" | "low_low" => "limit".to_owned(),
        other => or_else(other, "-"),
    }
}
