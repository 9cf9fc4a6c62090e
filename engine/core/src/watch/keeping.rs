//! Keeping the watch: as bytes, and from bytes again. Machines and sensors are matched by name, so that limits and rules
//! can change between the two; what is gone takes its findings along, and says which alerts nobody can resolve any more.

use super::{MachineWatch, Watch, change_of};
use crate::alerts::desk::State;
use crate::detection::silence::{NEVER, Silence};
use crate::detection::{PanelWatch, Turn};
use crate::digest::Hash;
use crate::sensing::LANES;
use crate::site::SitePlan;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use twinwright_model::Time;
use twinwright_model::live::{ChannelName, FindingChange};

/// The form of the bytes.
const VERSION: u32 = 1;

/// What was kept cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchError {
    Unreadable,
    Version(u32),
}

impl fmt::Display for WatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WatchError::Unreadable => f.write_str("the state of the alerts cannot be read"),
            WatchError::Version(version) => {
                write!(f, "the state of the alerts has form {version}, this program reads {VERSION}")
            }
        }
    }
}

impl std::error::Error for WatchError {}

/// A watch from bytes, and the uids of open alerts whose machine is gone.
#[derive(Debug)]
pub struct Restored {
    pub watch: Watch,
    pub orphans: Vec<String>,
}

/// Everything, with names beside numbers.
#[derive(Serialize, Deserialize)]
struct Kept {
    version: u32,
    machines: Vec<KeptMachine>,
    /// The sensors of panels, lane by lane; machines of one kind share them.
    lanes: Vec<Vec<Option<String>>>,
    desk: State,
}

#[derive(Serialize, Deserialize)]
struct KeptMachine {
    name: String,
    /// The number of its lanes' names, and its state.
    panels: Vec<(u32, PanelWatch)>,
    silence: Silence,
    strays: Vec<(String, String)>,
}

impl Watch {
    fn kept(&self) -> Kept {
        let mut lanes: Vec<Vec<Option<String>>> = Vec::new();
        let mut numbers: BTreeMap<usize, u32> = BTreeMap::new();
        let machines = self.machines.iter().map(|machine| {
            let panels = machine.panels.iter().map(|planned| {
                let number = *numbers.entry(planned.plan).or_insert_with(|| {
                    let names = self.plans[planned.plan].names.iter();
                    lanes.push(names.map(|name| name.as_ref().map(|(sensor, _)| sensor.clone())).collect());
                    lanes.len() as u32 - 1
                });
                (number, planned.watch.clone())
            });
            let panels = panels.collect();
            let (name, silence, strays) = (machine.name.clone(), machine.silence.clone(), machine.strays.clone());
            KeptMachine { name, panels, silence, strays }
        });
        let machines = machines.collect();
        Kept { version: VERSION, machines, lanes, desk: self.desk.state().clone() }
    }

    /// As bytes. What was found since the last conclusion is not among them: save between ticks.
    pub fn save(&self) -> Vec<u8> {
        // Writing to memory fails only for types of unknown length, which there are none of.
        postcard::to_allocvec(&self.kept()).unwrap_or_default()
    }

    /// Adds all of its state to a digest.
    pub fn digest_into(&self, hash: &mut Hash) {
        hash.bytes(&self.save());
    }

    /// From bytes, under the same site or a changed one. `now` is the tick at which what is gone ends.
    pub fn restore(site: &Arc<SitePlan>, run: &str, bytes: &[u8], now: Time) -> Result<Restored, WatchError> {
        let (version, _) = postcard::take_from_bytes::<u32>(bytes).map_err(|_| WatchError::Unreadable)?;
        if version != VERSION {
            return Err(WatchError::Version(version));
        }
        let kept: Kept = postcard::from_bytes(bytes).map_err(|_| WatchError::Unreadable)?;
        if kept
            .machines
            .iter()
            .flat_map(|machine| &machine.panels)
            .any(|(lanes, _)| *lanes as usize >= kept.lanes.len())
        {
            return Err(WatchError::Unreadable);
        }
        let mut watch = Watch::new(site, run);
        let old: BTreeMap<&str, usize> =
            kept.machines.iter().enumerate().map(|(at, m)| (m.name.as_str(), at)).collect();
        watch.register_strays(&kept);
        let mut numbers = vec![None; kept.machines.len()];
        for number in 0..watch.machines.len() {
            if let Some(from) = old.get(watch.machines[number].name.as_str()) {
                numbers[*from] = Some(number as u32);
                watch.carry(number, &kept.machines[*from], &kept.lanes, now);
            }
        }
        let orphans = watch.desk.restore(kept.desk, run, &numbers);
        // Findings that last beyond their detector, or their sensor, end.
        watch.end_unfounded(now);
        Ok(Restored { watch, orphans })
    }

