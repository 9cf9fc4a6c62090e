//! One entry on its way into the store: all of it or nothing, and once.

use super::alerts::Desk;
use super::names::{clean, or_else, plain};
use super::roster::{self, Roster, Seat};
use super::{Journal, actions, body, findings, lease};
use crate::outlets::trouble::OutletTrouble;
use crate::store::checkpoints::pack;
use crate::store::chronicle::{Insert, e10};
use crate::store::{Cell, Link};
use serde_json::Value;
use std::collections::BTreeMap;
use twinwright_model::journal::{Checkpoint, Entry, Heard};
use twinwright_model::{Mode, Time};

/// Bytes of a message that quarantine keeps.
const PAYLOAD: usize = 4_096;

/// What a journal knows once the entry is written.
#[derive(Default)]
pub(super) struct After {
    /// Where newcomers came.
    pub roster: Option<Roster>,
    pub modes: BTreeMap<i64, Time>,
}

/// Writes an entry, or finds that it is there.
pub(super) async fn write(journal: &Journal, link: &mut Link, entry: &Entry) -> Result<After, OutletTrouble> {
    let body = body::pack(&entry.heard).map_err(OutletTrouble::lasting)?;
    link.begin().await?;
    let run = &journal.run;
    let reached = entry.heard.closed.map(|tick| run.time_of(tick));
    let number = entry.number as i64;
    if !journal.lease.advance(link, run.id, number, reached).await? {
        return known(journal, link, entry).await;
    }
    let mut after = After::default();
    if !entry.heard.newcomers.is_empty() {
        after.roster = Some(admit(journal, link, entry).await?);
    }
    let roster = after.roster.as_ref().unwrap_or(&journal.roster);
    write_journal(run.id, link, entry, body).await?;
    write_quarantine(run.id, link, entry).await?;
    findings::write(link, run.id, roster, &entry.findings).await?;
    let desk = Desk {
        run: run.id,
        site: &run.site,
        path: &run.path,
        outlets: &run.outlets,
        roster,
        written: entry.written,
        actions: entry.heard.actions.iter().map(|(_, action)| super::names::key(&action.uid)).collect(),
    };
    desk.write(link, &entry.alerts).await?;
    after.modes = write_modes(journal, link, roster, entry).await?;
    if let Some(checkpoint) = &entry.checkpoint {
        write_checkpoint(journal, link, entry, checkpoint).await?;
        write_portraits(journal, link, roster, entry, checkpoint.tick).await?;
    }
    actions::taken(link, &entry.heard.actions).await?;
    link.commit().await?;
    Ok(after)
}

/// The run did not stand at the entry before: it has this one, or something is wrong.
async fn known(journal: &Journal, link: &mut Link, entry: &Entry) -> Result<After, OutletTrouble> {
    let run = journal.run.id;
    let found = link.first("SELECT written, holder FROM mirrors WHERE run_id = $1", &[run.into()]).await?;
    let found = found.unwrap_or_default();
    if !journal.lease.is_of(found.text(1)) {
        return Err(lease::lost(link));
    }
    if found.int(0) < entry.number as i64 {
        let (store, number, written) = (link.name(), entry.number, found.int(0));
        let what = format!("{store}: entry {number} does not follow entry {written}, which is the last");
        return Err(OutletTrouble::Lasting(what));
    }
    let mut after = After::default();
    let fresh = roster::newcomers_from(link, run, journal.roster.channels.len()).await?;
    if !fresh.is_empty() {
        let mut roster = journal.roster.clone();
        fresh.iter().for_each(|(newcomer, machine, sensor)| roster.seat_newcomer(newcomer, *machine, *sensor));
        after.roster = Some(roster);
    }
    for change in &entry.modes {
        let roster = after.roster.as_ref().unwrap_or(&journal.roster);
        after.modes.insert(roster.machine(change.machine)?, change.time);
    }
    link.roll_back().await?;
    Ok(after)
}

async fn admit(journal: &Journal, link: &mut Link, entry: &Entry) -> Result<Roster, OutletTrouble> {
    crate::store::chronicle::take_turn(link).await?;
    let mut roster = journal.roster.clone();
    for newcomer in &entry.heard.newcomers {
        let (machine, sensor) = roster::admit(link, newcomer).await?;
        let name = newcomer.name.clone();
        let seat = Seat { name, unit: newcomer.unit.clone(), sensor: Some(sensor), newcomer: true };
        roster::write_seat(link, journal.run.id, roster.channels.len(), &seat).await?;
        roster.seat_newcomer(newcomer, machine, sensor);
    }
    Ok(roster)
}

