//! What the machines of a run were at an instant, exactly: as it was kept, or worked out again.

use super::recorded::{compiled, mirrored, named};
use super::replay::world_at;
use crate::{Trouble, store};
use serde_json::Value;
use twinwright_io::store::runs::RunRow;
use twinwright_io::store::{Link, checkpoints};
use twinwright_model::Time;

/// The machines of a run at an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct AsOf {
    pub run: String,
    /// Of the last tick at or before the instant that was asked for.
    pub time: Time,
    /// Each with its state: mode, wear, drivers, true values, readings, faults, hours, counts.
    pub machines: Vec<(String, Value)>,
}

/// The state of all machines at an instant, in a run of a store: the latest that knows itself then, unless one is named.
pub fn as_of(url: &str, run: Option<&str>, at: Time) -> Result<AsOf, Trouble> {
    store::work(url, async |link| {
        let row = match run {
            Some(name) => named(link, name).await?,
            None => latest(link, at).await?,
        };
        if row.kind == "live" {
            return at_checkpoint(link, row, at).await;
        }
        check_reach(link, &row, at).await?;
        let after = at.since(row.start).0.div_euclid(row.tick.0);
        let time = Time(row.start.0 + after * row.tick.0);
        let kept = checkpoints::states_at(link, row.id, time).await?;
        if kept.len() as i64 == row.machines {
            return Ok(AsOf { run: row.name, time, machines: kept });
        }
        let run = compiled(link, row).await?;
        let mut twin = world_at(link, &run, after.max(0) as u32, true).await?;
        let name = |machine: u32| run.plan.machines[machine as usize].id.to_string();
        let machines = twin.portraits().into_iter().map(|(machine, state)| (name(machine), state)).collect();
        Ok(AsOf { run: run.row.name, time, machines })
    })
}

/// A live run is known at its checkpoints: between them it would take its journal and the mirror to say.
async fn at_checkpoint(link: &mut Link, row: RunRow, at: Time) -> Result<AsOf, Trouble> {
    let machines = checkpoints::states_at(link, row.id, at).await?;
    if machines.is_empty() { Err(mirrored(link, &row)) } else { Ok(AsOf { run: row.name, time: at, machines }) }
}

async fn latest(link: &mut Link, at: Time) -> Result<RunRow, Trouble> {
    match checkpoints::latest_run(link, None, at).await? {
        Some(name) => named(link, &name).await,
        None => {
            let store = link.name();
            Err(Trouble::Input(format!("{store}: no run knows its state at {at}; expected one of `run --store`")))
        }
    }
}

/// Refuses an instant of which a run knows nothing.
pub async fn check_reach(link: &mut Link, row: &RunRow, at: Time) -> Result<(), Trouble> {
    let (store, name) = (link.name().to_owned(), &row.name);
    let Some((first, last)) = checkpoints::reach(link, row.id).await? else {
        return Err(Trouble::Input(format!("{store}: run `{name}` has no checkpoints: it left its measures only")));
    };
    // The last tick lasts until the one that would follow.
    if at < first || at.0 >= last.0 + row.tick.0 {
        let expected = format!("expected an instant from {first} to {last}");
        return Err(Trouble::Input(format!("{store}: run `{name}` knows nothing of {at}; {expected}")));
    }
    Ok(())
}
