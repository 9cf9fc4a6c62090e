//! When faults start and end: by the clock, or again and again by draws that are addressed by occurrence.

use super::{Arrival, FaultPlan, Target};
use crate::dice::{Dice, Stream};
use crate::files::numbers::Draw;
use crate::plan::Plan;
use crate::world::agenda::Deed;
use crate::world::{Agenda, Envelope, Roster};

/// Sub-addresses of one occurrence of a fault.
const GAP: u64 = 0;
const SHAPE: u64 = 1;
const SIZE: u64 = 2;

fn address(occurrence: u32, what: u64) -> u64 {
    (u64::from(occurrence) << 2) | what
}

/// Puts the first occurrence of every fault on the agenda.
pub fn plan_first_faults(plan: &Plan, roster: &Roster, agenda: &mut Agenda) {
    for (index, fault) in plan.faults.iter().enumerate() {
        for future in roster.first_future..roster.first_future + roster.futures {
            for target in &fault.targets {
                let Some(local) = roster.local(future, target.machine) else { continue };
                let dice = Dice::of(plan.seed, u64::from(future), &plan.machines[target.machine as usize].id);
                let (tick, due) = first_start(fault, &dice, plan);
                agenda.add(tick, local, Deed::StartFault { fault: index as u32, occurrence: 0, due });
            }
        }
    }
}

/// When a fault starts for the first time, as a tick and in nanoseconds.
fn first_start(fault: &FaultPlan, dice: &Dice, plan: &Plan) -> (u32, i64) {
    let due = match fault.arrival {
        Arrival::Once(nanos) => nanos,
        Arrival::Every(_) => gap(fault, dice, 0).unwrap_or(i64::MAX),
    };
    (plan.tick_after(due as f64), due)
}

/// Nanoseconds from one start to the next; None for what comes only once.
pub fn gap(fault: &FaultPlan, dice: &Dice, occurrence: u32) -> Option<i64> {
    let Arrival::Every(draw) = &fault.arrival else { return None };
    Some(dice.stream(fault.purpose, address(occurrence, GAP)).draw(draw).max(1.0) as i64)
}

/// When the next occurrence starts, as a tick and in nanoseconds: counted from when this one was due, so that rounding
/// to ticks does not add up, but not before this one has ended.
pub fn next_start(due: i64, gap: i64, end: u32, plan: &Plan) -> (u32, i64) {
    let due = due.saturating_add(gap);
    match plan.tick_after(due as f64) {
        tick if tick < end => (end, i64::from(end).saturating_mul(plan.tick.0)),
        tick => (tick, due),
    }
}

/// How one occurrence rises, holds and falls.
pub fn envelope(fault: &FaultPlan, dice: &Dice, occurrence: u32, start: u32, tick_nanos: i64) -> Envelope {
    let mut luck = dice.stream(fault.purpose, address(occurrence, SHAPE));
    let mut time = |draw: &Option<Draw>| draw.as_ref().map(|draw| luck.draw(draw).max(0.0));
    let (lasts, ramp, hold, decay) = (time(&fault.lasts), time(&fault.ramp), time(&fault.hold), time(&fault.decay));
    let (ramp, decay) = (ramp.unwrap_or(0.0), decay.unwrap_or(0.0));
    let lasts = match (lasts, hold, fault.kind.name) {
        (Some(lasts), _, _) => lasts,
        (None, Some(hold), _) => ramp + hold + decay,
        // A spike is one sample unless it is told otherwise; a step of wear has no length at all.
        (None, None, "spike" | "wear") => (ramp + decay).max(tick_nanos as f64),
        (None, None, _) if decay > 0.0 => ramp + decay,
        (None, None, _) => f64::INFINITY,
    };
    Envelope { start, ramp, decay, lasts }
}

/// The first tick without the fault.
pub fn end_tick(envelope: &Envelope, plan: &Plan) -> u32 {
    if envelope.lasts.is_infinite() {
        return u32::MAX;
    }
    envelope.start.saturating_add(plan.tick_after(envelope.lasts).max(1))
}

/// The size of one occurrence.
pub fn size(draw: &Draw, fault: &FaultPlan, dice: &Dice, occurrence: u32) -> f64 {
    size_luck(fault, dice, occurrence).draw(draw)
}

/// The luck of one occurrence's size, for what has more than one number.
pub fn size_luck(fault: &FaultPlan, dice: &Dice, occurrence: u32) -> Stream {
    dice.stream(fault.purpose, address(occurrence, SIZE))
}

/// One occurrence of a fault on a machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Occurrence {
    pub number: u32,
    pub envelope: Envelope,
    /// The first tick without it.
    pub end: u32,
}

/// The occurrences of a fault on one machine, one after another, for whoever follows a world without being in it: to
/// the tick the same that the agenda starts and ends.
#[derive(Debug, Clone)]
pub struct Occurrences {
    dice: Dice,
    number: u32,
    tick: u32,
    due: i64,
}

impl Occurrences {
    pub fn of(fault: &FaultPlan, dice: Dice, plan: &Plan) -> Occurrences {
        let (tick, due) = first_start(fault, &dice, plan);
        Occurrences { dice, number: 0, tick, due }
    }

    pub fn dice(&self) -> &Dice {
        &self.dice
    }

    /// The first one that starts after a tick: its tick, number and the instant it is due, in nanoseconds.
    pub fn upcoming(mut self, fault: &FaultPlan, plan: &Plan, after: u32) -> Option<(u32, u32, i64)> {
        while self.tick <= after {
            self.next(fault, plan)?;
        }
        Some((self.tick, self.number, self.due))
    }

    /// The next one that starts before the scenario ends.
    pub fn next(&mut self, fault: &FaultPlan, plan: &Plan) -> Option<Occurrence> {
        if self.tick > plan.ticks || self.tick == u32::MAX {
            return None;
        }
        let envelope = envelope(fault, &self.dice, self.number, self.tick, plan.tick.0);
        let this = Occurrence { number: self.number, envelope, end: end_tick(&envelope, plan) };
        self.number += 1;
        (self.tick, self.due) = match gap(fault, &self.dice, self.number) {
            Some(gap) => next_start(self.due, gap, this.end, plan),
            None => (u32::MAX, i64::MAX),
        };
        Some(this)
    }
}

/// Where a fault acts on a machine; its targets are in order.
pub fn target_on(fault: &FaultPlan, machine: u32) -> Option<&Target> {
    let place = fault.targets.binary_search_by_key(&machine, |target| target.machine).ok()?;
    fault.targets.get(place)
}
