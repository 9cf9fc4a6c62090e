//! Prognosis: from what is believed of a machine to how long it will last. Each future draws a state from the belief, goes on
//! along a path of each wear's law to the first failure, and its time follows from the stress that the drivers ahead bring. It
//! assumes that nobody repairs anything, changes nothing of what it is asked about, and says what load it assumed.

mod outlook;
mod remaining;

pub use outlook::Outlook;
pub use remaining::{Belief, WearBelief};

use crate::dice::Dice;
use crate::plan::Model;
use serde_json::{Value, json};

/// Nanoseconds of an hour.
const HOUR: f64 = 3.6e12;
/// The luck of futures is another than that of simulated plants of the same seed.
const SALT: u64 = 0x70_726f_676e_6f73;

/// What is said of how long a machine will last. Times in hours from now; None where more than that share never fails.
#[derive(Debug, Clone, PartialEq)]
pub struct Prognosis {
    pub futures: u32,
    /// p10, p50, p90 of the time to the first failure of any wear.
    pub remaining: [Option<f64>; 3],
    pub within_7d: f64,
    pub within_30d: f64,
    pub wears: Vec<WearOutlook>,
    /// Drivers with their means over the week ahead: what was assumed.
    pub assumed: Vec<(String, f64)>,
}

/// One wear by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct WearOutlook {
    pub name: String,
    pub now: f64,
    pub interval: (f64, f64),
    /// Mean stress over the week ahead.
    pub stress: f64,
    pub remaining: [Option<f64>; 3],
    /// The share of futures in which it is the first to fail.
    pub first: f64,
}

/// Runs futures to failure.
pub fn prognosis(
    model: &Model,
    seed: u64,
    machine: &str,
    belief: &Belief,
    outlook: &Outlook,
    futures: u32,
) -> Prognosis {
    let wears = model.wears.len();
    let mut times: Vec<Vec<f64>> = vec![Vec::with_capacity(futures as usize); wears];
    let mut first = vec![0u32; wears];
    let mut soonest = Vec::with_capacity(futures as usize);
    for future in 0..futures {
        let dice = Dice::of(seed ^ SALT, u64::from(future), machine);
        let drawn = belief.draw(&dice);
        let mut least = (f64::INFINITY, None);
        for (number, plan) in model.wears.iter().enumerate() {
            let (lives, now) = belief.remaining(number, plan, &drawn, &dice);
            let hours = outlook.time(number, now, lives * belief.wears[number].sketch.life) / HOUR;
            times[number].push(hours);
            if hours < least.0 {
                least = (hours, Some(number));
            }
        }
        if let Some(number) = least.1 {
            first[number] += 1;
        }
        soonest.push(least.0);
    }
    let share = |hours: f64| soonest.iter().filter(|one| **one <= hours).count() as f64 / f64::from(futures.max(1));
    let (within_7d, within_30d) = (share(7.0 * 24.0), share(30.0 * 24.0));
    let wears = model.wears.iter().zip(times).enumerate().map(|(number, (plan, mut times))| WearOutlook {
        name: plan.name.clone(),
        now: belief.wears[number].now,
        interval: belief.wears[number].interval,
        stress: outlook.mean_stress(number),
        remaining: quantiles(&mut times),
        first: f64::from(first[number]) / f64::from(futures.max(1)),
    });
    let wears = wears.collect();
    let assumed = outlook.drivers.clone();
    Prognosis { futures, remaining: quantiles(&mut soonest), within_7d, within_30d, wears, assumed }
}

/// p10, p50 and p90.
fn quantiles(times: &mut [f64]) -> [Option<f64>; 3] {
    times.sort_by(f64::total_cmp);
    [0.1, 0.5, 0.9].map(|p| {
        let at = (p * times.len() as f64) as usize;
        times.get(at.min(times.len().saturating_sub(1))).copied().filter(|hours| hours.is_finite())
    })
}

impl Prognosis {
    pub fn json(&self) -> Value {
        let quantiles = |hours: &[Option<f64>; 3]| json!({ "p10": hours[0], "p50": hours[1], "p90": hours[2] });
        let wear = |one: &WearOutlook| {
            let said = json!({
                "estimate": one.now, "low": one.interval.0, "high": one.interval.1, "stress": one.stress,
                "remaining_h": quantiles(&one.remaining), "first": one.first,
            });
            (one.name.clone(), said)
        };
        json!({
            "futures": self.futures, "remaining_h": quantiles(&self.remaining),
            "failure_within_7d": self.within_7d, "failure_within_30d": self.within_30d,
            "wear": self.wears.iter().map(wear).collect::<serde_json::Map<_, _>>(),
            "assumed": self.assumed.iter().map(|(name, mean)| (name.clone(), json!(mean))).collect::<serde_json::Map<_, _>>(),
        })
    }
}
