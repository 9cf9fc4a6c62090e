//! Output, energy and money: what a machine makes and what it costs.

pub mod detection;
pub mod pieces;
pub mod spec;

use crate::dice::Dice;
use crate::plan::slot;
use detection::Detection;
use pieces::{Memory, Takes};
use serde::{Deserialize, Serialize};
use twinwright_model::Mode;

/// Slots and prices of a model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EconomyPlan {
    /// Slot of the power in kW.
    pub power: Option<u16>,
    /// Slots of pieces per hour and of the bad part of them.
    pub rate: Option<u16>,
    pub scrap: Option<u16>,
    /// Operating time of a piece, where pieces are made one by one instead of at a rate.
    pub takes: Option<Takes>,
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
    pub cost_parts: f64,
    /// Hours that works waited for spare parts.
    pub waited_parts_h: f64,
    /// Operating time that the present piece still takes, in nanoseconds; 0 before it has begun.
    pub piece_left: i64,
    pub failures: u32,
    /// Unplanned stops that ended.
    pub repairs: u32,
    pub planned_works: u32,
    /// Works that had to wait for a spare part.
    pub stockouts: u32,
    pub alerts: u32,
    /// The tick of the first failure.
    pub first_failure: Option<u32>,
    pub detection: Detection,
    #[serde(skip)]
    memory: Memory,
}

impl Meters {
    /// Adds one tick at the rates that held since the tick before.
    #[inline]
    pub fn accrue(&mut self, plan: &EconomyPlan, slots: &[f64], dice: &Dice, nanos: i64, hours: f64) {
        if let Some(power) = plan.power {
            self.energy_kwh += slots[power as usize] * hours;
        }
        if let Some(rate) = plan.rate {
            self.count(plan, slots, slots[rate as usize] * hours);
        } else if plan.takes.is_some() && slots[slot::RUNNING as usize] == 1.0 {
            self.work(plan, slots, dice, nanos);
        }
    }

    /// Works on pieces that take a time each, for a stretch of operating time; the scrap of all of them is what it is
    /// now.
    pub fn work(&mut self, plan: &EconomyPlan, slots: &[f64], dice: &Dice, nanos: i64) {
        let Some(takes) = &plan.takes else { return };
        let made = takes.work(dice, self.pieces as u64, &mut self.piece_left, nanos, &mut self.memory);
        self.count(plan, slots, made as f64);
    }

    #[inline]
    fn count(&mut self, plan: &EconomyPlan, slots: &[f64], made: f64) {
        self.pieces += made;
        if let Some(scrap) = plan.scrap {
            self.bad_pieces += made * slots[scrap as usize].clamp(0.0, 1.0);
        }
    }

    /// A machine goes from one mode to another at a tick.
    pub fn change_mode(&mut self, before: Mode, after: Mode, tick: u32) {
        if after == Mode::Failed {
            self.first_failure.get_or_insert(tick);
        }
        self.repairs += u32::from(before == Mode::Failed && after != Mode::Failed);
    }
}
