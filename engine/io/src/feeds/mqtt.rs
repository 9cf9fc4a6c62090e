//! Readings from an MQTT broker, through a session that the broker keeps for us.
//!
//! The broker has a message until we acknowledge it, and we acknowledge it when it is stored. So a crash, a broken line or a full
//! store costs nothing but a second delivery. Packets are cut and answered here, and not by the client library, whose connection
//! ends for good where one message is too long, and which acknowledges one by one.

mod acks;
mod broker;
mod frames;
mod link;
mod listener;

use super::Setting;
use super::window::Window;
use broker::Broker;
use link::{Ended, Link, Post};
use listener::Listener;
use std::hash::{BuildHasher, Hasher};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;
use twinwright_model::feeds::{Mapping, MqttFeed};

/// A feed that is ready to connect.
pub(super) struct MqttSource {
    broker: Broker,
    post: Post,
}

/// Waits between connections that came to nothing.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A packet holds at least so much.
const SHORTEST_LIMIT: usize = 64;

/// Checks everything that can be wrong with the input.
pub(super) fn open(wire: &MqttFeed, mapping: &Mapping, folder: &Path, setting: Setting) -> Result<MqttSource, String> {
    let Setting { number, reader, tally, inbox, stop } = setting;
    let listener = Listener::new(mapping, reader)?;
    let broker = Broker::new(wire, listener.filters(), folder)?;
    if wire.packet < SHORTEST_LIMIT {
        return Err(format!("packet: expected at least {SHORTEST_LIMIT} bytes"));
    }
    let window = Window::new(tally.clone());
    Ok(MqttSource { broker, post: Post { number, longest: wire.packet, listener, tally, window, inbox, stop } })
}

impl MqttSource {
    /// Connects again and again until it is told to stop.
    pub(super) async fn run(mut self) {
        let mut wait = FIRST_WAIT;
        let mut connected_before = false;
        loop {
            let (ended, useful) = self.once(&mut connected_before).await;
            self.post.tally.connected.store(0, Ordering::Relaxed);
            let trouble = match ended {
                Ok(Ended::Stopped | Ended::Deaf) => return,
                Err(trouble) => trouble,
            };
            if self.post.tally.note(&trouble) {
                tracing::warn!("feed.{}: {trouble}; tries again", self.post.listener.reader.feed);
            }
            wait = if useful { FIRST_WAIT } else { wait };
            let mut stop = self.post.stop.clone();
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(jittered(wait)) => {}
            }
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// One connection, and whether anything came through it.
    async fn once(&mut self, connected_before: &mut bool) -> (Result<Ended, String>, bool) {
        let mut stop = self.post.stop.clone();
        let connected = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return (Ok(Ended::Stopped), false),
            connected = self.broker.connect() => connected,
        };
        let (stream, session) = match connected {
            Ok(connected) => connected,
            Err(trouble) => return (Err(trouble), false),
        };
        let tally = &self.post.tally;
        tally.connected.store(1, Ordering::Relaxed);
        tally.reconnects.fetch_add(u64::from(*connected_before), Ordering::Relaxed);
        // A session of an earlier run may hold other topics than we ask for now.
        let subscribe = !session || !*connected_before;
        *connected_before = true;
        tracing::info!("feed.{}: connected", self.post.listener.reader.feed);
        let mut link = Link::new(&mut self.post, &self.broker, stream);
        (link.serve(subscribe).await, link.useful)
    }
}

/// Half to all of it, so that many who lost one broker do not come back as one.
fn jittered(wait: Duration) -> Duration {
    let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
    wait.mul_f64(0.5 + (random >> 12) as f64 / (1_u64 << 53) as f64)
}
