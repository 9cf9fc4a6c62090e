//! What a run leaves in its folder, gathered as the run goes: tables, events, alerts, labels, summary, report.

use super::merge::Merged;
use super::progress::Speed;
use super::summary::Summary;
use super::worker::{Ends, Stretch};
use super::{Outcome, Settings, head};
use crate::Trouble;
use crate::report::{self, ReportData, Reporter};
use twinwright_core::Plan;
use twinwright_io::labels::LabelWriters;
use twinwright_io::{Failure, Options, Recorder, RunFolder};
use twinwright_model::Label;

/// A run being recorded.
#[derive(Debug)]
pub struct Recording {
    recorder: Recorder,
    reporter: Reporter,
    failures: Vec<Failure>,
    labels: Vec<Label>,
    public: Option<LabelWriters>,
    /// Whether there are rows to write.
    tables: bool,
}

/// How a run ended.
#[derive(Debug, Clone, Copy)]
pub struct Finish {
    pub tick: u32,
    pub interrupted: bool,
    pub speed: Speed,
}

impl Recording {
    pub fn open(settings: &Settings, plan: &Plan) -> Result<Recording, Trouble> {
        Recording::open_in(RunFolder::open(settings.folder())?, settings, plan)
    }

    pub fn open_in(folder: RunFolder, settings: &Settings, plan: &Plan) -> Result<Recording, Trouble> {
        let head = head(settings, plan);
        let public = (!settings.labels.is_empty()).then(|| LabelWriters::open(&folder, &head, &settings.labels));
        Ok(Recording {
            public: public.transpose()?,
            recorder: Recorder::open(folder, head, &options(settings, plan))?,
            reporter: Reporter::new(plan),
            failures: Vec::new(),
            labels: Vec::new(),
            tables: settings.readings || settings.truth,
        })
    }

    /// What the lookouts in the worlds saw, before it is merged away.
    pub fn see(&mut self, parts: &[Stretch]) {
        parts.iter().for_each(|part| self.reporter.see(&part.sights));
    }

    pub fn hear(&mut self, merged: &Merged) -> Result<(), Trouble> {
        self.reporter.hear(merged);
        if self.tables {
            self.recorder.record(&merged.chunk)?;
        }
        if let Some(public) = &mut self.public {
            public.record(&merged.chunk, &merged.events)?;
        }
        self.failures.extend(merged.failures());
        self.recorder.events(&merged.events)?;
        self.recorder.alerts(&merged.alerts)?;
        self.labels.extend(merged.labels.iter().cloned());
        Ok(())
    }

    /// Writes what is known only at the end, and gives everything its name.
    pub fn finish(self, settings: &Settings, plan: &Plan, ends: Ends, finish: Finish) -> Result<Outcome, Trouble> {
        self.finish_with(settings, plan, ends, finish, |_| (), |_, _| Ok(()))
    }

    /// The same of a run that is part of a study: `arrange` puts into the summary what the study knows of the run, and
    /// `dress` into the report; `dress` may also put files of its own beside the run's.
    pub fn finish_with(
        mut self,
        settings: &Settings,
        plan: &Plan,
        ends: Ends,
        finish: Finish,
        arrange: impl FnOnce(&mut Summary),
        dress: impl FnOnce(&mut ReportData, &RunFolder) -> Result<(), Trouble>,
    ) -> Result<Outcome, Trouble> {
        self.labels.extend(ends.labels);
        sort_labels(&mut self.labels);
        self.recorder.labels(&self.labels)?;
        self.reporter.weigh(plan, &ends.accounts);
        let digest = ends.digests.combine(plan, finish.tick);
        let mut summary = Summary::new(settings, plan, finish.tick, &ends.accounts, digest);
        summary.interrupted = finish.interrupted;
        summary.speed = finish.speed;
        arrange(&mut summary);
        let missed = summary.missed(plan);
        summary.expectations_missed = missed.len();
        let mut report = self.reporter.finish(plan, &summary, &self.labels, &missed);
        report.question = report::question(&settings.scenario);
        report.command = report::command(settings);
        dress(&mut report, self.recorder.folder())?;
        self.recorder.folder().write("report.html", report::page(&report).as_bytes())?;
        self.recorder.summary(&summary.to_json(plan))?;
        if let Some(public) = self.public {
            public.finish(self.recorder.folder(), &self.labels)?;
        }
        let folder = self.recorder.finish(self.failures)?;
        Ok(Outcome { summary, folder: folder.path().to_path_buf(), missed, report, stored: None })
    }
}

/// In the order in which labels stand in their file.
pub fn sort_labels(labels: &mut [Label]) {
    labels.sort_by(|a, b| (a.start, a.future, a.machine, &a.fault).cmp(&(b.start, b.future, b.machine, &b.fault)));
}

fn options(settings: &Settings, plan: &Plan) -> Options {
    Options {
        formats: settings.formats.clone(),
        shape: settings.shape,
        readings: settings.readings,
        truth: settings.truth,
        labels: settings.truth || !plan.faults.is_empty(),
    }
}
