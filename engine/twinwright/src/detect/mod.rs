//! `detect`: a recorded table judged row by row against what was learnt before, on the same detector that live mode has.
//!
//! Rows come from [`recording`](crate::recording), the judge is the core's. Here is what learns first and what is judged
//! then, and what is left behind: scores, findings, a page. Nothing here looks ahead, and no label is ever an input.

pub mod arguments;
mod book;
mod findings;
mod learning;
pub mod model;
mod sampled;
mod stretch;
pub mod strip;
mod words;

pub use book::Spot;
pub use findings::{Finding, MOST_KEPT};
pub use learning::{Learnt, LearntColumn, RINGS};
pub use stretch::Stretch;

use crate::recording::{Asked, Instant, Recording};
use crate::report::detect::{self as pages, DetectData};
use crate::{Trouble, VERSION, library};
use arguments::DetectArgs;
use book::Book;
use indicatif::{ProgressBar, ProgressDrawTarget};
use learning::Learning;
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use strip::Strip;
use twinwright_core::judge::{Judge, JudgeSpec, PARTS};
use twinwright_io::{RunFolder, file_name};

/// Rows between two looks at the clock and at Ctrl-C.
const BREATH: u64 = 4_096;

/// On which rows limits are set.
#[derive(Debug, Clone, PartialEq)]
pub enum Calibration {
    Table(PathBuf),
    /// The rows after those that are learnt from.
    Following(Stretch),
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Settings {
    pub data: PathBuf,
    pub baseline: Option<PathBuf>,
    pub train: Option<Stretch>,
    pub calibrate: Option<Calibration>,
    pub model: Option<PathBuf>,
    pub save: Option<PathBuf>,
    pub config: Option<PathBuf>,
    pub asked: Asked,
    pub out: Option<PathBuf>,
    pub quiet: bool,
}

/// What was seen of the judged rows.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    pub rows: u64,
    pub anomalous: u64,
    pub first: String,
    pub last: String,
    /// The time of the last row.
    pub end: i64,
    /// Whether no row is earlier than the one before.
    pub sorted: bool,
    pub highest: f64,
    pub findings: u64,
    pub first_finding: Option<Finding>,
    /// The worst findings, the worst first.
    pub worst: Vec<Finding>,
    /// Columns that moved in findings, the most first.
    pub moved: Vec<usize>,
    pub strip: Strip,
    pub spots: Vec<Spot>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// One line for people.
    pub line: String,
    /// What they should know about the table.
    pub notes: Vec<String>,
    pub findings: u64,
    pub interrupted: bool,
}

/// What stdout and the exit code say.
#[derive(Debug, Clone)]
pub struct Answer {
    pub line: String,
    pub fine: bool,
}

impl Settings {
    pub fn of(data: PathBuf) -> Settings {
        Settings {
            data,
            baseline: None,
            train: None,
            calibrate: None,
            model: None,
            save: None,
            config: None,
            asked: Asked::default(),
            out: None,
            quiet: false,
        }
    }

    fn out(&self) -> PathBuf {
        let name = self.data.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let stem = name.split('.').find(|part| !part.is_empty()).unwrap_or("table");
        let stem = if stem == "-" { "stdin" } else { stem };
        self.out.clone().unwrap_or_else(|| Path::new("out").join(format!("{}-detect", file_name(stem))))
    }

    fn spec(&self) -> Result<JudgeSpec, Trouble> {
        let Some(path) = &self.config else { return Ok(JudgeSpec::default()) };
        JudgeSpec::read(&library::read_document(path)?).map_err(Trouble::Files)
    }

    /// What contradicts itself, before anything is read.
    fn check(&self) -> Result<(), Trouble> {
        let wrong = |why: &str| Err(Trouble::Input(why.to_owned()));
        let learns = self.train.is_some() || self.baseline.is_some();
        match &self.calibrate {
            Some(Calibration::Following(_)) if self.train.is_none() => {
                return wrong("--calibrate: a stretch follows that of --train; expected a table here");
            }
            Some(_) if !learns => return wrong("--calibrate: expected --train or --baseline beside it"),
            _ => {}
        }
        if self.save.is_some() && !learns {
            return wrong("--save: nothing is learnt beforehand; expected --train or --baseline beside it");
        }
        let named = [&self.baseline, &self.model].into_iter().flatten().any(|path| path.as_os_str() == "-");
        if named {
            return wrong("only DATA can be stdin; expected a file for what is learnt");
        }
        Ok(())
    }
}

