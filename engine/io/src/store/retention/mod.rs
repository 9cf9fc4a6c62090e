//! How long each table is kept, and dropping what is older.
//!
//! Readings and roll-ups go by whole stretches (a week, four weeks, 52 weeks), the same in both databases: in PostgreSQL that
//! is a partition. All else goes row by row, a few at a time, so that nobody who writes waits long. What has to be
//! archived is archived and read back first; if that fails it stays.

mod rows;
mod series;

use super::archive::{self, Archive, NEVER, Shelf, Watch};
use super::cell::Cell;
use super::ledger::{self, Deed, Log};
use super::link::{Dialect, Link};
use crate::outlets::trouble::OutletTrouble;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use twinwright_model::Time;

/// A row of `retention`.
#[derive(Debug, Clone, PartialEq)]
pub struct Keep {
    pub table: String,
    /// None for ever.
    pub days: Option<f64>,
    /// Where rows are archived before they go.
    pub archive: Option<String>,
}

/// What is to be kept otherwise from now on.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    Days {
        table: String,
        days: Option<f64>,
    },
    /// Of all tables that can be archived.
    Archive(Option<String>),
}

/// What to drop, and how.
#[derive(Debug)]
pub struct Order<'a> {
    pub now: Time,
    /// Only look.
    pub dry_run: bool,
    pub who: &'a str,
    pub changes: &'a [Change],
}

/// What went from a table, or would go.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gone {
    pub table: String,
    pub rows: u64,
    pub first: Option<Time>,
    pub last: Option<Time>,
    /// On the disk, where that can be said for one table.
    pub bytes: Option<u64>,
}

/// What became of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pruned {
    pub gone: Vec<Gone>,
    pub files: Vec<Archive>,
    /// What stayed although it is old enough, and why.
    pub notes: Vec<String>,
    /// It was told to stop before it was done.
    pub interrupted: bool,
    /// Bytes inside the file that are free now, in SQLite.
    pub free: Option<u64>,
}

const DAY: f64 = 86_400_000_000.0;

/// What is kept how long.
pub async fn list(link: &mut Link) -> Result<Vec<Keep>, OutletTrouble> {
    let found = link.all("SELECT table_name, keep_days, archive FROM retention ORDER BY table_name", &[]).await?;
    let keep = |record: &super::Record| Keep {
        table: record.text(0).to_owned(),
        days: record.maybe_real(1),
        archive: record.maybe_text(2).map(str::to_owned),
    };
    Ok(found.iter().map(keep).collect())
}

/// The settings with some changes. A change of a table that is not kept by time is refused.
pub fn changed(mut keeps: Vec<Keep>, changes: &[Change]) -> Result<Vec<Keep>, OutletTrouble> {
    for change in changes {
        match change {
            Change::Days { table, days } => match keeps.iter_mut().find(|keep| keep.table == *table) {
                Some(keep) => keep.days = *days,
                None => {
                    let known: Vec<&str> = keeps.iter().map(|keep| keep.table.as_str()).collect();
                    let what = format!("--keep: `{table}` is not kept by time; known are {}", known.join(", "));
                    return Err(OutletTrouble::input(what));
                }
            },
            Change::Archive(url) => {
                // Looked at before it is remembered, and remembered as it is understood.
                let url = url.as_deref().map(Shelf::parse).transpose()?.map(|shelf| shelf.url().to_owned());
                for keep in keeps.iter_mut().filter(|keep| archive::of(&keep.table).is_some()) {
                    keep.archive.clone_from(&url);
                }
            }
        }
    }
    Ok(keeps)
}

/// Writes down what is different, each with a row of the audit log, all or nothing.
async fn remember(link: &mut Link, before: &[Keep], after: &[Keep], order: &Order<'_>) -> Result<(), OutletTrouble> {
    let told = |keep: &Keep| json!({ "keep_days": keep.days, "archive": keep.archive });
    link.begin().await?;
    let doing = async {
        for (old, new) in before.iter().zip(after).filter(|(old, new)| old != new) {
            let change = "UPDATE retention SET keep_days = $2, archive = $3 WHERE table_name = $1";
            link.run(change, &[(&new.table).into(), new.days.into(), new.archive.clone().into()]).await?;
            let (was, is) = (told(old), told(new));
            let deed = Deed { who: order.who, action: "change retention", subject: &new.table, ..Deed::default() };
            let deed = Deed { before: Some(&was), after: Some(&is), source: Some(SOURCE), ..deed };
            ledger::append_audit(link, order.now, &deed).await?;
        }
        Ok(())
    };
    let done: Result<(), OutletTrouble> = doing.await;
    match done {
        Ok(()) => link.commit().await,
        Err(trouble) => {
            // What went wrong first is what is told.
            let _ = link.roll_back().await;
            Err(trouble)
        }
    }
}

