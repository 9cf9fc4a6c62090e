//! What lies between the simulation and one outlet: a bounded queue of freights, filled by a thread, emptied by a task.
//!
//! A full queue makes the simulation wait, or throws its oldest freight away, as the outlet was told. It never grows.

use super::{Form, Freight};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::Notify;
use twinwright_model::Parcel;

/// What a slow outlet does to those who feed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenFull {
    #[default]
    Wait,
    DropOldest,
}

/// A bounded queue of freights.
#[derive(Debug)]
pub struct Queue {
    inner: Mutex<Inner>,
    room: Condvar,
    filled: Notify,
    most_readings: u64,
    when_full: WhenFull,
}

#[derive(Debug, Default)]
struct Inner {
    freights: VecDeque<Freight>,
    readings: u64,
    closed: bool,
    /// The outlet is gone: whatever comes is thrown away.
    abandoned: bool,
}

impl Inner {
    fn join_small_ones(&mut self, freight: &mut Freight) {
        let Some(rows) = freight.rows.clone().filter(|_| freight.readings < JOINED) else { return };
        let mut joined: Option<Parcel> = None;
        while let Some(next) = self.freights.front().filter(|next| freight.readings + next.readings <= JOINED) {
            let Some(more) = &next.rows else { break };
            joined.get_or_insert_with(|| Parcel::clone(&rows)).join(more);
            freight.readings += next.readings;
            self.readings -= next.readings;
            self.freights.pop_front();
        }
        if let Some(joined) = joined {
            (freight.rows, freight.sheets) = (Some(Arc::new(joined)), None);
        }
    }
}

/// Readings to which small freights are joined at most.
const JOINED: u64 = 20_000;

/// Freights in a queue, whatever they hold: at real pace they are small.
const MOST_FREIGHTS: usize = 4_096;

impl Queue {
    pub fn new(most_readings: u64, when_full: WhenFull) -> Queue {
        Queue { inner: Mutex::default(), room: Condvar::new(), filled: Notify::new(), most_readings, when_full }
    }

    /// Adds a freight, waiting for room or making some. Says how many readings were thrown away for it.
    pub fn push(&self, freight: Freight, give_up: impl Fn() -> bool) -> u64 {
        let mut inner = self.lock();
        let mut dropped = 0;
        while !inner.abandoned && self.is_full(&inner, freight.readings) {
            if self.when_full == WhenFull::DropOldest {
                let oldest = inner.freights.pop_front().map_or(0, |oldest| oldest.readings);
                inner.readings -= oldest;
                dropped += oldest;
                continue;
            }
            if give_up() {
                return dropped + freight.readings;
            }
            // The timeout only serves to look at `give_up` again.
            inner = match self.room.wait_timeout(inner, Duration::from_millis(50)) {
                Ok((inner, _)) => inner,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        if inner.abandoned {
            return dropped + freight.readings;
        }
        inner.readings += freight.readings;
        inner.freights.push_back(freight);
        drop(inner);
        self.filled.notify_one();
        dropped
    }

    /// The next freight, with small ones behind it joined to it where the form allows that: who is behind at a clock's
    /// pace catches up in large steps. None when the queue is closed and empty.
    pub async fn pop(&self, form: Form) -> Option<Freight> {
        loop {
            {
                let mut inner = self.lock();
                if let Some(mut freight) = inner.freights.pop_front() {
                    inner.readings -= freight.readings;
                    if form == Form::Rows {
                        inner.join_small_ones(&mut freight);
                    }
                    self.room.notify_one();
                    return Some(freight);
                }
                if inner.closed {
                    return None;
                }
            }
            // `notify_one` leaves a permit, so nothing that was pushed meanwhile is missed.
            self.filled.notified().await;
        }
    }

    /// Nothing comes any more.
    pub fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_one();
    }

    /// Nobody takes anything any more; says how many readings were still waiting.
    pub fn abandon(&self) -> u64 {
        let mut inner = self.lock();
        inner.abandoned = true;
        inner.freights.clear();
        self.room.notify_one();
        std::mem::take(&mut inner.readings)
    }

    fn is_full(&self, inner: &Inner, coming: u64) -> bool {
        let crowded = inner.readings + coming > self.most_readings || inner.freights.len() >= MOST_FREIGHTS;
        crowded && !inner.freights.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here can leave the queue half changed.
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn freight(readings: u64) -> Freight {
        Freight { readings, ..Freight::default() }
    }

    #[tokio::test]
    async fn what_is_too_much_is_dropped_from_the_front_when_asked() {
        let queue = Queue::new(100, WhenFull::DropOldest);
        assert_eq!((queue.push(freight(60), || false), queue.push(freight(40), || false)), (0, 0));
        assert_eq!(queue.push(freight(50), || false), 60);
        queue.close();
        let mut left = Vec::new();
        while let Some(freight) = queue.pop(Form::Sheets).await {
            left.push(freight.readings);
        }
        assert_eq!(left, [40, 50]);
    }

    #[tokio::test]
    async fn who_is_behind_gets_small_freights_joined_and_nothing_else_changes() {
        let queue = Queue::new(1_000_000, WhenFull::Wait);
        let rows = |from: u64, count: u64| {
            let seq: Vec<u64> = (from..from + count).collect();
            let parcel = Parcel { time: vec![twinwright_model::Time(0); seq.len()], seq, ..Parcel::default() };
            Freight { readings: count, rows: Some(Arc::new(parcel)), sheets: None, unit: None }
        };
        for (from, count) in [(0, 10), (10, 5), (15, 19_990), (20_005, 3)] {
            queue.push(rows(from, count), || false);
        }
        queue.close();
        let (mut sizes, mut seqs) = (Vec::new(), Vec::new());
        while let Some(freight) = queue.pop(Form::Rows).await {
            sizes.push(freight.readings);
            seqs.extend(freight.rows.unwrap().seq.iter().copied());
        }
        assert_eq!((sizes, seqs), (vec![15, 19_993], (0..20_008).collect()));
    }

    #[test]
    fn a_full_queue_holds_the_maker_until_there_is_room_or_no_reason_to_wait() {
        let queue = Queue::new(100, WhenFull::Wait);
        queue.push(freight(100), || false);
        assert_eq!(queue.push(freight(7), || true), 7);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| queue.push(freight(9), || false));
            futures_util::future::FutureExt::now_or_never(queue.pop(Form::Rows));
            assert_eq!(waiting.join().unwrap(), 0);
        });
        assert_eq!(queue.abandon(), 9);
        assert_eq!(queue.push(freight(5), || false), 5);
    }

    #[test]
    fn a_freight_larger_than_the_queue_goes_through_alone() {
        let queue = Queue::new(10, WhenFull::Wait);
        assert_eq!(queue.push(freight(1000), || true), 0);
    }
}
