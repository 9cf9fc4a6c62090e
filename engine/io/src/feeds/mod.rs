//! Feeds: where readings come from. Each is a task that turns messages into readings of channels and hands them on whole.
//!
//! A feed believes nothing and stores nothing: what it cannot read it hands on as refused, and it acknowledges a message only
//! when the receipt that went with it comes back, which is after the commit.

pub mod directory;

pub use directory::{Directory, Found};

use tokio::sync::mpsc;
use twinwright_model::Time;
use twinwright_model::live::{Measurement, Refusal};

/// What a feed hands over: a message, or a few that belong together.
#[derive(Debug)]
pub struct Delivery {
    /// The feed's number in the site.
    pub feed: u16,
    /// By our clock.
    pub arrived: Time,
    pub readings: Vec<Measurement>,
    pub refusals: Vec<Refusal>,
    /// None where nobody waits for an answer.
    pub receipt: Option<Receipt>,
}

/// The way back to whoever sent a message. Dropped without [`Receipt::done`] the message counts as not received, and a
/// source that keeps its word sends it again.
pub struct Receipt(Box<dyn FnOnce() + Send>);

impl Receipt {
    pub fn new(done: impl FnOnce() + Send + 'static) -> Receipt {
        Receipt(Box::new(done))
    }

    /// All of the message is in the store for good.
    pub fn done(self) {
        (self.0)();
    }
}

impl std::fmt::Debug for Receipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Receipt")
    }
}

/// Where feeds put what they heard. It is bounded: a full one makes feeds wait, and brokers with them.
pub type Inbox = mpsc::Sender<Delivery>;

/// Deliveries that may wait.
pub const INBOX: usize = 4_096;
