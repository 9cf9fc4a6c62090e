//! Pieces that take a time each: to the piece where times are fixed, by renewal theory where they are drawn.

use super::{measure, off, tallies};
use crate::truth::seen::{Watched, units};
use twinwright_tests::scenario;

fn maker(takes: &str) -> String {
    format!("[sensors.s]\nvalue = 1\n[production]\ntakes = {takes}\nideal = 6\nscrap = 0.25\n")
}

#[test]
fn a_piece_takes_operating_time_and_is_kept_through_a_repair() {
    // Up 10 h, down 5 h; a piece takes 3 h of work.
    let machine = "[wear.part]\nlaw = \"linear\"\nlife = \"10 h\"\nrepair = { takes = \"5 h\" }\n".to_owned();
    let mut watched = Watched::new(&(machine + &maker("\"3 h\"")), &scenario(1, "100 h", "1 h", ""));
    for hour in 0..=100u32 {
        watched.go_to(hour);
        let worked = hour / 15 * 10 + (hour % 15).min(10);
        let tally = &watched.twin.tallies()[0].2;
        assert_eq!(measure(tally, "pieces"), f64::from(worked / 3), "hour {hour}");
        assert_eq!(measure(tally, "good_pieces"), 0.75 * f64::from(worked / 3), "hour {hour}");
    }
}

#[test]
fn several_pieces_fit_into_a_tick_and_ticks_do_not_matter() {
    for takes in ["\"40 s\"", "{ normal = [\"50 s\", \"20 s\"] }", "{ lognormal = [\"2 min\", 1.5] }"] {
        let made = |tick: &str, ticks: u32| -> Vec<f64> {
            let machines = tallies(&maker(takes), &scenario(5, "10 d", tick, ""), ticks);
            machines.iter().map(|tally| measure(tally, "pieces")).collect()
        };
        // 4,200 minutes.
        assert_eq!(made("1 min", 4_200), made("7 min", 600), "{takes}");
        assert_eq!(made("1 min", 4_200), made("35 min", 120), "{takes}");
    }
    let fixed = tallies(&maker("\"40 s\""), &scenario(1, "10 d", "1 min", ""), 4_200);
    assert_eq!(measure(&fixed[0], "pieces"), 6_300.0);
}

#[test]
fn counts_of_pieces_are_those_of_a_renewal_process() {
    // In a time t of pieces of mean m and sd s, begun anew at the start (Cox, Renewal theory, 1962, section 4.5):
    // mean t/m + (s^2/m^2 - 1)/2, variance t s^2/m^3 + 1/12 + 5 s^4/(4 m^4) - 2 (third central moment)/(3 m^3). The
    // variance of a normal's count here is 8.085; exponential pieces are a Poisson process: t/m both.
    let t = 2_000.0;
    let cases =
        [("{ normal = [\"10 min\", \"2 min\"] }", 199.52, 8.0853), ("{ exponential = \"10 min\" }", 200.0, 200.0)];
    for (takes, mean, variance) in cases {
        let machines = units(5_000);
        let made: Vec<f64> = tallies(&maker(takes), &scenario(machines, "2000 min", "1 min", ""), t as u32)
            .iter()
            .map(|tally| measure(tally, "pieces"))
            .collect();
        let z = off(&made, mean);
        assert!(z.abs() < 4.5, "{takes}: {z:.2} standard errors from {mean}");
        let n = f64::from(machines);
        let average = made.iter().sum::<f64>() / n;
        let found = made.iter().map(|count| (count - average).powi(2)).sum::<f64>() / (n - 1.0);
        // Counts are near normal: the standard error of a variance is sqrt(2/n) of it.
        let z = (found / variance - 1.0) / (2.0 / n).sqrt();
        assert!(z.abs() < 4.5, "{takes}: variance {found} for {variance}, {z:.2} standard errors");
    }
}

#[test]
fn one_repairer_for_ten_lathes_loses_what_takacs_says() {
    // Machines that work for exponential times of mean 1/r, one repairer, repairs of a fixed time b (Takacs, Introduction
    // to the theory of queues, 1962, chapter 5): a repair leaves nobody waiting with probability
    // q = 1 / sum over j < N of C(N - 1, j) product over i <= j of (e^(i r b) - 1),
    // repairs end every b + q/(N r) on average, and a machine works the part 1/(r N) of that rate.
    // Breakdowns are seen at the first tick after: half a minute late.
    let (n, r, b) = (10.0, 1.0 / 300.5, 30.0f64);
    let mut sum = 0.0;
    let mut term = 1.0;
    for j in 0..10 {
        sum += term;
        let j = f64::from(j);
        term *= (n - 1.0 - j) / (j + 1.0) * (((j + 1.0) * r * b).exp() - 1.0);
    }
    let works = 1.0 / (r * n * (b + 1.0 / sum / (n * r)));
    assert!((works - 0.8215).abs() < 5e-5, "{works}");
    let machine =
        "[wear.breakdown]\nlaw = \"weibull\"\nlife = \"300 min\"\nshape = 1\nrepair = { takes = \"30 min\" }\n"
            .to_owned();
    let rest = "[maintenance]\npolicy = \"run-to-failure\"\ncrew = 1\n[futures]\ncount = 60\n";
    let each = tallies(
        &(machine + &maker("{ normal = [\"10 min\", \"2 min\"] }")),
        &scenario(10, "10000 min", "1 min", rest),
        10_000,
    );
    let by_future = |name: &str| -> Vec<f64> {
        each.chunks(10).map(|shop| shop.iter().map(|tally| measure(tally, name)).sum::<f64>() / 10.0).collect()
    };
    // All work at the start: some 2 x 300 minutes pass before that is forgotten, with some 3 % more work in them.
    let start = 0.09 * 330.0 / 10_000.0;
    let up: Vec<f64> = by_future("e10_prd_h").iter().map(|hours| hours * 60.0 / 10_000.0).collect();
    let (low, high) = (off(&up, works), off(&up, works + start));
    assert!(low > -4.5 && high < 4.5, "{low:.2} and {high:.2} standard errors from {works} and {start} more");
    // A piece takes ten minutes of work, wherever breakdowns cut it.
    let differences: Vec<f64> =
        by_future("pieces").iter().zip(by_future("e10_prd_h")).map(|(made, hours)| made - hours * 6.0).collect();
    let z = off(&differences, (0.04 - 1.0) / 2.0);
    assert!(z.abs() < 4.5, "{z:.2} standard errors");
}
