//! The store in SQLite: one connection that writes, readings by prepared statements of many rows.
//!
//! A batch is one transaction, which is on the disk when it is committed: write-ahead log and `synchronous=FULL`, both
//! read back, because a file system may not have them. What is there already stays as it is.

use super::place::File;
use super::registry::{Found, Registry};
use super::rows::Row;
use super::{Written, migrations, said};
use crate::outlets::trouble::OutletTrouble;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Arguments, AssertSqlSafe, Connection, Error, Row as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rows of a statement, largest first; the tail of a batch takes the smaller ones.
const SIZES: [usize; 3] = [500, 25, 1];
/// Names sent in one statement.
const NAMES: usize = 10_000;

/// How long others that start at the same time are waited for, and how often it is tried.
const TOGETHER: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(25);

/// Writes batches. Each is written within a transaction.
#[derive(Debug)]
pub struct Inserter {
    adding: [Arc<str>; 3],
    comparing: [Arc<str>; 3],
}

impl Default for Inserter {
    fn default() -> Inserter {
        Inserter { adding: SIZES.map(adding), comparing: SIZES.map(comparing) }
    }
}

impl Inserter {
    /// Adds those rows that are not there.
    pub async fn readings(&self, connection: &mut SqliteConnection, rows: &[Row]) -> Result<Written, Error> {
        let mut written = Written::default();
        let mut rest = rows;
        for (at, size) in SIZES.into_iter().enumerate() {
            let chunks = rest.chunks_exact(size);
            rest = chunks.remainder();
            for chunk in chunks {
                let add = AssertSqlSafe(self.adding[at].clone());
                let added = sqlx::query_with(add, bound(chunk)?).execute(&mut *connection).await?.rows_affected();
                let known = (size as u64).saturating_sub(added);
                if known > 0 {
                    let compare = AssertSqlSafe(self.comparing[at].clone());
                    let others: i64 =
                        sqlx::query_scalar_with(compare, bound(chunk)?).fetch_one(&mut *connection).await?;
                    written.known += known;
                    written.other += others.unsigned_abs();
                }
            }
        }
        Ok(written)
    }
}

pub async fn register(
    name: &str,
    connection: &mut SqliteConnection,
    registry: &Registry,
) -> Result<Vec<Found>, OutletTrouble> {
    let found = find_or_make(connection, registry).await;
    found.map_err(|error| said::trouble(name, &error))
}

/// A connection to a store whose schema is up to date. Programs that start together get in each other's way while one of
/// them turns the log on: SQLite answers at once then, whatever its busy timeout is, so this waits here.
pub(super) async fn connect(file: &File) -> Result<SqliteConnection, OutletTrouble> {
    let begun = Instant::now();
    loop {
        match connect_once(file).await {
            Err(OutletTrouble::Passing(_)) if begun.elapsed() < TOGETHER => tokio::time::sleep(PAUSE).await,
            done => return done,
        }
    }
}

async fn connect_once(file: &File) -> Result<SqliteConnection, OutletTrouble> {
    let name = &file.name;
    let connected = SqliteConnection::connect_with(&file.options).await;
    let mut connection = connected.map_err(|error| said::trouble(name, &error))?;
    migrations::sqlite(&mut connection).await.map_err(|error| said::migrating(name, &error))?;
    let kept = durability(&mut connection).await.map_err(|error| said::trouble(name, &error))?;
    if kept != ("wal".to_owned(), 2) {
        let what = "its file system does not allow a write-ahead log; expected a local one";
        return Err(OutletTrouble::lasting(format!("{name}: {what}")));
    }
    Ok(connection)
}

async fn durability(connection: &mut SqliteConnection) -> Result<(String, i64), Error> {
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection).await?;
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *connection).await?;
    Ok((journal, synchronous))
}

fn adding(rows: usize) -> Arc<str> {
    let values = values(rows);
    format!("INSERT INTO sensor_readings (sensor_id, time, value, quality) VALUES {values} ON CONFLICT DO NOTHING")
        .into()
}

