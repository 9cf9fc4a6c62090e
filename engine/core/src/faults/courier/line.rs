//! The line to one outlet: readings that are on their way, in the order in which they will arrive.
//!
//! What is late waits until it is due; what is to be overtaken waits until it has been. Both are counted when they go
//! out. Memory is bounded by delay times rate of readings, and by [`MOST_HELD`] and [`MOST_HELD_BACK`] beyond that; no
//! reading is ever given up.

use super::Delivery;
use std::collections::{BTreeMap, VecDeque};
use twinwright_model::Time;

/// Late readings that one line holds unless it is told otherwise, 64 bytes each. With more, the one that is due next
/// goes out at once.
pub(super) const MOST_HELD: usize = 1 << 24;

/// Readings of one sensor that wait to be overtaken; the next one goes past them whatever its luck.
const MOST_HELD_BACK: usize = 256;

/// A reading on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message {
    pub(super) time: Time,
    pub(super) seq: Option<u64>,
    /// Where it stands among all that were made.
    pub(super) order: u64,
    pub(super) machine: u32,
    pub(super) sensor: u32,
    pub(super) value: f32,
    pub(super) fault: u32,
    pub(super) copies: u32,
    pub(super) quality: u8,
    pub(super) held_back: bool,
}

/// All that is on its way to one outlet.
#[derive(Debug)]
pub(super) struct Line {
    /// By when they are due, each with its post; of one instant in the order in which they were made.
    late: BTreeMap<Time, VecDeque<(u32, Message)>>,
    how_late: usize,
    /// By post: readings that are still to be overtaken.
    held_back: Vec<Vec<Message>>,
    waiting: usize,
    pub(super) most_held: usize,
}

impl Line {
    pub(super) fn new(posts: usize) -> Line {
        let held_back = vec![Vec::new(); posts];
        Line { late: BTreeMap::new(), how_late: 0, held_back, waiting: 0, most_held: MOST_HELD }
    }

    /// Readings that are on their way.
    pub(super) fn held(&self) -> usize {
        self.how_late + self.waiting
    }

    pub(super) fn holds_back(&self, post: u32) -> bool {
        self.waiting > 0 && !self.held_back[post as usize].is_empty()
    }

    /// When the next late reading is due.
    pub(super) fn next_due(&self) -> Time {
        self.late.first_key_value().map_or(Time(i64::MAX), |(due, _)| *due)
    }

    /// Keeps a reading until it is due, which lies after now.
    pub(super) fn delay(&mut self, due: Time, post: u32, message: Message, now: Time, delivery: &mut Delivery) {
        self.late.entry(due).or_default().push_back((post, message));
        self.how_late += 1;
        if self.how_late > self.most_held
            && let Some(mut soonest) = self.late.first_entry()
            && let Some((post, next)) = soonest.get_mut().pop_front()
        {
            if soonest.get().is_empty() {
                soonest.remove();
            }
            self.how_late -= 1;
            delivery.hurried += 1;
            delivery.delayed += 1;
            self.send(now, post, next, delivery);
        }
    }

    /// Sends all that is due up to an instant.
    pub(super) fn release(&mut self, until: Time, delivery: &mut Delivery) {
        while self.next_due() <= until
            && let Some((due, late)) = self.late.pop_first()
        {
            self.how_late -= late.len();
            delivery.delayed += late.len() as u64;
            late.into_iter().for_each(|(post, message)| self.send(due, post, message, delivery));
        }
    }

    /// A reading leaves, unless it is to be overtaken; then those leave that have been overtaken by it.
    pub(super) fn send(&mut self, due: Time, post: u32, message: Message, delivery: &mut Delivery) {
        let waiting = &mut self.held_back[post as usize];
        let of_sensor = |other: &&Message| other.sensor == message.sensor;
        if message.held_back && waiting.iter().filter(of_sensor).count() < MOST_HELD_BACK {
            waiting.push(message);
            self.waiting += 1;
            return;
        }
        delivery.put(due, &message);
        let overtaken = |other: &mut Message| of_sensor(&&*other) && other.order < message.order;
        for overtaken in waiting.extract_if(.., overtaken) {
            delivery.put(due, &overtaken);
            delivery.reordered += 1;
            self.waiting -= 1;
        }
    }

    /// Sends all that is still held, as it is due, and what nothing has overtaken at the end.
    pub(super) fn clear(&mut self, now: Time, delivery: &mut Delivery) {
        self.release(Time(i64::MAX), delivery);
        let last = delivery.due.last().copied().unwrap_or(now);
        let mut rest: Vec<Message> = self.held_back.iter_mut().flat_map(std::mem::take).collect();
        rest.sort_unstable_by_key(|message| message.order);
        self.waiting = 0;
        for message in &rest {
            delivery.put(last, message);
        }
    }
}
