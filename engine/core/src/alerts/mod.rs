//! Alerts: what of all findings and conditions is worth a person's time, and the course of each by ISA-18.2.
//!
//! `rules` says which rule a finding concerns, `concern` holds a rule's condition on one machine and the life of its
//! alert, `desk` takes all of them from tick to tick, `hiding` puts alerts out of sight (shelf, maintenance, another alert),
//! `telling` decides whom is told what (groups, floods, once more), `asks` does what people ask, `kpi` counts afterwards.
//!
//! It knows ticks and no clock; what it says follows from findings, modes and actions alone, so a replay says it again
//! with the same names and numbers.

mod asks;
pub mod concern;
pub mod desk;
mod hiding;
mod keeping;
pub mod kpi;
pub mod message;
pub mod rules;
mod telling;
#[cfg(test)]
mod tests;

pub use asks::Answer;
pub use desk::{Desk, Moment};
