//! What a changed plan has in store for a machine from a tick on: acts, faults and upkeep that have not begun.
//!
//! All from the same addresses as if the plan had run from its start; what would have come before is not made up for.

use super::MachineState;
use super::kinship::Kinship;
use crate::faults::schedule::{Occurrences, target_on};
use crate::maintenance::Policy;
use crate::maintenance::work::plan_first_works;
use crate::plan::Plan;
use crate::world::agenda::Deed;
use crate::world::{Agenda, Machine, Run};
use std::collections::BTreeSet;

/// Adds to a carried machine's agenda what the plan brings after `tick`.
pub fn plan_afresh(kin: &Kinship, plan: &Plan, machine: &Machine, tick: u32, state: &mut MachineState) {
    for (index, action) in plan.script.actions.iter().enumerate() {
        let due = action.tick.and_then(|due| u32::try_from(due).ok()).filter(|due| *due > tick);
        if let Some(due) = due.filter(|_| action.machines.contains(&machine.machine)) {
            state.agenda.push((due, Deed::Act { action: index as u32, occurrence: 0 }));
        }
    }
    let known: BTreeSet<u32> = state.agenda.iter().filter_map(|(_, deed)| starts(*deed)).collect();
    let over = kin.faults_that_came(machine.machine);
    for (index, fault) in plan.faults.iter().enumerate() {
        let index = index as u32;
        if target_on(fault, machine.machine).is_none() || known.contains(&index) || over.contains(&index) {
            continue;
        }
        let next = Occurrences::of(fault, machine.dice, plan).upcoming(fault, plan, tick);
        if let Some((due_tick, occurrence, due)) = next {
            state.agenda.push((due_tick, Deed::StartFault { fault: index, occurrence, due }));
        }
    }
    if !kin.same_upkeep {
        plan_upkeep(plan, machine, tick, state);
    }
    state.agenda.retain(|(due, _)| *due < u32::MAX);
    state.agenda.sort_unstable();
}

fn starts(deed: Deed) -> Option<u32> {
    match deed {
        Deed::StartFault { fault, .. } => Some(fault),
        _ => None,
    }
}

/// The first look or work of the new policy: at its own time, or at once when that has passed.
fn plan_upkeep(plan: &Plan, machine: &Machine, tick: u32, state: &mut MachineState) {
    let mut agenda = Agenda::default();
    plan_first_works(plan, &[Run { model: machine.model, start: 0, end: 1 }], &mut agenda);
    for due in agenda.all() {
        let due_tick = match plan.maintenance.policy {
            // Rounds stay where they are in the calendar.
            Policy::Calendar { every } if due.tick <= tick => {
                let rounds = (f64::from(tick) * plan.tick.0 as f64 / every).floor() + 1.0;
                plan.tick_after(rounds * every).max(tick + 1)
            }
            _ => due.tick.max(tick + 1),
        };
        state.agenda.push((due_tick, due.deed));
    }
}
