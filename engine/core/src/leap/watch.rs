//! Conditions of maintenance that need no look at every tick: one wear against a number.

use crate::expression::{Binary, Bound};
use crate::maintenance::{Policy, Sign, Source, Watched};
use crate::plan::Plan;
use crate::wear::ahead::Level;

/// A wear and the level from which planned work is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Watch {
    pub wear: u8,
    pub level: Level,
    /// From the condition to the work, in nanoseconds.
    pub delay: f64,
}

impl Watch {
    /// What is watched on machines of a model: nothing, one level, or something that only stepping can follow.
    pub fn of(plan: &Plan, model: u32) -> Result<Option<Watch>, String> {
        let Policy::Condition { when, delay } = &plan.maintenance.policy else { return Ok(None) };
        match when.get(&model).map(Vec::as_slice) {
            None | Some([]) => Ok(None),
            Some([watched]) => match level_of(watched) {
                Some((wear, level)) => Ok(Some(Watch { wear, level, delay: *delay })),
                None => Err("its maintenance condition is more than one wear against a number".to_owned()),
            },
            Some(_) => Err("it has several maintenance conditions".to_owned()),
        }
    }
}

fn level_of(watched: &Watched) -> Option<(u8, Level)> {
    let Bound::Binary(operation, sides) = &watched.bound else { return None };
    let (slot, number, above) = match (operation, &sides[0], &sides[1]) {
        (Binary::Greater, Bound::Slot(slot), Bound::Number(number)) => (slot, number, true),
        (Binary::GreaterEqual, Bound::Slot(slot), Bound::Number(number)) => (slot, number, false),
        (Binary::Less, Bound::Number(number), Bound::Slot(slot)) => (slot, number, true),
        (Binary::LessEqual, Bound::Number(number), Bound::Slot(slot)) => (slot, number, false),
        _ => return None,
    };
    match watched.reads.get(*slot as usize) {
        Some(Sign::Number(Source::Wear(wear))) => Some((*wear, Level { at: *number, above, at_nodes: false })),
        _ => None,
    }
}
