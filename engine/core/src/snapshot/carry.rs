//! Carrying a machine over to a changed plan: what it is stays, what is to come is planned anew.

use super::kinship::{KindMap, Kinship};
use super::{MachineState, PlantState};
use crate::economy::Meters;
use crate::plan::Model;
use crate::script::conditions::Standing;
use crate::sensing::Panel;
use crate::world::agenda::Deed;
use crate::world::board::LaneAct;
use crate::world::patches::{By, Patch};
use crate::world::{Down, Modes, Panels, Slots, Wears};

/// A machine as the new plan builds it, before its state is put on.
#[derive(Debug, Clone, Copy)]
pub struct Fresh<'a> {
    /// Its number in the plan.
    pub machine: u32,
    pub model: &'a Model,
    pub slots: &'a Slots,
    pub wears: &'a Wears,
}

impl Kinship {
    /// The state of a machine in the numbers of the new plan. What the new plan has to say from now on is added to the
    /// agenda by others.
    pub fn carry(&self, old: &MachineState, fresh: Fresh, clock: (u32, f64)) -> MachineState {
        let map = &self.kinds[self.machines[fresh.machine as usize].1];
        let mut state = MachineState {
            future: old.future,
            machine: fresh.machine,
            modes: self.modes(old, map, fresh.machine),
            slots: slots(old, map, fresh),
            wears: wears(old, map, fresh, clock),
            panels: panels(old, map, fresh.model),
            meters: self.meters(old, fresh.machine),
            agenda: old
                .agenda
                .iter()
                .filter_map(|&(tick, deed)| Some((tick, self.deed(deed, fresh.machine)?)))
                .collect(),
            faults: Vec::new(),
            patches: old.patches.iter().filter_map(|patch| self.patch(patch, map, fresh.machine)).collect(),
            watches: Vec::new(),
        };
        for fault in &old.faults {
            let Some(number) = self.fault(fault.fault, fresh.machine) else { continue };
            let lanes: Option<Vec<_>> =
                fault.lanes.iter().map(|&(panel, lane, act)| map.act(panel, lane, act)).collect();
            let Some(lanes) = lanes else { continue };
            for &(panel, lane, _) in &lanes {
                state.panels.0[panel as usize].faulted |= 1 << lane;
            }
            let mut fault = fault.clone();
            (fault.fault, fault.lanes) = (number, lanes);
            state.faults.push(fault);
        }
        for &(sensor, level, watch) in &old.watches {
            let Some(&Some((number, panel, lane))) = map.sensors.get(usize::from(sensor)) else { continue };
            let limits = fresh.model.sensors[usize::from(number)].limits.as_ref();
            if limits.is_some_and(|limits| limits.at[level as usize].is_some()) {
                state.panels.0[panel as usize].watched |= 1 << lane;
                state.watches.push((number, level, watch));
            }
        }
        state
    }

    fn modes(&self, old: &MachineState, map: &KindMap, machine: u32) -> Modes {
        let mut modes = old.modes.clone();
        let lost =
            old.faults.iter().filter(|fault| self.was_trip(fault.fault) && self.fault(fault.fault, machine).is_none());
        modes.trips = modes.trips.saturating_sub(lost.count() as u16);
        if !self.keeps_forced_modes() {
            modes.forced = None;
        }
        if !self.same_upkeep {
            modes.wants_work = None;
        }
        let bits = |old: u32| {
            let known = map.wears.iter().enumerate().filter(|(_, from)| **from < 32 && old & (1 << **from) != 0);
            known.fold(0, |bits, (to, _)| bits | 1 << to)
        };
        match &mut modes.down {
            Down::Failed { wears, .. } | Down::Planned { wears, .. } => *wears = bits(*wears),
            Down::No | Down::Dead => {}
        }
        (modes.parts.missing, modes.parts.at_hand) = (bits(modes.parts.missing), bits(modes.parts.at_hand));
        modes
    }

    fn meters(&self, old: &MachineState, machine: u32) -> Meters {
        let mut meters = old.meters.clone();
        meters.detection.open.retain_mut(|open| {
            let fault = self.fault(open.fault, machine);
            open.fault = fault.unwrap_or(open.fault);
            fault.is_some()
        });
        meters
    }

