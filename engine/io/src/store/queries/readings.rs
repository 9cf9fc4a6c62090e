//! What one sensor said: the last of it, a stretch of it, and how far it reaches.

use super::Stretch;
use crate::outlets::trouble::OutletTrouble;
use crate::store::cell::Record;
use crate::store::{Cell, Link};
use twinwright_model::{Quality, Time};

/// One reading as it is stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    pub time: Time,
    /// None where the sensor said that it has none.
    pub value: Option<f64>,
    pub quality: Quality,
}

impl Reading {
    fn of(record: &Record) -> Reading {
        let quality = Quality::from_code(record.int(2).clamp(0, 3) as u8);
        Reading { time: record.time(0).unwrap_or_default(), value: record.maybe_real(1), quality }
    }
}

pub const LAST_VALUES: &str = "SELECT time, value, quality FROM sensor_readings WHERE sensor_id = $1 \
                               ORDER BY time DESC LIMIT $2";
pub const LAST_IN_STRETCH: &str = "SELECT time, value, quality FROM sensor_readings WHERE sensor_id = $1 AND time >= $2 \
                                   AND time < $3 ORDER BY time DESC LIMIT $4";
pub const NEWEST_FIRST: &str = "SELECT time, value, quality FROM sensor_readings WHERE sensor_id = $1 AND time >= $2 \
                                AND time < $3 ORDER BY time DESC";
pub const IN_ORDER: &str = "SELECT time, value, quality FROM sensor_readings WHERE sensor_id = $1 AND time >= $2 \
                            AND time < $3 ORDER BY time";
pub const FIRST_FROM: &str =
    "SELECT time FROM sensor_readings WHERE sensor_id = $1 AND time >= $2 ORDER BY time LIMIT 1";

/// The last values of a sensor, the newest first.
pub async fn last_values(link: &mut Link, sensor: i64, count: i64) -> Result<Vec<Reading>, OutletTrouble> {
    read(link, LAST_VALUES, &[sensor.into(), count.into()]).await
}

/// The last values of a sensor in a stretch, the newest first.
pub async fn last_in(
    link: &mut Link,
    sensor: i64,
    stretch: Stretch,
    count: i64,
) -> Result<Vec<Reading>, OutletTrouble> {
    read(link, LAST_IN_STRETCH, &[sensor.into(), stretch.from.into(), stretch.to.into(), count.into()]).await
}

/// All values of a sensor in a stretch, the newest first: a stretch such as the last hour.
pub async fn newest_first(link: &mut Link, sensor: i64, stretch: Stretch) -> Result<Vec<Reading>, OutletTrouble> {
    read(link, NEWEST_FIRST, &[sensor.into(), stretch.from.into(), stretch.to.into()]).await
}

/// All values of a sensor in a stretch, in order of time. It holds them all: ask for long stretches piece by piece.
pub async fn in_order(link: &mut Link, sensor: i64, stretch: Stretch) -> Result<Vec<Reading>, OutletTrouble> {
    read(link, IN_ORDER, &[sensor.into(), stretch.from.into(), stretch.to.into()]).await
}

/// The time of the first reading at or after an instant.
pub async fn first_from(link: &mut Link, sensor: i64, from: Time) -> Result<Option<Time>, OutletTrouble> {
    Ok(link.first(FIRST_FROM, &[sensor.into(), from.into()]).await?.and_then(|row| row.time(0)))
}

/// The time of the last reading of all.
pub async fn last(link: &mut Link, sensor: i64) -> Result<Option<Time>, OutletTrouble> {
    Ok(last_values(link, sensor, 1).await?.first().map(|reading| reading.time))
}

async fn read(link: &mut Link, ask: &'static str, values: &[Cell]) -> Result<Vec<Reading>, OutletTrouble> {
    let mut readings = Vec::new();
    link.each(ask, values, |record| readings.push(Reading::of(&record))).await?;
    Ok(readings)
}
