//! What is under way: every message that the broker may not have yet, oldest first.
//!
//! The client library loses and reorders what it holds when a connection breaks, so nothing of it is trusted beyond one
//! connection: a message stays here until the broker acknowledged it (QoS 1) or it went out (QoS 0), and whatever is
//! here when a new connection stands is sent again. The library numbers packets; since it takes messages one by one,
//! the n-th that it reports as gone out is the n-th that it was handed.

use crate::outlets::{Tally, count};
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// A message as it is handed to the library, as often as it takes.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) machine: u32,
    pub(crate) sensor: u32,
    pub(crate) readings: usize,
    pub(crate) payload: Bytes,
    /// It was on the wire, on this connection or an earlier one.
    went_out: bool,
    /// The broker has it, while it does not yet have an older one.
    arrived: bool,
}

impl Message {
    pub(crate) fn new(machine: u32, sensor: u32, readings: usize, payload: Bytes) -> Message {
        Message { machine, sensor, readings, payload, went_out: false, arrived: false }
    }
}

#[derive(Debug)]
struct State {
    messages: VecDeque<Message>,
    /// Number of the oldest message, counted on this connection.
    first: usize,
    /// Number of the message that goes out next.
    next_out: usize,
    /// Number of the message of each packet id.
    by_packet: Vec<Option<usize>>,
    /// Readings, until they are in the outlet's tally.
    sent: usize,
    acknowledged: usize,
    retried: usize,
    /// Grows with each message that leaves: a sign of life.
    left: u64,
    /// Wake who waits when there are no more messages than this.
    wake_at: Option<usize>,
    /// Why the connection is no more.
    broken: Option<String>,
}

/// Shared by the outlet, which adds, and by the one who watches the connection, who takes away.
#[derive(Debug)]
pub(crate) struct Window {
    acknowledges: bool,
    state: Mutex<State>,
    wake: Notify,
}

/// How the window stands.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) messages: usize,
    pub(crate) left: u64,
    pub(crate) broken: Option<String>,
}

impl Window {
    /// `acknowledges` when the broker says what arrived: QoS 1.
    pub(crate) fn new(acknowledges: bool) -> Window {
        let state = State {
            messages: VecDeque::new(),
            first: 0,
            next_out: 0,
            by_packet: Vec::new(),
            sent: 0,
            acknowledged: 0,
            retried: 0,
            left: 0,
            wake_at: None,
            broken: Some("not connected".to_owned()),
        };
        Window { acknowledges, state: Mutex::new(state), wake: Notify::new() }
    }

