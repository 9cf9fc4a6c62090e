//! A live run as it stood at an instant: from its last checkpoint before, and what its journal heard since. Nothing is written.

use super::engine::Engine;
use super::recall;
use super::replay::{NEVER, instant};
use crate::Trouble;
use crate::memory::{named_run, stored_library};
use std::sync::Arc;
use twinwright_core::Document;
use twinwright_core::mirror::Mirror;
use twinwright_core::site::{SitePlan, compile};
use twinwright_io::store::journal::{Reader, checkpoint_before};
use twinwright_io::store::queries::board;
use twinwright_io::store::runs::RunRow;
use twinwright_io::store::{Link, checkpoints};
use twinwright_model::{Span, Time, names};

/// A live run, the latest unless one is named, and its site as it was mirrored.
pub(crate) async fn mirrored(link: &mut Link, run: Option<&str>) -> Result<(RunRow, Arc<SitePlan>), Trouble> {
    let row = match run {
        Some(name) => named_run(link, name).await?,
        None => match board::latest_live(link).await? {
            Some(name) => named_run(link, &name).await?,
            None => return Err(Trouble::Input(format!("{}: no plant was mirrored into this store yet", link.name()))),
        },
    };
    if row.kind != "live" {
        let why = "it is simulated: `twinwright run` makes it again";
        return Err(Trouble::Input(format!("{}: run `{}` has no journal; {why}", link.name(), row.name)));
    }
    let files = stored_library(checkpoints::machine_files(link, row.id).await?);
    let document = Document { name: format!("{}.toml (stored)", row.scenario), text: row.document.clone() };
    let site = Arc::new(compile(&document, &files, row.start).map_err(Trouble::Files)?);
    if format!("{:032x}", site.plan.digest) != row.plan_digest {
        return Err(Trouble::Input(format!(
            "{}: run `{}` was mirrored by twinwright {}, which made another plan of its files",
            link.name(),
            row.name,
            row.version
        )));
    }
    Ok((row, site))
}

/// What a mirror said of one of its machines when it showed an instant.
pub struct Standing<T> {
    pub run: String,
    pub time: Time,
    pub said: T,
}

/// Asks a mirror about a machine as it stood `at` an instant, or at its end.
pub fn ask<T>(
    store: &str,
    (run, machine, at): (Option<&str>, &str, &Option<String>),
    ask: impl FnOnce(&Mirror, u32) -> Result<T, Trouble>,
) -> Result<Standing<T>, Trouble> {
    crate::store::look(store, async |link| {
        link.schema().await?.must_be_current(link)?;
        let (row, site) = mirrored(link, run).await?;
        let until = instant("--at", at, Time(i64::MAX))?;
        let mut engine = stand_at(link, &row, &site, until).await?;
        let Some(time) = engine.shows() else {
            return Err(Trouble::Input(format!("{}: run `{}` has heard nothing by then", link.name(), row.name)));
        };
        let mirror = engine.lookout().mirror();
        let known: Vec<&str> = (0..mirror.machine_count()).map(|number| mirror.machine_name(number)).collect();
        let Some(number) = known.iter().position(|name| *name == machine) else {
            let near = names::nearest(machine, known.iter().copied());
            let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            let known = names::list(known.iter().take(20).copied());
            return Err(Trouble::Input(format!(
                "{machine}: run `{}` has no such machine, but {known}{near}",
                row.name
            )));
        };
        Ok(Standing { run: row.name, time, said: ask(mirror, number as u32)? })
    })
}

/// Entries are heard again whole: the one that holds the instant is the last.
async fn stand_at(link: &mut Link, row: &RunRow, site: &Arc<SitePlan>, until: Time) -> Result<Engine, Trouble> {
    let kept = checkpoint_before(link, row.id, until).await?;
    let mut engine = recall::stand(site, &row.name, kept.as_ref(), NEVER, Span(0))?;
    let last = link.first("SELECT max(number) FROM journal WHERE run_id = $1", &[row.id.into()]).await?;
    let last = last.and_then(|row| row.maybe_int(0)).map_or(0, i64::unsigned_abs);
    let mut reader = Reader::new(row.id, kept.map_or(0, |kept| kept.entry), last);
    while engine.shows().is_none_or(|shows| shows < until) {
        let Some((_, hearing)) = reader.next(link).await? else { break };
        engine.recall(hearing, Span(0), &mut |_, _, _| {});
    }
    Ok(engine)
}
