//! How a run is spread over worlds: futures apart, or groups of machines that nothing joins.

use std::ops::Range;
use twinwright_core::Plan;

/// The part of a run that one world holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub machines: Vec<u32>,
    pub futures: Range<u32>,
}

/// At most `count` parts of about the same size.
pub fn split(plan: &Plan, count: usize) -> Vec<Part> {
    let all: Vec<u32> = (0..plan.machines.len() as u32).collect();
    if plan.futures >= count as u32 && count > 1 {
        let share = |i: usize| (u64::from(plan.futures) * i as u64 / count as u64) as u32;
        return (0..count).map(|i| Part { machines: all.clone(), futures: share(i)..share(i + 1) }).collect();
    }
    let groups = groups(plan);
    let bins = count.min(groups.len()).max(1);
    let mut parts: Vec<Vec<u32>> = vec![Vec::new(); bins];
    let mut filled = 0usize;
    for group in groups {
        // In plan order, bin after bin: neighbours of one model stay together.
        let bin = (filled * bins / all.len().max(1)).min(bins - 1);
        filled += group.len();
        parts[bin].extend(group);
    }
    parts
        .into_iter()
        .filter(|machines| !machines.is_empty())
        .map(|mut machines| {
            machines.sort_unstable();
            Part { machines, futures: 0..plan.futures }
        })
        .collect()
}

/// Machines that links, conditions or a shared crew join, in the order of their first members.
fn groups(plan: &Plan) -> Vec<Vec<u32>> {
    let mut parent: Vec<u32> = (0..plan.machines.len() as u32).collect();
    for link in &plan.links {
        join(&mut parent, link.from, link.to);
    }
    for condition in &plan.script.conditions {
        let acted = plan.script.actions[condition.action].machines.iter().copied();
        let seen: Vec<u32> = condition.reads.iter().map(|(machine, _)| *machine).chain(acted).collect();
        seen.windows(2).for_each(|pair| join(&mut parent, pair[0], pair[1]));
    }
    if plan.maintenance.crew.is_some() {
        (1..parent.len() as u32).for_each(|machine| join(&mut parent, machine - 1, machine));
    }
    let mut groups: Vec<Vec<u32>> = Vec::new();
    let mut place: Vec<Option<usize>> = vec![None; parent.len()];
    for machine in 0..parent.len() as u32 {
        let root = root(&mut parent, machine) as usize;
        let index = *place[root].get_or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[index].push(machine);
    }
    groups
}

fn root(parent: &mut [u32], machine: u32) -> u32 {
    let mut at = machine;
    while parent[at as usize] != at {
        parent[at as usize] = parent[parent[at as usize] as usize];
        at = parent[at as usize];
    }
    at
}

fn join(parent: &mut [u32], a: u32, b: u32) {
    let (a, b) = (root(parent, a), root(parent, b));
    // The smaller number leads, so that the result does not depend on the order of joining.
    parent[a.max(b) as usize] = a.min(b);
}
