//! A study in a store: one row of `runs` for each variant at each point, with its measures, intervals and differences.

use super::heading::heading;
use super::plant::{files_of, plain};
use super::{Sources, now};
use crate::run::Settings;
use crate::whatif::Outcome;
use crate::whatif::outcome::{MeasureOutcome, RunOutcome, WhatIf};
use crate::{Trouble, store};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use twinwright_core::Plan;
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_io::store::Link;
use twinwright_io::store::chronicle::{self, EndRow, MeasureRow};
use twinwright_io::store::runs::{self, RunHeading};
use twinwright_model::Span;

/// What cannot be, said before a study is run: a store that cannot be opened, checkpoints of what has none.
pub fn check_study(settings: &Settings) -> Result<(), Trouble> {
    if settings.checkpoint_every.is_some() {
        let message = "--checkpoint-every: a study leaves its measures only; expected a scenario without variants, sweep, \
                       optimise and futures";
        return Err(Trouble::Input(message.to_owned()));
    }
    match &settings.store {
        Some(url) => store::work(url, async |_| Ok(())),
        None => Ok(()),
    }
}

/// Stores what a study came to, all of it or nothing. Says what was stored, in a line; nothing where no store is asked for.
pub fn remember(settings: &Settings, sources: &Sources, outcome: &Outcome) -> Result<String, Trouble> {
    let Some(url) = &settings.store else { return Ok(String::new()) };
    let what_if = &outcome.what_if;
    let headings =
        what_if.runs.iter().zip(&outcome.plans).map(|(run, plan)| heading_of(settings, sources, what_if, run, plan));
    let headings = headings.collect::<Result<Vec<RunHeading>, Trouble>>()?;
    store::work(url, async |link| {
        link.begin().await?;
        match write(link, sources, outcome, &headings).await {
            Ok(first) => {
                link.commit().await?;
                let count = headings.len();
                let runs =
                    if count == 1 { "its measures".to_owned() } else { format!("{count} runs with their measures") };
                Ok(format!("stored as study {first} in {}: {runs}\n", link.name()))
            }
            Err(trouble) => {
                let _ = link.roll_back().await;
                Err(trouble.into())
            }
        }
    })
}

/// The name of the study's first run, which is the study's name, too.
async fn write(
    link: &mut Link,
    sources: &Sources,
    outcome: &Outcome,
    headings: &[RunHeading],
) -> Result<String, OutletTrouble> {
    let mut first: Option<String> = None;
    for ((heading, run), plan) in headings.iter().zip(&outcome.what_if.runs).zip(&outcome.plans) {
        let (id, name) = runs::begin(link, heading).await?;
        let study = first.get_or_insert(name).clone();
        link.run("UPDATE runs SET study = $2 WHERE id = $1", &[id.into(), study.into()]).await?;
        chronicle::configure(link, id, heading.began, &files_of(plan, sources)).await?;
        let end = EndRow {
            status: if outcome.what_if.partial { "interrupted" } else { "finished" },
            end: Some(plan.time_of(i64::from(plan.ticks))),
            state_digest: None,
            ended: now(),
            measures: run.measures.iter().map(|one| measure(one, outcome.what_if.confidence)).collect(),
        };
        end.write(link, id).await?;
    }
    Ok(first.unwrap_or_default())
}

fn heading_of(
    settings: &Settings,
    sources: &Sources,
    what_if: &WhatIf,
    run: &RunOutcome,
    plan: &Arc<Plan>,
) -> Result<RunHeading, Trouble> {
    let plain_heading = heading(settings, plan, sources, Span(1_000))?;
    let mut changes = plain_heading.changes;
    let said: Map<String, Value> = run.changes.iter().map(|(path, value)| (path.clone(), json!(value))).collect();
    let point: Map<String, Value> =
        what_if.axes.iter().zip(&run.point).map(|(axis, value)| (axis.path.clone(), json!(value.text))).collect();
    if let Some(changes) = changes.as_object_mut() {
        changes.insert("variant".to_owned(), said.into());
        changes.insert("point".to_owned(), point.into());
    }
    Ok(RunHeading { changes, variant: Some(plain(&run.name)), futures: what_if.done, ..plain_heading })
}

fn measure(one: &MeasureOutcome, confidence: f64) -> MeasureRow {
    let difference = one.difference.as_ref();
    MeasureRow {
        name: one.name.clone(),
        unit: one.unit.clone(),
        mean: one.figure.mean,
        p05: one.figure.p05,
        p50: one.figure.p50,
        p95: one.figure.p95,
        futures: one.figure.n as u32,
        interval: one.interval.map(|interval| (interval.low, interval.high, confidence)),
        difference: difference.map(|difference| difference.mean),
        difference_interval: difference.and_then(|one| one.interval).map(|interval| (interval.low, interval.high)),
        better: difference.and_then(|difference| difference.better),
    }
}
