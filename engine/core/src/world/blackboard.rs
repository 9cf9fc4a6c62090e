//! What passes between the systems of a tick. One resource: each that a system asks for costs more than a sensor does.

use super::board::FaultBoard;
use super::patches::Patches;
use crate::drivers::drive::Columns;
use crate::sensing::LANES;
use bevy_ecs::prelude::Resource;

/// Everything that one system leaves for another.
#[derive(Debug, Clone, Default, Resource)]
pub struct Blackboard {
    /// What acts on single drivers.
    pub patches: Patches,
    /// Faults by lane.
    pub board: FaultBoard,
    /// Wears that reached 1 at this tick: machine (local number) and wear.
    pub worn: Vec<(u32, u8)>,
    /// Room to drive in, kept from tick to tick.
    pub columns: Columns,
    /// Nobody needs true values or readings: no sensor is simulated.
    pub blind: bool,
    /// Panels for the limits to look at.
    pub hot: Vec<Hot>,
    /// True values of this tick, where somebody wants to see them.
    pub truth: Option<KeptTruth>,
    /// Samplings of panels that are sampled several times a tick.
    pub between: Vec<Between>,
}

/// True values by machine and panel: `panels` rows for each machine.
#[derive(Debug, Clone, Default)]
pub struct KeptTruth {
    pub panels: usize,
    pub lanes: Vec<[f64; LANES]>,
}

/// A panel with something for the limits to look at: one sampling of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Hot {
    pub local: u32,
    pub panel: u8,
    /// Nanoseconds after the tick.
    pub after: i64,
    pub truth: [f64; LANES],
    pub measured: [f32; LANES],
    pub quality: [u8; LANES],
}

/// One sampling of a panel that is sampled several times a tick.
#[derive(Debug, Clone, PartialEq)]
pub struct Between {
    pub local: u32,
    pub panel: u8,
    pub part: u32,
    pub truth: [f64; LANES],
    pub measured: [f32; LANES],
    pub quality: [u8; LANES],
}
