//! How far back the readings of a sensor, its minutes and its hours reach, and which of them suit a stretch.

use super::Grain;
use crate::Trouble;
use twinwright_io::store::Link;
use twinwright_io::store::queries::readings;
use twinwright_io::store::queries::rollups::{self, Every};
use twinwright_io::store::queries::{Stretch, archived};
use twinwright_model::{Span, Time};

/// As many rows as a chart can show.
const ENOUGH: i64 = 500;
/// A microsecond: the step of times in a store.
pub const STEP: Span = Span(1_000);

/// What there is of a sensor: from the first of it until after the last.
#[derive(Debug, Clone, PartialEq)]
pub struct Reach {
    pub readings: Option<Stretch>,
    pub archives: Option<Stretch>,
    rolled: Option<Stretch>,
}

impl Reach {
    pub async fn of(link: &mut Link, sensor: i64) -> Result<Reach, Trouble> {
        let first = readings::first_from(link, sensor, Stretch::ALL.from).await?;
        let last = readings::last(link, sensor).await?;
        let mut rolled = None;
        for every in [Every::Minute, Every::Hour] {
            let first = rollups::first_from(link, sensor, every, Stretch::ALL.from).await?;
            let bucket =
                rollups::last_in(link, sensor, every, Stretch::ALL, 1).await?.first().map(|bucket| bucket.time);
            // The last bucket ends with the last reading, not when its hour is over.
            let end =
                bucket.map(|start| last.filter(|last| *last >= start).map_or(start + every.span(), |last| last + STEP));
            rolled = join(rolled, stretch(first, end));
        }
        let files = archived(link, Stretch::ALL).await?;
        let archives = files.into_iter().map(Some).fold(None, join);
        Ok(Reach { readings: stretch(first, last.map(|last| last + STEP)), archives, rolled })
    }

    /// All of it.
    pub fn all(&self) -> Option<Stretch> {
        join(join(self.readings, self.rolled), self.archives)
    }
}

fn stretch(from: Option<Time>, to: Option<Time>) -> Option<Stretch> {
    Some(Stretch { from: from?, to: to? })
}

fn join(one: Option<Stretch>, other: Option<Stretch>) -> Option<Stretch> {
    match (one, other) {
        (Some(one), Some(other)) => Some(Stretch { from: one.from.min(other.from), to: one.to.max(other.to) }),
        (one, other) => one.or(other),
    }
}

/// The coarsest grain that gives rows enough, of those that reach as far back as any does: old readings and old minutes
/// are dropped before old hours.
pub async fn grain(link: &mut Link, sensor: i64, stretch: Stretch) -> Result<Grain, Trouble> {
    let due = rollups::due(link, sensor, Stretch { from: Every::Hour.start(stretch.from), ..stretch }).await?;
    let mut ways: Vec<(Grain, Time, i64)> = Vec::new();
    for every in [Every::Hour, Every::Minute] {
        let count = rollups::count(link, sensor, every, stretch, ENOUGH).await?;
        let per_hour = Every::Hour.span().0 / every.span().0;
        let count = count.max(due.len() as i64 * per_hour);
        let first = rollups::first_from(link, sensor, every, stretch.from).await?.into_iter();
        if let Some(first) = first.chain(due.first().copied()).filter(|first| *first < stretch.to).min() {
            ways.push((Grain::Rolled(every), first, count));
        }
    }
    let first = readings::first_from(link, sensor, stretch.from).await?.into_iter();
    let files = archived(link, stretch).await?;
    let first = first.chain(files.first().map(|file| file.from.max(stretch.from)));
    if let Some(first) = first.filter(|first| *first < stretch.to).min() {
        ways.push((Grain::Raw, first, ENOUGH));
    }
    let earliest = ways.iter().map(|(_, first, _)| *first).min().unwrap_or_default();
    ways.retain(|(_, first, _)| *first < earliest + Every::Hour.span());
    let enough = ways.iter().find(|(_, _, count)| *count >= ENOUGH).or(ways.last());
    Ok(enough.map_or(Grain::Raw, |(grain, _, _)| *grain))
}
