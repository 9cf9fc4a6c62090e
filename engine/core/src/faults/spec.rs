//! What a scenario says about faults that are put in on purpose.

use crate::files::leaf::{At, Instant};
use crate::files::names;
use crate::files::numbers::{Lapse, Num};
use crate::files::sources::Fault;
use crate::files::{Cx, Node, Read, Value};
use crate::spec;
use serde_json::{Value as Json, json};

/// Where a fault acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Layer {
    Process,
    Sensor,
    Comms,
}

impl Layer {
    pub fn name(self) -> &'static str {
        match self {
            Layer::Process => "process",
            Layer::Sensor => "sensor",
            Layer::Comms => "comms",
        }
    }
}

/// One sort of fault: its layer and the parameters that it needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaultKind {
    pub name: &'static str,
    pub layer: Layer,
    pub needs: &'static [&'static str],
    pub about: &'static str,
}

/// Every sort of fault. The parameters beside `machine start every lasts ramp hold decay`, and beside `sensor outlet`
/// that every comms fault may have.
pub const FAULT_KINDS: [FaultKind; 23] = [
    kind("spike", Layer::Sensor, &["sensor", "by"], "adds `by`, for one sample unless `lasts` says else"),
    kind("offset", Layer::Sensor, &["sensor", "by"], "adds `by`"),
    kind("drift", Layer::Sensor, &["sensor", "rate"], "adds `rate` per hour since its start"),
    kind("scale", Layer::Sensor, &["sensor", "factor"], "multiplies the value"),
    kind("noise", Layer::Sensor, &["sensor", "factor"], "multiplies the noise"),
    kind("quantise", Layer::Sensor, &["sensor", "step"], "rounds to multiples of `step`"),
    kind("stuck", Layer::Sensor, &["sensor"], "keeps the last value before the start"),
    kind("dropout", Layer::Sensor, &["sensor"], "no reading comes"),
    kind("nan", Layer::Sensor, &["sensor"], "reads NaN"),
    kind("swap", Layer::Sensor, &["sensor", "with"], "two sensors read each other's values"),
    kind("leak", Layer::Process, &["sensor", "by"], "adds `by` to the true value of a sensor"),
    kind("shift", Layer::Process, &["driver", "by"], "adds `by` to a driver"),
    kind("wear", Layer::Process, &["wear", "by"], "adds `by` to a wear at the start"),
    kind("trip", Layer::Process, &[], "stops the machine as failed; back at the end"),
    kind("late", Layer::Comms, &["by"], "messages arrive `by` later"),
    kind("skew", Layer::Comms, &["by"], "time stamps are off by `by`"),
    kind("step_clock", Layer::Comms, &["by"], "time stamps jump by `by`"),
    kind("duplicate", Layer::Comms, &["rate"], "this part of the messages comes twice"),
    kind("reorder", Layer::Comms, &["rate"], "this part of the messages comes out of order"),
    kind("gap", Layer::Comms, &["rate"], "this part of the messages is lost"),
    kind("storm", Layer::Comms, &["every", "down"], "the line drops every so often for `down`"),
    kind("bad_quality", Layer::Comms, &[], "messages carry quality bad"),
    kind("frozen_time", Layer::Comms, &[], "the time stamp stands still"),
];

const fn kind(name: &'static str, layer: Layer, needs: &'static [&'static str], about: &'static str) -> FaultKind {
    FaultKind { name, layer, needs, about }
}

spec! {
    /// A fault with its ground truth.
    pub struct FaultSpec {
        /// The machine or machines (`P-{101..110}`) it acts on.
        machine: At<String>,
        /// The sensor it acts on; comms faults act on all sensors without it.
        sensor: Option<At<String>>,
        /// The other sensor of a swap.
        with: Option<At<String>>,
        /// The driver that a shift acts on.
        driver: Option<At<String>>,
        /// The wear that it adds to.
        wear: Option<At<String>>,
        /// How much: a number in the sensor's unit, or a time for comms faults.
        by: Option<Amount>,
        /// Per hour for a drift; the part of messages for comms faults.
        rate: Option<Num>,
        /// A factor on the value or the noise.
        factor: Option<Num>,
        /// The step that readings are rounded to.
        step: Option<Num>,
        /// The only outlet that a comms fault acts on, such as `mqtt.plant`; without it all of them.
        outlet: Option<At<String>>,
        /// When it starts.
        start: Option<At<Instant>>,
        /// How often it starts, a time or a distribution of times, from one start to the next.
        every: Option<Lapse>,
        /// How long the line is down in a storm.
        down: Option<Lapse>,
        /// How long it lasts in all; without it to the end of the run.
        lasts: Option<Lapse>,
        /// It grows to its full size in this time.
        ramp: Option<Lapse>,
        /// It stays at its full size for this time.
        hold: Option<Lapse>,
        /// It falls back to nothing in this time.
        decay: Option<Lapse>,
    }
}

/// A number, or a time for comms faults.
#[derive(Debug, Clone, PartialEq)]
pub enum Amount {
    Number(Num),
    Time(Lapse),
}

impl Read for Amount {
    fn read(node: &Node, cx: &mut Cx<'_>) -> Amount {
        if speaks_of_time(node) { Amount::Time(Lapse::read(node, cx)) } else { Amount::Number(Num::read(node, cx)) }
    }

    fn fallback() -> Amount {
        Amount::Number(Num::fixed(1.0))
    }

    fn schema() -> Json {
        json!({ "anyOf": [Num::schema(), Lapse::schema()] })
    }
}

/// Whether this is text, or a distribution with text in it.
fn speaks_of_time(node: &Node) -> bool {
    match &node.value {
        Value::Table(entries) => entries.iter().any(|(_, inside)| speaks_of_time(inside)),
        Value::Array(items) => items.iter().any(speaks_of_time),
        _ => node.text().is_some(),
    }
}

/// All faults of a scenario in file order, each with its sort.
#[derive(Debug, Clone)]
pub struct FaultTables(pub Vec<(FaultKind, FaultSpec)>);

impl Read for FaultTables {
    fn read(node: &Node, cx: &mut Cx<'_>) -> FaultTables {
        let known = FAULT_KINDS.map(|kind| kind.name);
        let mut all = Vec::new();
        for (key, value) in cx.table(node, "tables of faults, such as [[fault.drift]]") {
            let Some(kind) = FAULT_KINDS.iter().find(|kind| kind.name == key.text) else {
                cx.faults.add(
                    Fault::new(&key.span, "unknown-fault", format!("`{}` is not a sort of fault", key.text))
                        .expected(names::list(known))
                        .nearest(names::nearest(&key.text, known)),
                );
                continue;
            };
            for spec in Vec::<FaultSpec>::read(value, cx) {
                all.push((*kind, spec));
            }
        }
        FaultTables(all)
    }

    fn absent() -> Option<FaultTables> {
        Some(FaultTables(Vec::new()))
    }

    fn fallback() -> FaultTables {
        FaultTables(Vec::new())
    }

    fn schema() -> Json {
        let properties: serde_json::Map<String, Json> = FAULT_KINDS
            .iter()
            .map(|kind| {
                let one = json!({ "type": "array", "description": kind.about, "items": FaultSpec::schema() });
                (kind.name.to_owned(), one)
            })
            .collect();
        json!({ "type": "object", "properties": properties, "additionalProperties": false })
    }
}
