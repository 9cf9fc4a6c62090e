//! Marks and roll-ups in their tables, the same statements for both databases.

use super::super::cell::{Cell, Record};
use super::super::link::{Dialect, Link};
use super::keeper::Found;
use super::sums::counts;
use super::{Entry, Grain, HOUR, SensorHour};
use crate::outlets::trouble::OutletTrouble;
use std::collections::{BTreeMap, BTreeSet};

/// Rows of a statement, largest first: few texts, which the databases keep prepared.
const SIZES: [usize; 3] = [250, 25, 1];
/// The lock that batches share and repairs have alone: `twinrepr` as a number.
pub const REPAIR_LOCK: i64 = 0x7477_696e_7265_7072;

const UPSERT: &str = "ON CONFLICT (sensor_id, time) DO UPDATE SET mean = excluded.mean, min = excluded.min, \
                      max = excluded.max, stddev = excluded.stddev, p95 = excluded.p95, count = excluded.count";

/// `($1, $2), ($3, $4)` and so on. To SQLite those are names, among which it searches for each value: it gets places.
fn values(dialect: Dialect, rows: usize, width: usize) -> String {
    let cell = |number: usize| match dialect {
        Dialect::Postgres => format!("${number}"),
        Dialect::Sqlite => "?".to_owned(),
    };
    let row = |row: usize| {
        let cells: Vec<String> = (1..=width).map(|place| cell(row * width + place)).collect();
        format!("({})", cells.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// Does a statement with as many rows of values at a time as are left. `statement` gets the text of the values.
async fn by_rows<T>(
    link: &mut Link,
    rows: &[T],
    width: usize,
    statement: impl Fn(&str) -> String,
    cells: impl Fn(&T) -> Vec<Cell>,
    mut answer: impl FnMut(Record),
) -> Result<(), OutletTrouble> {
    let mut rest = rows;
    for size in SIZES {
        let chunks = rest.chunks_exact(size);
        rest = chunks.remainder();
        if chunks.len() == 0 {
            continue;
        }
        let text: std::sync::Arc<str> = statement(&values(link.dialect(), size, width)).into();
        for chunk in chunks {
            let bound: Vec<Cell> = chunk.iter().flat_map(&cells).collect();
            link.each(text.clone(), &bound, &mut answer).await?;
        }
    }
    Ok(())
}

fn key(key: &SensorHour) -> Vec<Cell> {
    vec![Cell::from(key.0), Cell::Time(key.1)]
}

fn sensor_hour(record: &Record) -> SensorHour {
    (record.int(0) as i32, record.int(1))
}

/// Marks hours as due, as `writer`. Says what there is of each.
pub async fn mark(
    link: &mut Link,
    writer: i64,
    hours: &[SensorHour],
) -> Result<BTreeMap<SensorHour, Found>, OutletTrouble> {
    let mut found = BTreeMap::new();
    let statement = |values: &str| {
        format!(
            "INSERT INTO rollups_due (sensor_id, hour, writer) VALUES {values} \
             ON CONFLICT (sensor_id, hour) DO UPDATE SET writer = 0 RETURNING sensor_id, hour, writer"
        )
    };
    let cells = |hour: &SensorHour| vec![Cell::from(hour.0), Cell::Time(hour.1), Cell::Int(writer)];
    by_rows(link, hours, 3, statement, cells, |record| {
        let what = if record.int(2) == writer { Found::Fresh } else { Found::Shared };
        found.insert(sensor_hour(&record), what);
    })
    .await?;
    let fresh: Vec<SensorHour> =
        found.iter().filter(|(_, what)| **what == Found::Fresh).map(|(hour, _)| *hour).collect();
    for (hour, _) in counted(link, &fresh).await? {
        found.insert(hour, Found::Stored);
    }
    Ok(found)
}

/// How many readings the roll-ups of these hours tell of, of those that have any.
pub async fn counted(link: &mut Link, hours: &[SensorHour]) -> Result<BTreeMap<SensorHour, i64>, OutletTrouble> {
    let mut counted = BTreeMap::new();
    let statement = |values: &str| {
        format!("SELECT sensor_id, time, count FROM sensor_readings_1h WHERE (sensor_id, time) IN (VALUES {values})")
    };
    by_rows(link, hours, 2, statement, key, |record| {
        counted.insert(sensor_hour(&record), record.int(2));
    })
    .await?;
    Ok(counted)
}

/// Takes the marks of hours away that only `writer` set, and says of which others have a share.
pub async fn unmark(link: &mut Link, writer: i64, hours: &[SensorHour]) -> Result<Vec<SensorHour>, OutletTrouble> {
    let mut gone = BTreeSet::new();
    let statement = |values: &str| {
        format!(
            "DELETE FROM rollups_due WHERE (sensor_id, hour) IN (VALUES {values}) AND writer = {writer} RETURNING sensor_id, hour"
        )
    };
    let taken = |record: Record| {
        gone.insert(sensor_hour(&record));
    };
    by_rows(link, hours, 2, statement, key, taken).await?;
    Ok(hours.iter().filter(|hour| !gone.contains(hour)).copied().collect())
}

/// Takes the marks of hours away, whoever set them.
pub async fn clear(link: &mut Link, hours: &[SensorHour]) -> Result<(), OutletTrouble> {
    let statement = |values: &str| format!("DELETE FROM rollups_due WHERE (sensor_id, hour) IN (VALUES {values})");
    by_rows(link, hours, 2, statement, key, drop).await
}

/// All hours that are due.
pub async fn due(link: &mut Link) -> Result<Vec<SensorHour>, OutletTrouble> {
    let mut due = Vec::new();
    let ask = "SELECT sensor_id, hour FROM rollups_due ORDER BY sensor_id, hour";
    link.each(ask, &[], |record| due.push(sensor_hour(&record))).await?;
    Ok(due)
}

/// The marks in which `writer` has a share, and whether it is the only one.
pub async fn marks(link: &mut Link, writer: i64) -> Result<BTreeMap<SensorHour, bool>, OutletTrouble> {
    let mut marks = BTreeMap::new();
    let ask = "SELECT sensor_id, hour, writer FROM rollups_due WHERE writer IN (0, $1)";
    link.each(ask, &[Cell::Int(writer)], |record| {
        marks.insert(sensor_hour(&record), record.int(2) == writer);
    })
    .await?;
    Ok(marks)
}

/// Begins a repair: no batch is under way while it lasts. Says how many there were with it.
pub async fn begin_repair(link: &mut Link) -> Result<i64, OutletTrouble> {
    link.begin().await?;
    if link.dialect() == Dialect::Postgres {
        link.run("SELECT pg_advisory_xact_lock($1)", &[Cell::Int(REPAIR_LOCK)]).await?;
    }
    let count = "UPDATE rollups_state SET repairs = repairs + 1 RETURNING repairs";
    Ok(link.first(count, &[]).await?.map_or(0, |record| record.int(0)))
}

/// A reading that was read back, and what is left of it where it does not count.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    pub time: i64,
    pub value: f64,
    pub quality: i16,
}

impl Told {
    /// NaN where it does not count.
    pub fn counted(self) -> (i64, f64) {
        (self.time, if counts(self.value, self.quality) { self.value } else { f64::NAN })
    }
}

/// Readings of some hours in a row, in order of time.
pub async fn readings(link: &mut Link, (sensor, hour): SensorHour, hours: i64) -> Result<Vec<Told>, OutletTrouble> {
    let mut told = Vec::new();
    let ask = "SELECT time, value, quality FROM sensor_readings WHERE sensor_id = $1 AND time >= $2 AND time < $3 ORDER BY time";
    let values = [Cell::from(sensor), Cell::Time(hour), Cell::Time(hour + hours * HOUR)];
    link.each(ask, &values, |record| {
        told.push(Told { time: record.int(0), value: record.real(1), quality: record.int(2) as i16 });
    })
    .await?;
    Ok(told)
}

/// Writes roll-ups that may be there already.
pub async fn upsert(link: &mut Link, entries: &[Entry]) -> Result<(), OutletTrouble> {
    for (grain, table) in [(Grain::Minute, "sensor_readings_1m"), (Grain::Hour, "sensor_readings_1h")] {
        let some: Vec<Entry> = entries.iter().filter(|entry| entry.grain == grain).copied().collect();
        let statement = |values: &str| {
            format!(
                "INSERT INTO {table} (sensor_id, time, mean, min, max, stddev, p95, count) VALUES {values} {UPSERT}"
            )
        };
        let cells = |entry: &Entry| {
            let roll = entry.roll;
            vec![
                Cell::from(entry.sensor),
                Cell::Time(entry.time),
                Cell::Real(roll.mean),
                Cell::Real(roll.min),
                Cell::Real(roll.max),
                Cell::from(roll.stddev),
                Cell::Real(roll.p95),
                Cell::from(roll.count),
            ]
        };
        by_rows(link, &some, 8, statement, cells, drop).await?;
    }
    Ok(())
}

/// Writes what each sensor said last, where the table does not have a later one. A sensor must be there once.
pub async fn say_latest(link: &mut Link, latest: &[(i32, Told)]) -> Result<(), OutletTrouble> {
    let statement = |values: &str| {
        format!(
            "INSERT INTO latest_readings (sensor_id, time, value, quality) VALUES {values} ON CONFLICT (sensor_id) DO UPDATE \
             SET time = excluded.time, value = excluded.value, quality = excluded.quality WHERE excluded.time > latest_readings.time"
        )
    };
    let cells = |(sensor, told): &(i32, Told)| {
        vec![Cell::from(*sensor), Cell::Time(told.time), Cell::from(told.value), Cell::Int(i64::from(told.quality))]
    };
    by_rows(link, latest, 4, statement, cells, drop).await
}
