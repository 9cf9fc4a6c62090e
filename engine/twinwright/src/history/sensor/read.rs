//! Readings from the table and from archives as one, and roll-ups with the hours that are not rolled up yet.

use super::pick::STEP;
use crate::Trouble;
use twinwright_io::store::queries::machines::SensorRow;
use twinwright_io::store::queries::readings::{self, Reading};
use twinwright_io::store::queries::rollups::{self, Bucket, Every};
use twinwright_io::store::queries::{Stretch, archived};
use twinwright_io::store::{Link, archive, rollups as made};
use twinwright_model::time::SECOND;
use twinwright_model::{Quality, Time};

/// What is read at once. Archives are files of a week, cut at the same instants.
const WEEK: i64 = 7 * 86_400 * SECOND;
/// 1970-01-05, a Monday.
const MONDAY: i64 = 4 * 86_400 * SECOND;

/// A reading, and whether it comes from an archive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    pub reading: Reading,
    pub archived: bool,
}

/// The next week of a stretch in which something may be.
pub async fn next_piece(link: &mut Link, sensor: i64, stretch: Stretch) -> Result<Option<Stretch>, Trouble> {
    if stretch.from >= stretch.to {
        return Ok(None);
    }
    let first = readings::first_from(link, sensor, stretch.from).await?;
    let file = archived(link, stretch).await?.first().map(|file| file.from.max(stretch.from));
    let Some(from) = first.into_iter().chain(file).min().filter(|from| *from < stretch.to) else { return Ok(None) };
    let end = Time(from.0.saturating_add(WEEK - into_week(from)));
    Ok(Some(Stretch { from, to: end.min(stretch.to) }))
}

/// The last week of a stretch in which something may be.
async fn piece_before(link: &mut Link, sensor: i64, stretch: Stretch) -> Result<Option<Stretch>, Trouble> {
    if stretch.from >= stretch.to {
        return Ok(None);
    }
    let last = readings::last_in(link, sensor, stretch, 1).await?.first().map(|last| last.time + STEP);
    let files = archived(link, stretch).await?;
    let files = files.into_iter().map(|file| file.to.min(stretch.to));
    let Some(to) = last.into_iter().chain(files).max() else { return Ok(None) };
    let inside = Time(to.0.saturating_sub(STEP.0));
    let from = Time(inside.0.saturating_sub(into_week(inside)));
    Ok(Some(Stretch { from: from.max(stretch.from), to }))
}

/// Nanoseconds since the week began.
fn into_week(time: Time) -> i64 {
    time.0.saturating_sub(MONDAY).rem_euclid(WEEK)
}

/// All readings of a piece in order of time.
pub async fn piece(link: &mut Link, sensor: &SensorRow, piece: Stretch) -> Result<Vec<Found>, Trouble> {
    let fresh = readings::in_order(link, sensor.id, piece).await?;
    let mut old = Vec::new();
    archive::read(link, (&sensor.machine, &sensor.name), piece.from, piece.to, |row| {
        old.push(Reading { time: row.time, value: row.value, quality: Quality::from_code(row.quality.min(3)) });
    })
    .await?;
    Ok(merge(old, fresh))
}

/// Two lists in order of time as one. Where both have an instant, the archive was written first.
fn merge(old: Vec<Reading>, fresh: Vec<Reading>) -> Vec<Found> {
    let mut all = Vec::with_capacity(old.len() + fresh.len());
    let mut old = old.into_iter().peekable();
    for reading in fresh {
        let mut known = false;
        while let Some(before) = old.next_if(|before| before.time <= reading.time) {
            known = before.time == reading.time;
            all.push(Found { reading: before, archived: true });
        }
        if !known {
            all.push(Found { reading, archived: false });
        }
    }
    all.extend(old.map(|reading| Found { reading, archived: true }));
    all
}

