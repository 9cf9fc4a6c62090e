//! What does a future cost that goes from event to event, on one thread?
//!
//! `shop`: ten machines with exponential failures of operating time and one repairer, four weeks at 1 min ticks.
//! `drawn path`: one machine whose wear is a gamma path of 1,024 pieces a life, 90 days. `bent`: the same with output
//! whose scrap follows the wear. `pump`: the shipped centrifugal pump, 90 days. Each beside the same stepped.

#![expect(clippy::print_stdout, reason = "printing figures is what a bench is for")]

use std::sync::Arc;
use std::time::Instant;
use twinwright_core::Plan;
use twinwright_core::futures::{Asking, Ensemble};
use twinwright_tests::plan_of;

const REPAIRER: &str = "[maintenance]\npolicy = \"run-to-failure\"\ncrew = 1\n";

const SHOP: &str = "title = \"Machine\"\n[wear.tool]\nlaw = \"weibull\"\nlife = \"300 min\"\nshape = 1\n\
                    repair = { takes = \"30 min\" }\n[sensors.s]\nvalue = \"tool\"\n";

const GAMMA: &str = "title = \"Pump\"\n[wear.bearing]\nlaw = \"gamma\"\nlife = \"9000 h\"\nspread = 0.25\nstarts_at = 0.7\n\
                     repair = { takes = { lognormal = [\"8 h\", 1.4] } }\n[sensors.s]\nvalue = \"bearing\"\n";

const SCRAP: &str = "[production]\nrate = \"120 * running\"\nideal = 120\nscrap = \"0.01 + 0.2 * bearing\"\n";

fn main() {
    let bent = format!("{GAMMA}{SCRAP}");
    let pump = include_str!("../machine-configs/centrifugal-pump.toml").replace("\"centrifugal-pump\"", "\"unit\"");
    measure("shop", &plan_of(SHOP, &scenario(10, "28 d", REPAIRER)), 4_000);
    measure("drawn path", &plan_of(GAMMA, &scenario(1, "90 d", "")), 4_000);
    measure("bent", &plan_of(&bent, &scenario(1, "90 d", "")), 4_000);
    measure("pump", &plan_of(&pump, &scenario(1, "90 d", "")), 1_000);
}

fn scenario(count: u32, duration: &str, rest: &str) -> String {
    twinwright_tests::scenario(count, duration, "1 min", rest)
}

fn measure(what: &str, plan: &Arc<Plan>, futures: u32) {
    let asking = Asking { readings: false, limits: false, skip: true, named: false };
    let mut ensemble = Ensemble::new(plan, asking.clone());
    let (mut best, mut failures) = (f64::INFINITY, 0.0);
    for _ in 0..3 {
        let begin = Instant::now();
        let ends = ensemble.run(0..futures, &|| false).unwrap_or_default();
        best = best.min(begin.elapsed().as_secs_f64() / f64::from(futures));
        failures = ends.iter().map(|end| end.plant.failures).sum::<f64>() / f64::from(futures);
    }
    let few = futures.min(50);
    let mut stepping = Ensemble::new(plan, Asking { skip: false, ..asking });
    let begin = Instant::now();
    let ends = stepping.run(0..few, &|| false).unwrap_or_default();
    let stepped = begin.elapsed().as_secs_f64() / ends.len().max(1) as f64;
    println!(
        "{what}: {:.1} us a future with {failures:.1} failures, {:.0} ns a failure; stepped {:.0} us, {:.0} times as long",
        best * 1e6,
        best * 1e9 / failures.max(1.0),
        stepped * 1e6,
        stepped / best
    );
}
