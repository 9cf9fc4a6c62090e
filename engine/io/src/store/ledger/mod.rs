//! The two logs that only grow: what people changed (`audit_log`) and what the program did (`system_events`).
//!
//! Each row is chained to the one before by a digest, and `chain_heads` knows the last one. A row is written in the
//! caller's transaction, or in one of its own where none is open; writers wait for each other at the head.

mod chain;
mod faults;

pub use chain::{Log, hexadecimal};
pub use faults::{Fault, Faults, Wrong, faults};

use super::cell::Cell;
use super::link::{Dialect, Link};
use crate::outlets::trouble::OutletTrouble;
use chain::Entry;
use serde_json::{Value, json};
use twinwright_model::Time;

/// How much an event matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Info,
    Warning,
    Error,
}

impl Severity {
    fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// What a person did.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deed<'a> {
    pub who: &'a str,
    /// A verb: `prune`, `acknowledge`.
    pub action: &'a str,
    /// To what.
    pub subject: &'a str,
    pub before: Option<&'a Value>,
    pub after: Option<&'a Value>,
    pub reason: Option<&'a str>,
    /// From where: `command`, an address.
    pub source: Option<&'a str>,
}

/// The last row of a log: noted down elsewhere, it shows later that nothing up to it was written anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub id: i64,
    pub digest: String,
}

/// Adds a row to `audit_log` and answers its id.
pub async fn append_audit(link: &mut Link, time: Time, deed: &Deed<'_>) -> Result<i64, OutletTrouble> {
    let json = |value: Option<&Value>| value.map(Value::to_string);
    let owned = |text: &str| Some(text.to_owned());
    let texts = vec![
        owned(deed.who),
        owned(deed.action),
        owned(deed.subject),
        json(deed.before),
        json(deed.after),
        deed.reason.and_then(owned),
        deed.source.and_then(owned),
    ];
    append(link, Log::Audit, time, texts).await
}

/// Adds a row to `system_events` and answers its id. `detail` is an object.
pub async fn append_event(
    link: &mut Link,
    time: Time,
    severity: Severity,
    component: &str,
    event: &str,
    detail: &Value,
) -> Result<i64, OutletTrouble> {
    let texts = [severity.name(), component, event, &detail.to_string()].map(|text| Some(text.to_owned()));
    append(link, Log::System, time, texts.to_vec()).await
}

async fn append(link: &mut Link, log: Log, time: Time, texts: Vec<Option<String>>) -> Result<i64, OutletTrouble> {
    if texts.iter().flatten().any(|text| text.contains('\0')) {
        return Err(OutletTrouble::input(format!("{}: a row of {} cannot hold zero bytes", link.name(), log.table())));
    }
    if link.in_transaction() {
        return add(link, log, time, texts).await;
    }
    link.begin().await?;
    match add(link, log, time, texts).await {
        Ok(id) => link.commit().await.map(|()| id),
        Err(trouble) => {
            // What went wrong first is what is told.
            let _ = link.roll_back().await;
            Err(trouble)
        }
    }
}

/// Within a transaction: takes the head, and with it the turn, before it writes.
async fn add(link: &mut Link, log: Log, time: Time, texts: Vec<Option<String>>) -> Result<i64, OutletTrouble> {
    let lock = match link.dialect() {
        Dialect::Postgres => " FOR UPDATE",
        Dialect::Sqlite => "",
    };
    let ask = format!("SELECT id, digest FROM chain_heads WHERE log = $1{lock}");
    let Some(head) = link.first(ask, &[log.table().into()]).await? else {
        let what = format!("chain_heads has no row of {}; `twinwright store verify` says more", log.table());
        return Err(OutletTrouble::lasting(format!("{}: {what}", link.name())));
    };
    let id = head.int(0) + 1;
    let previous = head.text(1).to_owned();
    let mut entry = Entry { id, time: time.0.div_euclid(1_000), previous, digest: String::new(), texts };
    entry.digest = entry.digest_at(log, id);
    let places: Vec<String> = (1..=4 + entry.texts.len()).map(|place| format!("${place}")).collect();
    let write = format!("INSERT INTO {} ({}) VALUES ({})", log.table(), Entry::columns(log), places.join(", "));
    let mut cells: Vec<Cell> = vec![id.into(), time.into(), (&entry.previous).into(), (&entry.digest).into()];
    cells.extend(entry.texts.iter().map(|text| Cell::from(text.clone())));
    link.run(write, &cells).await?;
    let move_on = "UPDATE chain_heads SET id = $2, digest = $3 WHERE log = $1";
    link.run(move_on, &[log.table().into(), id.into(), (&entry.digest).into()]).await?;
    Ok(id)
}

/// The last row of a log, as the store knows it.
pub async fn head(link: &mut Link, log: Log) -> Result<Option<Head>, OutletTrouble> {
    let found = link.first("SELECT id, digest FROM chain_heads WHERE log = $1", &[log.table().into()]).await?;
    Ok(found.map(|row| Head { id: row.int(0), digest: row.text(1).to_owned() }))
}

/// Drops the rows of a log up to the first one that is not older than `before`, and adds one that says up to which id and
/// digest, so that they are not missed later. Answers how many went; where none is old enough nothing is written. In the
/// caller's transaction, or its own.
pub async fn prune(link: &mut Link, log: Log, before: Time, time: Time, who: &str) -> Result<u64, OutletTrouble> {
    if link.in_transaction() {
        return drop_old(link, log, before, time, who).await;
    }
    link.begin().await?;
    match drop_old(link, log, before, time, who).await {
        Ok(count) => link.commit().await.map(|()| count),
        Err(trouble) => {
            let _ = link.roll_back().await;
            Err(trouble)
        }
    }
}

async fn drop_old(link: &mut Link, log: Log, before: Time, time: Time, who: &str) -> Result<u64, OutletTrouble> {
    let table = log.table();
    // The head's turn first, as whoever appends.
    let lock = if link.dialect() == Dialect::Postgres { " FOR UPDATE" } else { "" };
    link.first(format!("SELECT id FROM chain_heads WHERE log = $1{lock}"), &[table.into()]).await?;
    let last = format!(
        "SELECT id, digest FROM {table} WHERE id < coalesce((SELECT min(id) FROM {table} WHERE time >= $1), \
         (SELECT max(id) + 1 FROM {table})) ORDER BY id DESC LIMIT 1"
    );
    let Some(last) = link.first(last, &[before.into()]).await? else { return Ok(0) };
    let (through, digest) = (last.int(0), last.text(1).to_owned());
    link.run("UPDATE store_state SET pruning = 1", &[]).await?;
    let rows = link.run(format!("DELETE FROM {table} WHERE id <= $1"), &[through.into()]).await?;
    link.run("UPDATE store_state SET pruning = 0", &[]).await?;
    let what = json!({ "log": table, "through": through, "digest": digest, "rows": rows });
    match log {
        Log::Audit => {
            let reason = Some("older than it has to be kept");
            let deed = Deed { who, action: PRUNED, subject: table, after: Some(&what), reason, ..Deed::default() };
            append_audit(link, time, &deed).await?;
        }
        Log::System => {
            append_event(link, time, Severity::Info, "store", PRUNED, &what).await?;
        }
    }
    Ok(rows)
}

/// What rows are called that say where a log begins now.
const PRUNED: &str = "log pruned";
