//! The keeper against a plain recomputation: streams with gaps, late readings, repeats, restarts and other writers.

use super::super::pending::Pending;
use super::super::{Entry, Grain, HOUR, Roll, SensorHour, counts, entries, hour_of};
use super::{Found, Keeper, Loads, Row};
use std::collections::BTreeMap;

/// Luck that is the same each time.
struct Luck(u64);

impl Luck {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// A store as a writer sees it.
#[derive(Default)]
struct Base {
    readings: BTreeMap<(i32, i64), (f64, i16)>,
    marks: BTreeMap<SensorHour, i64>,
    rollups: BTreeMap<(Grain, i32, i64), Roll>,
}

impl Base {
    fn load(&self, (sensor, hour): SensorHour) -> Vec<(i64, f64)> {
        let counted =
            |(key, said): (&(i32, i64), &(f64, i16))| (key.1, if counts(said.0, said.1) { said.0 } else { f64::NAN });
        self.readings.range((sensor, hour)..(sensor, hour + HOUR)).map(counted).collect()
    }

    fn recomputed(&self, key: SensorHour) -> BTreeMap<(Grain, i32, i64), Roll> {
        entries(key, &self.load(key)).into_iter().map(|one| ((one.grain, one.sensor, one.time), one.roll)).collect()
    }

    fn put(&mut self, entries: Vec<Entry>, fresh_only: bool) {
        for entry in entries {
            let before = self.rollups.insert((entry.grain, entry.sensor, entry.time), entry.roll);
            assert!(before.is_none() || entry.again || !fresh_only, "a new row was there: {entry:?}");
        }
    }

    fn repair(&mut self, key: SensorHour) {
        let fresh = entries(key, &self.load(key));
        self.put(fresh, false);
        self.marks.remove(&key);
    }

    /// Each hour is as a recomputation has it, or is marked.
    fn check(&self) {
        let mut hours: Vec<SensorHour> = self.readings.keys().map(|key| (key.0, hour_of(key.1))).collect();
        hours.dedup();
        for key in hours.into_iter().filter(|key| !self.marks.contains_key(key)) {
            let kept = |grain| self.rollups.range((grain, key.0, key.1)..(grain, key.0, key.1 + HOUR));
            let found: BTreeMap<_, _> =
                kept(Grain::Minute).chain(kept(Grain::Hour)).map(|(key, roll)| (*key, *roll)).collect();
            let wanted = self.recomputed(key);
            assert_eq!(found, wanted, "hour {key:?}");
        }
    }
}

/// A writer, as the store's does it.
struct Writer {
    keeper: Keeper,
    pending: Pending,
    number: i64,
    /// Batches that roll-ups wait for.
    waits: u64,
    batches: u64,
}

impl Writer {
    fn write(&mut self, base: &mut Base, rows: &[Row]) {
        let mut known = 0;
        for row in rows {
            match base.readings.entry((row.sensor, row.time)) {
                std::collections::btree_map::Entry::Occupied(_) => known += 1,
                std::collections::btree_map::Entry::Vacant(place) => drop(place.insert((row.value, row.quality))),
            }
        }
        if known == rows.len() as u64 {
            return;
        }
        let mut found = BTreeMap::new();
        for key in self.keeper.unmarked(rows) {
            let what = match base.marks.insert(key, self.number) {
                Some(_) => {
                    base.marks.insert(key, 0);
                    Found::Shared
                }
                None if base.rollups.contains_key(&(Grain::Hour, key.0, key.1)) => Found::Stored,
                None => Found::Fresh,
            };
            found.insert(key, what);
        }
        let doubt = known > 0 && self.keeper.known(rows) != known;
        let loads: Loads =
            self.keeper.wanted(rows, &found, doubt).into_iter().map(|key| (key, base.load(key))).collect();
        self.pending.add(self.keeper.add(rows, &found, loads, doubt));
        self.batches += 1;
        if self.batches > self.waits {
            self.settle(base);
        }
    }

    fn settle(&mut self, base: &mut Base) {
        self.batches = 0;
        let settled = self.pending.take();
        for key in settled.done {
            if base.marks.get(&key) == Some(&self.number) {
                base.marks.remove(&key);
            } else {
                self.keeper.share([key]);
            }
        }
        base.put(settled.entries, true);
    }

    fn repair(&mut self, base: &mut Base) {
        self.settle(base);
        let late: Vec<SensorHour> = self.keeper.late().iter().copied().collect();
        late.iter().for_each(|key| base.repair(*key));
        self.keeper.repaired(&late);
    }

    fn look_after(&mut self, base: &Base) {
        let mine = base.marks.iter().filter(|(_, writer)| [0, self.number].contains(writer));
        let marks = mine.map(|(key, writer)| (*key, *writer == self.number)).collect();
        self.keeper.look_after(&marks);
        self.pending.look_after(&marks);
    }

