//! What is handed on and not yet acknowledged, in the order in which it came: a broker wants its acknowledgements in that order.
//!
//! A ledger belongs to one connection. What comes back for an earlier one finds nobody, and that is right: the broker sends those
//! messages again.

use crate::feeds::Receipt;
use crate::feeds::window::Share;
use std::collections::VecDeque;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What became of a delivery, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Stored(u64),
    /// Nobody has it any more and nobody stored it.
    Lost(u64),
}

#[derive(Debug)]
pub(super) struct Ledger {
    /// The number of the oldest delivery.
    first: u64,
    /// Packets of each delivery, and whether it is stored.
    under_way: VecDeque<(Vec<u16>, bool)>,
    answers: UnboundedSender<Answer>,
}

/// Answers for one delivery, whatever becomes of it.
struct Slip {
    number: u64,
    answers: UnboundedSender<Answer>,
    stored: bool,
    _share: Share,
}

impl Slip {
    fn stored(mut self) {
        self.stored = true;
    }
}

impl Drop for Slip {
    fn drop(&mut self) {
        let answer = if self.stored { Answer::Stored(self.number) } else { Answer::Lost(self.number) };
        // Nobody listens once the connection is gone.
        let _ = self.answers.send(answer);
    }
}

impl Ledger {
    pub(super) fn new() -> (Ledger, UnboundedReceiver<Answer>) {
        let (answers, heard) = unbounded_channel();
        (Ledger { first: 0, under_way: VecDeque::new(), answers }, heard)
    }

    /// Enters a delivery of these packets.
    pub(super) fn enter(&mut self, packets: Vec<u16>, share: Share) -> Receipt {
        let number = self.first + self.under_way.len() as u64;
        self.under_way.push_back((packets, false));
        let slip = Slip { number, answers: self.answers.clone(), stored: false, _share: share };
        Receipt::new(move || slip.stored())
    }

    /// Takes an answer; false when messages are lost that only a new connection brings again.
    pub(super) fn hear(&mut self, answer: Answer) -> bool {
        let (Answer::Stored(number) | Answer::Lost(number)) = answer;
        let place = number.wrapping_sub(self.first) as usize;
        let Some((packets, stored)) = self.under_way.get_mut(place) else { return true };
        *stored = true;
        matches!(answer, Answer::Stored(_)) || packets.is_empty()
    }

    /// Writes the acknowledgements whose turn has come.
    pub(super) fn write(&mut self, bytes: &mut Vec<u8>) {
        while self.under_way.front().is_some_and(|(_, stored)| *stored) {
            let packets = self.under_way.pop_front().map(|(packets, _)| packets).unwrap_or_default();
            self.first += 1;
            for packet in packets {
                let [high, low] = packet.to_be_bytes();
                bytes.extend_from_slice(&[0x40, 2, high, low]);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::tally::FeedTally;
    use crate::feeds::window::Window;
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    #[test]
    fn acknowledgements_go_out_in_the_order_of_arrival_whatever_the_order_of_receipts() {
        let tally = Arc::new(FeedTally::default());
        let window = Window::new(tally.clone());
        let (mut ledger, mut heard) = Ledger::new();
        let mut receipts: Vec<Receipt> =
            [vec![1, 2], vec![3], vec![], vec![0x1234]].map(|packets| ledger.enter(packets, window.take(10, 1))).into();
        assert_eq!(tally.under_way.load(Ordering::Relaxed), 4 * 138);
        let mut bytes = Vec::new();
        let mut written = |ledger: &mut Ledger| {
            while let Ok(answer) = heard.try_recv() {
                assert!(ledger.hear(answer));
            }
            bytes.clear();
            ledger.write(&mut bytes);
            bytes.chunks(4).map(|ack| u16::from_be_bytes([ack[2], ack[3]])).collect::<Vec<_>>()
        };
        receipts.remove(3).done();
        receipts.remove(1).done();
        assert_eq!(written(&mut ledger), [0_u16; 0]);
        receipts.remove(0).done();
        assert_eq!(written(&mut ledger), [1, 2, 3]);
        receipts.remove(0).done();
        assert_eq!(written(&mut ledger), [0x1234]);
        assert!(ledger.is_empty());
        assert_eq!(tally.under_way.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_receipt_that_is_dropped_says_that_its_messages_are_lost() {
        let window = Window::new(Arc::new(FeedTally::default()));
        let (mut ledger, mut heard) = Ledger::new();
        drop(ledger.enter(vec![], window.take(1, 0)));
        drop(ledger.enter(vec![7], window.take(1, 0)));
        let (first, second) = (heard.try_recv().unwrap(), heard.try_recv().unwrap());
        assert_eq!((first, second), (Answer::Lost(0), Answer::Lost(1)));
        assert!(ledger.hear(first), "what asks for no acknowledgement cannot come again");
        assert!(!ledger.hear(second));
    }
}
