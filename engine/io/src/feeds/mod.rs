//! Feeds: where readings come from. Each is a task that turns messages into readings of channels and hands them on whole.
//!
//! A feed believes nothing and stores nothing: what it cannot read it hands on as refused, and it acknowledges a message only
//! when the receipt that went with it comes back, which is after the commit.

#[cfg(test)]
pub(crate) mod chance;
pub mod directory;
mod http;
mod json;
mod lineprotocol;
mod mqtt;
mod names;
mod payload;
mod quality;
mod reading;
mod replay;
mod said;
mod secret;
pub mod tally;
#[cfg(test)]
mod tests;
mod times;
mod topic;
mod units;
mod window;

pub use directory::{Directory, Found};
pub use tally::FeedTally;

use crate::outlets::trouble::OutletTrouble;
use reading::Reader;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use twinwright_model::Time;
use twinwright_model::feeds::{FeedPlan, FeedWire, Mapping};
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

/// A feed that runs.
#[derive(Debug)]
pub struct Running {
    pub tally: Arc<FeedTally>,
    /// Where it listens, if it does.
    pub address: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// So long a feed may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

impl Running {
    /// Takes no more messages, passes on the receipts that still come within a second, and says goodbye.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        if tokio::time::timeout(GOODBYE, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }

    /// Whether it has ended by itself: a recording that was played to its end.
    pub fn is_over(&self) -> bool {
        self.task.is_finished()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A stop that is under way has the task's handle no more to itself.
        let _ = self.stop.send(true);
    }
}

/// What every feed is made with.
pub(crate) struct Setting {
    number: u16,
    reader: Reader,
    tally: Arc<FeedTally>,
    inbox: Inbox,
    /// Says true when it is over.
    stop: watch::Receiver<bool>,
}

/// Starts a feed within a runtime. What is wrong with its input is said here, at once; a broker that is away is not wrong.
///
/// Relative paths begin at `folder`. A recording goes on behind `resume`.
pub fn start(
    feed: &FeedPlan,
    number: u16,
    directory: Arc<Directory>,
    inbox: Inbox,
    folder: &Path,
    resume: Option<Time>,
) -> Result<Running, OutletTrouble> {
    let wrong = |why: String| OutletTrouble::Input(format!("feed.{}: {why}", feed.name));
    let tally = Arc::new(FeedTally::default());
    let (stop, stopped) = watch::channel(false);
    let reader = Reader::new(feed, directory, tally.clone()).map_err(wrong)?;
    let setting = Setting { number, reader, tally: tally.clone(), inbox, stop: stopped };
    let mut address = None;
    let task = match &feed.wire {
        FeedWire::Mqtt(wire) => tokio::spawn(mqtt::open(wire, &feed.mapping, folder, setting).map_err(wrong)?.run()),
        FeedWire::Replay(wire) => tokio::spawn(replay::open(wire, folder, resume, setting).map_err(wrong)?.run()),
        FeedWire::Http(wire) => {
            let door = http::open(wire, &feed.mapping, folder, setting).map_err(|trouble| match trouble {
                OutletTrouble::Input(why) => wrong(why),
                other => OutletTrouble::Lasting(format!("feed.{}: {other}", feed.name)),
            })?;
            address = Some(door.address());
            tokio::spawn(door.run())
        }
    };
    Ok(Running { tally, address, stop, task })
}

/// What a broker is asked for, for a mapping of topics. A template that is wrong asks for nothing: starting its feed says so.
pub fn filters(mapping: &Mapping) -> Vec<String> {
    mapping.topics.iter().filter_map(|text| Some(topic::TopicTemplate::new(text).ok()?.filter())).collect()
}

/// Our clock.
fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
