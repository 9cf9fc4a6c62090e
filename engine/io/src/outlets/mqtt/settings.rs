//! The options of an MQTT outlet, checked before anything is connected; what is wrong is said all at once.

use super::line::LARGEST_PACKET;
use super::payload::{self, Payload};
use super::tls;
use super::topic::Topic;
use crate::outlets::address::Address;
use crate::outlets::{Manifest, trouble::OutletTrouble};
use rumqttc::{MqttOptions, QoS};
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::Duration;
use twinwright_model::time::SECOND;
use url::Url;

const TOPIC: &str = "{path}/{machine}/{sensor}";
const BATCH_TOPIC: &str = "{path}/{machine}";
/// Readings of a batch, unless told.
const BATCH: usize = 100;
const KEEP_ALIVE: u64 = 60;
const TIMEOUT: u64 = 10;

/// All that an outlet knows beforehand.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) options: MqttOptions,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    /// Most readings of a machine in one message; `None` is a message a reading.
    pub(super) batch: Option<usize>,
    pub(super) topic: Topic,
    pub(super) payload: Payload,
    /// How long to wait for an answer while connecting.
    pub(super) timeout: Duration,
}

/// What went wrong so far.
struct Faults<'a> {
    address: &'a Address,
    said: Vec<String>,
}

impl Faults<'_> {
    /// The value, or one that stands in for it until all faults are known.
    fn keep<T>(&mut self, result: Result<T, OutletTrouble>, instead: T) -> T {
        result.unwrap_or_else(|fault| {
            self.said.push(fault.to_string());
            instead
        })
    }

    fn note<T>(&mut self, what: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|why| self.said.push(self.address.refuse(format!("{what}{why}")).to_string())).ok()
    }
}

impl Settings {
    pub(super) fn read(address: &Address, manifest: &Arc<Manifest>) -> Result<Settings, OutletTrouble> {
        let mut faults = Faults { address, said: Vec::new() };
        let qos = faults.keep(address.whole::<u8>("qos", 0, 1), None).unwrap_or(0);
        let qos = if qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce };
        let retain = faults.keep(address.flag("retain"), None).unwrap_or(false);
        let batched = faults.keep(address.one_of("batch", &["one", "machine"]), None) == Some("machine");
        let most = faults.keep(address.whole::<usize>("batch_max", 1, 10_000), None);
        if most.is_some() && !batched {
            faults.note::<()>("", Err("batch_max goes with `batch=machine`".into()));
        }
        let template = address.text("topic");
        let template = template.as_deref().unwrap_or(if batched { BATCH_TOPIC } else { TOPIC });
        let topic = faults.note(&format!("topic `{template}`: "), Topic::new(template, manifest, batched));
        let template = address.text("payload");
        let template = template.as_deref().unwrap_or(if batched { payload::ELEMENT } else { payload::SINGLE });
        let payload = faults.note("payload: ", Payload::new(template, manifest, batched));
        let timeout = seconds(&mut faults, "timeout", TIMEOUT, 1, 600);
        let options = options(&mut faults);
        if let Err(fault) = address.done() {
            faults.said.push(fault.to_string());
        }
        match (options, topic, payload) {
            (Some(options), Some(topic), Some(payload)) if faults.said.is_empty() => {
                let batch = batched.then_some(most.unwrap_or(BATCH));
                Ok(Settings { options, qos, retain, batch, topic, payload, timeout: Duration::from_secs(timeout) })
            }
            _ => Err(OutletTrouble::Input(faults.said.join("\n"))),
        }
    }
}

/// Where to, as whom, with what, and how long to wait for an answer while connecting: for whoever has no readings to carry.
pub(crate) fn connection(address: &Address) -> Result<(MqttOptions, Duration), OutletTrouble> {
    let mut faults = Faults { address, said: Vec::new() };
    let timeout = seconds(&mut faults, "timeout", TIMEOUT, 1, 600);
    match options(&mut faults) {
        Some(options) if faults.said.is_empty() => Ok((options, Duration::from_secs(timeout))),
        _ => Err(OutletTrouble::Input(faults.said.join("\n"))),
    }
}

