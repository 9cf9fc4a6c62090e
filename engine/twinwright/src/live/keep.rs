//! The loop of live mode: gather what feeds deliver, let the mirror hear it, commit, and only then tell the sources.
//!
//! One task, one step after the other. While the store is away nothing more is taken from the inbox, which is bounded: so
//! memory is, and brokers keep what we have not acknowledged.

use super::engine::Engine;
use super::gauges::{Depths, Gauges};
use super::patience::Patience;
use super::screen::Screen;
use super::shelf::Shelf;
use super::tidings::Bell;
use super::{Outcome, Wishes};
use crate::Trouble;
use crate::memory::now;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::timeout_at;
use twinwright_io::feeds::{Delivery, Directory, FeedTally, Receipt};
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_io::store::journal::Journal;
use twinwright_model::journal::Entry;
use twinwright_model::{Span, Time};

/// A commit waits for so many readings, or so long.
const GROUP: usize = 1_000;
const GATHER: Duration = Duration::from_millis(20);
/// What is there already goes along, up to this.
const MOST: usize = 20_000;
/// How often people's actions are looked for, and lines of feeds.
const LOOK: Duration = Duration::from_millis(250);
/// An engine that has nothing to write says so often that it is alive.
const BEAT: Duration = Duration::from_secs(2);
/// Whoever was busy for longer, since its store said nothing, has not listened: feeds were not silent.
const DEAF: Duration = Duration::from_secs(1);
/// A stopping engine lets go of what is under way after this. With what readings and notices get, five seconds in all.
const DRAIN: Duration = Duration::from_secs(2);

/// What the loop works with.
pub struct Keep {
    pub engine: Engine,
    pub journal: Journal,
    pub inbox: mpsc::Receiver<Delivery>,
    pub directory: Arc<Directory>,
    pub tallies: Vec<Arc<FeedTally>>,
    pub shelf: Shelf,
    pub screen: Screen,
    pub gauges: Arc<Gauges>,
    /// Wakes whoever carries notices, and shows states.
    pub bell: Bell,
    /// The host's running clock began here.
    pub epoch: Instant,
    /// When it was read last.
    pub read: Instant,
    pub looked: Instant,
    pub wrote: Instant,
    /// An entry was let go of at the end, so that none may follow it.
    pub gave_up: bool,
}

impl Keep {
    fn running(&mut self) -> Span {
        let now = Instant::now();
        let running = Span(now.duration_since(self.epoch).as_nanos() as i64);
        if now.duration_since(std::mem::replace(&mut self.read, now)) > DEAF {
            self.engine.listens_again(running);
        }
        running
    }

