//! Sums of a machine, a plant or a group, and the ratios that are made from them.

use super::NAMES;
use crate::economy::Meters;
use crate::plan::Plan;
use crate::world::Modes;
use std::collections::BTreeMap;
use twinwright_model::{E10, Mode};

/// Declares the sums once, so that adding, scaling and summing in fixed point miss none of them.
macro_rules! sums {
    ($($(#[$about:meta])* $name:ident,)*) => {
        /// Sums of one machine in one future, or of a plant: everything that adds up. Ratios are made from sums.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct Tally {
            /// Hours in each mode.
            pub hours: [f64; 6],
            $($(#[$about])* pub $name: f64,)*
            /// Hours to the first failure, the earliest of a plant; the one number here that is not a sum.
            pub first_failure_h: Option<f64>,
        }

        /// Numbers in a tally that add up.
        pub const PARTS: usize = 6 + [$(stringify!($name)),*].len();

        impl Tally {
            /// All sums in the order of the fields.
            pub fn parts(&self) -> [f64; PARTS] {
                let [running, idle, maintenance, failed, offline, calibrating] = self.hours;
                [running, idle, maintenance, failed, offline, calibrating, $(self.$name),*]
            }

            pub fn from_parts(parts: [f64; PARTS]) -> Tally {
                let [running, idle, maintenance, failed, offline, calibrating, $($name),*] = parts;
                let hours = [running, idle, maintenance, failed, offline, calibrating];
                Tally { hours, $($name,)* first_failure_h: None }
            }
        }
    };
}

sums! {
    /// Machines that are summed here: hours of a plant are machine hours.
    machines,
    failures,
    /// Unplanned stops that ended.
    repairs,
    planned_works,
    energy_kwh,
    pieces,
    good_pieces,
    /// Pieces that the time without NST would have made at ideal speed.
    ideal_pieces,
    /// The same of the time without NST and SDT, and of PRD alone.
    ideal_busy,
    ideal_running,
    cost_downtime,
    cost_planned,
    cost_unplanned,
    cost_parts,
    cost_energy,
    cost_scrap,
    /// Works that had to wait for a spare part, and how long.
    stockouts,
    waited_parts_h,
    alerts,
    false_alarms,
    faults_detected,
    faults_missed,
    /// From the start of each detected fault to its alert, all together.
    detection_h,
}

impl Tally {
    /// What one machine came to at a tick.
    pub fn of(plan: &Plan, machine: u32, modes: &Modes, meters: &Meters, tick: u32) -> Tally {
        let economy = &plan.model_of(machine).economy;
        let tick_hours = plan.tick.hours();
        let hours = Mode::ALL.map(|mode| f64::from(modes.time_in(mode, tick)) * tick_hours);
        let down = hours[Mode::Failed as usize] + hours[Mode::Maintenance as usize];
        let scheduled: f64 = hours.iter().sum::<f64>() - hours[Mode::Offline as usize];
        Tally {
            machines: 1.0,
            failures: f64::from(meters.failures),
            repairs: f64::from(meters.repairs),
            planned_works: f64::from(meters.planned_works),
            energy_kwh: meters.energy_kwh,
            pieces: meters.pieces,
            good_pieces: meters.pieces - meters.bad_pieces,
            ideal_pieces: economy.ideal * scheduled,
            ideal_busy: economy.ideal * (scheduled - hours[Mode::Maintenance as usize]),
            ideal_running: economy.ideal * hours[Mode::Running as usize],
            cost_downtime: down * economy.downtime_price,
            cost_planned: meters.cost_planned,
            cost_unplanned: meters.cost_unplanned,
            cost_parts: meters.cost_parts,
            cost_energy: meters.energy_kwh * economy.energy_price,
            cost_scrap: meters.bad_pieces * economy.scrap_price,
            stockouts: f64::from(meters.stockouts),
            waited_parts_h: meters.waited_parts_h + f64::from(modes.parts.waited(tick)) * tick_hours,
            alerts: f64::from(meters.alerts),
            false_alarms: f64::from(meters.detection.false_alarms),
            faults_detected: f64::from(meters.detection.detected),
            faults_missed: f64::from(meters.detection.missed_so_far()),
            detection_h: meters.detection.delay_h,
            first_failure_h: meters.first_failure.map(|tick| f64::from(tick) * tick_hours),
            hours,
        }
    }

    pub fn add(&mut self, other: &Tally) {
        let mut parts = self.parts();
        parts.iter_mut().zip(other.parts()).for_each(|(sum, more)| *sum += more);
        let first = [self.first_failure_h, other.first_failure_h].into_iter().flatten().reduce(f64::min);
        *self = Tally { first_failure_h: first, ..Tally::from_parts(parts) };
    }

    /// Every sum times a factor: an average over futures. A first failure belongs to one future and is lost.
    pub fn scale(&mut self, factor: f64) {
        let first = self.first_failure_h.filter(|_| factor == 1.0);
        *self = Tally { first_failure_h: first, ..Tally::from_parts(self.parts().map(|part| part * factor)) };
    }

    fn in_state(&self, state: E10) -> f64 {
        Mode::ALL.iter().filter(|mode| mode.e10() == state).map(|&mode| self.hours[mode as usize]).sum()
    }

    /// One measure. None where it has no meaning: a ratio to nothing.
    pub fn measure(&self, name: &str) -> Option<f64> {
        let total: f64 = self.hours.iter().sum();
        let scheduled = total - self.in_state(E10::Nst);
        let up = self.in_state(E10::Prd) + self.in_state(E10::Sby) + self.in_state(E10::Eng);
        // What a plant does in an hour, not in an hour of one machine.
        let a_day = |count: f64| ratio(24.0 * count * self.machines, total);
        match name {
            "availability" => ratio(up, scheduled),
            "uptime_h" => Some(up),
            "downtime_h" => Some(self.in_state(E10::Sdt) + self.in_state(E10::Udt)),
            "first_failure_h" => self.first_failure_h,
            "mtbf_h" => ratio(self.in_state(E10::Prd), self.failures),
            "mttr_h" => ratio(self.in_state(E10::Udt), self.repairs),
            "throughput" => ratio(self.good_pieces * self.machines, scheduled),
            "alerts_per_day" => a_day(self.alerts),
            "false_alarms_per_day" => a_day(self.false_alarms),
            "detection_delay_h" => ratio(self.detection_h, self.faults_detected),
            _ => self.effectiveness(name).or_else(|| self.sum(name)),
        }
    }

    /// OEE and its factors. Machines weigh by their ideal rate: the three factors multiply to the OEE of a plant, too.
    fn effectiveness(&self, name: &str) -> Option<f64> {
        match name {
            "oee" => ratio(self.good_pieces, self.ideal_pieces),
            "oee_availability" => ratio(self.ideal_running, self.ideal_pieces),
            "oee_performance" => ratio(self.pieces, self.ideal_running),
            "oee_quality" => ratio(self.good_pieces, self.pieces),
            "oee_iso22400" => ratio(self.good_pieces, self.ideal_busy),
            _ => None,
        }
    }

    /// A measure that is a sum.
    fn sum(&self, name: &str) -> Option<f64> {
        Some(match name {
            "failures" => self.failures,
            "pieces" => self.pieces,
            "good_pieces" => self.good_pieces,
            "cost" => {
                let work = self.cost_downtime + self.cost_planned + self.cost_unplanned + self.cost_parts;
                work + self.cost_energy + self.cost_scrap
            }
            "cost_downtime" => self.cost_downtime,
            "cost_planned" => self.cost_planned,
            "cost_unplanned" => self.cost_unplanned,
            "cost_parts" => self.cost_parts,
            "cost_energy" => self.cost_energy,
            "cost_scrap" => self.cost_scrap,
            "energy_kwh" => self.energy_kwh,
            "planned_works" => self.planned_works,
            "stockouts" => self.stockouts,
            "waited_parts_h" => self.waited_parts_h,
            "alerts" => self.alerts,
            "faults_detected" => self.faults_detected,
            "faults_missed" => self.faults_missed,
            "false_alarms" => self.false_alarms,
            _ => {
                let is_it =
                    |state: &E10| name.strip_prefix("e10_").and_then(|n| n.strip_suffix("_h")) == Some(state.name());
                self.in_state(E10::ALL.into_iter().find(is_it)?)
            }
        })
    }

    /// All measures that have a meaning.
    pub fn measures(&self) -> BTreeMap<&'static str, f64> {
        NAMES.iter().filter_map(|&name| Some((name, self.measure(name)?))).collect()
    }
}

fn ratio(a: f64, b: f64) -> Option<f64> {
    (b > 0.0).then(|| a / b)
}

/// What a group of machines came to in one future.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct GroupTally {
    pub up_h: f64,
    pub down_h: f64,
    pub failures: f64,
    pub cost_downtime: f64,
}

impl GroupTally {
    /// One measure of [`super::GROUP_NAMES`].
    pub fn measure(&self, name: &str) -> Option<f64> {
        match name {
            "availability" => ratio(self.up_h, self.up_h + self.down_h),
            "uptime_h" => Some(self.up_h),
            "downtime_h" => Some(self.down_h),
            "failures" => Some(self.failures),
            "cost_downtime" => Some(self.cost_downtime),
            _ => None,
        }
    }
}
