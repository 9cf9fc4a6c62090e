//! `learn rul` and `predict rul`: remaining life of units, learnt from tables of units that ran to their failure.
//!
//! The mathematics is the core's (`remaining`); here tables become lives, and answers become files and a page.

pub mod arguments;
mod learn;
mod lives;
mod page;
mod predict;
mod truth;

pub use learn::learn;
pub(crate) use learn::write;
pub use predict::predict;

/// What a command leaves for stdout (or, where stdout holds the table, for stderr).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The predictions, where no file was named for them.
    pub table: String,
    pub page: String,
}
