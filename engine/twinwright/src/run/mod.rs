//! `twinwright run`: a plan, its worlds on threads, its records on disk, its measures on the screen.

pub mod drive;
pub mod merge;
pub mod progress;
pub mod recording;
pub mod snapshots;
pub mod split;
pub mod summary;
pub mod text;
pub mod worker;

use crate::check::{Sort, sort_of};
use crate::library::{Kinds, read_document};
use crate::memory::{Keeper, Sources, Stored, Witness};
use crate::report::ReportData;
use crate::{Trouble, VERSION, memory, whatif};
use drive::Drive;
use progress::Progress;
use recording::{Finish, Recording};
use snapshots::SaveAt;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use summary::Summary;
use twinwright_core::Plan;
use twinwright_core::files::leaf::Instant;
use twinwright_core::plan::{self, Study};
use twinwright_core::record::Wanted;
use twinwright_io::labels::LabelSort;
use twinwright_io::{Format, RunHead, Shape};
use twinwright_model::Span;
use worker::Ends;

/// What to run and what to leave behind.
#[derive(Debug, Clone)]
pub struct Settings {
    pub scenario: PathBuf,
    pub machines: Option<PathBuf>,
    pub out: Option<PathBuf>,
    pub seed: Option<u64>,
    pub threads: usize,
    pub until: Option<String>,
    pub formats: Vec<Format>,
    pub shape: Shape,
    pub readings: bool,
    pub truth: bool,
    /// Labels in the forms of public tools.
    pub labels: Vec<LabelSort>,
    pub sample: Option<Span>,
    pub quiet: bool,
    pub digest: bool,
    /// The state is kept at some time.
    pub save_at: Option<SaveAt>,
    /// Values instead of the scenario's, by path.
    pub sets: Vec<(String, String)>,
    /// All futures of all runs of a study are recorded, and not only the first ones.
    pub keep_futures: bool,
    /// Expectations are written here, for a build server.
    pub junit: Option<PathBuf>,
    /// Quiet stretches of a study's futures pass in one step.
    pub skip: bool,
    /// Alarm limits are watched in all futures, whatever that costs.
    pub alerts: bool,
    /// Forms in which the tables of a study are written.
    pub tables: Vec<whatif::tables::TableForm>,
    /// The store that remembers the run.
    pub store: Option<String>,
    /// Simulated time between two checkpoints in it.
    pub checkpoint_every: Option<Span>,
}

impl Settings {
    /// The defaults, for a scenario file.
    pub fn of(scenario: &Path) -> Settings {
        Settings {
            scenario: scenario.to_path_buf(),
            machines: None,
            out: None,
            seed: None,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            until: None,
            formats: vec![Format::Csv],
            shape: Shape::Wide,
            readings: false,
            truth: false,
            labels: Vec::new(),
            sample: None,
            quiet: false,
            digest: false,
            save_at: None,
            sets: Vec::new(),
            keep_futures: false,
            junit: None,
            skip: true,
            alerts: false,
            tables: Vec::new(),
            store: None,
            checkpoint_every: None,
        }
    }

    /// What the worlds must show.
    pub fn wanted(&self) -> Wanted {
        let labelled = self.labels.iter().any(|sort| sort.needs_readings());
        Wanted { readings: self.readings || labelled, truth: self.truth }
    }

    /// Where the run goes: as asked, else `out/<scenario>`.
    pub fn folder(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| {
            Path::new("out").join(self.scenario.file_stem().map_or("run".into(), |stem| stem.to_os_string()))
        })
    }
}

/// What a run came to.
#[derive(Debug)]
pub struct Outcome {
    pub summary: Summary,
    pub folder: PathBuf,
    /// Expectations that did not hold.
    pub missed: Vec<String>,
    /// What the report was drawn from.
    pub report: ReportData,
    /// What it left in a store.
    pub stored: Option<Stored>,
}

