//! Roll-ups that wait to be written together: rows of the same sensor lie side by side in their table, and to touch
//! that place costs more than a row. Their hours stay marked meanwhile.

use super::keeper::Settled;
use super::{Entry, Grain, SensorHour, hour_of};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const AFTER: Duration = Duration::from_secs(5);
const AT: usize = 100_000;

#[derive(Debug)]
pub struct Pending {
    entries: BTreeMap<(Grain, i32, i64), Entry>,
    done: Vec<SensorHour>,
    since: Instant,
}

impl Default for Pending {
    fn default() -> Pending {
        Pending { entries: BTreeMap::new(), done: Vec::new(), since: Instant::now() }
    }
}

impl Pending {
    pub fn add(&mut self, settled: Settled) {
        for entry in settled.entries {
            let key = (entry.grain, entry.sensor, entry.time);
            let known = self.entries.entry(key).or_insert(entry);
            // What waits is not in its table because of another that waits.
            known.roll = entry.roll;
        }
        self.done.extend(settled.done);
    }

    pub fn is_ripe(&self) -> bool {
        !self.is_empty() && (self.since.elapsed() >= AFTER || self.entries.len() >= AT)
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.done.is_empty()
    }

    pub fn take(&mut self) -> Settled {
        let all = std::mem::take(self);
        Settled { entries: all.entries.into_values().collect(), done: all.done }
    }

    /// Somebody repaired: only hours that are marked still are waited with.
    pub fn look_after(&mut self, marks: &BTreeMap<SensorHour, bool>) {
        self.entries.retain(|(_, sensor, time), _| marks.contains_key(&(*sensor, hour_of(*time))));
        self.done.retain(|hour| marks.contains_key(hour));
    }
}

#[cfg(test)]
mod tests {
    use super::super::roll_up;
    use super::*;

    #[test]
    fn a_row_that_waits_is_written_once_and_as_it_came_last() {
        let entry = |value: f64, again: bool| {
            let roll = roll_up(&[(0, value)]).unwrap();
            Entry { grain: Grain::Minute, sensor: 1, time: 0, roll, again }
        };
        let mut pending = Pending::default();
        pending.add(Settled { entries: vec![entry(1.0, false)], done: vec![] });
        pending.add(Settled { entries: vec![entry(2.0, true)], done: vec![(1, 0)] });
        assert_eq!(pending.entries.values().copied().collect::<Vec<_>>(), [entry(2.0, false)]);
        pending.look_after(&BTreeMap::from([((1, 0), true)]));
        assert!(!pending.is_empty());
        pending.look_after(&BTreeMap::new());
        assert!(pending.is_empty() && pending.take().entries.is_empty());
    }
}
