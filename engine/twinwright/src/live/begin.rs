//! How a mirror begins: the site read, its outlets checked, its run found or begun, its state recalled, its feeds started.

use super::engine::{Engine, Rhythm};
use super::gauges::Gauges;
use super::keep::Keep;
use super::screen::Screen;
use super::shelf::Shelf;
use super::site::{beginning, folder, read_site, store_of};
use super::tidings::Tidings;
use super::{Settings, Wishes, handover, recall, tidings};
use crate::memory::{Sources, now, plant_of};
use crate::{Trouble, VERSION};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use twinwright_core::site::{SitePlan, Target};
use twinwright_io::feeds::{self, Delivery, Directory, INBOX, Running};
use twinwright_io::store::journal::readings::{ReadingsShelf, mend};
use twinwright_io::store::journal::{ChannelFace, Journal, LEASE, Opened, Opening, living};
use twinwright_io::store::runs::RunHeading;
use twinwright_io::store::{Link, Place};
use twinwright_model::{Span, Time};

/// A site that was never mirrored begins with the first thing it hears, if that comes soon.
const FIRST_WORD: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(200);

/// A mirror that is ready to go on.
pub struct Begun {
    pub keep: Keep,
    pub feeds: Vec<Running>,
    pub tidings: Tidings,
    pub name: String,
    pub store: String,
}

pub async fn begin(settings: &Settings, wishes: &Wishes, screen: Screen) -> Result<Begun, Trouble> {
    let (site, sources) = read_site(settings)?;
    // What is wrong with the files is said before anything is touched.
    tidings::check(&site)?;
    let store = store_of(settings, &site);
    let place = Place::parse(&store)?;
    let epoch = Instant::now();
    let is_known = await_turn(&place, &site.name, wishes).await?;
    let names = site.channels.iter().map(|channel| (channel.name.clone(), channel.unit.clone()));
    let directory = Arc::new(Directory::new(names));
    let (sender, mut inbox) = mpsc::channel(INBOX);
    let mut early = Vec::new();
    let mut first = None;
    if !is_known {
        early = start_feeds(&site, settings, &directory, &sender, None)?;
        first = timeout(FIRST_WORD, inbox.recv()).await.ok().flatten();
    }
    let start = start_of(&site, first.as_ref());
    let opening = opening(settings, &site, &sources, start);
    let (mut journal, opened) = Journal::open(&place, &opening).await?;
    let site = beginning(site, opened.start);
    for newcomer in &opened.newcomers {
        directory.register(&newcomer.name, &newcomer.unit);
    }
    if is_known {
        directory.take_newcomers();
    }
    let engine = stand(&site, &opened, (&place, &mut journal), rhythm(settings, &site)).await?;
    let readings = mended(&place, &mut journal).await?;
    let tidings = Tidings::start(&site, &opened.name, &store, &place)?;
    let resume = engine.shows();
    let running = if is_known { start_feeds(&site, settings, &directory, &sender, resume)? } else { early };
    // The inbox ends when the last feed does.
    drop(sender);
    let tallies: Vec<_> = running.iter().map(|feed| feed.tally.clone()).collect();
    let feeds = site.feeds.iter().map(|feed| feed.name.clone()).zip(tallies.iter().cloned()).collect();
    let gauges = Arc::new(Gauges::of(feeds, tidings.pumps()));
    let takes_turns = matches!(place, Place::Sqlite(_));
    let mut keep = Keep {
        engine,
        journal,
        inbox,
        directory,
        tallies,
        shelf: Shelf::start(readings, takes_turns),
        screen,
        gauges,
        bell: tidings.bell(settings),
        epoch,
        read: Instant::now(),
        // What people asked while no engine was there comes before the first tick.
        looked: epoch.checked_sub(Duration::from_secs(3_600)).unwrap_or(epoch),
        wrote: Instant::now(),
        gave_up: false,
    };
    if let Some(delivery) = first {
        keep.hear(delivery);
    }
    say_ready(&site, &opened, &store, &running);
    Ok(Begun { keep, feeds: running, tidings, name: opened.name, store })
}

/// The engine as the last one stood, under whatever file that was.
async fn stand(
    site: &Arc<SitePlan>,
    opened: &Opened,
    (place, journal): (&Place, &mut Journal),
    rhythm: Rhythm,
) -> Result<Engine, Trouble> {
    let mut engine = match &opened.before {
        Some(before) => handover::from_before(site, opened, before, (place, journal), rhythm).await?,
        None => {
            let mut engine = recall::stand(site, &opened.name, opened.state.as_ref(), rhythm, Span(0))?;
            let after = opened.state.as_ref().map_or(0, |state| state.entry);
            recall::replay(&mut engine, journal, (opened.of, after, opened.of_written), Span(0)).await?;
            engine
        }
    };
    if engine.shows().is_none() || opened.before.is_some() {
        engine.leave_state();
    }
    Ok(engine)
}