/// The command: what there is to know goes to `notes`, the answer is handed back for stdout.
pub fn command(args: DetectArgs, stop: &AtomicBool, notes: &mut impl Write) -> Result<Answer, Trouble> {
    let fail = args.fail_on_finding;
    let settings = args.settings();
    let outcome = detect(&settings, stop)?;
    let mut said = if settings.quiet { Vec::new() } else { outcome.notes };
    if outcome.interrupted {
        said.push("interrupted: what is written is complete up to where it was".to_owned());
    }
    for note in said {
        // Nobody is left to tell where stderr is gone.
        let _ = writeln!(notes, "{note}");
    }
    let line = if settings.quiet { String::new() } else { format!("{}\n", outcome.line) };
    Ok(Answer { line, fine: !fail || outcome.findings == 0 })
}

/// Learns, judges, and writes what came of it.
pub fn detect(settings: &Settings, stop: &AtomicBool) -> Result<Outcome, Trouble> {
    settings.check()?;
    let spec = settings.spec()?;
    let before = learnt_before(settings, &spec)?;
    let names: Option<Vec<String>> =
        before.as_ref().map(|learnt| learnt.columns.iter().map(|column| column.name.clone()).collect());
    let mut recording = Recording::open(&settings.data, &settings.asked, names.as_deref())?;
    let mut instant = Instant::default();
    let (learnt, waiting) = match (before, settings.train) {
        (Some(learnt), _) => (Some(learnt), false),
        (None, Some(train)) => {
            let (learnt, waiting) = learn_within(settings, &spec, train, &mut recording, &mut instant)?;
            (Some(learnt), waiting)
        }
        (None, None) => (None, false),
    };
    if let (Some(path), Some(learnt)) = (&settings.save, &learnt) {
        model::save(learnt, path)?;
    }
    let mut folder = RunFolder::open(settings.out())?;
    let columns = recording.columns().to_vec();
    let mut judge = match &learnt {
        Some(learnt) => Judge::new(learnt.baseline.clone()),
        None if !spec.limits.is_empty() => {
            let why = "limits of columns need --train or --baseline beside them";
            return Err(Trouble::Input(format!("--config: {why}")));
        }
        None => Judge::unlearnt(columns.len(), &spec),
    };
    let mut book = Book::open(&folder, &columns)?;
    let bar = progress(settings.quiet);
    let mut has_row = waiting || recording.next(&mut instant)?;
    let mut interrupted = false;
    while has_row {
        let verdict = judge.hear(instant.time, &instant.values);
        book.hear(&instant, &verdict)?;
        if book.rows().is_multiple_of(BREATH) {
            bar.set_position(book.rows());
            interrupted = stop.load(Ordering::Relaxed);
        }
        has_row = !interrupted && recording.next(&mut instant)?;
    }
    bar.finish_and_clear();
    let seen = book.finish()?;
    let outcome = leave(&folder, &recording, learnt, seen, &spec, interrupted)?;
    folder.keep();
    Ok(outcome)
}

/// What a model holds, or what another table teaches.
fn learnt_before(settings: &Settings, spec: &JudgeSpec) -> Result<Option<Learnt>, Trouble> {
    if let Some(path) = &settings.model {
        return model::load(path).map(Some);
    }
    let Some(path) = &settings.baseline else { return Ok(None) };
    let mut recording = Recording::open(path, &settings.asked, None)?;
    let mut learning = Learning::new(recording.columns(), spec)?;
    let mut instant = Instant::default();
    while recording.next(&mut instant)? {
        learning.hear(&instant);
    }
    if let Some(Calibration::Table(path)) = &settings.calibrate {
        calibrate(&mut learning, path, settings, recording.columns())?;
    }
    learning.finish(recording.path().display().to_string()).map(Some)
}

