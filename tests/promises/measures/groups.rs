//! Groups and lines against closed forms.

use super::{measure, off, tallies};
use crate::truth::seen::Watched;
use std::fmt::Write;
use twinwright_core::futures::{Asking, Ensemble};
use twinwright_core::measures::GroupTally;
use twinwright_tests::{plan_of, scenario};

/// A machine that lives for exponential times of `up` hours of work and is repaired in exponential times of `down`.
fn exponential(up: f64, down: f64) -> String {
    format!(
        "[wear.part]\nlaw = \"weibull\"\nlife = \"{up} h\"\nshape = 1\nstress = \"running\"\n\
         repair = {{ takes = {{ exponential = \"{down} h\" }} }}\n[sensors.s]\nvalue = 1\n\
         [production]\nrate = \"60*running\"\nideal = 60\n"
    )
}

fn groups(machine: &str, scenario: &str, tick: u32) -> Vec<GroupTally> {
    let mut watched = Watched::new(machine, scenario);
    watched.twin.mute();
    watched.go_to(tick);
    watched.twin.accounts().groups.into_values().collect()
}

#[test]
fn two_of_three_independent_machines_are_up_as_the_binomial_says() {
    // Failures and repairs act at ticks: a machine goes down within a tick with probability p = 1 - e^(-tick/up), and up
    // again with q = 1 - e^(-tick/down). So it is up at a tick with a = q/(p + q), and of three at least two are with
    // 3 a^2 (1 - a) + a^3. From all three up the group falls by two or three failures; from two up by one or two, unless
    // the third comes back in that tick and one alone stays away.
    let (up, down, tick, hours) = (50.0, 5.0, 1.0 / 6.0, 2_000u32);
    let (p, q) = (1.0 - f64::exp(-tick / up), 1.0 - f64::exp(-tick / down));
    let a = q / (p + q);
    let expected = 3.0 * a * a * (1.0 - a) + a.powi(3);
    let from_three = a.powi(3) * (3.0 * p * p * (1.0 - p) + p.powi(3));
    let from_two = 3.0 * a * a * (1.0 - a) * (2.0 * p * (1.0 - p) * (1.0 - q) + p * p);
    let failures = (from_three + from_two) * f64::from(hours) / tick;
    let mut rest = String::new();
    for group in 0..200 {
        let (first, last) = (3 * group + 1, 3 * group + 3);
        let _ = write!(rest, "[[group]]\nname = \"g{group}\"\nmachines = \"U-{{{first}..{last}}}\"\nneeds = 2\n");
    }
    let found = groups(&exponential(up, down), &scenario(600, "2000 h", "10 min", &rest), hours * 6);
    let column = |name: &str| -> Vec<f64> {
        found.iter().map(|group| group.measure(name).expect("every group has a log")).collect()
    };
    // All are up at the start, which lifts the availability by some 1e-4: a seventh of a standard error.
    let z = off(&column("availability"), expected);
    assert!(z.abs() < 4.5, "availability {z:.2} standard errors from {expected}");
    let z = off(&column("failures"), failures);
    assert!(z.abs() < 4.5, "failures {z:.2} standard errors from {failures}");
    let hours = f64::from(hours);
    assert!(found.iter().all(|group| (group.up_h + group.down_h - hours).abs() < 1e-9));
}

#[test]
fn one_of_one_is_the_machine_itself() {
    let rest = "[[group]]\nname = \"all\"\nmachines = [\"U-2\"]\nneeds = 1\ndowntime = 30\n";
    let mut watched = Watched::new(&exponential(20.0, 3.0), &scenario(3, "1000 h", "10 min", rest));
    watched.go_to(6_000);
    let accounts = watched.twin.accounts();
    let (group, machine) = (accounts.groups[&(0, 0)], &accounts.named[&(1, 0)]);
    for name in ["availability", "uptime_h", "downtime_h", "failures"] {
        let (of_group, of_machine) = (group.measure(name).expect("it has one"), measure(machine, name));
        assert!((of_group - of_machine).abs() < 1e-9, "{name}: {of_group} and {of_machine}");
    }
    // Its downtime is a cost of the plant, whose machines cost nothing here.
    let plant = accounts.plants[&0].tally();
    assert!((measure(&plant, "cost_downtime") - 30.0 * measure(machine, "downtime_h")).abs() < 1e-6);
    assert_eq!(measure(&plant, "cost"), measure(&plant, "cost_downtime"));
}