/// The scenario as it stands, with the changes that the command line asks for.
pub fn plan(settings: &Settings) -> Result<Plan, Trouble> {
    let mut study = study(settings)?;
    let first = study.runs.swap_remove(0).plan;
    Ok(Arc::try_unwrap(first).unwrap_or_else(|shared| (*shared).clone()))
}

/// Reads and compiles a scenario and all that it compares, with the changes that the command line asks for.
pub fn study(settings: &Settings) -> Result<Study, Trouble> {
    study_with_sources(settings).map(|(study, _)| study)
}

/// The same, with the texts that it was compiled from.
pub fn study_with_sources(settings: &Settings) -> Result<(Study, Sources), Trouble> {
    let mut document = read_document(&settings.scenario)?;
    let other = match sort_of(&document) {
        Sort::Machine => Some("a machine file; `run` takes a scenario that names it"),
        Sort::Site => Some("a site, which is mirrored; `run` takes a scenario"),
        Sort::Judge => Some("a judge, which `detect` takes; `run` takes a scenario"),
        Sort::Scenario => None,
    };
    if let Some(other) = other {
        return Err(Trouble::Input(format!("{}:1:1: this is {other}", document.name)));
    }
    document.name = settings.scenario.display().to_string();
    let kinds = Witness::of(Kinds::beside(&settings.scenario, settings.machines.as_deref()));
    let changes = plan::Changes { seed: settings.seed, sets: settings.sets.clone(), ..plan::Changes::default() };
    let mut study = plan::study(&document, &kinds, &changes).map_err(Trouble::Files)?;
    if let Some(until) = &settings.until {
        for run in &mut study.runs {
            let ticks = until_tick(until, &run.plan)?;
            Arc::make_mut(&mut run.plan).ticks = ticks;
        }
    }
    snapshots::attach(&settings.scenario, &mut study)?;
    Ok((study, kinds.sources(&document)))
}

fn until_tick(until: &str, plan: &Plan) -> Result<u32, Trouble> {
    let example = "an instant such as 2026-02-01T00:00:00Z, or +6 h after the start";
    let instant =
        Instant::parse(until).map_err(|why| Trouble::Input(format!("--until {until}: {why}; expected {example}")))?;
    let ticks = (instant.resolve(plan.start).0 - plan.start.0).div_euclid(plan.tick.0);
    if ticks < 1 {
        return Err(Trouble::Input(format!("--until {until}: this is not after the first tick; expected {example}")));
    }
    Ok(u32::try_from(ticks).unwrap_or(u32::MAX).min(plan.ticks))
}

/// Rows aimed at in one chunk: enough to spread the cost of a chunk, few enough to stay in the cache.
const CHUNK_ROWS: u64 = 16_384;
/// Ticks between two looks at the clock when nothing is recorded, in machine ticks.
const CHUNK_MACHINE_TICKS: u64 = 2_000_000;

/// Runs a plan. `stop` ends it early at a whole chunk, with what is complete written.
pub fn run(settings: &Settings, plan: &Arc<Plan>, stop: &AtomicBool) -> Result<Outcome, Trouble> {
    sample_every(settings, plan, false)?;
    let recording = Recording::open(settings, plan)?;
    whole(settings, plan, recording, None, stop)
}

/// A run from its start to its summary.
pub(crate) fn whole(
    settings: &Settings,
    plan: &Arc<Plan>,
    mut recording: Recording,
    keeper: Option<&mut Keeper>,
    stop: &AtomicBool,
) -> Result<Outcome, Trouble> {
    let (ends, finish) = follow(settings, plan, &mut recording, keeper, stop)?;
    let outcome = recording.finish(settings, plan, ends, finish)?;
    if let Some(junit) = &settings.junit {
        whatif::junit::write(junit, &outcome.summary.scenario, &outcome.summary.verdicts(plan))?;
    }
    Ok(outcome)
}

