//! What happened to machines in a stretch of time: the modes they were in, what alarmed, what failed and was worked on.

use super::super::Link;
use super::Stretch;
use crate::outlets::trouble::OutletTrouble;
use twinwright_model::{Mode, Time};

/// A machine of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct MachineRow {
    pub id: i64,
    pub name: String,
    pub kind: String,
}

/// A machine went into a mode.
#[derive(Debug, Clone, PartialEq)]
pub struct StatusRow {
    pub machine: i64,
    pub time: Time,
    pub mode: Mode,
    pub previous: Option<Mode>,
    /// How long the previous mode had lasted.
    pub lasted_s: Option<f64>,
    pub reason: String,
}

/// An alert that was open at some time of a stretch.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertRow {
    pub machine: i64,
    pub rule: String,
    pub severity: String,
    /// Shown to nobody, by design or because it was shelved.
    pub suppressed: bool,
    pub raised: Time,
    /// When the condition went away, or who looks after it said that it is dealt with.
    pub ended: Option<Time>,
}

/// A failure, or work on a machine.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRow {
    pub machine: i64,
    pub time: Time,
    pub what: String,
    pub subject: String,
    pub hours: Option<f64>,
    pub cost: Option<f64>,
}

/// The machines that a run says anything of, in the order in which the store came to know them.
pub async fn machines(link: &mut Link, run: i64) -> Result<Vec<MachineRow>, OutletTrouble> {
    let ask = "SELECT id, name, kind FROM equipment WHERE id IN (SELECT equipment_id FROM status_events WHERE run_id = $1 \
               UNION SELECT equipment_id FROM alerts WHERE run_id = $1 \
               UNION SELECT equipment_id FROM maintenance_logs WHERE run_id = $1 \
               UNION SELECT equipment_id FROM state_snapshots WHERE run_id = $1) ORDER BY id";
    let rows = link.all(ask, &[run.into()]).await?;
    let machine = |row: &super::super::Record| MachineRow {
        id: row.int(0),
        name: row.text(1).to_owned(),
        kind: row.text(2).to_owned(),
    };
    Ok(rows.iter().map(machine).collect())
}

/// The modes of every machine: the one that it came with, and each change within, by machine and time.
pub async fn statuses(link: &mut Link, stretch: Stretch) -> Result<Vec<StatusRow>, OutletTrouble> {
    let ask = "SELECT e.equipment_id, e.time, e.status, e.previous, e.duration_s, e.reason FROM status_events e \
               WHERE e.run_id = $1 AND e.time < $3 AND e.time >= coalesce((SELECT max(b.time) FROM status_events b \
               WHERE b.run_id = $1 AND b.equipment_id = e.equipment_id AND b.time <= $2), $2) \
               ORDER BY e.equipment_id, e.time";
    let mut rows = Vec::new();
    let values = [stretch.run.into(), stretch.from.into(), stretch.to.into()];
    link.each(ask, &values, |row| {
        let known = row.time(1).zip(Mode::from_name(row.text(2)));
        rows.extend(known.map(|(time, mode)| StatusRow {
            machine: row.int(0),
            time,
            mode,
            previous: row.maybe_text(3).and_then(Mode::from_name),
            lasted_s: row.maybe_real(4),
            reason: row.text(5).to_owned(),
        }));
    })
    .await?;
    Ok(rows)
}

/// The alerts that were raised within or were still open when it began, by the time they were raised.
pub async fn alerts(link: &mut Link, stretch: Stretch) -> Result<Vec<AlertRow>, OutletTrouble> {
    let ask = "SELECT equipment_id, rule, severity, suppressed_by, raised_at, coalesce(returned_at, resolved_at) FROM alerts \
               WHERE run_id = $1 AND raised_at < $3 AND (raised_at >= $2 OR coalesce(returned_at, resolved_at) IS NULL \
               OR coalesce(returned_at, resolved_at) > $2) ORDER BY raised_at, id";
    let mut rows = Vec::new();
    let values = [stretch.run.into(), stretch.from.into(), stretch.to.into()];
    link.each(ask, &values, |row| {
        rows.extend(row.time(4).map(|raised| AlertRow {
            machine: row.int(0),
            rule: row.text(1).to_owned(),
            severity: row.text(2).to_owned(),
            suppressed: row.maybe_text(3).is_some(),
            raised,
            ended: row.time(5),
        }));
    })
    .await?;
    // Alerts of one instant may have been written in any order.
    rows.sort_by(|a, b| (a.raised, a.machine, &a.rule).cmp(&(b.raised, b.machine, &b.rule)));
    Ok(rows)
}

/// Failures and work from the start of the run up to the end of the stretch, by machine and time: what was restored
/// before it began tells how old a wear is.
pub async fn logs(link: &mut Link, stretch: Stretch) -> Result<Vec<LogRow>, OutletTrouble> {
    let ask = "SELECT equipment_id, time, what, subject, hours, cost FROM maintenance_logs \
               WHERE run_id = $1 AND time < $2 ORDER BY equipment_id, time, id";
    let mut rows = Vec::new();
    link.each(ask, &[stretch.run.into(), stretch.to.into()], |row| {
        rows.extend(row.time(1).map(|time| LogRow {
            machine: row.int(0),
            time,
            what: row.text(2).to_owned(),
            subject: row.text(3).to_owned(),
            hours: row.maybe_real(4),
            cost: row.maybe_real(5),
        }));
    })
    .await?;
    Ok(rows)
}
