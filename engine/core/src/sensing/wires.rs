//! Crossed wires: sensors that were swapped on purpose read each other's values.
//!
//! Between two ticks a panel holds what its rows said, crossed or not. So that a sensor which is not sampled now still
//! hands on what it last read itself, wires are put straight before sensing and crossed again after it. Only machines
//! with a swap are touched: nobody else's readings may depend on it.

use super::panel::Panel;
use crate::plan::Plan;
use crate::world::{Between, Blackboard, Course, FaultBoard, LaneAct, Machine, Panels};

/// A sensor's place: panel and lane.
type Place = (usize, usize);

/// A value with the code of its quality.
type Reading = (f32, u8);

/// Swapped pairs of a machine, each once though it stands on the board from either end.
fn pairs(board: &FaultBoard, local: u32, started_before: u32) -> Vec<(Place, Place)> {
    let panels = board.lanes.range((local, 0)..=(local, u8::MAX));
    let faults = panels.flat_map(|((_, panel), faults)| faults.iter().map(move |fault| (*panel, fault)));
    let swaps = faults.filter(|(_, fault)| fault.envelope.start < started_before).filter_map(|(panel, fault)| {
        let LaneAct::Swap(other_panel, other_lane) = fault.act else { return None };
        let (a, b) = ((panel as usize, fault.lane as usize), (other_panel as usize, other_lane as usize));
        (a < b).then_some((a, b))
    });
    swaps.collect()
}

/// Gives every sensor its own last reading back. A swap that starts at this tick has crossed nothing yet.
pub fn straighten<'a>(board: &FaultBoard, tick: u32, machines: impl Iterator<Item = (&'a Machine, &'a mut Panels)>) {
    for (machine, panels) in machines {
        for (a, b) in pairs(board, machine.local, tick).into_iter().rev() {
            panels.exchange(a, b);
        }
    }
}

/// Crosses the readings that were just taken, in rows, between ticks, and for the limits.
pub fn cross<'a>(
    course: &Course,
    blackboard: &mut Blackboard,
    machines: impl Iterator<Item = (&'a Machine, &'a mut Panels)>,
) {
    let Blackboard { board, hot, between, .. } = blackboard;
    for (machine, panels) in machines {
        let local = machine.local;
        let pairs = pairs(board, local, u32::MAX);
        for &(a, b) in &pairs {
            cross_pair(local, &mut panels.0, between, a, b);
        }
        if pairs.is_empty() {
            continue;
        }
        for hot in hot.iter_mut().filter(|hot| hot.local == local) {
            let part = part_of(&course.plan, machine.model, hot.panel, hot.after);
            let found = between.iter().find(|b| (b.local, b.panel, b.part) == (local, hot.panel, part));
            let panel = &panels.0[hot.panel as usize];
            (hot.measured, hot.quality) =
                found.map_or((panel.measured, panel.quality), |between| (between.measured, between.quality));
        }
    }
}

/// Which sampling of a tick lies so many nanoseconds after it.
fn part_of(plan: &Plan, model: u32, panel: u8, after: i64) -> u32 {
    let per_tick = i64::from(plan.models[model as usize].panels[panel as usize].per_tick);
    (after / (plan.tick.0 / per_tick).max(1)) as u32
}

fn cross_pair(local: u32, panels: &mut [Panel], between: &mut [Between], a: Place, b: Place) {
    let at_tick = (reading_at(panels, between, local, a, 0), reading_at(panels, between, local, b, 0));
    let parts = between.iter().filter(|between| between.local == local).map(|between| between.part + 1).max();
    for part in 0..parts.unwrap_or(0) {
        let first = reading_at(panels, between, local, a, part);
        let second = reading_at(panels, between, local, b, part);
        put_between(between, (local, part), a, second);
        put_between(between, (local, part), b, first);
    }
    put(panels, a, at_tick.1);
    put(panels, b, at_tick.0);
}

/// What a sensor read at a sampling within the tick, or last.
fn reading_at(panels: &[Panel], between: &[Between], local: u32, place: Place, part: u32) -> Reading {
    let found = between.iter().find(|b| (b.local, b.panel as usize, b.part) == (local, place.0, part));
    found.map_or_else(|| of_panel(panels, place), |found| (found.measured[place.1], found.quality[place.1]))
}

fn put_between(between: &mut [Between], (local, part): (u32, u32), place: Place, reading: Reading) {
    let found = between.iter_mut().find(|b| (b.local, b.panel as usize, b.part) == (local, place.0, part));
    if let Some(found) = found {
        (found.measured[place.1], found.quality[place.1]) = reading;
    }
}

fn of_panel(panels: &[Panel], (panel, lane): Place) -> Reading {
    (panels[panel].measured[lane], panels[panel].quality[lane])
}

fn put(panels: &mut [Panel], (panel, lane): Place, reading: Reading) {
    (panels[panel].measured[lane], panels[panel].quality[lane]) = reading;
}
