//! The journal of a live run: all that a mirror heard and all that followed from it, commit by commit.
//!
//! An [`Entry`] goes into the store in one transaction, once, whatever becomes of the connection; only then may a message of
//! it be acknowledged. [`Journal::open`] finds the run that a site goes on with, or begins one, and says what a mirror
//! needs to stand where it stood. One engine at a time has a site. Nothing here repairs by itself, waits for people, or judges what
//! it writes.

pub mod actions;
mod alerts;
pub mod applied;
mod body;
mod entry;
mod findings;
mod holder;
mod lease;
mod names;
mod notice;
pub mod notify;
mod open;
pub mod orphans;
mod past;
pub mod readings;
mod roster;

pub use lease::{Living, living};
pub use open::{Before, Opened, Opening};
pub use past::{Kept, Reader, checkpoint_before, entry_of_tick, look, waiting};
pub use roster::ChannelFace;

use crate::outlets::trouble::OutletTrouble;
use crate::store::{Link, Place, Row};
use lease::Lease;
use roster::Roster;
use std::collections::BTreeMap;
use std::time::Duration;
use twinwright_model::journal::{Entry, Hearing};
use twinwright_model::live::Action;
use twinwright_model::{Quality, Span, Time};

/// How long an engine that is not heard of keeps its site.
pub const LEASE: Duration = Duration::from_secs(10);

/// A connection that writes the journal of one live run.
#[derive(Debug)]
pub struct Journal {
    place: Place,
    link: Option<Link>,
    lease: Lease,
    run: Run,
    roster: Roster,
    /// Since when each machine (by its id) is in its mode.
    modes: BTreeMap<i64, Time>,
}

/// What does not change while a run goes on.
#[derive(Debug, Clone)]
struct Run {
    id: i64,
    site: String,
    path: String,
    outlets: Vec<String>,
    start: Time,
    tick: Span,
    plan_digest: String,
    version: String,
}

impl Run {
    fn time_of(&self, tick: u32) -> Time {
        Time(self.start.0.saturating_add(i64::from(tick).saturating_mul(self.tick.0)))
    }
}

impl Journal {
    /// Finds or begins the live run of a site and takes it, in one transaction. Refused while another engine has it.
    pub async fn open(place: &Place, opening: &Opening) -> Result<(Journal, Opened), OutletTrouble> {
        open::open(place, opening).await
    }

    /// Writes an entry, unless it is there. It is there for good when this returns; after trouble the same entry may be
    /// given again.
    pub async fn append(&mut self, entry: &Entry) -> Result<(), OutletTrouble> {
        let mut link = self.take_link().await?;
        let written = entry::write(self, &mut link, entry).await;
        match written {
            Ok(after) => {
                self.roster = after.roster.unwrap_or_else(|| std::mem::take(&mut self.roster));
                self.modes.extend(after.modes);
                self.link = Some(link);
                Ok(())
            }
            // Whatever it was, this connection is not to be trusted any more; what was begun on it is undone.
            Err(trouble) => Err(trouble),
        }
    }

    /// Says that the engine is alive, where there is nothing to write: at least every two seconds.
    pub async fn beat(&mut self) -> Result<(), OutletTrouble> {
        let mut link = self.take_link().await?;
        self.lease.renew(&mut link, self.run.id).await?;
        self.link = Some(link);
        Ok(())
    }

    /// Notes that the readings of all entries up to this one are in `sensor_readings`.
    pub async fn stored_through(&mut self, entry: u64) -> Result<(), OutletTrouble> {
        let run = self.run.id;
        let mut link = self.take_link().await?;
        readings::stored_through(&mut link, run, entry).await?;
        self.link = Some(link);
        Ok(())
    }

    /// What people asked and no tick has heard, in the order in which they asked. An action stays in this list until an
    /// entry that hears it is written, so the same one may be answered twice.
    pub async fn actions_waiting(&mut self) -> Result<Vec<Action>, OutletTrouble> {
        let mut link = self.take_link().await?;
        let waiting = actions::waiting(&mut link, &self.run.site).await?;
        self.link = Some(link);
        Ok(waiting)
    }

    /// The entries of a run (this one or another) after one, up to and with another, by [`Journal::next_hearing`].
    pub fn hearings(&self, run: i64, after: u64, until: u64) -> Reader {
        Reader::new(run, after, until)
    }

    /// The next of some entries, with its number.
    pub async fn next_hearing(&mut self, reader: &mut Reader) -> Result<Option<(u64, Hearing)>, OutletTrouble> {
        let mut link = self.take_link().await?;
        let next = reader.next(&mut link).await?;
        self.link = Some(link);
        Ok(next)
    }

    /// The rows of `sensor_readings` that an entry's readings are, in order of arrival; once it is written, so that its
    /// newcomers are known. Drivers and modes have none.
    pub fn rows_of(&self, heard: &Hearing) -> Vec<Row> {
        let mut rows = Vec::with_capacity(heard.readings.len());
        for one in &heard.readings {
            let reading = one.measurement;
            let Some(sensor) = self.roster.sensor_of(reading.channel) else { continue };
            rows.extend(readings::row(sensor, &reading));
        }
        rows
    }

    /// The id of the run, for what asks the store on a connection of its own.
    pub fn run_id(&self) -> i64 {
        self.run.id
    }

    /// Lets go of the site. The run stands at `reached`, and goes on when it is opened again.
    pub async fn close(mut self, reached: Option<Time>, now: Time) -> Result<(), OutletTrouble> {
        let mut link = self.take_link().await?;
        if self.lease.release(&mut link, self.run.id).await? {
            let rest = "UPDATE runs SET status = 'interrupted', end_time = $2, ended_at = $3 WHERE id = $1";
            link.run(rest, &[self.run.id.into(), reached.into(), now.into()]).await?;
        }
        link.close().await;
        Ok(())
    }

    async fn take_link(&mut self) -> Result<Link, OutletTrouble> {
        match self.link.take() {
            Some(link) => Ok(link),
            None => Link::open(&self.place).await,
        }
    }
}

/// As readings keep it: a sensor that says nothing is bad, and one that was not asked has no row.
fn stored_quality(quality: Quality, value: f64) -> Option<i16> {
    match quality {
        Quality::Unsampled => None,
        Quality::Missing => Some(i16::from(Quality::Bad.code())),
        Quality::Good if value.is_nan() => Some(i16::from(Quality::Bad.code())),
        known => Some(i16::from(known.code())),
    }
}
