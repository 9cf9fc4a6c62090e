//! A study from its plans to its folder: futures on all cores, statistics, expectations, what is written.

use super::gather::{Errand, Gathered, gather};
use super::needs::{Needs, needs};
use super::optimise::{Optimised, optimise};
use super::outcome::{Stopped, WhatIf};
use super::progress::Progress;
use super::record::{Keep, Recorded, Shelf, keep};
use super::stopping::Stopping;
use super::summary::{arrange, fields, mean};
use super::values::Measures;
use super::verdicts::missed;
use super::weigh::weigh;
use super::{junit, tables};
use crate::Trouble;
use crate::report::data::Row;
use crate::report::{self, ReportData};
use crate::run::summary::Summary;
use crate::run::{Settings, progress::Speed};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use twinwright_core::Plan;
use twinwright_core::plan::study::{RunPlan, Study};

/// What a study left.
#[derive(Debug)]
pub struct Outcome {
    pub what_if: WhatIf,
    /// Of the first run: the scenario as it stands.
    pub summary: Summary,
    pub folder: PathBuf,
    /// Which futures are recorded one by one.
    pub keep: Keep,
    /// Runs of which something is recorded.
    pub recorded: usize,
    /// Expectations that do not hold, in words.
    pub missed: Vec<String>,
    /// As the runs.
    pub plans: Vec<Arc<Plan>>,
}

/// Runs a study. `stop` ends it early, with what is done in every run.
pub fn run(settings: &Settings, study: &Study, stop: &AtomicBool) -> Result<Outcome, Trouble> {
    match optimise(settings, study, stop)? {
        None => answer(settings, study, None, stop),
        // A walk that was ended early has still a glance at what it found.
        Some(found) if found.ended.is_some() => answer(settings, &found.study, Some(&found), &AtomicBool::new(false)),
        Some(found) => answer(settings, &found.study, Some(&found), stop),
    }
}

fn answer(
    settings: &Settings,
    study: &Study,
    walked: Option<&Optimised>,
    stop: &AtomicBool,
) -> Result<Outcome, Trouble> {
    let most = walked.and_then(|found| found.ended).unwrap_or(study.base().futures);
    if let Some(save) = &settings.save_at {
        save.step_and_write(study, settings.threads, stop)?;
    }
    let keep = keep(settings, study);
    let needs = needs(settings, study);
    let measures = Measures::of(study, needs.watched);
    let mut shelf = Shelf::open(settings, study, keep)?;
    // First futures are recorded first, so that they are there when somebody ends it early.
    let early = if keep == Keep::First { shelf.record(settings, &study.runs, 1, stop)? } else { Vec::new() };
    let (gathered, stopped, seconds) = futures(settings, study, most, &needs, &measures, stop)?;
    if gathered.done() == 0 {
        return Err(Trouble::World("interrupted before a single future was done: nothing is written".to_owned()));
    }
    let recorded = match keep {
        Keep::First => early,
        Keep::All => shelf.record(settings, &study.runs, gathered.done(), stop)?,
    };
    let mut what_if = weigh(study, &measures, &needs, &gathered, stopped);
    what_if.explained.extend(of_recording(keep, study, &recorded));
    what_if.partial |= most < study.base().futures;
    what_if.walk = walked.map(|found| found.walk.clone());
    what_if.speed = Speed { wall_seconds: seconds, ..Speed::default() };
    let of_runs = recorded.len();
    let binder = Binder { settings, study, measures: &measures, gathered: &gathered, what_if: &what_if, keep };
    let (summary, folder) = binder.bind(shelf, recorded)?;
    let missed = missed(&what_if.verdicts, what_if.runs.len());
    if let Some(path) = &settings.junit {
        junit::write(path, &summary.scenario, &what_if.verdicts)?;
    }
    let plans = study.runs.iter().map(|run| run.plan.clone()).collect();
    Ok(Outcome { what_if, summary, folder, keep, recorded: of_runs, missed, plans })
}

/// What recording all futures means, and what an interruption left of it.
fn of_recording(keep: Keep, study: &Study, recorded: &[Recorded]) -> Vec<String> {
    let mut lines = Vec::new();
    if keep == Keep::All {
        lines.push("all futures are recorded: each is stepped once more, tick by tick and with its sensors".to_owned());
    }
    let cut = recorded.iter().filter(|part| part.finish.interrupted);
    let cut: Vec<&str> = cut.map(|part| study.runs[part.run].name.as_str()).collect();
    if !cut.is_empty() {
        lines.push(format!("interrupted while recording: what is recorded of {} is not whole", cut.join(", ")));
    }
    lines
}