/// How many of the rows are in the store with another value or quality.
fn comparing(rows: usize) -> Arc<str> {
    let values = values(rows);
    format!(
        "WITH n (sensor_id, time, value, quality) AS (VALUES {values}) SELECT count(*) FROM n \
         JOIN sensor_readings r ON r.sensor_id = n.sensor_id AND r.time = n.time \
         WHERE r.value IS NOT n.value OR r.quality IS NOT n.quality"
    )
    .into()
}

fn values(rows: usize) -> String {
    let mut text = "(?, ?, ?, ?), ".repeat(rows);
    text.truncate(text.len().saturating_sub(2));
    text
}

/// NaN is bound as null by SQLite itself.
fn bound(rows: &[Row]) -> Result<SqliteArguments, Error> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(rows.len() * 4, 0);
    for row in rows {
        arguments.add(row.sensor).map_err(Error::Encode)?;
        arguments.add(row.time).map_err(Error::Encode)?;
        arguments.add(row.value).map_err(Error::Encode)?;
        arguments.add(row.quality).map_err(Error::Encode)?;
    }
    Ok(arguments)
}

/// The sensors of a registry, made where they are missing, in one transaction that writes from its beginning.
async fn find_or_make(connection: &mut SqliteConnection, registry: &Registry) -> Result<Vec<Found>, Error> {
    let found = find(connection, registry).await?;
    if found.len() == registry.sensors.len() && !registry.sensors.is_empty() {
        return Ok(found);
    }
    let mut all = connection.begin_with("BEGIN IMMEDIATE").await?;
    for some in registry.machines.chunks(NAMES) {
        let names: Vec<_> = some.iter().map(|one| [&one.name, &one.kind]).collect();
        let make = "INSERT INTO equipment (name, kind, location) \
                    SELECT value ->> 0, value ->> 1, nullif(?2, '') FROM json_each(?1) WHERE true \
                    ORDER BY key ON CONFLICT (name) DO NOTHING";
        sqlx::query(make).bind(json(&names)?).bind(&registry.location).execute(&mut *all).await?;
    }
    for some in registry.sensors.chunks(NAMES) {
        let make = "INSERT INTO sensors (equipment_id, name, unit) \
                    SELECT e.id, n.value ->> 1, n.value ->> 2 FROM json_each(?1) n \
                    JOIN equipment e ON e.name = n.value ->> 0 WHERE true \
                    ORDER BY n.key ON CONFLICT (equipment_id, name) DO NOTHING";
        sqlx::query(make).bind(sensors(registry, some)?).execute(&mut *all).await?;
    }
    all.commit().await?;
    find(connection, registry).await
}

async fn find(connection: &mut SqliteConnection, registry: &Registry) -> Result<Vec<Found>, Error> {
    let mut found = Vec::with_capacity(registry.sensors.len());
    for some in registry.sensors.chunks(NAMES) {
        let ask = "SELECT e.name, s.name, s.unit, s.id FROM json_each(?1) n \
                   JOIN equipment e ON e.name = n.value ->> 0 \
                   JOIN sensors s ON s.equipment_id = e.id AND s.name = n.value ->> 1";
        for row in sqlx::query(ask).bind(sensors(registry, some)?).fetch_all(&mut *connection).await? {
            let [machine, sensor, unit] = [row.try_get(0)?, row.try_get(1)?, row.try_get(2)?];
            found.push(Found { machine, sensor, unit, id: row.try_get(3)? });
        }
    }
    Ok(found)
}

fn sensors(registry: &Registry, some: &[super::registry::Sensor]) -> Result<String, Error> {
    let names: Vec<_> = some.iter().map(|one| [&registry.machines[one.machine].name, &one.name, &one.unit]).collect();
    json(&names)
}

fn json<const N: usize>(names: &[[&String; N]]) -> Result<String, Error> {
    let rows: Vec<&[&String]> = names.iter().map(|row| row.as_slice()).collect();
    serde_json::to_string(&rows).map_err(|error| Error::Encode(error.into()))
}
