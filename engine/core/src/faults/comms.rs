//! What comms faults do to a reading on its way: to its stamp and quality, whether, when and how often it arrives.
//!
//! A fault's numbers are drawn once an occurrence, the luck of each reading is addressed by its sensor and instant, so
//! the same readings are hit in every outlet, at any pace. Nothing here keeps or orders anything: that is the courier's.

use super::{Effect, FaultPlan, schedule};
use crate::dice::Dice;
use crate::files::numbers::Draw;
use crate::files::units;
use crate::plan::Plan;
use crate::world::Envelope;
use serde_json::{Value as Json, json};
use twinwright_model::{Span, Time};

/// What a comms fault does. `L` is a length of time and `P` a part of the readings: distributions in a plan, numbers in
/// one occurrence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Comms<L, P> {
    /// Readings arrive this much later.
    Late(L),
    /// Time stamps are off by this.
    Skew(L),
    /// Time stamps jump by this, at once and back at once.
    StepClock(L),
    /// This part comes twice.
    Duplicate(P),
    /// This part is overtaken by a later reading of its sensor.
    Reorder(P),
    /// This part is lost.
    Gap(P),
    /// The line drops every so often and brings it all when it is back.
    Storm {
        every: L,
        down: L,
    },
    BadQuality,
    FrozenTime,
}

impl Comms<Draw, Draw> {
    /// The numbers of one occurrence.
    pub fn drawn(&self, fault: &FaultPlan, dice: &Dice, occurrence: u32) -> Comms<Span, f64> {
        let mut luck = schedule::size_luck(fault, dice, occurrence);
        let mut span = |draw: &Draw| match draw.fixed() {
            Some(nanos) => Span(nanos as i64),
            None => whole(luck.draw(draw)),
        };
        let part = |draw: &Draw| schedule::size(draw, fault, dice, occurrence).clamp(0.0, 1.0);
        match self {
            Comms::Late(by) => Comms::Late(span(by).max(Span::ZERO)),
            Comms::Skew(by) => Comms::Skew(span(by)),
            Comms::StepClock(by) => Comms::StepClock(span(by)),
            Comms::Duplicate(rate) => Comms::Duplicate(part(rate)),
            Comms::Reorder(rate) => Comms::Reorder(part(rate)),
            Comms::Gap(rate) => Comms::Gap(part(rate)),
            Comms::Storm { every, down } => {
                let every = span(every).max(Span(1));
                Comms::Storm { every, down: span(down).clamp(Span::ZERO, every) }
            }
            Comms::BadQuality => Comms::BadQuality,
            Comms::FrozenTime => Comms::FrozenTime,
        }
    }
}

impl Comms<Span, f64> {
    /// The numbers as labels say them.
    pub fn said(&self) -> Vec<(String, Json)> {
        let said = match self {
            Comms::Late(by) | Comms::Skew(by) | Comms::StepClock(by) => vec![("by", exact(*by))],
            Comms::Duplicate(rate) | Comms::Reorder(rate) | Comms::Gap(rate) => vec![("rate", json!(rate))],
            Comms::Storm { every, down } => vec![("every", exact(*every)), ("down", exact(*down))],
            Comms::BadQuality | Comms::FrozenTime => Vec::new(),
        };
        said.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// The step of times that nobody wrote down, drawn or on a ramp: wires that carry milliseconds carry them whole.
const STEP: i64 = 1_000_000;

/// To the nearest step. A conversion to whole numbers never fails: it ends at the limits, and NaN is 0.
fn whole(nanos: f64) -> Span {
    Span(((nanos / STEP as f64).round() as i64).saturating_mul(STEP))
}

/// All stamps that comms faults put in the place of true ones differ from these by multiples of this span; None when
/// no fault changes stamps.
pub fn stamp_step(plan: &Plan) -> Option<Span> {
    let steps = plan.faults.iter().filter_map(|fault| match &fault.effect {
        Effect::Comms(Comms::Skew(by)) if fault.ramp.is_some() || fault.decay.is_some() => {
            Some(by.fixed().map_or(STEP, |nanos| gcd(nanos as i64, STEP)))
        }
        Effect::Comms(Comms::Skew(by) | Comms::StepClock(by)) => Some(by.fixed().map_or(STEP, |nanos| nanos as i64)),
        _ => None,
    });
    steps.filter(|step| *step != 0).reduce(gcd).map(|step| Span(step.saturating_abs()))
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a.saturating_abs() } else { gcd(b, a.checked_rem(b).unwrap_or(0)) }
}

/// A span as a person would say it where that says all of it, else in seconds to the last nanosecond.
fn exact(span: Span) -> Json {
    let text = span.to_string();
    let words: Vec<&str> = text.split(' ').collect();
    let said = words.chunks(2).map(|word| units::parse_span(&word.join(" ")).map_or(0, |span| span.0)).sum::<i64>();
    if said == span.0 {
        return json!(text);
    }
    let (sign, nanos) = (if span.0 < 0 { "-" } else { "" }, span.0.unsigned_abs());
    json!(format!("{sign}{}.{:09} s", nanos / 1_000_000_000, nanos % 1_000_000_000))
}

/// One occurrence at work on one machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spell {
    pub comms: Comms<Span, f64>,
    pub envelope: Envelope,
    pub start: Time,
    /// The first instant without it; the last one there is when it lasts to the end.
    pub end: Time,
}

/// What becomes of one reading, all faults together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fate {
    /// Nanoseconds by which its stamp is off.
    pub shift: i64,
    pub frozen: bool,
    pub bad: bool,
    pub lost: bool,
    /// How often it comes again.
    pub copies: u32,
    /// Nanoseconds by which it arrives later.
    pub delay: i64,
    pub held_back: bool,
}

impl Spell {
    /// Adds what this fault does to a reading made at `time`; `luck` is the reading's, from 0 to below 1.
    pub fn strike(&self, time: Time, luck: impl FnOnce() -> f64, fate: &mut Fate) {
        let since = time.0.saturating_sub(self.start.0);
        let level = self.envelope.level(since as f64).max(0.0);
        let part = |span: Span| if level < 1.0 { whole(span.0 as f64 * level).0 } else { span.0 };
        match self.comms {
            Comms::Late(by) => fate.delay = fate.delay.saturating_add(part(by)),
            Comms::Skew(by) => fate.shift = fate.shift.saturating_add(part(by)),
            Comms::StepClock(by) => fate.shift = fate.shift.saturating_add(by.0),
            Comms::Gap(rate) => fate.lost |= luck() < rate * level,
            Comms::Duplicate(rate) => fate.copies += u32::from(luck() < rate * level),
            Comms::Reorder(rate) => fate.held_back |= luck() < rate * level,
            Comms::Storm { every, down } => {
                // The line drops first at the start, and is back at the latest when the fault is over.
                let wait = down.0 - since % every.0;
                fate.delay = fate.delay.saturating_add(wait.clamp(0, self.end.0.saturating_sub(time.0)));
            }
            Comms::BadQuality => fate.bad = true,
            Comms::FrozenTime => fate.frozen = true,
        }
    }
}
