//! Groups of machines that must run in one world: what links, conditions or shared hands join.

use super::Plan;

/// Machines that links, conditions or a shared crew join, in the order of their first members.
pub fn joined(plan: &Plan) -> Vec<Vec<u32>> {
    let mut parent: Vec<u32> = (0..plan.machines.len() as u32).collect();
    for link in &plan.links {
        join(&mut parent, link.from, link.to);
    }
    for condition in &plan.script.conditions {
        let acted = plan.script.actions[condition.action].machines.iter().copied();
        let seen: Vec<u32> = condition.reads.iter().map(|(machine, _)| *machine).chain(acted).collect();
        seen.windows(2).for_each(|pair| join(&mut parent, pair[0], pair[1]));
    }
    for group in &plan.groups {
        group.machines.windows(2).for_each(|pair| join(&mut parent, pair[0], pair[1]));
    }
    for sharers in plan.maintenance.sharers(&plan.machines) {
        sharers.windows(2).for_each(|pair| join(&mut parent, pair[0], pair[1]));
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
