//! What a feed counts, for the metrics page and for people. Nothing here decides anything.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use twinwright_model::live::{Reason, Refusal};

/// Counted since the start.
#[derive(Debug, Default)]
pub struct FeedTally {
    /// Messages, posts or rows that came.
    pub messages: AtomicU64,
    pub bytes: AtomicU64,
    /// Readings that were handed on.
    pub readings: AtomicU64,
    /// By reason, in the order of [`Reason::ALL`].
    pub refused: [AtomicU64; Reason::ALL.len()],
    /// Readings that nobody had room for and whose source keeps none: QoS 0.
    pub dropped: AtomicU64,
    /// Connections after the first.
    pub reconnects: AtomicU64,
    /// 1 while there is a connection, a door is open, or a file is read.
    pub connected: AtomicU64,
    /// Readings that were handed on and are not yet in the store.
    pub under_way: AtomicU64,
    trouble: Mutex<Option<String>>,
}

impl FeedTally {
    /// What was the matter last; it stays when it is over.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps this trouble; whether it is another one than before.
    pub(super) fn note(&self, trouble: &str) -> bool {
        let mut known = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let news = known.as_deref() != Some(trouble);
        *known = Some(trouble.to_owned());
        news
    }

    pub fn refused(&self, reason: Reason) -> u64 {
        self.refused[reason as usize].load(Ordering::Relaxed)
    }

    pub(super) fn count_refused(&self, reason: Reason, times: usize) {
        self.refused[reason as usize].fetch_add(times as u64, Ordering::Relaxed);
    }

    pub(super) fn count_handed_on(&self, messages: usize, bytes: usize, readings: usize) {
        self.messages.fetch_add(messages as u64, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.readings.fetch_add(readings as u64, Ordering::Relaxed);
    }
}

/// Of a refusal so much is kept.
pub(super) const KEPT_PAYLOAD: usize = 4_096;
pub(super) const KEPT_ORIGIN: usize = 1_024;
/// A detail is a sentence.
const KEPT_DETAIL: usize = 512;

/// A refusal with all its parts cut to what is kept.
pub(super) fn refusal(
    reason: Reason,
    detail: String,
    feed: &str,
    (origin, payload): (&str, &[u8]),
    arrived: twinwright_model::Time,
) -> Refusal {
    Refusal {
        reason,
        detail: beginning(&detail, KEPT_DETAIL).to_owned(),
        feed: feed.to_owned(),
        origin: beginning(origin, KEPT_ORIGIN).to_owned(),
        arrived,
        payload: payload[..payload.len().min(KEPT_PAYLOAD)].to_vec(),
    }
}

/// The first bytes of a text, up to a whole character.
pub(super) fn beginning(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_count_in_their_own_place() {
        for (at, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, at, "{reason:?}");
        }
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(beginning("aµµ", 4), "aµ");
        assert_eq!(beginning("abc", 9), "abc");
    }
}
