//! Pumps: one task an outlet that takes rows from the outbox, hands them to its wire, and writes down what became of them.
//!
//! It holds nothing that the store does not have: it may be killed at any point and only repeats. A store that is away and a
//! wire that is away are waited for, with pauses; neither costs a notice one of its tries.

use super::due::{self, Choice};
use super::outbox::{self, Mark, Notice};
use super::{Verdict, Wire, now};
use crate::outlets::trouble::OutletTrouble;
use crate::store::{Link, Place};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// It looks so often, even when nobody wakes it.
const LOOK: Duration = Duration::from_secs(1);
/// What is due still goes out at the end, but not for longer.
const LAST_CALL: Duration = Duration::from_secs(5);
/// Rows that are looked through for something that may go.
const LOOKED_AT: u64 = 20_000;
/// Rows that nobody wants are written down so many at a time.
const UNWANTED: usize = 500;

/// How an outlet does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows that were seen waiting at the last look, which ends where there is enough to do.
    pub waiting: u64,
    pub delivered: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Given up.
    pub dead: u64,
    /// What it is waiting for; empty while all is well.
    pub trouble: String,
}

/// One outlet at work.
#[derive(Debug)]
pub struct Pump {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    wake: Notify,
    ends: AtomicBool,
    counts: Mutex<Counts>,
}

impl Shared {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pump {
    /// Starts on the runtime that it is called in.
    pub fn start(wire: Box<dyn Wire>, place: Place) -> Pump {
        let shared = Arc::new(Shared::default());
        let task = Task {
            wire,
            place,
            link: None,
            shared: shared.clone(),
            unwritten: Vec::new(),
            rests: None,
            failures: 0,
            in_trouble: false,
        };
        Pump { shared, task: tokio::spawn(task.carry()) }
    }

    /// There may be something new.
    pub fn wake(&self) {
        self.shared.wake.notify_one();
    }

    pub fn counts(&self) -> Counts {
        self.shared.counts().clone()
    }

