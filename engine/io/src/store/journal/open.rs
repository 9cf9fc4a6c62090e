//! How a site finds its run again, goes on from the one before, or begins its first.
//!
//! A run goes on as long as the site's file, its machine files and the program are the same. What changed ends it and begins
//! the next, which starts from the last state of the one before.

use super::lease::Lease;
use super::past::{Kept, checkpoint_before, waiting};
use super::roster::{self, ChannelFace, Roster};
use super::{Journal, Run};
use crate::outlets::trouble::OutletTrouble;
use crate::store::chronicle::{Plant, begin_within, register, take_turn};
use crate::store::runs::{self, RunHeading, RunRow};
use crate::store::{Cell, Link, Place};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use twinwright_model::Time;
use twinwright_model::journal::{Hearing, Newcomer};

/// What an engine says of its site.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The name of the site's file.
    pub site: String,
    /// `enterprise/site/area/line`
    pub path: String,
    /// What a new run begins with; its `kind` and `scenario` are made here.
    pub heading: RunHeading,
    pub plant: Plant,
    /// By channel number.
    pub channels: Vec<ChannelFace>,
    /// Who is told of alerts: `mqtt.alerts`.
    pub outlets: Vec<String>,
    /// How long the site is kept without being heard of.
    pub lease: Duration,
}

/// Where a mirror stands when it begins.
#[derive(Debug, Clone)]
pub struct Opened {
    pub run: i64,
    pub name: String,
    /// The instant of tick 0: of the run as it was begun first, whatever the heading says now.
    pub start: Time,
    /// Entries of this run; the next one has the number after it.
    pub written: u64,
    /// Channels that nobody knew, in the order of their numbers after those of the site's files. The mirror and the
    /// feeds' directory have to know them before anything is replayed.
    pub newcomers: Vec<Newcomer>,
    /// The state to start from; None at the very beginning.
    pub state: Option<Kept>,
    /// What was heard before that state, for ticks after it.
    pub waiting: Hearing,
    /// The run that the state is of, and its last entry: those after `state.entry` have to be replayed, by
    /// [`Journal::hearings`].
    pub of: i64,
    pub of_written: u64,
    /// The run before, where this one has no entry yet: its channel numbers and its plan are those of its own file. The first
    /// entry of this run must bring a checkpoint.
    pub before: Option<Before>,
}

/// The run that another file was mirrored with.
#[derive(Debug, Clone)]
pub struct Before {
    pub row: RunRow,
    /// Its newcomers, among the channels of its own file.
    pub newcomers: Vec<Newcomer>,
}

pub(super) async fn open(place: &Place, opening: &Opening) -> Result<(Journal, Opened), OutletTrouble> {
    let mut link = Link::open(place).await?;
    let lease = Lease::new(opening.lease);
    link.begin().await?;
    let seated = match sit_down(&mut link, opening, &lease).await {
        Ok(seated) => link.commit().await.map(|()| seated),
        Err(trouble) => {
            let _ = link.roll_back().await;
            Err(trouble)
        }
    };
    let Seated { row, roster, written } = seated?;
    let opened = stand(&mut link, opening, &row, &roster, written).await?;
    let modes = modes_since(&mut link, row.id).await?;
    let run = Run {
        id: row.id,
        site: opening.site.clone(),
        path: opening.path.clone(),
        outlets: opening.outlets.clone(),
        start: row.start,
        tick: row.tick,
        plan_digest: row.plan_digest.clone(),
        version: row.version.clone(),
    };
    Ok((Journal { place: place.clone(), link: Some(link), lease, run, roster, modes }, opened))
}

struct Seated {
    row: RunRow,
    roster: Roster,
    written: u64,
}

/// Takes the run that goes on, or begins one, within the caller's transaction.
async fn sit_down(link: &mut Link, opening: &Opening, lease: &Lease) -> Result<Seated, OutletTrouble> {
    take_turn(link).await?;
    lease.check(link, &opening.site).await?;
    let last = last_run(link, &opening.site).await?;
    let seated = match last {
        Some((row, written)) if is_same(link, &row, opening).await? => go_on(link, opening, row, written).await?,
        last => begin(link, opening, last.map(|(row, _)| row)).await?,
    };
    lease.take(link, &opening.site, seated.row.id).await?;
    Ok(seated)
}

/// The latest run of a site, and how many entries it has.
async fn last_run(link: &mut Link, site: &str) -> Result<Option<(RunRow, u64)>, OutletTrouble> {
    let ask = "SELECT r.name, m.written FROM mirrors m JOIN runs r ON r.id = m.run_id WHERE m.site = $1 \
               ORDER BY m.run_id DESC LIMIT 1";
    let Some(found) = link.first(ask, &[site.into()]).await? else { return Ok(None) };
    let row = runs::named(link, found.text(0)).await?;
    Ok(row.map(|row| (row, found.int(1).unsigned_abs())))
}

async fn is_same(link: &mut Link, row: &RunRow, opening: &Opening) -> Result<bool, OutletTrouble> {
    let heading = &opening.heading;
    let ask = "SELECT m.kind, m.digest FROM run_configurations r JOIN machine_configurations m ON m.id = r.configuration_id \
               WHERE r.run_id = $1";
    let pair = |row: &crate::store::Record| (row.text(0).to_owned(), row.text(1).to_owned());
    let kept: BTreeSet<_> = link.all(ask, &[row.id.into()]).await?.iter().map(pair).collect();
    let files: BTreeSet<_> = opening.plant.files.iter().map(|file| (file.kind.clone(), file.digest.clone())).collect();
    Ok(row.plan_digest == heading.plan_digest
        && row.document == heading.document
        && row.version == heading.version
        && row.tick == heading.tick
        && kept == files)
}

