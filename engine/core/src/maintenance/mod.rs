//! Maintenance: repairs after failures, planned work before them, and the crews that do both.

pub mod condition;
pub mod hours;
pub mod risk;
pub mod spares;
pub mod spec;
mod tails;
pub mod work;

use crate::expression::Bound;
use crate::limits::Level;
use crate::plan::MachinePlan;
use hours::WorkHours;
use spares::SparePlan;
use std::collections::BTreeMap;

/// When planned work is due.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Policy {
    #[default]
    RunToFailure,
    /// Every so many ticks, from the start whatever happened.
    Calendar { every: f64 },
    /// After so many operating nanoseconds since the wear was last restored.
    Operating { every: f64 },
    /// When an expression over the machine comes true, after a delay (nanoseconds).
    Condition { when: BTreeMap<u32, Vec<Watched>>, delay: f64 },
    /// When a failure within `lead` is at least as likely as `risk`, looked at every so often; times in nanoseconds.
    Predictive { lead: f64, risk: f64, every: f64 },
}

/// A condition bound to one model: its text compiled over the machine's slots and readings.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    pub bound: Bound,
    pub reads: Vec<Sign>,
}

/// What a condition looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    Number(Source),
    /// 1 while this limit of a sensor (by its place among the model's) has an open alert, else 0.
    Alert(u16, Level),
}

/// Where a number of a condition comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Slot(u16),
    /// A reading: panel and lane.
    Reading(u8, u8),
    /// A wear: the true one.
    Wear(u8),
}

/// The maintenance of a plan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MaintenancePlan {
    pub policy: Policy,
    /// By model: which wears planned work restores.
    pub restores: Vec<Vec<u8>>,
    /// Machines worked on at once.
    pub crew: Option<u32>,
    /// When planned work may begin; without it always.
    pub hours: Option<WorkHours>,
    /// Wear from which a part is restored along with others, whenever its machine is worked on.
    pub opportunistic: Option<f64>,
    pub spares: Vec<SparePlan>,
    /// By model and wear: which spare it takes.
    pub takes: Vec<Vec<Option<u16>>>,
}

impl MaintenancePlan {
    /// Machines that take parts from one shelf, shelf by shelf: what one takes the others wait for.
    pub fn sharers(&self, machines: &[MachinePlan]) -> Vec<Vec<u32>> {
        let takes = |machine: &MachinePlan, spare: usize| {
            self.takes.get(machine.model as usize).is_some_and(|wears| wears.contains(&Some(spare as u16)))
        };
        let of = |spare| (0u32..).zip(machines).filter(|(_, m)| takes(m, spare)).map(|(index, _)| index).collect();
        (0..self.spares.len()).map(of).collect()
    }
}
