//! Does a plant of 100,000 machines cost what a hundred of 1,000 do, in time and in memory?
//!
//! Eight sensors a machine. A world that no cache holds cannot be faster than memory: so the time of a tick stands
//! beside the time that copying the same bytes takes.

#![expect(clippy::print_stdout, reason = "printing figures is what a bench is for")]

use std::hint::black_box;
use std::mem::size_of;
use twinwright_bench::meter::{Spread, peak, resident};
use twinwright_bench::{Refused, plants, plants::Parts};
use twinwright_core::Batch;
use twinwright_core::economy::Meters;
use twinwright_core::world::{Machine, Modes, Panels, Slots, Wears};

const SENSORS: usize = 8;
const SMALL: usize = 1_000;
const LARGE: usize = 100_000;
const ROUNDS: usize = 15;
/// Bytes of a copy: far beyond every cache.
const COPIED: usize = 256 << 20;

fn main() -> Result<(), Refused> {
    let small = machine_tick(SMALL, 400)?.time;
    let large = machine_tick(LARGE, 4)?;
    let copied = copy_rate();
    let moved = 2.0 * large.world;
    println!("ns a machine-tick, {SMALL:>7} machines  {small}");
    println!("ns a machine-tick, {LARGE:>7} machines  {}", large.time);
    println!("  ratio of medians                  {:9.2}   (bar 1.3)", large.time.median / small.median);
    println!("bytes a machine: world              {:9.0}   (bar 1024 with the plan)", large.world);
    println!("bytes a machine: plan               {:9.0}", large.plan);
    components(&large);
    println!("bytes a machine: peak of building   {:9.0}", large.peak);
    println!("copy, GB/s read and written         {copied}");
    let share = moved / large.time.median / copied.median;
    println!("world read and written once a tick  {share:9.2}   of that rate (bar 0.7 where the ratio misses)");
    Ok(())
}

/// Where the bytes of a world lie.
fn components(cost: &Cost) {
    let parts = [
        ("panels", size_of::<Panels>()),
        ("wears", size_of::<Wears>()),
        ("slots", size_of::<Slots>()),
        ("modes", size_of::<Modes>()),
        ("meters", size_of::<Meters>()),
        ("machine", size_of::<Machine>()),
    ];
    let named: usize = parts.iter().map(|(_, bytes)| bytes).sum();
    let list: Vec<String> = parts.iter().map(|(name, bytes)| format!("{name} {bytes}")).collect();
    let (rest, slots) = (cost.world - named as f64, cost.slots);
    println!("  of the world: {}, the rest {rest:.0} ({slots} slots are in use)", list.join(", "));
}

/// What a plant costs a machine.
struct Cost {
    /// Nanoseconds a tick.
    time: Spread,
    /// Bytes.
    plan: f64,
    world: f64,
    peak: f64,
    /// How many numbers a machine of this plant carries.
    slots: u16,
}

fn machine_tick(machines: usize, ticks: usize) -> Result<Cost, Refused> {
    let each = |bytes: u64| bytes as f64 / machines as f64;
    let start = resident();
    let plan = plants::plan(machines, Parts::whole(SENSORS))?;
    let planned = resident();
    let slots = plan.models.iter().map(|model| model.slots).max().unwrap_or(0);
    let mut twin = plants::world(&plan);
    let batch = Batch::default();
    (0..20).for_each(|_| twin.tick(&batch));
    let built = resident();
    let time = Spread::nanos_each(ROUNDS, (machines * ticks) as f64, || {
        (0..ticks).for_each(|_| twin.tick(&batch));
    });
    Ok(Cost {
        time,
        plan: each(planned.saturating_sub(start)),
        world: each(built.saturating_sub(planned)),
        slots,
        peak: each(peak().saturating_sub(start)),
    })
}

/// Bytes read and written a nanosecond when copying.
fn copy_rate() -> Spread {
    let from = vec![1u8; COPIED];
    // Written once before it counts: fresh memory costs its page faults.
    let mut to = from.clone();
    let nanos = Spread::nanos_each(ROUNDS, 2.0 * COPIED as f64, || {
        to.copy_from_slice(black_box(&from));
        black_box(&mut to);
    });
    Spread { low: 1.0 / nanos.high, median: 1.0 / nanos.median, high: 1.0 / nanos.low }
}
