//! The store in PostgreSQL: readings and new roll-ups by binary COPY.
//!
//! A batch is one transaction. If the server says that some of it is there already (a commit whose answer was lost, a
//! reading that was delivered twice), the batch goes through a table of this session and only what is new is added.
//! Every statement has a limit at the server, and every wait one here, for servers that fell silent.

use super::cell::TO_2000;
use super::place::Server;
use super::registry::{Found, Registry};
use super::rollups::{Entry, Grain, tables};
use super::rows::Row;
use super::{Written, migrations, said};
use crate::outlets::trouble::OutletTrouble;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Error, Executor, Row as _};
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::timeout;

/// What connecting may take.
const CONNECTING: Duration = Duration::from_secs(10);
/// What bringing the schema up to date may take, waiting for another program that does it included.
const MIGRATING: Duration = Duration::from_secs(600);
/// How much longer than the server we wait before we call it silent.
const SILENT: Duration = Duration::from_secs(10);
/// Bytes after which encoded rows are handed on.
const FLUSH: usize = 256 * 1024;
/// Batches that are not tried directly after one that held known readings: where one is, more are near.
const WARY: u32 = 20;
/// Names sent in one statement.
const NAMES: usize = 10_000;
/// The lock under which registry rows are made, so that ids stay dense: `twinwrgt` as a number.
pub(super) const REGISTRY_LOCK: i64 = 0x7477_696e_7772_6774;

const DIRECT: &str = "COPY sensor_readings (sensor_id, time, value, quality) FROM STDIN (FORMAT binary)";
const STAGED: &str = "COPY incoming_readings FROM STDIN (FORMAT binary)";
const STAGE: &str = "CREATE TEMPORARY TABLE incoming_readings (sensor_id integer, time timestamptz, \
                     value double precision, quality smallint) ON COMMIT DELETE ROWS";
const ADD: &str = "INSERT INTO sensor_readings (sensor_id, time, value, quality) \
                   SELECT sensor_id, time, value, quality FROM incoming_readings \
                   ON CONFLICT (sensor_id, time) DO NOTHING";
const OTHERS: &str = "SELECT count(*) FROM incoming_readings i JOIN sensor_readings r USING (sensor_id, time) \
                      WHERE (r.value, r.quality) IS DISTINCT FROM (i.value, i.quality)";

/// Writes batches. Each is written between [`Copier::begin`] and the commit.
#[derive(Debug, Default)]
pub struct Copier {
    /// Whether this session has its table for what may be known.
    has_stage: bool,
    wary: u32,
    buffer: Vec<u8>,
}

/// Why a batch did not get in.
#[derive(Debug)]
pub enum Setback {
    /// Some of it is there already.
    Known,
    /// A partition that was there is gone.
    NoRoom,
    Other(Error),
    Trouble(OutletTrouble),
}

impl From<OutletTrouble> for Setback {
    fn from(trouble: OutletTrouble) -> Setback {
        Setback::Trouble(trouble)
    }
}

impl From<Error> for Setback {
    fn from(error: Error) -> Setback {
        let Error::Database(said) = &error else { return Setback::Other(error) };
        match said.code().as_deref() {
            Some("23505") => Setback::Known,
            // What breaks a rule names it; what has no partition does not.
            Some("23514") if said.constraint().is_none() => Setback::NoRoom,
            Some("42P01") => Setback::NoRoom,
            _ => Setback::Other(error),
        }
    }
}

impl Copier {
    /// Begins a transaction that no repair of roll-ups comes between. Says how many repairs there were.
    pub async fn begin(&self, connection: &mut PgConnection) -> Result<i64, Error> {
        let lock = tables::REPAIR_LOCK;
        let begin = format!("BEGIN; SELECT pg_advisory_xact_lock_shared({lock}); SELECT repairs FROM rollups_state");
        let rows = sqlx::raw_sql(AssertSqlSafe(begin)).fetch_all(connection).await?;
        rows.last().ok_or(Error::RowNotFound)?.try_get(0)
    }

    /// Some rows were known: more are near.
    pub fn be_wary(&mut self) {
        self.wary = WARY;
    }

    pub fn is_wary(&self) -> bool {
        self.wary > 0
    }

    pub async fn readings(&mut self, connection: &mut PgConnection, rows: &[Row]) -> Result<Written, Setback> {
        if self.wary > 0 {
            self.wary -= 1;
            return Ok(self.add_new(connection, rows).await?);
        }
        copy(connection, &mut self.buffer, DIRECT, rows, encode).await?;
        Ok(Written::default())
    }

