//! Sensing: from drivers and wear to true values, and from true values to readings, sixteen lanes at a time.

pub mod distort;
pub mod kernel;
pub mod panel;
pub mod sense;
pub mod spec;
pub mod wires;

pub use panel::{LANES, Panel, PanelPlan};

#[cfg(test)]
mod tests;

use crate::expression::Bound;
use crate::limits::LimitsPlan;

/// A sensor of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct SensorPlan {
    pub name: String,
    pub unit: String,
    pub panel: u8,
    pub lane: u8,
    pub limits: Option<LimitsPlan>,
    /// The expression as it was bound, for people and tests: the panel holds it as gains.
    pub value: Bound,
}
