//! Kinship of a snapshot and a changed plan: which number of one stands for the same thing as which number of the other.
//!
//! Machines, wears, drivers, sensors and faults are known by name. What has no counterpart and cannot be left behind is
//! refused, in words.

use super::passport::{FaultPass, KindPass, Passport};
use super::{RestoreError, Snapshot};
use crate::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};
use twinwright_model::{Span, Time, names};

/// Numbers of the snapshot by numbers of the plan, or the other way round.
#[derive(Debug, Clone)]
pub struct Kinship {
    /// By machine of the plan: its number in the snapshot, and which of `kinds` it needs.
    pub machines: Vec<(u32, usize)>,
    pub kinds: Vec<KindMap>,
    /// By fault of the snapshot.
    faults: Vec<Option<u32>>,
    /// By action of the snapshot.
    pub actions: Vec<Option<u32>>,
    /// By condition of the plan.
    pub conditions: Vec<Option<usize>>,
    /// By spare part of the snapshot.
    pub spares: Vec<Option<u16>>,
    /// By group of the plan.
    pub groups: Vec<usize>,
    /// The maintenance policy is the same.
    pub same_upkeep: bool,
    /// Names of both plans.
    then: Passport,
    now: Passport,
}

/// How a machine's parts are found again under another model.
#[derive(Debug, Clone, Default)]
pub struct KindMap {
    /// Slots that are carried over: from and to.
    pub slots: Vec<(u16, u16)>,
    /// Held drivers: from, the value before anybody set another, and to.
    pub held: Vec<(u16, Option<f64>, u16)>,
    /// By wear of the plan: its number in the snapshot.
    pub wears: Vec<usize>,
    /// By driver of the snapshot.
    pub drivers: Vec<Option<u16>>,
    /// By sensor of the snapshot: its number, panel and lane in the plan.
    pub sensors: Vec<Option<(u16, u8, u8)>>,
    /// By panel and lane of the snapshot.
    pub lanes: BTreeMap<(u8, u8), (u8, u8)>,
}

fn unfit<T>(why: String) -> Result<T, RestoreError> {
    Err(RestoreError::Unfit(why))
}

impl Kinship {
    pub fn of(snapshot: &Snapshot, plan: &Plan) -> Result<Kinship, RestoreError> {
        let (then, now) = (snapshot.passport.clone(), Passport::of(plan));
        check_clock(&then, &now)?;
        let (machines, kinds) = map_machines(&then, &now)?;
        let faults = then.faults.iter().map(|fault| {
            let same = |other: &FaultPass| (&other.name, &other.kind) == (&fault.name, &fault.kind);
            now.faults.iter().position(same).map(|place| place as u32)
        });
        // Equal acts are told apart by their order.
        let actions = pair(then.actions.iter().map(|one| one.what), now.actions.iter().map(|one| one.what));
        let conditions = pair(now.conditions.iter().copied(), then.conditions.iter().copied());
        Ok(Kinship {
            machines,
            kinds,
            faults: faults.collect(),
            actions: actions.into_iter().map(|place| place.map(|place| place as u32)).collect(),
            conditions,
            spares: then.spares.iter().map(|name| place_of(name, &now.spares)).collect(),
            groups: map_groups(&then, &now)?,
            same_upkeep: then.upkeep == now.upkeep,
            then,
            now,
        })
    }

    /// The plan's number of a fault that acts on the same part of a machine as it did; `machine` is the plan's.
    pub fn fault(&self, fault: u32, machine: u32) -> Option<u32> {
        let new = *self.faults.get(fault as usize)?;
        let then = self.then.faults[fault as usize].target(self.machines[machine as usize].0)?;
        let now = self.now.faults[new? as usize].target(machine)?;
        new.filter(|_| then == now)
    }

