//! The present state of a plant at a broker: one retained message a machine, and one that says whether the mirror runs.
//!
//! It shows the last that it was told, and nothing of the past: states that nobody could be shown are overwritten by later
//! ones. The broker itself says `offline` when the connection ends without a goodbye.

use super::broker::{Broker, LARGEST, Letter, UNDER_WAY};
use super::topics::Topics;
use crate::notices::Site;
use crate::outlets::address::Address;
use crate::outlets::trouble::OutletTrouble;
use bytes::Bytes;
use rumqttc::{LastWill, QoS};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// How often it looks whether the connection still stands.
const LOOK: Duration = Duration::from_secs(1);
const GATHER: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const LAST_CALL: Duration = Duration::from_secs(5);

/// A board at one broker.
#[derive(Debug)]
pub struct StateBoard {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    shown: Mutex<BTreeMap<String, Shown>>,
    wake: Notify,
    ends: AtomicBool,
}

/// What a machine's state is, and what the broker has of it.
#[derive(Debug, Default)]
struct Shown {
    text: Bytes,
    /// The broker has this text.
    there: bool,
    sent: Option<Instant>,
}

impl Shared {
    fn shown(&self) -> MutexGuard<'_, BTreeMap<String, Shown>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateBoard {
    /// Checks the address of an MQTT outlet and starts on the runtime that it is called in; a broker that is not there is
    /// waited for. A machine's state is sent at most once in `every`.
    pub fn start(address: &Address, site: &Site, every: Duration) -> Result<StateBoard, OutletTrouble> {
        let topics = Topics::read(address, site)?;
        let mut broker = Broker::read(address)?;
        // The same name after a restart: the broker ends the old connection, with its last will, before the new one begins.
        let id = match address.text("client_id") {
            Some(id) => format!("{id}-state"),
            None => format!("twin-{}-{}-state", site.name, address.name),
        };
        broker.options.set_client_id(id.chars().filter(|c| !c.is_control()).take(200).collect::<String>());
        broker.options.set_last_will(LastWill::new(topics.status(), "offline", QoS::AtLeastOnce, true));
        let shared = Arc::new(Shared::default());
        let task = Task { name: address.name.clone(), topics, broker, every, shared: shared.clone(), failures: 0 };
        Ok(StateBoard { shared, task: tokio::spawn(task.show()) })
    }

    /// A machine's state is now this JSON. Never waits.
    pub fn show(&self, machine: &str, portrait: &str) {
        if portrait.len() > LARGEST {
            tracing::debug!("the state of {machine} is longer than {LARGEST} bytes and is not shown");
            return;
        }
        let mut all = self.shared.shown();
        let shown = match all.get_mut(machine) {
            Some(shown) if shown.text == portrait.as_bytes() => return,
            Some(shown) => shown,
            None => all.entry(machine.to_owned()).or_default(),
        };
        shown.text = Bytes::copy_from_slice(portrait.as_bytes());
        shown.there = false;
        drop(all);
        self.shared.wake.notify_one();
    }

    /// Shows what is new, says `offline`, and goodbye; takes 5 s at most.
    pub async fn stop(mut self) {
        self.shared.ends.store(true, Ordering::Relaxed);
        self.shared.wake.notify_one();
        let _ = tokio::time::timeout(LAST_CALL, &mut self.task).await;
    }
}

impl Drop for StateBoard {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Task {
    name: String,
    topics: Topics,
    broker: Broker,
    every: Duration,
    shared: Arc<Shared>,
    failures: u32,
}

impl Task {
    async fn show(mut self) {
        while !self.shared.ends.load(Ordering::Relaxed) {
            match self.round(false).await {
                Ok(true) => {}
                Ok(false) => {
                    self.sleep(LOOK).await;
                    // A tick of a large plant shows many states; they are looked at together.
                    tokio::time::sleep(GATHER).await;
                }
                Err(trouble) => self.meets(&trouble).await,
            }
        }
        // Who is not connected now has nothing to say any more: the broker has said it.
        if self.broker.is_connected() {
            while matches!(self.round(true).await, Ok(true)) {}
            let _ = self.broker.send(&[self.status("offline")]).await;
            self.broker.close().await;
        }
    }

    async fn sleep(&self, longest: Duration) {
        let _ = tokio::time::timeout(longest, self.shared.wake.notified()).await;
    }

    async fn meets(&mut self, trouble: &OutletTrouble) {
        if self.failures == 0 {
            tracing::warn!("{}: states are not shown: {trouble}; tries again", self.name);
        }
        self.failures = self.failures.saturating_add(1);
        let until = Instant::now() + crate::notices::due::pause(self.failures).min(LONGEST_PAUSE);
        while Instant::now() < until && !self.shared.ends.load(Ordering::Relaxed) {
            self.sleep(until.saturating_duration_since(Instant::now())).await;
        }
    }

    fn status(&self, text: &'static str) -> Letter {
        Letter { topic: self.topics.status(), payload: Bytes::from_static(text.as_bytes()), retain: true }
    }

    /// Sends some of what is new; false: nothing is, or not yet again.
    async fn round(&mut self, at_once: bool) -> Result<bool, OutletTrouble> {
        if self.broker.connect().await? {
            // Another broker, or one that forgot: everything is shown anew.
            let anew = self.broker.send(&[self.status("online")]).await?;
            if let (_, Some(why)) = anew {
                return Err(OutletTrouble::passing(why));
            }
            self.shared.shown().values_mut().for_each(|shown| (shown.there, shown.sent) = (false, None));
            self.failures = 0;
        }
        let some = self.some_new(at_once);
        let letter = |(machine, text): &(String, Bytes)| Letter {
            topic: self.topics.state(machine),
            payload: text.clone(),
            retain: true,
        };
        let letters: Vec<Letter> = some.iter().map(letter).collect();
        let (arrived, why) = self.broker.send(&letters).await?;
        let mut all = self.shared.shown();
        for (machine, text) in some.iter().take(arrived) {
            if let Some(shown) = all.get_mut(machine) {
                shown.there = shown.text == *text;
                shown.sent = Some(Instant::now());
            }
        }
        match why {
            Some(why) => Err(OutletTrouble::passing(why)),
            None => Ok(!some.is_empty()),
        }
    }

    /// A handful of machines whose state is new and whose turn it is.
    fn some_new(&self, at_once: bool) -> Vec<(String, Bytes)> {
        let all = self.shared.shown();
        let due =
            |shown: &Shown| !shown.there && (at_once || shown.sent.is_none_or(|sent| sent.elapsed() >= self.every));
        let due = all.iter().filter(|(_, shown)| due(shown)).take(UNDER_WAY);
        due.map(|(machine, shown)| (machine.clone(), shown.text.clone())).collect()
    }
}
