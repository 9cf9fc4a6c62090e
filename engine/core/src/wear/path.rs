//! The path of a wear over `s`: the straight piece it is on, and how the next one is drawn.

use super::{Law, NODES_PER_LIFE, WearPlan};
use crate::dice::Dice;
use crate::files::numbers::Draw;
use serde::{Deserialize, Serialize};

/// A piece of the path: wear is `wear + slope * (s - from)` until `s` reaches `until`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Piece {
    pub(super) from: f64,
    pub until: f64,
    wear: f64,
    slope: f64,
}

/// Beyond this node addresses would repeat: 16,384 lives of a gridded path.
const LAST_NODE: u32 = 0xFF_FFFF;

/// Where a renewal's draws lie among the occurrences of a path: 24 bits of renewal, 24 of node.
fn address(renewal: u32, node: u32) -> u64 {
    (u64::from(renewal & 0xFF_FFFF) << 24) | u64::from(node & 0xFF_FFFF)
}

impl Piece {
    /// The first piece of a renewal that starts at `base`.
    pub fn first(plan: &WearPlan, dice: &Dice, renewal: u32, base: f64) -> Piece {
        let mut piece = Piece { from: 0.0, until: f64::INFINITY, wear: base, slope: 1.0 };
        match &plan.law {
            Law::Linear => {}
            Law::Exponential { whole, .. } => {
                piece.slope = 1.0 / whole;
                piece.until = 1.0 / NODES_PER_LIFE;
            }
            Law::Weibull { shape } => {
                let lives = dice.stream(plan.path, address(renewal, 0)).weibull(*shape, 1.0);
                piece.slope = 1.0 / lives;
            }
            Law::Wiener { .. } | Law::Gamma { .. } => piece.draw_slope(plan, dice, renewal, 0),
            Law::Shock { .. } => {
                piece.slope = 0.0;
                piece.draw_gap(plan, dice, renewal, 0);
            }
        }
        piece
    }

    #[inline]
    pub fn wear_at(&self, plan: &WearPlan, s: f64) -> f64 {
        match plan.law {
            Law::Exponential { shape, .. } => self.wear + self.slope * small_expm1(shape * (s - self.from)),
            _ => self.wear + self.slope * (s - self.from),
        }
    }

    /// The wear at the node where this piece begins.
    pub fn at_node(&self) -> f64 {
        self.wear
    }

    /// Goes on to the piece that holds `s`. True when a node on the way reached 1.
    pub fn advance(&mut self, plan: &WearPlan, dice: &Dice, (renewal, node): (u32, &mut u32), s: f64) -> bool {
        let mut crossed = false;
        while s >= self.until && !crossed {
            if *node == LAST_NODE {
                // Absurd stress or negligible jumps: the path goes on straight instead of holding up the run.
                self.until = f64::INFINITY;
                break;
            }
            let rise = self.slope * (self.until - self.from);
            let from = std::mem::replace(&mut self.from, self.until);
            *node += 1;
            match &plan.law {
                Law::Exponential { shape, whole } => {
                    // From the base up again at each node, so that nothing adds up: at s = 1 it is exactly 1.
                    let base = self.wear - libm::expm1(shape * from) / whole;
                    self.wear = base + libm::expm1(shape * self.from) / whole;
                    self.slope = libm::exp(shape * self.from) / whole;
                    self.until = f64::from(*node + 1) / NODES_PER_LIFE;
                }
                Law::Shock { jump, .. } => {
                    self.wear += rise + dice.stream(plan.path, address(renewal, *node) | JUMP).draw(jump);
                    self.draw_gap(plan, dice, renewal, *node);
                }
                _ => {
                    self.wear += rise;
                    self.draw_slope(plan, dice, renewal, *node);
                }
            }
            crossed = self.wear >= 1.0;
        }
        crossed
    }

    /// The next gridded piece of wiener and gamma.
    fn draw_slope(&mut self, plan: &WearPlan, dice: &Dice, renewal: u32, node: u32) {
        let ds = 1.0 / NODES_PER_LIFE;
        let mut luck = dice.stream(plan.path, address(renewal, node));
        let rise = match plan.law {
            Law::Wiener { spread } => ds + spread * ds.sqrt() * luck.normal(),
            Law::Gamma { spread } => luck.gamma(ds / (spread * spread), spread * spread),
            _ => ds,
        };
        self.until = f64::from(node + 1) / NODES_PER_LIFE;
        self.slope = rise * NODES_PER_LIFE;
    }

    /// The next arrival of a shock.
    fn draw_gap(&mut self, plan: &WearPlan, dice: &Dice, renewal: u32, node: u32) {
        if let Law::Shock { rate, .. } = plan.law {
            self.until = self.from + dice.stream(plan.path, address(renewal, node)).exponential(1.0 / rate);
        }
    }

    /// About where a straight line through this piece's beginning reaches a level; None where it leads away from it.
    pub(super) fn straight_to(&self, level: f64) -> Option<f64> {
        (self.slope > 0.0).then(|| self.from + (level - self.wear) / self.slope)
    }

    pub fn lift(&mut self, by: f64) {
        self.wear += by;
    }

    /// The part of a straight life from where this piece begins to failure.
    pub fn room(&self) -> f64 {
        (1.0 - self.wear).max(f64::MIN_POSITIVE)
    }

    /// Goes on straight from a point to failure at `until`.
    pub fn aim(&mut self, s: f64, wear: f64, until: f64) {
        (self.from, self.wear) = (s, wear);
        self.slope = (1.0 - wear) / (until - s).max(f64::EPSILON);
    }

    /// Stays as it is until `s`.
    pub fn wait_until(&mut self, s: f64) {
        self.until = s;
    }
}

/// e^x - 1 for the small x between two nodes: a series in + - *, as libm's costs more than the rest of a wear's tick.
/// Shapes above 20 leave its range and take libm's.
#[inline]
fn small_expm1(x: f64) -> f64 {
    if x > 0.02 {
        return libm::expm1(x);
    }
    x * (1.0 + x * (1.0 / 2.0 + x * (1.0 / 6.0 + x * (1.0 / 24.0 + x * (1.0 / 120.0 + x * (1.0 / 720.0))))))
}

/// Sets the sizes of shocks apart from their times.
const JUMP: u64 = 1 << 47;

impl crate::dice::Stream {
    /// A number as a file describes it.
    pub fn draw(&mut self, draw: &Draw) -> f64 {
        match draw {
            Draw::Fixed(value) => *value,
            Draw::Normal(mean, sd) => mean + sd * self.normal(),
            Draw::Lognormal(median, gsd) => self.lognormal(*median, *gsd),
            Draw::Uniform(low, high) => low + (high - low) * self.uniform(),
            Draw::Exponential(mean) => self.exponential(*mean),
            Draw::Weibull(shape, mean) => self.weibull(*shape, *mean),
            Draw::Choice(values) => values[self.choice(values.len())],
        }
    }
}
