//! From messages to deliveries: what topic says which names, and what each payload holds.

use super::frames::Publish;
use crate::feeds::payload::{Origin, PayloadMap};
use crate::feeds::reading::{Batch, Message, Reader};
use crate::feeds::topic::{Places, TopicTemplate};
use std::collections::HashMap;
use twinwright_model::Time;
use twinwright_model::feeds::Mapping;
use twinwright_model::live::Reason;

/// Topics that are remembered, and the longest of them: others are read anew each time.
const MOST_TOPICS: usize = 65_536;
const LONGEST_TOPIC: usize = 256;

/// Reads messages.
pub(super) struct Listener {
    templates: Vec<TopicTemplate>,
    payload: PayloadMap,
    routes: HashMap<Box<[u8]>, Route>,
    pub(super) reader: Reader,
}

/// What a topic says.
#[derive(Debug, Clone)]
struct Route {
    places: Places,
    /// Its channel, once a reading has found it.
    target: Option<usize>,
}

impl Listener {
    pub(super) fn new(mapping: &Mapping, reader: Reader) -> Result<Listener, String> {
        if mapping.topics.is_empty() {
            return Err("topic: expected one, such as `plant/{machine}/{sensor}`".into());
        }
        let templates = mapping.topics.iter().map(|topic| TopicTemplate::new(topic)).collect::<Result<_, _>>()?;
        Ok(Listener { templates, payload: PayloadMap::new(&mapping.payload)?, routes: HashMap::new(), reader })
    }

    /// What to subscribe to.
    pub(super) fn filters(&self) -> Vec<String> {
        let mut filters: Vec<String> = self.templates.iter().map(TopicTemplate::filter).collect();
        filters.sort_unstable();
        filters.dedup();
        filters
    }

    /// Reads a message into a batch; what is wrong with it is put aside there.
    #[inline]
    pub(super) fn hear(&mut self, publish: &Publish<'_>, arrived: Time, batch: &mut Batch) {
        let origin = String::from_utf8_lossy(publish.topic);
        let message = Message { origin: &origin, arrived, body: publish.payload };
        self.reader.open(&message, batch);
        match self.route(publish.topic, &origin) {
            None => {
                let why = (Reason::WrongTopic, "no topic of this feed fits".to_owned());
                self.reader.refuse(why, publish.payload, &message, batch);
            }
            Some(Route { places, target }) => {
                let name = |place: &Option<std::ops::Range<usize>>| origin.get(place.clone()?);
                let from = Origin { machine: name(&places.machine), sensor: name(&places.sensor), target };
                self.payload.read(&from, &message, &mut self.reader, batch);
            }
        }
        self.reader.close(batch);
    }

    /// Puts aside a message of which only the beginning is there.
    pub(super) fn refuse_long(&mut self, publish: &Publish<'_>, length: usize, arrived: Time, batch: &mut Batch) {
        let origin = String::from_utf8_lossy(publish.topic);
        let message = Message { origin: &origin, arrived, body: publish.payload };
        self.reader.open(&message, batch);
        let why = format!("the message has {length} bytes; this feed takes no packet that long");
        self.reader.refuse((Reason::TooLong, why), publish.payload, &message, batch);
    }

    #[inline]
    fn route(&mut self, topic: &[u8], text: &str) -> Option<Route> {
        if let Some(route) = self.routes.get_mut(topic) {
            if route.target.is_none() {
                route.target = target(&route.places, text, &self.reader);
            }
            return Some(route.clone());
        }
        // A topic that is no text fits none: what stands in its place would be another topic.
        std::str::from_utf8(topic).ok()?;
        let places = self.templates.iter().find_map(|template| template.places(text))?;
        let route = Route { target: target(&places, text, &self.reader), places };
        if self.routes.len() < MOST_TOPICS && topic.len() <= LONGEST_TOPIC {
            self.routes.insert(topic.into(), route.clone());
        }
        Some(route)
    }
}

fn target(places: &Places, topic: &str, reader: &Reader) -> Option<usize> {
    let sensor = topic.get(places.sensor.clone()?)?;
    reader.known_target(places.machine.clone().and_then(|place| topic.get(place)), sensor)
}