    /// Adds those rows that are not there.
    async fn add_new(&mut self, connection: &mut PgConnection, rows: &[Row]) -> Result<Written, Error> {
        if !self.has_stage {
            connection.execute(STAGE).await?;
            self.has_stage = true;
        }
        copy(connection, &mut self.buffer, STAGED, rows, encode).await?;
        let added = connection.execute(ADD).await?.rows_affected();
        let known = (rows.len() as u64).saturating_sub(added);
        let mut written = Written { known, other: 0 };
        if known > 0 {
            let others: i64 = sqlx::query_scalar(OTHERS).fetch_one(connection).await?;
            written.other = others.unsigned_abs();
        }
        Ok(written)
    }

    /// Writes roll-ups that are not there yet.
    pub async fn rollups(&mut self, connection: &mut PgConnection, entries: &[Entry]) -> Result<(), Setback> {
        for (grain, table) in [(Grain::Minute, "sensor_readings_1m"), (Grain::Hour, "sensor_readings_1h")] {
            let some: Vec<Entry> = entries.iter().filter(|entry| entry.grain == grain).copied().collect();
            if !some.is_empty() {
                let statement = format!(
                    "COPY {table} (sensor_id, time, mean, min, max, stddev, p95, count) FROM STDIN (FORMAT binary)"
                );
                copy(connection, &mut self.buffer, &statement, &some, encode_rollup).await?;
            }
        }
        Ok(())
    }
}

/// A connection to a store whose schema is up to date, with limits on whatever it is asked.
pub(super) async fn connect(server: &Server) -> Result<PgConnection, OutletTrouble> {
    let name = &server.name;
    let connecting = timeout(CONNECTING, PgConnection::connect_with(&server.options)).await;
    let Ok(connected) = connecting else { return Err(silent(name, CONNECTING)) };
    let mut connection = connected.map_err(|error| said::trouble(name, &error))?;
    let limits = |statement: Duration| {
        let (statement, lock) = (statement.as_millis(), MIGRATING.as_millis());
        AssertSqlSafe(format!(
            "SET statement_timeout = {statement}; SET lock_timeout = {lock}; \
             SET idle_in_transaction_session_timeout = {statement}; SET client_min_messages = warning"
        ))
    };
    let preparing = async {
        connection.execute(limits(MIGRATING)).await?;
        migrations::postgres(&mut connection).await?;
        connection.execute(limits(server.timeout)).await?;
        Ok(())
    };
    let prepared = timeout(MIGRATING + SILENT, preparing).await.map_err(|_| silent(name, MIGRATING))?;
    prepared.map_err(|error| said::migrating(name, &error))?;
    durability(name, &mut connection).await?;
    Ok(connection)
}

/// What was committed must be on the disk. `local` and the remote ones are at least that.
async fn durability(name: &str, connection: &mut PgConnection) -> Result<(), OutletTrouble> {
    let asking = async {
        let commit: String = sqlx::query_scalar("SHOW synchronous_commit").fetch_one(&mut *connection).await?;
        let flush: String = sqlx::query_scalar("SHOW fsync").fetch_one(&mut *connection).await?;
        Ok((commit, flush))
    };
    let (commit, flush) = within(name, SILENT, asking).await?.map_err(|error| said::trouble(name, &error))?;
    if commit == "off" {
        let what = "the server answers before a commit is on its disk (synchronous_commit=off); expected on";
        return Err(OutletTrouble::lasting(format!("{name}: {what}, for this database or user")));
    }
    static SAID: AtomicBool = AtomicBool::new(false);
    if flush == "off" && !SAID.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            "{name}: the server does not wait for its disk (fsync=off): a power failure can damage all of it"
        );
    }
    Ok(())
}

/// Waits for an answer, but not for ever.
pub(super) async fn within<T>(
    name: &str,
    patience: Duration,
    work: impl Future<Output = T>,
) -> Result<T, OutletTrouble> {
    timeout(patience, work).await.map_err(|_| silent(name, patience))
}

fn silent(name: &str, patience: Duration) -> OutletTrouble {
    OutletTrouble::passing(format!("{name}: the server does not answer within {} s", patience.as_secs()))
}

/// Sends rows in COPY's binary form.
async fn copy<T>(
    connection: &mut PgConnection,
    buffer: &mut Vec<u8>,
    statement: &str,
    rows: &[T],
    encode: impl Fn(&mut Vec<u8>, &T),
) -> Result<(), Error> {
    let mut copying = connection.copy_in_raw(statement).await?;
    buffer.clear();
    buffer.extend_from_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
    for row in rows {
        encode(buffer, row);
        if buffer.len() >= FLUSH {
            copying.send(buffer.as_slice()).await?;
            buffer.clear();
        }
    }
    buffer.extend_from_slice(&(-1i16).to_be_bytes());
    copying.send(buffer.as_slice()).await?;
    copying.finish().await?;
    Ok(())
}

