//! The schema of the store, built into the program, one list for each dialect.
//!
//! A store that is up to date is only read: whoever may not change its schema can still write readings.

use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::{Connection, PgConnection, SqliteConnection};

static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");
static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// One program at a time: the migrator takes an advisory lock of the database.
pub async fn postgres(connection: &mut PgConnection) -> Result<(), MigrateError> {
    if is_current(&POSTGRES, connection).await? {
        return Ok(());
    }
    POSTGRES.run_direct(None, connection, false).await
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
