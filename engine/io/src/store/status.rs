//! What is in a store: sizes, stretches of time, what is open and what waits. It only looks, and never counts for long.

use super::journal;
use super::ledger::{self, Log};
use super::look::{self, Schema};
use super::tables::{Reach, TABLES, Table};
use super::{Dialect, Link};
use crate::outlets::trouble::OutletTrouble;
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;
use twinwright_model::Time;

/// Rows up to which a table is counted; beyond, it is estimated.
const COUNTED: i64 = 200_000;
/// Sensors whose rows are counted for an estimate.
const ASKED: i64 = 8;

/// A store at one instant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    pub store: String,
    /// `SQLite 3.46.0`, `PostgreSQL 15.8`.
    pub database: String,
    /// None where there is no store yet.
    pub schema: Option<i64>,
    /// The newest schema that this program knows.
    pub newest_schema: i64,
    pub bytes: i64,
    pub tables: Vec<TableStatus>,
    pub partitions: Vec<Partition>,
    /// Hours of sensors whose roll-ups wait.
    pub rollups_due: i64,
    /// How many runs there are by status.
    pub runs: Vec<Count>,
    /// Sites that are or were mirrored, the latest run of each.
    pub mirrors: Vec<Mirror>,
    /// Alerts that nobody has dealt with yet, by severity, the gravest first.
    pub open_alerts: Vec<Count>,
    pub archives: Archives,
    pub retention: Vec<Keep>,
    pub logs: Vec<LogHead>,
    pub last_backup: Option<LastBackup>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableStatus {
    pub name: &'static str,
    pub rows: i64,
    /// Whether the rows are an estimate.
    pub about: bool,
    #[serde(serialize_with = "instant")]
    pub from: Option<Time>,
    #[serde(serialize_with = "instant")]
    pub to: Option<Time>,
    /// With its indexes; only PostgreSQL knows without reading everything.
    pub bytes: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Partition {
    pub table: String,
    pub name: String,
    #[serde(serialize_with = "instant")]
    pub starts: Option<Time>,
    #[serde(serialize_with = "instant")]
    pub ends: Option<Time>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Count {
    pub what: String,
    pub count: i64,
}

/// A site and the run that it is mirrored into.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mirror {
    pub site: String,
    pub run: String,
    /// Whether an engine has it now.
    pub alive: bool,
    pub entries: i64,
    /// Entries whose readings are not in `sensor_readings` yet.
    pub behind: i64,
    /// The instant that it has come to.
    #[serde(serialize_with = "instant")]
    pub reached: Option<Time>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Archives {
    pub files: i64,
    pub rows: i64,
    pub bytes: i64,
    #[serde(serialize_with = "instant")]
    pub from: Option<Time>,
    #[serde(serialize_with = "instant")]
    pub to: Option<Time>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Keep {
    pub table: String,
    /// None keeps for ever.
    pub days: Option<f64>,
    pub archive: Option<String>,
}

/// The end of a log; noted down elsewhere, it shows later that nothing up to it was written anew.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LogHead {
    pub log: &'static str,
    pub id: i64,
    pub digest: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LastBackup {
    #[serde(serialize_with = "instant")]
    pub time: Option<Time>,
    pub detail: serde_json::Value,
}

fn instant<S: Serializer>(time: &Option<Time>, to: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.to_string()).serialize(to)
}

/// Looks at a store. A store with an older schema is told as far as it goes.
pub async fn status(link: &mut Link) -> Result<Status, OutletTrouble> {
    let schema = link.schema().await?;
    let name = link.name().to_owned();
    schema.must_be_known(&name)?;
    link.hold_still().await?;
    let status = of_instant(link, schema).await;
    let _ = link.roll_back().await;
    status
}

async fn of_instant(link: &mut Link, schema: Schema) -> Result<Status, OutletTrouble> {
    let there = tables_there(link).await?;
    let tables = tables(link).await?;
    let mut status = Status {
        store: link.name().to_owned(),
        database: database(link).await?,
        schema: if let Schema::Version(version) = schema { Some(version) } else { None },
        newest_schema: look::newest(link.dialect()),
        bytes: bytes(link).await?,
        tables,
        partitions: Vec::new(),
        rollups_due: 0,
        runs: Vec::new(),
        mirrors: Vec::new(),
        open_alerts: Vec::new(),
        archives: Archives::default(),
        retention: Vec::new(),
        logs: Vec::new(),
        last_backup: None,
    };
    if there.contains("retention") {
        history(link, &mut status, there.contains("history_partitions")).await?;
    }
    if there.contains("alerts") {
        let ask = "SELECT severity, count(*) FROM alerts WHERE status IN ('active', 'acknowledged') \
                   GROUP BY severity, priority ORDER BY priority DESC";
        status.open_alerts = counts(link, ask).await?;
    }
    if there.contains("mirrors") {
        status.mirrors = mirrors(link).await?;
    }
    if there.contains("chain_heads") {
        logs(link, &mut status).await?;
    }
    Ok(status)
}

/// All tables that people know, as far as they are there.
pub(super) async fn tables(link: &mut Link) -> Result<Vec<TableStatus>, OutletTrouble> {
    let there = tables_there(link).await?;
    let mut tables = Vec::new();
    for table in TABLES.iter().filter(|table| there.contains(table.name)) {
        tables.push(of_table(link, table).await?);
    }
    Ok(tables)
}

async fn tables_there(link: &mut Link) -> Result<BTreeSet<String>, OutletTrouble> {
    let ask = match link.dialect() {
        Dialect::Postgres => {
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace"
        }
        Dialect::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table'",
    };
    Ok(link.all(ask, &[]).await?.iter().map(|row| row.text(0).to_owned()).collect())
}

async fn database(link: &mut Link) -> Result<String, OutletTrouble> {
    let (name, ask) = match link.dialect() {
        Dialect::Postgres => ("PostgreSQL", "SELECT current_setting('server_version')"),
        Dialect::Sqlite => ("SQLite", "SELECT sqlite_version()"),
    };
    let version = link.first(ask, &[]).await?.unwrap_or_default();
    // Debian adds from where it has it.
    Ok(format!("{name} {}", version.text(0).split(' ').next().unwrap_or_default()))
}

async fn bytes(link: &mut Link) -> Result<i64, OutletTrouble> {
    let ask = match link.dialect() {
        Dialect::Postgres => {
            "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class \
             WHERE relkind IN ('r', 'm') AND relnamespace = current_schema()::regnamespace"
        }
        Dialect::Sqlite => "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
    };
    Ok(link.first(ask, &[]).await?.unwrap_or_default().int(0))
}

async fn of_table(link: &mut Link, table: &Table) -> Result<TableStatus, OutletTrouble> {
    let name = table.name;
    let limit = COUNTED + 1;
    let count = format!("SELECT count(*) FROM (SELECT 1 FROM {name} LIMIT {limit}) AS counted");
    let mut rows = link.first(count, &[]).await?.unwrap_or_default().int(0);
    let about = rows > COUNTED;
    if about {
        rows = estimate(link, table).await?.max(rows);
    }
    let (from, to) = if rows == 0 { (None, None) } else { reach(link, table).await? };
    let bytes = match link.dialect() {
        Dialect::Sqlite => None,
        Dialect::Postgres => {
            let ask = "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class WHERE oid = to_regclass($1) \
                       OR oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass($1))";
            Some(link.first(ask, &[name.into()]).await?.unwrap_or_default().int(0))
        }
    };
    Ok(TableStatus { name, rows, about, from, to, bytes })
}

/// About how many rows a big table has.
async fn estimate(link: &mut Link, table: &Table) -> Result<i64, OutletTrouble> {
    let name = table.name;
    match (link.dialect(), table.reach) {
        (Dialect::Postgres, _) => {
            // What the server counted last, at the size of now; 60 bytes a row where it never did.
            let ask = "SELECT sum(CASE WHEN reltuples > 0 AND relpages > 0 THEN reltuples / relpages ELSE 8192.0 / 60 END \
                       * pg_relation_size(oid) / 8192.0)::bigint FROM pg_class WHERE relkind = 'r' AND (oid = to_regclass($1) \
                       OR oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass($1)))";
            Ok(link.first(ask, &[name.into()]).await?.unwrap_or_default().int(0))
        }
        (Dialect::Sqlite, Reach::Each(owners, key)) => {
            let owners_count =
                link.first(format!("SELECT count(*) FROM {owners}"), &[]).await?.unwrap_or_default().int(0);
            let apart = (owners_count / ASKED).max(1);
            let ask = format!(
                "SELECT count(*), (SELECT count(*) FROM {owners} WHERE id % $1 = 0) FROM {name} \
                 WHERE {key} IN (SELECT id FROM {owners} WHERE id % $1 = 0)"
            );
            let found = link.first(ask, &[apart.into()]).await?.unwrap_or_default();
            Ok(found.int(0).saturating_mul(owners_count) / found.int(1).max(1))
        }
        (Dialect::Sqlite, _) => {
            Ok(link.first(format!("SELECT count(*) FROM {name}"), &[]).await?.unwrap_or_default().int(0))
        }
    }
}

async fn reach(link: &mut Link, table: &Table) -> Result<(Option<Time>, Option<Time>), OutletTrouble> {
    let name = table.name;
    let ask = match table.reach {
        Reach::None => return Ok((None, None)),
        Reach::Column(column) => {
            format!("SELECT (SELECT min({column}) FROM {name}), (SELECT max({column}) FROM {name})")
        }
        Reach::Each(owners, key) => format!(
            "SELECT min(low), max(high) FROM (SELECT (SELECT min(time) FROM {name} t WHERE t.{key} = o.id) AS low, \
             (SELECT max(time) FROM {name} t WHERE t.{key} = o.id) AS high FROM {owners} o) AS each_of"
        ),
    };
    let found = link.first(ask, &[]).await?.unwrap_or_default();
    Ok((found.time(0), found.time(1)))
}

async fn counts(link: &mut Link, ask: &'static str) -> Result<Vec<Count>, OutletTrouble> {
    let rows = link.all(ask, &[]).await?;
    Ok(rows.iter().map(|row| Count { what: row.text(0).to_owned(), count: row.int(1) }).collect())
}

async fn history(link: &mut Link, status: &mut Status, has_partitions: bool) -> Result<(), OutletTrouble> {
    if has_partitions {
        let ask = "SELECT parent, name, starts, ends FROM history_partitions ORDER BY parent, starts";
        let of = |row: &super::Record| Partition {
            table: row.text(0).to_owned(),
            name: row.text(1).to_owned(),
            starts: row.time(2),
            ends: row.time(3),
        };
        status.partitions = link.all(ask, &[]).await?.iter().map(of).collect();
    }
    status.rollups_due = link.first("SELECT count(*) FROM rollups_due", &[]).await?.unwrap_or_default().int(0);
    status.runs = counts(link, "SELECT status, count(*) FROM runs GROUP BY status ORDER BY status").await?;
    let ask = "SELECT count(*), CAST(coalesce(sum(row_count), 0) AS bigint), CAST(coalesce(sum(bytes), 0) AS bigint), \
               min(from_time), max(to_time) FROM archives";
    let found = link.first(ask, &[]).await?.unwrap_or_default();
    let [files, rows, bytes] = [found.int(0), found.int(1), found.int(2)];
    status.archives = Archives { files, rows, bytes, from: found.time(3), to: found.time(4) };
    let keeps = link.all("SELECT table_name, keep_days, archive FROM retention ORDER BY table_name", &[]).await?;
    let keep = |row: &super::Record| Keep {
        table: row.text(0).to_owned(),
        days: row.maybe_real(1),
        archive: row.maybe_text(2).map(str::to_owned),
    };
    status.retention = keeps.iter().map(keep).collect();
    Ok(())
}

async fn mirrors(link: &mut Link) -> Result<Vec<Mirror>, OutletTrouble> {
    let ask = "SELECT m.site, r.name, m.written, m.written - m.stored, m.reached FROM mirrors m JOIN runs r ON r.id = m.run_id \
               WHERE m.run_id = (SELECT max(o.run_id) FROM mirrors o WHERE o.site = m.site) ORDER BY m.run_id";
    let mut mirrors = Vec::new();
    for row in link.all(ask, &[]).await? {
        let site = row.text(0).to_owned();
        let alive = journal::living(link, &site).await?.is_some();
        let (run, entries, behind, reached) = (row.text(1).to_owned(), row.int(2), row.int(3), row.time(4));
        mirrors.push(Mirror { site, run, alive, entries, behind, reached });
    }
    Ok(mirrors)
}

async fn logs(link: &mut Link, status: &mut Status) -> Result<(), OutletTrouble> {
    for log in Log::BOTH {
        if let Some(head) = ledger::head(link, log).await? {
            status.logs.push(LogHead { log: log.table(), id: head.id, digest: head.digest });
        }
    }
    let ask = "SELECT time, detail FROM system_events WHERE component = 'store' AND event = 'backup' ORDER BY id DESC LIMIT 1";
    let found = link.first(ask, &[]).await?;
    status.last_backup = found.map(|row| LastBackup { time: row.time(0), detail: row.json(1) });
    Ok(())
}