    /// Whether the broker says what arrived.
    pub(crate) fn acknowledges(&self) -> bool {
        self.acknowledges
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new connection stands: all that is here goes out anew, in this order.
    pub(crate) fn begin_anew(&self) -> Vec<Message> {
        let mut state = self.state();
        state.messages.retain(|message| !message.arrived);
        (state.first, state.next_out, state.broken) = (0, 0, None);
        state.by_packet.clear();
        state.messages.iter().cloned().collect()
    }

    pub(crate) fn add(&self, messages: &[Message]) {
        self.state().messages.extend(messages.iter().cloned());
    }

    /// The next message went out as this packet.
    pub(crate) fn went_out(&self, packet: u16) {
        let mut state = self.state();
        let number = state.next_out;
        let place = number.wrapping_sub(state.first);
        let Some(message) = state.messages.get_mut(place) else { return };
        let (again, readings) = (std::mem::replace(&mut message.went_out, true), message.readings);
        state.next_out += 1;
        if again {
            state.retried += readings;
        } else {
            state.sent += readings;
        }
        if self.acknowledges {
            let packet = usize::from(packet);
            if state.by_packet.len() <= packet {
                state.by_packet.resize(packet + 1, None);
            }
            state.by_packet[packet] = Some(number);
        } else {
            state.messages[place].arrived = true;
            self.let_leave(&mut state);
        }
    }

    /// The broker has this packet.
    pub(crate) fn arrived(&self, packet: u16) {
        let mut state = self.state();
        let Some(number) = state.by_packet.get_mut(usize::from(packet)).and_then(Option::take) else { return };
        let place = number.wrapping_sub(state.first);
        let Some(message) = state.messages.get_mut(place) else { return };
        message.arrived = true;
        let readings = message.readings;
        state.acknowledged += readings;
        self.let_leave(&mut state);
    }

    fn let_leave(&self, state: &mut State) {
        while state.messages.front().is_some_and(|message| message.arrived) {
            state.messages.pop_front();
            state.first += 1;
            state.left += 1;
        }
        if state.wake_at.is_some_and(|most| state.messages.len() <= most) {
            state.wake_at = None;
            self.wake.notify_one();
        }
    }

    /// The connection is no more; the first reason is the one that tells.
    pub(crate) fn broke(&self, why: &str) {
        let mut state = self.state();
        state.broken.get_or_insert_with(|| why.to_owned());
        state.wake_at = None;
        self.wake.notify_one();
    }

    /// How it stands, and from now on wakes when `most` messages are left; what was counted goes into the tally.
    pub(crate) fn standing(&self, most: usize, tally: &Tally) -> Standing {
        let mut state = self.state();
        for (counter, readings) in [
            (&tally.sent, std::mem::take(&mut state.sent)),
            (&tally.acknowledged, std::mem::take(&mut state.acknowledged)),
            (&tally.retried, std::mem::take(&mut state.retried)),
        ] {
            if readings > 0 {
                count(counter, readings);
            }
        }
        state.wake_at = (state.messages.len() > most).then_some(most);
        Standing { messages: state.messages.len(), left: state.left, broken: state.broken.clone() }
    }

    /// How many messages have left.
    pub(crate) fn left(&self) -> u64 {
        self.state().left
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.state().broken.is_some()
    }

    /// Resolves when [`Window::standing`] is worth another look.
    pub(crate) async fn changed(&self) {
        self.wake.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    fn window(messages: u32) -> Window {
        let window = Window::new(true);
        window.begin_anew();
        let messages: Vec<Message> = (0..messages).map(|machine| Message::new(machine, 0, 1, Bytes::new())).collect();
        window.add(&messages);
        window
    }

    fn machines(messages: &[Message]) -> Vec<u32> {
        messages.iter().map(|message| message.machine).collect()
    }

    #[test]
    fn what_is_not_acknowledged_goes_out_again_and_is_counted_as_such() {
        let (window, tally) = (window(4), Tally::default());
        [1, 2, 3].into_iter().for_each(|packet| window.went_out(packet));
        window.arrived(2);
        window.arrived(2);
        window.arrived(77);
        window.broke("cut");
        assert_eq!(machines(&window.begin_anew()), [0, 2, 3]);
        [9, 8, 7].into_iter().for_each(|packet| window.went_out(packet));
        [7, 8, 9].into_iter().for_each(|packet| window.arrived(packet));
        assert_eq!(window.standing(0, &tally).messages, 0);
        let counted = [&tally.sent, &tally.acknowledged, &tally.retried].map(|counter| counter.load(Ordering::Relaxed));
        assert_eq!(counted, [4, 4, 2]);
    }

    #[test]
    fn without_acknowledgement_a_message_leaves_when_it_went_out() {
        let (window, tally) = (Window::new(false), Tally::default());
        window.begin_anew();
        window.add(&[1, 2].map(|machine| Message::new(machine, 0, 5, Bytes::new())));
        window.went_out(0);
        assert_eq!(window.standing(0, &tally).messages, 1);
        assert_eq!((tally.sent.load(Ordering::Relaxed), tally.acknowledged.load(Ordering::Relaxed)), (5, 0));
        assert_eq!(machines(&window.begin_anew()), [2]);
    }
}
