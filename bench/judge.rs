//! What does it cost to judge a row?
//!
//! Rows of 16 sensors, noise with memory, the default parts and with all of them, on one thread. The bar: five million
//! readings a second, so 3.2 us a row. `bench/river.py` sets river's streaming detectors beside it.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;
use twinwright_core::judge::{Judge, JudgeSpec, Learner, PARTS};

const SENSORS: usize = 16;
const TRAINING: usize = 1_000;
/// Rows in one measured stretch.
const ROWS: usize = 4_096;

/// Sums of uniform draws, which are near enough to normal ones.
fn rows() -> Vec<Vec<f64>> {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut draw = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    };
    let mut row = vec![0.0; SENSORS];
    (0..TRAINING + ROWS)
        .map(|_| {
            row.iter_mut().for_each(|value| *value = 0.6 * *value + draw() + draw() + draw());
            row.clone()
        })
        .collect()
}

fn judge(c: &mut Criterion) {
    let rows = rows();
    let mut group = c.benchmark_group("judge");
    group.throughput(Throughput::Elements((ROWS * SENSORS) as u64));
    let whole = JudgeSpec { parts: [true; PARTS.len()], ..JudgeSpec::default() };
    for (name, spec) in [("default", JudgeSpec::default()), ("all parts", whole)] {
        let mut learner = Learner::new(SENSORS, &spec);
        rows[..TRAINING].iter().for_each(|row| learner.hear(0, row));
        let mut judge = Judge::new(Arc::new(learner.finish().unwrap_or_else(|error| panic!("{error}"))));
        group.bench_function(name, |b| {
            b.iter(|| rows[TRAINING..].iter().map(|row| black_box(judge.hear(0, row)).score).sum::<f64>());
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800));
    targets = judge
}
criterion_main!(benches);
