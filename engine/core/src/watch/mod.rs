//! The watch over a site: panels go in as they are looked at, findings and alerts come out at the end of each tick. It
//! joins detection and alerts, which do not know each other.
//!
//! It is pure: what it says follows from the views, modes and actions that it was given, and its state is a value that can
//! be saved, and restored under a changed site by the names of machines and sensors.

mod keeping;
#[cfg(test)]
pub(crate) mod tests;

pub use keeping::{Restored, WatchError};

use crate::alerts::{Answer, Desk, Moment};
use crate::detection::silence::{NEVER, Silence};
use crate::detection::{Detector, PanelView, PanelWatch, PanelWatchPlan, Turn};
use crate::digest::Hash;
use crate::maintenance::Source;
use crate::sensing::LANES;
use crate::site::SitePlan;
use std::collections::BTreeMap;
use std::sync::Arc;
use twinwright_model::live::{Action, Alert, AlertChange, ChannelName, FindingChange};
use twinwright_model::{Mode, Time};

/// All that is watched of a site.
#[derive(Debug, Clone)]
pub struct Watch {
    site: Arc<SitePlan>,
    plans: Vec<PanelWatchPlan>,
    machines: Vec<MachineWatch>,
    /// By machine: when its silence has to be looked at next.
    due: Vec<i64>,
    desk: Desk,
    /// What was found since the last conclusion.
    found: Vec<FindingChange>,
}

/// One machine: its modelled panels first, then those of its strays.
#[derive(Debug, Clone)]
struct MachineWatch {
    name: String,
    panels: Vec<PlannedPanel>,
    modelled: usize,
    silence: Silence,
    /// Items that no model knows, with their units, in the order in which they came.
    strays: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
struct PlannedPanel {
    plan: usize,
    watch: PanelWatch,
}

impl Watch {
    /// `run` names alerts: `<run>/<number>`.
    pub fn new(site: &Arc<SitePlan>, run: &str) -> Watch {
        let (plans, machines) = plan_panels(site);
        let due = vec![NEVER; machines.len()];
        Watch { site: site.clone(), plans, machines, due, desk: Desk::new(site, run), found: Vec::new() }
    }

    /// An item that no file knows, of a known or an unknown machine. Says on which panel and lane it is looked at: strays
    /// follow the modelled panels in the order in which they came. The same item again stays where it is.
    pub fn register(&mut self, machine: u32, name: &ChannelName, unit: &str) -> (u8, u8) {
        while self.machines.len() <= machine as usize {
            self.machines.push(MachineWatch::new(String::new(), Vec::new()));
            self.due.push(NEVER);
        }
        let watched = &mut self.machines[machine as usize];
        if watched.name.is_empty() {
            watched.name = name.machine.clone();
        }
        let known = watched.strays.iter().position(|(item, _)| *item == name.item);
        let place = known.unwrap_or(watched.strays.len());
        let (panel, lane) = (watched.modelled + place / LANES, place % LANES);
        if known.is_none() {
            watched.strays.push((name.item.clone(), unit.to_owned()));
            if panel == watched.panels.len() {
                watched.panels.push(PlannedPanel { plan: self.plans.len(), watch: PanelWatch::default() });
                self.plans.push(PanelWatchPlan::quiet(&self.site.time));
            }
            let plan = &mut self.plans[watched.panels[panel].plan];
            plan.add_stray(lane, (&name.item, unit), &self.site.detectors, &watched.name);
            self.desk.register(machine, &name.machine, &name.item, unit);
        }
        (panel as u8, lane as u8)
    }

    /// Looks at a panel in one pass over a tick's readings. Passes of one tick come in the order of time.
    pub fn look(&mut self, view: &PanelView) {
        let Some(machine) = self.machines.get_mut(view.machine as usize) else { return };
        let Some(planned) = machine.panels.get_mut(view.panel as usize) else { return };
        let plan = &self.plans[planned.plan];
        let (found, name) = (&mut self.found, &machine.name);
        let mut turns = |turn: Turn| found.push(change(view.machine, name, plan, &turn));
        let fresh = planned.watch.look(plan, view, &mut turns);
        if fresh == 0 {
            return;
        }
        // A machine that was never due, or was silent, is looked at again.
        let due = &mut self.due[view.machine as usize];
        *due = if *due == NEVER { i64::MIN } else { *due };
        let lanes = (0..LANES).filter(|lane| fresh >> lane & 1 == 1);
        let latest = lanes.map(|lane| view.heard_at[lane]).max().unwrap_or(i64::MIN);
        let lost = machine.silence.heard(latest);
        if let Some(since) = lost {
            let turn = silent(Detector::SignalLost, 0, since, Some(latest.max(since)));
            self.found.push(change_of(view.machine, &machine.name, None, &turn));
        }
        let back = fresh & planned.watch.missing;
        planned.watch.missing &= !fresh;
        for lane in (0..LANES as u8).filter(|lane| back >> lane & 1 == 1) {
            let Some(since) = machine.silence.found_again(view.panel, lane) else { continue };
            let turn = silent(Detector::Missing, lane, since, Some(view.heard_at[usize::from(lane)].max(since)));
            self.found.push(change(view.machine, &machine.name, plan, &turn));
        }
    }

