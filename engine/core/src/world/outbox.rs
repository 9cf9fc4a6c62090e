//! What came out of a tick, until somebody takes it.

use bevy_ecs::prelude::Resource;
use serde_json::{Map, Value};
use twinwright_model::{AlertRecord, EventRecord, Label, Time, WorkRecord};

/// Events, alerts and labels since they were last taken.
#[derive(Debug, Clone, Default, Resource)]
pub struct Outbox {
    pub events: Vec<EventRecord>,
    pub alerts: Vec<AlertRecord>,
    pub labels: Vec<Label>,
    /// Works that began.
    pub works: Vec<WorkRecord>,
    /// Nobody listens: a run that only wants measures keeps no records.
    pub muted: bool,
}

impl Outbox {
    pub fn work(&mut self, work: WorkRecord) {
        if !self.muted {
            self.works.push(work);
        }
    }

    /// `detail` is only asked where somebody listens.
    pub fn event<const N: usize>(
        &mut self,
        time: Time,
        (machine, future): (u32, u32),
        event: &'static str,
        detail: impl FnOnce() -> [(&'static str, Value); N],
    ) {
        if !self.muted {
            let detail: Map<String, Value> = detail().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            self.events.push(EventRecord { time, machine, future, event, detail });
        }
    }
}