const SOURCE: &str = "twinwright store prune";

/// Drops what is older than it has to be kept.
pub async fn prune(link: &mut Link, order: &Order<'_>, watch: &Watch<'_>) -> Result<Pruned, OutletTrouble> {
    let before = list(link).await?;
    let keeps = changed(before.clone(), order.changes)?;
    if !order.dry_run && before != keeps {
        remember(link, &before, &keeps, order).await?;
    }
    let mut pruned = Pruned::default();
    let done = prune_all(link, &keeps, order, watch, &mut pruned).await;
    if !order.dry_run && pruned.gone.iter().any(|gone| gone.rows > 0) {
        let noted = note(link, order, &pruned).await;
        done.and(noted)?;
    } else {
        done?;
    }
    if link.dialect() == Dialect::Sqlite {
        pruned.free = Some(free(link).await?);
    }
    Ok(pruned)
}

/// Bytes inside the file of a SQLite store that hold nothing.
async fn free(link: &mut Link) -> Result<u64, OutletTrouble> {
    let mut figures = [0, 0];
    for (figure, ask) in figures.iter_mut().zip(["PRAGMA freelist_count", "PRAGMA page_size"]) {
        *figure = link.first(ask, &[]).await?.map_or(0, |record| record.int(0));
    }
    Ok((figures[0] * figures[1]).unsigned_abs())
}

async fn prune_all(
    link: &mut Link,
    keeps: &[Keep],
    order: &Order<'_>,
    watch: &Watch<'_>,
    pruned: &mut Pruned,
) -> Result<(), OutletTrouble> {
    let cutoffs: BTreeMap<&str, i64> =
        keeps.iter().map(|keep| (keep.table.as_str(), cutoff(keep, order.now))).collect();
    for keep in keeps {
        if let Some(layout) = archive::of(&keep.table) {
            let shelf = keep.archive.as_deref().map(Shelf::parse).transpose()?;
            let cutoff = cutoffs.get(layout.table).copied().unwrap_or(NEVER);
            let mut work = series::Work { link, layout, shelf: shelf.as_ref(), cutoff, order, watch, pruned };
            work.prune().await?;
        }
    }
    for rule in &rows::RULES {
        if watch.stopped() {
            pruned.interrupted = true;
            return Ok(());
        }
        if let Some(gone) = rows::prune(link, rule, &cutoffs, order.dry_run, watch).await? {
            pruned.gone.push(gone);
        }
    }
    for log in [Log::Audit, Log::System] {
        let before = cutoffs.get(log.table()).copied().unwrap_or(NEVER);
        let mut gone = rows::of_log(link, log.table(), before).await?;
        if !order.dry_run && gone.rows > 0 {
            gone.rows = ledger::prune(link, log, archive::instant(before), order.now, order.who).await?;
        }
        pruned.gone.push(gone);
    }
    pruned.gone.retain(|gone| gone.rows > 0);
    Ok(())
}

/// What is before this instant may go.
fn cutoff(keep: &Keep, now: Time) -> i64 {
    let micros = now.0.div_euclid(1_000);
    keep.days.map_or(NEVER, |days| micros.saturating_sub((days * DAY).round() as i64).max(NEVER))
}

async fn note(link: &mut Link, order: &Order<'_>, pruned: &Pruned) -> Result<(), OutletTrouble> {
    let rows: serde_json::Map<String, Value> =
        pruned.gone.iter().map(|gone| (gone.table.clone(), json!(gone.rows))).collect();
    let files: Vec<&str> = pruned.files.iter().map(|file| file.url.as_str()).collect();
    // What `store verify` must not miss later.
    let last = |gone: &Gone| Some((gone.table.clone(), json!(gone.last?.to_string())));
    let last: serde_json::Map<String, Value> = pruned.gone.iter().filter_map(last).collect();
    let what = json!({ "rows": rows, "last": last, "archives": files });
    let reason = Some("older than it has to be kept");
    let deed =
        Deed { who: order.who, action: "prune", subject: "store", after: Some(&what), reason, ..Deed::default() };
    ledger::append_audit(link, order.now, &Deed { source: Some(SOURCE), ..deed }).await.map(|_| ())
}

/// Rows, first and last time, as `SELECT count, min, max` answers them.
fn counted(table: &str, record: Option<&super::Record>) -> Gone {
    Gone {
        table: table.to_owned(),
        rows: record.map_or(0, |record| record.int(0)).unsigned_abs(),
        first: record.and_then(|record| record.time(1)),
        last: record.and_then(|record| record.time(2)),
        bytes: None,
    }
}

fn micros(time: i64) -> Cell {
    Cell::Time(time)
}
