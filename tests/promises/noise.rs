//! Noise and random drivers against their laws: Kolmogorov's distance at a million values, sd within 0.5 %,
//! autocorrelation, and that nothing goes together that should not.
//!
//! Sample sizes are those of the promise in every run, except for the walks: those take a tenth of their machines unless
//! TWINWRIGHT_FULL=1 is set.

pub(crate) mod statistics;
mod walks;

use crate::truth::seen::Watched;
use statistics::{autocorrelation, correlation, distance, moments, normal_cdf, student_5_cdf};
use std::fmt::Write;
use twinwright_tests::scenario;

/// How far a sample of a million may lie from its law.
const FARTHEST: f64 = 1.95 / 1000.0;

/// A machine of so many sensors that read nothing but noise.
fn noisy(sensors: usize, keys: &str) -> String {
    (0..sensors).fold(String::new(), |mut text, number| {
        let _ = write!(text, "[sensors.s{number}]\nvalue = 0\nnoise = {{ {keys} }}\n");
        text
    })
}

/// Readings of a run: `[machine and future][sensor][tick]`.
fn series(machine: &str, machines: u32, ticks: u32, rest: &str) -> Vec<Vec<Vec<f64>>> {
    let mut watched = Watched::new(machine, &scenario(machines, &format!("{ticks} s"), "1 s", rest));
    let sensors = watched.plan.sheets[0].sensors.len();
    let rows = (machines * watched.plan.futures) as usize;
    let mut all = vec![vec![Vec::with_capacity(ticks as usize); sensors]; rows];
    for _ in 0..ticks {
        watched.tick();
        let (readings, _) = watched.rows();
        for (sensor, values) in readings.values.iter().enumerate() {
            for (row, value) in values.iter().enumerate() {
                all[row][sensor].push(f64::from(*value));
            }
        }
    }
    all
}

/// All values of all machines and sensors, in one list.
fn pooled(all: &[Vec<Vec<f64>>]) -> Vec<f64> {
    all.iter().flatten().flatten().copied().collect()
}

#[test]
fn noise_is_normal_at_a_million_values() {
    for (machines, sensors, ticks) in [(1, 16, 62_500), (1000, 40, 25)] {
        let mut values = pooled(&series(&noisy(sensors, "sd = 2.5"), machines, ticks, ""));
        assert_eq!(values.len(), 1_000_000);
        let found = moments(values.iter().copied());
        assert!((found.sd() / 2.5 - 1.0).abs() < 0.005, "sd {}", found.sd());
        found.must_be(0.0, 2.5, 3.0, "noise");
        let d = distance(&mut values, |x| normal_cdf(x / 2.5));
        assert!(d < FARTHEST, "D = {d} with {machines} machines");
    }
}

#[test]
fn every_lane_is_normal_by_itself() {
    // A million values of each of the sixteen. (At 10^5 this seed has one lane at 2.5 / sqrt n, five others none.)
    for (lane, values) in series(&noisy(16, "sd = 1"), 1, 1_000_000, "").remove(0).iter_mut().enumerate() {
        moments(values.iter().copied()).must_be(0.0, 1.0, 3.0, &format!("lane {lane}"));
        let d = distance(values, normal_cdf);
        assert!(d < FARTHEST, "lane {lane}: D = {d}");
    }
}

#[test]
fn noise_with_memory_keeps_its_sd_and_forgets_exponentially() {
    let (memory, sd) = (5.0, 0.4);
    let all = series(&noisy(16, "sd = 0.4, memory = \"5 s\""), 10, 12_500, "");
    let found = moments(pooled(&all).into_iter());
    assert_eq!(found.n, 2_000_000.0);
    assert!((found.sd() / sd - 1.0).abs() < 0.005, "stationary sd {}", found.sd());
    for lag in [1usize, 2, 3, 5, 10, 20, 40] {
        let rs: Vec<f64> = all.iter().flatten().map(|series| autocorrelation(series, lag)).collect();
        let mean = rs.iter().sum::<f64>() / rs.len() as f64;
        let expected = (-(lag as f64) / memory).exp();
        // The series judge themselves: 160 of them, each with its own r.
        let sd = (rs.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / rs.len() as f64).sqrt();
        let off = (mean - expected) / (sd / (rs.len() as f64).sqrt());
        assert!(off.abs() < 4.0, "lag {lag}: {mean} and not {expected}, {off:.2} standard errors");
        assert!((mean - expected).abs() < 0.005, "lag {lag}: {mean} and not {expected}");
    }
}

#[test]
fn noise_with_memory_is_stationary_from_the_first_row_on() {
    let all = series(&noisy(40, "sd = 3, memory = \"1 h\""), 1000, 3, "");
    for tick in 0..3 {
        let row = all.iter().flatten().map(|series| series[tick]);
        moments(row).must_be(0.0, 3.0, 3.0, &format!("row {tick}"));
    }
}

#[test]
fn the_memory_of_a_sensor_is_told_in_time_and_not_in_samples() {
    // Sampled every 4 s, and 4 times a second: e^(-4/5) and e^(-0.25/5) from sample to sample.
    for (every, per_sample) in [("4 s", 4.0), ("250 ms", 0.25f64)] {
        let machine = format!("[sensors.s]\nvalue = 0\nevery = \"{every}\"\nnoise = {{ sd = 1, memory = \"5 s\" }}\n");
        let mut watched = Watched::new(&machine, &scenario(20, "20000 s", "1 s", ""));
        let mut all: Vec<Vec<f64>> = vec![Vec::new(); 20];
        for _ in 0..20_000 {
            watched.tick();
            let (readings, _) = watched.rows();
            for (machine, value) in readings.machine.iter().zip(&readings.values[0]).filter(|(_, v)| !v.is_nan()) {
                all[*machine as usize].push(f64::from(*value));
            }
        }
        assert_eq!(all[0].len(), (20_000.0 / per_sample) as usize);
        let rs: Vec<f64> = all.iter().map(|series| autocorrelation(series, 1)).collect();
        let mean = rs.iter().sum::<f64>() / rs.len() as f64;
        assert!((mean - (-per_sample / 5.0).exp()).abs() < 0.01, "every {every}: {mean}");
    }
}

