//! What can leap and what must step, and who needs readings: as decisions, and in words for people.

use super::group::Leaper;
use super::sort::Sorts;
use crate::futures::Asking;
use crate::maintenance::{Policy, Sign, Source};
use crate::plan::{Model, Plan, joined};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Why readings are needed by the plan itself; empty where nothing reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readers {
    /// Policies and conditions: what happens depends on readings.
    pub policies: Vec<String>,
    /// Limits: only alerts depend on readings.
    pub limits: Vec<String>,
}

/// Entries in the tables of all leapers, and leapers, of one plan.
const MOST_ENTRIES: usize = 2_000_000;
const MOST_LEAPERS: usize = 4096;

/// How a plan is divided: groups that leap, and all machines that step (ascending), with a reason for each group.
#[derive(Debug, Default)]
pub struct Division {
    pub leapers: Vec<Leaper>,
    pub steppers: Vec<u32>,
    /// Machine that is to blame, how many step with it, and why.
    pub reasons: Vec<(u32, usize, String)>,
    /// The one reason is no machine's.
    wholly: bool,
}

impl Division {
    pub fn of(plan: &Arc<Plan>, asking: &Asking) -> Division {
        let mut division = Division::default();
        let all_step = if !asking.skip {
            Some("skipping is switched off")
        } else if asking.limits {
            Some("alarm limits are watched")
        } else if plan.origin.is_some() {
            Some("it goes on from a snapshot")
        } else {
            None
        };
        if let Some(why) = all_step {
            division.steppers = (0..plan.machines.len() as u32).collect();
            division.wholly = true;
            division.reasons.push((0, plan.machines.len(), why.to_owned()));
            return division;
        }
        let (mut sorts, mut leaping) = (Sorts::default(), Vec::new());
        for members in joined(plan) {
            let refused = |&machine: &u32| Some((machine, sorts.refusal(plan, machine)?));
            match members.iter().find_map(refused) {
                None => leaping.push(members),
                Some((machine, why)) => {
                    division.reasons.push((machine, members.len(), why));
                    division.steppers.extend(members);
                }
            }
        }
        for mut members in bundles(plan, leaping) {
            members.sort_unstable();
            division.leapers.push(Leaper::new(plan, &members, &sorts));
        }
        division.steppers.sort_unstable();
        division
    }
}

/// Puts groups together where there are very many: each leaper has tables as long as the plan.
fn bundles(plan: &Plan, groups: Vec<Vec<u32>>) -> Vec<Vec<u32>> {
    let joins = plan.links.len() + plan.groups.len();
    let table = plan.models.len() + if joins > 0 { plan.machines.len() } else { 0 };
    let most = (MOST_ENTRIES / table.max(1)).clamp(1, MOST_LEAPERS);
    groups.chunks(groups.len().div_ceil(most).max(1)).map(<[_]>::concat).collect()
}

/// In plain words: which machines leap, which step and why, and whether sensors are simulated.
pub fn explain(plan: &Arc<Plan>, asking: &Asking) -> Vec<String> {
    let division = Division::of(plan, asking);
    let all = plan.machines.len();
    let mut lines = vec![match asking.readings {
        true => "sensors are simulated: something needs readings".to_owned(),
        false => "sensors are not simulated: nothing that is asked for needs readings".to_owned(),
    }];
    let leaping = all - division.steppers.len();
    if leaping > 0 {
        lines.push(format!("{} from event to event: nothing else changes between", machines_go(leaping, all)));
    }
    // One line for each reason, with its first machine; there may be as many groups as machines.
    let mut reasons: BTreeMap<(u32, &str), (u32, usize, usize)> = BTreeMap::new();
    for (machine, size, why) in &division.reasons {
        let model = plan.machines[*machine as usize].model;
        let entry = reasons.entry((model, why)).or_insert((*machine, 0, 0));
        (entry.1, entry.2) = (entry.1 + size, entry.2 + 1);
    }
    for ((_, why), (machine, size, groups)) in reasons {
        let id = &plan.machines[machine as usize].id;
        lines.push(match size {
            _ if division.wholly => format!("every tick is stepped: {why}"),
            1 => format!("{id} goes tick by tick: {why}"),
            _ if size == groups => format!("{size} machines go tick by tick, like {id}: {why}"),
            _ => format!("{size} machines go tick by tick, joined with {id}: {why}"),
        });
    }
    lines
}

fn machines_go(count: usize, all: usize) -> String {
    match count {
        _ if count == all && all > 1 => format!("all {all} machines go"),
        1 if all == 1 => "the machine goes".to_owned(),
        1 => format!("1 machine of {all} goes"),
        _ => format!("{count} of {all} machines go"),
    }
}

/// What in the plan itself reads sensors.
pub fn readers(plan: &Plan) -> Readers {
    let mut readers = Readers::default();
    if let Policy::Condition { when, .. } = &plan.maintenance.policy {
        for (model, watched) in when {
            let model = &plan.models[*model as usize];
            for sign in watched.iter().flat_map(|watched| &watched.reads) {
                if let Some(name) = read_by(model, *sign) {
                    push(&mut readers.policies, format!("the maintenance condition reads {name}"));
                }
            }
        }
    }
    for condition in &plan.script.conditions {
        let reads_sensor = |(_, source): &(u32, Source)| matches!(source, Source::Reading(..));
        if condition.reads.iter().any(reads_sensor) {
            push(&mut readers.policies, format!("the condition `{}` reads a sensor", condition.text));
        }
    }
    for model in &plan.models {
        for sensor in model.sensors.iter().filter(|sensor| sensor.limits.is_some()) {
            push(&mut readers.limits, format!("limits of {} `{}`", model.kind, sensor.name));
        }
    }
    readers
}

fn read_by(model: &Model, sign: Sign) -> Option<String> {
    match sign {
        Sign::Number(Source::Reading(panel, lane)) => {
            let sensor = model.sensors.iter().find(|sensor| (sensor.panel, sensor.lane) == (panel, lane))?;
            Some(format!("`{}`", sensor.name))
        }
        Sign::Alert(sensor, level) => {
            Some(format!("alerts of `{}.{}`", model.sensors.get(sensor as usize)?.name, level.name()))
        }
        Sign::Number(_) => None,
    }
}

/// Models of one kind say the same.
fn push(list: &mut Vec<String>, phrase: String) {
    if !list.contains(&phrase) {
        list.push(phrase);
    }
}
