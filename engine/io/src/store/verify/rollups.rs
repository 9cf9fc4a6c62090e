//! Roll-ups beside the readings that they tell of: hours that are due are left out, and so are those whose readings have
//! gone to an archive or were too old to be kept.

use super::{Ask, Verdict};
use crate::outlets::trouble::OutletTrouble;
use crate::store::rollups::{Entry, Grain, HOUR, Roll, entries, hour_of, tables};
use crate::store::{Cell, Link, Record};
use std::collections::{BTreeMap, BTreeSet};
use twinwright_model::Time;

/// Sensors, and hours of a sensor, that are read at once.
const SENSORS: usize = 500;
const HOURS: usize = 200;
/// Microseconds of a day.
const DAY: f64 = 86_400_000_000.0;
/// Before and after everything: the years 1 and 9999.
const NEVER: i64 = -62_135_596_800_000_000;
const FAR: i64 = 253_402_300_800_000_000;

/// Marks of hours that wait are marks of whole hours.
pub(super) async fn check_marks(link: &mut Link, verdict: &mut Verdict) -> Result<(), OutletTrouble> {
    let mut count = 0u64;
    let mut crooked = Vec::new();
    link.each("SELECT sensor_id, hour FROM rollups_due", &[], |row| {
        count += 1;
        if row.int(1).rem_euclid(HOUR) != 0 && crooked.len() < SENSORS {
            crooked.push(format!("the mark of sensor {} at {} is of no whole hour", row.int(0), instant(row.int(1))));
        }
    })
    .await?;
    crooked.into_iter().for_each(|what| verdict.fault("rollups_due", what));
    verdict.done("rollups_due", format!("{count} hours that wait"));
    Ok(())
}

pub(super) async fn check(link: &mut Link, ask: &Ask<'_>, verdict: &mut Verdict) -> Result<(), OutletTrouble> {
    let gone = Gone::of(link, ask.now).await?;
    let all = link.first("SELECT count(*) FROM sensors", &[]).await?.unwrap_or_default().int(0).unsigned_abs();
    let mut look = Look { ask, gone, verdict, compared: 0, hours: 0 };
    let (mut after, mut done) = (i64::from(i32::MIN), 0);
    loop {
        let find = format!(
            "SELECT s.id, coalesce(e.name, '?'), s.name FROM sensors s LEFT JOIN equipment e ON e.id = s.equipment_id WHERE s.id > $1 \
             ORDER BY s.id LIMIT {SENSORS}"
        );
        let sensors = link.all(find, &[after.into()]).await?;
        for row in &sensors {
            if ask.stopped() {
                break;
            }
            (ask.tell)("roll-ups", done, all);
            done += 1;
            after = row.int(0);
            let sensor = Sensor { id: row.int(0) as i32, name: format!("{} {}", row.text(1), row.text(2)) };
            look.sensor(link, &sensor).await?;
        }
        if sensors.len() < SENSORS || ask.stopped() {
            break;
        }
    }
    let (compared, hours) = (look.compared, look.hours);
    verdict.done("roll-ups", format!("{compared} of {hours} hours compared with their readings"));
    Ok(())
}

struct Sensor {
    id: i32,
    name: String,
}

/// What may be missing, because it was dropped on purpose.
struct Gone {
    /// By table: what is before this instant may be gone.
    before: BTreeMap<String, i64>,
    /// Stretches of readings that are in archives.
    archived: Vec<(i64, i64)>,
}

impl Gone {
    async fn of(link: &mut Link, now: Time) -> Result<Gone, OutletTrouble> {
        let mut before: BTreeMap<String, i64> = BTreeMap::new();
        let mut raise = |table: &str, to: i64| {
            let known = before.entry(table.to_owned()).or_insert(NEVER);
            *known = to.max(*known);
        };
        let keeps = link.all("SELECT table_name, keep_days FROM retention WHERE keep_days IS NOT NULL", &[]).await?;
        for row in &keeps {
            let days = (row.real(1) * DAY) as i64;
            raise(row.text(0), now.0.div_euclid(1_000).saturating_sub(days));
        }
        // It may have been kept for less time once.
        let pruned = link.all("SELECT after FROM audit_log WHERE action = 'prune'", &[]).await?;
        for row in &pruned {
            for (table, last) in row.json(0)["last"].as_object().into_iter().flatten() {
                if let Some(Ok(last)) = last.as_str().map(Time::parse) {
                    raise(table, last.0.div_euclid(1_000).saturating_add(1));
                }
            }
        }
        let ask = "SELECT from_time, to_time FROM archives WHERE table_name = 'sensor_readings'";
        let archived = link.all(ask, &[]).await?.iter().map(|row| (row.int(0), row.int(1))).collect();
        Ok(Gone { before, archived })
    }

