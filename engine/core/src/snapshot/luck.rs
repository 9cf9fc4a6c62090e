//! Luck of its own for a future that starts from another one's state: what has not shown yet is drawn again, given that
//! it has not come so far.
//!
//! Paths of wear and of walks need nothing: their next draws are addressed by the future. What was drawn ahead does: the
//! hidden life of a weibull wear, the gap to the next shock, the next start of a fault.

use super::MachineState;
use crate::dice::{Dice, Purpose, Stream};
use crate::faults::{Arrival, FaultPlan, schedule};
use crate::files::numbers::Draw;
use crate::plan::Plan;
use crate::world::Machine;
use crate::world::agenda::Deed;

/// Draws of a gap that are tried to find one that is longer than what has passed.
const MOST_TRIES: u32 = 10_000;

/// Lets a state, taken in future `from`, go its own way in the future of `machine`.
pub fn part_ways(plan: &Plan, machine: &Machine, from: u32, tick: u32, state: &mut MachineState) {
    let model = &plan.models[machine.model as usize];
    for (wear, of) in state.wears.0.iter_mut().zip(&model.wears) {
        wear.part_ways(of, &machine.dice, tick, plan.tick.0 as f64);
    }
    let before = Dice::of(plan.seed, u64::from(from), &plan.machines[machine.machine as usize].id);
    let began: Vec<(u32, u32, i64)> = state
        .faults
        .iter()
        .map(|fault| (fault.fault, fault.occurrence, i64::from(fault.envelope.start).saturating_mul(plan.tick.0)))
        .collect();
    let ends: Vec<(u32, u32, u32)> = state
        .agenda
        .iter()
        .filter_map(|&(tick, deed)| match deed {
            Deed::EndFault { fault, occurrence } => Some((fault, occurrence, tick)),
            _ => None,
        })
        .collect();
    for (due_tick, deed) in &mut state.agenda {
        let Deed::StartFault { fault: index, occurrence, due } = deed else { continue };
        let fault = &plan.faults[*index as usize];
        let Some(gap) = schedule::gap(fault, &before, *occurrence) else { continue };
        let last = occurrence.wrapping_sub(1);
        let since =
            began.iter().find(|one| (one.0, one.1) == (*index, last)).map_or(due.saturating_sub(gap), |one| one.2);
        let end = ends.iter().find(|one| (one.0, one.1) == (*index, last)).map_or(0, |one| one.2);
        let age = i64::from(tick).saturating_mul(plan.tick.0).saturating_sub(since);
        let purpose = Purpose::named(&format!("fork.fault.{}", fault.name));
        let mut luck = machine.dice.stream(purpose, u64::from(*occurrence));
        let Some(gap) = longer_gap(fault, age.max(0) as f64, &mut luck) else { continue };
        (*due_tick, *due) = schedule::next_start(since, gap, end.max(tick + 1), plan);
    }
    state.agenda.sort_unstable();
}

/// A gap of a fault, given that it is longer than `age`. None where the gap is no draw.
fn longer_gap(fault: &FaultPlan, age: f64, luck: &mut Stream) -> Option<i64> {
    let Arrival::Every(draw) = &fault.arrival else { return None };
    let gap = match draw {
        Draw::Fixed(_) => return None,
        // What has no memory begins again.
        Draw::Exponential(mean) => age + luck.exponential(*mean),
        _ => (0..MOST_TRIES).map(|_| luck.draw(draw)).find(|gap| *gap > age).unwrap_or(age),
    };
    Some(gap.max(1.0) as i64)
}