async fn go_on(link: &mut Link, opening: &Opening, row: RunRow, written: u64) -> Result<Seated, OutletTrouble> {
    let begun = register(link, &opening.plant).await?;
    let mut roster = Roster::of(&opening.plant, &begun);
    opening.channels.iter().for_each(|face| roster.seat(face));
    for (newcomer, machine, sensor) in roster::newcomers_from(link, row.id, roster.channels.len()).await? {
        roster.seat_newcomer(&newcomer, machine, sensor);
    }
    let wake = "UPDATE runs SET status = 'running', end_time = NULL, ended_at = NULL WHERE id = $1";
    link.run(wake, &[row.id.into()]).await?;
    Ok(Seated { row, roster, written })
}

/// Begins a run; where there was one before, that one has ended.
async fn begin(link: &mut Link, opening: &Opening, before: Option<RunRow>) -> Result<Seated, OutletTrouble> {
    let mut heading = opening.heading.clone();
    heading.kind = "live";
    heading.scenario = format!("{}-live", opening.site);
    // Ticks are counted on, so that a state of the run before means the same instant here.
    if let Some(before) = before.as_ref().filter(|before| before.tick == heading.tick) {
        heading.start = before.start;
    }
    let begun = begin_within(link, &heading, &opening.plant).await?;
    let mut roster = Roster::of(&opening.plant, &begun);
    opening.channels.iter().for_each(|face| roster.seat(face));
    if let Some(before) = &before {
        let known: BTreeSet<_> = roster.channels.iter().map(|seat| seat.name.clone()).collect();
        for (newcomer, machine, sensor) in roster::newcomers_from(link, before.id, 0).await? {
            if !known.contains(&newcomer.name) {
                roster.seat_newcomer(&newcomer, machine, sensor);
            }
        }
        hand_over(link, before, begun.run, heading.began).await?;
    }
    roster::write_seats(link, begun.run, &roster.channels).await?;
    let make = "INSERT INTO mirrors (run_id, site) VALUES ($1, $2)";
    link.run(make, &[begun.run.into(), (&opening.site).into()]).await?;
    let row = runs::named(link, &begun.name).await?;
    let row = row.ok_or_else(|| OutletTrouble::lasting(format!("{}: run `{}` is gone", link.name(), begun.name)))?;
    Ok(Seated { row, roster, written: 0 })
}

/// The run before ends where it came to, and each machine begins the next in the mode that it was in.
async fn hand_over(link: &mut Link, before: &RunRow, run: i64, now: Time) -> Result<(), OutletTrouble> {
    let end = "UPDATE runs SET status = 'finished', ended_at = $2, \
               end_time = (SELECT m.reached FROM mirrors m WHERE m.run_id = runs.id) WHERE id = $1";
    link.run(end, &[before.id.into(), now.into()]).await?;
    let copy = "INSERT INTO status_events (run_id, equipment_id, time, status, e10) \
                SELECT $2, e.equipment_id, m.reached, e.status, e.e10 FROM status_events e \
                JOIN mirrors m ON m.run_id = e.run_id WHERE e.run_id = $1 AND m.reached IS NOT NULL AND e.time = \
                (SELECT max(l.time) FROM status_events l WHERE l.run_id = e.run_id AND l.equipment_id = e.equipment_id)";
    link.run(copy, &[before.id.into(), run.into()]).await.map(|_| ())
}

/// What the mirror starts from: this run's last state, or that of the run before where this one has nothing yet.
async fn stand(
    link: &mut Link,
    opening: &Opening,
    row: &RunRow,
    roster: &Roster,
    written: u64,
) -> Result<Opened, OutletTrouble> {
    let mut opened = Opened {
        run: row.id,
        name: row.name.clone(),
        start: row.start,
        written,
        newcomers: roster.newcomers(),
        state: checkpoint_before(link, row.id, Time(i64::MAX)).await?,
        waiting: Hearing::default(),
        of: row.id,
        of_written: written,
        before: None,
    };
    if written == 0
        && let Some((row, written)) = run_before(link, &opening.site, row.id).await?
    {
        opened.state = checkpoint_before(link, row.id, Time(i64::MAX)).await?;
        (opened.of, opened.of_written) = (row.id, written);
        let newcomers = roster::newcomers_from(link, row.id, 0).await?;
        let newcomers = newcomers.into_iter().map(|(newcomer, _, _)| newcomer).collect();
        opened.before = Some(Before { row, newcomers });
    }
    if let Some(state) = &opened.state {
        opened.waiting = waiting(link, opened.of, state.entry, state.tick).await?;
    }
    Ok(opened)
}

/// The run of a site before another one that has any entry.
async fn run_before(link: &mut Link, site: &str, run: i64) -> Result<Option<(RunRow, u64)>, OutletTrouble> {
    let ask = "SELECT r.name, m.written FROM mirrors m JOIN runs r ON r.id = m.run_id \
               WHERE m.site = $1 AND m.run_id < $2 AND m.written > 0 ORDER BY m.run_id DESC LIMIT 1";
    let values: [Cell; 2] = [site.into(), run.into()];
    let Some(found) = link.first(ask, &values).await? else { return Ok(None) };
    let row = runs::named(link, found.text(0)).await?;
    Ok(row.map(|row| (row, found.int(1).unsigned_abs())))
}

async fn modes_since(link: &mut Link, run: i64) -> Result<BTreeMap<i64, Time>, OutletTrouble> {
    let ask = "SELECT equipment_id, max(time) FROM status_events WHERE run_id = $1 GROUP BY equipment_id";
    let rows = link.all(ask, &[run.into()]).await?;
    Ok(rows.iter().filter_map(|row| Some((row.int(0), row.time(1)?))).collect())
}