/// Steps a plan from start to end, and records what it says.
pub(crate) fn follow(
    settings: &Settings,
    plan: &Arc<Plan>,
    recording: &mut Recording,
    mut keeper: Option<&mut Keeper>,
    stop: &AtomicBool,
) -> Result<(Ends, Finish), Trouble> {
    let wanted = settings.wanted();
    let every = sample_every(settings, plan, false)?;
    let rows = plan.machines.len() as u64 * u64::from(plan.futures);
    let aim = if wanted.readings || wanted.truth { CHUNK_ROWS } else { CHUNK_MACHINE_TICKS };
    let length = (aim / rows.max(1)).clamp(1, 1 << 20) as u32;
    let save = match &settings.save_at {
        Some(save) => Some((save, save.tick(plan)?)),
        None => None,
    };
    let kept: BTreeSet<u32> = match &keeper {
        Some(_) => memory::checkpoint_ticks(settings, plan)?.into_iter().collect(),
        None => BTreeSet::new(),
    };
    let saves = kept.iter().copied().chain(save.map(|(_, tick)| tick));
    let drive = match &keeper {
        Some(_) => Drive::remembered(plan, settings.threads, (wanted, every), length, memory::look_every(&kept)),
        None => Drive::start(plan, settings.threads, wanted, every, length),
    };
    let mut drive = drive.saving_at(saves);
    let mut progress = Progress::new(plan, settings.quiet);
    let mut merger = merge::Merger::new(plan);
    while let Some(parts) = drive.next(stop)? {
        recording.see(&parts);
        let merged = merger.merge(parts);
        recording.hear(&merged)?;
        if let Some(keeper) = &mut keeper {
            keeper.hear(&merged)?;
        }
        if let Some(saved) = drive.take_saved() {
            if let Some((save, _)) = save.filter(|(_, tick)| *tick == drive.tick()) {
                save.write(&saved.snapshot)?;
            }
            if let Some(keeper) = keeper.as_mut().filter(|_| kept.contains(&drive.tick())) {
                keeper.keep(&saved)?;
            }
        }
        progress.advance(u64::from(drive.tick()), "");
    }
    // Ended early at a tick without a checkpoint: what was simulated is not lost.
    if let Some(keeper) = keeper.filter(|_| drive.has_begun(plan) && !kept.contains(&drive.tick())) {
        keeper.keep(&drive.save_now()?)?;
    }
    let (tick, interrupted) = (drive.tick(), drive.is_cut_short());
    let ends = drive.finish()?;
    Ok((ends, Finish { tick, interrupted, speed: progress.finish() }))
}

/// How many ticks lie between two rows; `streamed` readings are thinned out too.
pub(crate) fn sample_every(settings: &Settings, plan: &Plan, streamed: bool) -> Result<u32, Trouble> {
    let Some(sample) = settings.sample else { return Ok(1) };
    if settings.wanted() == Wanted::default() && !streamed {
        return Err(Trouble::Input("--sample thins --readings and --truth out: ask for one of them".to_owned()));
    }
    if sample.0 <= 0 || sample.0 % plan.tick.0 != 0 {
        let message = format!("--sample {sample}: expected a multiple of the scenario's tick of {}", plan.tick);
        return Err(Trouble::Input(message));
    }
    Ok(u32::try_from(sample.0 / plan.tick.0).unwrap_or(u32::MAX))
}

pub(crate) fn head(settings: &Settings, plan: &Plan) -> RunHead {
    let finest =
        plan.models.iter().flat_map(|model| &model.panels).map(|panel| plan.tick.0 / i64::from(panel.per_tick));
    let whole = finest.chain([plan.tick.0, plan.start.0]).all(|nanos| nanos % 1_000 == 0);
    RunHead {
        machines: plan.machines.iter().map(|machine| machine.id.to_string()).collect(),
        sheets: plan.sheets.clone(),
        futures: plan.futures,
        resolution: Span(if whole { 1_000 } else { 1 }),
        scenario: settings.scenario.file_stem().map_or(String::new(), |stem| stem.to_string_lossy().into_owned()),
        seed: plan.seed,
        version: VERSION.to_owned(),
    }
}
