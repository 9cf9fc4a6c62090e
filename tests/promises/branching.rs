//! Snapshots: what is saved goes on as if nothing had been, also under a changed plan, and forks into futures.

mod changed;
mod continued;
mod files;
mod forks;

use std::path::Path;
use std::sync::Arc;
use twinwright_core::snapshot::{Origin, RestoreError, Snapshot};
use twinwright_core::{Batch, Plan, Twin};

/// The state of a plan after its first ticks.
fn state_at(plan: &Arc<Plan>, tick: u32) -> Arc<Snapshot> {
    let mut twin = Twin::build_lean(plan, (0..plan.machines.len() as u32).collect(), 0..plan.futures);
    (0..=tick).for_each(|_| twin.tick(&Batch::default()));
    Arc::new(twin.snapshot())
}

/// The same plan, begun from a snapshot.
fn from(plan: &Arc<Plan>, snapshot: &Arc<Snapshot>) -> Result<Arc<Plan>, RestoreError> {
    let origin = Origin::new(plan, snapshot)?;
    let mut plan = (**plan).clone();
    plan.origin = Some(Arc::new(origin));
    Ok(Arc::new(plan))
}

/// Ticks to the end, and all events on the way: tick, machine, future, text.
fn events_of(plan: &Arc<Plan>) -> Vec<(u32, String)> {
    let mut twin = Twin::build_lean(plan, (0..plan.machines.len() as u32).collect(), 0..plan.futures);
    let mut events = Vec::new();
    for tick in plan.first_tick()..=plan.ticks {
        twin.tick(&Batch::default());
        for event in twin.take_outbox().events {
            events.push((tick, format!("{} {} {} {:?}", event.event, event.machine, event.future, event.detail)));
        }
    }
    events
}

/// When something like this first happens, in ticks.
fn first(events: &[(u32, String)], what: &str) -> Option<u32> {
    events.iter().find(|(_, text)| text.starts_with(what)).map(|(tick, _)| *tick)
}

/// Shipped scenarios, in order.
fn shipped(project: &Path) -> Vec<std::path::PathBuf> {
    let folder = std::fs::read_dir(project.join("scenarios")).expect("scenarios are shipped");
    let mut paths: Vec<_> = folder.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.retain(|path| std::fs::read_to_string(path).is_ok_and(|text| text.contains("scenario/1")));
    paths.sort();
    paths
}
