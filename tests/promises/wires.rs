//! A small stream with everything in it that a wire may stumble over, and a patient carrier: what tests of single
//! outlets share. What must arrive is worked out here from the rows alone, never with the outlets' own code.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use twinwright_io::outlets::address::Address;
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_io::outlets::{Freight, MachineHead, Manifest, Outlet, SensorHead, Tally};
use twinwright_model::{Parcel, Quality, Sensor, Sheet, Span, Time};

/// 2026-01-01T00:00:00Z
pub(crate) const START: i64 = 1_767_225_600_000_000_000;

/// Names that need escaping somewhere.
const MACHINES: [&str; 4] = ["P-101", "P 1,0=2", "Pumpe \"é\"", "P:103"];
const SENSORS: [&str; 3] = ["vibration", "bearing temp", "pressure"];

/// Where a reading belongs: machine, sensor, nanoseconds.
pub(crate) type Place = (String, String, i64);
/// What it says: the value as an f64 where there is one, and the quality.
pub(crate) type Said = (Option<f64>, String);

/// Opens an outlet of one sort: `http::open`, `redis::open`, ...
pub(crate) type Open = fn(&Address, &Arc<Manifest>) -> Result<Box<dyn Outlet>, OutletTrouble>;

pub(crate) fn manifest() -> Arc<Manifest> {
    let sensor = |name: &&str| Sensor { name: (*name).to_owned(), unit: "1".to_owned() };
    Arc::new(Manifest {
        machines: MACHINES.map(|id| MachineHead { id: id.to_owned(), sheet: 0 }).to_vec(),
        sensors: SENSORS.map(|name| SensorHead { name: name.to_owned(), unit: "1".to_owned() }).to_vec(),
        sheets: vec![Sheet { kind: "unit".to_owned(), sensors: SENSORS.iter().map(sensor).collect(), wears: vec![] }],
        path: "acme/lyon/utilities/line-1".to_owned(),
        scenario: "test".to_owned(),
        seed: 1,
        version: "0".to_owned(),
        start: Time(START),
        tick: Span(1_000_000_000),
        resolution: Span(1),
    })
}

/// Parcels of `ticks` instants each: every sensor of every machine, a tick every `step` nanoseconds.
pub(crate) fn stream(parcels: usize, ticks: usize, step: i64) -> Vec<Arc<Parcel>> {
    let mut seqs = [0; MACHINES.len()];
    let mut tick = 0;
    let parcel = |_| {
        let mut parcel = Parcel::default();
        for _ in 0..ticks {
            for (machine, seq) in seqs.iter_mut().enumerate() {
                for sensor in 0..SENSORS.len() {
                    *seq += 1;
                    push(&mut parcel, (machine, sensor), START + tick * step, *seq);
                }
            }
            tick += 1;
        }
        Arc::new(parcel)
    };
    (0..parcels).map(parcel).collect()
}

fn push(parcel: &mut Parcel, (machine, sensor): (usize, usize), time: i64, seq: u64) {
    let dice = (seq * 7_919 + machine as u64 * 104_729).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    let (value, quality) = match dice % 64 {
        0 => (f32::NAN, Quality::Bad),
        1 => (21.7, Quality::Bad),
        2 => (dice as f32 * 1e-12, Quality::Uncertain),
        3 => (-(dice as f32) * 1e9, Quality::Substitute),
        4 => (0.1 + dice as f32 / 4_294_967_296.0, Quality::Good),
        _ => ((dice % 100_000) as f32 / 100.0, Quality::Good),
    };
    parcel.time.push(Time(time));
    parcel.machine.push(machine as u32);
    parcel.future.push(0);
    parcel.sensor.push(sensor as u32);
    parcel.value.push(value);
    parcel.quality.push(quality.code());
    parcel.fault.push(0);
    parcel.seq.push(seq);
}

