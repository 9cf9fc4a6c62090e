//! Intake: which tick hears a reading, and when a tick is over.
//!
//! A tick hears what its source stamped with a time up to it and after the tick before, in whatever order it came. It is over when
//! readings have come that are later by more than the reorder window; what comes after that is late and mends history only.
//! So the mirror hears the same whether a message came at once or lay in a broker while the engine was down. The host's
//! clock is told from outside, and moves time on only where nobody speaks.

mod courses;
mod skew;
#[cfg(test)]
mod tests;

pub use courses::{Courses, QUIET};
pub use skew::{Skew, SkewWatch};

use crate::site::{Clock, TimePlan};
use std::collections::BTreeMap;
use twinwright_model::journal::Heard;
use twinwright_model::live::{Measurement, Reason};
use twinwright_model::{Span, Time};

/// Readings that may wait for their tick; with more, time moves on without those that hold it.
const MOST_PENDING: usize = 2_000_000;

/// Readings on their way to their ticks.
#[derive(Debug, Clone)]
pub struct Intake {
    plan: TimePlan,
    start: Time,
    tick: Span,
    /// The first tick that is not over.
    open: u32,
    /// How far time has come.
    reached: Option<Time>,
    /// By tick, in order of arrival.
    pending: BTreeMap<u32, Vec<Measurement>>,
    waiting: usize,
}

/// What becomes of a reading.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The tick that hears it.
    Tick(u32),
    /// Its tick is over.
    Late,
    Refused(Reason, String),
}

impl Verdict {
    /// As the journal writes it; None when it is refused.
    pub fn heard(&self, measurement: Measurement) -> Option<Heard> {
        match self {
            Verdict::Tick(tick) => Some(Heard { tick: *tick, measurement }),
            Verdict::Late => Some(Heard { tick: Heard::LATE, measurement }),
            Verdict::Refused(..) => None,
        }
    }
}

/// What one tick hears.
#[derive(Debug, Clone, PartialEq)]
pub struct Due {
    pub tick: u32,
    /// By channel and time, each once.
    pub readings: Vec<Measurement>,
    /// Readings that had come before: the first one counts.
    pub repeated: usize,
}

impl Intake {
    pub fn new(plan: &TimePlan, start: Time, tick: Span) -> Intake {
        Intake { plan: plan.clone(), start, tick, open: 0, reached: None, pending: BTreeMap::new(), waiting: 0 }
    }

    /// Judges a reading that arrived at `arrived` by our clock, and keeps it for its tick.
    pub fn hear(&mut self, arrived: Time, reading: &Measurement) -> Verdict {
        if let Some(refused) = self.unbelievable(arrived, reading.time) {
            return refused;
        }
        match self.tick_of(reading.time) {
            Some(tick) if tick >= self.open && !self.is_over(tick) => {
                self.keep(tick, *reading);
                Verdict::Tick(tick)
            }
            _ => Verdict::Late,
        }
    }

    fn unbelievable(&self, arrived: Time, time: Time) -> Option<Verdict> {
        let ours = match self.plan.clock {
            Clock::Wall => {
                let ahead = time.0.saturating_sub(arrived.0);
                if ahead > self.plan.ahead.0 {
                    let what = format!("{time} is {} ahead of our clock", Span(ahead));
                    return Some(Verdict::Refused(Reason::Future, what));
                }
                arrived
            }
            Clock::Source => self.reached.unwrap_or(time),
        };
        let age = ours.0.saturating_sub(time.0);
        (age > self.plan.oldest.0).then(|| Verdict::Refused(Reason::TooOld, format!("{time} is {} ago", Span(age))))
    }

    fn keep(&mut self, tick: u32, reading: Measurement) {
        self.pending.entry(tick).or_default().push(reading);
        self.waiting += 1;
    }

    /// The tick that hears what happened at `time`; None before the start, and beyond the last tick that has a number.
    fn tick_of(&self, time: Time) -> Option<u32> {
        let nanos = time.0.checked_sub(self.start.0)?;
        let tick = nanos.div_euclid(self.tick.0) + i64::from(nanos.rem_euclid(self.tick.0) != 0);
        u32::try_from(tick).ok().filter(|tick| *tick < Heard::LATE)
    }

    /// Time has come to `reached`: ticks that end more than the reorder window before are over.
    pub fn reach(&mut self, reached: Time) {
        let reached = self.reached.map_or(reached, |before| before.max(reached));
        self.reached = Some(reached);
    }

    /// How far time has come.
    pub fn reached(&self) -> Option<Time> {
        self.reached
    }

    /// The next tick that is over, with what it hears.
    pub fn next_due(&mut self) -> Option<Due> {
        let crowded = self.waiting > MOST_PENDING;
        if !self.is_over(self.open) && !crowded {
            return None;
        }
        Some(self.close())
    }

    /// The open tick is over, whatever the time.
    pub fn close(&mut self) -> Due {
        let tick = self.open;
        self.open += 1;
        let mut readings = self.pending.remove(&tick).unwrap_or_default();
        self.waiting -= readings.len();
        let all = readings.len();
        // Stable: of two that claim the same instant the first to arrive stays, as in the store.
        readings.sort_by_key(|reading| (reading.channel, reading.time));
        readings.dedup_by_key(|reading| (reading.channel, reading.time));
        let repeated = all - readings.len();
        Due { tick, readings, repeated }
    }

    /// Whether time has gone on so far that nothing more is heard for this tick. It hangs on what was heard before and not
    /// on when somebody asks for what is due.
    fn is_over(&self, tick: u32) -> bool {
        let ends = self.time_of(tick).0.saturating_add(self.plan.reorder.0);
        self.reached.is_some_and(|reached| ends < reached.0)
    }

    /// The last tick that is over.
    pub fn closed(&self) -> Option<u32> {
        self.open.checked_sub(1)
    }

    /// The instant that a tick shows.
    pub fn time_of(&self, tick: u32) -> Time {
        Time(self.start.0.saturating_add(i64::from(tick).saturating_mul(self.tick.0)))
    }

    /// Readings that wait for their tick.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Puts back what the journal says was heard.
    pub fn recall(&mut self, heard: &Heard) {
        if heard.tick != Heard::LATE && heard.tick >= self.open {
            self.keep(heard.tick, heard.measurement);
        }
    }

    /// What waits for its tick, as bytes: a part of the state.
    pub fn save(&self) -> Vec<u8> {
        // Writing to memory fails only for types of unknown length, which these are not.
        postcard::to_allocvec(&(self.open, self.reached, self.pending())).unwrap_or_default()
    }

    /// What waits for its tick.
    pub fn pending(&self) -> Vec<Heard> {
        let of = |(&tick, readings): (&u32, &Vec<Measurement>)| {
            readings.iter().map(move |&measurement| Heard { tick, measurement }).collect::<Vec<_>>()
        };
        self.pending.iter().flat_map(of).collect()
    }

    /// Takes over what [`Intake::save`] wrote; None where the bytes are something else.
    pub fn restore(mut self, bytes: &[u8]) -> Option<Intake> {
        let (open, reached, waiting): (u32, Option<Time>, Vec<Heard>) = postcard::from_bytes(bytes).ok()?;
        (self.open, self.reached) = (open, reached);
        waiting.iter().for_each(|heard| self.recall(heard));
        Some(self)
    }

    /// Goes on at this tick: the ones before are over.
    pub fn resume(&mut self, open: u32) {
        let later = self.pending.split_off(&open);
        self.pending = later;
        self.waiting = self.pending.values().map(Vec::len).sum();
        self.open = open;
    }
}