fn calibrate(learning: &mut Learning, path: &Path, settings: &Settings, names: &[String]) -> Result<(), Trouble> {
    let mut recording = Recording::open(path, &settings.asked, Some(names))?;
    let mut instant = Instant::default();
    while recording.next(&mut instant)? {
        learning.calibrate(&instant);
    }
    Ok(())
}

/// Learns from the beginning of the table; true where `instant` holds the first row after it.
fn learn_within(
    settings: &Settings,
    spec: &JudgeSpec,
    train: Stretch,
    recording: &mut Recording,
    instant: &mut Instant,
) -> Result<(Learnt, bool), Trouble> {
    let wrong = |option: &str, why: &str| Trouble::Input(format!("{}: {option}: {why}", recording.path().display()));
    let following = match &settings.calibrate {
        Some(Calibration::Following(stretch)) => Some(*stretch),
        _ => None,
    };
    if (train.needs_times() || following.is_some_and(Stretch::needs_times)) && !recording.has_times() {
        return Err(wrong("--train", "the table has no times; expected a number of rows, such as `first 400 rows`"));
    }
    let source = recording.path().display().to_string();
    let mut learning = Learning::new(recording.columns(), spec)?;
    let mut has_row = recording.next(instant)?;
    let first = instant.time;
    while has_row && train.holds(learning.rows(), first, instant.time) {
        learning.hear(instant);
        has_row = recording.next(instant)?;
    }
    let learnt = learning.rows();
    if !has_row && matches!(train, Stretch::Rows(rows) if learnt < rows) {
        let why = format!("it has {learnt} rows; --train asks for {train}");
        return Err(Trouble::Input(format!("{source}: {why}")));
    }
    if let Some(stretch) = following {
        let (mut heard, first) = (0, instant.time);
        while has_row && stretch.holds(heard, first, instant.time) {
            learning.calibrate(instant);
            heard += 1;
            has_row = recording.next(instant)?;
        }
    }
    if let Some(Calibration::Table(path)) = &settings.calibrate {
        calibrate(&mut learning, path, settings, recording.columns())?;
    }
    Ok((learning.finish(source)?, has_row))
}

/// Writes the summary and the page.
fn leave(
    folder: &RunFolder,
    recording: &Recording,
    learnt: Option<Learnt>,
    seen: Seen,
    spec: &JudgeSpec,
    interrupted: bool,
) -> Result<Outcome, Trouble> {
    let source = recording.path().display().to_string();
    let heard = learnt.as_ref().map_or(spec.parts, |learnt| learnt.baseline.spec.parts);
    let mut notes = recording.account().notes();
    notes.extend(words::notes(&seen, learnt.as_ref()));
    let line = words::line(&seen, &folder.path().join("report.html"));
    let findings = seen.findings;
    let summary = json!({
        "source": source,
        "version": VERSION,
        "rows": seen.rows,
        "anomalous": seen.anomalous,
        "findings": seen.findings,
        "first": seen.first_finding,
        "worst": seen.worst,
        "highest_score": seen.highest,
        "from": seen.first,
        "until": seen.last,
        "interrupted": interrupted,
        "columns": recording.columns(),
        "parts": PARTS.iter().zip(heard).filter(|(_, heard)| *heard).map(|(part, _)| part).collect::<Vec<_>>(),
        "learnt": learnt.as_ref().map(words::learnt_summary),
        "notes": notes,
        "table": recording.account(),
    });
    folder.write("summary.json", format!("{summary:#}\n").as_bytes())?;
    let data = DetectData {
        source,
        version: VERSION.to_owned(),
        columns: recording.columns().to_vec(),
        has_times: recording.has_times(),
        learnt: learnt.map(Arc::new),
        notes: notes.clone(),
        seen,
    };
    folder.write("report.html", pages::page(&data).as_bytes())?;
    Ok(Outcome { line, notes, findings, interrupted })
}

fn progress(quiet: bool) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(8) };
    let bar = ProgressBar::with_draw_target(None, target);
    let style = indicatif::ProgressStyle::with_template("{human_pos} rows judged, {per_sec}");
    bar.set_style(style.unwrap_or_else(|_| indicatif::ProgressStyle::default_spinner()));
    bar
}
