//! `[from] store`: the state that a run of a store had at an instant, for a scenario that goes on from it.

use super::asof::check_reach;
use super::recorded::{compiled, named};
use super::replay::world_at;
use crate::{Trouble, store};
use std::path::Path;
use std::sync::Arc;
use twinwright_core::Plan;
use twinwright_core::files::leaf::Instant;
use twinwright_core::snapshot::Snapshot;
use twinwright_io::store::{Link, checkpoints, runs};
use twinwright_model::Time;

/// The state at the first tick at or after an instant; the latest run of the plan that knows it, unless one is named.
pub fn state_from(url: &str, at: Instant, run: Option<&str>, plan: &Plan) -> Result<Arc<Snapshot>, Trouble> {
    store::work(url, async |link| {
        let name = match run {
            Some(name) => name.to_owned(),
            None => latest(link, plan, at.resolve(plan.start)).await?,
        };
        let row = named(link, &name).await?;
        let instant = at.resolve(row.start);
        check_reach(link, &row, instant).await?;
        let run = compiled(link, row).await?;
        let tick = u32::try_from(run.plan.tick_at(instant)).unwrap_or(0);
        check_reach(link, &run.row, run.plan.time_of(i64::from(tick))).await?;
        Ok(Arc::new(world_at(link, &run, tick, false).await?.snapshot()))
    })
}

async fn latest(link: &mut Link, plan: &Plan, at: Time) -> Result<String, Trouble> {
    let digest = format!("{:032x}", plan.digest);
    if let Some(name) = checkpoints::latest_run(link, Some(&digest), at).await? {
        return Ok(name);
    }
    let store = link.name().to_owned();
    let mut known = Vec::new();
    for row in runs::list(link).await? {
        let reach = checkpoints::reach(link, row.id).await?;
        let Some((first, last)) = reach.filter(|_| known.len() < 5) else { continue };
        let same = if row.plan_digest == digest { "this scenario" } else { "another scenario" };
        known.push(format!("   `{}`: {same}, {first} to {last}", row.name));
    }
    let known = if known.is_empty() {
        "; it has no run with checkpoints, expected one of `run --store`".to_owned()
    } else {
        format!("\n   expected: `run = \"NAME\"` of a run that knows it; the latest are\n{}", known.join("\n"))
    };
    Err(Trouble::Input(format!("{store}: no run of this scenario knows its state at {at}{known}")))
}

/// The address of a store as a scenario has it: a file lies beside the scenario, and must be there.
pub fn beside(scenario: &Path, url: &str) -> Result<String, Trouble> {
    let Some(rest) = url.trim().strip_prefix("sqlite:") else { return Ok(url.trim().to_owned()) };
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (path, options) = rest.split_once('?').map_or((rest, String::new()), |(path, more)| (path, format!("?{more}")));
    let path = scenario.parent().unwrap_or(Path::new("")).join(path);
    if !path.is_file() {
        return Err(Trouble::Input(format!("{}: there is no such store", path.display())));
    }
    Ok(format!("sqlite:{}{options}", path.display()))
}
