//! From what a message says to a reading of a channel: names, value, time, quality and unit, each checked.
//!
//! What was found once is remembered, up to a bound: names come from outside and may be made up without end.

use super::names::{self, Names};
use super::said::{Stamp, Value, mode_of, number_of, quality_of, time_of};
use super::tally::{FeedTally, refusal};
use super::units::{self, Conversion};
use super::{Directory, Found};
use std::collections::HashMap;
use std::sync::Arc;
use twinwright_model::feeds::FeedPlan;
use twinwright_model::live::{Channel, ChannelName, Measurement, Reason, Refusal};
use twinwright_model::{Quality, Time};

/// Readings of one message at most.
pub(super) const MOST_READINGS: usize = 10_000;
/// Refusals of one message that are told one by one; the rest is told in one.
const MOST_TOLD: usize = 32;
/// Names that are remembered.
const MOST_KNOWN: usize = 200_000;
const LONGEST_KNOWN: usize = 257;
/// Names as a source has them may be longer than ours.
const LONGEST_NAME: usize = 1_024;

/// Why a reading is none, and what exactly is wrong.
pub(super) type Wrong = (Reason, String);

/// What a message says of one reading, as it says it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draft<'a> {
    pub(super) machine: Option<&'a str>,
    pub(super) sensor: Option<&'a str>,
    /// Known already, from a topic that was seen before.
    pub(super) target: Option<usize>,
    pub(super) value: Value<'a>,
    pub(super) time: Stamp<'a>,
    pub(super) quality: Value<'a>,
    pub(super) unit: Option<&'a str>,
}

/// A message on its way to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message<'a> {
    /// A topic, a path, a file.
    pub(super) origin: &'a str,
    pub(super) arrived: Time,
    pub(super) body: &'a [u8],
}

/// What messages gave, until it is handed on.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) readings: Vec<Measurement>,
    pub(super) refusals: Vec<Refusal>,
    pub(super) messages: usize,
    pub(super) bytes: usize,
}

/// Turns drafts into readings.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) feed: String,
    pub(super) tally: Arc<FeedTally>,
    directory: Arc<Directory>,
    register: bool,
    names: Names,
    /// Of items, where messages do not say it.
    units: HashMap<String, String>,
    /// `machine/sensor` as the source has it.
    known: HashMap<String, usize>,
    targets: Vec<Target>,
    room: String,
    /// Refusals of the message under way.
    told: usize,
}

/// A channel that was found.
#[derive(Debug)]
struct Target {
    channel: Channel,
    is_mode: bool,
    /// What the channel is in, and what a source's values are in where it does not say.
    unit: String,
    usual: Option<Conversion>,
    /// The last unit that a message named, and what came of it.
    named: Option<(String, Option<Conversion>)>,
}

impl Reader {
    pub(super) fn new(feed: &FeedPlan, directory: Arc<Directory>, tally: Arc<FeedTally>) -> Result<Reader, String> {
        Ok(Reader {
            feed: feed.name.clone(),
            tally,
            directory,
            register: feed.register,
            names: Names::new(&feed.mapping.names)?,
            units: feed.mapping.units.iter().cloned().collect(),
            known: HashMap::new(),
            targets: Vec::new(),
            room: String::new(),
            told: 0,
        })
    }

    /// A new message: what is refused of it is counted from here.
    pub(super) fn open(&mut self, message: &Message<'_>, batch: &mut Batch) {
        batch.messages += 1;
        batch.bytes += message.body.len();
        self.told = 0;
    }

    /// What was told of the message under way was taken back.
    pub(super) fn begin_anew(&mut self) {
        self.told = 0;
    }

    /// Puts aside a part of a message.
    #[cold]
    pub(super) fn refuse(&mut self, wrong: Wrong, part: &[u8], message: &Message<'_>, batch: &mut Batch) {
        self.told += 1;
        self.tally.count_refused(wrong.0, 1);
        if self.told <= MOST_TOLD {
            let from = (message.origin, part);
            batch.refusals.push(refusal(wrong.0, wrong.1, &self.feed, from, message.arrived));
        }
    }

    /// Tells how many refusals were not told.
    pub(super) fn close(&mut self, batch: &mut Batch) {
        if self.told > MOST_TOLD
            && let Some(last) = batch.refusals.last_mut()
        {
            last.detail.push_str(&format!("; {} more parts of this message are refused", self.told - MOST_TOLD));
        }
    }

    /// Reads a draft, and hands it on or puts it aside.
    #[inline]
    pub(super) fn take(&mut self, draft: &Draft<'_>, part: &[u8], message: &Message<'_>, batch: &mut Batch) {
        match self.reading(draft, message.arrived) {
            Ok(reading) => batch.readings.push(reading),
            Err(wrong) => self.refuse(wrong, part, message, batch),
        }
    }

