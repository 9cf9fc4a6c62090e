//! The store: a plant's registry and history in PostgreSQL or SQLite, with the same meaning in both.
//!
//! A [`Store`] is one connection that writes. It brings the schema up to date, finds or makes the rows of machines and
//! sensors, and writes readings so that writing them again changes nothing. It never decides when to try again, and
//! never builds SQL from names: those are bound.

mod cell;
mod link;
mod migrations;
mod place;
mod postgres;
mod registry;
mod rows;
pub mod runs;
mod said;
mod sqlite;

pub use cell::{Cell, Record};
pub use link::{Dialect, Link};
pub use place::Place;
pub use registry::{Registry, SensorIds};
pub use rows::{Row, fill};

use crate::outlets::trouble::OutletTrouble;
use postgres::PostgresStore;
use sqlite::SqliteStore;

/// A connection to a store that is up to date.
pub enum Store {
    Postgres(Box<PostgresStore>),
    Sqlite(Box<SqliteStore>),
}

/// What became of some readings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Were there before, by sensor and time: they stay as they were.
    pub known: u64,
    /// Of those, how many have another value or quality in the store.
    pub other: u64,
}

impl Store {
    /// Connects and migrates.
    pub async fn connect(place: &Place) -> Result<Store, OutletTrouble> {
        Ok(match place {
            Place::Postgres(server) => Store::Postgres(Box::new(PostgresStore::connect(server).await?)),
            Place::Sqlite(file) => Store::Sqlite(Box::new(SqliteStore::connect(file).await?)),
        })
    }

    /// Finds or makes the rows of these machines and sensors.
    pub async fn register(&mut self, registry: &Registry) -> Result<SensorIds, OutletTrouble> {
        match self {
            Store::Postgres(store) => store.register(registry).await,
            Store::Sqlite(store) => store.register(registry).await,
        }
    }

    /// Writes readings, all or none; they are there for good when it returns. They must be sorted by sensor and time,
    /// each once.
    pub async fn write(&mut self, rows: &[Row]) -> Result<Written, OutletTrouble> {
        match self {
            Store::Postgres(store) => store.write(rows).await,
            Store::Sqlite(store) => store.write(rows).await,
        }
    }

    /// Says goodbye; what was written is safe without.
    pub async fn close(self) {
        match self {
            Store::Postgres(store) => store.close().await,
            Store::Sqlite(store) => store.close().await,
        }
    }
}