#[test]
fn noise_without_memory_has_none() {
    for series in &series(&noisy(16, "sd = 1"), 1, 100_000, "")[0] {
        for lag in [1, 2, 3, 15, 16, 17, 64, 1000] {
            let r = autocorrelation(series, lag);
            assert!(r.abs() < 4.0 / 100_000f64.sqrt(), "lag {lag}: {r}");
        }
    }
}

/// No two of these series go together.
fn must_be_strangers(all: &[Vec<f64>], what: &str) {
    let n = all[0].len() as f64;
    for (i, a) in all.iter().enumerate() {
        for (j, b) in all.iter().enumerate().skip(i + 1) {
            let r = correlation(a, b);
            assert!(r.abs() < 4.0 / n.sqrt(), "{what} {i} and {j}: r = {r}");
        }
        let squares: Vec<f64> = a.iter().map(|x| x * x).collect();
        let next: Vec<f64> = all[(i + 1) % all.len()].iter().map(|x| x * x).collect();
        // A pair of Box and Muller shares its radius: the squares would tell.
        let r = correlation(&squares, &next);
        assert!(r.abs() < 4.0 / n.sqrt(), "squares of {what} {i} and its neighbour: r = {r}");
    }
}

#[test]
fn lanes_machines_and_futures_are_independent() {
    let ticks = 40_000;
    must_be_strangers(&series(&noisy(20, "sd = 1"), 1, ticks, "")[0], "lanes");
    let machines: Vec<Vec<f64>> = series(&noisy(1, "sd = 1"), 20, ticks, "").into_iter().flatten().collect();
    must_be_strangers(&machines, "machines");
    let futures = series(&noisy(1, "sd = 1"), 1, ticks, "[futures]\ncount = 20\n");
    must_be_strangers(&futures.into_iter().flatten().collect::<Vec<_>>(), "futures");
}

#[test]
fn lanes_that_share_a_radius_are_independent_in_their_squares() {
    let all = &series(&noisy(16, "sd = 1"), 1, 100_000, "")[0];
    let squares: Vec<Vec<f64>> = all.iter().map(|series| series.iter().map(|x| x * x).collect()).collect();
    for i in 0..16 {
        for j in i + 1..16 {
            let r = correlation(&squares[i], &squares[j]);
            assert!(r.abs() < 4.0 / 100_000f64.sqrt(), "squares of lanes {i} and {j}: r = {r}");
        }
    }
}

#[test]
fn heavy_tails_are_student_t_with_exactly_the_sd_that_was_asked_for() {
    let mut values = pooled(&series(&noisy(16, "sd = 2, tails = 5"), 1, 62_500, ""));
    let found = moments(values.iter().copied());
    assert!((found.sd() / 2.0 - 1.0).abs() < 0.005, "sd {}", found.sd());
    // scipy.stats.t(5): kurtosis 9.
    found.must_be(0.0, 2.0, 9.0, "noise with tails");
    // scipy.stats.t(5) has variance 5/3.
    let scale = 2.0 / (5.0f64 / 3.0).sqrt();
    let beyond = values.iter().filter(|x| x.abs() > 8.0).count() as f64 / 1e6;
    // 2 * scipy.stats.t(5).sf(4 * sqrt(5/3)); a normal has 6e-5 there.
    let expected = 0.0035728262961609255;
    assert!((beyond - expected).abs() < 4.0 * (expected / 1e6).sqrt(), "beyond 4 sd: {beyond} and not {expected}");
    let d = distance(&mut values, |x| student_5_cdf(x / scale));
    assert!(d < FARTHEST, "D = {d}");
}

#[test]
fn heavy_tails_keep_their_sd_with_memory_too() {
    let all = series(&noisy(16, "sd = 2, tails = 6, memory = \"3 s\""), 10, 12_500, "");
    let found = moments(pooled(&all).into_iter());
    assert!((found.sd() / 2.0 - 1.0).abs() < 0.005, "sd {}", found.sd());
    let rs: Vec<f64> = all.iter().flatten().map(|series| autocorrelation(series, 3)).collect();
    let mean = rs.iter().sum::<f64>() / rs.len() as f64;
    assert!((mean - (-1.0f64).exp()).abs() < 0.005, "autocorrelation {mean}");
}

#[test]
fn two_seeds_and_two_names_share_no_luck_and_the_same_ones_all() {
    let machine = noisy(1, "sd = 1");
    let first = series(&machine, 1, 10_000, "")[0][0].clone();
    let seeded = series(&machine, 1, 10_000, "").remove(0).remove(0);
    assert_eq!(first, seeded, "the same seed gives the same bytes");
    let other = scenario(1, "10000 s", "1 s", "").replacen("title", "seed = 2\ntitle", 1);
    let mut watched = Watched::new(&machine, &other);
    let mut values = Vec::new();
    for _ in 0..10_000 {
        watched.tick();
        values.push(f64::from(watched.rows().0.values[0][0]));
    }
    let r = correlation(&first, &values);
    assert!(r.abs() < 0.04, "another seed: r = {r}");
}
