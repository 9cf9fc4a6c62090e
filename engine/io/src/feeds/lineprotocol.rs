//! InfluxDB line protocol: `measurement,tag=text,... field=value,... time`, a line at a time.
//!
//! The machine is the tag `machine`, or the first tag whose text is a machine that is known. A field is a sensor; with a tag
//! `sensor` the field `value` is its value, and a lone field `value` is that of the sensor that the measurement names. `quality`
//! and `unit` may be tags or fields. A line ends at its line break whatever quotes are open: one forgotten quote costs one line.

use super::reading::{Batch, Draft, MOST_READINGS, Message, Reader, Wrong};
use super::said::{Stamp, Value};
use std::borrow::Cow;
use twinwright_model::Time;
use twinwright_model::live::Reason;

/// More tags or fields has no line.
const MOST_PAIRS: usize = 1_024;

/// What a time stamp counts, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Precision(i64);

impl Precision {
    pub(super) const NANOSECONDS: Precision = Precision(1);

    /// As `precision=` has it.
    pub(super) fn of(name: &str) -> Option<Precision> {
        const NAMES: [(&str, i64); 10] = [
            ("ns", 1),
            ("n", 1),
            ("us", 1_000),
            ("u", 1_000),
            ("µ", 1_000),
            ("ms", 1_000_000),
            ("s", 1_000_000_000),
            ("m", 60_000_000_000),
            ("h", 3_600_000_000_000),
            ("", 1),
        ];
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, nanos)| Precision(*nanos))
    }
}

/// A line in its parts.
struct Line<'a> {
    measurement: Cow<'a, str>,
    tags: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    fields: Vec<(Cow<'a, str>, Field<'a>)>,
    time: &'a str,
}

enum Field<'a> {
    Number(&'a str),
    Flag(bool),
    Text(Cow<'a, str>),
}

impl Field<'_> {
    fn value(&self) -> Value<'_> {
        match self {
            Field::Number(text) => Value::Number(text),
            Field::Flag(flag) => Value::Flag(*flag),
            Field::Text(text) => Value::Text(text),
        }
    }
}

/// Reads a body of lines; what is wrong with one does not touch its neighbours.
pub(super) fn read(precision: Precision, message: &Message<'_>, reader: &mut Reader, batch: &mut Batch) {
    let before = batch.readings.len();
    for (at, line) in message.body.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        if batch.readings.len() - before >= MOST_READINGS {
            let why = format!("line {}: more than {MOST_READINGS} readings in one message", at + 1);
            reader.refuse((Reason::TooLong, why), line, message, batch);
            return;
        }
        let parsed = match std::str::from_utf8(line) {
            Ok(text) => Cut { text, at: 0 }.line(),
            Err(error) => Err((error.valid_up_to(), "no UTF-8")),
        };
        let taken = match parsed {
            Ok(parsed) => parsed.take(precision, line, message, reader, batch),
            Err((column, why)) => Err((Reason::Broken, format!("column {}: {why}", column + 1))),
        };
        if let Err((reason, why)) = taken {
            reader.refuse((reason, format!("line {}: {why}", at + 1)), line, message, batch);
        }
    }
}

impl Line<'_> {
    fn tag(&self, name: &str) -> Option<&str> {
        self.tags.iter().find(|(key, _)| key == name).map(|(_, text)| &**text)
    }

    fn field(&self, name: &str) -> Option<&Field<'_>> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, field)| field)
    }

    fn take(
        &self,
        precision: Precision,
        line: &[u8],
        message: &Message<'_>,
        reader: &mut Reader,
        batch: &mut Batch,
    ) -> Result<(), Wrong> {
        let time = match self.time {
            "" => Stamp::Arrival,
            text => Stamp::Exact(instant(text, precision)?),
        };
        let quality = match (self.field("quality"), self.tag("quality")) {
            (Some(field), _) => field.value(),
            (None, Some(text)) => Value::Text(text),
            (None, None) => Value::Absent,
        };
        let unit = match self.field("unit") {
            Some(Field::Text(text)) => Some(&**text),
            _ => self.tag("unit"),
        };
        let draft = Draft { machine: None, sensor: None, target: None, value: Value::Absent, time, quality, unit };
        if let Some(sensor) = self.tag("sensor") {
            let value = self.field("value").map_or(Value::Absent, Field::value);
            let reading = Draft { sensor: Some(sensor), machine: self.machine(sensor, reader), value, ..draft };
            reader.take(&reading, line, message, batch);
            return Ok(());
        }
        let readings = self.fields.iter().filter(|(key, _)| key != "quality" && key != "unit");
        let alone = readings.clone().count() == 1;
        for (key, field) in readings {
            let sensor = if alone && key == "value" { &*self.measurement } else { &**key };
            let machine = self.machine(sensor, reader);
            reader.take(&Draft { sensor: Some(sensor), machine, value: field.value(), ..draft }, line, message, batch);
        }
        Ok(())
    }

    fn machine(&self, sensor: &str, reader: &Reader) -> Option<&str> {
        let known = || self.tags.iter().map(|(_, text)| &**text).find(|text| reader.knows(text, sensor));
        self.tag("machine").or_else(known)
    }
}

