//! Payloads: what a message says of a reading, from a template, or of many readings of a machine as a JSON array.
//!
//! Numbers are written as the files write them, so that all wires say the same. In a template that is JSON, names are
//! escaped as JSON wants; any other template gets them as they are.

use super::template::{self, Piece};
use crate::numerals::{self, Numerals};
use crate::outlets::Manifest;
use crate::textbuffer::ROOM;
use crate::timetext::TimeText;
use std::sync::Arc;
use twinwright_model::Parcel;

/// One reading a message.
pub(super) const SINGLE: &str = r#"{"timestamp_ms":{timestamp_ms},"value":{value}}"#;
/// One reading of a batch.
pub(super) const ELEMENT: &str = r#"{"sensor":"{sensor}","timestamp_ms":{timestamp_ms},"value":{value}}"#;
/// A template is written for each reading: a long one is a mistake.
const LONGEST_TEMPLATE: usize = 16 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    TimestampMs,
    TimestampNs,
    Time,
    Value,
    Quality,
    Machine,
    Sensor,
    Unit,
    Seq,
    Path,
    Fault,
}

const FIELDS: [(&str, Field); 11] = [
    ("timestamp_ms", Field::TimestampMs),
    ("timestamp_ns", Field::TimestampNs),
    ("time", Field::Time),
    ("value", Field::Value),
    ("quality", Field::Quality),
    ("machine", Field::Machine),
    ("sensor", Field::Sensor),
    ("unit", Field::Unit),
    ("seq", Field::Seq),
    ("path", Field::Path),
    ("fault", Field::Fault),
];

/// A checked template and what it remembers from reading to reading.
#[derive(Debug)]
pub(super) struct Payload {
    pieces: Vec<Piece<Field>>,
    json: bool,
    manifest: Arc<Manifest>,
    /// Of each sensor.
    numerals: Vec<Numerals>,
    time: TimeText,
}

impl Payload {
    /// An element of a batch is always JSON.
    pub(super) fn new(template: &str, manifest: &Arc<Manifest>, batched: bool) -> Result<Payload, String> {
        if template.is_empty() || template.len() > LONGEST_TEMPLATE {
            return Err(format!("it has {} bytes; expected 1 to {LONGEST_TEMPLATE}", template.len()));
        }
        let pieces = template::parse(template, &FIELDS)?;
        let opens_json = |text: &str| text.trim_start().starts_with(['{', '[', '"']);
        let json = batched || matches!(pieces.first(), Some(Piece::Text(text)) if opens_json(text));
        Ok(Payload {
            pieces,
            json,
            manifest: manifest.clone(),
            numerals: vec![Numerals::default(); manifest.sensors.len()],
            time: TimeText::new(),
        })
    }

    /// Writes one reading.
    #[inline]
    pub(super) fn write(&mut self, rows: &Parcel, row: usize, out: &mut Vec<u8>) {
        let mut room = [0; ROOM];
        for piece in &self.pieces {
            let field = match piece {
                Piece::Text(text) => {
                    out.extend_from_slice(text.as_bytes());
                    continue;
                }
                Piece::Field(field) => *field,
            };
            let sensor = rows.sensor[row] as usize;
            let length = match field {
                Field::Value if rows.value[row].is_finite() => self.numerals[sensor].single(rows.value[row], &mut room),
                Field::TimestampMs => numerals::whole(rows.time[row].0.div_euclid(1_000_000), &mut room),
                Field::TimestampNs => numerals::whole(rows.time[row].0, &mut room),
                Field::Seq if row < rows.seq.len() => numerals::whole(rows.seq[row], &mut room),
                // Neither text nor JSON has a number for these.
                Field::Value | Field::Seq => {
                    out.extend_from_slice(b"null");
                    continue;
                }
                Field::Time => {
                    let (text, length) = self.time.of(rows.time[row]);
                    out.extend_from_slice(&text[..length]);
                    continue;
                }
                name => {
                    put_text(out, text_of(name, rows, row, &self.manifest), self.json);
                    continue;
                }
            };
            out.extend_from_slice(&room[..length]);
        }
    }
}

/// What a field that is text says of a row.
fn text_of<'a>(field: Field, rows: &'a Parcel, row: usize, manifest: &'a Manifest) -> &'a str {
    match field {
        Field::Quality => rows.quality(row).word(),
        Field::Machine => &manifest.machines[rows.machine[row] as usize].id,
        Field::Sensor => &manifest.sensors[rows.sensor[row] as usize].name,
        Field::Unit => &manifest.sensors[rows.sensor[row] as usize].unit,
        Field::Path => &manifest.path,
        Field::Fault => {
            let set = (rows.fault[row] as usize).checked_sub(1);
            set.and_then(|set| rows.faults.get(set)).map_or("", String::as_str)
        }
        Field::TimestampMs | Field::TimestampNs | Field::Time | Field::Value | Field::Seq => "",
    }
}

#[inline]
fn put_text(out: &mut Vec<u8>, text: &str, json: bool) {
    let plain = !json || !text.bytes().any(|byte| byte == b'"' || byte == b'\\' || byte < 0x20);
    if plain { out.extend_from_slice(text.as_bytes()) } else { put_escaped(out, text) }
}

#[cold]
fn put_escaped(out: &mut Vec<u8>, text: &str) {
    let quoted = serde_json::Value::from(text).to_string();
    out.extend_from_slice(&quoted.as_bytes()[1..quoted.len() - 1]);
}
