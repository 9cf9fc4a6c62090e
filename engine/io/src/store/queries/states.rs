//! What one machine was in a run: its modes, its state at checkpoints, failures and work.

use super::Stretch;
use crate::outlets::trouble::OutletTrouble;
use crate::store::Link;
use crate::store::cell::Record;
use serde_json::Value;
use twinwright_model::Time;

/// A machine in a run, by their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whose {
    pub run: i64,
    pub machine: i64,
}

/// A change of mode, or the mode in which a run began.
#[derive(Debug, Clone, PartialEq)]
pub struct ModeChange {
    pub time: Time,
    pub mode: String,
    pub e10: String,
    pub reason: Option<String>,
}

/// A failure or some work.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    pub time: Time,
    /// `failure`, `repair`, `planned`, ...
    pub what: String,
    /// The wear that it is about; empty for the whole machine.
    pub subject: String,
    pub hours: Option<f64>,
    pub cost: Option<f64>,
    pub by_whom: String,
    pub note: String,
}

const MODE_AT: &str = "SELECT time, status, e10, reason FROM status_events \
                       WHERE run_id = $1 AND equipment_id = $2 AND time <= $3 ORDER BY time DESC LIMIT 1";
const MODES_AFTER: &str = "SELECT time, status, e10, reason FROM status_events \
                           WHERE run_id = $1 AND equipment_id = $2 AND time > $3 AND time < $4 ORDER BY time";
const STATE_AT: &str = "SELECT time, state FROM state_snapshots \
                        WHERE run_id = $1 AND equipment_id = $2 AND time <= $3 ORDER BY time DESC LIMIT 1";
const WORKS: &str = "SELECT time, what, subject, hours, cost, by_whom, note FROM maintenance_logs \
                     WHERE equipment_id = $2 AND run_id = $1 AND time >= $3 AND time < $4 ORDER BY time, id";
const LAST_WORK: &str = "SELECT time, what, subject, hours, cost, by_whom, note FROM maintenance_logs \
                         WHERE equipment_id = $2 AND run_id = $1 AND time <= $3 AND what <> 'failure' \
                         ORDER BY time DESC, id DESC LIMIT 1";
/// Where a run is that has not ended: the last that was written of it.
const REACHED: &str = "SELECT max(time) FROM (SELECT max(time) AS time FROM checkpoints WHERE run_id = $1 \
                       UNION ALL SELECT max(time) FROM status_events WHERE run_id = $1 AND equipment_id = $2 \
                       UNION ALL SELECT m.reached FROM mirrors m WHERE m.run_id = $1 AND EXISTS \
                           (SELECT 1 FROM status_events s WHERE s.run_id = $1 AND s.equipment_id = $2)) said";

/// The mode that holds at an instant, and since when.
pub async fn mode_at(link: &mut Link, whose: Whose, at: Time) -> Result<Option<ModeChange>, OutletTrouble> {
    let found = link.first(MODE_AT, &[whose.run.into(), whose.machine.into(), at.into()]).await?;
    Ok(found.as_ref().map(mode))
}

/// The modes of a stretch in order: first the one that holds when it begins, then each change within.
pub async fn modes_in(link: &mut Link, whose: Whose, stretch: Stretch) -> Result<Vec<ModeChange>, OutletTrouble> {
    let mut modes: Vec<ModeChange> = mode_at(link, whose, stretch.from).await?.into_iter().collect();
    let values = [whose.run.into(), whose.machine.into(), stretch.from.into(), stretch.to.into()];
    modes.extend(link.all(MODES_AFTER, &values).await?.iter().map(mode));
    Ok(modes)
}

/// The state of the last checkpoint at or before an instant, with its own time.
pub async fn state_at(link: &mut Link, whose: Whose, at: Time) -> Result<Option<(Time, Value)>, OutletTrouble> {
    let found = link.first(STATE_AT, &[whose.run.into(), whose.machine.into(), at.into()]).await?;
    Ok(found.and_then(|row| Some((row.time(0)?, row.json(1)))))
}

/// Failures and work of a stretch.
pub async fn works_in(link: &mut Link, whose: Whose, stretch: Stretch) -> Result<Vec<Work>, OutletTrouble> {
    let values = [whose.run.into(), whose.machine.into(), stretch.from.into(), stretch.to.into()];
    Ok(link.all(WORKS, &values).await?.iter().map(work).collect())
}

/// The last work that was done up to an instant.
pub async fn last_work(link: &mut Link, whose: Whose, at: Time) -> Result<Option<Work>, OutletTrouble> {
    let found = link.first(LAST_WORK, &[whose.run.into(), whose.machine.into(), at.into()]).await?;
    Ok(found.as_ref().map(work))
}

/// The last instant that was written of a run and a machine.
pub async fn reached(link: &mut Link, whose: Whose) -> Result<Option<Time>, OutletTrouble> {
    let found = link.first(REACHED, &[whose.run.into(), whose.machine.into()]).await?;
    Ok(found.and_then(|row| row.time(0)))
}

fn mode(record: &Record) -> ModeChange {
    ModeChange {
        time: record.time(0).unwrap_or_default(),
        mode: record.text(1).to_owned(),
        e10: record.text(2).to_owned(),
        reason: record.maybe_text(3).map(str::to_owned),
    }
}

fn work(record: &Record) -> Work {
    let text = |place: usize| record.text(place).to_owned();
    Work {
        time: record.time(0).unwrap_or_default(),
        what: text(1),
        subject: text(2),
        hours: record.maybe_real(3),
        cost: record.maybe_real(4),
        by_whom: text(5),
        note: text(6),
    }
}