    /// Whether a fault still comes when it was to come.
    pub fn keeps_arrival(&self, fault: u32) -> bool {
        let new = self.faults.get(fault as usize).copied().flatten();
        new.is_some_and(|new| self.then.faults[fault as usize].arrival == self.now.faults[new as usize].arrival)
    }

    /// Faults of the plan that a machine of it has known before and that come as they did: what is left of them is on its
    /// agenda.
    pub fn faults_that_came(&self, machine: u32) -> BTreeSet<u32> {
        let known = (0..self.faults.len() as u32).filter(|fault| self.keeps_arrival(*fault));
        known.filter_map(|fault| self.fault(fault, machine)).collect()
    }

    pub fn was_trip(&self, fault: u32) -> bool {
        self.then.faults.get(fault as usize).is_some_and(|fault| fault.is_trip)
    }

    pub fn was_called(&self, action: u32) -> bool {
        self.then.actions.get(action as usize).is_some_and(|action| action.by_condition)
    }

    /// Some act that sets a mode is in both plans.
    pub fn keeps_forced_modes(&self) -> bool {
        let acts = self.then.actions.iter().zip(&self.actions);
        acts.into_iter().any(|(action, new)| action.sets_mode && new.is_some())
    }
}

/// For each of the first, the place of its equal among the second, the first with the first, the next with the next.
fn pair(first: impl Iterator<Item = u128>, second: impl Iterator<Item = u128>) -> Vec<Option<usize>> {
    let mut places: BTreeMap<u128, Vec<usize>> = BTreeMap::new();
    second.enumerate().for_each(|(place, sign)| places.entry(sign).or_default().push(place));
    places.values_mut().for_each(|list| list.reverse());
    first.map(|sign| places.get_mut(&sign).and_then(Vec::pop)).collect()
}

fn check_clock(then: &Passport, now: &Passport) -> Result<(), RestoreError> {
    if then.start != now.start {
        let (then, now) = (Time(then.start), Time(now.start));
        return unfit(format!("it starts at {then}, the scenario at {now}; expected the same start"));
    }
    if then.tick != now.tick {
        let (then, now) = (Span(then.tick), Span(now.tick));
        return unfit(format!("its tick is {then}, the scenario's {now}; expected the same tick"));
    }
    if then.seed != now.seed {
        let (then, now) = (then.seed, now.seed);
        return unfit(format!("its seed is {then}, the scenario's {now}; for other luck ask for more [futures]"));
    }
    Ok(())
}

type Machines = (Vec<(u32, usize)>, Vec<KindMap>);

fn map_machines(then: &Passport, now: &Passport) -> Result<Machines, RestoreError> {
    let places: BTreeMap<&str, u32> =
        then.machines.iter().enumerate().map(|(place, (id, _))| (id.as_str(), place as u32)).collect();
    let ids: BTreeSet<&str> = now.machines.iter().map(|(id, _)| id.as_str()).collect();
    if let Some((id, _)) = then.machines.iter().find(|(id, _)| !ids.contains(id.as_str())) {
        return unfit(format!("it holds machine {id}, which the scenario does not have"));
    }
    let mut kinds: Vec<KindMap> = Vec::new();
    let mut known: BTreeMap<(u32, u32), usize> = BTreeMap::new();
    let mut machines = Vec::with_capacity(now.machines.len());
    for (id, new) in &now.machines {
        let Some(&place) = places.get(id.as_str()) else {
            return unfit(format!("it does not hold machine {id} of the scenario"));
        };
        let old = then.machines[place as usize].1;
        let kind = match known.get(&(old, *new)) {
            Some(kind) => *kind,
            None => {
                let Some(before) = then.kinds.get(old as usize) else { return Err(RestoreError::Unreadable) };
                kinds.push(KindMap::of(before, &now.kinds[*new as usize], id)?);
                known.insert((old, *new), kinds.len() - 1);
                kinds.len() - 1
            }
        };
        machines.push((place, kind));
    }
    Ok((machines, kinds))
}

