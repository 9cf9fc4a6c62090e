//! What messages become, from their bytes to readings of channels: tables of inputs written by hand, and broken input without end.

mod lines;
mod payloads;

use super::payload::{Origin, PayloadMap};
use super::reading::{Batch, Message, Reader};
use super::{Directory, FeedTally};
use std::sync::Arc;
use twinwright_model::feeds::{FeedPlan, FeedWire, HttpFeed, Mapping, Payload};
use twinwright_model::live::{ChannelName, Measurement, Reason};
use twinwright_model::{Place, Quality, Time};

/// 2026-01-01T00:00:00Z.
pub(super) const START: i64 = 1_767_225_600_000_000_000;
/// When messages of these tests arrive.
pub(super) const ARRIVAL: Time = Time(START + 5_000_000_000);

const CHANNELS: [(&str, &str, &str); 5] = [
    ("P-101", "bearing_temp", "degC"),
    ("P-101", "vibration", "mm/s"),
    ("P-101", "mode", ""),
    ("P-102", "bearing_temp", "degC"),
    ("P-102", "flow", ""),
];

fn plan(change: impl FnOnce(&mut FeedPlan)) -> FeedPlan {
    let wire = FeedWire::Http(HttpFeed { listen: String::new(), token: None, body: 0 });
    let place = Place {
        file: "site.toml".to_owned(),
        line: 1,
        column: 1,
        excerpt: String::new(),
        excerpt_column: 1,
        length: 1,
    };
    let mut plan = FeedPlan { name: "http.test".to_owned(), wire, mapping: Mapping::default(), register: false, place };
    change(&mut plan);
    plan
}

fn reader(plan: &FeedPlan) -> (Reader, Arc<Directory>) {
    let channels = CHANNELS.map(|(machine, item, unit)| {
        (ChannelName { machine: machine.to_owned(), item: item.to_owned() }, unit.to_owned())
    });
    let directory = Arc::new(Directory::new(channels));
    (Reader::new(plan, directory.clone(), Arc::new(FeedTally::default())).unwrap(), directory)
}

/// What a message gave: channel, time after the start in ns, value (as text, so that NaN is equal to itself), quality.
type Given = (u32, i64, String, Quality);

fn given(readings: &[Measurement]) -> Vec<Given> {
    readings.iter().map(|m| (m.channel, m.time.0 - START, m.value.to_string(), m.quality)).collect()
}

fn reasons(batch: &Batch) -> Vec<Reason> {
    batch.refusals.iter().map(|refusal| refusal.reason).collect()
}

/// Reads one JSON message from a topic that says these names.
fn read_json(payload: &Payload, plan: &FeedPlan, names: (Option<&str>, Option<&str>), body: &[u8]) -> Batch {
    let map = PayloadMap::new(payload).unwrap();
    let (mut reader, _) = reader(plan);
    let mut batch = Batch::default();
    let message = Message { origin: "a/topic", arrived: ARRIVAL, body };
    reader.open(&message, &mut batch);
    map.read(&Origin { machine: names.0, sensor: names.1, target: None }, &message, &mut reader, &mut batch);
    reader.close(&mut batch);
    batch
}
