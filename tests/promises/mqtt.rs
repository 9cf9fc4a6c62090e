//! Streams through an MQTT broker: what a subscriber that knows nothing of the engine hears.
//!
//! The broker is a private mosquitto of each test; expected bytes are written out by hand or made by format strings.

mod hostile;
mod loss;
pub(crate) mod tls;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;
use twinwright_io::outlets::address::Address;
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_io::outlets::{Freight, MachineHead, Manifest, Outlet, SensorHead, Tally, mqtt};
use twinwright_model::{Parcel, Quality, Sheet, Span, Time};

/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000_000_000;
const MILLISECOND: i64 = 1_000_000;

/// Two sensors on each of these machines.
fn manifest(path: &str, machines: &[&str]) -> Arc<Manifest> {
    let sensor = |name: &str, unit: &str| SensorHead { name: name.to_owned(), unit: unit.to_owned() };
    Arc::new(Manifest {
        machines: machines.iter().map(|id| MachineHead { id: (*id).to_owned(), sheet: 0 }).collect(),
        sensors: vec![sensor("vibration", "mm/s"), sensor("temperature", "\"degC\"")],
        sheets: vec![Sheet { kind: "pump".to_owned(), sensors: Vec::new(), wears: Vec::new() }],
        path: path.to_owned(),
        scenario: "night-shift".to_owned(),
        seed: 1,
        version: "test".to_owned(),
        start: Time(START),
        tick: Span(1_000_000_000),
        resolution: Span(MILLISECOND),
    })
}

/// One reading: nanoseconds after the start, machine, sensor, value.
type Row = (i64, u32, u32, f32);

fn parcel(rows: &[Row]) -> Parcel {
    let mut parcel = Parcel { faults: Arc::new(vec!["drift+spike".to_owned()]), ..Parcel::default() };
    for (at, (time, machine, sensor, value)) in rows.iter().enumerate() {
        parcel.time.push(Time(START + time));
        parcel.machine.push(*machine);
        parcel.future.push(0);
        parcel.sensor.push(*sensor);
        parcel.value.push(*value);
        parcel.quality.push(if value.is_nan() { Quality::Bad } else { Quality::Good } as u8);
        parcel.fault.push(u32::from(value.is_nan()));
        parcel.seq.push(at as u64 + 1);
    }
    parcel
}

fn freight(rows: &[Row]) -> Freight {
    Freight { rows: Some(Arc::new(parcel(rows))), readings: rows.len() as u64, ..Freight::default() }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime can be built")
}

fn outlet(url: &str, manifest: &Arc<Manifest>) -> Result<Box<dyn Outlet>, OutletTrouble> {
    mqtt::open(&Address::parse(url)?, manifest)
}

/// What stands in the way of a stream's first connection.
fn refused(url: &str) -> OutletTrouble {
    let outlet = outlet(url, &manifest("acme", &["P-1"]));
    let mut outlet = outlet.unwrap_or_else(|trouble| panic!("{url}: {trouble}"));
    let refused = runtime().block_on(outlet.open()).err();
    refused.unwrap_or_else(|| panic!("{url} was let in"))
}

/// Carries everything, as patiently as a carrier does, and says what was counted: sent, acknowledged, retried.
async fn carry(outlet: &mut dyn Outlet, freights: &[Freight]) -> [u64; 3] {
    let tally = Tally::default();
    let mut tries = 0;
    outlet.open().await.expect("the broker is there");
    for freight in freights {
        while let Err(trouble) = outlet.deliver(freight, &tally).await {
            again(outlet, trouble, &mut tries).await;
        }
    }
    while let Err(trouble) = outlet.finish(&tally).await {
        again(outlet, trouble, &mut tries).await;
    }
    counted(&tally)
}

async fn again(outlet: &mut dyn Outlet, mut trouble: OutletTrouble, tries: &mut u32) {
    loop {
        *tries += 1;
        assert!(matches!(trouble, OutletTrouble::Passing(_)) && *tries < 3000, "try {tries}: {trouble}");
        tokio::time::sleep(Duration::from_millis(20)).await;
        match outlet.open().await {
            Ok(()) => return,
            Err(still) => trouble = still,
        }
    }
}

fn counted(tally: &Tally) -> [u64; 3] {
    [&tally.sent, &tally.acknowledged, &tally.retried].map(|counter: &AtomicU64| counter.load(Ordering::Relaxed))
}

/// Delivers readings to an address in a runtime of its own.
fn deliver(url: &str, manifest: &Arc<Manifest>, rows: &[Row]) -> [u64; 3] {
    let mut outlet = outlet(url, manifest).unwrap_or_else(|trouble| panic!("{url}: {trouble}"));
    runtime().block_on(carry(outlet.as_mut(), &[freight(rows)]))
}
