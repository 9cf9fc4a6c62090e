//! The script: what is set at a time, or when a condition holds.

pub mod actions;
pub mod conditions;
pub mod spec;

use crate::expression::Bound;
use crate::files::numbers::Draw;
use crate::maintenance::Source;
use twinwright_model::Mode;

/// All that a scenario does by itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScriptPlan {
    pub actions: Vec<ActionPlan>,
    pub conditions: Vec<ConditionPlan>,
}

/// Something set on machines, at a tick or by a condition.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionPlan {
    /// The tick it acts at; None when a condition calls it.
    pub tick: Option<i64>,
    pub machines: Vec<u32>,
    pub sets: Vec<Setting>,
    /// Nanoseconds after which it is given back.
    pub lasts: Option<Draw>,
}

/// One thing that an action sets.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    /// A driver by name (each model has its own index) and its value.
    Driver(String, Draw),
    Mode(Mode),
}

/// A condition over readings of one or more machines.
#[derive(Debug, Clone, PartialEq)]
pub struct ConditionPlan {
    pub text: String,
    pub bound: Bound,
    /// Slot i of `bound` reads this machine's source.
    pub reads: Vec<(u32, Source)>,
    /// How long it must hold, in nanoseconds.
    pub holds: i64,
    pub once: bool,
    /// The action that it calls.
    pub action: usize,
}
