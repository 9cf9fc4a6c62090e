//! When a site's file has changed: what was believed under the old file goes on under the new one, matched by names.

use super::engine::{Engine, Rhythm};
use super::recall;
use crate::Trouble;
use crate::memory::{now, stored_library};
use std::collections::BTreeMap;
use std::sync::Arc;
use twinwright_core::Document;
use twinwright_core::lookout::Lookout;
use twinwright_core::site::{SitePlan, compile};
use twinwright_io::store::journal::{Before, Journal, Opened, orphans};
use twinwright_io::store::{Link, Place, checkpoints};
use twinwright_model::Span;
use twinwright_model::live::{Channel, ChannelName};

/// An engine of the new file, standing where the one of the old file stood.
pub async fn from_before(
    site: &Arc<SitePlan>,
    opened: &Opened,
    before: &Before,
    (place, journal): (&Place, &mut Journal),
    rhythm: Rhythm,
) -> Result<Engine, Trouble> {
    let mut link = Link::open(place).await?;
    let library = stored_library(checkpoints::machine_files(&mut link, before.row.id).await?);
    link.close().await;
    let document = Document { name: format!("{}.toml", site.name), text: before.row.document.clone() };
    let fresh = || {
        let mut engine = recall::stand(site, &opened.name, None, rhythm, Span(0))?;
        opened.newcomers.iter().for_each(|newcomer| engine.adopt(newcomer));
        Ok(engine)
    };
    let Ok(old) = compile(&document, &library, before.row.start) else {
        tracing::warn!(
            "the file that {} was mirrored with cannot be read any more: the mirror begins anew",
            before.row.name
        );
        return fresh();
    };
    if old.plan.tick != site.plan.tick {
        tracing::warn!("the tick is another one than before: the mirror begins anew");
        return fresh();
    }
    let old = Arc::new(old);
    let mut engine = recall::stand(&old, &before.row.name, opened.state.as_ref(), rhythm, Span(0))?;
    let after = opened.state.as_ref().map_or(0, |state| state.entry);
    recall::replay(&mut engine, journal, (opened.of, after, opened.of_written), Span(0)).await?;
    let state = engine.lookout().save();
    let mut mirror = Lookout::restore(site, &opened.name, &state)
        .map_err(|error| Trouble::World(format!("the state of {} cannot go on: {error}", before.row.name)))?;
    orphans::resolve(place, &mirror.take_orphans(), now()).await?;
    let mut next = Engine::new(site, mirror, 1, rhythm, Span(0));
    let numbers: BTreeMap<ChannelName, Channel> =
        (0..).map_while(|number| Some((next.channel(number)?.clone(), number))).collect();
    next.wait_for_old(engine.waiting_readings(), |channel| numbers.get(engine.channel(channel)?).copied());
    Ok(next)
}
