//! The schema of the store, built into the program, one list for each dialect.
//!
//! A store that is up to date is only read: whoever may not change its schema can still write readings.

use super::link::Dialect;
use super::said;
use crate::outlets::trouble::OutletTrouble;
use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection, SqliteConnection};

static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");
static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// Under which PostgreSQL's schema is changed: `twinschm` as a number.
const LOCK: i64 = 0x7477_696e_7363_686d;

/// The steps that this program knows: number and checksum, in order.
pub fn known(dialect: Dialect) -> Vec<(i64, Vec<u8>)> {
    let migrator = match dialect {
        Dialect::Postgres => &POSTGRES,
        Dialect::Sqlite => &SQLITE,
    };
    migrator.iter().map(|one| (one.version, one.checksum.to_vec())).collect()
}

/// What a file has when all steps were done: kind, name and text of each table, index and guard. They are done once
/// more, in memory.
pub async fn fresh_sqlite(name: &str) -> Result<Vec<(String, String, String)>, OutletTrouble> {
    let options = SqliteConnectOptions::new().in_memory(true).disable_statement_logging();
    let connected = SqliteConnection::connect_with(&options).await;
    let mut fresh = connected.map_err(|error| said::trouble(name, &error))?;
    sqlite(&mut fresh).await.map_err(|error| said::migrating(name, &error))?;
    let ask = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name";
    sqlx::query_as(ask).fetch_all(&mut fresh).await.map_err(|error| said::trouble(name, &error))
}

/// All of it or nothing, and one program at a time: the lock of the migrator itself ends before the transaction does.
pub async fn postgres(connection: &mut PgConnection) -> Result<(), MigrateError> {
    if is_current(&POSTGRES, connection).await? {
        return Ok(());
    }
    let mut all = connection.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *all).await?;
    POSTGRES.run_direct(None, &mut *all, false).await?;
    Ok(all.commit().await?)
}

/// All of it or nothing: SQLite has no other lock than a transaction that writes from its beginning.
pub async fn sqlite(connection: &mut SqliteConnection) -> Result<(), MigrateError> {
    if is_current(&SQLITE, connection).await? {
        return Ok(());
    }
    let mut all = connection.begin_with("BEGIN IMMEDIATE").await?;
    SQLITE.run_direct(None, &mut *all, false).await?;
    Ok(all.commit().await?)
}

/// Whether there is nothing to do. A store without any schema has no list of what was applied: that is not an error.
async fn is_current<C: Migrate>(migrator: &Migrator, connection: &mut C) -> Result<bool, MigrateError> {
    let applied = match connection.list_applied_migrations(&migrator.table_name).await {
        Ok(applied) => applied,
        Err(MigrateError::Execute(sqlx::Error::Database(_))) => return Ok(false),
        Err(error) => return Err(error),
    };
    if let Some(newer) = applied.iter().find(|one| !migrator.version_exists(one.version)) {
        return Err(MigrateError::VersionMissing(newer.version));
    }
    let same = |one: &sqlx::migrate::Migration| {
        applied.iter().any(|other| other.version == one.version && other.checksum == one.checksum)
    };
    Ok(migrator.iter().all(same))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_dialects_have_the_same_migrations() {
        let names = |migrator: &Migrator| -> Vec<(i64, String)> {
            migrator.iter().map(|one| (one.version, one.description.to_string())).collect()
        };
        assert!(!names(&POSTGRES).is_empty());
        assert_eq!(names(&POSTGRES), names(&SQLITE));
    }
}