    fn is_excused(&self, table: &str, hour: i64) -> bool {
        self.before.get(table).is_some_and(|before| hour < *before)
            || (table == READINGS && self.archived.iter().any(|(from, to)| hour < *to && hour + HOUR > *from))
    }
}

const READINGS: &str = "sensor_readings";
const MINUTES: &str = "sensor_readings_1m";
const HOURLY: &str = "sensor_readings_1h";

struct Look<'a, 'b> {
    ask: &'a Ask<'b>,
    gone: Gone,
    verdict: &'a mut Verdict,
    compared: u64,
    hours: u64,
}

impl Look<'_, '_> {
    /// Goes through the hours of a sensor, some at one instant of the store.
    async fn sensor(&mut self, link: &mut Link, sensor: &Sensor) -> Result<(), OutletTrouble> {
        let mut from = NEVER;
        while from < FAR && !self.ask.stopped() {
            link.hold_still().await?;
            let next = self.some_hours(link, sensor, from).await;
            link.roll_back().await?;
            from = next?;
        }
        Ok(())
    }

    /// Says from where to go on.
    async fn some_hours(&mut self, link: &mut Link, sensor: &Sensor, from: i64) -> Result<i64, OutletTrouble> {
        let find = format!(
            "SELECT time, mean, min, max, stddev, p95, count FROM {HOURLY} WHERE sensor_id = $1 AND time >= $2 \
             ORDER BY time LIMIT {HOURS}"
        );
        let rows = link.all(find, &[sensor.id.into(), Cell::Time(from)]).await?;
        let end = rows.last().filter(|_| rows.len() == HOURS).map_or(FAR, |last| last.int(0) + HOUR);
        let due = "SELECT hour FROM rollups_due WHERE sensor_id = $1 AND hour >= $2 AND hour < $3";
        let due = link.all(due, &[sensor.id.into(), Cell::Time(from), Cell::Time(end)]).await?;
        let due: BTreeSet<i64> = due.iter().map(|row| row.int(0)).collect();
        let mut reached = from;
        for row in &rows {
            let hour = row.int(0);
            self.between(link, sensor, &due, reached, hour).await?;
            reached = hour + HOUR;
            self.hours += 1;
            if hour.rem_euclid(HOUR) != 0 {
                self.fault(sensor, hour, "this is no whole hour");
            } else if !due.contains(&hour) && self.is_drawn(sensor.id, hour) {
                self.hour(link, sensor, row).await?;
            }
        }
        if end == FAR {
            self.between(link, sensor, &due, reached, FAR).await?;
        }
        Ok(end)
    }

    /// Hours that have readings and no roll-up.
    async fn between(
        &mut self,
        link: &mut Link,
        sensor: &Sensor,
        due: &BTreeSet<i64>,
        from: i64,
        to: i64,
    ) -> Result<(), OutletTrouble> {
        let mut at = from;
        while at < to {
            let next = "SELECT time FROM sensor_readings WHERE sensor_id = $1 AND time >= $2 AND time < $3 \
                        AND value IS NOT NULL AND quality <> 1 ORDER BY time LIMIT 1";
            let found = link.first(next, &[sensor.id.into(), Cell::Time(at), Cell::Time(to)]).await?;
            let Some(found) = found else { break };
            let hour = hour_of(found.int(0));
            at = hour + HOUR;
            if due.contains(&hour) || self.gone.is_excused(HOURLY, hour) {
                continue;
            }
            if !wanted(link, sensor.id, hour).await?.is_empty() {
                self.fault(sensor, hour, "there are readings and no roll-up");
            }
        }
        Ok(())
    }