    fn close(mut self, base: &mut Base) {
        self.pending.add(self.keeper.finish());
        self.repair(base);
    }
}

fn writer(number: i64) -> Writer {
    let (keeper, pending) = (Keeper::with_room_for(2_000), Pending::default());
    Writer { keeper, pending, number, waits: number.unsigned_abs() % 4, batches: 0 }
}

/// A batch around `now`: gaps, late and early readings, bad ones, some without a value.
fn batch(luck: &mut Luck, now: &mut i64) -> Vec<Row> {
    let mut rows = Vec::new();
    for _ in 0..luck.below(300) {
        *now += luck.below(4_000_000) as i64;
        if luck.once_in(400) {
            *now += luck.below(3 * HOUR as u64) as i64;
        }
        let late = match luck.below(60) {
            0 => luck.below(5 * HOUR as u64) as i64,
            1..4 => luck.below(90_000_000) as i64,
            _ => 0,
        };
        let value = if luck.once_in(20) { f64::NAN } else { luck.below(1_000) as f64 / 10.0 - 30.0 };
        let quality = if value.is_nan() || luck.once_in(15) { 1 } else { 0 };
        // Instants that meet again.
        let time = (*now - late).div_euclid(500_000) * 500_000;
        rows.push(Row { sensor: 1 + luck.below(3) as i32, time, value, quality });
    }
    rows.sort_by_key(|row| (row.sensor, row.time));
    rows.dedup_by_key(|row| (row.sensor, row.time));
    rows
}

#[test]
fn whatever_comes_each_hour_is_right_or_marked_and_after_a_close_all_are_right() {
    for seed in 1..20 {
        let mut luck = Luck(seed * 0x9e37_79b9_7f4a_7c15);
        let (mut base, mut now) = (Base::default(), -2 * HOUR - 1);
        let mut one = writer(1);
        let mut again: Vec<Row> = Vec::new();
        for number in 2..80 {
            let rows = batch(&mut luck, &mut now);
            one.write(&mut base, &rows);
            base.check();
            match luck.below(12) {
                0 => one.write(&mut base, &again),
                1 => one.repair(&mut base),
                // Killed: the next one repairs what is due.
                2 => {
                    let due: Vec<SensorHour> = base.marks.keys().copied().collect();
                    due.into_iter().for_each(|key| base.repair(key));
                    one = writer(number);
                }
                3 => std::mem::replace(&mut one, writer(number)).close(&mut base),
                _ => again = rows,
            }
            base.check();
        }
        one.close(&mut base);
        assert!(base.marks.is_empty());
        base.check();
    }
}

#[test]
fn two_writers_of_the_same_sensors_and_repairs_between_them_leave_nothing_wrong() {
    for seed in 1..14 {
        let mut luck = Luck(seed * 0x2545_f491_4f6c_dd1d);
        let (mut base, mut now) = (Base::default(), 10 * HOUR);
        let mut writers = [writer(1), writer(2)];
        for _ in 0..80 {
            let rows = batch(&mut luck, &mut now);
            writers[luck.below(2) as usize].write(&mut base, &rows);
            base.check();
            if luck.once_in(15) {
                let due: Vec<SensorHour> = base.marks.keys().copied().collect();
                due.into_iter().for_each(|key| base.repair(key));
                writers.iter_mut().for_each(|writer| writer.look_after(&base));
            }
            if luck.once_in(6) {
                let [one, other] = &mut writers;
                one.repair(&mut base);
                other.look_after(&base);
            }
            base.check();
        }
        let [one, mut other] = writers;
        one.close(&mut base);
        other.look_after(&base);
        other.close(&mut base);
        base.check();
        assert!(base.marks.is_empty());
    }
}

#[test]
fn minutes_are_written_once_when_the_next_begins_and_hours_when_the_next_hour_begins() {
    let mut base = Base::default();
    let mut one = writer(4);
    let row = |second: i64| Row { sensor: 7, time: second * 1_000_000, value: second as f64, quality: 0 };
    let seconds = |from: i64, to: i64| (from..to).map(row).collect::<Vec<_>>();
    let count = |base: &Base, grain| base.rollups.keys().filter(|key| key.0 == grain).count();
    one.write(&mut base, &seconds(0, 60));
    assert_eq!((count(&base, Grain::Minute), base.marks.len()), (0, 1));
    one.write(&mut base, &seconds(60, 61));
    assert_eq!(count(&base, Grain::Minute), 1);
    // A late reading for the first minute: its row is written again at once.
    one.write(&mut base, &[Row { sensor: 7, time: 1_500_000, value: 100.0, quality: 0 }]);
    assert_eq!(base.rollups[&(Grain::Minute, 7, 0)].max, 100.0);
    one.write(&mut base, &seconds(61, 1_860));
    assert_eq!((count(&base, Grain::Minute), count(&base, Grain::Hour)), (30, 0));
    one.write(&mut base, &seconds(1_860, 3_601));
    assert_eq!((count(&base, Grain::Minute), count(&base, Grain::Hour), base.marks.len()), (60, 1, 1));
    // The sum of 0 to 3,599, and one hundred.
    let hour = base.rollups[&(Grain::Hour, 7, 0)];
    assert_eq!((hour.count, hour.mean), (3_601, (3_599.0 * 1_800.0 + 100.0) / 3_601.0));
    one.close(&mut base);
    base.check();
}
