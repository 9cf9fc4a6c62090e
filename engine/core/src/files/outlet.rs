//! What a scenario says of outlets: where its stream goes. The core only reads it; what an address means, the wires know.

use super::leaf::{At, Named};
use super::node::{Node, Value};
use super::read::{Cx, Read};
use super::sources::{Fault, NOWHERE};
use super::{Faults, Sources, names};
use crate::spec;
use serde_json::{Value as Json, json};
use twinwright_model::Place;

/// The sorts of outlets, and the schemes that their URLs may have.
pub const OUTLET_KINDS: [(&str, &[&str]); 6] = [
    ("file", &["file"]),
    ("mqtt", &["mqtt", "mqtts"]),
    ("http", &["http", "https"]),
    ("postgres", &["postgres", "postgresql"]),
    ("sqlite", &["sqlite"]),
    ("redis", &["redis"]),
];

/// A text, number or flag, kept as text.
#[derive(Debug, Clone, PartialEq)]
pub struct Loose(pub String);

impl Read for Loose {
    fn read(node: &Node, cx: &mut Cx<'_>) -> Loose {
        Loose(match &node.value {
            Value::Text(text) => text.clone(),
            Value::Whole(whole) => whole.to_string(),
            Value::Decimal(decimal) => decimal.to_string(),
            Value::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
            _ => {
                cx.wrong_sort(node, "a text, a number, or true or false");
                String::new()
            }
        })
    }

    fn fallback() -> Loose {
        Loose(String::new())
    }

    fn schema() -> Json {
        json!({ "type": ["string", "number", "boolean"] })
    }
}

macro_rules! outlet_spec {
    ($($(#[doc = $doc:literal])* $field:ident,)*) => {
        spec! {
            /// Where a stream goes: a URL, and options that could as well stand behind its `?`.
            pub struct OutletSpec {
                /// The address, such as `mqtt://localhost:1883`.
                url: At<String>,
                $($(#[doc = $doc])* $field: Option<At<Loose>>,)*
            }
        }

        impl OutletSpec {
            /// The options that are given.
            fn options(&self) -> Vec<(&'static str, &At<Loose>)> {
                [$((super::read::key_name(stringify!($field)), &self.$field)),*]
                    .into_iter()
                    .filter_map(|(key, value)| Some((key, value.as_ref()?)))
                    .collect()
            }
        }
    };
}

outlet_spec! {
    /// A file's format: csv, jsonl, parquet, influx; else from its name.
    format,
    /// A file's shape: long (a row a reading) or wide (a row a machine and instant).
    shape,
    /// How a file is packed: none, gzip, zstd; else from its name.
    compress,
    /// When the next file begins: a size (`100 MB`) or a time (`1 h`).
    rotate,
    /// Whether files number the readings of each machine.
    seq,
    /// MQTT: 0 or 1.
    qos,
    /// MQTT: the topic, with {path} {machine} {sensor} {kind} {scenario}.
    topic,
    /// MQTT: the payload, with {timestamp_ms} {time} {value} {quality} {machine} {sensor} {unit} {seq}.
    payload,
    /// MQTT: a message for each reading (one) or for each machine (machine). HTTP: lines a request.
    batch,
    /// MQTT: readings in a machine's message at most.
    batch_max,
    /// MQTT: the name of this client.
    client_id,
    /// MQTT: how often to say that the line is alive.
    keep_alive,
    /// MQTT: whether the broker keeps the last message of each topic.
    retain,
    /// MQTT over TLS: a file with the authorities to trust.
    ca,
    /// MQTT over TLS: a file with this client's certificate.
    cert,
    /// MQTT over TLS: a file with this client's key.
    key,
    /// HTTP: whether bodies are packed.
    gzip,
    /// HTTP, Redis, databases: how long an answer may take.
    timeout,
    /// HTTP: the token of InfluxDB 2.
    token,
    /// HTTP: the environment variable that holds the token.
    token_env,
    /// HTTP: the file that holds the token.
    token_file,
    /// The environment variable that holds the password.
    password_env,
    /// The file that holds the password.
    password_file,
    /// Redis: how long readings stay.
    ttl,
    /// Redis: readings of a sensor that are kept at most.
    keep,
    /// Redis: alerts of a severity that are kept at most.
    alerts_keep,
    /// What happens when it is too slow: wait, or drop-oldest.
    slow,
    /// Readings that may wait for it.
    queue,
    /// How long to put up with a server that is away.
    patience,
}

/// An outlet of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct OutletPlan {
    /// `mqtt.plant` for `[outlet.mqtt.plant]`.
    pub name: String,
    pub url: String,
    pub options: Vec<(&'static str, String)>,
    /// Where the URL stands, and each option.
    pub place: Place,
    pub option_places: Vec<Place>,
}

/// The outlets of a scenario, by sort and name.
#[derive(Debug, Clone)]
pub struct OutletTables(pub Vec<(At<String>, Named<OutletSpec>)>);

impl Read for OutletTables {
    fn read(node: &Node, cx: &mut Cx<'_>) -> OutletTables {
        let known = OUTLET_KINDS.map(|(kind, _)| kind);
        let mut all = Vec::new();
        for (key, value) in cx.table(node, "tables of outlets, such as [outlet.mqtt.plant]") {
            if known.contains(&key.text.as_str()) {
                let sort = At { value: key.text.clone(), span: key.span.clone() };
                all.push((sort, Named::<OutletSpec>::read(value, cx)));
            } else {
                cx.unknown_key(key, &known);
            }
        }
        OutletTables(all)
    }

    fn absent() -> Option<OutletTables> {
        Some(OutletTables(Vec::new()))
    }

    fn fallback() -> OutletTables {
        OutletTables(Vec::new())
    }

    fn schema() -> Json {
        let one = Named::<OutletSpec>::schema();
        let properties: serde_json::Map<String, Json> =
            OUTLET_KINDS.iter().map(|(kind, _)| ((*kind).to_owned(), one.clone())).collect();
        json!({ "type": "object", "properties": properties, "additionalProperties": false })
    }
}

impl OutletTables {
    /// Every outlet with its places; an address of another sort than its table is a fault.
    pub fn compile(&self, sources: &Sources, faults: &mut Faults) -> Vec<OutletPlan> {
        let mut plans = Vec::new();
        for (sort, named) in &self.0 {
            let schemes = OUTLET_KINDS.iter().find(|(kind, _)| *kind == sort.value).map_or(&[][..], |(_, all)| *all);
            for (name, spec) in named.iter() {
                let scheme = spec.url.value.split(':').next().unwrap_or_default();
                if !schemes.contains(&scheme) && spec.url.span != NOWHERE {
                    let message = format!("this is no address of an outlet of sort `{}`", sort.value);
                    let expected = names::list(schemes.iter().copied());
                    faults.add(
                        Fault::new(&spec.url.span, "outlet", message)
                            .expected(format!("a URL that begins with {expected}")),
                    );
                    continue;
                }
                let options = spec.options();
                plans.push(OutletPlan {
                    name: format!("{}.{}", sort.value, name.value),
                    url: spec.url.value.clone(),
                    place: sources.place(&spec.url.span),
                    option_places: options.iter().map(|(_, value)| sources.place(&value.span)).collect(),
                    options: options.into_iter().map(|(key, value)| (key, value.value.0.clone())).collect(),
                });
            }
        }
        plans
    }
}
