//! What a site's file says of its feeds, checked: where readings come from, and how a message becomes readings.
//!
//! The file is read in core, the wires are in io; this is what passes between them.

use crate::{Place, Span};

/// A feed of a site.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedPlan {
    /// `mqtt.gateway` for `[feed.mqtt.gateway]`.
    pub name: String,
    pub wire: FeedWire,
    pub mapping: Mapping,
    /// Machines and sensors that the site does not know become its own, instead of going to quarantine.
    pub register: bool,
    /// Where it stands in the site's file.
    pub place: Place,
}

#[derive(Debug, Clone, PartialEq)]
pub enum FeedWire {
    Mqtt(MqttFeed),
    Replay(ReplayFeed),
    Http(HttpFeed),
}

/// A subscription to a broker.
#[derive(Debug, Clone, PartialEq)]
pub struct MqttFeed {
    /// `mqtt://[user@]host[:port]` or `mqtts://`; a password stands in `password`.
    pub url: String,
    pub client_id: String,
    pub password: Option<Secret>,
    /// Files: authorities to trust, this client's certificate and its key.
    pub ca: Option<String>,
    pub cert: Option<String>,
    pub key: Option<String>,
    pub qos: u8,
    pub keep_alive: Span,
    /// Bytes of a packet at most (default 256 KiB).
    pub packet: usize,
}

/// A recorded table that is played as if it happened now.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplayFeed {
    /// csv, jsonl or parquet, perhaps packed (`.gz`, `.zst`); relative to the site's file.
    pub path: String,
    /// Times the recorded pace; None: as fast as it goes.
    pub speed: Option<f64>,
    /// The columns of a long table (`time, machine, sensor, value, quality`), if they are called otherwise. In a wide table
    /// every other column is a sensor.
    pub time: String,
    pub machine: Option<String>,
    pub sensor: Option<String>,
    pub value: Option<String>,
    pub quality: Option<String>,
    /// The machine of a table that has no column for it.
    pub only: Option<String>,
}

/// A door that readings are posted to: JSON at `/readings`, line protocol at `/write` and `/api/v2/write`.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpFeed {
    /// `127.0.0.1:8088`
    pub listen: String,
    /// Who posts must know it. Only a loopback address may do without.
    pub token: Option<Secret>,
    /// Bytes of a body at most (default 4 MiB).
    pub body: usize,
}

/// Where a secret is found. It never stands in a file of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// The name of an environment variable.
    Env(String),
    /// A file that holds nothing else.
    File(String),
}

/// How a message becomes readings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mapping {
    /// Topic templates, such as `acme/{site}/{machine}/{sensor}`: `{machine}` and `{sensor}` are taken, other names in braces
    /// match anything, `+` one level, `#` the rest. A batch of a machine has no `{sensor}`.
    pub topics: Vec<String>,
    pub payload: Payload,
    /// Names as the source has them, and as the site has them: `"TT-4711" = "P-101.bearing_temp"`, or with a `*` for what
    /// stays: `"plc1/*" = "P-101.*"`. The source's name is `machine/sensor` as the topic gave it.
    pub names: Vec<(String, String)>,
    /// Units of items, where messages do not say it: item and unit.
    pub units: Vec<(String, String)>,
}

/// Where the parts of a reading stand in a JSON message: JSON pointers. A message that is an array holds one reading an
/// element. A message that is a bare number is the value, its time that of arrival.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Payload {
    /// The array of readings within the message, if it is not the message.
    pub list: Option<String>,
    pub value: Option<String>,
    /// RFC 3339, or a number of s, ms, us or ns since 1970, told apart by its size.
    pub time: Option<String>,
    pub quality: Option<String>,
    pub unit: Option<String>,
    pub machine: Option<String>,
    pub sensor: Option<String>,
    /// An object whose keys are sensors and whose values are values: one machine's panel in one message.
    pub values: Option<String>,
}
