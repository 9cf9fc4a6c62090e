//! Policies and queues against their formulas: age replacement, one crew for several machines.

use crate::truth::seen::{Watched, units};
use twinwright_core::measures::Tally;
use twinwright_tests::scenario;

/// The integral of a smooth function by Simpson's rule over 2,000 steps.
fn integral(from: f64, to: f64, f: impl Fn(f64) -> f64) -> f64 {
    let n = 2_000;
    let h = (to - from) / f64::from(n);
    let inner: f64 = (1..n).map(|i| f(from + f64::from(i) * h) * if i % 2 == 1 { 4.0 } else { 2.0 }).sum();
    h / 3.0 * (f(from) + inner + f(to))
}

/// By future: what was booked between two ticks, over all machines.
fn between(watched: &mut Watched, from: u32, to: u32) -> Vec<Tally> {
    let mut sums = vec![Tally::default(); watched.plan.futures as usize];
    for (tick, sign) in [(from, -1.0), (to, 1.0)] {
        watched.go_to(tick);
        for (future, _, mut tally) in watched.twin.tallies() {
            tally.scale(sign);
            sums[future as usize].add(&tally);
        }
    }
    sums
}

#[test]
fn age_replacement_costs_what_renewal_reward_says() {
    // Weibull of shape 2.5 and mean 1,000 h: R(t) = exp(-(t Gamma(1.4) / 1000)^2.5), Gamma(1.4) = 0.8872638175. A part
    // is swapped at the age T for 1 or fails before for 5. By renewal reward the cost of an operating hour is
    //     c(T) = (R(T) + 5 (1 - R(T))) / integral of R from 0 to T,
    // and over n cycles of length L and cost C it scatters by sd(C - c L) / (E(L) sqrt(n)).
    let survival = |t: f64| (-(t * 0.8872638175030753 / 1000.0).powf(2.5)).exp();
    let machine = "[wear.part]\nlaw = \"weibull\"\nlife = \"1000 h\"\nshape = 2.5\n\
                   repair = { takes = \"0 h\", cost = 5, planned_cost = 1 }\n[sensors.s]\nvalue = \"part\"\n";
    let machines = units(1_000);
    let (warm, total) = (5_000, 55_000);
    for age in [300.0, 600.0, 1_200.0] {
        let rest = format!("[maintenance]\npolicy = \"periodic\"\nby = \"operating\"\nevery = \"{age} h\"\n");
        let mut watched = Watched::new(machine, &scenario(machines, &format!("{total} h"), "2 h", &rest));
        watched.twin.mute();
        let sums = between(&mut watched, warm / 2, total / 2);
        let found = (sums[0].cost_planned + sums[0].cost_unplanned) / sums[0].measure("e10_prd_h").unwrap_or(f64::NAN);
        let alive = survival(age);
        // A failure is seen at the tick after it, an hour later on average.
        let length = integral(0.0, age, survival) + (1.0 - alive) * 1.0;
        let cost = alive + 5.0 * (1.0 - alive);
        let expected = cost / length;
        // E(L^2) is the integral of 2 t R(t); E(C L) = 5 E(L; failed) + T R(T), and E(L; failed) = E(L) - T R(T).
        let square = integral(0.0, age, |t| 2.0 * t * survival(t));
        let mixed = 5.0 * (length - age * alive) + age * alive;
        let scatter = (alive + 25.0 * (1.0 - alive)) - 2.0 * expected * mixed + expected * expected * square;
        let cycles = f64::from(machines) * f64::from(total - warm) / length;
        let error = scatter.sqrt() / (length * cycles.sqrt());
        let off = (found - expected) / error;
        assert!(off.abs() < 4.5, "age {age}: {found} for {expected}, {off:.2} standard errors");
        assert!(error < 0.02 * expected, "age {age}: standard error {error}");
    }
}

/// Mean over futures and its standard error.
fn mean_of(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let square: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (square / (n * (n - 1.0))).sqrt())
}

/// One crew for some machines of exponential life, in many futures: availability and failures an hour of the plant.
fn one_crew(machines: u32, life: &str, takes: &str) -> [(f64, f64); 2] {
    let (tick, warm, total) = (0.1, 200.0, 1_700.0);
    let machine = format!(
        "[wear.part]\nlaw = \"weibull\"\nlife = \"{life}\"\nshape = 1\nrepair = {{ takes = {takes} }}\n\
         [sensors.s]\nvalue = \"part\"\n"
    );
    let rest = format!(
        "[maintenance]\npolicy = \"run-to-failure\"\ncrew = 1\n[futures]\ncount = {}\n",
        units(6_000) / machines.min(4)
    );
    let mut watched = Watched::new(&machine, &scenario(machines, "1700 h", "6 min", &rest));
    watched.twin.mute();
    let sums = between(&mut watched, (warm / tick) as u32, (total / tick) as u32);
    let up: Vec<f64> = sums.iter().map(|sum| sum.measure("availability").unwrap_or(f64::NAN)).collect();
    let rate: Vec<f64> = sums.iter().map(|sum| sum.failures / (total - warm)).collect();
    [mean_of(&up), mean_of(&rate)]
}

#[test]
fn one_crew_for_six_machines_is_the_machine_repair_queue() {
    // M/M/1//N: with n of N machines down, the next fails at rate (N - n) a and is mended at rate b, so
    //     p(n) = p(0) N! / (N - n)! (a / b)^n;
    // availability is 1 - E(n) / N, and the crew, busy with probability 1 - p(0), mends b an hour.
    // Failures are seen and repairs end half a tick late.
    let (n, a, b) = (6, 1.0 / (30.0 + 0.05), 1.0 / (5.0 + 0.05));
    let mut weights = vec![1.0];
    for down in 0..n {
        weights.push(weights[down] * (n - down) as f64 * a / b);
    }
    let all: f64 = weights.iter().sum();
    let down = weights.iter().enumerate().map(|(down, weight)| down as f64 * weight / all).sum::<f64>();
    let expected = [1.0 - down / n as f64, b * (1.0 - weights[0] / all)];
    check(one_crew(n as u32, "30 h", "{ exponential = \"5 h\" }"), expected);
}

#[test]
fn one_crew_for_two_machines_with_a_fixed_repair_time_is_m_d_1() {
    // Both up: the first fails after 1 / (2 a). Its repair takes D, and with e^(-a D) the other lives through it; else
    // the crew goes on with that one, while the first is up again: as before. So a busy spell is 1 / e^(-a D) repairs
    // long, a cycle 1 / (2 a) + D / e^(-a D), and
    //     failures an hour = 1 / (e^(-a D) / (2 a) + D), availability = failures an hour / (2 a).
    let (a, d) = (1.0f64 / (20.0 + 0.05), 5.0);
    let rate = 1.0 / ((-a * d).exp() / (2.0 * a) + d);
    check(one_crew(2, "20 h", "\"5 h\""), [rate / (2.0 * a), rate]);
}

fn check(found: [(f64, f64); 2], expected: [f64; 2]) {
    for (what, ((found, error), expected)) in
        ["availability", "failures an hour"].iter().zip(found.iter().zip(expected))
    {
        let off = (found - expected) / error;
        assert!(off.abs() < 4.5, "{what} {found} for {expected}: {off:.2} standard errors");
        assert!(*error < 0.01 * expected, "{what}: standard error {error}");
    }
}
