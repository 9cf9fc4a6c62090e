//! What one sensor said by the minute or by the hour.

use super::Stretch;
use crate::outlets::trouble::OutletTrouble;
use crate::store::cell::Record;
use crate::store::{Cell, Link};
use twinwright_model::time::SECOND;
use twinwright_model::{Span, Time};

/// How long a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Every {
    Minute,
    Hour,
}

impl Every {
    pub fn span(self) -> Span {
        match self {
            Every::Minute => Span(60 * SECOND),
            Every::Hour => Span(3_600 * SECOND),
        }
    }

    /// The first instant of the bucket that a time lies in.
    pub fn start(self, time: Time) -> Time {
        Time(time.0.saturating_sub(time.0.rem_euclid(self.span().0)))
    }
}

/// What the readings of one minute or hour come to that have a value and are not bad.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Its first instant.
    pub time: Time,
    pub count: i64,
    pub mean: f64,
    pub min: f64,
    pub max: f64,
    /// None of a single reading.
    pub stddev: Option<f64>,
    pub p95: f64,
}

impl Bucket {
    fn of(record: &Record) -> Bucket {
        Bucket {
            time: record.time(0).unwrap_or_default(),
            count: record.int(1),
            mean: record.real(2),
            min: record.real(3),
            max: record.real(4),
            stddev: record.maybe_real(5),
            p95: record.real(6),
        }
    }
}

/// Four statements that differ in their table.
macro_rules! of_table {
    ($table:literal) => {
        Statements {
            in_order: concat!(
                "SELECT time, count, mean, min, max, stddev, p95 FROM ",
                $table,
                " WHERE sensor_id = $1 AND time >= $2 AND time < $3 ORDER BY time"
            ),
            last: concat!(
                "SELECT time, count, mean, min, max, stddev, p95 FROM ",
                $table,
                " WHERE sensor_id = $1 AND time >= $2 AND time < $3 ORDER BY time DESC LIMIT $4"
            ),
            count: concat!(
                "SELECT count(*) FROM (SELECT 1 FROM ",
                $table,
                " WHERE sensor_id = $1 AND time >= $2 AND time < $3 LIMIT $4) counted"
            ),
            first: concat!("SELECT time FROM ", $table, " WHERE sensor_id = $1 AND time >= $2 ORDER BY time LIMIT 1"),
        }
    };
}

pub struct Statements {
    pub in_order: &'static str,
    pub last: &'static str,
    pub count: &'static str,
    pub first: &'static str,
}

pub const MINUTES: Statements = of_table!("sensor_readings_1m");
pub const HOURS: Statements = of_table!("sensor_readings_1h");
pub const DUE: &str = "SELECT hour FROM rollups_due WHERE sensor_id = $1 AND hour >= $2 AND hour < $3 ORDER BY hour";

impl Every {
    fn statements(self) -> Statements {
        match self {
            Every::Minute => MINUTES,
            Every::Hour => HOURS,
        }
    }
}

/// The buckets of a sensor that begin in a stretch, in order of time: 24 hours of hours, say.
pub async fn in_order(
    link: &mut Link,
    sensor: i64,
    every: Every,
    stretch: Stretch,
) -> Result<Vec<Bucket>, OutletTrouble> {
    read(link, every.statements().in_order, &[sensor.into(), stretch.from.into(), stretch.to.into()]).await
}

/// The last buckets of a sensor in a stretch, the newest first.
pub async fn last_in(
    link: &mut Link,
    sensor: i64,
    every: Every,
    stretch: Stretch,
    count: i64,
) -> Result<Vec<Bucket>, OutletTrouble> {
    let values = [sensor.into(), stretch.from.into(), stretch.to.into(), count.into()];
    read(link, every.statements().last, &values).await
}

/// How many buckets begin in a stretch, without counting on beyond `most`.
pub async fn count(
    link: &mut Link,
    sensor: i64,
    every: Every,
    stretch: Stretch,
    most: i64,
) -> Result<i64, OutletTrouble> {
    let values = [sensor.into(), stretch.from.into(), stretch.to.into(), most.into()];
    Ok(link.first(every.statements().count, &values).await?.map_or(0, |row| row.int(0)))
}

/// Where the first bucket begins that begins at or after an instant.
pub async fn first_from(link: &mut Link, sensor: i64, every: Every, from: Time) -> Result<Option<Time>, OutletTrouble> {
    let found = link.first(every.statements().first, &[sensor.into(), from.into()]).await?;
    Ok(found.and_then(|row| row.time(0)))
}

/// Hours that begin in a stretch of which the buckets may not say yet what the readings say.
pub async fn due(link: &mut Link, sensor: i64, stretch: Stretch) -> Result<Vec<Time>, OutletTrouble> {
    let rows = link.all(DUE, &[sensor.into(), stretch.from.into(), stretch.to.into()]).await?;
    Ok(rows.iter().filter_map(|row| row.time(0)).collect())
}

async fn read(link: &mut Link, ask: &'static str, values: &[Cell]) -> Result<Vec<Bucket>, OutletTrouble> {
    let mut buckets = Vec::new();
    link.each(ask, values, |record| buckets.push(Bucket::of(&record))).await?;
    Ok(buckets)
}
