//! Futures of a study that are recorded like a run of their own: the first one of every run, or all of them.

use super::folders::folders;
use crate::Trouble;
use crate::run::recording::{Finish, Recording};
use crate::run::worker::Ends;
use crate::run::{Settings, follow};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use twinwright_core::Plan;
use twinwright_core::plan::study::{RunPlan, Study};
use twinwright_io::RunFolder;

/// Futures times machines up to which all futures of a lone run are recorded unasked.
const FEW: u64 = 1_000;
/// And machine ticks up to which stepping through all of them is soon done.
const FEW_TICKS: u64 = 5_000_000;
/// Runs whose first futures are recorded unasked; of more than these only the first run's.
const MOST_RUNS: usize = 64;

/// And machine ticks of first futures beyond which only the first run's is recorded.
const MOST_TICKS: u64 = 20_000_000;

/// Which futures are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    First,
    All,
}

/// A run whose futures are recorded, and whose summary is still to be written.
#[derive(Debug)]
pub struct Recorded {
    /// Its place in the study.
    pub run: usize,
    pub plan: Arc<Plan>,
    pub recording: Recording,
    pub ends: Ends,
    pub finish: Finish,
}

/// The folder of a study, and what is recorded into it.
#[derive(Debug)]
pub struct Shelf {
    /// The study's own folder, where it has several runs; a lone run is recorded right into it.
    pub top: Option<RunFolder>,
    /// As the runs; None where a run is not recorded.
    pub folders: Vec<Option<String>>,
    waiting: Vec<(usize, RunFolder)>,
}

impl Shelf {
    /// Makes the folders before anything is run, so that one that is refused is refused at once.
    pub fn open(settings: &Settings, study: &Study, keep: Keep) -> Result<Shelf, Trouble> {
        let top = RunFolder::open(settings.folder())?;
        if study.runs.len() == 1 {
            return Ok(Shelf { top: None, folders: vec![None], waiting: vec![(0, top)] });
        }
        let all = keep == Keep::All || are_few(study);
        let names = folders(study.runs.iter().map(|run| run.name.as_str())).into_iter().enumerate();
        let names: Vec<Option<String>> = names.map(|(place, name)| (all || place == 0).then_some(name)).collect();
        let named = names.iter().enumerate().filter_map(|(place, name)| Some((place, name.as_ref()?)));
        let waiting = named.map(|(place, name)| Ok((place, top.subfolder(name)?)));
        let waiting = waiting.collect::<Result<Vec<_>, Trouble>>()?;
        Ok(Shelf { top: Some(top), folders: names, waiting })
    }

    /// Records futures 0 to `count` of every run that has a folder.
    pub fn record(
        &mut self,
        settings: &Settings,
        runs: &[RunPlan],
        count: u32,
        stop: &AtomicBool,
    ) -> Result<Vec<Recorded>, Trouble> {
        let one = |(run, folder): (usize, RunFolder)| {
            let mut plan = (*runs[run].plan).clone();
            plan.futures = count;
            let plan = Arc::new(plan);
            let settings = &Settings { save_at: None, ..settings.clone() };
            let mut recording = Recording::open_in(folder, settings, &plan)?;
            let (ends, finish) = follow(settings, &plan, &mut recording, None, stop)?;
            Ok(Recorded { run, plan, recording, ends, finish })
        };
        self.waiting.drain(..).map(one).collect()
    }
}

/// Whether the first futures of all runs are soon recorded.
fn are_few(study: &Study) -> bool {
    let plan = study.base();
    let ticks = study.runs.len() as u64 * plan.machines.len() as u64 * u64::from(plan.ticks);
    study.runs.len() <= MOST_RUNS && ticks <= MOST_TICKS
}

/// All futures where somebody asks for their rows or events, and where it costs little.
pub fn keep(settings: &Settings, study: &Study) -> Keep {
    let plan = study.base();
    let rows = settings.readings || settings.truth || !settings.labels.is_empty();
    let rows_of_all = plan.machines.len() as u64 * u64::from(plan.futures);
    let few = study.runs.len() == 1 && rows_of_all <= FEW && rows_of_all * u64::from(plan.ticks) <= FEW_TICKS;
    if settings.keep_futures || rows || few { Keep::All } else { Keep::First }
}
