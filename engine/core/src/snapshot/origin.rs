//! Where worlds begin that do not begin at the start: a snapshot, checked once against a plan, from which the state of
//! every machine in every future is made.

use super::afresh::plan_afresh;
use super::carry::Fresh;
use super::kinship::Kinship;
use super::luck::part_ways;
use super::passport::{KindPass, Passport};
use super::{MachineState, PlantState, RestoreError, Snapshot, VERSION};
use crate::plan::Plan;
use crate::plan::vary::What;
use crate::world::agenda::Deed;
use crate::world::board::LaneAct;
use crate::world::patches::By;
use crate::world::{Machine, Slots, Wears};
use std::sync::Arc;
use twinwright_model::Mode;

/// A snapshot that fits a plan.
#[derive(Debug, Clone)]
pub struct Origin {
    snapshot: Arc<Snapshot>,
    /// None where the plan is the one that the snapshot was taken from.
    kin: Option<Arc<Kinship>>,
    /// It holds one future, and the plan has several: all but the first go their own way.
    forks: bool,
}

impl Origin {
    /// Checks that the plan can go on from a snapshot, as it is or changed, in as many futures or from one.
    pub fn new(plan: &Plan, snapshot: &Arc<Snapshot>) -> Result<Origin, RestoreError> {
        check(snapshot)?;
        let futures = snapshot.futures();
        if snapshot.machines.len() != snapshot.passport.machines.len() * futures as usize || futures == 0 {
            return Err(RestoreError::Unfit("some of its machines are missing in some futures".to_owned()));
        }
        if futures != 1 && futures != plan.futures {
            let why = format!("it holds {futures} futures, the scenario asks for {}", plan.futures);
            return Err(RestoreError::Unfit(format!("{why}; expected {futures} too, or a snapshot of one future")));
        }
        if snapshot.tick.is_some_and(|tick| tick >= plan.ticks) {
            let (at, end) = (snapshot.instant(), plan.time_of(i64::from(plan.ticks)));
            return Err(RestoreError::Unfit(format!("it shows {at}, and the scenario ends at {end}")));
        }
        let same = snapshot.plan == plan.digest && snapshot.passport == Passport::of(plan);
        if !same && snapshot.tick.is_none() {
            return Err(RestoreError::Plan);
        }
        let kin = if same { None } else { Some(Arc::new(Kinship::of(snapshot, plan)?)) };
        Ok(Origin { snapshot: snapshot.clone(), kin, forks: futures == 1 && plan.futures > 1 })
    }

    /// For the very plan that the snapshot was taken from, and the machines and futures that it holds.
    pub(super) fn strict(plan: &Plan, snapshot: &Snapshot) -> Result<Origin, RestoreError> {
        if snapshot.version != VERSION {
            return Err(RestoreError::Version(snapshot.version));
        }
        if snapshot.plan != plan.digest || snapshot.passport != Passport::of(plan) {
            return Err(RestoreError::Plan);
        }
        check(snapshot)?;
        Ok(Origin { snapshot: Arc::new(snapshot.clone()), kin: None, forks: false })
    }

    /// The tick that it shows; None before the first.
    pub fn tick(&self) -> Option<u32> {
        self.snapshot.tick
    }

    /// The plan is another than the one it was taken from.
    pub fn is_changed(&self) -> bool {
        self.kin.is_some()
    }

    /// What modes the machines of the plan are in, in the first future.
    pub fn modes(&self, plan: &Plan) -> Vec<Mode> {
        let one = |machine: u32| self.snapshot.find(0, self.number(machine)).map_or(Mode::Running, |s| s.modes.mode);
        (0..plan.machines.len() as u32).map(one).collect()
    }

    /// What a machine of the plan is called in the snapshot.
    fn number(&self, machine: u32) -> u32 {
        self.kin.as_ref().map_or(machine, |kin| kin.machines[machine as usize].0)
    }

    fn source(&self, future: u32) -> u32 {
        if self.forks { 0 } else { future }
    }

