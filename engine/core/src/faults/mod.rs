//! Faults that are put in on purpose, with their ground truth.
//!
//! An active fault is an entity. Process faults act on drivers, wear and true values; sensor faults on readings;
//! comms faults on delivery: a world only labels them, and a courier does them to the readings of one outlet.

pub mod apply;
pub mod comms;
pub mod courier;
pub mod schedule;
pub mod spec;

use crate::dice::Purpose;
use crate::files::leaf::At;
use crate::files::numbers::Draw;
use comms::Comms;
use spec::{FaultKind, Layer};

/// What a fault does.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    Spike {
        by: Draw,
    },
    Offset {
        by: Draw,
    },
    Drift {
        rate: Draw,
    },
    Scale {
        factor: Draw,
    },
    Noise {
        factor: Draw,
    },
    Quantise {
        step: Draw,
    },
    Stuck,
    Dropout,
    Nan,
    /// The other sensor's panel and lane, by machine of the target list.
    Swap,
    Leak {
        by: Draw,
    },
    Shift {
        by: Draw,
    },
    Wear {
        by: Draw,
    },
    Trip,
    /// Acts on delivery only.
    Comms(Comms<Draw, Draw>),
}

/// When a fault comes.
#[derive(Debug, Clone, PartialEq)]
pub enum Arrival {
    /// Nanoseconds after the start of the scenario.
    Once(i64),
    /// From one start to the next, in nanoseconds.
    Every(Draw),
}

/// Where a fault acts on one machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    pub machine: u32,
    /// Index of the sensor, driver or wear, as the effect needs.
    pub part: u16,
    /// The other sensor of a swap.
    pub with: u16,
}

/// A fault of the scenario, with all machines that it acts on.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultPlan {
    /// As it stands in labels: its sort, numbered where a scenario has several.
    pub name: String,
    pub kind: FaultKind,
    pub effect: Effect,
    pub targets: Vec<Target>,
    /// It acts on one sensor of each machine, its target's part, and not on the whole machine.
    pub one_sensor: bool,
    /// The only outlet that a comms fault acts on, such as `mqtt.plant`.
    pub outlet: Option<At<String>>,
    pub arrival: Arrival,
    /// Total length in nanoseconds; None lasts to the end.
    pub lasts: Option<Draw>,
    pub ramp: Option<Draw>,
    pub hold: Option<Draw>,
    pub decay: Option<Draw>,
    pub purpose: Purpose,
    /// Names among its parameters, for labels.
    pub said: Vec<(String, serde_json::Value)>,
}

impl FaultPlan {
    pub fn layer(&self) -> Layer {
        self.kind.layer
    }
}
