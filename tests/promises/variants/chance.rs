//! `[futures.vary]`: one number a future, the same for all machines and variants, as it was asked for.

use super::{compiled, plan_named, study};
use std::sync::Arc;
use twinwright_core::futures::{Asking, Ensemble};
use twinwright_core::{Batch, Plan, Twin};
use twinwright_tests::{plan_of, scenario};

const LOAD: &str =
    "[drivers]\nload = 1\n[wear.belt]\nlaw = \"linear\"\nlife = \"10 h\"\n[sensors.load_seen]\nvalue = \"load\"\n";

/// What the first sensor of each machine reads at the start, future by future.
fn first_readings(plan: &Arc<Plan>) -> Vec<Vec<f32>> {
    let mut twin = Twin::build(plan);
    twin.tick(&Batch::default());
    let read = |future: u32| {
        let (mut readings, mut wears) = (Vec::new(), Vec::new());
        (0..plan.machines.len() as u32)
            .map(|machine| {
                readings.clear();
                twin.glance(future, machine, &mut readings, &mut wears);
                readings[0]
            })
            .collect()
    };
    (0..plan.futures).map(read).collect()
}

/// Kolmogorov and Smirnov: the greatest distance between what was found and what should be, in units of 1/sqrt(n).
fn distance(mut found: Vec<f64>, should: impl Fn(f64) -> f64) -> f64 {
    found.sort_by(f64::total_cmp);
    let n = found.len() as f64;
    let gap = |(at, value): (usize, &f64)| {
        let part = should(*value);
        (part - at as f64 / n).abs().max(((at + 1) as f64 / n - part).abs())
    };
    found.iter().enumerate().map(gap).fold(0.0, f64::max) * n.sqrt()
}

/// Beyond this by chance in 7 of 10^6 (2 e^(-2 x^2)): as rare as 4.5 standard deviations.
const FARTHEST: f64 = 2.5;

#[test]
fn a_driver_varies_as_asked_and_is_the_same_for_all_machines() {
    let asked = "[futures]\ncount = 2000\nvary = { load = { normal = [3, 0.5] } }\n";
    let readings = first_readings(&plan_of(LOAD, &scenario(3, "1 h", "1 min", asked)));
    assert!(readings.iter().all(|row| row.iter().all(|value| value == &row[0])), "one number a future");
    let found: Vec<f64> = readings.iter().map(|row| f64::from(row[0])).collect();
    // The normal distribution by the error function, to 1e-7: Abramowitz and Stegun 7.1.26.
    let normal = |x: f64| {
        let z = ((x - 3.0) / 0.5) / std::f64::consts::SQRT_2;
        let t = 1.0 / (1.0 + 0.327_591_1 * z.abs());
        let series = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
        let erf = 1.0 - series.iter().fold(0.0, |sum, part| (sum + part) * t) * (-z * z).exp();
        0.5 * (1.0 + erf.copysign(z))
    };
    let far = distance(found, normal);
    assert!(far < FARTHEST, "{far}");
}

#[test]
fn a_life_varies_as_asked() {
    // Linear wear at stress 1 fails at its life: uniform between 5 h and 15 h, seen at the next minute.
    let asked = "[futures]\ncount = 1000\nvary = { \"wear.belt.life\" = { uniform = [\"5 h\", \"15 h\"] } }\n";
    let plan = plan_of(LOAD, &scenario(2, "16 h", "1 min", asked));
    let asking = Asking { readings: false, limits: false, skip: true, named: true };
    let ends = Ensemble::new(&plan, asking).run(0..1000, &|| false).expect("nothing stops it");
    let mut lives = Vec::new();
    for end in &ends {
        // Of two machines that never come back, the plant's uptime is twice the life.
        let up = end.plant.measure("uptime_h").expect("it ran");
        assert_eq!(end.plant.measure("failures"), Some(2.0));
        lives.push(up / 2.0);
    }
    let far = distance(lives, |hours| ((hours - 5.0) / 10.0).clamp(0.0, 1.0));
    // A minute is 1/600 of the range: it shifts the distance by sqrt(1000)/600 = 0.05.
    assert!(far < FARTHEST + 0.06, "{far}");
}

#[test]
fn what_varies_is_the_same_in_every_variant() {
    let study = study(
        "[futures]\ncount = 20\nvary = { \"parameters.size\" = { uniform = [1, 2] }, \"drivers.air.swing\" = { exponential = 3 } }\n\
         [[variant]]\nname = \"worn\"\nset = { \"wear.bearing.life\" = \"5 h\" }\n\
         [[variant]]\nname = \"narrow\"\nset = { \"futures.vary.parameters.size\" = { uniform = [1, 1.5] } }\n",
    );
    let numbers = |name: &str, path: usize| -> Vec<f64> {
        let model = &plan_named(&study, name).models[0];
        let luck = |future| twinwright_core::plan::vary::luck(plan_named(&study, name).seed, future);
        (0..20).map(|future| model.varied[path].value(&luck(future))).collect()
    };
    assert_eq!(numbers("base", 0), numbers("worn", 0));
    assert_eq!(numbers("base", 1), numbers("worn", 1));
    assert_eq!(numbers("base", 1), numbers("narrow", 1));
    // The same luck in another distribution: as far along the way from 1 as before.
    for (wide, narrow) in numbers("base", 0).iter().zip(numbers("narrow", 0)) {
        assert!(((wide - 1.0) / 2.0 - (narrow - 1.0)).abs() < 1e-12, "{wide} and {narrow}");
    }
    assert!(plan_named(&study, "base").models[1].varied.is_empty(), "the other kind has neither");
}

#[test]
fn each_way_to_write_a_number_can_vary() {
    let machine = "[parameters]\nsize = 2\n[drivers]\nload = { value = 0.5, unit = \"1\", lag = \"1 min\" }\n\
                   air = { mean = 20, swing = 4, period = \"1 d\" }\ngust = { walk = { mean = 0, sd = 1, memory = \"1 h\" } }\n\
                   [wear.belt]\nlaw = \"linear\"\nlife = \"10 h\"\n[sensors.load_seen]\nvalue = \"load + air + gust + size\"\n";
    let paths = [
        "parameters.size",
        "load",
        "drivers.air.mean",
        "drivers.air.swing",
        "drivers.gust.walk.mean",
        "drivers.gust.sd",
        "wear.belt.starts_at",
    ];
    for path in paths {
        let asked = format!("[futures]\ncount = 3\nvary = {{ \"{path}\" = {{ uniform = [0.1, 0.9] }} }}\n");
        let plan = plan_of(machine, &scenario(1, "1 h", "1 min", &asked));
        assert_eq!(plan.models[0].varied.len(), 1, "{path}");
        assert_eq!(plan.models[0].drivers.iter().filter(|driver| driver.lag.is_some()).count(), 1, "{path}");
    }
    let faults =
        compiled("[futures]\ncount = 3\nvary = { \"sensors.heat.lag\" = { uniform = [\"1 s\", \"2 s\"] } }\n", &[]);
    assert!(faults.is_err_and(|faults| faults.contains("[vary]")));
}