async fn write_journal(run: i64, link: &mut Link, entry: &Entry, body: Vec<u8>) -> Result<(), OutletTrouble> {
    let heard = &entry.heard;
    let times = || heard.readings.iter().map(|one| one.measurement.time);
    let ticks = heard.readings.iter().map(|one| one.tick).filter(|tick| *tick != Heard::LATE);
    let last_tick = ticks.chain(heard.actions.iter().map(|(tick, _)| *tick)).max();
    let make = "INSERT INTO journal (run_id, number, written_at, first_time, last_time, readings, closed_tick, last_tick, \
                body, digest_tick, state_digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values: [Cell; 11] = [
        run.into(),
        (entry.number as i64).into(),
        entry.written.into(),
        times().min().into(),
        times().max().into(),
        (heard.readings.len() as i64).into(),
        heard.closed.into(),
        last_tick.into(),
        body.into(),
        entry.digest.map(|(tick, _)| tick).into(),
        entry.digest.map(|(_, digest)| format!("{digest:032x}")).into(),
    ];
    link.run(make, &values).await.map(|_| ())
}

async fn write_quarantine(run: i64, link: &mut Link, entry: &Entry) -> Result<(), OutletTrouble> {
    let columns = ["run_id", "arrived", "feed", "origin", "reason", "detail", "payload"];
    let mut rows = Insert::into("quarantine", &columns, "");
    for one in &entry.refusals {
        rows.add([
            run.into(),
            one.arrived.into(),
            plain(&one.feed).into(),
            plain(&one.origin).into(),
            one.reason.name().into(),
            plain(&one.detail).into(),
            one.payload[..one.payload.len().min(PAYLOAD)].to_vec().into(),
        ]);
    }
    rows.write(link).await
}

/// A mode, the one before, and how long that had lasted.
type Turn = (Mode, Option<Mode>, Option<f64>);

/// Writes changes of modes; of two at one instant the last stays. Answers since when each machine is in its mode.
async fn write_modes(
    journal: &Journal,
    link: &mut Link,
    roster: &Roster,
    entry: &Entry,
) -> Result<BTreeMap<i64, Time>, OutletTrouble> {
    let columns = ["run_id", "equipment_id", "time", "status", "previous", "duration_s", "e10"];
    let tail = "ON CONFLICT (run_id, equipment_id, time) DO UPDATE SET status = excluded.status, e10 = excluded.e10";
    let mut rows = Insert::into("status_events", &columns, tail);
    let mut since: BTreeMap<i64, Time> = BTreeMap::new();
    let mut changes: BTreeMap<(i64, Time), Turn> = BTreeMap::new();
    for change in &entry.modes {
        let machine = roster.machine(change.machine)?;
        // The table holds microseconds.
        let time = Time(change.time.0.div_euclid(1_000) * 1_000);
        let before = since.get(&machine).or_else(|| journal.modes.get(&machine)).copied();
        let lasted = before.filter(|_| change.previous.is_some()).map(|before| time.since(before).seconds().max(0.0));
        let row = changes.entry((machine, time)).or_insert((change.mode, change.previous, lasted));
        row.0 = change.mode;
        since.insert(machine, time);
    }
    for ((machine, time), (mode, previous, lasted)) in changes {
        rows.add([
            journal.run.id.into(),
            machine.into(),
            time.into(),
            mode.name().into(),
            previous.map(Mode::name).into(),
            lasted.into(),
            e10(mode.e10()).into(),
        ]);
    }
    rows.write(link).await?;
    Ok(since)
}

async fn write_checkpoint(
    journal: &Journal,
    link: &mut Link,
    entry: &Entry,
    checkpoint: &Checkpoint,
) -> Result<(), OutletTrouble> {
    let run = &journal.run;
    // The same tick again, after a restart within it: what is there was followed by more.
    let make = "INSERT INTO checkpoints (run_id, tick, time, state_digest, plan_digest, engine, snapshot, taken_at, entry) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (run_id, tick) DO UPDATE SET \
                state_digest = excluded.state_digest, snapshot = excluded.snapshot, taken_at = excluded.taken_at, \
                entry = excluded.entry";
    let values: [Cell; 9] = [
        run.id.into(),
        checkpoint.tick.into(),
        run.time_of(checkpoint.tick).into(),
        format!("{:032x}", checkpoint.digest).into(),
        (&run.plan_digest).into(),
        (&run.version).into(),
        pack(&checkpoint.bytes)?.into(),
        entry.written.into(),
        (entry.number as i64).into(),
    ];
    link.run(make, &values).await.map(|_| ())
}

async fn write_portraits(
    journal: &Journal,
    link: &mut Link,
    roster: &Roster,
    entry: &Entry,
    tick: u32,
) -> Result<(), OutletTrouble> {
    let tail = "ON CONFLICT (run_id, equipment_id, time) DO UPDATE SET state = excluded.state";
    let mut rows = Insert::into("state_snapshots", &["run_id", "equipment_id", "time", "state"], tail);
    let portraits: BTreeMap<u32, &String> = entry.portraits.iter().map(|(machine, text)| (*machine, text)).collect();
    for (machine, text) in portraits {
        let state: Value = serde_json::from_str(&or_else(text, "{}"))
            .map_err(|error| OutletTrouble::lasting(format!("the portrait of a machine is no JSON: {error}")))?;
        rows.add([
            journal.run.id.into(),
            roster.machine(machine)?.into(),
            journal.run.time_of(tick).into(),
            clean(state).into(),
        ]);
    }
    rows.write(link).await
}
