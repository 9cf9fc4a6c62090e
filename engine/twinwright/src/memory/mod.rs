//! What a run leaves in a store, and what can be made of it later: its state at any instant, and runs that go on from it.

mod alarms;
mod asof;
mod diary;
mod fork;
pub(crate) mod gauges;
mod heading;
mod keeper;
mod performance;
mod plant;
mod readings;
mod recorded;
mod replay;
mod studies;

pub use asof::{AsOf, as_of};
pub use fork::{beside, state_from};
pub use keeper::{Keeper, Stored};
pub(crate) use plant::{plain, plant_of};
pub(crate) use recorded::{named as named_run, stored_library};
pub use studies::{check_study, remember};

use crate::Trouble;
use crate::library::Kinds;
use crate::run::recording::Recording;
use crate::run::{self, Outcome, Settings};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use twinwright_core::{Document, Library, Plan};
use twinwright_model::{Span, Time};

/// The texts that a run was compiled from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    pub document: String,
    /// Machine files by kind.
    pub kinds: Vec<(String, String)>,
}

/// A library that remembers which files were taken from it.
#[derive(Debug)]
pub struct Witness {
    kinds: Kinds,
    seen: RefCell<BTreeMap<String, String>>,
}

impl Witness {
    pub fn of(kinds: Kinds) -> Witness {
        Witness { kinds, seen: RefCell::default() }
    }

    pub fn sources(self, document: &Document) -> Sources {
        Sources { document: document.text.clone(), kinds: self.seen.into_inner().into_iter().collect() }
    }
}

impl Library for Witness {
    fn find(&self, kind: &str) -> Option<Document> {
        let found = self.kinds.find(kind)?;
        self.seen.borrow_mut().insert(kind.to_owned(), found.text.clone());
        Some(found)
    }

    fn known(&self) -> Vec<String> {
        self.kinds.known()
    }
}

/// Checkpoints of a run unless it is said how often: one at the start, and so many more.
const CHECKPOINTS: u32 = 16;
/// More would be a second table of readings.
const MOST_CHECKPOINTS: u32 = 10_000;

/// Runs a plan that is remembered in a store.
pub fn run(settings: &Settings, plan: &Arc<Plan>, sources: &Sources, stop: &AtomicBool) -> Result<Outcome, Trouble> {
    // What is wrong with the folder or the times is said before the store has a row.
    run::sample_every(settings, plan, false)?;
    checkpoint_ticks(settings, plan)?;
    let recording = Recording::open(settings, plan)?;
    let mut keeper = Keeper::open(settings, plan, sources, stop)?;
    match run::whole(settings, plan, recording, Some(&mut keeper), stop) {
        Ok(mut outcome) => {
            outcome.stored = Some(keeper.finish(&outcome.summary)?);
            Ok(outcome)
        }
        Err(trouble) => {
            keeper.fail();
            Err(trouble)
        }
    }
}

/// The ticks at which the state is kept, the first and the last among them.
pub fn checkpoint_ticks(settings: &Settings, plan: &Plan) -> Result<Vec<u32>, Trouble> {
    let (first, last) = (plan.first_tick(), plan.ticks);
    let length = last.saturating_sub(first);
    let every = match settings.checkpoint_every {
        None => length.div_ceil(CHECKPOINTS),
        Some(every) => {
            let wrong = |why: String| Trouble::Input(format!("--checkpoint-every {every}: {why}"));
            let ticks = u32::try_from(every.0.div_euclid(plan.tick.0)).unwrap_or(u32::MAX);
            if ticks == 0 {
                return Err(wrong(format!("expected at least the scenario's tick of {}", plan.tick)));
            }
            if length / ticks > MOST_CHECKPOINTS {
                let least = plan.tick.0.saturating_mul(i64::from(length.div_ceil(MOST_CHECKPOINTS)));
                return Err(wrong(format!(
                    "these are {} checkpoints; expected at least {}",
                    length / ticks,
                    Span(least)
                )));
            }
            ticks
        }
    };
    let inner = (1..).map(|number: u32| first.saturating_add(every.max(1).saturating_mul(number)));
    let mut ticks: Vec<u32> = std::iter::once(first).chain(inner.take_while(|tick| *tick < last)).collect();
    ticks.push(last);
    ticks.dedup();
    Ok(ticks)
}

/// Looks at the gauges between two checkpoints.
const LOOKS: u32 = 64;

/// Ticks between two looks at the gauges.
pub(crate) fn look_every(ticks: &BTreeSet<u32>) -> u32 {
    let gap = ticks.iter().zip(ticks.iter().skip(1)).map(|(a, b)| b - a).max().unwrap_or(1);
    (gap / LOOKS).max(1)
}

/// Now, by the clock on the wall.
pub(crate) fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Time(since.map_or(0, |since| since.as_nanos() as i64))
}
