//! One connection to a broker, from its first packet to its last.
//!
//! Each connection is a client of its own: nothing that the library queued for an earlier one comes along. A task reads
//! what the connection reports and tells the [`Window`]; it ends with the connection and never makes a new one.

use super::window::{Message, Window};
use crate::outlets::trouble::OutletTrouble;
use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, MqttOptions, NetworkOptions, Outgoing,
};
use rumqttc::{Packet, QoS, StateError, TlsError};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// Most messages that are under way. A broker acknowledges in the order it got them, so this is also what a cut line
/// sends twice at most.
pub(crate) const MOST_UNDER_WAY: usize = 100;
/// The largest packet in both directions.
pub(crate) const LARGEST_PACKET: usize = 1 << 20;

/// A connection that stood when it was made; the window knows whether it still does.
#[derive(Debug)]
pub(crate) struct Line {
    client: AsyncClient,
    watch: JoinHandle<()>,
}

impl Line {
    /// Connects and waits until the broker agrees.
    pub(crate) async fn open(
        options: &MqttOptions,
        patience: Duration,
        window: &Arc<Window>,
    ) -> Result<(Line, Vec<Message>), OutletTrouble> {
        // The channel holds all that may be under way, so handing over a message never waits.
        let (client, mut events) = AsyncClient::new(options.clone(), MOST_UNDER_WAY + 4);
        let mut network = NetworkOptions::new();
        network.set_connection_timeout(patience.as_secs().max(1));
        // What waits for an answer goes out at once; what does not may fill whole segments.
        network.set_tcp_nodelay(window.acknowledges());
        events.set_network_options(network);
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {}
            Ok(other) => return Err(OutletTrouble::passing(format!("expected its consent, it sent {other:?}"))),
            Err(error) => return Err(refusal(&error, patience)),
        }
        let again = window.begin_anew();
        let watch = tokio::spawn(watch(events, window.clone()));
        Ok((Line { client, watch }, again))
    }

    /// Hands a message to the library. Should the connection be gone by now, the message stays in the window.
    #[inline]
    pub(crate) async fn publish(&self, topic: String, qos: QoS, retain: bool, message: &Message) {
        let _ = self.client.publish_bytes(topic, qos, retain, message.payload.clone()).await;
    }

    /// Says goodbye and waits until the broker closes, having read everything.
    pub(crate) async fn close(mut self, patience: Duration) {
        if self.client.disconnect().await.is_ok() {
            let _ = tokio::time::timeout(patience, &mut self.watch).await;
        }
    }

    /// Drops the connection; when this is through, nobody tells the window about it any more.
    pub(crate) async fn abandon(mut self) {
        self.watch.abort();
        let _ = (&mut self.watch).await;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

/// Says that the connection is no more, however the watch ends.
struct Watch(Arc<Window>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.broke("the connection ended");
    }
}

async fn watch(mut events: EventLoop, window: Arc<Window>) {
    let watch = Watch(window);
    loop {
        match events.poll().await {
            Ok(event) => note(&event, &watch.0),
            Err(error) => {
                // What came in before the line broke still counts.
                while let Some(event) = events.state.events.pop_front() {
                    note(&event, &watch.0);
                }
                watch.0.broke(&format!("the connection broke: {}", cause(&error)));
                return;
            }
        }
    }
}

#[inline]
fn note(event: &Event, window: &Window) {
    match event {
        Event::Outgoing(Outgoing::Publish(packet)) => window.went_out(*packet),
        Event::Incoming(Packet::PubAck(ack)) => window.arrived(ack.pkid),
        _ => {}
    }
}

/// Why no connection came about, and whether it is worth trying again.
fn refusal(error: &ConnectionError, patience: Duration) -> OutletTrouble {
    let refused = |why: &str| OutletTrouble::lasting(format!("the broker refuses: {why}"));
    match error {
        ConnectionError::ConnectionRefused(code) => match code {
            ConnectReturnCode::BadUserNamePassword => refused("wrong user or password"),
            ConnectReturnCode::NotAuthorized => refused("this user, or none, is not authorised"),
            ConnectReturnCode::BadClientId => refused("it does not take this client_id"),
            ConnectReturnCode::RefusedProtocolVersion => refused("it does not speak MQTT 3.1.1"),
            ConnectReturnCode::ServiceUnavailable | ConnectReturnCode::Success => {
                OutletTrouble::passing("the broker says that it is not available")
            }
        },
        ConnectionError::NetworkTimeout => {
            OutletTrouble::passing(format!("no answer within {} s", patience.as_secs().max(1)))
        }
        error => match tls_fault(error) {
            Some(fault) => OutletTrouble::lasting(format!("TLS: {fault}")),
            None => OutletTrouble::passing(cause(error)),
        },
    }
}

/// What two that speak TLS could not agree on: a certificate, a version. Trying again does not help.
fn tls_fault(error: &ConnectionError) -> Option<String> {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        let inside = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let inside = inside.and_then(|inside| inside.downcast_ref::<rustls::Error>());
        if let Some(fault) = inside.or_else(|| error.downcast_ref::<rustls::Error>()) {
            return Some(fault.to_string());
        }
        next = error.source();
    }
    None
}

/// The words of the library, without its layers.
fn cause(error: &ConnectionError) -> String {
    match error {
        ConnectionError::Io(error) | ConnectionError::Tls(TlsError::Io(error)) => error.to_string(),
        ConnectionError::MqttState(StateError::Io(error))
        | ConnectionError::MqttState(StateError::Deserialization(rumqttc::Error::Io(error))) => error.to_string(),
        ConnectionError::MqttState(StateError::ConnectionAborted) => "the other side closed it".to_owned(),
        ConnectionError::MqttState(StateError::AwaitPingResp) => "no answer to keep-alive".to_owned(),
        ConnectionError::MqttState(StateError::Deserialization(fault)) => format!("what came is no MQTT: {fault}"),
        ConnectionError::MqttState(fault) => fault.to_string(),
        ConnectionError::NetworkTimeout | ConnectionError::FlushTimeout => "the other side reads no more".to_owned(),
        ConnectionError::NotConnAck(_) => "the other side is no broker, or has lost count".to_owned(),
        other => other.to_string(),
    }
}