    /// Strays have no file: they come back as they came, machines that no file knows after all others.
    fn register_strays(&mut self, kept: &Kept) {
        for machine in kept.machines.iter().filter(|machine| !machine.strays.is_empty()) {
            let known = self.machines.iter().position(|known| known.name == machine.name);
            let number = known.unwrap_or(self.machines.len()) as u32;
            for (item, unit) in &machine.strays {
                let modelled = |sensor: &crate::sensing::SensorPlan| sensor.name == *item;
                let plan = &self.site.plan;
                if plan
                    .machines
                    .get(number as usize)
                    .is_none_or(|_| !plan.model_of(number).sensors.iter().any(modelled))
                {
                    let name = ChannelName { machine: machine.name.clone(), item: item.clone() };
                    self.register(number, &name, unit);
                }
            }
        }
    }

    /// Takes over what was known of a machine, sensor by sensor.
    fn carry(&mut self, number: usize, from: &KeptMachine, lanes: &[Vec<Option<String>>], now: Time) {
        let machine = &mut self.machines[number];
        machine.silence = from.silence.carried();
        let mut known: BTreeMap<&str, (u8, usize)> = BTreeMap::new();
        for (panel, (names, _)) in (0u8..).zip(&from.panels) {
            let names = lanes[*names as usize].iter().take(LANES).enumerate();
            known.extend(names.filter_map(|(lane, name)| Some((name.as_deref()?, (panel, lane)))));
        }
        let mut given_up: Vec<(String, Turn)> = Vec::new();
        for (panel, planned) in (0u8..).zip(&mut machine.panels) {
            let plan = &self.plans[planned.plan];
            for (lane, name) in plan.names.iter().enumerate() {
                let Some((name, _)) = name else { continue };
                let Some((from_panel, from_lane)) = known.get(name.as_str()).copied() else { continue };
                let cases = planned.watch.carry(lane, plan, &from.panels[usize::from(from_panel)].1, from_lane);
                given_up.extend(cases.iter().filter_map(|case| Some((name.clone(), case.dropped(now.0)?))));
                machine.silence.carry_missing((panel, lane as u8), &from.silence, (from_panel, from_lane as u8));
            }
        }
        for (sensor, turn) in given_up {
            self.found.push(change_of(number as u32, &machine.name, Some(sensor), &turn));
        }
        self.due[number] = if machine.silence.lost.is_some() { NEVER } else { i64::MIN };
    }

    /// Ends findings that the desk knows and no watch has any more.
    fn end_unfounded(&mut self, now: Time) {
        let mut ends = Vec::new();
        for (number, sensor, detector, since) in self.desk.findings() {
            let Some(machine) = self.machines.get(number as usize) else { continue };
            let is_watched = self.watches(machine, &sensor, &detector);
            let is_told = self.found.iter().any(|end| {
                end.machine == number && end.sensor.as_deref().unwrap_or_default() == sensor && end.detector == detector
            });
            if is_watched || is_told {
                continue;
            }
            let sensor = (!sensor.is_empty()).then_some(sensor);
            ends.push(FindingChange {
                uid: format!("{}/{}/{detector}/{}", machine.name, sensor.as_deref().unwrap_or("-"), since.0),
                machine: number,
                sensor,
                severity: crate::detection::Detector::from_name(&detector)
                    .map_or(twinwright_model::Severity::Low, |d| d.severity()),
                detector,
                since,
                ended: Some(now.max(since)),
                value: f64::NAN,
                expected: None,
                limit: None,
                peak: f64::NAN,
            });
        }
        self.found.extend(ends);
    }

    fn watches(&self, machine: &MachineWatch, sensor: &str, detector: &str) -> bool {
        use crate::detection::Detector;
        let Some(detector) = Detector::from_name(detector) else { return true };
        if detector == Detector::SignalLost {
            return machine.silence.lost.is_some();
        }
        machine.panels.iter().any(|planned| {
            let names = self.plans[planned.plan].names.iter().enumerate();
            let lane = names.filter_map(|(lane, name)| Some((lane, name.as_ref()?))).find(|(_, name)| name.0 == sensor);
            lane.is_some_and(|(lane, _)| match detector {
                Detector::Missing => planned.watch.missing >> lane & 1 == 1,
                _ => planned.watch.cases_of(lane).any(|case| case.detector == detector && case.began.is_some()),
            })
        })
    }
}