    /// What is still to be done of what was begun. Timed acts, and all that a changed policy plans, are planned anew.
    fn deed(&self, deed: Deed, machine: u32) -> Option<Deed> {
        let action = |action: u32| self.actions.get(action as usize).copied().flatten();
        Some(match deed {
            Deed::EndFault { fault, occurrence } => Deed::EndFault { fault: self.fault(fault, machine)?, occurrence },
            Deed::StartFault { fault, occurrence, due } if self.keeps_arrival(fault) => {
                Deed::StartFault { fault: self.fault(fault, machine)?, occurrence, due }
            }
            Deed::GiveBack { action: old, occurrence } => Deed::GiveBack { action: action(old)?, occurrence },
            Deed::Act { action: old, occurrence } if self.was_called(old) => {
                Deed::Act { action: action(old)?, occurrence }
            }
            Deed::StartFault { .. } | Deed::Act { .. } => return None,
            Deed::FinishWork => Deed::FinishWork,
            Deed::PartComes { spare, order } => {
                Deed::PartComes { spare: self.spares.get(usize::from(spare)).copied().flatten()?, order }
            }
            upkeep => return self.same_upkeep.then_some(upkeep),
        })
    }

    fn patch(&self, patch: &Patch, map: &KindMap, machine: u32) -> Option<Patch> {
        let by = match patch.by {
            By::Action { action, occurrence } => {
                By::Action { action: self.actions.get(action as usize).copied().flatten()?, occurrence }
            }
            By::Fault { fault, occurrence } => By::Fault { fault: self.fault(fault, machine)?, occurrence },
        };
        let driver = map.drivers.get(usize::from(patch.driver)).copied().flatten()?;
        Some(Patch { driver, by, what: patch.what.clone() })
    }

    /// How the conditions of the new plan stand.
    pub fn plant(&self, old: &PlantState) -> PlantState {
        let standing = |place: &Option<usize>| place.and_then(|place| old.conditions.get(place).copied());
        let conditions =
            self.conditions.iter().map(|place| standing(place).unwrap_or_else(Standing::default)).collect();
        let groups = self.groups.iter().filter_map(|place| old.groups.get(*place).copied()).collect();
        PlantState { future: old.future, conditions, groups }
    }
}

impl KindMap {
    fn act(&self, panel: u8, lane: u8, act: LaneAct) -> Option<(u8, u8, LaneAct)> {
        let (to_panel, to_lane) = *self.lanes.get(&(panel, lane))?;
        let act = match act {
            LaneAct::Swap(panel, lane) => {
                let (panel, lane) = *self.lanes.get(&(panel, lane))?;
                LaneAct::Swap(panel, lane)
            }
            other => other,
        };
        Some((to_panel, to_lane, act))
    }
}

/// What is constant or drawn in the new plan is the new plan's; a value that a feed set stays.
fn slots(old: &MachineState, map: &KindMap, fresh: Fresh) -> Slots {
    let mut slots = fresh.slots.clone();
    let constant = |slot: u16| fresh.model.initial.iter().any(|(known, _)| *known == slot);
    for &(from, to) in map.slots.iter().filter(|(_, to)| !constant(*to)) {
        slots.0[to as usize] = old.slots.0[from as usize];
    }
    for &(from, before, to) in &map.held {
        let value = old.slots.0[from as usize];
        if before.is_some_and(|before| before != value) {
            slots.0[to as usize] = value;
        }
    }
    slots
}

fn wears(old: &MachineState, map: &KindMap, fresh: Fresh, (tick, nanos): (u32, f64)) -> Wears {
    let mut wears = fresh.wears.clone();
    for (wear, &from) in wears.0.iter_mut().zip(&map.wears) {
        *wear = old.wears.0[from].with_life_of(wear, tick, nanos);
    }
    wears
}

fn panels(old: &MachineState, map: &KindMap, model: &Model) -> Panels {
    let mut panels = Panels(model.panels.iter().map(|_| Panel::default()).collect());
    for (&(from, lane), &(to, to_lane)) in &map.lanes {
        let before = &old.panels.0[usize::from(from)];
        let panel = &mut panels.0[usize::from(to)];
        let (lane, to_lane) = (usize::from(lane), usize::from(to_lane));
        panel.ahead[to_lane] = before.ahead[lane];
        panel.noise[to_lane] = before.noise[lane];
        panel.measured[to_lane] = before.measured[lane];
        panel.quality[to_lane] = before.quality[lane];
        panel.settled = before.settled;
    }
    panels
}
