//! Drivers that change by themselves: Ornstein-Uhlenbeck walks, sine swings, duty cycles.

use super::statistics::{correlation, moments};
use crate::truth::seen::{Watched, see, units};
use std::f64::consts::TAU;
use twinwright_tests::scenario;

const WALK: &str = "[drivers]\nx = { walk = { mean = 10, sd = 2, memory = \"10 min\" } }\n[sensors.s]\nvalue = \"x\"\n";

#[test]
fn a_walk_is_stationary_from_the_first_row_on() {
    let mut watched = Watched::new(WALK, &scenario(units(100_000), "2 h", "1 min", ""));
    for tick in [0, 1, 2, 15, 16, 17, 60, 120] {
        watched.go_to(tick);
        let values = watched.rows().1.values[0].clone();
        moments(values.into_iter()).must_be(10.0, 2.0, 3.0, &format!("the walk at row {tick}"));
    }
}

#[test]
fn a_walk_forgets_in_its_memory_at_any_tick() {
    // The correlation over 10 min is 1/e whether that is 10 ticks or 2.
    for (tick, ticks) in [("1 min", 10), ("5 min", 2), ("10 s", 60)] {
        let count = units(100_000);
        let mut watched = Watched::new(WALK, &scenario(count, "1 h", tick, ""));
        watched.go_to(ticks);
        let first = watched.rows().1.values[0].clone();
        watched.go_to(2 * ticks);
        let second = watched.rows().1.values[0].clone();
        let (r, expected) = (correlation(&first, &second), (-1.0f64).exp());
        let error = (1.0 - expected * expected) / f64::from(count).sqrt();
        assert!((r - expected).abs() < 4.0 * error, "tick {tick}: {r} and not {expected}");
    }
}

#[test]
fn a_walk_of_one_machine_has_its_mean_sd_and_memory_over_time() {
    let ticks = 10 * units(100_000);
    let mut watched = Watched::new(WALK, &scenario(1, &format!("{ticks} min"), "1 min", ""));
    let mut values = Vec::new();
    for _ in 0..=ticks {
        watched.tick();
        values.push(watched.rows().1.values[0][0]);
    }
    let rho = (-0.1f64).exp();
    // A mean of dependent values: their number counts as n (1 - rho) / (1 + rho), for squares with rho^2.
    let n = values.len() as f64;
    let found = moments(values.iter().copied());
    let error = 2.0 / (n * (1.0 - rho) / (1.0 + rho)).sqrt();
    assert!((found.mean - 10.0).abs() < 4.0 * error, "mean {}", found.mean);
    let error = (2.0 / (n * (1.0 - rho * rho) / (1.0 + rho * rho))).sqrt();
    assert!((found.variance / 4.0 - 1.0).abs() < 4.0 * error, "sd {}", found.sd());
    for lag in [1, 5, 10, 16, 30] {
        let r = correlation(&values[lag..], &values[..values.len() - lag]);
        let expected = (-(lag as f64) / 10.0).exp();
        assert!((r - expected).abs() < 8.0 * (10.0 / n).sqrt(), "lag {lag}: {r} and not {expected}");
    }
}

#[test]
fn two_walks_and_the_noise_share_no_luck() {
    let machine = "[drivers]\nx = { walk = { mean = 0, sd = 1, memory = \"1 ms\" } }\n\
                   y = { walk = { mean = 0, sd = 1, memory = \"1 ms\" } }\n\
                   [sensors.a]\nvalue = \"x\"\n[sensors.b]\nvalue = \"y\"\n\
                   [sensors.c]\nvalue = 0\nnoise = { sd = 1 }\n";
    let mut watched = Watched::new(machine, &scenario(2, "40000 s", "1 s", ""));
    let mut all: Vec<Vec<f64>> = vec![Vec::new(); 6];
    for _ in 0..40_000 {
        watched.tick();
        let (readings, _) = watched.rows();
        for (sensor, values) in readings.values.iter().enumerate() {
            all[sensor].push(f64::from(values[0]));
            all[3 + sensor].push(f64::from(values[1]));
        }
    }
    super::must_be_strangers(&all, "walks and noise");
}

/// What a swing shows at an angle.
type Sine = fn(f64) -> f64;

#[test]
fn a_swing_is_a_sine() {
    let machine = "[drivers]\nplain = { mean = 22, swing = 4, period = \"1 d\" }\n\
                   late = { mean = 0, swing = 1, period = \"1 d\", phase = 1.2 }\n\
                   shifted = { mean = 0, swing = 1, period = \"1 d\", phase = \"6 h\" }\n\
                   [sensors.a]\nvalue = \"plain\"\n[sensors.b]\nvalue = \"late\"\n[sensors.c]\nvalue = \"shifted\"\n";
    let seen = see(machine, &scenario(1, "40 d", "7 min", ""));
    let sines: [(&str, Sine); 3] = [
        ("a", |turn| 22.0 + 4.0 * turn.sin()),
        ("b", |turn| (turn + 1.2).sin()),
        ("c", |turn| (turn + TAU / 4.0).sin()),
    ];
    for (sensor, sine) in sines {
        for (row, value) in seen.true_values(0, sensor).into_iter().enumerate() {
            let expected = sine(TAU * (row as f64 * 7.0 / 1440.0));
            assert!((value - expected).abs() < 2e-12, "row {row} of {sensor}: {value} and not {expected}");
        }
    }
}

#[test]
fn a_swing_holds_its_phase_over_years() {
    let machine = "[drivers]\nx = { mean = 0, swing = 1, period = \"24 h\" }\n[sensors.s]\nvalue = \"x\"\n";
    let seen = see(machine, &scenario(1, "14610 d", "6 h", ""));
    let values = seen.true_values(0, "s");
    assert_eq!(values.len(), 4 * 14_610 + 1);
    for (row, value) in values.iter().enumerate() {
        let expected = [0.0, 1.0, 0.0, -1.0][row % 4];
        assert!((value - expected).abs() < 1e-9, "row {row}: {value}");
    }
}

#[test]
fn a_duty_cycle_changes_at_the_first_tick_of_each_phase() {
    // Phases of 90 s and 150 s at a tick of 1 min: a phase that begins between two ticks is seen at the later one.
    let machine = "[drivers]\nload = { duty = \"d\" }\nspeed = { duty = \"d\" }\n[duty.d]\ncycle = [\n\
                   { for = \"90 s\", load = 0.9, speed = 100 }, { for = \"150 s\", load = 0.2, speed = 40, mode = \"idle\" } ]\n\
                   [sensors.a]\nvalue = \"load\"\n[sensors.b]\nvalue = \"speed\"\n[sensors.c]\nvalue = \"running\"\n";
    let seen = see(machine, &scenario(1, "2 h", "1 min", ""));
    for (sensor, first, second) in [("a", 0.9, 0.2), ("b", 100.0, 40.0), ("c", 1.0, 0.0)] {
        for (row, value) in seen.true_values(0, sensor).into_iter().enumerate() {
            let expected = if (row * 60) % 240 < 90 { first } else { second };
            assert_eq!(value, expected, "row {row} of {sensor}");
        }
    }
}
