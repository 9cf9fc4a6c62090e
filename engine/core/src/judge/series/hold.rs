//! One row for one event: after something was raised, only what is clearly rarer is raised again, for a while.
//!
//! It must never hold off for ever: what it holds against fades.

use serde::{Deserialize, Serialize};

/// By how much the next one must be rarer, in nats: after a row below the limit, and after one above.
const BELOW: f64 = 0.3;
const ABOVE: f64 = 3.0;
/// How much is forgotten over as many rows as were held, in nats.
const FADES: f64 = 5.0;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HoldOff {
    limit: f64,
    rows: f64,
    against: f64,
    since: f64,
}

impl HoldOff {
    pub fn new(limit: f64, rows: f64) -> Self {
        HoldOff { limit, rows: rows.clamp(1.0, 1e6), against: 0.0, since: 0.0 }
    }

    /// How rare it is, or 0 when it belongs to what was raised already.
    pub fn pass(&mut self, rare: f64) -> f64 {
        if rare > self.against {
            self.against = rare + if rare >= self.limit { ABOVE } else { BELOW };
            self.since = 0.0;
            return rare;
        }
        self.since += 1.0;
        if self.since > self.rows {
            self.against -= FADES / self.rows;
        }
        0.0
    }
}
