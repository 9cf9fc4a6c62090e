//! When faults start and end: by the clock, or again and again by draws that are addressed by occurrence.

use super::{Arrival, FaultPlan, Target};
use crate::dice::Dice;
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
                let due = match fault.arrival {
                    Arrival::Once(nanos) => nanos,
                    Arrival::Every(_) => gap(fault, &dice, 0).unwrap_or(i64::MAX),
                };
                let tick = plan.tick_after(due as f64);
                agenda.add(tick, local, Deed::StartFault { fault: index as u32, occurrence: 0, due });
            }
        }
    }
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
    dice.stream(fault.purpose, address(occurrence, SIZE)).draw(draw)
}

/// Where a fault acts on a machine; its targets are in order.
pub fn target_on(fault: &FaultPlan, machine: u32) -> Option<&Target> {
    let place = fault.targets.binary_search_by_key(&machine, |target| target.machine).ok()?;
    fault.targets.get(place)
}
