//! Whether a store is what it says: its schema, its keys, its partitions, the chains of its logs, checkpoints, roll-ups,
//! journals of live runs and archives. It only looks, at one instant for each part, and holds no more than a part of an hour of readings at once.

mod archives;
mod chains;
mod checkpoints;
mod journals;
mod keys;
mod partitions;
mod rollups;
mod schema;

use super::{Dialect, Link};
use crate::outlets::trouble::OutletTrouble;
use serde::Serialize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use twinwright_model::Time;

/// Faults that are kept; more are counted.
const KEPT: usize = 1_000;
/// What one statement may take.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// How a store is looked through.
pub struct Ask<'a> {
    /// Which part of the hours of roll-ups is compared with the readings: 1 is all of them.
    pub sample: f64,
    /// Which hours those are.
    pub seed: u64,
    /// By whose clock what is too old to be kept is told.
    pub now: Time,
    /// Whether the bytes of a checkpoint are a state; what is wrong with them.
    pub state: &'a dyn Fn(&[u8]) -> Result<(), String>,
    pub stop: &'a AtomicBool,
    /// Hears which part is looked at, how much of it is done, and of how much.
    pub tell: &'a dyn Fn(&str, u64, u64),
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `audit_log`, `roll-ups`, ...
    pub part: String,
    /// Where, and what is wrong there.
    pub what: String,
}

/// A part that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    pub part: String,
    /// How much it was.
    pub looked_at: String,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    pub parts: Vec<Part>,
    /// The first thousand faults.
    pub findings: Vec<Finding>,
    pub faults: u64,
    /// Whether it was ended before all was looked at.
    pub interrupted: bool,
}

impl Verdict {
    fn fault(&mut self, part: &str, what: impl Into<String>) {
        self.faults += 1;
        if self.findings.len() < KEPT {
            self.findings.push(Finding { part: part.to_owned(), what: what.into() });
        }
    }

    fn done(&mut self, part: &str, looked_at: impl Into<String>) {
        self.parts.push(Part { part: part.to_owned(), looked_at: looked_at.into() });
    }
}

impl Ask<'_> {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Looks through a store whose schema is the newest.
pub async fn verify(link: &mut Link, ask: &Ask<'_>) -> Result<Verdict, OutletTrouble> {
    let schema = link.schema().await?;
    schema.must_be_current(link)?;
    link.be_patient(PATIENCE);
    if link.dialect() == Dialect::Postgres {
        link.run(format!("SET statement_timeout = {}", PATIENCE.as_millis()), &[]).await?;
    }
    let mut verdict = Verdict::default();
    for number in 0..PARTS {
        if ask.stopped() {
            break;
        }
        part(link, ask, &mut verdict, number).await?;
    }
    verdict.interrupted = ask.stopped();
    Ok(verdict)
}

const PARTS: u32 = 9;

async fn part(link: &mut Link, ask: &Ask<'_>, verdict: &mut Verdict, number: u32) -> Result<(), OutletTrouble> {
    match number {
        0 => schema::check(link, ask, verdict).await,
        1 => keys::check(link, ask, verdict).await,
        2 => partitions::check(link, verdict).await,
        3 => chains::check(link, ask, verdict).await,
        4 => checkpoints::check(link, ask, verdict).await,
        5 => rollups::check_marks(link, verdict).await,
        6 => rollups::check(link, ask, verdict).await,
        7 => journals::check(link, ask, verdict).await,
        _ => archives::check(link, ask, verdict).await,
    }
}
