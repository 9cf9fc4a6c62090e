//! A connection to a store for whatever is not a stream of readings: statements and values that both databases take alike.
//!
//! Statements name their values `$1`, `$2`, ... and are never put together from names that a file or a topic brought. Every
//! statement has a limit at the server and every wait one here; what went wrong is said in the store's words.

use super::cell::{Cell, Record};
use super::place::{File, Server};
use super::{Place, said};
use crate::outlets::trouble::OutletTrouble;
use futures_util::TryStreamExt;
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Connection, Error, Row as _};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Which of the two databases: where their languages differ, a statement is written twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Postgres,
    Sqlite,
}

/// An open connection.
#[derive(Debug)]
pub struct Link {
    name: String,
    patience: Duration,
    wire: Wire,
    /// Whether [`Link::begin`] was called and the end has not come.
    open: bool,
}

#[derive(Debug)]
enum Wire {
    Postgres(Box<PgConnection>),
    Sqlite(Box<SqliteConnection>),
}

/// How much longer than the server we wait before we call it silent.
const SILENT: Duration = Duration::from_secs(10);

impl Link {
    /// Connects to a store and brings its schema up to date.
    pub async fn open(place: &Place) -> Result<Link, OutletTrouble> {
        match place {
            Place::Postgres(server) => {
                let connection = super::postgres::connect(server).await?;
                Ok(Link::postgres(server, connection))
            }
            Place::Sqlite(file) => {
                let connection = super::sqlite::connect(file).await?;
                Ok(Link::sqlite(file, connection))
            }
        }
    }

    pub(super) fn postgres(server: &Server, connection: PgConnection) -> Link {
        let wire = Wire::Postgres(Box::new(connection));
        Link { name: server.name.clone(), patience: server.timeout + SILENT, wire, open: false }
    }

    pub(super) fn sqlite(file: &File, connection: SqliteConnection) -> Link {
        let wire = Wire::Sqlite(Box::new(connection));
        Link { name: file.name.clone(), patience: file.timeout + SILENT, wire, open: false }
    }

    /// As messages call the store.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Waits longer for each answer from now on: for work that goes through all of a store.
    pub fn be_patient(&mut self, patience: Duration) {
        self.patience = patience;
    }

    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// For what only PostgreSQL has, such as COPY.
    pub(super) fn wire_of_postgres(&mut self) -> Result<&mut PgConnection, OutletTrouble> {
        match &mut self.wire {
            Wire::Postgres(wire) => Ok(wire),
            Wire::Sqlite(_) => Err(OutletTrouble::lasting(format!("{}: this is no PostgreSQL", self.name))),
        }
    }

    pub(super) fn wire_of_sqlite(&mut self) -> Result<&mut SqliteConnection, OutletTrouble> {
        match &mut self.wire {
            Wire::Sqlite(wire) => Ok(wire),
            Wire::Postgres(_) => Err(OutletTrouble::lasting(format!("{}: this is no SQLite", self.name))),
        }
    }

    pub fn dialect(&self) -> Dialect {
        match &self.wire {
            Wire::Postgres(_) => Dialect::Postgres,
            Wire::Sqlite(_) => Dialect::Sqlite,
        }
    }

    /// Does a statement and says how many rows it touched.
    pub async fn run(&mut self, statement: impl Into<Arc<str>>, values: &[Cell]) -> Result<u64, OutletTrouble> {
        refuse_zero_bytes(&self.name, values)?;
        let statement = AssertSqlSafe(statement.into());
        let doing = async {
            match &mut self.wire {
                Wire::Postgres(wire) => {
                    let query = sqlx::query_with(statement, of_postgres(values)?).persistent(have_types(values));
                    Ok(query.execute(&mut **wire).await?.rows_affected())
                }
                Wire::Sqlite(wire) => {
                    let done = sqlx::query_with(statement, of_sqlite(values)?).execute(&mut **wire).await?;
                    Ok(done.rows_affected())
                }
            }
        };
        within(&self.name, self.patience, doing).await
    }

    /// All rows that a statement answers.
    pub async fn all(&mut self, statement: impl Into<Arc<str>>, values: &[Cell]) -> Result<Vec<Record>, OutletTrouble> {
        let mut records = Vec::new();
        self.each(statement, values, |record| records.push(record)).await?;
        Ok(records)
    }

    /// The first row that a statement answers.
    pub async fn first(
        &mut self,
        statement: impl Into<Arc<str>>,
        values: &[Cell],
    ) -> Result<Option<Record>, OutletTrouble> {
        Ok(self.all(statement, values).await?.into_iter().next())
    }