/// A row in COPY's binary form: how many fields, and each with its length in front, all big-endian.
fn encode(buffer: &mut Vec<u8>, row: &Row) {
    buffer.extend_from_slice(&[0, 4]);
    field(buffer, row.sensor.to_be_bytes());
    field(buffer, row.time.saturating_sub(TO_2000).to_be_bytes());
    real(buffer, (!row.value.is_nan()).then_some(row.value));
    field(buffer, row.quality.to_be_bytes());
}

fn encode_rollup(buffer: &mut Vec<u8>, entry: &Entry) {
    let roll = &entry.roll;
    buffer.extend_from_slice(&[0, 8]);
    field(buffer, entry.sensor.to_be_bytes());
    field(buffer, entry.time.saturating_sub(TO_2000).to_be_bytes());
    for value in [Some(roll.mean), Some(roll.min), Some(roll.max), roll.stddev, Some(roll.p95)] {
        real(buffer, value);
    }
    field(buffer, roll.count.to_be_bytes());
}

fn field<const N: usize>(buffer: &mut Vec<u8>, bytes: [u8; N]) {
    buffer.extend_from_slice(&(N as i32).to_be_bytes());
    buffer.extend_from_slice(&bytes);
}

/// Null where there is none.
fn real(buffer: &mut Vec<u8>, value: Option<f64>) {
    match value {
        Some(value) => field(buffer, value.to_be_bytes()),
        None => buffer.extend_from_slice(&(-1i32).to_be_bytes()),
    }
}

pub async fn register(
    name: &str,
    connection: &mut PgConnection,
    registry: &Registry,
) -> Result<Vec<Found>, OutletTrouble> {
    let found = within(name, MIGRATING, find_or_make(connection, registry)).await?;
    found.map_err(|error| said::trouble(name, &error))
}

/// The sensors of a registry, made where they are missing. Ids are handed out in the order of the run, so that a
/// machine's sensors lie side by side.
async fn find_or_make(connection: &mut PgConnection, registry: &Registry) -> Result<Vec<Found>, Error> {
    let found = find(connection, registry).await?;
    if found.len() == registry.sensors.len() && !registry.sensors.is_empty() {
        return Ok(found);
    }
    let mut all = connection.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(REGISTRY_LOCK).execute(&mut *all).await?;
    for some in registry.machines.chunks(NAMES) {
        let (names, kinds): (Vec<_>, Vec<_>) = some.iter().map(|one| (one.name.clone(), one.kind.clone())).unzip();
        let make = "INSERT INTO equipment (name, kind, location) \
                    SELECT n.name, n.kind, nullif($3, '') FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS n (name, kind, at) \
                    WHERE NOT EXISTS (SELECT FROM equipment e WHERE e.name = n.name) ORDER BY n.at";
        sqlx::query(make).bind(names).bind(kinds).bind(&registry.location).execute(&mut *all).await?;
    }
    for some in registry.sensors.chunks(NAMES) {
        let machines: Vec<_> = some.iter().map(|one| registry.machines[one.machine].name.clone()).collect();
        let (names, units): (Vec<_>, Vec<_>) = some.iter().map(|one| (one.name.clone(), one.unit.clone())).unzip();
        let make = "INSERT INTO sensors (equipment_id, name, unit) SELECT e.id, n.name, n.unit \
                    FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS n (machine, name, unit, at) \
                    JOIN equipment e ON e.name = n.machine \
                    WHERE NOT EXISTS (SELECT FROM sensors s WHERE s.equipment_id = e.id AND s.name = n.name) ORDER BY n.at";
        sqlx::query(make).bind(machines).bind(names).bind(units).execute(&mut *all).await?;
    }
    all.commit().await?;
    find(connection, registry).await
}

async fn find(connection: &mut PgConnection, registry: &Registry) -> Result<Vec<Found>, Error> {
    let mut found = Vec::with_capacity(registry.sensors.len());
    for some in registry.sensors.chunks(NAMES) {
        let machines: Vec<_> = some.iter().map(|one| registry.machines[one.machine].name.clone()).collect();
        let names: Vec<_> = some.iter().map(|one| one.name.clone()).collect();
        let ask = "SELECT e.name, s.name, s.unit, s.id FROM unnest($1::text[], $2::text[]) AS n (machine, name) \
                   JOIN equipment e ON e.name = n.machine JOIN sensors s ON s.equipment_id = e.id AND s.name = n.name";
        for row in sqlx::query(ask).bind(machines).bind(names).fetch_all(&mut *connection).await? {
            let [machine, sensor, unit] = [row.try_get(0)?, row.try_get(1)?, row.try_get(2)?];
            found.push(Found { machine, sensor, unit, id: row.try_get(3)? });
        }
    }
    Ok(found)
}
