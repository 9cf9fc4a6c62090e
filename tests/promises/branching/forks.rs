//! Futures that fork from one state: the first goes on as it would have, the others have luck of their own, given what
//! has been so far.

use super::{events_of, first, from, state_at};
use std::sync::Arc;
use twinwright_core::{Batch, Plan, Twin};
use twinwright_tests::{plan_of, scenario};

/// Days at one machine, in ticks of an hour; nothing repairs it.
fn plant(wear: &str, futures: u32) -> Arc<Plan> {
    seeded(wear, futures, 1)
}

fn seeded(wear: &str, futures: u32, seed: u32) -> Arc<Plan> {
    let machine = format!("[drivers]\nload = 1\n[wear.part]\n{wear}\n[sensors.a]\nvalue = \"part\"\n");
    let text = scenario(1, "4000 h", "1 h", &format!("[futures]\ncount = {futures}\n"));
    plan_of(&machine, &text.replace("title", &format!("seed = {seed}\ntitle")))
}

/// Ticks of the first failure of each future but the first.
fn failures(plan: &Arc<Plan>) -> Vec<Option<u32>> {
    let mut found = vec![None; plan.futures as usize];
    for (tick, text) in events_of(plan) {
        let mut words = text.split(' ');
        if words.next() == Some("failure") {
            let future: usize = words.nth(1).and_then(|word| word.parse().ok()).expect("an event has its future");
            found[future].get_or_insert(tick);
        }
    }
    found.split_off(1)
}

#[test]
fn the_first_future_of_a_fork_is_the_run_that_was_saved() {
    let wear = "law = \"gamma\"\nlife = \"900 h\"\nspread = 0.3\nrepair = { takes = { lognormal = [\"9 h\", 2] } }";
    let (one, many) = (plant(wear, 1), plant(wear, 5));
    let snapshot = state_at(&one, 700);
    let mut whole = Twin::build(&one);
    let mut fork = Twin::fork(&many, &snapshot, vec![0], 0..1).expect("it is the same scenario");
    (0..=4000).for_each(|_| whole.tick(&Batch::default()));
    (0..4000 - 700).for_each(|_| fork.tick(&Batch::default()));
    assert_eq!(fork.digests(), whole.digests());
    let others = events_of(&from(&many, &snapshot).expect("it is the same scenario"));
    let futures: std::collections::BTreeSet<Option<u32>> =
        (0..5).map(|future| first(&others, &format!("failure 0 {future}"))).collect();
    assert_eq!(futures.len(), 5, "each future fails at a time of its own: {futures:?}");
}

#[test]
fn forks_of_a_weibull_machine_fail_by_the_distribution_of_those_that_lived_so_long() {
    // Mean 1000 h and shape k = 2.5: scale = 1000 / Gamma(1.4) h, with Gamma(1.4) = 0.887263817503...; the first machine
    // must be alive at age 600 h, or there is nothing to fork.
    let (shape, scale, age) = (2.5f64, 1000.0 / 0.887_263_817_503_076_f64, 600.0f64);
    let futures = 3001;
    let wear = format!("law = \"weibull\"\nlife = \"1000 h\"\nshape = {shape}");
    let lives = |seed: &u32| first(&events_of(&seeded(&wear, 1, *seed)), "failure").is_none_or(|tick| tick > 600);
    let seed = (1..50).find(lives).expect("most live longer");
    let (one, many) = (seeded(&wear, 1, seed), seeded(&wear, futures, seed));
    let snapshot = state_at(&one, age as u32);
    let mut ticks: Vec<u32> =
        failures(&from(&many, &snapshot).expect("the same scenario")).into_iter().flatten().collect();
    assert_eq!(ticks.len(), futures as usize - 1, "4000 h are beyond the longest life");
    ticks.sort_unstable();
    // P(T <= t | T > age) = 1 - exp((age/scale)^k - (t/scale)^k). A failure is seen at the first tick after it: the
    // empirical distribution at whole ticks is that of the lives themselves.
    let below = |t: f64| -> f64 { 1.0 - ((age / scale).powf(shape) - (t / scale).powf(shape)).exp() };
    let n = ticks.len() as f64;
    let worst = (600..4000).map(|tick| {
        let seen = ticks.partition_point(|other| *other <= tick) as f64 / n;
        (seen - below(f64::from(tick))).abs()
    });
    let worst = worst.fold(0.0, f64::max);
    // Kolmogorov: P(sqrt(n) D > 3.3) = 2 exp(-2 * 3.3^2) = 7e-10. One ten-thousandth for failures right at a tick.
    assert!(worst < 3.3 / n.sqrt() + 1e-4, "D = {worst}");
}

