//! Which minutes and hours are done, and what they come to: without any SQL.
//!
//! The keeper holds the readings of the open hour of each sensor, those that do not count included, so that it knows by
//! itself which readings come twice. A minute is done when the sensor begins a later one, an hour when it begins a later
//! hour. A minute that was written and gets another reading is written again.

use super::super::rows::Row;
use super::sums::{counts, figures};
use super::{Entry, Grain, HOUR, MINUTE, SensorHour, hour_of};
use std::collections::{BTreeMap, BTreeSet};

/// Readings that are held: twelve bytes each.
const MOST: usize = 6_000_000;

/// What the store says of an hour that was just marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// There is nothing of it.
    Fresh,
    /// There are roll-ups of it, all done.
    Stored,
    /// It is marked by another writer too, or was left by one.
    Shared,
}

/// Readings of hours as the store has them, with NaN where one does not count.
pub type Loads = BTreeMap<SensorHour, Vec<(i64, f64)>>;

/// What can be written.
#[derive(Debug, Default)]
pub struct Settled {
    pub entries: Vec<Entry>,
    /// Hours that are done with these entries.
    pub done: Vec<SensorHour>,
}

#[derive(Debug)]
pub struct Keeper {
    open: BTreeMap<i32, Open>,
    /// Hours that are marked and must be computed from the readings in the store.
    late: BTreeSet<SensorHour>,
    held: usize,
    most: usize,
    scratch: Vec<f64>,
}

/// The hour that a sensor is in.
#[derive(Debug)]
struct Open {
    hour: i64,
    /// None: it is not known here what the store has.
    memory: Option<Memory>,
    /// Bit by minute: has readings that its row does not tell of.
    touched: u64,
    /// Bit by minute: may have a row.
    written: u64,
    /// Whether the hour may have a row.
    stored: bool,
}

/// Readings in order of time: microseconds within the hour, and values.
#[derive(Debug, Default)]
struct Memory {
    offsets: Vec<u32>,
    values: Vec<f64>,
}

impl Default for Keeper {
    fn default() -> Keeper {
        Keeper::with_room_for(MOST)
    }
}

impl Keeper {
    pub fn with_room_for(most: usize) -> Keeper {
        Keeper { open: BTreeMap::new(), late: BTreeSet::new(), held: 0, most, scratch: Vec::new() }
    }

    /// The hours of these rows that are not marked yet, in order.
    pub fn unmarked(&self, rows: &[Row]) -> Vec<SensorHour> {
        let mut hours: Vec<SensorHour> = groups(rows).map(|(key, _)| key).collect();
        hours.retain(|key| self.open.get(&key.0).is_none_or(|open| open.hour != key.1) && !self.late.contains(key));
        hours
    }

    /// How many of these rows it has already.
    pub fn known(&self, rows: &[Row]) -> u64 {
        let known = |(key, group): (SensorHour, &[Row])| {
            let memory = self.open.get(&key.0).filter(|open| open.hour == key.1).and_then(|open| open.memory.as_ref());
            let Some(memory) = memory else { return 0 };
            group.iter().filter(|row| memory.offsets.binary_search(&offset(row.time)).is_ok()).count()
        };
        groups(rows).map(|group| known(group) as u64).sum()
    }

    /// The hours whose readings it wants from the store before it takes these rows. `doubt`: the store had readings of
    /// which nothing is known here.
    pub fn wanted(&self, rows: &[Row], found: &BTreeMap<SensorHour, Found>, doubt: bool) -> Vec<SensorHour> {
        let last: BTreeMap<i32, i64> = groups(rows).map(|(key, _)| key).collect();
        let wants = |key: &SensorHour| {
            let open = self.open.get(&key.0);
            let here = open.is_some_and(|open| open.hour == key.1);
            let past = open.is_some_and(|open| open.hour > key.1) || self.late.contains(key);
            match found.get(key) {
                _ if past => false,
                Some(Found::Shared) => false,
                Some(Found::Stored) => true,
                Some(Found::Fresh) => doubt,
                None => doubt && here && open.is_some_and(|open| open.memory.is_some()),
            }
        };
        last.into_iter().filter(wants).collect()
    }

    /// Takes rows that are written, sorted by sensor and time.
    pub fn add(&mut self, rows: &[Row], found: &BTreeMap<SensorHour, Found>, mut loads: Loads, doubt: bool) -> Settled {
        let mut settled = Settled::default();
        for (key, group) in groups(rows) {
            let (sensor, hour) = key;
            match self.open.get(&sensor).map(|open| open.hour) {
                Some(open) if open > hour => {
                    self.late.insert(key);
                    continue;
                }
                Some(open) if open == hour => {}
                _ if self.late.contains(&key) => continue,
                _ => {
                    self.close(sensor, &mut settled);
                    self.begin(key, found.get(&key).copied());
                }
            }
            let load = loads.remove(&key);
            self.take(sensor, group, load, doubt, &mut settled);
        }
        self.let_go();
        settled
    }

    /// All that is open, as it stands.
    pub fn finish(&mut self) -> Settled {
        let mut settled = Settled::default();
        let sensors: Vec<i32> = self.open.keys().copied().collect();
        sensors.into_iter().for_each(|sensor| self.close(sensor, &mut settled));
        settled
    }

    /// Somebody else has a share in these hours after all.
    pub fn share(&mut self, hours: impl IntoIterator<Item = SensorHour>) {
        self.late.extend(hours);
    }

    pub fn late(&self) -> &BTreeSet<SensorHour> {
        &self.late
    }

    /// These hours were computed from the readings.
    pub fn repaired(&mut self, hours: &[SensorHour]) {
        self.late.retain(|hour| !hours.contains(hour));
    }

