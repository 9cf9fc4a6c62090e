//! How much of a feed is under way: handed on and not yet in the store. It bounds the memory that a feed can take, however slow
//! the store is.

use super::tally::FeedTally;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::Notify;

/// Readings under way at most; a feed that has so many waits.
pub(super) const MOST_UNDER_WAY: u64 = 100_000;
/// A refusal weighs as much as so many readings.
pub(super) const REFUSAL: u64 = 128;

/// Shared by a feed and the receipts of all that it handed on.
#[derive(Debug, Clone)]
pub(super) struct Window {
    tally: Arc<FeedTally>,
    changed: Arc<Notify>,
}

/// A part of the window that is taken until it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    window: Window,
    weight: u64,
}

impl Window {
    pub(super) fn new(tally: Arc<FeedTally>) -> Window {
        Window { tally, changed: Arc::new(Notify::new()) }
    }

    pub(super) fn is_full(&self) -> bool {
        self.tally.under_way.load(Ordering::Relaxed) >= MOST_UNDER_WAY
    }

    pub(super) fn take(&self, readings: usize, refusals: usize) -> Share {
        let weight = readings as u64 + REFUSAL * refusals as u64;
        self.tally.under_way.fetch_add(weight, Ordering::Relaxed);
        Share { window: self.clone(), weight }
    }

    /// Resolves when some of it became free.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.window.tally.under_way.fetch_sub(self.weight, Ordering::Relaxed);
        self.window.changed.notify_one();
    }
}
