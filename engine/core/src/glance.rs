//! One machine at this tick, for those who follow a few machines through a long run (a report's traces).
//!
//! A glance reads and never changes: a run that is looked at gives the same bytes as one that is not.

use crate::twin::Twin;
use crate::world::{Panels, Roster, Wears};
use twinwright_model::Quality;

impl Twin {
    /// Puts the readings (NaN where there is none) and the wears of one machine into columns. False where the machine is
    /// not in this world.
    pub fn glance(&self, future: u32, machine: u32, readings: &mut Vec<f32>, wears: &mut Vec<f64>) -> bool {
        let roster = self.world.resource::<Roster>();
        let Some(entity) = roster.local(future, machine).map(|local| roster.entity(local)) else { return false };
        let (Some(panels), Some(worn)) = (self.world.get::<Panels>(entity), self.world.get::<Wears>(entity)) else {
            return false;
        };
        readings.extend(self.plan().model_of(machine).sensors.iter().map(|sensor| {
            let (panel, lane) = (&panels.0[sensor.panel as usize], sensor.lane as usize);
            if Quality::from_code(panel.quality[lane]).has_value() { panel.measured[lane] } else { f32::NAN }
        }));
        wears.extend(worn.0.iter().map(|wear| wear.now));
        true
    }
}
