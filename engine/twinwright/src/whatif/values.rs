//! Measures of single futures by name: of the plant, of a machine, of a group, and the scenario's own.

use std::collections::BTreeMap;
use twinwright_core::futures::FutureEnd;
use twinwright_core::measures::{self, MOST_NAMED, Tally};
use twinwright_core::plan::study::{Better, OwnMeasure, Study};

/// Tallies of single machines that are kept over all runs and futures; beyond that only machines that are asked for.
const MOST_TALLIES: u64 = 400_000;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    Plant(&'static str),
    /// A measure, and the place of the machine among those that are kept.
    Machine(&'static str, usize),
    /// A measure of a group, and the group's place in the plan.
    Group(&'static str, usize),
    /// The place among the scenario's own measures.
    Own(usize),
}

/// The measures of a study, and what of a future must be kept for them.
#[derive(Debug)]
pub struct Measures {
    own: Vec<OwnMeasure>,
    /// Machines whose tallies are kept, with their ids, in the order of the plan.
    kept: Vec<(u32, String)>,
    groups: Vec<String>,
    meanings: BTreeMap<String, Meaning>,
    watched: bool,
}

/// A measure that a run is judged by.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    pub name: String,
    pub unit: String,
    pub better: Option<Better>,
}

impl Measures {
    /// `watched`: alarm limits are watched, so that measures of alerts mean something.
    pub fn of(study: &Study, watched: bool) -> Measures {
        let plan = study.base();
        let runs = study.runs.len() as u64;
        let ids = || plan.machines.iter().take(MOST_NAMED).enumerate();
        let all = runs * u64::from(plan.futures) * ids().count() as u64 <= MOST_TALLIES;
        let asked = asked_names(study);
        let is_asked = |id: &str| asked.iter().any(|name| machine_of(name) == Some(id));
        let kept: Vec<(u32, String)> = ids()
            .filter(|(_, machine)| all || is_asked(&machine.id))
            .map(|(index, machine)| (index as u32, machine.id.to_string()))
            .collect();
        let groups = plan.groups.iter().map(|group| group.name.clone()).collect();
        let mut measures = Measures { own: study.measures.clone(), kept, groups, meanings: BTreeMap::new(), watched };
        measures.meanings = measures.all_meanings();
        measures
    }

    fn all_meanings(&self) -> BTreeMap<String, Meaning> {
        let mut meanings = BTreeMap::new();
        for name in measures::NAMES {
            meanings.insert(name.to_owned(), Meaning::Plant(name));
            for (place, (_, id)) in self.kept.iter().enumerate() {
                meanings.insert(format!("{name}({id})"), Meaning::Machine(name, place));
            }
        }
        for name in measures::GROUP_NAMES {
            let groups = self.groups.iter().enumerate();
            meanings.extend(groups.map(|(place, group)| (format!("{name}({group})"), Meaning::Group(name, place))));
        }
        meanings.extend(self.own.iter().enumerate().map(|(place, own)| (own.name.clone(), Meaning::Own(place))));
        meanings
    }

    /// Takes what counts alerts out of a tally where no limit was watched: nought would be a lie.
    pub fn blind(&self, mut tally: Tally) -> Tally {
        if !self.watched {
            for part in
                [&mut tally.alerts, &mut tally.false_alarms, &mut tally.faults_detected, &mut tally.faults_missed]
            {
                *part = f64::NAN;
            }
        }
        tally
    }

    /// Whether tallies of single machines are needed at all.
    pub fn names_machines(&self) -> bool {
        !self.kept.is_empty()
    }

    /// Machines with measures of their own.
    pub fn machines(&self) -> &[(u32, String)] {
        &self.kept
    }

    /// Lets go of what no measure needs.
    pub fn trim(&self, end: &mut FutureEnd) {
        end.first_failures = Vec::new();
        if self.kept.len() < end.named.len() {
            let kept = self.kept.iter().filter_map(|(machine, _)| end.named.get(*machine as usize).cloned());
            end.named = kept.collect();
        }
        end.named.shrink_to_fit();
        end.kinds.shrink_to_fit();
    }

    /// A measure of a future that was trimmed.
    pub fn value(&self, end: &FutureEnd, name: &str) -> Option<f64> {
        match self.meanings.get(name)? {
            Meaning::Plant(name) => end.plant.measure(name),
            Meaning::Machine(name, place) => end.named.get(*place)?.measure(name),
            Meaning::Group(name, place) => end.groups.get(*place)?.measure(name),
            Meaning::Own(place) => self.own[*place].formula.value(|name| self.value(end, name)),
        }
    }

    /// A measure of every future.
    pub fn column(&self, ends: &[FutureEnd], name: &str) -> Vec<Option<f64>> {
        ends.iter().map(|end| self.value(end, name)).collect()
    }

    /// Of the plant, and the scenario's own: these are always reported.
    pub fn of_plant(&self) -> Vec<Judged> {
        let plant = measures::NAMES.iter().filter(|name| self.watched || !needs_alerts(name)).map(|name| judged(name));
        let own =
            self.own.iter().map(|own| Judged { name: own.name.clone(), unit: own.unit.clone(), better: own.better });
        plant.chain(own).collect()
    }

    /// Of single machines and of groups.
    pub fn of_machines(&self) -> Vec<Judged> {
        let names = || measures::NAMES.iter().filter(|name| self.watched || !needs_alerts(name));
        let machines = self.kept.iter().flat_map(|(_, id)| names().map(move |name| judged(&format!("{name}({id})"))));
        let of_groups = measures::group_names(self.groups.iter().map(String::as_str));
        machines.chain(of_groups.iter().map(|name| judged(name))).collect()
    }
}

fn judged(name: &str) -> Judged {
    Judged { name: name.to_owned(), unit: measures::unit(name).to_owned(), better: measures::better(name) }
}

/// The machine in `name(machine)`.
fn machine_of(name: &str) -> Option<&str> {
    name.split_once('(')?.1.strip_suffix(')')
}

/// Whether a measure counts alerts, and so means nothing where no limit is watched.
pub fn needs_alerts(name: &str) -> bool {
    ["alerts", "faults_", "detection_", "false_alarms"].iter().any(|start| name.starts_with(start))
}

/// Every measure that the scenario asks about, with those that its own measures are made of.
pub fn asked_names(study: &Study) -> Vec<String> {
    let mut names: Vec<String> = study.expects.iter().flat_map(|expect| expect.asked.names.clone()).collect();
    names.extend(study.stop.iter().map(|stop| stop.measure.clone()));
    names.extend(study.optimise.iter().map(|optimise| optimise.measure.clone()));
    names.extend(study.measures.iter().flat_map(|own| own.formula.names.clone()));
    names
}
