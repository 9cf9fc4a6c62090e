//! What a store knows of one run in one stretch of time: modes, alerts, work, states, expectations; and the reports that
//! were made of it.
//!
//! Rows come back in an order that both databases agree on: by machine and time, never by a text that each would sort in
//! its own way. Nothing here judges what the rows mean.

mod reports;
mod rows;
mod states;

pub use reports::{Proposal, Report, keep};
pub use rows::{AlertRow, LogRow, MachineRow, StatusRow, alerts, logs, machines, statuses};
pub use states::{Performance, Prediction, StateRow, performance, predictions, states};

use super::Link;
use crate::outlets::trouble::OutletTrouble;
use twinwright_model::Time;

/// A stretch of a run: from an instant up to, and not with, another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub run: i64,
    pub from: Time,
    pub to: Time,
}

/// The latest run that left a history: the variants of a study leave none.
pub async fn latest_with_history(link: &mut Link) -> Result<Option<String>, OutletTrouble> {
    let ask = "SELECT r.name FROM runs r WHERE EXISTS (SELECT 1 FROM status_events e WHERE e.run_id = r.id) \
               ORDER BY r.id DESC LIMIT 1";
    Ok(link.first(ask, &[]).await?.map(|row| row.text(0).to_owned()))
}

/// The first instant that a run tells of: one that went on from another run's state begins after its scenario does.
pub async fn first_known(link: &mut Link, run: i64) -> Result<Option<Time>, OutletTrouble> {
    let ask = "SELECT min(time) FROM status_events WHERE run_id = $1";
    Ok(link.first(ask, &[run.into()]).await?.and_then(|row| row.time(0)))
}

/// The last instant that anything is known of: what a run that still goes on has come to.
pub async fn last_known(link: &mut Link, run: i64) -> Result<Option<Time>, OutletTrouble> {
    let ask = "SELECT max(t.time) FROM (SELECT max(time) AS time FROM status_events WHERE run_id = $1 \
               UNION ALL SELECT max(time) FROM state_snapshots WHERE run_id = $1 \
               UNION ALL SELECT max(time) FROM checkpoints WHERE run_id = $1 \
               UNION ALL SELECT max(time) FROM performance_metrics WHERE run_id = $1 \
               UNION ALL SELECT max(raised_at) FROM alerts WHERE run_id = $1 \
               UNION ALL SELECT reached FROM mirrors WHERE run_id = $1) t";
    Ok(link.first(ask, &[run.into()]).await?.and_then(|row| row.time(0)))
}

/// The machine files that a run used: kind and text.
pub async fn documents(link: &mut Link, run: i64) -> Result<Vec<(String, String)>, OutletTrouble> {
    let ask = "SELECT c.kind, c.document FROM run_configurations r \
               JOIN machine_configurations c ON c.id = r.configuration_id WHERE r.run_id = $1 ORDER BY c.id";
    let rows = link.all(ask, &[run.into()]).await?;
    Ok(rows.iter().map(|row| (row.text(0).to_owned(), row.text(1).to_owned())).collect())
}
