//! Outlets: where a stream goes. Files, brokers, HTTP, databases, Redis: one shape for all of them.
//!
//! An outlet only delivers: it is handed a parcel and says when it is through. Queueing, pace, back-off and the
//! policy of a slow one belong to the carrier ([`carrier`]); what a reading is, to the world. A new wire is one file
//! with one [`Outlet`] and one line in [`open`].

pub mod address;
pub mod carrier;
pub mod file;
pub mod http;
pub mod metrics;
pub mod mqtt;
pub mod queue;
pub mod redis;
pub mod store;
pub mod trouble;

use crate::store::chronicle::Unit;
use address::Address;
use carrier::Terms;
use queue::WhenFull;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use trouble::OutletTrouble;
use twinwright_model::{Chunk, Parcel, Sheet, Span, Time};

/// What is going on while it is waited for.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A wire to somewhere.
pub trait Outlet: Send {
    /// Connects, or makes sure that it is connected. Called before the first delivery, and again after trouble that may
    /// pass.
    fn open(&mut self) -> Pending<'_, Result<(), OutletTrouble>>;

    /// Delivers a whole parcel. After trouble that may pass it is called again with the same parcel: whoever cannot tell
    /// what arrived before must use keys that make a second delivery harmless.
    ///
    /// It counts `sent` when a reading is first on the wire, `acknowledged` when the other side has it for good, and
    /// `retried` for each reading that goes out once more.
    fn deliver<'a>(&'a mut self, freight: &'a Freight, tally: &'a Tally) -> Pending<'a, Result<(), OutletTrouble>>;

    /// Nothing comes any more: what is under way is brought to its end, files get their names.
    fn finish<'a>(&'a mut self, tally: &'a Tally) -> Pending<'a, Result<(), OutletTrouble>>;

    /// The stream failed elsewhere and is not whole: whatever would look whole must not when it finishes.
    fn leave_unfinished(&mut self) {}
}

/// What every outlet is handed; which of the two forms it wants it says beforehand ([`Form`]).
#[derive(Debug, Clone, Default)]
pub struct Freight {
    /// One row a reading.
    pub rows: Option<Arc<Parcel>>,
    /// One row a machine and instant, by sheet.
    pub sheets: Option<Arc<Chunk>>,
    /// A piece of a run's history, for the scribe of a store.
    pub unit: Option<Arc<Unit>>,
    /// How many readings it holds.
    pub readings: u64,
}

/// The form in which an outlet wants its freight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Rows,
    Sheets,
}

impl Form {
    /// As `--shape` has it.
    pub fn from_name(name: &str) -> Option<Form> {
        [("long", Form::Rows), ("wide", Form::Sheets)]
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, form)| form)
    }
}

/// The one list of outlets: checks what an address asks for and makes its outlet; nothing is connected yet.
pub fn open(
    address: &Address,
    manifest: &Arc<Manifest>,
    shape: Form,
) -> Result<(Terms, Box<dyn Outlet>), OutletTrouble> {
    let when_full = match address.one_of("slow", &["wait", "drop-oldest"])? {
        Some("drop-oldest") => WhenFull::DropOldest,
        _ => WhenFull::Wait,
    };
    let mut terms = Terms {
        name: address.name.clone(),
        form: Form::Rows,
        when_full,
        queue: address.whole("queue", 1, 100_000_000)?.unwrap_or(QUEUE),
        patience: address.span("patience")?.map_or(PATIENCE, |span| Duration::from_nanos(span.0 as u64)),
    };
    let outlet: Box<dyn Outlet> = match address.scheme.as_str() {
        "file" => {
            let asked = address.one_of("shape", &["long", "wide"])?.and_then(Form::from_name);
            terms.form = asked.unwrap_or(shape);
            Box::new(file::open(address, manifest, terms.form)?)
        }
        "mqtt" | "mqtts" => mqtt::open(address, manifest)?,
        "http" | "https" => http::open(address, manifest)?,
        "postgres" | "postgresql" | "sqlite" => store::open(address, manifest)?,
        "redis" => redis::open(address, manifest)?,
        other => return Err(address.refuse(format!("`{other}:` is no outlet"))),
    };
    Ok((terms, outlet))
}

/// Readings that may wait for an outlet.
const QUEUE: u64 = 400_000;
/// How long an outlet's passing trouble is put up with.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// What is known of a stream before it starts.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// What machine numbers stand for.
    pub machines: Vec<MachineHead>,
    /// What sensor numbers stand for, and the unit each has (of the first kind that has a sensor of that name).
    pub sensors: Vec<SensorHead>,
    pub sheets: Vec<Sheet>,
    /// `enterprise/site/area/line`, the prefix of every address.
    pub path: String,
    pub scenario: String,
    pub seed: u64,
    pub version: String,
    pub start: Time,
    pub tick: Span,
    /// Every time is a whole multiple of this since 1970.
    pub resolution: Span,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineHead {
    pub id: String,
    /// Index into `sheets`.
    pub sheet: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensorHead {
    pub name: String,
    pub unit: String,
}

/// Readings of one outlet, counted as they go. `made = lost + dropped + (sent - duplicated)` once all is delivered.
#[derive(Debug, Default)]
pub struct Tally {
    /// Handed to this outlet by the simulation, before any comms fault.
    pub made: AtomicU64,
    /// Put on the wire, each once however often it was tried.
    pub sent: AtomicU64,
    /// Known to have arrived for good.
    pub acknowledged: AtomicU64,
    /// Put on the wire again because it was not known whether it had arrived.
    pub retried: AtomicU64,
    /// Thrown away because the outlet was too slow, as asked for.
    pub dropped: AtomicU64,
    /// By comms faults, on purpose: never sent, sent twice, sent out of order, sent later.
    pub lost: AtomicU64,
    pub duplicated: AtomicU64,
    pub reordered: AtomicU64,
    pub delayed: AtomicU64,
}

impl Tally {
    /// Grows with whatever gets somewhere.
    fn reached(&self) -> u64 {
        self.sent.load(Ordering::Relaxed) + self.acknowledged.load(Ordering::Relaxed)
    }
}

/// Adds to a counter of a [`Tally`].
pub fn count(counter: &AtomicU64, readings: usize) {
    counter.fetch_add(readings as u64, Ordering::Relaxed);
}
