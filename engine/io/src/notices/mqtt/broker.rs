//! Our line to a broker: made when it is needed, and handed a few messages at a time that it waits for.
//!
//! The client library loses messages around a reconnect, so it never holds more than what is waited for here, and every
//! connection begins with nothing. Who sends keeps what was not acknowledged.

use crate::outlets::Tally;
use crate::outlets::address::Address;
use crate::outlets::mqtt::line::{LARGEST_PACKET, Line};
use crate::outlets::mqtt::settings;
use crate::outlets::mqtt::window::{Message, Window};
use crate::outlets::trouble::OutletTrouble;
use bytes::Bytes;
use rumqttc::{MqttOptions, QoS};
use std::sync::Arc;
use std::time::Duration;

/// Most messages in the library's hands.
pub(super) const UNDER_WAY: usize = 50;
/// The longest payload; the topic needs the rest of the packet.
pub(super) const LARGEST: usize = LARGEST_PACKET - 66 * 1024;
/// So many times the timeout may pass without a sign of life.
const PATIENCE: u32 = 3;

/// A message and where it goes.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    pub(super) topic: String,
    pub(super) payload: Bytes,
    pub(super) retain: bool,
}

pub(super) struct Broker {
    name: String,
    pub(super) options: MqttOptions,
    timeout: Duration,
    line: Option<Line>,
    window: Arc<Window>,
    tally: Tally,
}

impl Broker {
    /// Checks what an address says of a broker.
    pub(super) fn read(address: &Address) -> Result<Broker, OutletTrouble> {
        let (options, timeout) = settings::connection(address)?;
        Ok(Broker {
            name: address.name.clone(),
            options,
            timeout,
            line: None,
            window: Arc::new(Window::new(true)),
            tally: Tally::default(),
        })
    }

    /// Makes sure that there is a connection; true when it is a new one.
    pub(super) async fn connect(&mut self) -> Result<bool, OutletTrouble> {
        if let Some(line) = self.line.take() {
            if !self.window.is_broken() {
                self.line = Some(line);
                return Ok(false);
            }
            line.abandon().await;
        }
        let window = Arc::new(Window::new(true));
        let (line, _) = Line::open(&self.options, self.timeout, &window).await?;
        (self.line, self.window) = (Some(line), window);
        tracing::debug!("{}: connected", self.name);
        Ok(true)
    }

    /// Sends these in order and waits until the broker has them: how many of the first it has, and why not all.
    pub(super) async fn send(&mut self, letters: &[Letter]) -> Result<(usize, Option<String>), OutletTrouble> {
        self.connect().await?;
        let mut arrived = 0;
        for some in letters.chunks(UNDER_WAY) {
            let (more, why) = self.send_some(some).await;
            arrived += more;
            if why.is_some() {
                return Ok((arrived, why));
            }
        }
        Ok((arrived, None))
    }

    async fn send_some(&mut self, letters: &[Letter]) -> (usize, Option<String>) {
        let Some(line) = &self.line else { return (0, Some("not connected".to_owned())) };
        let messages: Vec<Message> =
            letters.iter().map(|letter| Message::new(0, 0, 1, letter.payload.clone())).collect();
        self.window.add(&messages);
        for (letter, message) in letters.iter().zip(&messages) {
            line.publish(letter.topic.clone(), QoS::AtLeastOnce, letter.retain, message).await;
        }
        let patience = self.timeout * PATIENCE;
        let mut stood_at = None;
        loop {
            let standing = self.window.standing(0, &self.tally);
            let arrived = letters.len() - standing.messages.min(letters.len());
            if standing.messages == 0 || standing.broken.is_some() {
                let why = if standing.messages == 0 { None } else { standing.broken };
                return (arrived, why);
            }
            if stood_at == Some(standing.left) {
                self.window.broke(&format!("the broker has taken nothing for {} s", patience.as_secs()));
            }
            // Woken when all is there or the line broke; else it looks whether anything moved.
            let changed = tokio::time::timeout(patience, self.window.changed()).await;
            stood_at = changed.is_err().then_some(standing.left);
        }
    }

    /// Whether a connection is there, as far as is known.
    pub(super) fn is_connected(&self) -> bool {
        self.line.is_some() && !self.window.is_broken()
    }

    /// Says goodbye.
    pub(super) async fn close(&mut self) {
        if let Some(line) = self.line.take() {
            line.close(self.timeout).await;
        }
    }
}
