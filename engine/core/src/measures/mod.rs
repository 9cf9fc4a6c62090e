//! Measures: what a run comes to, by name, for the plant, for each machine and for each group of machines.

mod tally;

pub use tally::{GroupTally, PARTS, Tally};

use crate::plan::study::Better;

/// Machines that are named in measures.
pub const MOST_NAMED: usize = 100;

/// A measure as people meet it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    pub name: &'static str,
    /// Empty for parts and counts.
    pub unit: &'static str,
    /// None where more may be as good as less.
    pub better: Option<Better>,
    pub about: &'static str,
}

const fn measure(name: &'static str, unit: &'static str, better: Option<Better>, about: &'static str) -> Measure {
    Measure { name, unit, better, about }
}

const MORE: Option<Better> = Some(Better::Higher);
const LESS: Option<Better> = Some(Better::Lower);

/// Every measure of a plant; `name(ID)` is the same for one machine.
pub const MEASURES: [Measure; 39] = [
    measure("availability", "", MORE, "(PRD + SBY + ENG) / (total - NST)"),
    measure("uptime_h", "h", MORE, "PRD + SBY + ENG"),
    measure("downtime_h", "h", LESS, "SDT + UDT"),
    measure("failures", "", LESS, "times that a machine failed, trips included"),
    measure("first_failure_h", "h", MORE, "from the start to the first failure; absent in futures without one"),
    measure("mtbf_h", "h", MORE, "PRD / failures: operating time without a failure counts too"),
    measure("mttr_h", "h", LESS, "UDT / repairs that were completed: waiting and unfinished repairs count too"),
    measure("oee", "", MORE, "classic OEE: good pieces / what the time without NST could have made at ideal rate"),
    measure("oee_availability", "", MORE, "its first factor: PRD / (total - NST)"),
    measure("oee_performance", "", MORE, "its second factor: pieces / what PRD could have made at ideal rate"),
    measure("oee_quality", "", MORE, "its third factor: good pieces / pieces"),
    measure("oee_iso22400", "", MORE, "OEE of ISO 22400-2: good pieces / what total - NST - SDT could have made"),
    measure("throughput", "1/h", MORE, "good pieces per hour of total - NST"),
    measure("pieces", "", MORE, "pieces made, good and bad"),
    measure("good_pieces", "", MORE, "good pieces made"),
    measure("cost", "", LESS, "all costs below"),
    measure("cost_downtime", "", LESS, "downtime at the price of an hour"),
    measure("cost_planned", "", LESS, "planned work"),
    measure("cost_unplanned", "", LESS, "repairs after failures"),
    measure("cost_parts", "", LESS, "spare parts"),
    measure("cost_energy", "", LESS, "energy"),
    measure("cost_scrap", "", LESS, "bad pieces"),
    measure("energy_kwh", "kWh", LESS, "electrical energy"),
    measure("planned_works", "", None, "planned works begun"),
    measure("stockouts", "", LESS, "works that had to wait for a spare part"),
    measure("waited_parts_h", "h", LESS, "time that works waited for spare parts"),
    measure("alerts", "", LESS, "alerts raised, without those during maintenance"),
    measure("alerts_per_day", "1/d", LESS, "alerts per day of total time"),
    measure(
        "faults_detected",
        "",
        MORE,
        "process and sensor faults with an alert on their machine while they were active",
    ),
    measure("faults_missed", "", LESS, "process and sensor faults that ended, or saw the end of the run, without one"),
    measure("detection_delay_h", "h", LESS, "mean time from the start of a detected fault to that alert"),
    measure("false_alarms", "", LESS, "alerts with no such fault active and the true value within the limit"),
    measure("false_alarms_per_day", "1/d", LESS, "false alarms per day of total time"),
    measure("e10_prd_h", "h", None, "productive time: running"),
    measure("e10_sby_h", "h", None, "standby time: idle, starved too"),
    measure("e10_eng_h", "h", None, "engineering time: calibrating"),
    measure("e10_sdt_h", "h", None, "scheduled downtime: maintenance"),
    measure("e10_udt_h", "h", None, "unscheduled downtime: failed"),
    measure("e10_nst_h", "h", None, "non-scheduled time: offline"),
];

/// Names of measures, plant-wide; `name(ID)` is the same for one machine.
pub const NAMES: [&str; MEASURES.len()] = {
    let mut names = [""; MEASURES.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = MEASURES[at].name;
        at += 1;
    }
    names
};

/// Measures of a group of machines: `name(GROUP)`.
pub const GROUP_NAMES: [&str; 5] = ["availability", "uptime_h", "downtime_h", "failures", "cost_downtime"];

/// What is known of a measure: also of `name(ID)`, which means the same.
pub fn known(name: &str) -> Option<&'static Measure> {
    let plain = name.split_once('(').map_or(name, |(plain, _)| plain);
    MEASURES.iter().find(|measure| measure.name == plain)
}

/// The unit of a measure; empty where it has none.
pub fn unit(name: &str) -> &'static str {
    known(name).map_or("", |measure| measure.unit)
}

/// Which way a measure is better, where it has such a way.
pub fn better(name: &str) -> Option<Better> {
    known(name)?.better
}

/// Names that an expectation may use: of the plant, and of its first hundred machines.
pub fn names(ids: &[&str]) -> Vec<String> {
    let plant = NAMES.iter().map(|name| (*name).to_owned());
    let machines = ids.iter().take(MOST_NAMED).flat_map(|id| NAMES.iter().map(move |name| format!("{name}({id})")));
    plant.chain(machines).collect()
}

/// The same of groups of machines.
pub fn group_names<'a>(groups: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    groups.into_iter().flat_map(|group| GROUP_NAMES.iter().map(move |name| format!("{name}({group})"))).collect()
}