impl KindMap {
    fn of(then: &KindPass, now: &KindPass, id: &str) -> Result<KindMap, RestoreError> {
        if then.kind != now.kind {
            return unfit(format!("{id} is a {} in it and a {} in the scenario", then.kind, now.kind));
        }
        let slots: BTreeMap<&str, u16> = then.names.iter().map(|(name, slot)| (name.as_str(), *slot)).collect();
        let held: BTreeMap<&str, (u16, Option<f64>)> =
            then.held.iter().map(|(name, slot, value)| (name.as_str(), (*slot, *value))).collect();
        let mut map = KindMap {
            slots: now.names.iter().filter_map(|(name, slot)| Some((*slots.get(name.as_str())?, *slot))).collect(),
            held: now
                .held
                .iter()
                .filter_map(|(name, slot, _)| held.get(name.as_str()).map(|(from, value)| (*from, *value, *slot)))
                .collect(),
            wears: map_wears(then, now, id)?,
            drivers: then.drivers.iter().map(|name| place_of(name, &now.drivers)).collect(),
            ..KindMap::default()
        };
        map.map_sensors(then, now, id)?;
        let mut from = map.slots.iter().map(|slot| slot.0).chain(map.held.iter().map(|held| held.0));
        if from.any(|slot| slot >= then.slots) {
            return Err(RestoreError::Unreadable);
        }
        Ok(map)
    }

    fn map_sensors(&mut self, then: &KindPass, now: &KindPass, id: &str) -> Result<(), RestoreError> {
        let known = |name: &str| then.sensors.iter().any(|(other, ..)| other == name);
        if let Some((name, ..)) = now.sensors.iter().find(|(name, ..)| !known(name)) {
            let near = names::nearest(name, then.sensors.iter().map(|(name, ..)| name.as_str()));
            let near = near.map_or(String::new(), |near| format!("; it has `{near}`"));
            return unfit(format!("it knows nothing of sensor `{name}` of {id}{near}"));
        }
        for (name, panel, lane) in &then.sensors {
            let found = now.sensors.iter().enumerate().find(|(_, (other, ..))| other == name);
            self.sensors.push(found.map(|(place, (_, panel, lane))| (place as u16, *panel, *lane)));
            if let Some((_, (_, to_panel, to_lane))) = found {
                if u16::from(*panel) >= then.panels || usize::from(*lane) >= crate::sensing::LANES {
                    return Err(RestoreError::Unreadable);
                }
                self.lanes.insert((*panel, *lane), (*to_panel, *to_lane));
            }
        }
        Ok(())
    }
}

fn map_groups(then: &Passport, now: &Passport) -> Result<Vec<usize>, RestoreError> {
    let place = |group: &(String, u128)| match then.groups.iter().position(|known| known == group) {
        Some(place) => Ok(place),
        None => unfit(format!("it knows nothing of group `{}` of these machines", group.0)),
    };
    now.groups.iter().map(place).collect()
}

fn place_of(name: &str, list: &[String]) -> Option<u16> {
    list.iter().position(|other| other == name).map(|place| place as u16)
}

fn map_wears(then: &KindPass, now: &KindPass, id: &str) -> Result<Vec<usize>, RestoreError> {
    if let Some((name, _)) = then.wears.iter().find(|(name, _)| !now.wears.iter().any(|(other, _)| other == name)) {
        return unfit(format!("{id} has wear `{name}` in it and not in the scenario"));
    }
    let mut wears = Vec::new();
    for (name, law) in &now.wears {
        match then.wears.iter().position(|(other, _)| other == name) {
            None => return unfit(format!("it knows nothing of wear `{name}` of {id}")),
            Some(place) if then.wears[place].1 != *law => {
                return unfit(format!("wear `{name}` of {id} follows another law, or the same with other numbers"));
            }
            Some(place) => wears.push(place),
        }
    }
    Ok(wears)
}
