//! From what the store remembers to an engine that stands where the last one stood.

use super::engine::{Engine, Rhythm};
use crate::Trouble;
use std::sync::Arc;
use twinwright_core::lookout::Lookout;
use twinwright_core::site::SitePlan;
use twinwright_io::store::journal::{Journal, Kept};
use twinwright_model::Span;

/// Entries whose replay is told of.
const WORTH_SAYING: u64 = 500;

/// An engine from a state, or from the beginning.
pub fn stand(
    site: &Arc<SitePlan>,
    run: &str,
    state: Option<&Kept>,
    rhythm: Rhythm,
    now: Span,
) -> Result<Engine, Trouble> {
    let Some(kept) = state else {
        return Ok(Engine::new(site, Lookout::build(site, run), 1, rhythm, now));
    };
    let unusable = |why: String| Trouble::World(format!("the checkpoint of {} cannot be used: {why}", kept.time));
    let (waiting, state) = parts(&kept.bytes).ok_or_else(|| unusable("it is cut short".to_owned()))?;
    let mirror = Lookout::restore(site, run, state).map_err(|error| unusable(error.to_string()))?;
    let mut engine = Engine::new(site, mirror, kept.entry + 1, rhythm, now);
    engine.wait_again(waiting).ok_or_else(|| unusable("what waited for its tick cannot be read".to_owned()))?;
    Ok(engine)
}

/// The two parts of a checkpoint: readings that wait for their tick, and the mirror's state.
pub fn parts(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)
}

/// Hears again what entries after the state heard.
pub async fn replay(
    engine: &mut Engine,
    journal: &mut Journal,
    (run, after, until): (i64, u64, u64),
    now: Span,
) -> Result<(), Trouble> {
    let mut reader = journal.hearings(run, after, until);
    let entries = until.saturating_sub(after);
    if entries >= WORTH_SAYING {
        tracing::info!("hearing {entries} entries of the journal again");
    }
    while let Some((_, hearing)) = journal.next_hearing(&mut reader).await? {
        engine.recall(hearing, now, &mut |_, _, _| {});
    }
    Ok(())
}
