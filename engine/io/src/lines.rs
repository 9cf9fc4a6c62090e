//! What happened, a line each: `events.jsonl`, `alerts.jsonl` and `truth/labels.csv`.
//!
//! Records arrive in the order they are to stand in; nothing is sorted, dropped or invented here.

use crate::RecordError;
use crate::csv;
use crate::folder::PartFile;
use crate::jsonl::string;
use crate::numerals::{self, Numerals};
use crate::textbuffer::{ROOM, TextBuffer};
use serde_json::{Map, Value};
use twinwright_model::{AlertRecord, AlertState, EventRecord, Label, Time};

/// Writes records as lines; knows the machines' names.
#[derive(Debug)]
pub(crate) struct Lines {
    out: TextBuffer,
    several_futures: bool,
}

impl Lines {
    pub(crate) fn new(file: PartFile, futures: u32) -> Lines {
        Lines { out: TextBuffer::new(file.into()), several_futures: futures > 1 }
    }

    pub(crate) fn event(&mut self, event: &EventRecord, machines: &[String]) -> Result<(), RecordError> {
        self.common(event.time, event.machine, event.future, machines);
        self.member("event", &string(event.event));
        self.details(&event.detail);
        self.out.text(b"}\n");
        self.out.end_row()
    }

    pub(crate) fn alert(&mut self, alert: &AlertRecord, machines: &[String]) -> Result<(), RecordError> {
        self.common(alert.time, alert.machine, alert.future, machines);
        self.member("rule", &string(&alert.rule));
        self.member("sensor", &string(&alert.sensor));
        self.member("severity", &string(&alert.severity.to_string()));
        let state = match alert.state {
            AlertState::Raised => b"\"raised\"".as_slice(),
            AlertState::Cleared => b"\"cleared\"",
        };
        self.member("state", state);
        let mut text = [0; ROOM];
        let length = if alert.value.is_finite() { Numerals::default().single(alert.value, &mut text) } else { 0 };
        self.member("value", if length > 0 { &text[..length] } else { b"null" });
        let length = if alert.limit.is_finite() { numerals::double(alert.limit, &mut text) } else { 0 };
        self.member("limit", if length > 0 { &text[..length] } else { b"null" });
        self.member("suppressed", if alert.suppressed { b"true" } else { b"false" });
        self.out.text(b"}\n");
        self.out.end_row()
    }

    /// The head of `labels.csv`.
    pub(crate) fn label_head(&mut self) {
        self.out.text(b"fault,layer,kind,machine,");
        if self.several_futures {
            self.out.text(b"future,");
        }
        self.out.text(b"sensor,start,end,parameters\n");
    }

    pub(crate) fn label(&mut self, label: &Label, machines: &[String]) -> Result<(), RecordError> {
        let mut row = Vec::new();
        let machine = name_of(label.machine, machines);
        for text in [label.fault.as_str(), label.layer, label.kind, machine] {
            csv::field(text, &mut row);
            row.push(b',');
        }
        if self.several_futures {
            row.extend(label.future.to_string().bytes());
            row.push(b',');
        }
        csv::field(&label.sensor, &mut row);
        let end = label.end.map_or(String::new(), |end| end.to_string());
        row.extend(format!(",{},{end},", label.start).bytes());
        csv::field(&String::from_utf8_lossy(&json(&label.parameters)), &mut row);
        row.push(b'\n');
        self.out.text(&row);
        self.out.end_row()
    }

    pub(crate) fn finish(self) -> Result<PartFile, RecordError> {
        let flow = self.out.finish()?;
        let path = flow.path().to_owned();
        flow.seal()?.ok_or_else(|| RecordError::content(&path, "a run's lines are a file"))
    }

    fn common(&mut self, time: Time, machine: u32, future: u32, machines: &[String]) {
        self.out.text(format!("{{\"time\":\"{time}\",\"machine\":").as_bytes());
        self.out.text(&string(name_of(machine, machines)));
        if self.several_futures {
            self.member("future", future.to_string().as_bytes());
        }
    }

    /// What an event says of its own; a name that is taken already does not stand twice.
    fn details(&mut self, detail: &Map<String, Value>) {
        for (name, value) in detail {
            if !matches!(name.as_str(), "time" | "machine" | "future" | "event") {
                let text = value.to_string();
                self.member(name, text.as_bytes());
            }
        }
    }

    fn member(&mut self, name: &str, value: &[u8]) {
        self.out.text(b",");
        self.out.text(&string(name));
        self.out.text(b":");
        self.out.text(value);
    }
}

fn json(map: &Map<String, Value>) -> Vec<u8> {
    serde_json::to_vec(map).expect("a map with string keys is always JSON")
}

fn name_of(machine: u32, machines: &[String]) -> &str {
    machines.get(machine as usize).map_or("", String::as_str)
}