#[test]
fn forks_of_a_gamma_machine_have_the_rest_of_its_path_before_them() {
    // At s = 0.5 the path stands at w; from there it grows by Gamma increments of mean ds, so futures fail on average
    // when the growth passes 1 - w. Wald: the mean path at the crossing is 1 - w + overshoot, and equals the mean s. The
    // overshoot of a gamma process with jumps of scale b = spread^2 over a level far from 0 is b / 2 (mean square
    // over twice the mean of its jump measure: b^2 / 2b); failure is seen half a tick later and at the next node of
    // 1/1024 a life at most.
    let (spread, life) = (0.25f64, 1000.0);
    let futures = 2001;
    let wear = format!("law = \"gamma\"\nlife = \"1000 h\"\nspread = {spread}");
    let (one, many) = (plant(&wear, 1), plant(&wear, futures));
    let snapshot = state_at(&one, 500);
    let mut twin = Twin::restore(&one, &snapshot).expect("the same scenario");
    let (mut readings, mut wears) = (Vec::new(), Vec::new());
    twin.tick(&Batch::default());
    assert!(twin.glance(0, 0, &mut readings, &mut wears));
    let here = wears[0];
    assert!(here < 0.8, "another seed is needed: {here}");
    let rest: Vec<f64> = failures(&from(&many, &snapshot).expect("the same scenario"))
        .into_iter()
        .map(|tick| f64::from(tick.expect("4000 h are beyond the longest life")) - 501.0)
        .collect();
    let n = rest.len() as f64;
    let mean = rest.iter().sum::<f64>() / n;
    let sd = (rest.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let expected = life * (1.0 - here + spread * spread / 2.0) + 0.5;
    let tolerance = 4.5 * sd / n.sqrt() + 1.0 + life / 1024.0;
    assert!((mean - expected).abs() < tolerance, "{mean} against {expected} within {tolerance}");
    // Var of the crossing is about spread^2 times the way to go, in lives squared.
    let wanted = life * spread * (1.0 - here).sqrt();
    assert!((sd / wanted - 1.0).abs() < 0.15, "{sd} against {wanted}");
}

#[test]
fn shocks_and_faults_that_have_not_come_are_drawn_again() {
    // A shock of 1 fails the machine: exponential gaps of mean 500 h have no memory.
    let futures = 2001;
    let wear = "law = \"shock\"\nrate = 0.002\njump = 1";
    let (one, many) = (plant(wear, 1), plant(wear, futures));
    let alive = (0..200).rev().find(|tick| first(&events_of(&one), "failure").is_none_or(|at| at > *tick));
    let tick = alive.expect("it lives for a while");
    let snapshot = state_at(&one, tick);
    let gaps: Vec<f64> = failures(&from(&many, &snapshot).expect("the same scenario"))
        .into_iter()
        .map(|at| f64::from(at.unwrap_or(4000) - tick))
        .collect();
    check_exponential(&gaps, 500.0, f64::from(4000 - tick));
    // The same of a trip that comes at random.
    let rest = |futures| {
        format!(
            "[[fault.trip]]\nmachine = \"U-1\"\nevery = {{ exponential = \"500 h\" }}\nlasts = \"9000 h\"\n[futures]\ncount = {futures}\n"
        )
    };
    let machine = "[drivers]\nload = 1\n[sensors.a]\nvalue = \"load\"\n";
    let (one, many) = (
        plan_of(machine, &scenario(1, "4000 h", "1 h", &rest(1))),
        plan_of(machine, &scenario(1, "4000 h", "1 h", &rest(futures))),
    );
    let tick = first(&events_of(&one), "failure").map_or(200, |at| at.saturating_sub(1).min(200));
    let snapshot = state_at(&one, tick);
    let gaps: Vec<f64> = failures(&from(&many, &snapshot).expect("the same scenario"))
        .into_iter()
        .map(|at| f64::from(at.unwrap_or(4000) - tick))
        .collect();
    check_exponential(&gaps, 500.0, f64::from(4000 - tick));
}

/// Gaps of an exponential of this mean, cut off at `end`: E min(T, end) = mean (1 - e^(-end/mean)), plus half a tick;
/// its sd is at most the mean.
fn check_exponential(gaps: &[f64], mean: f64, end: f64) {
    let n = gaps.len() as f64;
    let seen = gaps.iter().sum::<f64>() / n;
    let expected = mean * (1.0 - (-end / mean).exp()) + 0.5;
    assert!((seen - expected).abs() < 4.5 * mean / n.sqrt(), "{seen} against {expected}");
    let early = gaps.iter().filter(|gap| **gap <= 100.0).count() as f64 / n;
    let p = 1.0 - (-100.0 / mean).exp();
    assert!((early - p).abs() < 4.5 * (p * (1.0 - p) / n).sqrt(), "{early} against {p}");
}
