//! How many values a second does each format take from columns that are ready?
//!
//! Wide tables of ten machines and eight sensors, with readings rounded to a tenth and with all their digits.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::path::PathBuf;
use std::time::Duration;
use twinwright_bench::ready::Ready;
use twinwright_io::Format;

const ROWS: usize = 50_000;

fn formats(c: &mut Criterion) {
    let mut group = c.benchmark_group("records");
    let folder = Scratch::new();
    for (digits, rounded) in [("rounded", true), ("full", false)] {
        let ready = Ready::new(ROWS, rounded);
        group.throughput(Throughput::Elements(ready.values() as u64));
        for format in Format::ALL {
            group.bench_function(format!("{} {digits}", format.name()), |b| {
                b.iter(|| ready.write(&folder.0, format).unwrap_or_else(|error| panic!("{}: {error}", format.name())));
            });
        }
    }
    group.finish();
}

/// A folder that goes away.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        Scratch(std::env::temp_dir().join(format!("twinwright-bench-records-{}", std::process::id())))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A folder that stays behind is found in the temporary folder, under our name.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(500));
    targets = formats
}
criterion_main!(benches);