    #[inline]
    fn reading(&mut self, draft: &Draft<'_>, arrived: Time) -> Result<Measurement, Wrong> {
        let at = match draft.target {
            Some(at) => at,
            None => self.target(draft.machine, draft.sensor, draft.unit)?,
        };
        let time = time_of(draft.time, arrived)?;
        let quality = quality_of(draft.quality)?;
        let target = &mut self.targets[at];
        let value = if target.is_mode { mode_of(draft.value)? } else { number_of(draft.value, quality)? };
        let value = match draft.unit {
            None => target.usual.map_or(value, |conversion| conversion.of(value)),
            Some(unit) => target.convert(value, unit)?,
        };
        let measurement = Measurement { channel: target.channel, time, value, quality };
        if value.is_finite() {
            Ok(measurement)
        } else {
            Ok(Measurement { value: f64::NAN, quality: Quality::Bad, ..measurement })
        }
    }

    /// Where a source's name leads; only what leads somewhere is remembered.
    pub(super) fn target(
        &mut self,
        machine: Option<&str>,
        sensor: Option<&str>,
        unit: Option<&str>,
    ) -> Result<usize, Wrong> {
        self.room.clear();
        self.room.push_str(machine.unwrap_or_default());
        if let Some(sensor) = sensor {
            if machine.is_some() {
                self.room.push('/');
            }
            self.room.push_str(sensor);
        }
        if let Some(at) = self.known.get(self.room.as_str()) {
            return Ok(*at);
        }
        let name = std::mem::take(&mut self.room);
        let found = self.search(&name, machine, sensor, unit);
        self.room = name;
        let at = found?;
        if self.known.len() < MOST_KNOWN && self.room.len() <= LONGEST_KNOWN {
            self.known.insert(self.room.clone(), at);
        }
        Ok(at)
    }

    /// The same for a name that was met before, without looking for it.
    pub(super) fn known_target(&self, machine: Option<&str>, sensor: &str) -> Option<usize> {
        match machine {
            Some(machine) => self.known.get(&format!("{machine}/{sensor}")).copied(),
            None => self.known.get(sensor).copied(),
        }
    }

    fn search(
        &mut self,
        name: &str,
        machine: Option<&str>,
        sensor: Option<&str>,
        unit: Option<&str>,
    ) -> Result<usize, Wrong> {
        if name.len() > LONGEST_NAME {
            return Err((Reason::WrongName, format!("the name is longer than {LONGEST_NAME} bytes")));
        }
        let (machine, item) = match self.names.find(name) {
            Some(ours) => ours,
            None => {
                let machine = machine.ok_or_else(|| (Reason::UnknownMachine, "no machine is named".to_owned()))?;
                let sensor = sensor.ok_or_else(|| (Reason::UnknownSensor, "no sensor is named".to_owned()))?;
                (machine.to_owned(), sensor.to_owned())
            }
        };
        names::check("machine", &machine)?;
        names::check("sensor", &item)?;
        let channel = match self.directory.find(&machine, &item) {
            Found::Channel(channel) => channel,
            found if !self.register => return Err(unknown(found, &machine, &item)),
            _ => {
                let unit = unit.or(self.units.get(&item).map(String::as_str)).unwrap_or_default();
                let name = ChannelName { machine: machine.clone(), item: item.clone() };
                let channel = self.directory.register(&name, super::tally::beginning(unit, 64));
                channel.ok_or_else(|| {
                    (Reason::UnknownSensor, "no more names are registered: there are too many".to_owned())
                })?
            }
        };
        self.add(channel, &item)
    }

    fn add(&mut self, channel: Channel, item: &str) -> Result<usize, Wrong> {
        let unit = self.directory.unit(channel);
        let usual = match self.units.get(item) {
            Some(theirs) => Some(conversion(theirs, &unit)?),
            None => None,
        };
        if let Some(at) = self.targets.iter().rposition(|target| target.channel == channel) {
            return Ok(at);
        }
        self.targets.push(Target { channel, is_mode: item == "mode", unit, usual: usual.flatten(), named: None });
        Ok(self.targets.len() - 1)
    }

    /// Whether a machine of this name is known, by our names or by the source's.
    pub(super) fn knows(&self, machine: &str, sensor: &str) -> bool {
        self.directory.find(machine, sensor) != Found::UnknownMachine
            || (!self.names.is_empty() && self.names.find(&format!("{machine}/{sensor}")).is_some())
    }
}

fn unknown(found: Found, machine: &str, item: &str) -> Wrong {
    match found {
        Found::UnknownSensor => (Reason::UnknownSensor, format!("machine `{machine}` has no sensor `{item}`")),
        _ => (Reason::UnknownMachine, format!("there is no machine `{machine}`")),
    }
}

/// A channel without a unit takes values as they are.
fn conversion(from: &str, to: &str) -> Result<Option<Conversion>, Wrong> {
    if to.is_empty() {
        return Ok(None);
    }
    let wrong = || (Reason::WrongUnit, format!("`{}` cannot be converted into `{to}`", from.escape_debug()));
    units::conversion(from, to).map(Some).ok_or_else(wrong)
}

impl Target {
    #[inline]
    fn convert(&mut self, value: f64, unit: &str) -> Result<f64, Wrong> {
        if unit == self.unit {
            return Ok(value);
        }
        if self.named.as_ref().is_none_or(|(named, _)| named != unit) {
            self.named = Some((unit.to_owned(), conversion(unit, &self.unit)?));
        }
        Ok(match &self.named {
            Some((_, Some(conversion))) => conversion.of(value),
            _ => value,
        })
    }
}
