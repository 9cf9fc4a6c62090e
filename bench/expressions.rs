//! What does one operation of an expression cost, for a block of sixteen machines?
//!
//! A tape that repeats one operation many times, run under the dispatch that the engine uses; a figure is the time of
//! one operation on one machine's number.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use pulp::{Simd, WithSimd};
use std::hint::black_box;
use std::time::Duration;
use twinwright_core::expression::{Meaning, Names, Tape, parse};

/// Machines in a block, as in the engine.
const BLOCK: usize = 16;
/// Pushes of one tape: each to a slot of its own.
const PUSHES: usize = 32;

/// What to write for each push; `a` and `b` are its inputs, so that nothing is shared between pushes.
const OPERATIONS: [(&str, &str); 12] = [
    ("copy", "a"),
    ("add", "a + b"),
    ("multiply", "a * b"),
    ("divide", "a / b"),
    ("compare", "a < b"),
    ("if", "if(a, b, 3)"),
    ("square root", "sqrt(a)"),
    ("power 1.5", "a^1.5"),
    ("power 2.3", "a^2.3"),
    ("exp", "exp(a)"),
    ("ln", "ln(a)"),
    ("pump temperature", "a + 28*b^2 + 35*a^1.5"),
];

fn operations(c: &mut Criterion) {
    let mut group = c.benchmark_group("expressions");
    group.throughput(Throughput::Elements((PUSHES * BLOCK) as u64));
    for (name, text) in OPERATIONS {
        one(&mut group, name, text);
    }
    group.finish();
}

fn one(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, text: &str) {
    let tape = tape(text).unwrap_or_else(|| panic!("{text} does not compile"));
    let mut columns = vec![[0.0; BLOCK]; tape.columns()];
    for (place, column) in columns.iter_mut().enumerate() {
        *column = std::array::from_fn(|lane| 0.5 + 0.01 * (place + lane) as f64);
    }
    group.bench_function(name, |b| {
        b.iter(|| {
            pulp::Arch::new().dispatch(Pass { tape: &tape, columns: &mut columns });
            black_box(&mut columns);
        });
    });
}

/// Slots 0 to PUSHES are inputs, the next PUSHES outputs.
fn tape(text: &str) -> Option<Tape> {
    let mut tape = Tape::new(2 * PUSHES + 1);
    for push in 0..PUSHES {
        let mut meaning = |name: &str| match name {
            "a" => Some(Meaning::Slot(push as u16)),
            "b" => Some(Meaning::Slot(push as u16 + 1)),
            _ => None,
        };
        let bound = parse(text, Names::Plain).ok()?.bind(&mut meaning, &["a", "b"]).ok()?;
        tape.push(&bound, (PUSHES + 1 + push) as u16);
    }
    Some(tape)
}

struct Pass<'a> {
    tape: &'a Tape,
    columns: &'a mut [[f64; BLOCK]],
}

impl WithSimd for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.tape.run(self.columns);
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(50))
        .measurement_time(Duration::from_millis(200));
    targets = operations
}
criterion_main!(benches);
