//! Keeps what a run leaves while it goes on: a diary, checkpoints, readings where they are asked for, and how it ended.

use super::diary::Diary;
use super::heading::heading;
use super::performance::performance;
use super::plant::plant_of;
use super::readings::Readings;
use super::{Sources, now};
use crate::run::Settings;
use crate::run::merge::Merged;
use crate::run::progress::grouped;
use crate::run::summary::{Figure, Summary};
use crate::run::worker::Saved;
use crate::{Trouble, VERSION, generate};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::runtime::Runtime;
use twinwright_core::{Plan, measures};
use twinwright_io::outlets::carrier::Carrier;
use twinwright_io::store::chronicle::{self, CheckpointRow, EndRow, MeasureRow, Unit};
use twinwright_io::store::{Link, Place, checkpoints, scribe};
use twinwright_model::Time;

/// Rows of history that make a piece of their own before the next checkpoint.
const PIECE: u64 = 1_000;

/// What a run left in its store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    pub run: String,
    pub store: String,
    pub checkpoints: u64,
    pub modes: u64,
    pub alerts: u64,
    pub works: u64,
    pub readings: u64,
    pub measures: u64,
}

impl Stored {
    /// For people, in a line.
    pub fn line(&self) -> String {
        let count = |n: u64, what: &str| format!("{} {what}{}", grouped(n as f64), if n == 1 { "" } else { "s" });
        let mut parts = vec![
            count(self.checkpoints, "checkpoint"),
            count(self.modes, "mode change"),
            count(self.alerts, "alert"),
            count(self.works, "failure and work").replace("failure and works", "failures and works"),
            count(self.measures, "measure"),
        ];
        if self.readings > 0 {
            parts.push(count(self.readings, "reading"));
        }
        format!("stored as {} in {}: {}", self.run, self.store, parts.join(", "))
    }
}

/// Whether waiting for a store makes no sense any more: the run was interrupted, and the store is away. As long as it
/// takes what it is given, everything up to the last whole tick goes into it.
pub fn in_vain(carrier: &Carrier, stop: &AtomicBool) -> bool {
    stop.load(Ordering::Relaxed) && !carrier.trouble().is_empty()
}

/// A run on its way into a store.
pub struct Keeper<'a> {
    plan: Arc<Plan>,
    runtime: Runtime,
    stop: &'a AtomicBool,
    /// None once it has failed.
    scribe: Option<Carrier>,
    readings: Option<Readings>,
    diary: Diary,
    unit: Unit,
    /// The state of the checkpoint before: its tick, and by machine.
    before: Option<(u32, BTreeMap<u32, Value>)>,
    stored: Stored,
}

