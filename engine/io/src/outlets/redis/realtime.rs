//! The newest readings: a sorted set for each sensor of each machine, scored by milliseconds.
//!
//! A member is `{"timestamp_ms":1767225600000,"value":2.31,"quality":"good","seq":17}`: the value is null where there is
//! none, `seq` numbers the readings of a machine and keeps two readings apart that say the same at the same time, and
//! an instant between two milliseconds also stands as `timestamp_ns`. Readings of one set go together, and then the
//! set is cut and its time to live begins anew. This file makes commands; it never sends any.

use super::super::Manifest;
use crate::numerals::{self, Numerals};
use crate::textbuffer::ROOM;
use ::redis::{Cmd, Pipeline};
use std::ops::Range;
use twinwright_model::{Parcel, Time};

const MILLI: i64 = 1_000_000;
/// Bounds of one load: the server works it off in a few milliseconds.
const COMMANDS: usize = 1_000;
const BYTES: usize = 256 * 1024;
/// Members of one command.
const MEMBERS: usize = 500;

#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Time to live.
    pub(super) seconds: u64,
    /// Newest members that stay.
    pub(super) keep: u64,
}

/// Commands that go together, and the readings that they hold, by the order of [`Realtime::sort`].
pub(super) struct Load {
    pub(super) commands: Pipeline,
    pub(super) readings: Range<usize>,
}

pub(super) struct Realtime {
    machines: Vec<String>,
    sensors: Vec<(String, Numerals)>,
    bounds: Bounds,
    /// The rows of the parcel at hand, those of one set side by side.
    order: Vec<(u64, u32)>,
    member: Vec<u8>,
}

impl Realtime {
    pub(super) fn new(manifest: &Manifest, bounds: Bounds) -> Realtime {
        Realtime {
            machines: manifest.machines.iter().map(|machine| machine.id.clone()).collect(),
            sensors: manifest.sensors.iter().map(|s| (s.name.clone(), Numerals::default())).collect(),
            bounds,
            order: Vec::new(),
            member: Vec::new(),
        }
    }

    /// Orders the rows of a parcel by their sets.
    pub(super) fn sort(&mut self, parcel: &Parcel) {
        let set = |row: usize| u64::from(parcel.machine[row]) << 32 | u64::from(parcel.sensor[row]);
        self.order.clear();
        self.order.extend((0..parcel.len()).map(|row| (set(row), row as u32)));
        self.order.sort_unstable();
    }

    /// The commands for the readings from `from` on, as many as go together; none at the end of the parcel.
    pub(super) fn load(&mut self, parcel: &Parcel, from: usize) -> Option<Load> {
        if from >= self.order.len() {
            return None;
        }
        let mut commands = Pipeline::new();
        let (mut at, mut bytes) = (from, 0);
        while at < self.order.len() && commands.len() + 3 <= COMMANDS && bytes < BYTES {
            let set = self.order[at].0;
            let same = self.order[at..].iter().take(MEMBERS).take_while(|(other, _)| *other == set).count();
            let key = self.key(set);
            let mut add = Cmd::with_capacity(2 + 2 * same, 96 * same);
            add.arg("ZADD").arg(&key);
            for at in at..at + same {
                let row = self.order[at].1 as usize;
                add.arg(score(parcel.time[row])).arg(self.member(parcel, row));
                bytes += self.member.len() + 24;
            }
            commands.add_command(add).ignore();
            at += same;
            if self.order.get(at).is_none_or(|(next, _)| *next != set) {
                let oldest = -1 - i64::try_from(self.bounds.keep).unwrap_or(i64::MAX - 1);
                commands.cmd("ZREMRANGEBYRANK").arg(&key).arg(0).arg(oldest).ignore();
                commands.cmd("EXPIRE").arg(&key).arg(self.bounds.seconds).ignore();
            }
        }
        Some(Load { commands, readings: from..at })
    }

    fn key(&self, set: u64) -> String {
        let machine = self.machines.get((set >> 32) as usize).map_or("", String::as_str);
        let sensor = self.sensors.get(set as u32 as usize).map_or("", |(name, _)| name.as_str());
        format!("realtime:{machine}:{sensor}")
    }

    fn member(&mut self, parcel: &Parcel, row: usize) -> &[u8] {
        let mut digits = [0; ROOM];
        let time = parcel.time[row].0;
        self.member.clear();
        self.member.extend_from_slice(b"{\"timestamp_ms\":");
        let length = numerals::whole(time.div_euclid(MILLI), &mut digits);
        self.member.extend_from_slice(&digits[..length]);
        if time.rem_euclid(MILLI) != 0 {
            self.member.extend_from_slice(b",\"timestamp_ns\":");
            let length = numerals::whole(time, &mut digits);
            self.member.extend_from_slice(&digits[..length]);
        }
        self.member.extend_from_slice(b",\"value\":");
        let (value, quality) = (parcel.value[row], parcel.quality(row));
        match self.sensors.get_mut(parcel.sensor[row] as usize) {
            Some((_, numerals)) if value.is_finite() && quality.has_value() => {
                let length = numerals.single(value, &mut digits);
                self.member.extend_from_slice(&digits[..length]);
            }
            _ => self.member.extend_from_slice(b"null"),
        }
        self.member.extend_from_slice(b",\"quality\":\"");
        self.member.extend_from_slice(quality.word().as_bytes());
        self.member.push(b'"');
        if let Some(&seq) = parcel.seq.get(row) {
            self.member.extend_from_slice(b",\"seq\":");
            let length = numerals::whole(seq, &mut digits);
            self.member.extend_from_slice(&digits[..length]);
        }
        self.member.push(b'}');
        &self.member
    }
}

/// Milliseconds; with a fraction where the instant has one, as near as a score can be.
fn score(time: Time) -> f64 {
    time.0.div_euclid(MILLI) as f64 + time.0.rem_euclid(MILLI) as f64 / MILLI as f64
}
