//! Committed readings on their way into their table: many at once, in a task of their own, a little later.
//!
//! What waits here is in the journal already: a crash loses nothing of it. The way is bounded, so that a table that is too slow
//! slows the sources down and not the memory.

use super::patience::Patience;
use crate::Trouble;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_io::store::Row;
use twinwright_io::store::journal::readings::ReadingsShelf;

/// Rows that may wait.
const MOST: usize = 400_000;
/// How often it is looked whether it is time to write.
const LOOK: Duration = Duration::from_millis(50);
/// A stopping engine waits for so long until all is in its table; the journal has the rest.
const LAST: Duration = Duration::from_secs(2);

/// The way to the table.
#[derive(Debug)]
pub struct Shelf {
    sender: Option<mpsc::UnboundedSender<(u64, Vec<Row>)>>,
    /// One permit a row that waits.
    room: Arc<Semaphore>,
    /// The last entry all of whose readings are stored; 0 when that was noted.
    through: Arc<AtomicU64>,
    /// In SQLite one writes at a time: the journal and the table take turns, which is faster than to meet at its lock.
    turns: Option<Arc<Mutex<()>>>,
    /// None once it was asked how it ended, which it can be only once.
    task: Option<JoinHandle<Result<Option<u64>, OutletTrouble>>>,
}

impl Shelf {
    /// Starts the task.
    pub fn start(shelf: ReadingsShelf, takes_turns: bool) -> Shelf {
        let (sender, receiver) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(MOST));
        let through = Arc::new(AtomicU64::new(0));
        let turns = takes_turns.then(Arc::default);
        let work = Work { shelf, receiver, room: room.clone(), through: through.clone(), turns: turns.clone() };
        Shelf { sender: Some(sender), room, through, turns, task: Some(tokio::spawn(work.go_on())) }
    }

    /// Puts down the rows of an entry; waits while there is no room.
    pub async fn put(&mut self, entry: u64, rows: Vec<Row>) -> Result<(), Trouble> {
        let wanted = rows.len().min(MOST) as u32;
        // Closed: the task has ended, which is said below.
        if let Ok(permits) = self.room.clone().acquire_many_owned(wanted).await {
            permits.forget();
        }
        let sent = self.sender.as_ref().is_some_and(|sender| sender.send((entry, rows)).is_ok());
        if sent { Ok(()) } else { self.end().await.map(|_| ()) }
    }

    /// Rows that wait.
    pub fn waiting(&self) -> u64 {
        (MOST - self.room.available_permits().min(MOST)) as u64
    }

    /// The last entry all of whose readings are stored, if that is news.
    pub fn take_through(&self) -> Option<u64> {
        Some(self.through.swap(0, Ordering::Relaxed)).filter(|entry| *entry > 0)
    }

    /// Nobody else writes while this is held.
    pub async fn turn(&self) -> Option<OwnedMutexGuard<()>> {
        match &self.turns {
            Some(turns) => Some(turns.clone().lock_owned().await),
            None => None,
        }
    }

    /// Writes what it can in a while; up to which entry everything is stored.
    pub async fn end(&mut self) -> Result<Option<u64>, Trouble> {
        self.sender = None;
        let Some(mut task) = self.task.take() else { return Ok(None) };
        match timeout(LAST, &mut task).await {
            // What was written last may not have been asked for yet.
            Ok(Ok(done)) => Ok(done?.or(self.take_through())),
            Ok(Err(gone)) => Err(Trouble::World(format!("the readings' task ended: {gone}"))),
            Err(_) => {
                task.abort();
                Ok(None)
            }
        }
    }
}

struct Work {
    shelf: ReadingsShelf,
    receiver: mpsc::UnboundedReceiver<(u64, Vec<Row>)>,
    room: Arc<Semaphore>,
    through: Arc<AtomicU64>,
    turns: Option<Arc<Mutex<()>>>,
}

impl Work {
    async fn go_on(mut self) -> Result<Option<u64>, OutletTrouble> {
        loop {
            match timeout(LOOK, self.receiver.recv()).await {
                Ok(Some((entry, rows))) => self.shelf.put(entry, rows),
                Ok(None) => break,
                Err(_) => {}
            }
            if self.shelf.is_due() {
                self.write().await?;
            }
        }
        self.write().await?;
        self.shelf.close().await
    }

    /// Writes what waits, however long the store is away.
    async fn write(&mut self) -> Result<(), OutletTrouble> {
        let mut patience = Patience::new();
        let rows = self.shelf.waiting();
        loop {
            let turn = match &self.turns {
                Some(turns) => Some(turns.lock().await),
                None => None,
            };
            let written = self.shelf.write().await;
            drop(turn);
            match written {
                Ok(through) => {
                    self.room.add_permits(rows);
                    if let Some(entry) = through {
                        self.through.store(entry, Ordering::Relaxed);
                    }
                    return Ok(());
                }
                Err(OutletTrouble::Passing(trouble)) => {
                    if patience.speaks() {
                        tracing::warn!("readings wait for their table: {trouble}");
                    }
                    patience.wait().await;
                }
                Err(trouble) => return Err(trouble),
            }
            sleep(Duration::ZERO).await;
        }
    }
}