impl<'a> Keeper<'a> {
    /// Makes the rows that a run begins with, and the ways on which the rest will go.
    pub fn open(
        settings: &Settings,
        plan: &Arc<Plan>,
        sources: &Sources,
        stop: &'a AtomicBool,
    ) -> Result<Keeper<'a>, Trouble> {
        let url = settings.store.as_deref().unwrap_or(crate::store::DEFAULT);
        let place = Place::parse(url)?;
        let manifest =
            generate::outlets::manifest(&generate::Settings::of(&settings.scenario.display().to_string()), plan);
        let heading = heading(settings, plan, sources, manifest.resolution)?;
        let plant = plant_of(plan, sources, &manifest.path);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("memory")
            .enable_all()
            .build()
            .map_err(|error| Trouble::World(format!("cannot start threads for the store: {error}")))?;
        let (begun, link) = runtime.block_on(async {
            let mut link = Link::open(&place).await?;
            let begun = chronicle::begin(&mut link, &heading, &plant).await?;
            Ok::<_, Trouble>((Arc::new(begun), link))
        })?;
        let stored = Stored { run: begun.name.clone(), store: link.name().to_owned(), ..Stored::default() };
        let scribe = scribe::start(runtime.handle(), &place, &begun, link)?;
        let readings = settings.readings.then(|| Readings::open(runtime.handle(), url, plan, manifest));
        let mut keeper = Keeper {
            plan: plan.clone(),
            stop,
            scribe: Some(scribe),
            readings: None,
            diary: Diary::new(plan),
            unit: Unit { number: 1, ..Unit::default() },
            before: None,
            stored,
            runtime,
        };
        match readings.transpose() {
            Ok(readings) => keeper.readings = readings,
            Err(trouble) => {
                keeper.fail();
                return Err(trouble);
            }
        }
        Ok(keeper)
    }

    /// Takes what a stretch of ticks left.
    pub fn hear(&mut self, merged: &Merged) -> Result<(), Trouble> {
        if let Some(readings) = &mut self.readings {
            readings.send(&merged.chunk, self.stop);
        }
        self.diary.hear(&self.plan, merged, &mut self.unit);
        if self.unit.rows() >= PIECE {
            self.push();
        }
        self.check()
    }

    /// Takes the state at a tick, with what was heard before it.
    pub fn keep(&mut self, saved: &Saved) -> Result<(), Trouble> {
        let Some(tick) = saved.snapshot.tick else { return Ok(()) };
        let plan = &self.plan;
        let portraits: BTreeMap<u32, Value> = saved.portraits.iter().cloned().collect();
        let performance = self
            .before
            .as_ref()
            .map(|(since, before)| performance(plan, (*since, before), (tick, &portraits), &saved.gauged));
        self.unit.checkpoint = Some(CheckpointRow {
            tick,
            time: plan.time_of(i64::from(tick)),
            state_digest: format!("{:032x}", saved.snapshot.digest(plan)),
            plan_digest: format!("{:032x}", plan.digest),
            engine: VERSION.to_owned(),
            packed: checkpoints::pack(&saved.snapshot.seal())?,
            taken: now(),
            states: saved.portraits.clone(),
            performance: performance.unwrap_or_default(),
        });
        self.before = Some((tick, portraits));
        self.stored.checkpoints += 1;
        self.push();
        self.check()
    }

    fn push(&mut self) {
        let next = Unit { number: self.unit.number + 1, ..Unit::default() };
        let unit = std::mem::replace(&mut self.unit, next);
        self.stored.modes += unit.modes.iter().filter(|row| row.previous.is_some()).count() as u64;
        self.stored.alerts = self.stored.alerts.max(unit.alerts.keys().last().copied().unwrap_or(0));
        self.stored.works += unit.works.len() as u64;
        if let Some(scribe) = &self.scribe {
            scribe.push(scribe::freight(unit), || in_vain(scribe, self.stop));
        }
    }

    /// Says at once when one of the ways has failed for good.
    fn check(&mut self) -> Result<(), Trouble> {
        if self.scribe.as_ref().is_some_and(Carrier::has_ended) {
            return self.finish_scribe().and(Err(Trouble::World("the store takes no more".to_owned())));
        }
        match self.readings.take_if(|readings| readings.has_ended()) {
            Some(ended) => ended.finish(self.runtime.handle(), self.stop).map(|_| ()),
            None => Ok(()),
        }
    }

    fn finish_scribe(&mut self) -> Result<(), Trouble> {
        let Some(scribe) = self.scribe.take() else { return Ok(()) };
        let stop = self.stop;
        let watch = |scribe: &Carrier| {
            if in_vain(scribe, stop) {
                scribe.hurry();
            }
        };
        Ok(scribe.finish(self.runtime.handle(), watch)?)
    }

    /// Ends the run's history as it should: everything is in the store when it returns.
    pub fn finish(mut self, summary: &Summary) -> Result<Stored, Trouble> {
        let readings = self.readings.take().map(|readings| readings.finish(self.runtime.handle(), self.stop));
        self.stored.readings = match readings.transpose() {
            Ok(count) => count.unwrap_or(0),
            Err(trouble) => {
                self.fail();
                return Err(trouble);
            }
        };
        let one = |(name, figure): &(String, Figure)| MeasureRow {
            name: name.clone(),
            unit: measures::unit(name).to_owned(),
            mean: figure.mean,
            p05: figure.p05,
            p50: figure.p50,
            p95: figure.p95,
            futures: figure.n as u32,
            ..MeasureRow::default()
        };
        let measures: Vec<MeasureRow> = summary.measures.iter().map(one).collect();
        self.stored.measures = measures.len() as u64;
        self.unit.end = Some(EndRow {
            status: if summary.interrupted { "interrupted" } else { "finished" },
            end: Some(self.plan.time_of(i64::from(summary.ticks))),
            state_digest: Some(format!("{:032x}", summary.digest)),
            ended: now(),
            measures,
        });
        self.push();
        self.finish_scribe()?;
        Ok(self.stored)
    }

    /// Says in the store that the run failed, if that can still be said.
    pub fn fail(&mut self) {
        self.unit.checkpoint = None;
        let end: Option<Time> = self.before.as_ref().map(|(tick, _)| self.plan.time_of(i64::from(*tick)));
        self.unit.end = Some(EndRow { status: "failed", end, state_digest: None, ended: now(), measures: Vec::new() });
        self.push();
        self.readings = None;
        let _ = self.finish_scribe();
    }
}
