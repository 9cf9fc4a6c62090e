//! What came of judging, in words: the one line, and what a person should know before believing it.

use super::{Learnt, Seen};
use crate::recording::listed;
use crate::report::scale::plain;
use serde_json::{Value as Json, json};
use std::path::Path;

/// How many times more a mean wanders than that of white noise before a person is told.
const DRIFTS: f64 = 4.0;

/// The answer.
pub(super) fn line(seen: &Seen, report: &Path) -> String {
    let tail = format!("; see {}", report.display());
    if seen.rows == 0 {
        return format!("no row was judged{tail}");
    }
    let rows = counted(seen.rows, "row");
    let Some(first) = &seen.first_finding else {
        return format!("nothing found in {rows}; the highest score is {} of a limit of 1{tail}", plain(seen.highest));
    };
    let share = 100.0 * seen.anomalous as f64 / seen.rows as f64;
    let share = if share < 0.1 { "under 0.1 %".to_owned() } else { format!("{share:.1} %") };
    let found = format!("{} in {rows} ({share} of them)", counted(seen.findings, "finding"));
    let worst = seen.worst.first().unwrap_or(first);
    let sensors = listed(worst.sensors.iter().take(3).map(|(name, _)| name.as_str()));
    let sensors = if sensors.is_empty() { sensors } else { format!(" ({sensors})") };
    let peak = format!("score {} at {}{sensors}", plain(worst.score), worst.peak);
    if seen.findings == 1 {
        return format!("{found}: from {}, {peak}{tail}", first.start);
    }
    format!("{found}: the first from {}, the worst with {peak}{tail}", first.start)
}

/// What the judged rows themselves give reason to say.
pub(super) fn notes(seen: &Seen, learnt: Option<&Learnt>) -> Vec<String> {
    let mut notes = Vec::new();
    match learnt {
        None if seen.rows > 0 && seen.highest == 0.0 => notes.push(format!(
            "nothing was judged: {} are too few to learn from, or none of them differ",
            counted(seen.rows, "row")
        )),
        None => {}
        Some(learnt) => {
            let silent = |text: &str, is: fn(&super::LearntColumn) -> bool| {
                let names: Vec<&str> =
                    learnt.columns.iter().filter(|column| is(column)).map(|column| column.name.as_str()).collect();
                (!names.is_empty()).then(|| format!("{text}: {}", listed(names.into_iter())))
            };
            notes.extend(silent("never read while learning", |column| column.readings == 0));
            notes.extend(silent("always the same while learning", |column| {
                column.readings > 0 && column.low == column.high
            }));
            notes.extend(drifting(learnt));
            if learnt.baseline.rows_left_out > 0 {
                let more = learnt.baseline.rows_left_out;
                notes.push(format!("learnt from the first {} rows: {more} more were too many", learnt.baseline.rows));
            }
        }
    }
    notes
}

/// Sensors whose mean wandered while learning.
fn drifting(learnt: &Learnt) -> Option<String> {
    let names = learnt.columns.iter().zip(&learnt.baseline.columns).filter(|(_, known)| known.drift > DRIFTS);
    let names: Vec<&str> = names.map(|(column, _)| column.name.as_str()).collect();
    (!names.is_empty()).then(|| format!("drifting while learning, so with less weight: {}", listed(names.into_iter())))
}

pub(super) fn learnt_summary(learnt: &Learnt) -> Json {
    json!({
        "source": learnt.source,
        "rows": learnt.rows,
        "calibrated": learnt.calibrated,
        "from": learnt.from,
        "until": learnt.until,
    })
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
