//! Topics: where a message goes, from a template that is checked once against every name that it can meet.
//!
//! What a broker would refuse later, message by message, is refused before the first: wildcards, empty levels, names
//! that would make a level of their own. A topic is put together anew for each message, since the client wants a string
//! of its own anyway; keeping them all would cost more memory than time.

use super::template::{self, Piece};
use crate::outlets::Manifest;

/// More than MQTT can say the length of.
const LONGEST: usize = 65_535;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Path,
    Machine,
    Sensor,
    Kind,
    Scenario,
}

const FIELDS: [(&str, Field); 5] = [
    ("path", Field::Path),
    ("machine", Field::Machine),
    ("sensor", Field::Sensor),
    ("kind", Field::Kind),
    ("scenario", Field::Scenario),
];

/// A checked template; path and scenario are text by now.
#[derive(Debug)]
pub(super) struct Topic {
    pieces: Vec<Piece<Field>>,
    longest: usize,
}

impl Topic {
    /// `batched` when a message holds several sensors of a machine.
    pub(super) fn new(template: &str, manifest: &Manifest, batched: bool) -> Result<Topic, String> {
        check_characters(template)?;
        // Without a path its level goes away instead of staying empty.
        let shown = if manifest.path.is_empty() { template.replace("{path}/", "") } else { template.to_owned() };
        check_levels(&shown)?;
        let pieces = template::parse(&shown, &FIELDS)?;
        if batched && pieces.contains(&Piece::Field(Field::Sensor)) {
            return Err("`{sensor}` cannot stand in the topic of a batch, which holds all sensors of a machine".into());
        }
        for piece in &pieces {
            match piece {
                Piece::Field(field) => check_names(*field, manifest)?,
                Piece::Text(text) if text.contains(['{', '}']) => {
                    return Err(format!("a brace in `{text}` belongs to no field"));
                }
                Piece::Text(_) => {}
            }
        }
        let topic = Topic { longest: longest(&pieces, manifest), pieces: settled(pieces, manifest) };
        if topic.longest > LONGEST {
            return Err(format!("it grows up to {} bytes; MQTT allows {LONGEST}", topic.longest));
        }
        Ok(topic)
    }

    /// The topic of a machine's sensor; for a batch the sensor does not matter.
    #[inline]
    pub(super) fn of(&self, machine: u32, sensor: u32, manifest: &Manifest) -> String {
        let mut topic = String::with_capacity(self.longest);
        for piece in &self.pieces {
            topic.push_str(match piece {
                Piece::Text(text) => text,
                Piece::Field(Field::Machine) => &manifest.machines[machine as usize].id,
                Piece::Field(Field::Sensor) => &manifest.sensors[sensor as usize].name,
                Piece::Field(Field::Kind) => kind(machine as usize, manifest),
                Piece::Field(Field::Path) => &manifest.path,
                Piece::Field(Field::Scenario) => &manifest.scenario,
            });
        }
        topic
    }
}

fn kind(machine: usize, manifest: &Manifest) -> &str {
    manifest.sheets.get(usize::from(manifest.machines[machine].sheet)).map_or("", |sheet| &sheet.kind)
}

/// What never changes becomes text.
fn settled(pieces: Vec<Piece<Field>>, manifest: &Manifest) -> Vec<Piece<Field>> {
    let mut settled = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => template::push_text(&mut settled, text),
            Piece::Field(Field::Path) => template::push_text(&mut settled, manifest.path.clone()),
            Piece::Field(Field::Scenario) => template::push_text(&mut settled, manifest.scenario.clone()),
            field => settled.push(field),
        }
    }
    settled
}

pub(crate) fn check_characters(template: &str) -> Result<(), String> {
    if template.is_empty() {
        return Err("it is empty; expected such as `{path}/{machine}/{sensor}`".into());
    }
    if template.starts_with('$') {
        return Err("`$` as its 1st character: brokers keep such topics for themselves".into());
    }
    for (at, character) in template.chars().enumerate() {
        let why = match character {
            '+' | '#' => "wildcards are for those who subscribe",
            ' ' => "a blank (or a `+` of an address, which means one) cannot stand in a topic",
            c if c.is_control() => "brokers refuse control characters",
            _ => continue,
        };
        return Err(format!("`{}` as character {}: {why}", character.escape_debug(), at + 1));
    }
    Ok(())
}

pub(crate) fn check_levels(template: &str) -> Result<(), String> {
    match template.split('/').position(str::is_empty) {
        Some(_) if template.is_empty() => Err("it has no level, since this stream has no path".into()),
        Some(at) => Err(format!("its level {} is empty: a `/` too many", at + 1)),
        None => Ok(()),
    }
}

/// Every name that a field can stand for makes one level, as the template shows it; a path makes several.
fn check_names(field: Field, manifest: &Manifest) -> Result<(), String> {
    let check = |what: &str, name: &str| match fault_of(name, what == "path") {
        Some(why) => Err(format!("{what} `{}` {why}", name.escape_debug())),
        None => Ok(()),
    };
    match field {
        Field::Machine => manifest.machines.iter().try_for_each(|machine| check("machine", &machine.id)),
        Field::Sensor => manifest.sensors.iter().try_for_each(|sensor| check("sensor", &sensor.name)),
        Field::Kind => manifest.machines.iter().enumerate().try_for_each(|(at, machine)| {
            check("kind", kind(at, manifest)).map_err(|why| format!("{why} (of machine `{}`)", machine.id))
        }),
        Field::Path => check("path", &manifest.path),
        Field::Scenario => check("scenario", &manifest.scenario),
    }
}

fn fault_of(name: &str, several_levels: bool) -> Option<&'static str> {
    if several_levels && name.split('/').any(str::is_empty) {
        return Some("has an empty level");
    }
    match name.chars().find(|c| matches!(c, '+' | '#' | '/') || c.is_control()) {
        _ if name.is_empty() => Some("is empty, and so would be its level"),
        _ if name.starts_with('$') => Some("begins with `$`, which brokers keep for themselves"),
        Some('/') if several_levels => None,
        Some('/') => Some("has a `/`, which would begin a level"),
        Some('+' | '#') => Some("has a wildcard, `+` or `#`, in it"),
        Some(_) => Some("has a control character in it"),
        None => None,
    }
}

fn longest(pieces: &[Piece<Field>], manifest: &Manifest) -> usize {
    let length = |piece: &Piece<Field>| match piece {
        Piece::Text(text) => text.len(),
        Piece::Field(Field::Path) => manifest.path.len(),
        Piece::Field(Field::Scenario) => manifest.scenario.len(),
        Piece::Field(Field::Machine) => manifest.machines.iter().map(|machine| machine.id.len()).max().unwrap_or(0),
        Piece::Field(Field::Sensor) => manifest.sensors.iter().map(|sensor| sensor.name.len()).max().unwrap_or(0),
        Piece::Field(Field::Kind) => manifest.sheets.iter().map(|sheet| sheet.kind.len()).max().unwrap_or(0),
    };
    pieces.iter().map(length).sum()
}