    async fn hour(&mut self, link: &mut Link, sensor: &Sensor, row: &Record) -> Result<(), OutletTrouble> {
        let hour = row.int(0);
        let found = roll_of(row);
        let mut wanted = wanted(link, sensor.id, hour).await?;
        let whole = wanted.pop().map(|entry| entry.roll);
        let count = whole.map_or(0, |roll| roll.count);
        if count < found.count && self.gone.is_excused(READINGS, hour) {
            return Ok(());
        }
        self.compared += 1;
        match whole {
            None => self.fault(sensor, hour, "there is a roll-up and no reading"),
            Some(roll) => self.compare(sensor, hour, "the hour", roll, found),
        }
        if self.gone.is_excused(MINUTES, hour) {
            return Ok(());
        }
        let find = format!(
            "SELECT time, mean, min, max, stddev, p95, count FROM {MINUTES} WHERE sensor_id = $1 AND time >= $2 AND time < $3"
        );
        let there = link.all(find, &[sensor.id.into(), Cell::Time(hour), Cell::Time(hour + HOUR)]).await?;
        let mut there: BTreeMap<i64, Roll> = there.iter().map(|row| (row.int(0), roll_of(row))).collect();
        for entry in wanted {
            match there.remove(&entry.time) {
                None => self.fault(sensor, entry.time, "this minute has readings and no roll-up"),
                Some(found) => self.compare(sensor, entry.time, "the minute", entry.roll, found),
            }
        }
        there.into_keys().for_each(|time| self.fault(sensor, time, "this minute has a roll-up and no reading"));
        Ok(())
    }

    fn compare(&mut self, sensor: &Sensor, time: i64, which: &str, wanted: Roll, found: Roll) {
        let count = |roll: Roll| Some(f64::from(roll.count));
        let figures: [(&str, Option<f64>, Option<f64>); 6] = [
            ("count", count(found), count(wanted)),
            ("mean", Some(found.mean), Some(wanted.mean)),
            ("min", Some(found.min), Some(wanted.min)),
            ("max", Some(found.max), Some(wanted.max)),
            ("stddev", found.stddev, wanted.stddev),
            ("p95", Some(found.p95), Some(wanted.p95)),
        ];
        if let Some((name, is, should)) = figures.into_iter().find(|(_, is, should)| is != should) {
            let text = |value: Option<f64>| value.map_or("none".to_owned(), |value| value.to_string());
            let what = format!("{name} of {which} is {}, its readings give {}", text(is), text(should));
            self.fault(sensor, time, &what);
        }
    }

    fn fault(&mut self, sensor: &Sensor, time: i64, what: &str) {
        self.verdict.fault("roll-ups", format!("{} at {}: {what}", sensor.name, instant(time)));
    }

    /// Whether an hour is in the sample.
    fn is_drawn(&self, sensor: i32, hour: i64) -> bool {
        let mut bits =
            self.ask.seed ^ (hour as u64).rotate_left(17) ^ (sensor as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for factor in [0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb] {
            bits = (bits ^ (bits >> 30)).wrapping_mul(factor);
        }
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64 <= self.ask.sample
    }
}

/// What the roll-ups of an hour must be, minutes first.
async fn wanted(link: &mut Link, sensor: i32, hour: i64) -> Result<Vec<Entry>, OutletTrouble> {
    let readings = tables::readings(link, (sensor, hour), 1).await?;
    let values: Vec<(i64, f64)> = readings.iter().map(|reading| reading.counted()).collect();
    let made = entries((sensor, hour), &values);
    debug_assert!(made.last().is_none_or(|last| last.grain == Grain::Hour));
    Ok(made)
}

fn roll_of(row: &Record) -> Roll {
    Roll {
        mean: row.real(1),
        min: row.real(2),
        max: row.real(3),
        stddev: row.maybe_real(4),
        p95: row.real(5),
        count: u32::try_from(row.int(6)).unwrap_or(u32::MAX),
    }
}

fn instant(micros: i64) -> Time {
    Time(micros.saturating_mul(1_000))
}
