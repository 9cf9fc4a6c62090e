//! `twinwright live`: a site mirrored from its feeds. What was heard is committed before any source is told so.

pub mod arguments;
mod begin;
pub mod broker;
mod bulletins;
pub mod demo;
pub mod engine;
mod gauges;
mod handover;
mod keep;
mod patience;
mod recall;
pub mod replay;
mod screen;
mod shelf;
mod site;
pub mod standing;
mod tidings;

use crate::Trouble;
use crate::memory::now;
use begin::Begun;
use keep::Keep;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use twinwright_io::feeds::Running;
use twinwright_io::outlets::metrics::MetricsPage;
use twinwright_io::store::Place;
use twinwright_model::{Span, Time};

/// Notices that are due still go out at the end, but not for longer.
const LAST_CALL: Duration = Duration::from_secs(1);
/// Whoever is told to stop and hears nothing from its store for so long lets go: what was not committed was not acknowledged.
const OVERDUE: Duration = Duration::from_secs(8);
/// Letting go of a store that answers takes much less.
const GOODBYE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(50);

/// What to mirror, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    pub site: PathBuf,
    /// What stands in it, where it is no file.
    pub text: Option<String>,
    /// A folder of machine files beside the site's own.
    pub kinds: Option<PathBuf>,
    /// Instead of the site's store.
    pub store: Option<String>,
    pub metrics: Option<SocketAddr>,
    pub checkpoint_every: Span,
    /// The mirror stops once it shows this instant.
    pub until: Option<Time>,
    pub quiet: bool,
}

/// What a mirror came to.
#[derive(Debug)]
pub struct Outcome {
    pub run: String,
    pub store: String,
    /// The instant that it shows.
    pub shows: Option<Time>,
    pub digest: u128,
    pub readings: u64,
    pub alerts: u64,
}

/// Asked from outside while it runs.
#[derive(Debug, Default)]
pub struct Wishes {
    pub stop: AtomicBool,
    /// The site's file is to be read again.
    pub reload: AtomicBool,
}

/// Mirrors a site until it is told to stop, or all its feeds have ended. `out` is told alerts.
pub fn mirror(settings: &Settings, wishes: &Arc<Wishes>, out: Box<dyn Write + Send>) -> Result<Outcome, Trouble> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("live")
        .enable_all()
        .build()
        .map_err(|error| Trouble::World(format!("cannot start threads: {error}")))?;
    let outcome = runtime.block_on(mirror_within(settings, wishes, out));
    // Whatever hangs on a line must not keep the program.
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

async fn stop_feeds(feeds: Vec<Running>) {
    let mut ends = tokio::task::JoinSet::new();
    feeds.into_iter().for_each(|feed| _ = ends.spawn(feed.stop()));
    ends.join_all().await;
}

async fn mirror_within(
    settings: &Settings,
    wishes: &Arc<Wishes>,
    out: Box<dyn Write + Send>,
) -> Result<Outcome, Trouble> {
    let mut screen = screen::Screen::new(out, settings.quiet);
    loop {
        let Begun { mut keep, feeds, tidings, name, store } = begin::begin(settings, wishes, screen).await?;
        let page = match settings.metrics {
            Some(address) => {
                let page = MetricsPage::bind(address)?;
                tracing::info!("metrics at http://{}/metrics", page.address());
                let gauges = keep.gauges.clone();
                Some(tokio::spawn(page.serve_page(Arc::new(move || gauges.page()))))
            }
            None => None,
        };
        let (went, ended) = tokio::select! {
            went = work(&mut keep, feeds, wishes, settings.until) => {
                let ended = tokio::time::timeout(GOODBYE, keep.end(now())).await;
                (went, ended.unwrap_or_else(|_| Err(silent(&store))))
            }
            () = overdue(wishes) => (Ok(false), Err(silent(&store))),
        };
        // What is not out by then waits in the store for the next start.
        let _ = tokio::time::timeout(LAST_CALL, tidings.stop()).await;
        page.inspect(|page| page.abort());
        let again = went?;
        let (last, outcome) = ended?;
        screen = last;
        if !again {
            return Ok(Outcome { run: name, store, ..outcome });
        }
        tracing::info!("the site's file is read again");
    }
}

/// Mirrors until it is to end, and brings what is under way to its end; true when the site's file is to be read again.
async fn work(keep: &mut Keep, feeds: Vec<Running>, wishes: &Wishes, until: Option<Time>) -> Result<bool, Trouble> {
    let again = keep.go_on(wishes, until).await?;
    // A feed says goodbye when what it handed on is committed: so both go on together.
    tokio::join!(stop_feeds(feeds), keep.drain(wishes)).1?;
    Ok(again)
}

/// Returns when a stop that was asked for should have been over.
async fn overdue(wishes: &Wishes) {
    while !wishes.stop.load(Ordering::Relaxed) {
        tokio::time::sleep(LOOK).await;
    }
    tokio::time::sleep(OVERDUE).await;
}

fn silent(store: &str) -> Trouble {
    let store = Place::parse(store).map_or_else(|_| store.to_owned(), |place| place.name().to_owned());
    Trouble::World(format!(
        "{store}: the store does not answer, so this ends without it; what was not committed was not acknowledged"
    ))
}
