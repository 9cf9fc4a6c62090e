//! `twinwright generate`: a plant's readings as a stream, to as many outlets as asked for, with the exact truth beside.

pub mod cut;
pub mod instants;
pub mod outlets;
pub mod pace;
pub mod page;
pub mod router;
pub mod source;
pub mod stream;
pub mod widen;

use crate::Trouble;
use crate::run;
use crate::run::drive::Drive;
use crate::run::progress::{Progress, Speed};
use crate::run::recording::{Finish, Recording};
use crate::run::summary::Summary;
use outlets::Outlets;
use pace::{Limit, Pace};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use stream::Stream;
use twinwright_core::Plan;
use twinwright_core::record::Wanted;
use twinwright_io::labels::LabelSort;
use twinwright_io::outlets::{Form, Tally};
use twinwright_io::{Format, Shape};
use twinwright_model::{Span, Time};

/// What to stream, where to, and how fast.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A scenario file, a machine file, or the name of a kind.
    pub subject: String,
    pub to: Vec<String>,
    pub machines: Option<u32>,
    pub length: Option<Span>,
    pub every: Option<Span>,
    pub start: Option<Time>,
    pub seed: Option<u64>,
    pub kinds: Option<PathBuf>,
    pub shape: Form,
    pub pace: Pace,
    pub limit: Limit,
    pub metrics: Option<SocketAddr>,
    pub out: Option<PathBuf>,
    pub formats: Vec<Format>,
    pub readings: bool,
    pub truth: bool,
    pub labels: Vec<LabelSort>,
    pub sample: Option<Span>,
    pub threads: usize,
    pub quiet: bool,
    pub digest: bool,
}

/// What a stream came to.
#[derive(Debug)]
pub struct Outcome {
    pub made: u64,
    /// The last instant of which all was made.
    pub until: Time,
    pub outlets: Vec<(String, Arc<Tally>)>,
    /// Why it did not go as it should: the first outlet that failed.
    pub trouble: Option<Trouble>,
    pub speed: Speed,
    pub interrupted: bool,
    pub folder: Option<PathBuf>,
    pub digest: u128,
    /// Expectations that did not hold.
    pub missed: Vec<String>,
}

impl Outcome {
    /// Whether the stream went to standard output.
    pub fn uses_stdout(&self) -> bool {
        self.outlets.iter().any(|(name, _)| name == "file:-")
    }
}

impl Settings {
    /// The defaults, for a scenario or a kind.
    pub fn of(subject: &str) -> Settings {
        Settings {
            subject: subject.to_owned(),
            to: Vec::new(),
            machines: None,
            length: None,
            every: None,
            start: None,
            seed: None,
            kinds: None,
            shape: Form::Rows,
            pace: Pace::MAX,
            limit: Limit::default(),
            metrics: None,
            out: None,
            formats: vec![Format::Csv],
            readings: false,
            truth: false,
            labels: Vec::new(),
            sample: None,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            quiet: false,
            digest: false,
        }
    }

    /// What the recorded side of it is.
    fn recorded(&self) -> run::Settings {
        run::Settings {
            machines: self.kinds.clone(),
            out: self.out.clone(),
            seed: self.seed,
            threads: self.threads,
            formats: self.formats.clone(),
            shape: if self.shape == Form::Rows { Shape::Long } else { Shape::Wide },
            readings: self.readings,
            truth: self.truth,
            labels: self.labels.clone(),
            sample: self.sample,
            quiet: self.quiet,
            digest: self.digest,
            ..run::Settings::of(std::path::Path::new(&self.subject))
        }
    }
}

/// Streams a plan. `stop` ends it early: what was made until then is still delivered where that goes quickly.
pub fn generate(settings: &Settings, plan: &Arc<Plan>, stop: &AtomicBool) -> Result<Outcome, Trouble> {
    check(settings, plan)?;
    let recorded = settings.recorded();
    let every = run::sample_every(&recorded, plan, true)?;
    // A folder that is refused, is refused before any broker hears of us.
    let recording = settings.out.is_some().then(|| Recording::open(&recorded, plan)).transpose()?;
    let outlets = Outlets::open(settings, plan)?;
    let mut stream = Stream::new(settings, plan, outlets, recording, stop);
    let wanted = Wanted { readings: true, truth: recorded.truth };
    let mut drive = Drive::start(plan, settings.threads, wanted, every, stream.stretch_length());
    let mut progress = Progress::new(plan, settings.quiet);
    let mut going = true;
    while let Some(parts) = if going { drive.next(stop)? } else { None } {
        going = stream.take(parts, drive.tick())?;
        progress.advance(u64::from(drive.tick()), &stream.outlets.note());
    }
    let Stream { outlets, mut router, recording, until, .. } = stream;
    let until = until.unwrap_or(plan.start);
    let (tick, cut_short) = (plan.tick_at(until).clamp(0, i64::from(plan.ticks)) as u32, drive.is_cut_short());
    let ends = drive.finish()?;
    router.close(&outlets.carriers, stop);
    let (outlets, trouble) = outlets.finish(stop, |note| progress.advance(u64::from(tick), note));
    let finish = Finish { tick, interrupted: cut_short, speed: progress.finish() };
    let digest = ends.digests.combine(plan, tick);
    let (folder, missed) = match recording {
        Some(recording) => {
            let recorded = recording.finish(&recorded, plan, ends, finish)?;
            (Some(recorded.folder), recorded.missed)
        }
        // A stream that ended early says nothing about what must hold at the end.
        None if cut_short => (None, Vec::new()),
        None => (None, Summary::new(&recorded, plan, tick, &ends.accounts, digest).missed(plan)),
    };
    Ok(Outcome {
        made: router.made(),
        until,
        outlets,
        trouble,
        speed: finish.speed,
        interrupted: stop.load(Ordering::Relaxed),
        digest,
        folder,
        missed,
    })
}

/// What cannot be, said before anything is opened.
fn check(settings: &Settings, plan: &Plan) -> Result<(), Trouble> {
    if settings.to.is_empty() && plan.outlets.is_empty() && settings.out.is_none() {
        let message = "where to? expected --to URL, an [outlet] table in the scenario, or --out DIR";
        return Err(Trouble::Input(message.to_owned()));
    }
    if settings.formats != [Format::Csv] && settings.out.is_none() {
        let message = "--format is of the tables in a folder: expected --out DIR; an outlet has its own `format`";
        return Err(Trouble::Input(message.to_owned()));
    }
    if (settings.readings || settings.truth || !settings.labels.is_empty()) && settings.out.is_none() {
        let message = "--readings, --truth and --labels are written to a folder: expected --out DIR";
        return Err(Trouble::Input(message.to_owned()));
    }
    Ok(())
}
