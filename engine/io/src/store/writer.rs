//! The connection that writes readings: batch by batch, each with what it does to roll-ups, in one transaction.

use super::latest::Latest;
use super::link::{Dialect, Link};
use super::place::Place;
use super::postgres::{Copier, Setback};
use super::registry::{Registry, SensorIds};
use super::rollups::keeper::{Keeper, Settled};
use super::rollups::pending::Pending;
use super::rollups::{SensorHour, repair, repair_these, tables};
use super::rooms::Rooms;
use super::rows::Row;
use super::sqlite::Inserter;
use super::{Written, postgres, sqlite};
use crate::outlets::trouble::OutletTrouble;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

/// How often a batch is begun again when it finds known readings or a partition gone.
const TRIES: usize = 4;
/// Late hours are repaired together: after this time, or when there are this many.
const REPAIR_AFTER: Duration = Duration::from_secs(10);
const REPAIR_AT: usize = 5_000;
/// Hours of one repair.
const AT_ONCE: usize = 64;
/// Hours whose repair at the start is said aloud.
const WORTH_SAYING: usize = 1_000;

/// A connection to a store that is up to date.
#[derive(Debug)]
pub struct Store {
    link: Link,
    copier: Copier,
    inserter: Inserter,
    rooms: Rooms,
    keeper: Keeper,
    pending: Pending,
    latest: Latest,
    /// By which the marks of this writer are known. Never 0.
    number: i64,
    /// Repairs that there were when the marks were last looked after.
    repairs: Option<i64>,
    repaired: Instant,
    /// A batch failed: its transaction may be open still.
    stuck: bool,
}

impl Store {
    /// Connects, migrates, and computes the roll-ups that a writer before did not finish.
    pub async fn connect(place: &Place) -> Result<Store, OutletTrouble> {
        let mut link = Link::open(place).await?;
        let name = link.name().to_owned();
        let hours = repair(&mut link, |done, of| {
            if of > WORTH_SAYING && done % WORTH_SAYING < AT_ONCE {
                tracing::info!("{name}: computing roll-ups that were not finished, {done} of {of} hours of sensors");
            }
        });
        let hours = hours.await?;
        if hours > 0 {
            tracing::info!("{}: computed the roll-ups of {hours} hours of sensors that were not finished", link.name());
        }
        Ok(Store {
            link,
            copier: Copier::default(),
            inserter: Inserter::default(),
            rooms: Rooms::default(),
            keeper: Keeper::default(),
            pending: Pending::default(),
            latest: Latest::default(),
            number: (RandomState::new().hash_one(0) >> 1).max(1) as i64,
            repairs: None,
            repaired: Instant::now(),
            stuck: false,
        })
    }

    /// Finds or makes the rows of these machines and sensors.
    pub async fn register(&mut self, registry: &Registry) -> Result<SensorIds, OutletTrouble> {
        let name = self.link.name().to_owned();
        let found = match self.link.dialect() {
            Dialect::Postgres => postgres::register(&name, self.link.wire_of_postgres()?, registry).await?,
            Dialect::Sqlite => sqlite::register(&name, self.link.wire_of_sqlite()?, registry).await?,
        };
        registry.match_up(&name, &found)
    }

    /// Writes readings, all or none; they are there for good when it returns. They must be sorted by sensor and time,
    /// each once.
    pub async fn write(&mut self, rows: &[Row]) -> Result<Written, OutletTrouble> {
        if std::mem::take(&mut self.stuck) {
            // SQLite may have done so itself.
            let _ = self.link.roll_back().await;
        }
        let written = self.write_all(rows).await;
        if written.is_err() {
            self.forget();
            self.stuck = true;
        }
        written
    }

    /// Writes what is open of roll-ups, computes what is late, and says goodbye. The readings are safe without.
    pub async fn close(mut self) -> Result<(), OutletTrouble> {
        if !self.stuck {
            self.begin().await?;
            self.pending.add(self.keeper.finish());
            self.settle().await.map_err(|setback| self.trouble(setback))?;
            let latest = self.latest.all();
            tables::say_latest(&mut self.link, &latest).await?;
            self.link.commit().await?;
            self.repair_late().await?;
        }
        self.link.close().await;
        Ok(())
    }

    async fn write_all(&mut self, rows: &[Row]) -> Result<Written, OutletTrouble> {
        let mut tries = TRIES;
        let written = loop {
            tries -= 1;
            let setback = match self.attempt(rows).await {
                Ok(written) => break written,
                Err(setback) => setback,
            };
            match setback {
                Setback::Known if tries > 0 => self.copier.be_wary(),
                Setback::NoRoom if tries > 0 => self.rooms.forget(),
                setback => return Err(self.trouble(setback)),
            }
            self.link.roll_back().await?;
        };
        let late = self.keeper.late().len();
        if late >= REPAIR_AT || (late > 0 && self.repaired.elapsed() >= REPAIR_AFTER) {
            self.repair_late().await?;
        }
        Ok(written)
    }