    /// Goes on until it is told to stop, has come to `until`, or all feeds have ended: false. True when the site's file is to
    /// be read again.
    pub async fn go_on(&mut self, wishes: &Wishes, until: Option<Time>) -> Result<bool, Trouble> {
        while !wishes.stop.load(Ordering::Relaxed) {
            let open = self.gather(GATHER).await;
            self.look_around().await?;
            if !open {
                self.engine.finish();
            }
            let now = self.running();
            let more = self.engine.advance(now);
            self.commit(wishes).await?;
            if until.is_some_and(|until| self.engine.shows().is_some_and(|shows| shows >= until)) {
                return Ok(false);
            }
            if !open && !more {
                return Ok(false);
            }
            if wishes.reload.swap(false, Ordering::Relaxed) && self.may_reload() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A file that is wrong changes nothing: what runs goes on with the old one.
    fn may_reload(&self) -> bool {
        match self.bell.check_site() {
            Ok(()) => true,
            Err(trouble) => {
                tracing::error!("the site's file is not taken over, the one before stays:\n{trouble}");
                false
            }
        }
    }

    /// Takes deliveries for a while; false when no more can come.
    async fn gather(&mut self, most: Duration) -> bool {
        let until = tokio::time::Instant::now() + most;
        while self.engine.uncommitted() < GROUP {
            match timeout_at(until, self.inbox.recv()).await {
                Ok(Some(delivery)) => self.hear(delivery),
                Ok(None) => return false,
                Err(_) => break,
            }
        }
        while self.engine.uncommitted() < MOST {
            let Ok(delivery) = self.inbox.try_recv() else { break };
            self.hear(delivery);
        }
        true
    }

    /// Takes a delivery.
    pub fn hear(&mut self, delivery: Delivery) {
        if self.engine.uncommitted() == 0 {
            tracing::debug!("gathering");
        }
        let newcomers = self.directory.take_newcomers();
        if !newcomers.is_empty() {
            self.engine.register(newcomers);
        }
        let now = self.running();
        self.engine.hear(delivery, now);
    }

    /// What does not come through the inbox: lines that were lost, and what people ask.
    async fn look_around(&mut self) -> Result<(), Trouble> {
        if self.looked.elapsed() < LOOK {
            return Ok(());
        }
        self.looked = Instant::now();
        let now = self.running();
        for (feed, tally) in self.tallies.iter().enumerate() {
            self.engine.line(feed as u16, tally.connected.load(Ordering::Relaxed) > 0, now);
        }
        match self.journal.actions_waiting().await {
            Ok(actions) => actions.into_iter().for_each(|action| self.engine.ask(action)),
            // The next commit will say it, and wait.
            Err(OutletTrouble::Passing(_)) => {}
            Err(trouble) => return Err(trouble.into()),
        }
        if self.wrote.elapsed() > BEAT
            && let Err(trouble) = self.journal.beat().await
            && !matches!(trouble, OutletTrouble::Passing(_))
        {
            return Err(trouble.into());
        }
        self.note_stored().await?;
        let depths = Depths { inbox: self.inbox.len(), shelf: self.shelf.waiting() };
        self.gauges.look(&self.engine, depths);
        self.bell.show_states(&mut self.engine);
        Ok(())
    }

    /// Notes how far readings are in their table: from there a crash is mended.
    async fn note_stored(&mut self) -> Result<(), Trouble> {
        let Some(entry) = self.shelf.take_through() else { return Ok(()) };
        match self.journal.stored_through(entry).await {
            Ok(()) | Err(OutletTrouble::Passing(_)) => Ok(()),
            Err(trouble) => Err(trouble.into()),
        }
    }

    /// Commits what there is, however long that takes, and tells everybody.
    async fn commit(&mut self, wishes: &Wishes) -> Result<(), Trouble> {
        if self.gave_up {
            return Ok(());
        }
        let Some((entry, receipts)) = self.engine.entry(now()) else { return Ok(()) };
        tracing::debug!("entry {}: committing", entry.number);
        let begun = Instant::now();
        if !self.append(&entry, wishes).await? {
            // Not acknowledged: whoever keeps his word sends it again to the next engine.
            self.gave_up = true;
            return Ok(());
        }
        tracing::debug!("entry {}: committed", entry.number);
        self.wrote = Instant::now();
        self.gauges.committed(begun.elapsed());
        receipts.into_iter().for_each(Receipt::done);
        let mirror = self.engine.lookout().mirror();
        self.screen.show(&entry, |machine| mirror.machine_name(machine).to_owned());
        if !entry.alerts.is_empty() {
            self.bell.ring();
        }
        let rows = self.journal.rows_of(&entry.heard);
        self.shelf.put(entry.number, rows).await
    }

    /// True when it is in the store; false when we were told to stop while the store was away.
    async fn append(&mut self, entry: &Entry, wishes: &Wishes) -> Result<bool, Trouble> {
        let mut patience = Patience::new();
        loop {
            let turn = self.shelf.turn().await;
            let appended = self.journal.append(entry).await;
            drop(turn);
            let trouble = match appended {
                Ok(()) => {
                    if patience.was_needed() {
                        tracing::info!("the store is back after {:.1} s", patience.lasted().as_secs_f64());
                    }
                    self.gauges.store_is_there(true);
                    return Ok(true);
                }
                Err(OutletTrouble::Passing(trouble)) => trouble,
                Err(trouble) => return Err(trouble.into()),
            };
            self.gauges.store_is_there(false);
            if patience.speaks() {
                tracing::warn!("{trouble}; nothing is acknowledged until it is back");
            }
            if wishes.stop.load(Ordering::Relaxed) && patience.lasted() > DRAIN {
                return Ok(false);
            }
            patience.wait().await;
        }
    }

    /// What is under way is brought to its end: the inbox is emptied until the last feed has said goodbye, and the state goes
    /// into the store.
    pub async fn drain(&mut self, wishes: &Wishes) -> Result<(), Trouble> {
        let until = Instant::now() + DRAIN;
        while Instant::now() < until && self.gather(GATHER).await {
            self.commit(wishes).await?;
        }
        self.inbox.close();
        self.engine.leave_state();
        self.commit(wishes).await
    }

    /// Lets go of the store.
    pub async fn end(mut self, now: Time) -> Result<(Screen, Outcome), Trouble> {
        let through = self.shelf.end().await;
        if let Ok(Some(entry)) = &through {
            self.journal.stored_through(*entry).await?;
        }
        let shows = self.engine.shows();
        let counts = self.engine.counts().clone();
        let outcome = Outcome {
            run: String::new(),
            store: String::new(),
            shows,
            digest: self.engine.lookout().digest(),
            readings: counts.readings,
            alerts: counts.raised,
        };
        self.journal.close(shows, now).await?;
        through.map(|_| (self.screen, outcome))
    }
}
