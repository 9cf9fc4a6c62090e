//! What does the engine add to the kernel in a world of a single machine?
//!
//! Six sensors, ticks of a second; beside it the same kernel in a bare loop. The bar: at most three times the loop, so
//! that a simulated year (31.5 million ticks) takes seconds.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::time::Duration;
use twinwright_bench::bare::BarePanel;
use twinwright_bench::{plants, plants::Parts};
use twinwright_core::Batch;

const SENSORS: usize = 6;
/// Ticks in one measured stretch.
const TICKS: u64 = 1_000;

const PLANTS: [(&str, Parts); 4] = [
    ("engine, 1000 ticks", Parts::whole(SENSORS)),
    ("engine, constant drivers and no wear, 1000 ticks", Parts::sensed(SENSORS)),
    ("engine, no sensors, 1000 ticks", Parts::whole(0)),
    ("engine, nothing but the schedule, 1000 ticks", Parts::sensed(0)),
];

fn one_machine(c: &mut Criterion) {
    let mut group = c.benchmark_group("one machine");
    let plan = plants::plan(1, Parts::whole(SENSORS)).unwrap_or_else(|error| panic!("{error}"));
    let mut bare = BarePanel::of(&plan).unwrap_or_else(|error| panic!("{error}"));
    group.bench_function("bare kernel, 1000 samples", |b| b.iter(|| black_box(bare.run(TICKS))));
    group.bench_function("bare kernel, dispatched for each of 1000 samples", |b| {
        b.iter(|| (0..TICKS).map(|_| black_box(bare.run(1))).sum::<f32>());
    });
    for (name, parts) in PLANTS {
        let plan = plants::plan(1, parts).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut twin = plants::world(&plan);
        let batch = Batch::default();
        group.bench_function(name, |b| b.iter(|| (0..TICKS).for_each(|_| twin.tick(&batch))));
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800));
    targets = one_machine
}
criterion_main!(benches);