/// All that must arrive.
pub(crate) fn wanted(parcels: &[Arc<Parcel>]) -> BTreeMap<Place, Said> {
    let mut wanted = BTreeMap::new();
    for parcel in parcels {
        for row in 0..parcel.len() {
            let machine = MACHINES[parcel.machine[row] as usize].to_owned();
            let sensor = SENSORS[parcel.sensor[row] as usize].to_owned();
            let value = parcel.value[row];
            // The decimal that a person would write down, as the number that a reader makes of it.
            let value = value.is_finite().then(|| format!("{value}").parse().expect("a number reads back"));
            let said = (value, parcel.quality(row).word().to_owned());
            assert!(
                wanted.insert((machine, sensor, parcel.time[row].0), said).is_none(),
                "a reading stands for itself"
            );
        }
    }
    wanted
}

pub(crate) fn readings(parcels: &[Arc<Parcel>]) -> u64 {
    parcels.iter().map(|parcel| parcel.len() as u64).sum()
}

pub(crate) fn freight(parcel: &Arc<Parcel>) -> Freight {
    Freight { rows: Some(Arc::clone(parcel)), readings: parcel.len() as u64, ..Freight::default() }
}

pub(crate) fn outlet(open: Open, url: &str) -> Box<dyn Outlet> {
    let address = Address::parse(url).expect("an address");
    open(&address, &manifest()).unwrap_or_else(|trouble| panic!("{url}: {trouble}"))
}

/// What an outlet says to an address that it cannot take.
pub(crate) fn refused(open: Open, url: &str) -> String {
    match open(&Address::parse(url).expect("an address"), &manifest()) {
        Err(OutletTrouble::Input(why)) => why,
        Err(other) => panic!("{url}: {other:?} is not about the input"),
        Ok(_) => panic!("{url}: is taken"),
    }
}

/// Runs what an outlet does, as the program does.
pub(crate) fn run<T>(task: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime starts").block_on(task)
}

/// Delivers parcel after parcel and tries again after trouble that may pass; `before` is called with each one's number.
pub(crate) async fn carry(
    outlet: &mut dyn Outlet,
    parcels: &[Arc<Parcel>],
    tally: &Tally,
    mut before: impl FnMut(usize),
) -> Result<(), OutletTrouble> {
    let until = Instant::now() + Duration::from_secs(120);
    let endure = |trouble: OutletTrouble| match trouble {
        OutletTrouble::Passing(_) if Instant::now() < until => Ok(()),
        other => Err(other),
    };
    // A runtime that is gone took its connections with it: trouble that passes, even at the start.
    if let Err(trouble) = outlet.open().await {
        endure(trouble)?;
        outlet.open().await?;
    }
    for (number, parcel) in parcels.iter().enumerate() {
        before(number);
        let freight = freight(parcel);
        while let Err(trouble) = outlet.deliver(&freight, tally).await {
            endure(trouble)?;
            while let Err(trouble) = outlet.open().await {
                endure(trouble)?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    outlet.finish(tally).await
}

/// Sent, acknowledged, retried.
pub(crate) fn counted(tally: &Tally) -> [u64; 3] {
    [&tally.sent, &tally.acknowledged, &tally.retried].map(|counter| counter.load(Ordering::Relaxed))
}

/// Compares what arrived with what must have; says the first few differences instead of thousands.
pub(crate) fn same(arrived: &BTreeMap<Place, Said>, wanted: &BTreeMap<Place, Said>) {
    let missing: Vec<_> = wanted.keys().filter(|place| !arrived.contains_key(*place)).take(3).collect();
    let invented: Vec<_> = arrived.keys().filter(|place| !wanted.contains_key(*place)).take(3).collect();
    let altered: Vec<_> =
        wanted.iter().filter(|(place, said)| arrived.get(*place).is_some_and(|a| a != *said)).collect();
    assert!(missing.is_empty() && invented.is_empty(), "missing {missing:?}, invented {invented:?}");
    assert!(altered.is_empty(), "{} altered, the first of them {:?}", altered.len(), &altered[0]);
    assert_eq!(arrived.len(), wanted.len());
}
