//! Wear: every law against its closed form, on whole machines.
//!
//! Statistics run on 20,000 units with TWINWRIGHT_FULL=1 and on a tenth of them otherwise. The numbers of scipy (1.17)
//! are written beside the call that made them. Life is 1,024 h at a tick of 1 h in most of these, so that every tick
//! is a node of the paths and the laws hold at it exactly.

mod laws;
mod paths;
mod renewals;

use crate::truth::seen::{Watched, first_failures, units};
use twinwright_tests::scenario;

/// Nodes, and hours, of a life here.
const LIFE: u32 = 1024;

/// A machine with one wear, which its only sensor reads.
fn with_wear(keys: &str) -> String {
    format!("[wear.part]\n{keys}\n[sensors.s]\nvalue = \"part\"\n")
}

/// The lives of many units in hours, each seen at the first tick after it ended. All must fail.
fn lives(machine: &str, count: u32, hours: u32) -> Vec<f64> {
    let mut watched = Watched::new(machine, &scenario(count, &format!("{hours} h"), "1 h", ""));
    watched.go_to(hours);
    let failures = first_failures(&mut watched);
    assert_eq!(failures.len(), count as usize, "every unit fails within {hours} h");
    failures.into_iter().map(|(_, tick)| f64::from(tick)).collect()
}

/// The wear of many units at some ticks.
fn wears_at(machine: &str, count: u32, ticks: &[u32]) -> Vec<Vec<f64>> {
    let hours = ticks.iter().max().copied().unwrap_or(1);
    let mut watched = Watched::new(machine, &scenario(count, &format!("{hours} h"), "1 h", ""));
    let at = |tick: &u32| {
        watched.go_to(*tick);
        watched.rows().1.wears[0].clone()
    };
    ticks.iter().map(at).collect()
}

/// As many units as the promise speaks of.
fn all() -> u32 {
    units(20_000)
}
