//! `twinwright run`: a plan, its worlds on threads, its records on disk, its measures on the screen.

pub mod merge;
pub mod progress;
pub mod split;
pub mod summary;
pub mod text;
pub mod worker;

use crate::library::{Kinds, read_document};
use crate::report::{self, ReportData, Reporter};
use crate::{Trouble, VERSION};
use progress::Progress;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use summary::Summary;
use twinwright_core::Plan;
use twinwright_core::files::leaf::Instant;
use twinwright_core::plan;
use twinwright_core::record::Wanted;
use twinwright_io::{Failure, Format, Options, Recorder, RunFolder, RunHead, Shape};
use twinwright_model::{Label, Span};
use worker::{Crew, Order};

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
    pub sample: Option<Span>,
    pub quiet: bool,
    pub digest: bool,
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
            sample: None,
            quiet: false,
            digest: false,
        }
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
}

/// Reads and compiles a scenario with the changes that the command line asks for.
pub fn plan(settings: &Settings) -> Result<Plan, Trouble> {
    let mut document = read_document(&settings.scenario)?;
    if crate::check::sort_of(&document) == crate::check::Sort::Machine {
        let name = &document.name;
        return Err(Trouble::Input(format!(
            "{name}:1:1: this is a machine file; `run` takes a scenario that names it"
        )));
    }
    document.name = settings.scenario.display().to_string();
    let kinds = Kinds::beside(&settings.scenario, settings.machines.as_deref());
    let mut plan = plan::compile_seeded(&document, &kinds, settings.seed).map_err(Trouble::Files)?;
    if let Some(until) = &settings.until {
        plan.ticks = until_tick(until, &plan)?;
    }
    Ok(plan)
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
    let wanted = Wanted { readings: settings.readings, truth: settings.truth };
    let every = sample_every(settings, plan)?;
    let folder = RunFolder::open(settings.folder())?;
    let mut recorder = Recorder::open(folder, head(settings, plan), &options(settings, plan))?;
    let mut crew = Crew::start(plan, settings.threads.max(1), wanted, every);
    let mut progress = Progress::new(plan, settings.quiet);
    let rows = plan.machines.len() as u64 * u64::from(plan.futures);
    let recorded = wanted.readings || wanted.truth;
    let aim = if recorded { CHUNK_ROWS } else { CHUNK_MACHINE_TICKS };
    let length = (aim / rows.max(1)).clamp(1, 1 << 20) as u32;
    let (mut failures, mut labels): (Vec<Failure>, Vec<Label>) = (Vec::new(), Vec::new());
    let mut merger = merge::Merger::new(plan);
    let mut reporter = Reporter::new(plan);
    let (mut ordered, mut done) = (0u64, 0u64);
    let last = u64::from(plan.ticks) + 1;
    while done < last {
        // Two chunks are under way for each world, so that nobody waits for the writer.
        while ordered < last && ordered < done + 2 * u64::from(length) && !stop.load(Ordering::Relaxed) {
            let end = (ordered + u64::from(length)).min(last);
            crew.order(Order::Ticks { count: (end - ordered) as u32 })?;
            ordered = end;
        }
        if done == ordered {
            break;
        }
        let parts = crew.collect()?;
        done = (done + u64::from(length)).min(last);
        parts.iter().for_each(|part| reporter.see(&part.sights));
        let merged = merger.merge(parts);
        reporter.hear(&merged);
        if recorded {
            recorder.record(&merged.chunk)?;
        }
        failures.extend(merged.events.iter().filter(|event| event.event == "failure").map(|event| Failure {
            time: event.time,
            machine: event.machine,
            future: event.future,
        }));
        recorder.events(&merged.events)?;
        recorder.alerts(&merged.alerts)?;
        labels.extend(merged.labels);
        progress.advance(done.saturating_sub(1));
    }
    let tick = done.saturating_sub(1) as u32;
    let ends = crew.finish()?;
    labels.extend(ends.labels);
    labels.sort_by(|a, b| (a.start, a.future, a.machine, &a.fault).cmp(&(b.start, b.future, b.machine, &b.fault)));
    recorder.labels(&labels)?;
    reporter.weigh(plan, &ends.accounts);
    let mut summary = Summary::new(settings, plan, tick, &ends.accounts, ends.digests.combine(plan, tick));
    summary.interrupted = done < last;
    summary.speed = progress.finish();
    let missed = summary.missed(plan);
    summary.expectations_missed = missed.len();
    let mut report = reporter.finish(plan, &summary, &labels, &missed);
    report.question = report::question(&settings.scenario);
    recorder.folder().write("report.html", report::page(&report).as_bytes())?;
    recorder.summary(&summary.to_json(plan))?;
    let folder = recorder.finish(failures)?;
    Ok(Outcome { summary, folder: folder.path().to_path_buf(), missed, report })
}

fn sample_every(settings: &Settings, plan: &Plan) -> Result<u32, Trouble> {
    let Some(sample) = settings.sample else { return Ok(1) };
    if !settings.readings && !settings.truth {
        return Err(Trouble::Input("--sample thins --readings and --truth out: ask for one of them".to_owned()));
    }
    if sample.0 <= 0 || sample.0 % plan.tick.0 != 0 {
        let message = format!("--sample {sample}: expected a multiple of the scenario's tick of {}", plan.tick);
        return Err(Trouble::Input(message));
    }
    Ok(u32::try_from(sample.0 / plan.tick.0).unwrap_or(u32::MAX))
}

fn head(settings: &Settings, plan: &Plan) -> RunHead {
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

fn options(settings: &Settings, plan: &Plan) -> Options {
    Options {
        formats: settings.formats.clone(),
        shape: settings.shape,
        readings: settings.readings,
        truth: settings.truth,
        labels: settings.truth || !plan.faults.is_empty(),
    }
}
