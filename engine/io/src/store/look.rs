//! A look at a store that changes nothing: no schema is made or brought up to date, and what is not there stays so.

use super::place::{File, Server};
use super::{Dialect, Link, Place, migrations, said};
use crate::outlets::trouble::OutletTrouble;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Error, Executor};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::timeout;

/// What connecting may take.
const CONNECTING: Duration = Duration::from_secs(10);
/// How long a transaction that only reads may wait for its next statement.
const BETWEEN: Duration = Duration::from_secs(600);

/// Where a store's schema stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// There is none: no store was made here yet.
    None,
    /// All steps up to this one; the program knows more where it is less than `newest`.
    Version(i64),
    /// A step that this program does not know.
    Newer(i64),
    /// A step that is not the one that this program knows under that number.
    Other(i64),
}

/// The newest schema that this program knows.
pub fn newest(dialect: Dialect) -> i64 {
    migrations::known(dialect).last().map_or(0, |(version, _)| *version)
}

impl Schema {
    /// Refuses whatever is not the newest schema.
    pub fn must_be_current(self, link: &Link) -> Result<(), OutletTrouble> {
        let newest = newest(link.dialect());
        let name = link.name();
        self.must_be_known(name)?;
        match self {
            Schema::None => Err(OutletTrouble::lasting(format!("{name}: there is no store here yet"))),
            Schema::Version(version) if version < newest => Err(OutletTrouble::lasting(format!(
                "{name}: its schema is {version}, that of this program {newest}; `twinwright store migrate` brings it up to date"
            ))),
            _ => Ok(()),
        }
    }

    /// Refuses a schema that is newer than the program, or another one. `name` is the store's.
    pub fn must_be_known(self, name: &str) -> Result<(), OutletTrouble> {
        use sqlx::migrate::MigrateError;
        match self {
            Schema::Newer(version) => Err(said::migrating(name, &MigrateError::VersionMissing(version))),
            Schema::Other(version) => Err(said::migrating(name, &MigrateError::VersionMismatch(version))),
            Schema::None | Schema::Version(_) => Ok(()),
        }
    }
}

impl Place {
    /// As messages call it.
    pub fn name(&self) -> &str {
        match self {
            Place::Postgres(server) => &server.name,
            Place::Sqlite(file) => &file.name,
        }
    }

    pub fn dialect(&self) -> Dialect {
        match self {
            Place::Postgres(_) => Dialect::Postgres,
            Place::Sqlite(_) => Dialect::Sqlite,
        }
    }

    /// The file of a store in SQLite.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Place::Postgres(_) => None,
            Place::Sqlite(file) => Some(file.options.get_filename()),
        }
    }
}

impl Link {
    /// Connects to a store as it is. Statements that would write are refused.
    pub async fn look(place: &Place) -> Result<Link, OutletTrouble> {
        match place {
            Place::Postgres(server) => Ok(Link::postgres(server, look_at_server(server).await?)),
            Place::Sqlite(file) => Ok(Link::sqlite(file, look_at_file(file).await?)),
        }
    }

    /// Where the schema stands.
    pub async fn schema(&mut self) -> Result<Schema, OutletTrouble> {
        let ask = match self.dialect() {
            Dialect::Postgres => "SELECT (to_regclass('_sqlx_migrations') IS NOT NULL)::integer",
            Dialect::Sqlite => "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'",
        };
        if self.first(ask, &[]).await?.is_none_or(|row| row.int(0) == 0) {
            return Ok(Schema::None);
        }
        let known = migrations::known(self.dialect());
        let mut reached = Schema::None;
        for row in self.all("SELECT version, checksum FROM _sqlx_migrations ORDER BY version", &[]).await? {
            let version = row.int(0);
            match known.iter().find(|(number, _)| *number == version) {
                None => return Ok(Schema::Newer(version)),
                Some((_, checksum)) if *checksum != row.bytes(1) => return Ok(Schema::Other(version)),
                Some(_) => reached = Schema::Version(version),
            }
        }
        Ok(reached)
    }

    /// Begins a transaction that only reads, and sees one instant of the store however long it takes. It ends with
    /// [`Link::roll_back`].
    pub async fn hold_still(&mut self) -> Result<(), OutletTrouble> {
        let statement = match self.dialect() {
            Dialect::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Dialect::Sqlite => "BEGIN",
        };
        self.run(statement, &[]).await.map(|_| ())
    }
}

async fn look_at_server(server: &Server) -> Result<PgConnection, OutletTrouble> {
    let name = &server.name;
    let silent =
        || OutletTrouble::passing(format!("{name}: the server does not answer within {} s", CONNECTING.as_secs()));
    let connecting = async {
        let mut connection = PgConnection::connect_with(&server.options).await?;
        let (statement, between) = (server.timeout.as_millis(), BETWEEN.as_millis());
        let limits = format!(
            "SET statement_timeout = {statement}; SET idle_in_transaction_session_timeout = {between}; \
             SET client_min_messages = warning; SET default_transaction_read_only = on; SET timezone = 'UTC'; \
             SET datestyle = 'ISO'"
        );
        connection.execute(AssertSqlSafe(limits)).await?;
        Ok::<_, Error>(connection)
    };
    let connected = timeout(CONNECTING, connecting).await.map_err(|_| silent())?;
    connected.map_err(|error| said::trouble(name, &error))
}

/// Where a folder may not be written and no log lies beside the file, SQLite opens it only as one that nobody changes.
async fn look_at_file(file: &File) -> Result<SqliteConnection, OutletTrouble> {
    let name = &file.name;
    let path = file.options.get_filename();
    if !path.exists() {
        return Err(OutletTrouble::lasting(format!("{name}: there is no store here; there is no such file")));
    }
    let options = || {
        let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(file.timeout);
        options.pragma("cache_size", "-32768").disable_statement_logging()
    };
    let opened = match try_to_read(&options()).await {
        Err(Error::Database(said)) if matches!(said.code().as_deref(), Some("14" | "8" | "776" | "1544")) => {
            let log = PathBuf::from(format!("{}-wal", path.display()));
            if log.exists() { Err(Error::Database(said)) } else { try_to_read(&options().immutable(true)).await }
        }
        opened => opened,
    };
    opened.map_err(|error| said::trouble(name, &error))
}

async fn try_to_read(options: &SqliteConnectOptions) -> Result<SqliteConnection, Error> {
    let mut connection = SqliteConnection::connect_with(options).await?;
    sqlx::query("SELECT count(*) FROM sqlite_master").execute(&mut connection).await?;
    Ok(connection)
}
