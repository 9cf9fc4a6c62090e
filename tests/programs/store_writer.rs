//! A program to be killed: writes a load into a store, batch after batch, and says before and after each how far it is.
//!
//! `store_writer URL MACHINES TICK SEED` begins at a tick. Its lines are `ready A B` when the ticks from A, before B, are
//! made, `begin A B` when they are handed to the store, `acked A B` when the store has them for good. Once its input ends
//! it says goodbye to the store, and `closed`.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_io::store::{Place, Registry, Store, fill};
use twinwright_tests::load::Load;

/// Ticks of a batch at most.
const MOST: u64 = 20;
/// Microseconds of a pause at most.
const PAUSE: u64 = 1_500;

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, machines, tick, seed] = arguments.as_slice() else { return Err("URL MACHINES TICK SEED".to_owned()) };
    let number = |text: &String| text.parse::<i64>().map_err(|error| format!("{text}: {error}"));
    let load = Load { machines: number(machines)? };
    let (tick, dice) = (number(tick)?, Dice(number(seed)?.unsigned_abs()));
    let is_over = Arc::new(AtomicBool::new(false));
    let over = is_over.clone();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        over.store(true, Ordering::Relaxed);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(write(url, load, tick, dice, &is_over)).map_err(|trouble| trouble.to_string())
}

async fn write(
    url: &str,
    load: Load,
    mut tick: i64,
    mut dice: Dice,
    is_over: &AtomicBool,
) -> Result<(), OutletTrouble> {
    let mut store = Store::connect(&Place::parse(url)?).await?;
    let ids = store.register(&Registry::of(&load.manifest())).await?;
    let mut rows = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let end = tick + 1 + dice.below(MOST) as i64;
        let parcel = load.parcel(tick..end);
        let filled = fill(&mut rows, &parcel, 0..parcel.len(), &ids);
        filled
            .map_err(|(machine, sensor)| OutletTrouble::lasting(format!("no sensor {sensor} of machine {machine}")))?;
        say(&format!("ready {tick} {end}"));
        std::thread::sleep(Duration::from_micros(dice.below(PAUSE)));
        say(&format!("begin {tick} {end}"));
        store.write(&rows).await?;
        say(&format!("acked {tick} {end}"));
        std::thread::sleep(Duration::from_micros(dice.below(PAUSE)));
        tick = end;
    }
    store.close().await?;
    say("closed");
    Ok(())
}

/// One line, at once: whoever reads it decides by it when to kill.
fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most.max(1)
    }
}