#[test]
fn a_line_of_two_without_a_buffer_makes_what_its_second_machine_can() {
    // A feeds B. B starves while A is down, and neither ages nor works then; A goes on while B is down: nothing blocks
    // it. So A is up with a = 1/(1 + x) for x = f/r (rates of failure and repair), whatever B does. For B, let w be the
    // part of time with both down, y that with A up and B down. B's repairs balance its failures, which come only while
    // both are up: F (a - y) = R (y + w). Both down begins as A fails in y and ends by either repair: f y = (r + R) w.
    // So y = w (r + R)/f and w = F a / (R + (F + R)(r + R)/f); B works a - y, is repaired y + w, is starved the rest.
    // With blocking it would be 1/(1 + f/r + F/R). Failures and repairs are seen half a tick late each.
    let (tick, hours, lines) = (1.0 / 6.0, 2_000u32, 200u32);
    let late = |mean: f64| 1.0 / (mean + tick / 2.0);
    let (f, r, g, s) = (late(40.0), late(6.0), late(25.0), late(4.0));
    let a = 1.0 / (1.0 + f / r);
    let w = g * a / (s + (g + s) * (r + s) / f);
    let y = w * (r + s) / f;
    let second = "set = { \"wear.part.life\" = \"25 h\", \"wear.part.repair.takes\" = { exponential = \"4 h\" } }\n";
    let mut rest = format!("[[machine]]\nid = \"V-{{1..{lines}}}\"\nkind = \"unit\"\n{second}");
    for line in 1..=lines {
        let _ = write!(rest, "[[link]]\nfrom = \"U-{line}\"\nto = \"V-{line}\"\nkind = \"feeds\"\n");
    }
    let each = tallies(&exponential(40.0, 6.0), &scenario(lines, "2000 h", "10 min", &rest), hours * 6);
    let (firsts, seconds) = each.split_at(lines as usize);
    let part = |machines: &[twinwright_core::measures::Tally], name: &str| -> Vec<f64> {
        machines.iter().map(|machine| measure(machine, name) / f64::from(hours)).collect()
    };
    let cases = [
        ("A works", part(firsts, "e10_prd_h"), a),
        ("B works", part(seconds, "e10_prd_h"), a - y),
        ("B is repaired", part(seconds, "e10_udt_h"), y + w),
        ("B starves", part(seconds, "e10_sby_h"), 1.0 - a - w),
    ];
    for (what, found, expected) in cases {
        let z = off(&found, expected);
        assert!(z.abs() < 4.5, "{what}: {z:.2} standard errors from {expected}");
    }
    // A starved machine is not down, and makes nothing.
    for machine in seconds {
        assert_eq!(measure(machine, "downtime_h"), measure(machine, "e10_udt_h"));
        assert!((measure(machine, "pieces") - 60.0 * measure(machine, "e10_prd_h")).abs() < 1e-6);
    }
}

#[test]
fn leaps_leave_groups_and_pieces_as_steps_do() {
    let machine =
        exponential(20.0, 3.0).replace("rate = \"60*running\"", "takes = { normal = [\"9 min\", \"3 min\"] }");
    let rest = "[maintenance]\npolicy = \"run-to-failure\"\ncrew = 1\n[futures]\ncount = 3\n\
                [[group]]\nname = \"most\"\nmachines = \"U-{2..5}\"\nneeds = 3\ndowntime = 40\n";
    let plan = plan_of(&machine, &scenario(5, "60 d", "10 min", rest));
    let run = |skip: bool| {
        let asking = Asking { readings: false, limits: false, skip, named: true };
        Ensemble::new(&plan, asking).run(0..3, &|| false).expect("nobody stops it")
    };
    for (leapt, stepped) in run(true).iter().zip(run(false)) {
        assert_eq!(leapt.groups, stepped.groups);
        assert!(leapt.groups[0].failures > 5.0, "something happened");
        for (leapt, stepped) in leapt.named.iter().zip(&stepped.named) {
            for name in ["pieces", "failures", "mttr_h", "first_failure_h"] {
                assert_eq!(leapt.measure(name), stepped.measure(name), "{name}");
            }
        }
    }
}