fn instant(text: &str, precision: Precision) -> Result<Time, Wrong> {
    let nanos = text.parse::<i64>().ok().and_then(|number| number.checked_mul(precision.0));
    let time = nanos.filter(|nanos| *nanos >= 0).map(Time);
    time.ok_or_else(|| (Reason::WrongTime, "the time stamp is no number that can be a time".to_owned()))
}

/// A line being cut into its parts.
struct Cut<'a> {
    text: &'a str,
    at: usize,
}

type Cutting<T> = Result<T, (usize, &'static str)>;

impl<'a> Cut<'a> {
    fn line(mut self) -> Cutting<Line<'a>> {
        let measurement = self.word(b", ");
        if measurement.is_empty() {
            return Err((0, "expected a measurement"));
        }
        let mut tags = Vec::new();
        while self.eat(b',') {
            let key = self.word(b"=, ");
            let text = if self.eat(b'=') { self.word(b", ") } else { Cow::Borrowed("") };
            if key.is_empty() || text.is_empty() || tags.len() == MOST_PAIRS {
                return Err((self.at, "expected a tag and its text"));
            }
            tags.push((key, text));
        }
        self.blanks();
        let mut fields = Vec::new();
        loop {
            let key = self.word(b"=, ");
            if key.is_empty() || !self.eat(b'=') || fields.len() == MOST_PAIRS {
                return Err((self.at, "expected a field and its value"));
            }
            fields.push((key, self.field()?));
            if !self.eat(b',') {
                break;
            }
        }
        self.blanks();
        let time = self.text[self.at..].trim();
        if time.contains(' ') {
            return Err((self.at, "expected a time stamp and nothing behind it"));
        }
        Ok(Line { measurement, tags, fields, time })
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn blanks(&mut self) {
        while self.eat(b' ') {}
    }

    /// Up to one of these bytes; a backslash before one of them, or before any other mark, takes its meaning.
    fn word(&mut self, ends: &[u8]) -> Cow<'a, str> {
        let begin = self.at;
        let mut escaped = false;
        while let Some(byte) = self.peek() {
            if byte == b'\\' && matches!(self.text.as_bytes().get(self.at + 1), Some(b',' | b' ' | b'=')) {
                escaped = true;
                self.at += 2;
                continue;
            }
            if ends.contains(&byte) {
                break;
            }
            self.at += 1;
        }
        let text = &self.text[begin..self.at];
        if !escaped {
            return Cow::Borrowed(text);
        }
        Cow::Owned(text.replace("\\,", ",").replace("\\ ", " ").replace("\\=", "="))
    }

    fn field(&mut self) -> Cutting<Field<'a>> {
        if self.eat(b'"') {
            return self.quoted();
        }
        let begin = self.at;
        while self.peek().is_some_and(|byte| byte != b',' && byte != b' ') {
            self.at += 1;
        }
        let text = &self.text[begin..self.at];
        match text {
            "t" | "T" | "true" | "True" | "TRUE" => return Ok(Field::Flag(true)),
            "f" | "F" | "false" | "False" | "FALSE" => return Ok(Field::Flag(false)),
            _ => {}
        }
        let number = text.strip_suffix(['i', 'u']).unwrap_or(text);
        match number.parse::<f64>() {
            Ok(_) => Ok(Field::Number(number)),
            Err(_) => Err((begin, "expected a number, a flag or a text in quotes")),
        }
    }

    fn quoted(&mut self) -> Cutting<Field<'a>> {
        let begin = self.at;
        let mut escaped = false;
        loop {
            match self.peek() {
                None => return Err((begin, "a text is opened and never closed")),
                Some(b'\\') if matches!(self.text.as_bytes().get(self.at + 1), Some(b'"' | b'\\')) => {
                    escaped = true;
                    self.at += 2;
                }
                Some(b'"') => break,
                Some(_) => self.at += 1,
            }
        }
        let text = &self.text[begin..self.at];
        self.at += 1;
        Ok(Field::Text(if escaped { Cow::Owned(unescaped(text)) } else { Cow::Borrowed(text) }))
    }
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => plain.extend(characters.next()),
            c => plain.push(c),
        }
    }
    plain
}
