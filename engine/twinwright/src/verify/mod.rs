//! `twinwright verify`: holds what came back from the system under test against what a run made.
//!
//! A reading is known by machine, sensor and source time. The readings of the run are held in memory (13 bytes each),
//! the received ones are read once, row by row. Nothing here repairs or guesses a row: what cannot be read is counted.

pub(crate) mod clock;
mod expected;
mod files;
mod findings;
mod judge;
mod layout;
mod list;
mod readings;
mod report;

pub(crate) use clock::Clock;
pub use clock::Unit;
pub use findings::{Finding, Sort};
pub use layout::Mapping;
pub use report::{Rate, Report};

use crate::Trouble;
use expected::Expected;
use findings::Findings;
use judge::Judge;
use std::path::PathBuf;
use twinwright_io::readback::ReadError;
use twinwright_model::Span;
use twinwright_model::time::SECOND;

/// What to hold against what, and how strictly.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Files, or folders with files; read in this order, those of a folder by name.
    pub received: Vec<PathBuf>,
    /// What `run --readings` or `generate --out` left.
    pub against: PathBuf,
    /// Names of the received columns where they are not the usual ones.
    pub columns: Mapping,
    /// What times are counted in that are plain numbers; told by their size when it is not said.
    pub time_unit: Option<Unit>,
    /// How far a value may be off; 0 means the same f32.
    pub tolerance: f64,
    /// An arrival later than this after the source's time is late.
    pub late_after: Span,
    /// Where to write every finding, as CSV; never among the files that are compared.
    pub list: Option<PathBuf>,
    /// How many findings of each sort the report shows.
    pub examples: usize,
}

impl Settings {
    /// The defaults.
    pub fn of(received: Vec<PathBuf>, against: PathBuf) -> Settings {
        Settings {
            received,
            against,
            columns: Mapping::default(),
            time_unit: None,
            tolerance: 0.0,
            late_after: Span(SECOND),
            list: None,
            examples: 5,
        }
    }
}

/// Reads both sides and says what became of every reading.
pub fn verify(settings: &Settings) -> Result<Report, Trouble> {
    if !settings.tolerance.is_finite() || settings.tolerance < 0.0 {
        let message = format!("--tolerance {}: expected a number that is not below 0", settings.tolerance);
        return Err(Trouble::Input(message));
    }
    if let Some(list) = &settings.list {
        list::check(list, settings)?;
    }
    let received = files::received(&settings.received)?;
    let mut expected = Expected::load(&files::of_run(&settings.against)?)?;
    let mut judge = Judge::new(settings, &mut expected, Findings::open(settings.list.as_deref(), settings.examples)?);
    for file in &received {
        judge.hear(file)?;
    }
    judge.finish(received.len())
}

impl From<ReadError> for Trouble {
    fn from(error: ReadError) -> Trouble {
        if error.is_input() { Trouble::Input(error.to_string()) } else { Trouble::World(error.to_string()) }
    }
}