/// All futures, with the stop rule; and the seconds that they took.
fn futures(
    settings: &Settings,
    study: &Study,
    most: u32,
    needs: &Needs,
    measures: &Measures,
    stop: &AtomicBool,
) -> Result<(Gathered, Option<Stopped>, f64), Trouble> {
    let mut asking = needs.asking.clone();
    asking.named = measures.names_machines();
    let mut stopping = study.stop.as_ref().map(|rule| (Stopping::new(rule), rule.measure.clone()));
    let errand = Errand {
        runs: &study.runs,
        asking: &asking,
        measures,
        futures: 0..most,
        threads: settings.threads,
        looks: stopping.is_some(),
    };
    let progress = Progress::new(u64::from(study.base().futures) * study.runs.len() as u64, settings.quiet);
    let gathered = gather(&errand, &mut stopping, stop, &progress)?;
    let stopped = stopping.map(|(mut rule, measure)| {
        let column = |(run, ends): (&RunPlan, &Vec<_>)| (measures.column(ends, &measure), run.baseline);
        rule.look(&study.runs.iter().zip(&gathered.ends).map(column).collect::<Vec<_>>());
        rule.outcome()
    });
    Ok((gathered, stopped, progress.finish()))
}

/// Writes what is known at the end into what was recorded.
struct Binder<'a> {
    settings: &'a Settings,
    study: &'a Study,
    measures: &'a Measures,
    gathered: &'a Gathered,
    what_if: &'a WhatIf,
    keep: Keep,
}

impl Binder<'_> {
    fn bind(&self, shelf: Shelf, recorded: Vec<Recorded>) -> Result<(Summary, PathBuf), Trouble> {
        let plans: Vec<&Plan> = self.study.runs.iter().map(|run| &*run.plan).collect();
        let fields = fields(self.what_if, &shelf.folders, &plans);
        let lone = shelf.top.is_none();
        let mut first = None;
        for part in recorded {
            let (run, plan) = (part.run, part.plan.clone());
            let arranged = |summary: &mut Summary| {
                let digest = (self.keep == Keep::First).then_some(self.what_if.runs[run].digest);
                arrange(summary, self.what_if, run, (self.measures, self.gathered), digest);
                if let (true, Some(studied)) = (lone, &mut summary.studied) {
                    studied.fields = fields.clone();
                }
            };
            let dressed = |report: &mut ReportData, folder: &twinwright_io::RunFolder| {
                self.dress(report, run);
                if lone {
                    report.what_if = Some(self.what_if.clone());
                    tables::write(folder, &self.settings.tables, self.what_if, self.measures, self.gathered)?;
                }
                Ok(())
            };
            let (ends, finish) = (part.ends, part.finish);
            let outcome = part.recording.finish_with(self.settings, &plan, ends, finish, arranged, dressed)?;
            first = first.or(Some(outcome));
        }
        let Some(mut first) = first else {
            return Err(Trouble::World("no run was recorded".to_owned()));
        };
        if let Some(mut top) = shelf.top {
            if let Some(studied) = &mut first.summary.studied {
                studied.fields = fields;
            }
            first.report.what_if = Some(self.what_if.clone());
            tables::write(&top, &self.settings.tables, self.what_if, self.measures, self.gathered)?;
            top.write("report.html", report::page(&first.report).as_bytes())?;
            let json = first.summary.to_json(self.study.base());
            top.write("summary.json", format!("{json:#}\n").as_bytes())?;
            top.keep();
            first.folder = top.path().to_path_buf();
        }
        Ok((first.summary, first.folder))
    }

    /// What the recorded futures cannot say of all futures.
    fn dress(&self, report: &mut ReportData, run: usize) {
        let outcome = &self.what_if.runs[run];
        let own = self.what_if.verdicts.iter().filter(|verdict| verdict.run == outcome.name);
        report.expectations = own.map(|verdict| (verdict.text.clone(), verdict.holds)).collect();
        if self.keep == Keep::All {
            return;
        }
        report.spreads = Vec::new();
        let ends = &self.gathered.ends[run];
        let machines = self.measures.machines();
        let tally = |place: usize| self.measures.blind(mean(ends, |end| end.named.get(place)));
        let rows = std::mem::take(&mut report.rows).into_iter().filter_map(|row| {
            let place = machines.iter().position(|(_, id)| *id == row.name)?;
            Some(Row { tally: tally(place), ..row })
        });
        report.rows = rows.collect();
    }
}

/// Whether a scenario needs more than one run through its one future.
pub fn is_study(settings: &Settings, study: &Study) -> bool {
    !study.is_plain() || !study.measures.is_empty() || !settings.tables.is_empty()
}

/// What `--explain` says.
pub fn explanation(settings: &Settings, study: &Study) -> String {
    let keep = match keep(settings, study) {
        Keep::First => "recorded: the first future of every run; all are measured",
        Keep::All => "recorded: every future",
    };
    let machines = study.base().machines.len();
    let head = format!(
        "{} run{} of {} future{}, {machines} machine{}, {} ticks each",
        study.runs.len(),
        if study.runs.len() == 1 { "" } else { "s" },
        study.base().futures,
        if study.base().futures == 1 { "" } else { "s" },
        if machines == 1 { "" } else { "s" },
        study.base().ticks,
    );
    if !is_study(settings, study) {
        return format!("{head}\nit is recorded as it goes: every tick is stepped and every sensor simulated\n\n");
    }
    let lines = needs(settings, study).explained;
    [head].into_iter().chain(lines).chain([keep.to_owned(), String::new()]).map(|line| line + "\n").collect()
}
