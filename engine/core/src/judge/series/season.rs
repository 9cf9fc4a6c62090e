//! What is usual at a time of day: level and spread of 96 quarters of an hour, learnt from the time stamps.
//!
//! A series without a daily rhythm is not hurt: its quarters only repeat its level. A quarter that was hardly heard
//! says nothing.

use serde::{Deserialize, Serialize};

const QUARTERS: usize = 96;
const QUARTER_NS: i64 = 900_000_000_000;
const DAY_NS: i64 = QUARTER_NS * QUARTERS as i64;
/// Values of a quarter before it is asked, and before single ones no longer move it far.
const ENOUGH: f64 = 3.0;
const SURE: f64 = 6.0;
/// Values over which a quarter follows: ten days of a series with one every five minutes.
const FOLLOWS: f64 = 30.0;
/// Rows over which the two smoothed deviations look.
const SMOOTH: [f64; 2] = [8.0, 36.0];
/// One value never counts for more deviations than this in what is smoothed.
const MOST: f64 = 20.0;

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Quarter {
    heard: f64,
    level: f64,
    spread: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Season {
    quarters: Vec<Quarter>,
    /// The mean deviation over all quarters.
    spread: f64,
    smoothed: [f64; 2],
}

impl Default for Season {
    fn default() -> Self {
        Season { quarters: vec![Quarter::default(); QUARTERS], spread: 0.0, smoothed: [0.0; 2] }
    }
}

impl Season {
    /// Deviations from what is usual now: of this value, and smoothed over few and over more rows.
    pub fn hear(&mut self, time_ns: i64, value: f64, heard: f64) -> [Option<f64>; 3] {
        let quarter = &mut self.quarters[(time_ns.rem_euclid(DAY_NS) / QUARTER_NS) as usize];
        let mut found = [None; 3];
        if quarter.heard >= ENOUGH {
            let off = value - quarter.level;
            let usual = self.spread.max(1e-9);
            let deviation = off / (0.5 * (usual + quarter.spread) + 1e-6);
            self.spread += (off.abs().min(10.0 * usual.max(0.01)) - self.spread) / heard.min(1000.0);
            for (smoothed, rows) in self.smoothed.iter_mut().zip(SMOOTH) {
                *smoothed += (deviation.clamp(-MOST, MOST) - *smoothed) / rows;
            }
            found = [Some(deviation.abs()), Some(self.smoothed[0].abs()), Some(self.smoothed[1].abs())];
        }
        quarter.learn(value);
        found
    }
}

impl Quarter {
    fn learn(&mut self, value: f64) {
        self.heard += 1.0;
        let rate = 1.0 / self.heard.min(FOLLOWS);
        let most = if self.heard > SURE { 4.0 * self.spread + 0.02 } else { f64::INFINITY };
        let off = (value - self.level).clamp(-most, most);
        self.level += off * rate;
        self.spread += (off.abs() - self.spread) * rate;
    }
}