/// The last readings of a stretch, in order of time.
pub async fn last_readings(
    link: &mut Link,
    sensor: &SensorRow,
    stretch: Stretch,
    count: u32,
) -> Result<Vec<Found>, Trouble> {
    let mut fresh = readings::last_in(link, sensor.id, stretch, i64::from(count)).await?;
    fresh.reverse();
    let enough = fresh.len() == count as usize;
    let oldest = fresh.first().map_or(stretch.to, |reading| reading.time);
    let missing = Stretch { from: if enough { oldest } else { stretch.from }, ..stretch };
    if archived(link, missing).await?.is_empty() {
        return Ok(fresh.into_iter().map(|reading| Found { reading, archived: false }).collect());
    }
    let (mut pieces, mut known, mut to) = (Vec::new(), 0, stretch.to);
    while known < count as usize {
        let Some(before) = piece_before(link, sensor.id, Stretch { to, ..stretch }).await? else { break };
        let found = piece(link, sensor, before).await?;
        known += found.len();
        pieces.push(found);
        to = before.from;
    }
    let mut last: Vec<Found> = pieces.into_iter().rev().flatten().collect();
    Ok(last.split_off(known.saturating_sub(count as usize)))
}

/// Minutes or hours in order of time, at least the last `count` of them if not all are asked for. Those that are not
/// rolled up yet are worked out from the readings.
pub async fn buckets(
    link: &mut Link,
    sensor: i64,
    every: Every,
    stretch: Stretch,
    count: Option<u32>,
) -> Result<Vec<Bucket>, Trouble> {
    let mut buckets = match count {
        None => rollups::in_order(link, sensor, every, stretch).await?,
        Some(count) => {
            let mut last = rollups::last_in(link, sensor, every, stretch, i64::from(count)).await?;
            last.reverse();
            last
        }
    };
    let full = count.is_some_and(|count| buckets.len() == count as usize);
    let from = buckets.first().filter(|_| full).map_or(stretch.from, |bucket| bucket.time);
    let begin = Every::Hour.start(from);
    for hour in rollups::due(link, sensor, Stretch { from: begin, ..stretch }).await? {
        let whole = Stretch { from: hour, to: hour + Every::Hour.span() };
        let fresh = rolled(link, sensor, every, whole).await?;
        // Of an hour of which the readings are gone, the tables know best.
        if !fresh.is_empty() {
            buckets.retain(|bucket| !whole.contains(bucket.time));
            buckets.extend(fresh.into_iter().filter(|bucket| stretch.contains(bucket.time)));
        }
    }
    buckets.sort_by_key(|bucket| bucket.time);
    Ok(buckets)
}

/// The buckets of one hour from its readings, as a writer makes them.
async fn rolled(link: &mut Link, sensor: i64, every: Every, hour: Stretch) -> Result<Vec<Bucket>, Trouble> {
    let readings = readings::in_order(link, sensor, hour).await?;
    let values: Vec<(i64, f64)> = readings
        .iter()
        .filter_map(|reading| Some((reading.time.0.div_euclid(1_000), super::counts(reading)?)))
        .collect();
    let span = every.span().0 / 1_000;
    let buckets = values.chunk_by(|one, next| one.0.div_euclid(span) == next.0.div_euclid(span)).filter_map(|some| {
        let roll = made::roll_up(some)?;
        let time = Time(some.first()?.0.div_euclid(span) * span * 1_000);
        let (mean, min, max, stddev, p95) = (roll.mean, roll.min, roll.max, roll.stddev, roll.p95);
        Some(Bucket { time, count: i64::from(roll.count), mean, min, max, stddev, p95 })
    });
    Ok(buckets.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_and_table_are_one_without_doubles() {
        let at = |time: i64, value: f64| Reading { time: Time(time), value: Some(value), quality: Quality::Good };
        let merged =
            merge(vec![at(1, 1.0), at(3, 1.0), at(5, 1.0), at(9, 1.0)], vec![at(2, 2.0), at(3, 2.0), at(7, 2.0)]);
        let told: Vec<(i64, f64, bool)> =
            merged.iter().map(|f| (f.reading.time.0, f.reading.value.unwrap(), f.archived)).collect();
        let wanted = [(1, 1.0), (2, 2.0), (3, 1.0), (5, 1.0), (7, 2.0), (9, 1.0)];
        assert_eq!(told, wanted.map(|(time, value)| (time, value, value == 1.0)));
        assert!(merge(Vec::new(), Vec::new()).is_empty());
    }
}
