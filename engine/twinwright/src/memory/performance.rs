//! How machines did from one checkpoint to the next: differences of what their states count, averages of what gauges said.

use super::gauges::Gauged;
use serde_json::Value;
use std::collections::BTreeMap;
use twinwright_core::Plan;
use twinwright_io::store::chronicle::PerformanceRow;

type States = BTreeMap<u32, Value>;

/// A row for each machine, for the stretch between two ticks.
pub fn performance(
    plan: &Plan,
    (since, before): (u32, &States),
    (tick, after): (u32, &States),
    gauged: &[(u32, Gauged)],
) -> Vec<PerformanceRow> {
    let span_s = plan.tick.seconds() * f64::from(tick.saturating_sub(since));
    if span_s <= 0.0 {
        return Vec::new();
    }
    let gauged: BTreeMap<u32, Gauged> = gauged.iter().copied().collect();
    let row = |(&machine, now): (&u32, &Value)| {
        let then = before.get(&machine)?;
        let grown = |of: fn(&Value) -> f64| of(now) - of(then);
        let (up, counted) = (grown(up), grown(counted));
        let (good, ideal) =
            (grown(|state| number(&state["good_pieces"])), grown(|state| number(&state["ideal_pieces"])));
        let gauged = gauged.get(&machine).copied().unwrap_or_default();
        Some(PerformanceRow {
            machine,
            span_s,
            load: gauged.load,
            temperature: gauged.temperature,
            vibration: gauged.vibration,
            uptime: (counted > 0.0).then(|| (up / counted).clamp(0.0, 1.0)),
            anomalies: grown(|state| number(&state["alerts"])).max(0.0) as u32,
            efficiency: (ideal > 0.0).then(|| good / ideal),
        })
    };
    after.iter().filter_map(row).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(0.0)
}

fn hours(state: &Value, names: &[&str]) -> f64 {
    names.iter().map(|name| number(&state["hours"][*name])).sum()
}

fn up(state: &Value) -> f64 {
    hours(state, &["PRD", "SBY", "ENG"])
}

/// All time but that in which the machine was not meant to be there.
fn counted(state: &Value) -> f64 {
    hours(state, &["PRD", "SBY", "ENG", "SDT", "UDT"])
}
