//! Hours that are due, computed again from the readings.

use super::super::link::{Dialect, Link};
use super::super::rooms::Rooms;
use super::{Entry, HOUR, SensorHour, entries, tables};
use crate::outlets::trouble::OutletTrouble;
use std::collections::BTreeMap;

/// Hours of one transaction: some hundred thousand readings where sensors speak each second.
const AT_ONCE: usize = 64;

/// Computes all hours that are due when it begins. `told` hears how many hours are done, of how many. Says how many
/// there were.
pub async fn repair(link: &mut Link, mut told: impl FnMut(usize, usize)) -> Result<usize, OutletTrouble> {
    let due = tables::due(link).await?;
    let mut done = 0;
    for some in due.chunks(AT_ONCE) {
        repair_these(link, some).await?;
        done += some.len();
        told(done, due.len());
    }
    Ok(done)
}

/// Computes these hours, in order, in one transaction, and takes their marks away. Says how many repairs there were then.
pub async fn repair_these(link: &mut Link, hours: &[SensorHour]) -> Result<i64, OutletTrouble> {
    if link.dialect() == Dialect::Postgres {
        let mut rooms = Rooms::default();
        for &(_, hour) in hours {
            rooms.make_rollups(link, hour).await?;
        }
    }
    let repairs = tables::begin_repair(link).await?;
    let done = repair_within(link, hours).await;
    match done {
        Ok(()) => link.commit().await.map(|()| repairs),
        Err(trouble) => {
            // It may be the connection that failed: then there is nothing to undo.
            let _ = link.roll_back().await;
            Err(trouble)
        }
    }
}

async fn repair_within(link: &mut Link, hours: &[SensorHour]) -> Result<(), OutletTrouble> {
    let before = tables::counted(link, hours).await?;
    let mut fresh: Vec<Entry> = Vec::new();
    let mut latest = BTreeMap::new();
    for some in hours.chunk_by(|one, next| one.0 == next.0 && one.1 + HOUR == next.1) {
        let Some(&first) = some.first() else { continue };
        let readings = tables::readings(link, first, some.len() as i64).await?;
        if let Some(last) = readings.last() {
            latest.insert(first.0, *last);
        }
        for &(sensor, hour) in some {
            let begin = readings.partition_point(|reading| reading.time < hour);
            let end = readings.partition_point(|reading| reading.time < hour + HOUR);
            let values: Vec<(i64, f64)> = readings[begin..end].iter().map(|reading| reading.counted()).collect();
            let count = values.iter().filter(|value| !value.1.is_nan()).count() as i64;
            // Roll-ups outlive their readings: what tells of more of them than there are stays.
            if before.get(&(sensor, hour)).is_none_or(|before| *before <= count) {
                fresh.extend(entries((sensor, hour), &values));
            }
        }
    }
    tables::upsert(link, &fresh).await?;
    let latest: Vec<_> = latest.into_iter().collect();
    tables::say_latest(link, &latest).await?;
    tables::clear(link, hours).await
}
