//! Measures: what a run comes to, by name, for the plant and for each machine.

use crate::economy::Meters;
use crate::plan::Plan;
use crate::world::Modes;
use std::collections::BTreeMap;
use twinwright_model::{E10, Mode};

/// Names of measures, plant-wide; `name(ID)` is the same for one machine.
pub const NAMES: [&str; 24] = [
    "availability",
    "uptime_h",
    "downtime_h",
    "failures",
    "mtbf_h",
    "mttr_h",
    "oee",
    "cost",
    "cost_downtime",
    "cost_planned",
    "cost_unplanned",
    "cost_energy",
    "cost_scrap",
    "energy_kwh",
    "pieces",
    "good_pieces",
    "alerts",
    "planned_works",
    "e10_prd_h",
    "e10_sby_h",
    "e10_eng_h",
    "e10_sdt_h",
    "e10_udt_h",
    "e10_nst_h",
];

/// Numbers in a tally.
pub const PARTS: usize = 19;

/// Machines that are named in measures.
pub const MOST_NAMED: usize = 100;

/// All names that an expectation may use: of the plant, and of its first hundred machines.
pub fn names(ids: &[&str]) -> Vec<String> {
    let plant = NAMES.iter().map(|name| (*name).to_owned());
    let machines = ids.iter().take(MOST_NAMED).flat_map(|id| NAMES.iter().map(move |name| format!("{name}({id})")));
    plant.chain(machines).collect()
}

/// Sums of one machine in one future, or of a plant: everything that adds up. Ratios are made from sums.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// Hours in each mode.
    pub hours: [f64; 6],
    pub failures: f64,
    pub repairs: f64,
    pub planned_works: f64,
    pub alerts: f64,
    pub energy_kwh: f64,
    pub pieces: f64,
    pub good_pieces: f64,
    /// Pieces that the planned production time would have made at ideal speed.
    pub ideal_pieces: f64,
    pub cost_downtime: f64,
    pub cost_planned: f64,
    pub cost_unplanned: f64,
    pub cost_energy: f64,
    pub cost_scrap: f64,
}

impl Tally {
    /// What one machine came to at a tick.
    pub fn of(plan: &Plan, machine: u32, modes: &Modes, meters: &Meters, tick: u32) -> Tally {
        let economy = &plan.model_of(machine).economy;
        let hours = Mode::ALL.map(|mode| f64::from(modes.time_in(mode, tick)) * plan.tick.hours());
        let down = hours[Mode::Failed as usize] + hours[Mode::Maintenance as usize];
        let planned: f64 = hours.iter().sum::<f64>() - hours[Mode::Offline as usize];
        Tally {
            failures: f64::from(meters.failures),
            repairs: f64::from(meters.repairs),
            planned_works: f64::from(meters.planned_works),
            alerts: f64::from(meters.alerts),
            energy_kwh: meters.energy_kwh,
            pieces: meters.pieces,
            good_pieces: meters.pieces - meters.bad_pieces,
            ideal_pieces: economy.ideal * planned,
            cost_downtime: down * economy.downtime_price,
            cost_planned: meters.cost_planned,
            cost_unplanned: meters.cost_unplanned,
            cost_energy: meters.energy_kwh * economy.energy_price,
            cost_scrap: meters.bad_pieces * economy.scrap_price,
            hours,
        }
    }

    pub fn add(&mut self, other: &Tally) {
        let mut parts = self.parts();
        parts.iter_mut().zip(other.parts()).for_each(|(sum, more)| *sum += more);
        *self = Tally::from_parts(parts);
    }

    /// Every sum times a factor: an average over futures.
    pub fn scale(&mut self, factor: f64) {
        *self = Tally::from_parts(self.parts().map(|part| part * factor));
    }

    /// All sums in the order of the fields.
    pub fn parts(&self) -> [f64; PARTS] {
        let [running, idle, maintenance, failed, offline, calibrating] = self.hours;
        [
            running,
            idle,
            maintenance,
            failed,
            offline,
            calibrating,
            self.failures,
            self.repairs,
            self.planned_works,
            self.alerts,
            self.energy_kwh,
            self.pieces,
            self.good_pieces,
            self.ideal_pieces,
            self.cost_downtime,
            self.cost_planned,
            self.cost_unplanned,
            self.cost_energy,
            self.cost_scrap,
        ]
    }

    pub fn from_parts(parts: [f64; PARTS]) -> Tally {
        let [running, idle, maintenance, failed, offline, calibrating, rest @ ..] = parts;
        let [failures, repairs, planned_works, alerts, energy_kwh, pieces, good_pieces, rest @ ..] = rest;
        let [ideal_pieces, cost_downtime, cost_planned, cost_unplanned, cost_energy, cost_scrap] = rest;
        Tally {
            hours: [running, idle, maintenance, failed, offline, calibrating],
            failures,
            repairs,
            planned_works,
            alerts,
            energy_kwh,
            pieces,
            good_pieces,
            ideal_pieces,
            cost_downtime,
            cost_planned,
            cost_unplanned,
            cost_energy,
            cost_scrap,
        }
    }

    fn in_state(&self, state: E10) -> f64 {
        Mode::ALL.iter().filter(|mode| mode.e10() == state).map(|&mode| self.hours[mode as usize]).sum()
    }

    /// One measure. None where it has no meaning: a ratio to nothing.
    pub fn measure(&self, name: &str) -> Option<f64> {
        let ratio = |a: f64, b: f64| (b > 0.0).then(|| a / b);
        let total: f64 = self.hours.iter().sum();
        let up = self.in_state(E10::Prd) + self.in_state(E10::Sby) + self.in_state(E10::Eng);
        let down = self.in_state(E10::Sdt) + self.in_state(E10::Udt);
        Some(match name {
            "availability" => return ratio(up, total - self.in_state(E10::Nst)),
            "uptime_h" => up,
            "downtime_h" => down,
            "failures" => self.failures,
            "mtbf_h" => return ratio(self.in_state(E10::Prd), self.failures),
            "mttr_h" => return ratio(self.in_state(E10::Udt), self.failures),
            "oee" => return ratio(self.good_pieces, self.ideal_pieces),
            "cost" => self.cost_downtime + self.cost_planned + self.cost_unplanned + self.cost_energy + self.cost_scrap,
            "cost_downtime" => self.cost_downtime,
            "cost_planned" => self.cost_planned,
            "cost_unplanned" => self.cost_unplanned,
            "cost_energy" => self.cost_energy,
            "cost_scrap" => self.cost_scrap,
            "energy_kwh" => self.energy_kwh,
            "pieces" => self.pieces,
            "good_pieces" => self.good_pieces,
            "alerts" => self.alerts,
            "planned_works" => self.planned_works,
            _ => {
                let state = E10::ALL.into_iter().find(|state| name == format!("e10_{}_h", state.name()))?;
                self.in_state(state)
            }
        })
    }

    /// All measures that have a meaning.
    pub fn measures(&self) -> BTreeMap<&'static str, f64> {
        NAMES.iter().filter_map(|&name| Some((name, self.measure(name)?))).collect()
    }
}
