//! What time it is in a world, and what it was built from.

use super::machine::Run;
use crate::plan::Plan;
use bevy_ecs::prelude::Resource;
use std::sync::Arc;

/// The plan that a world follows, how far it is, and how its machines lie in memory.
#[derive(Debug, Clone, Resource)]
pub struct Course {
    pub plan: Arc<Plan>,
    pub clock: Clock,
    pub runs: Vec<Run>,
}

/// The present tick.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    pub tick: u32,
    /// Nothing has happened yet: this is the first tick, at the start of the scenario.
    pub fresh: bool,
}

impl Clock {
    /// The first tick at or after so many nanoseconds from now, at least the next one.
    pub fn after(&self, nanos: f64, tick_nanos: i64) -> u32 {
        let ticks = (nanos / tick_nanos as f64 - 1e-9).ceil().clamp(1.0, f64::from(u32::MAX));
        self.tick.saturating_add(ticks as u32)
    }
}