    async fn attempt(&mut self, rows: &[Row]) -> Result<Written, Setback> {
        if self.link.dialect() == Dialect::Postgres {
            self.rooms.make(&mut self.link, rows).await?;
        }
        self.begin().await?;
        let patience = self.link.patience() * 3;
        let written = match self.link.dialect() {
            Dialect::Postgres => {
                let name = self.link.name().to_owned();
                let copying = self.copier.readings(self.link.wire_of_postgres()?, rows);
                postgres::within(&name, patience, copying).await??
            }
            Dialect::Sqlite => self.inserter.readings(self.link.wire_of_sqlite()?, rows).await?,
        };
        if written.known < rows.len() as u64 {
            let kept = self.keep(rows, written.known).await;
            if kept.is_err() {
                // What the keeper took is not in the store.
                self.forget();
            }
            kept?;
        }
        self.link.commit().await?;
        Ok(written)
    }

    /// Begins a transaction that no repair comes between, and looks after the marks if there was one.
    async fn begin(&mut self) -> Result<(), OutletTrouble> {
        let repairs = match self.link.dialect() {
            Dialect::Postgres => {
                let (name, patience) = (self.link.name().to_owned(), self.link.patience());
                let begun = self.copier.begin(self.link.wire_of_postgres()?);
                let begun = postgres::within(&name, patience, begun).await?;
                begun.map_err(|error| super::said::trouble(&name, &error))?
            }
            Dialect::Sqlite => {
                self.link.begin().await?;
                let asked = self.link.first("SELECT repairs FROM rollups_state", &[]).await?;
                asked.map_or(0, |record| record.int(0))
            }
        };
        if self.repairs.is_some_and(|known| known != repairs) {
            let marks = tables::marks(&mut self.link, self.number).await?;
            self.keeper.look_after(&marks);
            self.pending.look_after(&marks);
        }
        self.repairs = Some(repairs);
        Ok(())
    }

    /// Marks hours, and writes the minutes and hours that these rows finish.
    async fn keep(&mut self, rows: &[Row], known: u64) -> Result<(), Setback> {
        let unmarked = self.keeper.unmarked(rows);
        let found = tables::mark(&mut self.link, self.number, &unmarked).await?;
        // What the store had and the keeper too is only said twice.
        let doubt = known > 0 && self.keeper.known(rows) != known;
        let mut loads = std::collections::BTreeMap::new();
        for hour in self.keeper.wanted(rows, &found, doubt) {
            let told = tables::readings(&mut self.link, hour, 1).await?;
            loads.insert(hour, told.into_iter().map(tables::Told::counted).collect());
        }
        self.pending.add(self.keeper.add(rows, &found, loads, doubt));
        if self.pending.is_ripe() {
            self.settle().await?;
        }
        self.latest.see(rows);
        let latest = self.latest.ripe();
        Ok(tables::say_latest(&mut self.link, &latest).await?)
    }

    /// Writes the roll-ups that wait, and takes the marks of hours away that are done with them.
    async fn settle(&mut self) -> Result<(), Setback> {
        let settled: Settled = self.pending.take();
        let shared = tables::unmark(&mut self.link, self.number, &settled.done).await?;
        self.keeper.share(shared);
        let (again, fresh): (Vec<_>, Vec<_>) = settled.entries.into_iter().partition(|entry| entry.again);
        match self.link.dialect() {
            Dialect::Postgres if !self.copier.is_wary() => {
                let (name, patience) = (self.link.name().to_owned(), self.link.patience());
                let copying = self.copier.rollups(self.link.wire_of_postgres()?, &fresh);
                postgres::within(&name, patience, copying).await??;
            }
            _ => tables::upsert(&mut self.link, &fresh).await?,
        }
        Ok(tables::upsert(&mut self.link, &again).await?)
    }

    async fn repair_late(&mut self) -> Result<(), OutletTrouble> {
        self.repaired = Instant::now();
        if !self.pending.is_empty() {
            // What waits must not come after what a repair writes.
            self.begin().await?;
            self.settle().await.map_err(|setback| self.trouble(setback))?;
            self.link.commit().await?;
        }
        let late: Vec<SensorHour> = self.keeper.late().iter().copied().collect();
        for some in late.chunks(AT_ONCE) {
            let repairs = repair_these(&mut self.link, some).await?;
            self.keeper.repaired(some);
            // If somebody else repaired meanwhile, the marks have to be looked after.
            if self.repairs.is_some_and(|known| known + 1 == repairs) {
                self.repairs = Some(repairs);
            }
        }
        Ok(())
    }

    /// What was marked stays marked, and is computed from the readings.
    fn forget(&mut self) {
        self.keeper.forget();
        self.pending = Pending::default();
        self.repairs = None;
    }

    fn trouble(&self, setback: Setback) -> OutletTrouble {
        let name = self.link.name();
        match setback {
            Setback::Trouble(trouble) => trouble,
            Setback::Other(error) => super::said::trouble(name, &error),
            Setback::Known => OutletTrouble::passing(format!("{name}: another program writes the same readings")),
            Setback::NoRoom => {
                OutletTrouble::passing(format!("{name}: partitions are dropped while readings want them"))
            }
        }
    }
}
