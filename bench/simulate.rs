//! How long does a finished reading take in a world of a thousand machines, and which part of it takes how long?
//!
//! Sixteen sensors a machine, each with lag, correlated noise, resolution, range and limits; ticks of a second, one
//! thread. Every figure is the time of a whole tick; parts are told apart by plants that lack them.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::time::Duration;
use twinwright_bench::{Refused, plants, plants::Parts};
use twinwright_core::record::{FaultSets, Wanted};
use twinwright_core::{Batch, Twin};
use twinwright_model::{Chunk, ReadingRows};

const MACHINES: usize = 1_000;
const SENSORS: usize = 16;

const PLANTS: [(&str, Parts); 5] = [
    ("whole tick", Parts::whole(SENSORS)),
    ("sense alone", Parts::sensed(SENSORS)),
    ("drive and wear, no sensors", Parts::whole(0)),
    ("drive alone", Parts { drivers: true, wear: false, sensors: 0 }),
    ("nothing but the schedule", Parts::sensed(0)),
];

fn ticks(c: &mut Criterion) {
    let mut group = c.benchmark_group("simulate");
    group.throughput(Throughput::Elements((MACHINES * SENSORS) as u64));
    for (name, parts) in PLANTS {
        let mut twin = world(parts).unwrap_or_else(|error| panic!("{name}: {error}"));
        let batch = Batch::default();
        group.bench_function(name, |b| b.iter(|| twin.tick(&batch)));
        twin.take_outbox();
    }
    group.finish();
}

/// A tick and its rows put into columns, as a run that records does.
fn shown(c: &mut Criterion) {
    let mut group = c.benchmark_group("simulate");
    group.throughput(Throughput::Elements((MACHINES * SENSORS) as u64));
    let mut twin = world(Parts::whole(SENSORS)).unwrap_or_else(|error| panic!("{error}"));
    let batch = Batch::default();
    let readings: Vec<_> = twin.plan().sheets.iter().map(ReadingRows::for_sheet).collect();
    let mut chunk = Chunk { readings, ..Chunk::default() };
    let (wanted, mut sets) = (Wanted { readings: true, truth: false }, FaultSets::default());
    group.bench_function("whole tick and its rows", |b| {
        b.iter(|| {
            twin.tick(&batch);
            chunk.readings.iter_mut().for_each(ReadingRows::clear);
            twin.show(wanted, &mut chunk, &mut sets);
            black_box(&chunk);
        });
    });
    group.finish();
}

fn world(parts: Parts) -> Result<Twin, Refused> {
    let mut twin = plants::world(&plants::plan(MACHINES, parts)?);
    for _ in 0..100 {
        twin.tick(&Batch::default());
    }
    Ok(twin)
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800));
    targets = ticks, shown
}
criterion_main!(benches);
