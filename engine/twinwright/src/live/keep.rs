//! The loop of live mode: gather what feeds deliver, let the mirror hear it, commit, and only then tell the sources.
//!
//! One task, one step after the other. While the store is away nothing more is taken from the inbox, which is bounded: so
//! memory is, and brokers keep what we have not acknowledged.

use super::engine::Engine;
use super::gauges::Gauges;
use super::patience::Patience;
use super::screen::Screen;
use super::shelf::Shelf;
use crate::Trouble;
use crate::memory::now;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout_at};
use twinwright_io::feeds::{Delivery, Directory, FeedTally, Receipt};
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_io::store::journal::Journal;
use twinwright_model::Span;
use twinwright_model::journal::Entry;

/// A commit waits for so many readings, or so long.
const GROUP: usize = 1_000;
const GATHER: Duration = Duration::from_millis(20);
/// What is there already goes along, up to this.
const MOST: usize = 20_000;
/// How often people's actions are looked for, and lines of feeds.
const LOOK: Duration = Duration::from_millis(250);
/// A stopping engine lets go of what is under way after this.
const DRAIN: Duration = Duration::from_secs(3);

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
    /// Wakes whoever sends notices.
    pub committed: Arc<Notify>,
    /// The host's running clock began here.
    pub epoch: Instant,
    pub looked: Instant,
}

impl Keep {
    fn running(&self) -> Span {
        Span(self.epoch.elapsed().as_nanos() as i64)
    }

    /// Goes on until it is told to stop, or all feeds have ended.
    pub async fn go_on(&mut self, stop: &AtomicBool) -> Result<(), Trouble> {
        while !stop.load(Ordering::Relaxed) {
            let open = self.gather(GATHER).await;
            self.look_around().await?;
            let more = self.engine.advance(self.running());
            self.commit(stop).await?;
            if !open && !more {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Takes deliveries for a while; false when no more can come.
    async fn gather(&mut self, most: Duration) -> bool {
        let until = tokio::time::Instant::now() + most;
        while self.engine.uncommitted() < GROUP {
            match timeout_at(until, self.inbox.recv()).await {
                Ok(Some(delivery)) => self.hear(delivery),
                Ok(None) => {
                    // All feeds have ended: the clock alone goes on, if it does.
                    sleep(Duration::from_millis(1)).await;
                    return false;
                }
                Err(_) => break,
            }
        }
        while self.engine.uncommitted() < MOST {
            let Ok(delivery) = self.inbox.try_recv() else { break };
            self.hear(delivery);
        }
        true
    }

    fn hear(&mut self, delivery: Delivery) {
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
            if tally.ended.load(Ordering::Relaxed) {
                self.engine.ended(feed as u16);
            } else {
                self.engine.line(feed as u16, tally.connected.load(Ordering::Relaxed), now);
            }
        }
        match self.journal.actions_waiting().await {
            Ok(actions) => actions.into_iter().for_each(|action| self.engine.ask(action)),
            // The next commit will say it, and wait.
            Err(OutletTrouble::Passing(_)) => {}
            Err(trouble) => return Err(trouble.into()),
        }
        self.gauges.look(&self.engine, &self.tallies, self.inbox.len(), &self.shelf);
        Ok(())
    }

    /// Commits what there is, however long that takes, and tells everybody.
    async fn commit(&mut self, stop: &AtomicBool) -> Result<(), Trouble> {
        let Some((entry, receipts)) = self.engine.entry(now()) else { return Ok(()) };
        let entry = Arc::new(entry);
        let begun = Instant::now();
        if !self.append(&entry, stop).await? {
            // Not acknowledged: whoever keeps his word sends it again to the next engine.
            return Ok(());
        }
        self.gauges.committed(&entry, begun.elapsed());
        receipts.into_iter().for_each(Receipt::done);
        self.screen.show(&entry, &self.engine);
        if !entry.alerts.is_empty() {
            self.committed.notify_waiters();
        }
        self.shelf.put(entry).await
    }

    /// True when it is in the store; false when we were told to stop while the store was away.
    async fn append(&mut self, entry: &Entry, stop: &AtomicBool) -> Result<bool, Trouble> {
        let mut patience = Patience::new();
        loop {
            let trouble = match self.shelf.undisturbed(self.journal.append(entry)).await {
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
            if stop.load(Ordering::Relaxed) && patience.lasted() > DRAIN {
                return Ok(false);
            }
            patience.wait().await;
        }
    }

    /// What is under way is brought to its end: the inbox is emptied, the state goes into the store.
    pub async fn drain(&mut self, stop: &AtomicBool) -> Result<(), Trouble> {
        self.inbox.close();
        let until = Instant::now() + DRAIN;
        while Instant::now() < until && self.gather(Duration::from_millis(1)).await {
            self.commit(stop).await?;
        }
        self.engine.leave_state();
        self.commit(stop).await
    }
}
