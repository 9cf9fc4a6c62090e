//! From the worlds to the wires: numbers the readings, lets comms faults act, and hands every outlet its freight.
//!
//! All outlets get the same readings. Those that a comms fault concerns get them as it leaves them; outlets with the
//! same faults share one courier, so that one truth stays one.

use super::cut::readings_in;
use super::widen::Widener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use twinwright_core::Plan;
use twinwright_core::faults::FaultPlan;
use twinwright_core::faults::courier::{Courier, Delivery};
use twinwright_core::faults::spec::Layer;
use twinwright_io::Lengthener;
use twinwright_io::outlets::carrier::Carrier;
use twinwright_io::outlets::{Form, Freight, Manifest, count};
use twinwright_model::{AlertRecord, Chunk, EventRecord, Parcel, Quality, Time};

/// Sends what is made to all outlets.
#[derive(Debug)]
pub struct Router {
    lengthener: Lengthener,
    /// Of each machine: readings made so far.
    seqs: Vec<u64>,
    routes: Vec<Route>,
    /// Readings made so far, and after how many it ends.
    made: u64,
    limit: Option<u64>,
    widener: Widener,
}

/// Outlets that get the same.
#[derive(Debug)]
struct Route {
    courier: Option<Courier>,
    /// Faults that act on it, by number.
    faults: Vec<usize>,
    carriers: Vec<usize>,
    rows: bool,
    sheets: bool,
}

/// A stretch of the stream, before anything acts on it.
#[derive(Debug)]
pub struct Stretch {
    pub chunk: Chunk,
    pub events: Vec<EventRecord>,
    pub alerts: Vec<AlertRecord>,
    /// Everything before this instant has been made with it.
    pub until: Time,
}

impl Router {
    pub fn new(plan: &Arc<Plan>, manifest: &Arc<Manifest>, carriers: &[Carrier], limit: Option<u64>) -> Router {
        let lengthener = Lengthener::new(&plan.sheets);
        let mut routes: Vec<Route> = Vec::new();
        for (number, carrier) in carriers.iter().enumerate() {
            let faults = faults_on(plan, &carrier.terms.name);
            let known = routes.iter().position(|route| route.faults == faults);
            let route = known.unwrap_or_else(|| {
                let courier = Courier::new(plan, lengthener.sensors(), &carrier.terms.name);
                routes.push(Route { courier, faults, carriers: Vec::new(), rows: false, sheets: false });
                routes.len() - 1
            });
            routes[route].carriers.push(number);
            match carrier.terms.form {
                Form::Rows => routes[route].rows = true,
                Form::Sheets => routes[route].sheets = true,
            }
        }
        Router {
            lengthener,
            seqs: vec![0; plan.machines.len()],
            routes,
            made: 0,
            limit,
            widener: Widener::new(manifest),
        }
    }

    /// Readings made so far.
    pub fn made(&self) -> u64 {
        self.made
    }

    /// Readings that the limit still allows.
    pub fn left(&self) -> u64 {
        self.limit.map_or(u64::MAX, |limit| limit.saturating_sub(self.made))
    }

    /// Sends a stretch.
    pub fn send(&mut self, mut stretch: Stretch, carriers: &[Carrier], stop: &AtomicBool) {
        leave_out_missing(&mut stretch.chunk);
        let readings = readings_in(&stretch.chunk.readings);
        let needs_rows = self.routes.iter().any(|route| route.rows || route.courier.is_some());
        let mut parcel = if needs_rows { self.number(&stretch.chunk) } else { Parcel::default() };
        (parcel.events, parcel.alerts) = (stretch.events, stretch.alerts);
        self.made += readings;
        let (rows, sheets) = (Arc::new(parcel), Arc::new(stretch.chunk));
        for route in &mut self.routes {
            for &carrier in &route.carriers {
                count(&carriers[carrier].tally.made, readings as usize);
            }
            match &mut route.courier {
                Some(courier) => {
                    let delivery = courier.carry(Parcel::clone(&rows), stretch.until);
                    route.hand_over(delivery, &mut self.widener, carriers, stop);
                }
                None => {
                    let freight =
                        Freight { rows: Some(rows.clone()), sheets: Some(sheets.clone()), readings, unit: None };
                    route.push(freight, carriers, stop);
                }
            }
        }
    }

    /// Sends what couriers still hold.
    pub fn close(&mut self, carriers: &[Carrier], stop: &AtomicBool) {
        for route in &mut self.routes {
            if let Some(courier) = &mut route.courier {
                let delivery = courier.close();
                route.hand_over(delivery, &mut self.widener, carriers, stop);
            }
        }
    }

    /// The chunk as numbered readings.
    fn number(&mut self, chunk: &Chunk) -> Parcel {
        let mut parcel = Parcel::default();
        self.lengthener.lengthen(chunk, &mut parcel);
        parcel.seq.reserve(parcel.len());
        for &machine in &parcel.machine {
            let seq = &mut self.seqs[machine as usize];
            *seq += 1;
            parcel.seq.push(*seq);
        }
        parcel
    }
}

impl Route {
    fn hand_over(&self, delivery: Delivery, widener: &mut Widener, carriers: &[Carrier], stop: &AtomicBool) {
        for &carrier in &self.carriers {
            let tally = &carriers[carrier].tally;
            let counts = [
                (&tally.lost, delivery.lost),
                (&tally.duplicated, delivery.duplicated),
                (&tally.reordered, delivery.reordered),
                (&tally.delayed, delivery.delayed),
            ];
            for (counter, readings) in counts {
                count(counter, readings as usize);
            }
        }
        let parcel = delivery.parcel;
        if parcel.is_empty() && parcel.events.is_empty() && parcel.alerts.is_empty() {
            return;
        }
        let sheets = self.sheets.then(|| Arc::new(widener.widen(&parcel)));
        let readings = parcel.len() as u64;
        self.push(Freight { rows: Some(Arc::new(parcel)), sheets, readings, unit: None }, carriers, stop);
    }

    fn push(&self, freight: Freight, carriers: &[Carrier], stop: &AtomicBool) {
        for &carrier in &self.carriers {
            carriers[carrier].push(freight.clone(), || stop.load(Ordering::Relaxed));
        }
    }
}

/// The comms faults that act on an outlet.
fn faults_on(plan: &Plan, outlet: &str) -> Vec<usize> {
    let faults = plan.faults.iter().enumerate();
    let acts = |fault: &FaultPlan| {
        fault.layer() == Layer::Comms && fault.outlet.as_ref().is_none_or(|only| only.value == outlet)
    };
    faults.filter(|(_, fault)| acts(fault)).map(|(number, _)| number).collect()
}

/// A reading that did not come (a dropout) is in no stream; only the recorded readings show its empty place.
fn leave_out_missing(chunk: &mut Chunk) {
    let (missing, unsampled) = (Quality::Missing.code(), Quality::Unsampled.code());
    for codes in chunk.readings.iter_mut().flat_map(|rows| &mut rows.quality) {
        if codes.contains(&missing) {
            codes.iter_mut().filter(|code| **code == missing).for_each(|code| *code = unsampled);
        }
    }
}
