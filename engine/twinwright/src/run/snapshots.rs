//! Snapshots as files: where a run begins that goes on from one, and what `--save-at` leaves.

use super::drive::Drive;
use crate::{Trouble, memory};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use twinwright_core::Plan;
use twinwright_core::files::leaf::Instant;
use twinwright_core::plan::Study;
use twinwright_core::plan::study::From;
use twinwright_core::record::Wanted;
use twinwright_core::snapshot::{Origin, Snapshot};
use twinwright_io::PartFile;

/// Ticks between two looks at the clock while a state is only stepped to.
const STRETCH: u32 = 4096;

/// A state to keep: when, as an instant or a time after the start, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveAt {
    pub time: String,
    pub file: PathBuf,
}

impl std::convert::From<[String; 2]> for SaveAt {
    fn from([time, file]: [String; 2]) -> SaveAt {
        SaveAt { time, file: PathBuf::from(file) }
    }
}

impl SaveAt {
    /// The first tick at or after the time.
    pub fn tick(&self, plan: &Plan) -> Result<u32, Trouble> {
        let (time, example) = (&self.time, "an instant such as 2026-02-01T00:00:00Z, or +6 h after the start");
        let wrong = |why: &str, expected: &str| Trouble::Input(format!("--save-at {time}: {why}; expected {expected}"));
        let instant = Instant::parse(time).map_err(|why| wrong(&why.to_string(), example))?;
        let tick = plan.tick_at(instant.resolve(plan.start));
        let (first, last) = (plan.first_tick(), plan.ticks);
        match u32::try_from(tick).ok().filter(|tick| (first..=last).contains(tick)) {
            Some(tick) => Ok(tick),
            None => {
                let (from, to) = (plan.time_of(i64::from(first)), plan.time_of(i64::from(last)));
                Err(wrong("this run does not come there", &format!("{from} to {to}")))
            }
        }
    }

    /// Writes the whole state of a plant; a file of that name is replaced when the new one is whole.
    pub fn write(&self, snapshot: &Snapshot) -> Result<(), Trouble> {
        let mut file = PartFile::at(&self.file)?;
        let failed = |error| Trouble::World(format!("{}: cannot write: {error}", self.file.display()));
        file.write_all(&snapshot.seal()).map_err(failed)?;
        Ok(file.finish()?)
    }

    /// Steps all futures of a study's only run to the time, records nothing, and writes the state.
    pub fn step_and_write(&self, study: &Study, threads: usize, stop: &AtomicBool) -> Result<(), Trouble> {
        if study.runs.len() > 1 || study.optimise.is_some() {
            let count = study.runs.len();
            let why = if count > 1 {
                format!("this scenario compares {count} runs")
            } else {
                "this scenario optimises".into()
            };
            return Err(Trouble::Input(format!("--save-at: {why}; expected one without variants, sweep and optimise")));
        }
        let plan = study.base();
        let mut drive = Drive::start(plan, threads, Wanted::default(), 1, STRETCH).saving_at([self.tick(plan)?]);
        while drive.next(stop)?.is_some() {
            if let Some(saved) = drive.take_saved() {
                return self.write(&saved.snapshot);
            }
        }
        Ok(())
    }
}

/// Lets every run of a study begin where its scenario says.
pub fn attach(scenario: &Path, study: &mut Study) -> Result<(), Trouble> {
    let (whose, snapshot) = match &study.from {
        None => return Ok(()),
        Some(From::Snapshot(file)) => {
            let path = scenario.parent().unwrap_or(Path::new("")).join(file);
            (path.display().to_string(), Arc::new(read(&path)?))
        }
        Some(From::Store { url, at, run }) => {
            let state = memory::state_from(&memory::beside(scenario, url)?, *at, run.as_deref(), study.base())?;
            (format!("{}: [from]", scenario.display()), state)
        }
    };
    let several = study.runs.len() > 1;
    for run in &mut study.runs {
        let origin = Origin::new(&run.plan, &snapshot).map_err(|error| {
            let which = if several { format!("variant `{}`: ", run.name) } else { String::new() };
            Trouble::Input(format!("{whose}: {which}{error}"))
        })?;
        Arc::make_mut(&mut run.plan).origin = Some(Arc::new(origin));
    }
    Ok(())
}

fn read(path: &Path) -> Result<Snapshot, Trouble> {
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Trouble::Input(format!("{}: there is no such snapshot", path.display())),
        ErrorKind::IsADirectory => Trouble::Input(format!("{}: this is a folder, not a snapshot", path.display())),
        _ => Trouble::World(format!("{}: cannot read: {error}", path.display())),
    })?;
    Snapshot::unseal(&bytes).map_err(|error| Trouble::Input(format!("{}: {error}", path.display())))
}
