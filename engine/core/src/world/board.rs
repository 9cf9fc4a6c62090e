//! Which faults act on which lanes now: an index over the active fault entities, so that a healthy panel costs one test.

use super::patches::Envelope;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a fault does to one lane, its size already drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum LaneAct {
    /// Adds to the raw value.
    Add(f64),
    /// Adds so much per hour since the start.
    Drift(f64),
    Scale(f64),
    /// Multiplies the noise.
    Noise(f64),
    Quantise(f64),
    /// Adds to the true value.
    Leak(f64),
    /// Holds a reading; None until the first one is seen.
    Stuck(Option<f32>),
    Dropout,
    Nan,
    /// Reads another lane's value: panel and lane.
    Swap(u8, u8),
}

/// A fault on a lane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LaneFault {
    pub lane: u8,
    pub act: LaneAct,
    pub envelope: Envelope,
    /// Which one it is, so that it can be taken away: fault of the plan and occurrence.
    pub id: (u32, u32),
}

/// Active faults by machine and panel, and the names that rows carry.
#[derive(Debug, Clone, Default)]
pub struct FaultBoard {
    pub lanes: BTreeMap<(u32, u8), Vec<LaneFault>>,
    /// By machine: (name, sensor) of each active fault, ascending.
    pub names: BTreeMap<u32, Vec<(String, Option<u16>)>>,
}

impl FaultBoard {
    /// Whether any two sensors are swapped: most boards are empty, and then this is one look.
    pub fn has_swaps(&self) -> bool {
        self.lanes.values().flatten().any(|fault| matches!(fault.act, LaneAct::Swap(..)))
    }

    /// Names of all faults active on a machine, or only of those on one of its sensors, joined by `+`.
    pub fn joined(&self, local: u32, sensor: Option<u16>) -> String {
        let Some(active) = self.names.get(&local) else { return String::new() };
        let mut names: Vec<&str> = active
            .iter()
            .filter(|(_, acts_on)| sensor.is_none() || *acts_on == sensor)
            .map(|(name, _)| name.as_str())
            .collect();
        names.dedup();
        names.join("+")
    }
}
