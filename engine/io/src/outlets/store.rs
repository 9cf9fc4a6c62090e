//! Readings into the store's `sensor_readings`: `postgres://user@host/plant`, `sqlite:plant.db`.
//!
//! A freight goes in batches, each a transaction; a reading is acknowledged when its batch is committed. After trouble
//! the same freight goes on where it stopped. A batch whose commit was not answered goes again: readings are known by
//! sensor and time, so that it cannot be stored twice. At a clock's pace a batch is what came while the one before was
//! committed, so that nothing waits for a batch to be full.

use super::address::Address;
use super::trouble::OutletTrouble;
use super::{Freight, Manifest, Outlet, Pending, Tally, count};
use crate::store::{Place, Registry, Row, SensorIds, Store, Written, fill};
use std::sync::Arc;
use twinwright_model::Parcel;

/// Rows of a transaction unless the address says else: enough that a commit costs little, few enough to wait for.
const BATCH: usize = 100_000;

/// An outlet into a store.
struct StoreOutlet {
    name: String,
    place: Place,
    registry: Registry,
    batch: usize,
    /// None before the first connection, and after trouble.
    link: Option<(Store, SensorIds)>,
    under_way: Option<UnderWay>,
    rows: Vec<Row>,
    /// Whether it was said that the store had readings with other values.
    said: bool,
}

/// A freight that is not through yet.
struct UnderWay {
    parcel: Arc<Parcel>,
    /// Rows that are committed.
    done: usize,
    /// Rows that were on the wire at least once.
    sent: usize,
}

/// An outlet for an address of scheme `postgres`, `postgresql` or `sqlite`. It wants rows.
pub fn open(address: &Address, manifest: &Arc<Manifest>) -> Result<Box<dyn Outlet>, OutletTrouble> {
    let batch = address.whole("batch", 1, 1_000_000)?.unwrap_or(BATCH);
    let place = Place::of(address)?;
    let registry = Registry::of(manifest);
    if let Some(name) = registry.unwritable() {
        return Err(address.refuse(format!("{name:?} cannot be stored as a name; expected a text without zero bytes")));
    }
    if manifest.resolution.0 % 1_000 != 0 {
        let found = manifest.resolution;
        return Err(address.refuse(format!("a store keeps microseconds, and this run has times in steps of {found}")));
    }
    Ok(Box::new(StoreOutlet {
        name: address.name.clone(),
        place,
        registry,
        batch,
        link: None,
        under_way: None,
        rows: Vec::new(),
        said: false,
    }))
}

impl StoreOutlet {
    async fn connect(&mut self) -> Result<(), OutletTrouble> {
        if self.link.is_none() {
            let mut store = Store::connect(&self.place).await?;
            let ids = store.register(&self.registry).await?;
            self.link = Some((store, ids));
        }
        Ok(())
    }

    async fn deliver_rest(&mut self, freight: &Freight, tally: &Tally) -> Result<(), OutletTrouble> {
        let Some(parcel) = &freight.rows else {
            return Err(OutletTrouble::lasting(format!("{}: it was handed a freight without rows", self.name)));
        };
        let mut way = match self.under_way.take() {
            Some(way) if Arc::ptr_eq(&way.parcel, parcel) => way,
            _ => UnderWay { parcel: parcel.clone(), done: 0, sent: 0 },
        };
        let delivered = self.batches(&mut way, tally).await;
        if delivered.is_err() {
            // Whatever it was, this connection is not to be trusted any more.
            self.link = None;
            self.under_way = Some(way);
        }
        delivered
    }

    async fn batches(&mut self, way: &mut UnderWay, tally: &Tally) -> Result<(), OutletTrouble> {
        self.connect().await?;
        while way.done < way.parcel.len() {
            let Some((store, ids)) = &mut self.link else { return Ok(()) };
            let end = (way.done + self.batch).min(way.parcel.len());
            if let Err((machine, sensor)) = fill(&mut self.rows, &way.parcel, way.done..end, ids) {
                let what = format!("{}: machine {machine} of this run has no sensor {sensor}", self.name);
                return Err(OutletTrouble::Lasting(what));
            }
            count(&tally.retried, way.sent.saturating_sub(way.done));
            count(&tally.sent, end.saturating_sub(way.sent));
            way.sent = way.sent.max(end);
            let written = store.write(&self.rows).await?;
            count(&tally.acknowledged, end - way.done);
            way.done = end;
            self.say(written);
        }
        Ok(())
    }

    /// Once is enough: it is a store in which another run left its readings, or a clock that went back.
    fn say(&mut self, written: Written) {
        if written.other > 0 && !self.said {
            self.said = true;
            tracing::warn!(
                "{}: the store holds other values for the same sensors and times ({} of these readings); what is there stays",
                self.name,
                written.other
            );
        }
    }
}

impl Outlet for StoreOutlet {
    fn open(&mut self) -> Pending<'_, Result<(), OutletTrouble>> {
        Box::pin(self.connect())
    }

    fn deliver<'a>(&'a mut self, freight: &'a Freight, tally: &'a Tally) -> Pending<'a, Result<(), OutletTrouble>> {
        Box::pin(self.deliver_rest(freight, tally))
    }

    fn finish<'a>(&'a mut self, _tally: &'a Tally) -> Pending<'a, Result<(), OutletTrouble>> {
        Box::pin(async {
            // What a writer leaves unfinished the next one to connect finishes: after trouble that is this one.
            if let Some((store, _)) = self.link.take() {
                store.close().await?;
            }
            Ok(())
        })
    }
}