/// The way into the table of readings, once what a crash left out of it is there.
async fn mended(place: &Place, journal: &mut Journal) -> Result<ReadingsShelf, Trouble> {
    let mut readings = ReadingsShelf::open(place).await?;
    let entries = mend(journal, &mut readings).await?;
    if entries > 0 {
        tracing::info!("{entries} entries of the journal were put into the table of readings");
    }
    Ok(readings)
}

fn say_ready(site: &SitePlan, opened: &Opened, store: &str, running: &[Running]) {
    let machines = site.plan.machines.len();
    let store = Place::parse(store).map_or_else(|_| store.to_owned(), |place| place.name().to_owned());
    tracing::info!("mirroring {} machines of {} into {} of {store}", machines, site.name, opened.name);
    for (feed, running) in site.feeds.iter().zip(running) {
        if let Some(address) = running.address {
            tracing::info!("{} listens at {address}", feed.name);
        }
    }
}

/// Waits while another engine has the site that may be dead, and refuses while it is alive. Whether the site was mirrored before.
async fn await_turn(place: &Place, site: &str, wishes: &Wishes) -> Result<bool, Trouble> {
    let mut link = Link::open(place).await?;
    let first = living(&mut link, site).await?;
    let mut said = false;
    while let Some(other) = living(&mut link, site).await? {
        let moved = first.as_ref().is_some_and(|first| first.run_id != other.run_id || first.beat != other.beat);
        if moved || wishes.stop.load(Ordering::Relaxed) {
            return Err(Trouble::World(format!(
                "{}: another engine mirrors the site `{site}` into run `{}`; only one may",
                link.name(),
                other.run
            )));
        }
        if !std::mem::replace(&mut said, true) {
            tracing::info!("waiting until the engine before is given up, which was last heard of a moment ago");
        }
        sleep(LOOK).await;
    }
    let known = link.first("SELECT count(*) FROM mirrors WHERE site = $1", &[site.into()]).await?;
    link.close().await;
    Ok(known.is_some_and(|row| row.int(0) > 0))
}

fn start_feeds(
    site: &SitePlan,
    settings: &Settings,
    directory: &Arc<Directory>,
    inbox: &mpsc::Sender<Delivery>,
    resume: Option<Time>,
) -> Result<Vec<Running>, Trouble> {
    let start = |(number, plan)| {
        let started = feeds::start(plan, number, directory.clone(), inbox.clone(), &folder(settings), resume);
        started.map_err(Trouble::from)
    };
    (0u16..).zip(&site.feeds).map(start).collect()
}

/// A whole number of ticks since 1970, before the first thing that was heard, or now.
fn start_of(site: &SitePlan, first: Option<&Delivery>) -> Time {
    let oldest = |delivery: &Delivery| {
        let earliest = delivery.arrived.0.saturating_sub(site.time.oldest.0);
        let believable = |time: &i64| {
            site.time.clock == twinwright_core::site::Clock::Source
                || (*time >= earliest && *time <= delivery.arrived.0.saturating_add(site.time.ahead.0))
        };
        delivery.readings.iter().map(|reading| reading.time.0).filter(believable).min()
    };
    let heard = first.and_then(oldest).unwrap_or(now().0);
    let tick = site.plan.tick.0;
    Time((heard - site.time.reorder.0).div_euclid(tick) * tick)
}

fn rhythm(settings: &Settings, site: &SitePlan) -> Rhythm {
    let ticks = |span: Span| u32::try_from(span.0 / site.plan.tick.0).unwrap_or(u32::MAX).max(1);
    Rhythm { checkpoint: ticks(settings.checkpoint_every), digest: ticks(Span(60_000_000_000)) }
}

fn opening(settings: &Settings, site: &SitePlan, sources: &Sources, start: Time) -> Opening {
    let path = site.plan.path.clone().unwrap_or_default();
    let face = |channel: &twinwright_core::site::ChannelPlan| ChannelFace {
        name: channel.name.clone(),
        unit: channel.unit.clone(),
        is_sensor: matches!(channel.target, Target::Sensor { .. }),
    };
    let heading = RunHeading {
        kind: "live",
        scenario: site.name.clone(),
        title: crate::memory::plain(&site.plan.title),
        document: crate::memory::plain(&sources.document),
        changes: serde_json::json!({}),
        study: None,
        variant: None,
        seed: 1,
        futures: 1,
        machines: site.plan.machines.len() as u32,
        start,
        tick: site.plan.tick,
        plan_digest: format!("{:032x}", site.plan.digest),
        version: VERSION.to_owned(),
        command: crate::memory::plain(&format!("twinwright live {}", settings.site.display())),
        began: now(),
    };
    Opening {
        site: site.name.clone(),
        path: path.clone(),
        heading,
        plant: plant_of(&site.plan, sources, &path),
        channels: site.channels.iter().map(face).collect(),
        outlets: site.outlets.iter().map(|outlet| outlet.name.clone()).collect(),
        lease: LEASE,
    }
}
