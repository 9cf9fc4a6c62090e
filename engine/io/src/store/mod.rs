//! The store: a plant's registry and history in PostgreSQL or SQLite, with the same meaning in both.
//!
//! A [`Store`] is one connection that writes. It brings the schema up to date, finds or makes the rows of machines and
//! sensors, and writes readings with their roll-ups so that writing them again changes nothing. It never decides when to try
//! again, and never builds SQL from names: those are bound.

pub mod archive;
pub mod backup;
mod cell;
pub mod checkpoints;
pub mod chronicle;
pub mod journal;
mod latest;
pub mod ledger;
mod link;
mod look;
mod migrations;
pub mod periods;
mod place;
mod postgres;
pub mod queries;
mod registry;
pub mod retention;
pub mod rollups;
mod rooms;
mod rows;
pub mod runs;
mod said;
pub mod scribe;
mod sqlite;
pub mod status;
mod tables;
pub mod verify;
mod writer;

pub use cell::{Cell, Record};
pub use link::{Dialect, Link};
pub use look::{Schema, newest};
pub use place::Place;
pub use registry::{Registry, SensorIds};
pub use rows::{Row, fill};
pub use writer::Store;

/// What became of some readings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Were there before, by sensor and time: they stay as they were.
    pub known: u64,
    /// Of those, how many have another value or quality in the store.
    pub other: u64,
}
