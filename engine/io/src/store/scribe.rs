//! The scribe: carries a run's history into its store, piece by piece, beside a world that goes on.
//!
//! It is an outlet like those of readings, so that queueing, back-off and patience are the carrier's; but it has a
//! connection of its own, and nothing that it carries waits behind readings.

use super::chronicle::{Begun, Unit};
use super::{Link, Place};
use crate::outlets::carrier::{Carrier, Terms};
use crate::outlets::queue::WhenFull;
use crate::outlets::trouble::OutletTrouble;
use crate::outlets::{Form, Freight, Outlet, PATIENCE, Pending, Tally, count};
use std::sync::Arc;
use tokio::runtime::Handle;

/// Rows of history that may wait.
const QUEUE: u64 = 20_000;
/// Bytes of a checkpoint that weigh as much as a row in the queue.
const ROW: usize = 200;

struct Scribe {
    place: Place,
    begun: Arc<Begun>,
    link: Option<Link>,
}

/// Begins to carry a run's history. `link` is the connection on which the run was begun.
pub fn start(runtime: &Handle, place: &Place, begun: &Arc<Begun>, link: Link) -> Result<Carrier, OutletTrouble> {
    let terms = Terms {
        name: link.name().to_owned(),
        form: Form::Rows,
        when_full: WhenFull::Wait,
        queue: QUEUE,
        patience: PATIENCE,
    };
    let scribe = Scribe { place: place.clone(), begun: begun.clone(), link: Some(link) };
    Carrier::start(runtime, terms, Box::new(scribe))
}

/// A piece of history as a carrier takes it.
pub fn freight(unit: Unit) -> Freight {
    let bytes = unit.checkpoint.as_ref().map_or(0, |one| one.packed.len());
    let readings = unit.rows() + (bytes / ROW) as u64 + 1;
    Freight { unit: Some(Arc::new(unit)), readings, ..Freight::default() }
}

impl Scribe {
    async fn connect(&mut self) -> Result<(), OutletTrouble> {
        if self.link.is_none() {
            self.link = Some(Link::open(&self.place).await?);
        }
        Ok(())
    }

    async fn write(&mut self, freight: &Freight, tally: &Tally) -> Result<(), OutletTrouble> {
        self.connect().await?;
        let (Some(link), Some(unit)) = (&mut self.link, &freight.unit) else { return Ok(()) };
        let written = unit.write(link, &self.begun).await;
        match &written {
            Ok(()) => {
                count(&tally.sent, freight.readings as usize);
                count(&tally.acknowledged, freight.readings as usize);
            }
            // Whatever it was, this connection is not to be trusted any more.
            Err(_) => self.link = None,
        }
        written
    }
}

impl Outlet for Scribe {
    fn open(&mut self) -> Pending<'_, Result<(), OutletTrouble>> {
        Box::pin(self.connect())
    }

    fn deliver<'a>(&'a mut self, freight: &'a Freight, tally: &'a Tally) -> Pending<'a, Result<(), OutletTrouble>> {
        Box::pin(self.write(freight, tally))
    }

    fn finish<'a>(&'a mut self, _: &'a Tally) -> Pending<'a, Result<(), OutletTrouble>> {
        Box::pin(async {
            if let Some(link) = self.link.take() {
                link.close().await;
            }
            Ok(())
        })
    }
}
