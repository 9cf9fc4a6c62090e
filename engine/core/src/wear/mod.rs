//! Wear: how a machine ages, and when it fails.
//!
//! `s` is the time integral of stress over life, kept as an anchor and a rate, so that many small steps and one leap
//! agree. What wear makes of `s` is a path of straight pieces (one for linear and weibull, 1,024 a life for wiener and
//! gamma, one between shocks), each addressed by machine, wear, renewal and node; exponential is a curve with a node every
//! 1,024th of a life, so that the slow functions are called there and not every tick.

pub mod age;
pub mod ahead;
mod fork;
pub mod passage;
pub mod path;
pub mod spec;

use crate::dice::{Dice, Purpose};
use crate::files::numbers::Draw;
use serde::{Deserialize, Serialize};

/// Nodes of a wiener or gamma path in one life.
pub const NODES_PER_LIFE: f64 = 1024.0;

/// How wear follows from `s`.
#[derive(Debug, Clone, PartialEq)]
pub enum Law {
    Linear,
    /// `whole` is e^shape - 1, worked out once.
    Exponential {
        shape: f64,
        whole: f64,
    },
    Wiener {
        spread: f64,
    },
    Gamma {
        spread: f64,
    },
    Weibull {
        shape: f64,
    },
    /// Jumps come at this rate per hour of stress-weighted time.
    Shock {
        rate: f64,
        jump: Draw,
    },
}

/// One wear of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct WearPlan {
    pub name: String,
    pub law: Law,
    /// Nanoseconds at stress 1; drawn once per machine where it is a distribution.
    pub life: Draw,
    pub starts_at: Draw,
    /// Where the machine's stress and wear stand among its slots.
    pub stress: u16,
    pub slot: u16,
    pub path: Purpose,
    pub repair: Option<RepairPlan>,
}

/// How a wear is restored.
#[derive(Debug, Clone, PartialEq)]
pub struct RepairPlan {
    /// Nanoseconds.
    pub takes: Draw,
    pub cost: Draw,
    pub planned_cost: Draw,
    pub restores_to: Draw,
    pub purpose: Purpose,
}

/// One wear of one machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WearState {
    /// Nanoseconds of life at stress 1.
    life: f64,
    /// `s` at the anchor tick, and the stress since.
    anchor_s: f64,
    stress: f64,
    anchor: u32,
    /// How often it was restored; each renewal has its own luck.
    pub renewal: u32,
    /// The node of the path that the present piece begins at.
    node: u32,
    /// Running ticks of the machine when it was last restored, for age replacement.
    pub restored_after: u32,
    /// The tick of the last renewal.
    renewed: u32,
    piece: path::Piece,
    /// The wear now; wiener's may be a little below 0.
    pub now: f64,
}

impl WearState {
    /// A wear at the first tick.
    pub fn new(plan: &WearPlan, dice: &Dice, life: f64, starts_at: f64) -> WearState {
        let piece = path::Piece::first(plan, dice, 0, starts_at);
        WearState {
            life,
            anchor_s: 0.0,
            stress: 0.0,
            anchor: 0,
            renewal: 0,
            node: 0,
            restored_after: 0,
            renewed: 0,
            piece,
            now: starts_at,
        }
    }

    /// Advances to `tick`, the stress having been `stress` since the tick before. True when the path reached 1.
    #[inline]
    pub fn age(&mut self, plan: &WearPlan, dice: &Dice, tick: u32, tick_nanos: f64, stress: f64) -> bool {
        if stress != self.stress {
            self.anchor_s = self.s_at(tick - 1, tick_nanos);
            self.anchor = tick - 1;
            self.stress = stress;
        }
        // What stands still is not read again: after a leap over 1 the path would wander on.
        if stress == 0.0 {
            return self.now >= 1.0;
        }
        self.read(plan, dice, self.s_at(tick, tick_nanos))
    }

    /// Stress-weighted lives since the last renewal.
    #[inline]
    fn s_at(&self, tick: u32, tick_nanos: f64) -> f64 {
        self.anchor_s + self.stress * (f64::from(tick - self.anchor) * tick_nanos / self.life)
    }

    #[inline]
    fn read(&mut self, plan: &WearPlan, dice: &Dice, s: f64) -> bool {
        let crossed = s >= self.piece.until && self.piece.advance(plan, dice, (self.renewal, &mut self.node), s);
        // A leap ends at the node that reached 1, wherever the path goes from there.
        self.now = if crossed { self.piece.at_node() } else { self.piece.wear_at(plan, s) };
        self.now >= 1.0
    }

    /// What can be known of it at `tick`: `s`, its mean growth per nanosecond since the renewal, and the wear that the
    /// present piece of its path begins at.
    pub fn standing(&self, tick: u32, tick_nanos: f64) -> (f64, f64, f64) {
        let s = self.s_at(tick, tick_nanos);
        let age = f64::from(tick - self.renewed) * tick_nanos;
        (s, if age > 0.0 { s / age } else { 0.0 }, self.piece.at_node())
    }

    /// Begins the next renewal at `tick`.
    pub fn restore(&mut self, plan: &WearPlan, dice: &Dice, tick: u32, restores_to: f64) {
        self.renewal += 1;
        self.renewed = tick;
        self.node = 0;
        self.anchor_s = 0.0;
        self.stress = 0.0;
        self.anchor = tick;
        self.piece = path::Piece::first(plan, dice, self.renewal, restores_to);
        self.now = restores_to;
    }

    /// A sudden step, from a fault.
    pub fn step(&mut self, by: f64) -> bool {
        self.piece.lift(by);
        self.now += by;
        self.now >= 1.0
    }
}