    /// Hands on row after row, so that a long answer is not held at once.
    pub async fn each(
        &mut self,
        statement: impl Into<Arc<str>>,
        values: &[Cell],
        mut take: impl FnMut(Record),
    ) -> Result<(), OutletTrouble> {
        refuse_zero_bytes(&self.name, values)?;
        let statement = AssertSqlSafe(statement.into());
        let reading = async {
            match &mut self.wire {
                Wire::Postgres(wire) => {
                    let query = sqlx::query_with(statement, of_postgres(values)?).persistent(have_types(values));
                    let mut rows = query.fetch(&mut **wire);
                    while let Some(row) = rows.try_next().await? {
                        take(from_postgres(&row)?);
                    }
                }
                Wire::Sqlite(wire) => {
                    let mut rows = sqlx::query_with(statement, of_sqlite(values)?).fetch(&mut **wire);
                    while let Some(row) = rows.try_next().await? {
                        take(from_sqlite(&row)?);
                    }
                }
            }
            Ok(())
        };
        within(&self.name, self.patience, reading).await
    }

    /// Begins a transaction that may write. What follows is undone unless [`Link::commit`] comes; after trouble
    /// [`Link::roll_back`] first.
    pub async fn begin(&mut self) -> Result<(), OutletTrouble> {
        let statement = match self.dialect() {
            Dialect::Postgres => "BEGIN",
            Dialect::Sqlite => "BEGIN IMMEDIATE",
        };
        self.run(statement, &[]).await?;
        self.open = true;
        Ok(())
    }

    /// Whether a transaction is open that [`Link::begin`] began.
    pub fn in_transaction(&self) -> bool {
        self.open
    }

    pub async fn commit(&mut self) -> Result<(), OutletTrouble> {
        self.run("COMMIT", &[]).await?;
        self.open = false;
        Ok(())
    }

    pub async fn roll_back(&mut self) -> Result<(), OutletTrouble> {
        self.open = false;
        self.run("ROLLBACK", &[]).await.map(|_| ())
    }

    /// Says goodbye; what was committed is safe without.
    pub async fn close(self) {
        let patience = SILENT;
        let _ = match self.wire {
            Wire::Postgres(wire) => timeout(patience, wire.close()).await,
            Wire::Sqlite(wire) => timeout(patience, wire.close()).await,
        };
    }
}

async fn within<T>(
    name: &str,
    patience: Duration,
    doing: impl Future<Output = Result<T, Error>>,
) -> Result<T, OutletTrouble> {
    match timeout(patience, doing).await {
        Ok(done) => done.map_err(|error| said::trouble(name, &error)),
        Err(_) => Err(OutletTrouble::passing(format!("{name}: the store is silent for {} s", patience.as_secs()))),
    }
}

/// PostgreSQL has no zero bytes in texts; what one database refuses the other must not take.
fn refuse_zero_bytes(name: &str, values: &[Cell]) -> Result<(), OutletTrouble> {
    match values.iter().find_map(Cell::text_with_zero_byte) {
        Some(text) => {
            let some: String = text.chars().take(60).collect();
            Err(OutletTrouble::Input(format!("{name}: {some:?} cannot be stored; expected a text without zero bytes")))
        }
        None => Ok(()),
    }
}

/// Whether a statement may be kept for other values: for what is null the server takes the type of the column, which is not
/// always that of the values to come (an `integer` where we send a `bigint`).
fn have_types(values: &[Cell]) -> bool {
    values.iter().all(|value| *value != Cell::Null)
}

fn of_postgres(values: &[Cell]) -> Result<PgArguments, Error> {
    let mut arguments = PgArguments::default();
    values.iter().try_for_each(|value| arguments.add(value.clone())).map_err(Error::Encode)?;
    Ok(arguments)
}

fn of_sqlite(values: &[Cell]) -> Result<SqliteArguments, Error> {
    let mut arguments = SqliteArguments::default();
    values.iter().try_for_each(|value| value.bind_sqlite(&mut arguments)).map_err(Error::Encode)?;
    Ok(arguments)
}

fn from_postgres(row: &PgRow) -> Result<Record, Error> {
    (0..row.len()).map(|place| row.try_get(place)).collect::<Result<_, _>>().map(Record)
}

fn from_sqlite(row: &SqliteRow) -> Result<Record, Error> {
    (0..row.len()).map(|place| Cell::of_sqlite(row, place)).collect::<Result<_, _>>().map(Record)
}