/// A span in whole seconds, as the protocol has it.
fn seconds(faults: &mut Faults<'_>, key: &'static str, default: u64, least: u64, most: u64) -> u64 {
    let span = faults.address.span(key);
    let Some(span) = faults.keep(span, None) else { return default };
    let (whole, seconds) = (span.0 % SECOND == 0, (span.0 / SECOND) as u64);
    if !whole || !(least..=most).contains(&seconds) {
        faults.note::<()>("", Err(format!("{key}: expected whole seconds from {least} s to {most} s")));
    }
    seconds
}

/// Where to, as whom, with what.
fn options(faults: &mut Faults<'_>) -> Option<MqttOptions> {
    let address = faults.address;
    let server = faults.note("", server(address));
    let login = credentials(faults);
    let client_id = address.text("client_id").unwrap_or_else(client_id);
    if client_id.is_empty() || client_id.len() > 1024 || client_id.chars().any(char::is_control) {
        faults.note::<()>("", Err("client_id: expected 1 to 1024 bytes without control characters".into()));
    }
    let keep_alive = seconds(faults, "keep_alive", KEEP_ALIVE, 1, 65_535);
    let transport = faults.note("", tls::transport(address));
    let ((host, port), transport) = (server?, transport?);
    if !faults.said.is_empty() {
        return None;
    }
    let mut options = MqttOptions::new(client_id, host, port);
    options.set_keep_alive(Duration::from_secs(keep_alive));
    options.set_max_packet_size(LARGEST_PACKET, LARGEST_PACKET);
    options.set_transport(transport);
    // We only publish, and keep what is not acknowledged ourselves: a session at the broker would hold nothing, and
    // stay there for ever.
    options.set_clean_session(true);
    options.set_inflight(2 * super::line::MOST_UNDER_WAY as u16);
    if let Some((user, password)) = login {
        options.set_credentials(user, password);
    }
    Some(options)
}

pub(crate) fn parsed(address: &Address) -> Result<Url, String> {
    let expected = "expected such as `mqtt://user@host:1883`, with odd characters as %XX";
    let url = Url::parse(address.url()).map_err(|fault| format!("{fault}; {expected}"))?;
    match url.host_str() {
        None | Some("") => Err(format!("there is no host; {expected}")),
        Some(_) if !matches!(url.path(), "" | "/") || url.fragment().is_some() => {
            Err(format!("nothing goes behind the host; {expected}, and the topic as an option"))
        }
        Some(_) => Ok(url),
    }
}

pub(crate) fn server(address: &Address) -> Result<(String, u16), String> {
    let url = parsed(address)?;
    let secure = address.scheme == "mqtts";
    let host = unescaped(url.host_str().unwrap_or_default())?;
    if secure && rustls::pki_types::ServerName::try_from(host.as_str()).is_err() {
        return Err(format!("`{host}` can have no certificate; expected a host's name"));
    }
    Ok((host, url.port().unwrap_or(if secure { 8883 } else { 1883 })))
}

fn credentials(faults: &mut Faults<'_>) -> Option<(String, String)> {
    let secret = faults.address.secret("password");
    let secret = faults.keep(secret, None);
    let url = parsed(faults.address).ok()?;
    let user = faults.note("user: ", unescaped(url.username()))?;
    let within = url.password().map(unescaped).transpose();
    let within = faults.note("password: ", within)?;
    match (user.as_str(), secret.or(within)) {
        ("", None) => None,
        ("", Some(_)) => {
            faults.note::<()>("", Err("a password needs a user; expected such as `mqtt://user@host`".into()));
            None
        }
        (_, password) => Some((user, password.unwrap_or_default())),
    }
}

/// Text of a URL with its %XX as what they stand for.
pub(crate) fn unescaped(text: &str) -> Result<String, String> {
    // A `+` of a URL's first part is a plus.
    let query = format!("x={}", text.replace('+', "%2B").replace('&', "%26").replace(';', "%3B"));
    let decoded = url::form_urlencoded::parse(query.as_bytes()).next().map(|(_, text)| text.into_owned());
    match decoded {
        Some(text) if !text.contains('\u{FFFD}') && !text.contains('\0') => Ok(text),
        _ => Err("its %XX are no text".into()),
    }
}

/// Unique wherever streams meet at one broker (process numbers are not: containers all have the same), and short
/// enough for brokers of the old rule of 23 bytes.
fn client_id() -> String {
    let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
    format!("twinwright-{:012x}", random >> 16)
}
