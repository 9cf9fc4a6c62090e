//! What acts on single drivers of single machines: values that were set, and shifts by faults.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How strongly something acts over its life: up in `ramp`, full, down in the last `decay`. Nanoseconds from its start.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// The tick at which it starts.
    pub start: u32,
    pub ramp: f64,
    pub decay: f64,
    /// Whole length; infinite when it lasts to the end.
    pub lasts: f64,
}

impl Envelope {
    /// 0 to 1 at so many nanoseconds after the start.
    pub fn level(&self, nanos: f64) -> f64 {
        let rise = if self.ramp > 0.0 { (nanos / self.ramp).min(1.0) } else { 1.0 };
        let fall = if self.decay > 0.0 { ((self.lasts - nanos) / self.decay).clamp(0.0, 1.0) } else { 1.0 };
        rise.min(fall)
    }
}

/// One thing that acts on a driver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Patch {
    /// Index of the driver in its model.
    pub driver: u16,
    pub what: What,
    /// Who put it there, so that the same one takes it away.
    pub by: By,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum What {
    Set(f64),
    Shift { by: f64, envelope: Envelope },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum By {
    Action { action: u32, occurrence: u32 },
    Fault { fault: u32, occurrence: u32 },
}

/// Patches by machine (local number). Sets come before shifts: a shift acts on what was set.
#[derive(Debug, Clone, Default)]
pub struct Patches(pub BTreeMap<u32, Vec<Patch>>);

impl Patches {
    pub fn add(&mut self, local: u32, patch: Patch) {
        self.0.entry(local).or_default().push(patch);
    }

    /// Takes away what `by` put on a machine. True when there was something.
    pub fn remove(&mut self, local: u32, by: By) -> bool {
        let Some(list) = self.0.get_mut(&local) else { return false };
        let before = list.len();
        list.retain(|patch| patch.by != by);
        let removed = list.len() < before;
        if list.is_empty() {
            self.0.remove(&local);
        }
        removed
    }

    /// Sets of a driver by the script that a newer one replaces.
    pub fn forget_sets(&mut self, local: u32, driver: u16) {
        if let Some(list) = self.0.get_mut(&local) {
            list.retain(|patch| patch.driver != driver || !matches!(patch.what, What::Set(_)));
        }
    }
}
