//! The store in PostgreSQL: one connection, readings by binary COPY.
//!
//! A batch is one COPY, which is one transaction. If the server says that some of it is there already (a commit whose
//! answer was lost, a reading that was delivered twice), the batch goes through a table of this session and only what is
//! new is added. Every statement has a limit at the server, and every wait one here, for servers that fell silent.

use super::cell::{Cell, TO_2000};
use super::place::Server;
use super::registry::{Found, Registry, SensorIds};
use super::rows::Row;
use super::{Written, migrations, said};
use crate::outlets::trouble::OutletTrouble;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Error, Executor, Row as _};
use std::collections::BTreeSet;
use std::future::Future;
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
const REGISTRY_LOCK: i64 = 0x7477_696e_7772_6774;

const DIRECT: &str = "COPY sensor_readings (sensor_id, time, value, quality) FROM STDIN (FORMAT binary)";
const STAGED: &str = "COPY incoming_readings FROM STDIN (FORMAT binary)";
const STAGE: &str = "CREATE TEMPORARY TABLE incoming_readings (sensor_id integer, time timestamptz, \
                     value double precision, quality smallint) ON COMMIT DELETE ROWS";
const ADD: &str = "INSERT INTO sensor_readings (sensor_id, time, value, quality) \
                   SELECT sensor_id, time, value, quality FROM incoming_readings \
                   ON CONFLICT (sensor_id, time) DO NOTHING";
const OTHERS: &str = "SELECT count(*) FROM incoming_readings i JOIN sensor_readings r USING (sensor_id, time) \
                      WHERE (r.value, r.quality) IS DISTINCT FROM (i.value, i.quality)";

/// Microseconds of the days that a partition of readings holds, and where they are counted from.
const WEEK: i64 = 7 * 86_400_000_000;
const FIRST_MONDAY: i64 = 4 * 86_400_000_000;

/// A connection to a server.
pub struct PostgresStore {
    name: String,
    connection: PgConnection,
    patience: Duration,
    /// Whether this session has its table for what may be known.
    has_stage: bool,
    wary: u32,
    /// Weeks that are known to have their partition.
    weeks: BTreeSet<i64>,
    buffer: Vec<u8>,
}

impl PostgresStore {
    pub async fn connect(server: &Server) -> Result<PostgresStore, OutletTrouble> {
        Ok(PostgresStore {
            name: server.name.clone(),
            connection: connect(server).await?,
            patience: server.timeout + SILENT,
            has_stage: false,
            wary: 0,
            weeks: BTreeSet::new(),
            buffer: Vec::with_capacity(FLUSH + 64),
        })
    }

    pub async fn register(&mut self, registry: &Registry) -> Result<SensorIds, OutletTrouble> {
        let found = within(&self.name, MIGRATING, find_or_make(&mut self.connection, registry)).await?;
        let found = found.map_err(|error| said::trouble(&self.name, &error))?;
        registry.match_up(&self.name, &found)
    }

    pub async fn write(&mut self, rows: &[Row]) -> Result<Written, OutletTrouble> {
        let patience = self.patience;
        let name = self.name.clone();
        let written = within(&name, patience * 3, async {
            self.make_room(rows).await?;
            if self.wary > 0 {
                self.wary -= 1;
                return self.add_new(rows).await;
            }
            match copy(&mut self.connection, &mut self.buffer, DIRECT, rows).await {
                Err(Error::Database(error)) if error.is_unique_violation() => {
                    self.wary = WARY;
                    self.add_new(rows).await
                }
                done => done.map(|_| Written::default()),
            }
        });
        written.await?.map_err(|error| said::trouble(&name, &error))
    }

    /// Makes the partitions that these rows want.
    async fn make_room(&mut self, rows: &[Row]) -> Result<(), Error> {
        let wanted: BTreeSet<i64> = rows.iter().map(|row| week(row.time)).collect();
        for week in wanted {
            if !self.weeks.contains(&week) {
                let at = Cell::Time(week * WEEK + FIRST_MONDAY);
                let make = "SELECT make_partition('sensor_readings', 7, $1)";
                sqlx::query(make).bind(at).execute(&mut self.connection).await?;
                self.weeks.insert(week);
            }
        }
        Ok(())
    }

    /// Adds those rows that are not there.
    async fn add_new(&mut self, rows: &[Row]) -> Result<Written, Error> {
        if !self.has_stage {
            self.connection.execute(STAGE).await?;
            self.has_stage = true;
        }
        let mut all = self.connection.begin().await?;
        copy(&mut all, &mut self.buffer, STAGED, rows).await?;
        let added = all.execute(ADD).await?.rows_affected();
        let known = (rows.len() as u64).saturating_sub(added);
        let mut written = Written { known, other: 0 };
        if known > 0 {
            let others: i64 = sqlx::query_scalar(OTHERS).fetch_one(&mut *all).await?;
            written.other = others.unsigned_abs();
        }
        all.commit().await?;
        Ok(written)
    }

    pub async fn close(self) {
        let _ = timeout(CONNECTING, self.connection.close()).await;
    }
}

/// Waits for an answer, but not for ever.
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
    Ok(connection)
}

fn week(time: i64) -> i64 {
    time.saturating_sub(FIRST_MONDAY).div_euclid(WEEK)
}

async fn within<T>(name: &str, patience: Duration, work: impl Future<Output = T>) -> Result<T, OutletTrouble> {
    timeout(patience, work).await.map_err(|_| silent(name, patience))
}

fn silent(name: &str, patience: Duration) -> OutletTrouble {
    OutletTrouble::passing(format!("{name}: the server does not answer within {} s", patience.as_secs()))
}

/// Sends rows in COPY's binary form.
async fn copy(connection: &mut PgConnection, buffer: &mut Vec<u8>, statement: &str, rows: &[Row]) -> Result<(), Error> {
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
    buffer.extend_from_slice(&[0, 0, 0, 4]);
    buffer.extend_from_slice(&row.sensor.to_be_bytes());
    buffer.extend_from_slice(&[0, 0, 0, 8]);
    buffer.extend_from_slice(&row.time.saturating_sub(TO_2000).to_be_bytes());
    if row.value.is_nan() {
        buffer.extend_from_slice(&(-1i32).to_be_bytes());
    } else {
        buffer.extend_from_slice(&[0, 0, 0, 8]);
        buffer.extend_from_slice(&row.value.to_be_bytes());
    }
    buffer.extend_from_slice(&[0, 0, 0, 2]);
    buffer.extend_from_slice(&row.quality.to_be_bytes());
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