    /// Others repaired: `marks` are those that are left, and whether nobody but this writer set them.
    pub fn look_after(&mut self, marks: &BTreeMap<SensorHour, bool>) {
        self.late.retain(|hour| marks.contains_key(hour));
        let Keeper { open, held, .. } = self;
        open.retain(|sensor, open| {
            let alone = marks.get(&(*sensor, open.hour));
            if alone != Some(&true) {
                *held -= open.forget();
            }
            alone.is_some()
        });
    }

    /// As if nothing had been seen: what was marked stays marked.
    pub fn forget(&mut self) {
        *self = Keeper::with_room_for(self.most);
    }

    fn begin(&mut self, (sensor, hour): SensorHour, found: Option<Found>) {
        let memory = (found == Some(Found::Fresh)).then(Memory::default);
        self.open.insert(sensor, Open { hour, memory, touched: 0, written: 0, stored: false });
    }

    fn take(&mut self, sensor: i32, group: &[Row], load: Option<Vec<(i64, f64)>>, doubt: bool, settled: &mut Settled) {
        let Some(open) = self.open.get_mut(&sensor) else { return };
        if let Some(all) = load {
            self.held -= open.forget();
            self.held += all.len();
            open.memory = Some(Memory::of(&all));
            (open.written, open.stored) = (u64::MAX, true);
            group.iter().for_each(|row| open.touched |= bit(offset(row.time)));
        } else if doubt {
            self.held -= open.forget();
        } else if let Some(memory) = &mut open.memory {
            for row in group {
                let value = if counts(row.value, row.quality) { row.value } else { f64::NAN };
                if memory.add(offset(row.time), value) {
                    open.touched |= bit(offset(row.time));
                    self.held += 1;
                }
            }
        }
        let newest = open.memory.as_ref().and_then(|memory| memory.offsets.last()).map_or(0, |last| bit(*last));
        open.settle(sensor, newest.saturating_sub(1), &mut self.scratch, settled);
    }

    /// Ends the hour that a sensor is in.
    fn close(&mut self, sensor: i32, settled: &mut Settled) {
        let Some(mut open) = self.open.remove(&sensor) else { return };
        let key = (sensor, open.hour);
        open.settle(sensor, u64::MAX, &mut self.scratch, settled);
        let Some(memory) = &open.memory else {
            self.late.insert(key);
            return;
        };
        self.held -= memory.values.len();
        self.scratch.clear();
        self.scratch.extend_from_slice(&memory.values);
        if let Some(roll) = figures(&mut self.scratch) {
            settled.entries.push(Entry { grain: Grain::Hour, sensor, time: open.hour, roll, again: open.stored });
        }
        settled.done.push(key);
    }

    /// Lets the largest hours go while too much is held: they will be computed from the readings.
    fn let_go(&mut self) {
        if self.held <= self.most {
            return;
        }
        let length = |open: &Open| open.memory.as_ref().map_or(0, |memory| memory.values.len());
        let mut sizes: Vec<(usize, i32)> = self.open.iter().map(|(sensor, open)| (length(open), *sensor)).collect();
        sizes.sort_unstable();
        while self.held > self.most - self.most / 4 {
            let Some((_, sensor)) = sizes.pop() else { return };
            self.held -= self.open.get_mut(&sensor).map_or(0, Open::forget);
        }
    }
}

impl Open {
    /// Says how many readings were held.
    fn forget(&mut self) -> usize {
        self.memory.take().map_or(0, |memory| memory.values.len())
    }

    /// Minutes among `which` that want a row.
    fn settle(&mut self, sensor: i32, which: u64, scratch: &mut Vec<f64>, settled: &mut Settled) {
        let Some(memory) = &self.memory else { return };
        let mut ready = self.touched & which;
        self.touched &= !which;
        while ready != 0 {
            let minute = ready.trailing_zeros();
            ready &= ready - 1;
            let start = minute * MINUTE as u32;
            let begin = memory.offsets.partition_point(|offset| *offset < start);
            let end = begin + memory.offsets[begin..].partition_point(|offset| offset - start < MINUTE as u32);
            scratch.clear();
            scratch.extend_from_slice(&memory.values[begin..end]);
            let Some(roll) = figures(scratch) else { continue };
            let (time, again) = (self.hour + i64::from(start), self.written & (1 << minute) != 0);
            settled.entries.push(Entry { grain: Grain::Minute, sensor, time, roll, again });
            self.written |= 1 << minute;
        }
    }
}

impl Memory {
    fn of(all: &[(i64, f64)]) -> Memory {
        Memory { offsets: all.iter().map(|one| offset(one.0)).collect(), values: all.iter().map(|one| one.1).collect() }
    }

    /// Says whether it was new: the first reading of an instant stays.
    fn add(&mut self, offset: u32, value: f64) -> bool {
        if self.offsets.last().is_none_or(|last| *last < offset) {
            self.offsets.push(offset);
            self.values.push(value);
            return true;
        }
        let Err(place) = self.offsets.binary_search(&offset) else { return false };
        self.offsets.insert(place, offset);
        self.values.insert(place, value);
        true
    }
}

/// Microseconds within the hour.
fn offset(time: i64) -> u32 {
    time.rem_euclid(HOUR) as u32
}

fn bit(offset: u32) -> u64 {
    1 << (i64::from(offset) / MINUTE)
}

/// Rows of the same sensor and hour.
fn groups(rows: &[Row]) -> impl Iterator<Item = (SensorHour, &[Row])> {
    let same = |one: &Row, next: &Row| one.sensor == next.sensor && hour_of(one.time) == hour_of(next.time);
    rows.chunk_by(same).filter_map(|group| group.first().map(|row| ((row.sensor, hour_of(row.time)), group)))
}

#[cfg(test)]
mod tests;