    /// The state that a machine begins with. `slots` and `wears` are those that the plan builds it with.
    pub(crate) fn state(&self, plan: &Plan, machine: &Machine, slots: &Slots, wears: &Wears) -> Option<MachineState> {
        let from = self.source(machine.future);
        let old = self.snapshot.find(from, self.number(machine.machine))?;
        let (tick, nanos) = (self.snapshot.tick.unwrap_or(0), plan.tick.0 as f64);
        let model = &plan.models[machine.model as usize];
        let fresh = Fresh { machine: machine.machine, model, slots, wears };
        let mut state = match &self.kin {
            None => old.clone(),
            Some(kin) => kin.carry(old, fresh, (tick, nanos)),
        };
        state.future = machine.future;
        if machine.future != from {
            // What is drawn once a future is this future's.
            for varied in &model.varied {
                if let What::Slot(slot) = varied.what {
                    state.slots.0[slot as usize] = slots.0[slot as usize];
                }
            }
            for (wear, fresh) in state.wears.0.iter_mut().zip(&wears.0) {
                *wear = wear.with_life_of(fresh, tick, nanos);
            }
            part_ways(plan, machine, from, tick, &mut state);
        }
        if let Some(kin) = &self.kin {
            plan_afresh(kin, plan, machine, tick, &mut state);
        }
        Some(state)
    }

    /// What belongs to no machine, in a future.
    pub(crate) fn plant(&self, future: u32) -> PlantState {
        let from = self.source(future);
        let place = self.snapshot.plants.binary_search_by_key(&from, |plant| plant.future).ok();
        let old = place.map(|place| self.snapshot.plants[place].clone()).unwrap_or_default();
        let plant = self.kin.as_ref().map_or(old.clone(), |kin| kin.plant(&old));
        PlantState { future, ..plant }
    }
}

/// Whether every number in a snapshot points to something. Its bytes may be anybody's.
fn check(snapshot: &Snapshot) -> Result<(), RestoreError> {
    if snapshot.version != VERSION {
        return Err(RestoreError::Version(snapshot.version));
    }
    let order = |pair: &[MachineState]| (pair[0].future, pair[0].machine) < (pair[1].future, pair[1].machine);
    let ordered =
        snapshot.machines.windows(2).all(order) && snapshot.plants.windows(2).all(|two| two[0].future < two[1].future);
    let passport = &snapshot.passport;
    let whole = |plant: &PlantState| {
        plant.conditions.len() == passport.conditions.len() && plant.groups.len() == passport.groups.len()
    };
    let fits = |state: &MachineState| {
        let kind = passport.kind_of(state.machine);
        kind.is_some_and(|kind| state.fits(kind, passport, snapshot.tick.unwrap_or(0)))
    };
    if !ordered || passport.tick <= 0 || !snapshot.plants.iter().all(whole) || !snapshot.machines.iter().all(fits) {
        return Err(RestoreError::Unfit("its machines, faults or acts do not belong together".to_owned()));
    }
    Ok(())
}

impl MachineState {
    fn fits(&self, kind: &KindPass, passport: &Passport, tick: u32) -> bool {
        let fault = |number: u32| (number as usize) < passport.faults.len();
        let action = |number: u32| (number as usize) < passport.actions.len();
        let lane = |panel: u8, lane: u8| u16::from(panel) < kind.panels && usize::from(lane) < crate::sensing::LANES;
        let act = |what: &LaneAct| !matches!(*what, LaneAct::Swap(panel, with) if !lane(panel, with));
        let by = |by: By| match by {
            By::Action { action: number, .. } => action(number),
            By::Fault { fault: number, .. } => fault(number),
        };
        let deed = |deed: Deed| match deed {
            Deed::EndFault { fault: number, .. } | Deed::StartFault { fault: number, .. } => fault(number),
            Deed::GiveBack { action: number, .. } | Deed::Act { action: number, .. } => action(number),
            Deed::PartComes { spare, .. } => usize::from(spare) < passport.spares.len(),
            _ => true,
        };
        self.slots.0.len() == usize::from(kind.slots)
            && self.wears.0.len() == kind.wears.len()
            && self.panels.0.len() == usize::from(kind.panels)
            && self.modes.since <= tick
            && self.wears.0.iter().all(|wear| wear.is_at(tick))
            && self.agenda.iter().all(|one| deed(one.1))
            && self.patches.iter().all(|patch| by(patch.by) && usize::from(patch.driver) < kind.drivers.len())
            && self.watches.iter().all(|watch| usize::from(watch.0) < kind.sensors.len())
            && self.faults.iter().all(|one| {
                fault(one.fault) && one.lanes.iter().all(|(panel, number, what)| lane(*panel, *number) && act(what))
            })
    }
}
