//! How a run is spread over worlds: futures apart, or groups of machines that nothing joins.

use std::ops::Range;
use twinwright_core::Plan;
use twinwright_core::plan::joined;

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
    let groups = joined(plan);
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
