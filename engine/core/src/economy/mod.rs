//! Output, energy and money: what a machine makes and what it costs.

pub mod spec;

use serde::{Deserialize, Serialize};

/// Slots and prices of a model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EconomyPlan {
    /// Slot of the power in kW.
    pub power: Option<u16>,
    /// Slots of pieces per hour and of the bad part of them.
    pub rate: Option<u16>,
    pub scrap: Option<u16>,
    pub ideal: f64,
    pub energy_price: f64,
    pub downtime_price: f64,
    pub scrap_price: f64,
}

/// What one machine has used, made and cost so far.
#[derive(Debug, Clone, Default, PartialEq, bevy_ecs::prelude::Component, Serialize, Deserialize)]
pub struct Meters {
    pub energy_kwh: f64,
    pub pieces: f64,
    pub bad_pieces: f64,
    pub cost_planned: f64,
    pub cost_unplanned: f64,
    pub failures: u32,
    pub repairs: u32,
    pub planned_works: u32,
    pub alerts: u32,
}

impl Meters {
    /// Adds one tick at the rates that held since the tick before.
    #[inline]
    pub fn accrue(&mut self, plan: &EconomyPlan, slots: &[f64], hours: f64) {
        if let Some(power) = plan.power {
            self.energy_kwh += slots[power as usize] * hours;
        }
        if let Some(rate) = plan.rate {
            let made = slots[rate as usize] * hours;
            self.pieces += made;
            if let Some(scrap) = plan.scrap {
                self.bad_pieces += made * slots[scrap as usize].clamp(0.0, 1.0);
            }
        }
    }
}
