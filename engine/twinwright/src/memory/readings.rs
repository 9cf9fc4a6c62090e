//! Readings of a run on their way into its store: the same outlet as a stream's, before any comms fault.

use super::keeper::in_vain;
use crate::Trouble;
use crate::generate::cut::readings_in;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::runtime::Handle;
use twinwright_core::Plan;
use twinwright_io::Lengthener;
use twinwright_io::outlets::address::Address;
use twinwright_io::outlets::carrier::Carrier;
use twinwright_io::outlets::{self, Form, Freight, Manifest};
use twinwright_model::{Chunk, Parcel, Quality};

/// The readings' own way: what it carries never stands before history.
#[derive(Debug)]
pub struct Readings {
    carrier: Carrier,
    lengthener: Lengthener,
    pub count: u64,
}

impl Readings {
    pub fn open(runtime: &Handle, url: &str, plan: &Plan, manifest: Manifest) -> Result<Readings, Trouble> {
        let address = Address::parse(url)?;
        let (terms, outlet) = outlets::open(&address, &Arc::new(manifest), Form::Rows)?;
        let carrier = Carrier::start(runtime, terms, outlet)?;
        Ok(Readings { carrier, lengthener: Lengthener::new(&plan.sheets), count: 0 })
    }

    pub fn send(&mut self, chunk: &Chunk, stop: &AtomicBool) {
        if readings_in(&chunk.readings) == 0 {
            return;
        }
        let mut parcel = Parcel::default();
        self.lengthener.lengthen(chunk, &mut parcel);
        leave_out_missing(&mut parcel);
        let readings = parcel.len() as u64;
        self.count += readings;
        let freight = Freight { rows: Some(Arc::new(parcel)), readings, ..Freight::default() };
        self.carrier.push(freight, || in_vain(&self.carrier, stop));
    }

    /// Whether it failed for good.
    pub fn has_ended(&self) -> bool {
        self.carrier.has_ended()
    }

    /// Waits until all is stored.
    pub fn finish(self, runtime: &Handle, stop: &AtomicBool) -> Result<u64, Trouble> {
        let count = self.count;
        let watch = |carrier: &Carrier| {
            if in_vain(carrier, stop) {
                carrier.hurry();
            }
        };
        self.carrier.finish(runtime, watch)?;
        Ok(count)
    }
}

/// A reading that did not come (a dropout) is no row.
fn leave_out_missing(parcel: &mut Parcel) {
    let missing = Quality::Missing.code();
    if !parcel.quality.contains(&missing) {
        return;
    }
    let there: Vec<bool> = parcel.quality.iter().map(|code| *code != missing).collect();
    fn keep<T>(column: &mut Vec<T>, there: &[bool]) {
        let mut row = there.iter();
        column.retain(|_| row.next().copied().unwrap_or(true));
    }
    keep(&mut parcel.time, &there);
    keep(&mut parcel.machine, &there);
    keep(&mut parcel.future, &there);
    keep(&mut parcel.sensor, &there);
    keep(&mut parcel.value, &there);
    keep(&mut parcel.fault, &there);
    keep(&mut parcel.quality, &there);
}
