//! `history sensor`: what one sensor said, as readings or by the minute or hour, from the tables and from archives.

mod pick;
mod read;
mod show;

use super::arguments::{EveryArg, SensorArgs};
use super::{names, when};
use crate::{Trouble, store};
use pick::Reach;
use show::{Show, Topic};
use std::io::Write;
use twinwright_io::store::Link;
use twinwright_io::store::queries::machines::{self, SensorRow};
use twinwright_io::store::queries::rollups::Every;
use twinwright_io::store::queries::{Stretch, readings};
use twinwright_model::time::SECOND;
use twinwright_model::{Span, Time};

/// What is shown where nothing says from when on.
const A_DAY: Span = Span(86_400 * SECOND);

/// Readings as they are, or roll-ups of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    Raw,
    Rolled(Every),
}

pub fn answer(asked: &SensorArgs, out: &mut dyn Write) -> Result<(), Trouble> {
    super::work(&store::meant(asked.source.store.as_deref()), async |link| {
        let sensor = names::sensor(link, &asked.sensor).await?;
        let reach = Reach::of(link, sensor.id).await?;
        let start = start(link, asked, &sensor).await?;
        let stretch = stretch(asked, start, &reach)?;
        let grain = match asked.every {
            EveryArg::Raw => Grain::Raw,
            EveryArg::Minute => Grain::Rolled(Every::Minute),
            EveryArg::Hour => Grain::Rolled(Every::Hour),
            EveryArg::Auto if asked.last.is_some() => Grain::Raw,
            EveryArg::Auto => pick::grain(link, sensor.id, stretch).await?,
        };
        let topic = Topic { sensor: &sensor, stretch, grain, reach: &reach, last: asked.last.is_some() };
        let mut show = Show::begin(topic, asked.format, out)?;
        match (grain, asked.last) {
            (Grain::Raw, Some(last)) => show.readings(&read::last_readings(link, &sensor, stretch, last).await?)?,
            (Grain::Raw, None) => all_readings(link, &sensor, stretch, &mut show).await?,
            (Grain::Rolled(every), last) => {
                let mut buckets = read::buckets(link, sensor.id, every, stretch, last).await?;
                let more = last.map_or(0, |last| buckets.len().saturating_sub(last as usize));
                show.buckets(&buckets.split_off(more))?;
            }
        }
        show.finish()
    })
}

/// Piece by piece, so that years of readings are never held at once.
async fn all_readings(
    link: &mut Link,
    sensor: &SensorRow,
    stretch: Stretch,
    show: &mut Show<'_>,
) -> Result<(), Trouble> {
    let mut from = stretch.from;
    while let Some(piece) = read::next_piece(link, sensor.id, Stretch { from, to: stretch.to }).await? {
        show.readings(&read::piece(link, sensor, piece).await?)?;
        if show.nobody_reads() {
            break;
        }
        from = piece.to;
    }
    Ok(())
}

/// From where `+30 d` counts: the run that is named, else the latest of the machine.
async fn start(link: &mut Link, asked: &SensorArgs, sensor: &SensorRow) -> Result<Option<Time>, Trouble> {
    if let Some(run) = names::run(link, asked.source.run.as_deref()).await? {
        return Ok(Some(run.start));
    }
    let Some(machine) = machines::machine(link, &sensor.machine).await? else { return Ok(None) };
    let run = match machines::latest_run_of(link, machine.id).await? {
        Some(run) => Some(run),
        None => machines::latest_run(link).await?,
    };
    Ok(run.map(|run| run.start))
}

/// What is asked for, cut to what there is.
fn stretch(asked: &SensorArgs, start: Option<Time>, reach: &Reach) -> Result<Stretch, Trouble> {
    let said = when::stretch(&asked.between, start, Stretch::ALL)?;
    let all = reach.all().unwrap_or(said);
    let to = said.to.min(all.to);
    let from = if asked.between.from.is_none() && asked.last.is_none() {
        Time(to.0.saturating_sub(A_DAY.0)).max(all.from)
    } else {
        said.from.max(all.from)
    };
    // Beyond all that there is: the answer is empty, in the words of the question.
    Ok(if from < to { Stretch { from, to } } else { said })
}

/// Whether a reading counts in sums, as in roll-ups.
fn counts(reading: &readings::Reading) -> Option<f64> {
    reading.value.filter(|value| value.is_finite() && reading.quality != twinwright_model::Quality::Bad)
}
