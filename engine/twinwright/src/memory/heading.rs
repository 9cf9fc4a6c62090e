//! What the row of a run says from its beginning.

use super::plant::plain;
use super::recorded::changes_json;
use super::{Sources, now};
use crate::run::Settings;
use crate::{Trouble, VERSION, report};
use twinwright_core::Plan;
use twinwright_io::store::runs::RunHeading;
use twinwright_model::Span;

/// The heading of a run of a scenario; `resolution` is what all its times are multiples of.
pub fn heading(settings: &Settings, plan: &Plan, sources: &Sources, resolution: Span) -> Result<RunHeading, Trouble> {
    if resolution.0 % 1_000 != 0 || plan.tick.0 % 1_000 != 0 {
        let message = format!("--store: a store keeps microseconds, and this run has times in steps of {resolution}");
        return Err(Trouble::Input(message));
    }
    let seed = i64::try_from(plan.seed).map_err(|_| {
        Trouble::Input(format!("--store: the seed {} cannot be stored; expected at most {}", plan.seed, i64::MAX))
    })?;
    let forked = plan.origin.is_some();
    Ok(RunHeading {
        kind: "scenario",
        scenario: settings.scenario.file_stem().map_or("run".into(), |stem| plain(&stem.to_string_lossy())),
        title: plain(&plan.title),
        document: plain(&sources.document),
        changes: changes_json(settings.seed, &settings.sets, settings.until.as_deref(), forked),
        study: None,
        variant: None,
        seed,
        futures: plan.futures,
        machines: plan.machines.len() as u32,
        start: plan.start,
        tick: plan.tick,
        plan_digest: format!("{:032x}", plan.digest),
        version: VERSION.to_owned(),
        command: plain(&report::command(settings)),
        began: now(),
    })
}
