//! How machines stood in a stretch of time: wear and meters of their snapshots, how they performed, what was expected.

use super::super::Link;
use super::Stretch;
use crate::outlets::trouble::OutletTrouble;
use serde_json::Value;
use std::collections::BTreeMap;
use twinwright_model::Time;

/// What a report needs of one machine's snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct StateRow {
    pub machine: i64,
    pub time: Time,
    pub wear: BTreeMap<String, f64>,
    pub energy_kwh: Option<f64>,
}

/// How a machine did in the stretch that ends at `time`.
#[derive(Debug, Clone, PartialEq)]
pub struct Performance {
    pub machine: i64,
    pub time: Time,
    pub span_s: f64,
    /// OEE, where the machine makes pieces.
    pub efficiency: Option<f64>,
}

/// What was expected of a machine, the newest of its sort.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    pub machine: i64,
    pub time: Time,
    pub kind: String,
    pub subject: String,
    pub value: f64,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub confidence: Option<f64>,
    pub horizon_h: Option<f64>,
    pub model: String,
}

/// Snapshots by machine and time: those within, its ends included, and enough from before to see where wear is going.
pub async fn states(link: &mut Link, stretch: Stretch) -> Result<Vec<StateRow>, OutletTrouble> {
    let ask = "SELECT DISTINCT time FROM state_snapshots WHERE run_id = $1 AND time <= $2 ORDER BY time DESC LIMIT 3";
    let newest = link.all(ask, &[stretch.run.into(), stretch.to.into()]).await?;
    let third = newest.last().and_then(|row| row.time(0)).unwrap_or(stretch.from);
    let ask = "SELECT equipment_id, time, state FROM state_snapshots \
               WHERE run_id = $1 AND time >= $2 AND time <= $3 ORDER BY equipment_id, time";
    let mut rows = Vec::new();
    let values = [stretch.run.into(), third.min(stretch.from).into(), stretch.to.into()];
    link.each(ask, &values, |row| {
        let state = row.json(2);
        let wears = state.get("wear").and_then(Value::as_object).into_iter().flatten();
        rows.extend(row.time(1).map(|time| StateRow {
            machine: row.int(0),
            time,
            wear: wears.filter_map(|(name, wear)| Some((name.clone(), wear.as_f64()?))).collect(),
            energy_kwh: state.get("energy_kwh").and_then(Value::as_f64),
        }));
    })
    .await?;
    Ok(rows)
}

/// The stretches of performance that overlap, by machine and time.
pub async fn performance(link: &mut Link, stretch: Stretch) -> Result<Vec<Performance>, OutletTrouble> {
    let ask = "SELECT equipment_id, time, span_s, efficiency FROM performance_metrics \
               WHERE run_id = $1 AND time > $2 ORDER BY equipment_id, time";
    let mut rows = Vec::new();
    link.each(ask, &[stretch.run.into(), stretch.from.into()], |row| {
        rows.extend(row.time(1).map(|time| Performance {
            machine: row.int(0),
            time,
            span_s: row.real(2),
            efficiency: row.maybe_real(3),
        }));
    })
    .await?;
    rows.retain(|row| row.time.0 as f64 - row.span_s * 1e9 < stretch.to.0 as f64);
    Ok(rows)
}

/// The newest expectation of each sort before the end of a stretch, by machine.
pub async fn predictions(link: &mut Link, stretch: Stretch) -> Result<Vec<Prediction>, OutletTrouble> {
    let ask = "SELECT equipment_id, time, kind, subject, value, low, high, confidence, horizon_h, model FROM predictions \
               WHERE run_id = $1 AND time <= $2 ORDER BY equipment_id, time, id";
    let mut newest: BTreeMap<(i64, String, String), Prediction> = BTreeMap::new();
    link.each(ask, &[stretch.run.into(), stretch.to.into()], |row| {
        let Some(time) = row.time(1) else { return };
        let prediction = Prediction {
            machine: row.int(0),
            time,
            kind: row.text(2).to_owned(),
            subject: row.text(3).to_owned(),
            value: row.real(4),
            low: row.maybe_real(5),
            high: row.maybe_real(6),
            confidence: row.maybe_real(7),
            horizon_h: row.maybe_real(8),
            model: row.text(9).to_owned(),
        };
        newest.insert((prediction.machine, prediction.kind.clone(), prediction.subject.clone()), prediction);
    })
    .await?;
    Ok(newest.into_values().collect())
}