    /// What is due goes out if it can at once, also what still gathers; the rest waits in the store for the next start.
    pub async fn stop(mut self) {
        self.shared.ends.store(true, Ordering::Relaxed);
        self.wake();
        if tokio::time::timeout(LAST_CALL, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Task {
    wire: Box<dyn Wire>,
    place: Place,
    link: Option<Link>,
    shared: Arc<Shared>,
    /// What became of notices, and is not in the store yet.
    unwritten: Vec<(Notice, Mark)>,
    /// The other side asked to be left alone until then.
    rests: Option<Instant>,
    failures: u32,
    in_trouble: bool,
}

impl Task {
    async fn carry(mut self) {
        loop {
            let ends = self.shared.ends.load(Ordering::Relaxed);
            match self.round(ends).await {
                Ok(true) => self.is_well(),
                Ok(false) if ends => break,
                Ok(false) => {
                    self.is_well();
                    self.sleep(LOOK).await;
                }
                Err(trouble) => {
                    self.meets(&trouble);
                    if ends {
                        break;
                    }
                    let pause = due::pause(self.failures).min(Duration::from_secs(60));
                    let until = Instant::now() + pause;
                    while !self.shared.ends.load(Ordering::Relaxed) && Instant::now() < until {
                        self.sleep(until.saturating_duration_since(Instant::now())).await;
                    }
                }
            }
        }
        self.wire.close().await;
        if let Some(link) = self.link.take() {
            link.close().await;
        }
    }

    async fn sleep(&self, longest: Duration) {
        let _ = tokio::time::timeout(longest, self.shared.wake.notified()).await;
    }

    /// One look at the store, and one delivery. False: there is nothing to do now.
    async fn round(&mut self, ends: bool) -> Result<bool, OutletTrouble> {
        let mut link = match self.link.take() {
            Some(link) => link,
            None => Link::open(&self.place).await?,
        };
        // A connection that met trouble is not used again.
        self.write_down(&mut link).await?;
        let (chosen, unwanted) = self.choose(&mut link, ends).await?;
        let busy = !chosen.is_empty() || !unwanted.is_empty();
        self.unwritten = unwanted.into_iter().map(|notice| (notice, Mark::Unwanted)).collect();
        let delivered = if chosen.is_empty() { Ok(()) } else { self.deliver(chosen).await };
        self.write_down(&mut link).await?;
        self.link = Some(link);
        delivered.map(|()| busy)
    }

    /// What may go now, and what nobody wants here.
    async fn choose(&mut self, link: &mut Link, ends: bool) -> Result<(Vec<Notice>, Vec<Notice>), OutletTrouble> {
        let terms = self.wire.terms();
        let gather = terms.gather.map(|gather| if ends { Duration::ZERO } else { gather });
        let most = if self.rests.is_some_and(|until| Instant::now() < until) { 0 } else { terms.at_once };
        let mut choice = Choice::new(now(), most, gather);
        let (mut unwanted, mut after, mut seen) = (Vec::new(), 0, 0);
        // Some more than can go, since most lanes have several rows.
        let length = (4 * terms.at_once).clamp(64, 500);
        while seen < LOOKED_AT {
            let page = outbox::page(link, &terms.name, after, length).await?;
            after = page.last().map_or(after, |notice| notice.id);
            seen += page.len() as u64;
            let was_last = page.len() < length;
            for notice in page {
                if terms.wants(&notice) {
                    let lane = self.wire.lane(&notice);
                    choice.look(notice, lane);
                } else {
                    unwanted.push(notice);
                }
            }
            if was_last || choice.is_full() || unwanted.len() >= UNWANTED {
                break;
            }
        }
        self.shared.counts().waiting = seen - unwanted.len() as u64;
        Ok((choice.chosen, unwanted))
    }

    /// Hands these over; what became of them is then unwritten.
    async fn deliver(&mut self, chosen: Vec<Notice>) -> Result<(), OutletTrouble> {
        let verdicts = self.wire.deliver(&chosen).await?;
        let tries = self.wire.terms().tries;
        for (notice, verdict) in chosen.into_iter().zip(verdicts) {
            let mut counts = self.shared.counts();
            let mut next = None;
            match &verdict {
                Verdict::Delivered(_) => {
                    counts.delivered += 1;
                    counts.waiting = counts.waiting.saturating_sub(1);
                }
                Verdict::Again(why, asked) => {
                    counts.failed += 1;
                    next = outbox::again_at(now(), notice.attempts + 1, tries, *asked);
                    self.rests = asked.map(|asked| Instant::now() + asked.min(due::LONGEST_ASKED)).or(self.rests);
                    if next.is_none() {
                        counts.dead += 1;
                        tracing::warn!("{}: gives up {}: {why}", self.wire.terms().name, notice.uid);
                    }
                }
                Verdict::Never(why) => {
                    counts.failed += 1;
                    counts.dead += 1;
                    tracing::warn!("{}: gives up {}: {why}", self.wire.terms().name, notice.uid);
                }
            }
            drop(counts);
            self.unwritten.push((notice, Mark::Tried(verdict, next)));
        }
        Ok(())
    }

    async fn write_down(&mut self, link: &mut Link) -> Result<(), OutletTrouble> {
        if !self.unwritten.is_empty() {
            outbox::write_down(link, &self.wire.terms().name, now(), &self.unwritten).await?;
            self.unwritten.clear();
        }
        Ok(())
    }

    fn meets(&mut self, trouble: &OutletTrouble) {
        self.failures = self.failures.saturating_add(1);
        let said = trouble.to_string();
        if !self.in_trouble {
            tracing::warn!("{}: {said}; tries again", self.wire.terms().name);
        }
        self.in_trouble = true;
        self.shared.counts().trouble = said;
    }

    fn is_well(&mut self) {
        self.failures = 0;
        if std::mem::take(&mut self.in_trouble) {
            tracing::info!("{}: goes on", self.wire.terms().name);
            self.shared.counts().trouble.clear();
        }
    }
}
