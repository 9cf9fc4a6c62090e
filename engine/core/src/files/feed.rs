//! What a site says of its feeds: where readings come from, and how a message becomes readings. The core only reads it; what
//! an address means, the wires know.

use super::leaf::{At, Named};
use super::node::{Node, Value};
use super::read::{Cx, Read};
use super::site::{Number, Texts};
use super::sources::Fault;
use crate::spec;
use serde_json::{Value as Json, json};
use twinwright_model::{Span, units};

spec! {
    /// Feeds, by sort and name.
    pub struct FeedTables {
        /// A subscription to a broker.
        mqtt: Named<MqttFeedSpec>,
        /// A recorded table.
        replay: Named<ReplayFeedSpec>,
        /// A door that readings are posted to.
        http: Named<HttpFeedSpec>,
    }
}

spec! {
    /// A subscription to a broker.
    pub struct MqttFeedSpec {
        /// `mqtt://[user@]host[:port]`, or `mqtts://`.
        url: At<String>,
        /// The name of this client, which the broker keeps its session by (default `twin-<file name>-<feed name>`).
        client_id: Option<At<String>>,
        /// 0 or 1 (default 1).
        qos: Option<At<u64>>,
        /// What is subscribed to, one or a list: `plant/{machine}/{sensor}`.
        topic: Texts,
        /// Where the parts of a reading stand in a message.
        payload: Option<PayloadSpec>,
        /// Names as the source has them, and as the site has them.
        names: Named<At<String>>,
        /// Units of items that the source has otherwise than the site.
        units: Named<At<String>>,
        /// What becomes of machines and sensors that the site does not know: quarantine or register (default quarantine).
        unknown: Option<At<String>>,
        /// How often to say that the line is alive, in whole seconds (default 30 s).
        keep_alive: Option<At<Span>>,
        /// The longest packet that is taken (default 256 KiB).
        packet: Option<At<Size>>,
        /// Over TLS: a file with the authorities to trust.
        ca: Option<At<String>>,
        /// Over TLS: a file with this client's certificate.
        cert: Option<At<String>>,
        /// Over TLS: a file with this client's key.
        key: Option<At<String>>,
        /// The environment variable that holds the password.
        password_env: Option<At<String>>,
        /// The file that holds the password.
        password_file: Option<At<String>>,
    }
}

spec! {
    /// A recorded table, played as if it happened now.
    pub struct ReplayFeedSpec {
        /// A file beside the site: csv, jsonl or parquet, perhaps packed.
        path: At<String>,
        /// Times the recorded pace, or "max" (default 1).
        speed: Option<At<Speed>>,
        /// The column of times (default time).
        time: Option<At<String>>,
        /// The column of machines (default machine).
        machine: Option<At<String>>,
        /// The column of sensors (default sensor; a table without it has a column for each sensor).
        sensor: Option<At<String>>,
        /// The column of values (default value).
        value: Option<At<String>>,
        /// The column of qualities (default quality).
        quality: Option<At<String>>,
        /// The machine of a table that has no column for it.
        only: Option<At<String>>,
        /// Names as the source has them, and as the site has them.
        names: Named<At<String>>,
        /// Units of items that the source has otherwise than the site.
        units: Named<At<String>>,
        /// What becomes of machines and sensors that the site does not know: quarantine or register (default quarantine).
        unknown: Option<At<String>>,
    }
}

spec! {
    /// A door that readings are posted to.
    pub struct HttpFeedSpec {
        /// An address and port, such as "127.0.0.1:8088".
        listen: At<String>,
        /// The environment variable that holds the token which whoever posts must know.
        token_env: Option<At<String>>,
        /// The file that holds the token.
        token_file: Option<At<String>>,
        /// The longest body that is taken (default 4 MiB).
        body: Option<At<Size>>,
        /// Where the parts of a reading stand in JSON.
        payload: Option<PayloadSpec>,
        /// Names as the source has them, and as the site has them.
        names: Named<At<String>>,
        /// Units of items that the source has otherwise than the site.
        units: Named<At<String>>,
        /// What becomes of machines and sensors that the site does not know: quarantine or register (default quarantine).
        unknown: Option<At<String>>,
    }
}

spec! {
    /// Where the parts of a reading stand in a JSON message: JSON pointers.
    pub struct PayloadSpec {
        /// The value (default /value).
        value: Option<At<String>>,
        /// The time stamp (default /timestamp_ms, /timestamp or /time, else when the message came).
        time: Option<At<String>>,
        /// The quality (default /quality, else good).
        quality: Option<At<String>>,
        /// The unit (default /unit, else the item's).
        unit: Option<At<String>>,
        /// The machine, where the topic does not say it (default /machine).
        machine: Option<At<String>>,
        /// The sensor, where the topic does not say it (default /sensor).
        sensor: Option<At<String>>,
        /// An object of sensors and their values, instead of one value.
        values: Option<At<String>>,
        /// The array of readings, where the message is not that array itself.
        list: Option<At<String>>,
    }
}

/// A number of bytes, such as `256 KiB`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size(pub u64);

impl Read for Size {
    fn read(node: &Node, cx: &mut Cx<'_>) -> Size {
        const EXPECTED: &str = "a size above 0, such as \"256 KiB\" or \"4 MiB\"";
        let read = match &node.value {
            Value::Text(text) => units::parse_size(text),
            Value::Whole(whole) => u64::try_from(*whole).ok().filter(|bytes| *bytes > 0),
            _ => {
                cx.wrong_sort(node, EXPECTED);
                return Size::fallback();
            }
        };
        Size(read.unwrap_or_else(|| {
            cx.faults.add(Fault::new(&node.span, "number", "this is no size").expected(EXPECTED));
            Size::fallback().0
        }))
    }

    fn fallback() -> Size {
        Size(1 << 18)
    }

    fn schema() -> Json {
        json!({ "type": ["string", "integer"] })
    }
}

/// How fast a recording is played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    Max,
    Times(f64),
}

impl Read for Speed {
    fn read(node: &Node, cx: &mut Cx<'_>) -> Speed {
        match &node.value {
            Value::Text(text) if text == "max" => Speed::Max,
            Value::Whole(_) | Value::Decimal(_) => Speed::Times(node.number().unwrap_or(1.0)),
            _ => {
                cx.wrong_sort(node, "\"max\", or a number: times the recorded pace");
                Speed::Max
            }
        }
    }

    fn fallback() -> Speed {
        Speed::Max
    }

    fn schema() -> Json {
        json!({ "anyOf": [{ "const": "max" }, Number::schema()] })
    }
}
