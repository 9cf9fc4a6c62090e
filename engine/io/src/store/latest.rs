//! What each sensor said last, and when it is time to write that down.
//!
//! It is written often enough for people and rarely enough to cost little: after a second if many readings of each
//! sensor came, else after ten.

use super::rollups::tables::Told;
use super::rows::Row;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(1);
const AT_LEAST: Duration = Duration::from_secs(10);
/// Readings of each sensor, on average, for which one more row costs next to nothing.
const MANY: usize = 50;

#[derive(Debug)]
pub struct Latest {
    said: BTreeMap<i32, Told>,
    readings: usize,
    since: Instant,
}

impl Default for Latest {
    fn default() -> Latest {
        Latest { said: BTreeMap::new(), readings: 0, since: Instant::now() }
    }
}

impl Latest {
    /// Takes rows that are sorted by sensor and time.
    pub fn see(&mut self, rows: &[Row]) {
        self.readings += rows.len();
        for last in rows.chunk_by(|one, next| one.sensor == next.sensor).filter_map(|group| group.last()) {
            let told = Told { time: last.time, value: last.value, quality: last.quality };
            let known = self.said.entry(last.sensor).or_insert(told);
            if known.time < told.time {
                *known = told;
            }
        }
    }

    /// What is to be written now, if it is time.
    pub fn ripe(&mut self) -> Vec<(i32, Told)> {
        let passed = self.since.elapsed();
        let many = self.readings >= MANY * self.said.len();
        if passed >= AT_LEAST || (many && passed >= SOON) { self.all() } else { Vec::new() }
    }

    /// What is to be written at the end.
    pub fn all(&mut self) -> Vec<(i32, Told)> {
        (self.readings, self.since) = (0, Instant::now());
        std::mem::take(&mut self.said).into_iter().collect()
    }
}