    /// Takes in a finding of somebody else, for example that a source's clock is skewed.
    pub fn report(&mut self, finding: FindingChange) {
        self.found.push(finding);
    }

    /// Ends a tick: what is silent, and what rules make of all that was found.
    pub fn conclude(
        &mut self,
        time: Time,
        modes: &[Mode],
        value_of: &dyn Fn(u32, &Source) -> f64,
        actions: &[Action],
    ) -> (Vec<FindingChange>, Vec<AlertChange>) {
        self.notice_silence(time);
        let findings = std::mem::take(&mut self.found);
        let alerts = self.desk.advance(&Moment { time, findings: &findings, modes, value_of, actions });
        (findings, alerts)
    }

    fn notice_silence(&mut self, time: Time) {
        for (number, due) in self.due.iter_mut().enumerate() {
            if *due > time.0 {
                continue;
            }
            let machine = &mut self.machines[number];
            let plans = &self.plans;
            let panels = machine.panels.iter_mut().map(|planned| (&plans[planned.plan], &mut planned.watch));
            let seen = machine.silence.look(time.0, panels);
            *due = seen.next;
            if seen.is_lost {
                let turn = silent(Detector::SignalLost, 0, time.0, None);
                self.found.push(change_of(number as u32, &machine.name, None, &turn));
            }
            for (panel, lane) in seen.missing {
                let plan = &self.plans[machine.panels[usize::from(panel)].plan];
                let turn = silent(Detector::Missing, lane, time.0, None);
                self.found.push(change(number as u32, &machine.name, plan, &turn));
            }
        }
    }

    /// What became of actions since this was asked last.
    pub fn take_answers(&mut self) -> Vec<Answer> {
        self.desk.take_answers()
    }

    /// Alerts that are not resolved, in the order in which they were raised.
    pub fn open_alerts(&self) -> Vec<&Alert> {
        self.desk.open()
    }

    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Whether every number of the state is one: what must hold whatever was heard.
    pub fn is_finite(&self) -> bool {
        self.machines.iter().flat_map(|machine| &machine.panels).all(|planned| planned.watch.is_finite())
    }

    /// A digest of what is known of one machine.
    pub fn machine_digest(&self, machine: u32) -> u128 {
        let known = self.machines.get(machine as usize);
        let panels: Vec<&PanelWatch> = known.iter().flat_map(|m| &m.panels).map(|planned| &planned.watch).collect();
        Hash::of(&(panels, known.map(|machine| &machine.silence)))
    }
}

impl MachineWatch {
    fn new(name: String, panels: Vec<PlannedPanel>) -> MachineWatch {
        let modelled = panels.len();
        MachineWatch { name, panels, modelled, silence: Silence::default(), strays: Vec::new() }
    }
}

/// The panels of all machines. Machines of one model share a plan, unless the site says something of one of them.
fn plan_panels(site: &SitePlan) -> (Vec<PanelWatchPlan>, Vec<MachineWatch>) {
    let (mut plans, mut shared): (Vec<PanelWatchPlan>, BTreeMap<u32, usize>) = (Vec::new(), BTreeMap::new());
    let mut machines = Vec::with_capacity(site.plan.machines.len());
    for machine in &site.plan.machines {
        let model = &site.plan.models[machine.model as usize];
        let is_special = site.detectors.items.iter().any(|item| item.machine.as_deref() == Some(&*machine.id));
        let first = match shared.get(&machine.model) {
            Some(first) if !is_special => *first,
            _ => {
                let first = plans.len();
                plans.extend((0u8..).zip(&model.panels).map(|(number, panel)| {
                    let place = (number, panel, site.plan.tick.0);
                    PanelWatchPlan::of_panel(place, &model.sensors, &site.detectors, &site.time, &machine.id)
                }));
                if !is_special {
                    shared.insert(machine.model, first);
                }
                first
            }
        };
        let panels =
            (first..first + model.panels.len()).map(|plan| PlannedPanel { plan, watch: PanelWatch::default() });
        machines.push(MachineWatch::new(machine.id.to_string(), panels.collect()));
    }
    (plans, machines)
}

/// A turn about silence: there is no value.
fn silent(detector: Detector, lane: u8, since: i64, ended: Option<i64>) -> Turn {
    Turn { lane, detector, since, ended, value: f64::NAN, expected: None, limit: None, peak: f64::NAN }
}

fn change(machine: u32, name: &str, plan: &PanelWatchPlan, turn: &Turn) -> FindingChange {
    let sensor = plan.names[usize::from(turn.lane)].as_ref().map(|(sensor, _)| sensor.clone());
    change_of(machine, name, sensor, turn)
}

fn change_of(machine: u32, name: &str, sensor: Option<String>, turn: &Turn) -> FindingChange {
    let detector = turn.detector.name();
    FindingChange {
        uid: format!("{name}/{}/{detector}/{}", sensor.as_deref().unwrap_or("-"), turn.since),
        machine,
        sensor,
        detector: detector.to_owned(),
        severity: turn.detector.severity(),
        since: Time(turn.since),
        ended: turn.ended.map(Time),
        value: turn.value,
        expected: turn.expected,
        limit: turn.limit,
        peak: turn.peak,
    }
}
