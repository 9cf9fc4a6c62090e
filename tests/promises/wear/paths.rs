//! What is exact about wear: the fixed laws, and that ticks only choose where a path is read.

use super::with_wear;
use crate::truth::seen::{Seen, Watched, first_failures, see};
use twinwright_tests::scenario;

/// Laws with their keys, at a life of 100 h.
const LAWS: [(&str, &str); 6] = [
    ("linear", "law = \"linear\"\nlife = \"100 h\""),
    ("exponential", "law = \"exponential\"\nlife = \"100 h\"\nshape = 4"),
    ("wiener", "law = \"wiener\"\nlife = \"100 h\"\nspread = 0.3"),
    ("gamma", "law = \"gamma\"\nlife = \"100 h\"\nspread = 0.3"),
    ("weibull", "law = \"weibull\"\nlife = \"100 h\"\nshape = 1.5"),
    ("shock", "law = \"shock\"\nrate = 0.2\njump = { uniform = [0.02, 0.1] }"),
];

/// One machine for some hours at a tick of one hour.
fn hourly(machine: &str, hours: u32, rest: &str) -> Seen {
    see(machine, &scenario(1, &format!("{hours} h"), "1 h", rest))
}

#[test]
fn linear_and_exponential_wear_fail_at_the_first_tick_with_s_at_least_one() {
    // stress, and the first whole hour with stress * hours / 100 >= 1
    for (stress, hour) in [("1", 100), ("0.7", 143), ("1.5", 67), ("3", 34), ("0.25", 400), ("100", 1), ("1000", 1)] {
        for law in ["linear", "exponential"] {
            let machine = with_wear(&format!("law = \"{law}\"\nlife = \"100 h\"\nstress = {stress}"));
            let seen = hourly(&machine, 401, "");
            assert_eq!(seen.ticks_of(0, "failure"), [hour], "{law} at stress {stress}");
            let wear = seen.wear(0, "part");
            assert!(wear[hour as usize] >= 1.0 && wear[hour as usize - 1] < 1.0);
            assert!(wear[hour as usize..].iter().all(|w| *w == wear[hour as usize]), "it stands still when failed");
        }
    }
}

#[test]
fn linear_wear_is_s() {
    let machine = with_wear("law = \"linear\"\nlife = \"250 h\"\nstress = 0.3");
    for (hour, wear) in hourly(&machine, 800, "").wear(0, "part").iter().enumerate() {
        assert!((wear - 0.3 * hour as f64 / 250.0).abs() < 1e-14, "hour {hour}: {wear}");
    }
}

#[test]
fn exponential_wear_is_the_curve_of_its_shape() {
    for shape in [0.5, 3.0, 8.0] {
        let machine = with_wear(&format!("law = \"exponential\"\nlife = \"200 h\"\nshape = {shape}"));
        let wear = hourly(&machine, 199, "").wear(0, "part");
        assert!((wear[100] - 1.0 / (1.0 + (shape / 2.0f64).exp())).abs() < 1e-14, "w(life/2) at shape {shape}");
        for (hour, wear) in wear.iter().enumerate() {
            let expected = ((shape * hour as f64 / 200.0).exp() - 1.0) / (shape.exp() - 1.0);
            assert!((wear - expected).abs() < 1e-13, "hour {hour} of shape {shape}");
        }
    }
    let default = with_wear("law = \"exponential\"\nlife = \"200 h\"");
    let half = hourly(&default, 100, "").wear(0, "part")[100];
    assert!((half - 1.0 / (1.0 + 1.5f64.exp())).abs() < 1e-14, "the shape is 3 where none is given");
}

#[test]
fn wear_under_a_duty_cycle_is_the_integral_of_its_stress() {
    // (0.8/0.8)^3 for 16 h, (0.4/0.8)^3 = 1/8 for 8 h: 17 h of life a day.
    let machine = "[drivers]\nload = { duty = \"shift\" }\n[duty.shift]\n\
                   cycle = [ { for = \"16 h\", load = 0.8 }, { for = \"8 h\", load = 0.4, mode = \"idle\" } ]\n\
                   [wear.part]\nlaw = \"linear\"\nlife = \"1000 h\"\nstress = \"(load / 0.8)^3\"\n\
                   [sensors.s]\nvalue = \"part\"\n";
    let seen = hourly(machine, 1500, "");
    for (hour, wear) in seen.wear(0, "part").iter().enumerate().filter(|(hour, _)| *hour <= 1406) {
        let (days, rest) = (hour / 24, (hour % 24) as f64);
        let spent = 17.0 * days as f64 + rest.min(16.0) + (rest - 16.0).max(0.0) / 8.0;
        assert!((wear - spent / 1000.0).abs() < 1e-12, "hour {hour}: {wear} and not {}", spent / 1000.0);
    }
    // 58 days are 986 h; 14 h of the 59th make it 1,000.
    assert_eq!(seen.ticks_of(0, "failure"), [58 * 24 + 14]);
}

#[test]
fn wear_stands_still_while_failed_in_maintenance_or_offline() {
    for (mode, ages) in [
        ("running", true),
        ("idle", true),
        ("calibrating", true),
        ("offline", false),
        ("maintenance", false),
        ("failed", false),
    ] {
        for (law, keys) in LAWS {
            let rest = format!(
                "[[at]]\ntime = \"+10 h\"\nmachine = \"U-1\"\nset = {{ mode = \"{mode}\" }}\nlasts = \"10 h\"\n"
            );
            let seen = hourly(&with_wear(keys), 25, &rest);
            let wear = seen.wear(0, "part");
            let stood = wear[10..=20].iter().all(|w| *w == wear[10]);
            assert_eq!(stood, !ages, "{law} in {mode}: {:?}", &wear[9..22]);
            assert!(law == "shock" || wear[10] != wear[9], "{law} aged before {mode}");
            let straight = hourly(&with_wear(keys), 25, "").wear(0, "part");
            let hours = if ages { 0 } else { 10 };
            assert!((wear[24] - straight[24 - hours]).abs() < 1e-12, "{law} goes on where it stood after {mode}");
        }
    }
}

#[test]
fn a_wear_that_failed_in_a_leap_stands_at_the_node_that_reached_one() {
    // A tick of 20 h is 205 nodes: the path goes on beyond 1, the machine does not.
    for (law, keys) in LAWS.iter().filter(|(law, _)| *law != "exponential") {
        let mut watched = Watched::new(&with_wear(keys), &scenario(50, "1200 h", "20 h", ""));
        watched.go_to(59);
        let before = watched.rows().1.wears[0].clone();
        watched.tick();
        let now = watched.rows().1.wears[0].clone();
        let failed = first_failures(&mut watched);
        assert!(failed.len() > 45, "{law}: {} fail", failed.len());
        for (machine, tick) in failed.into_iter().filter(|(_, tick)| *tick < 60) {
            let (wear, later) = (before[machine as usize], now[machine as usize]);
            assert_eq!(wear, later, "{law} of machine {machine}, failed at {tick}, stands still");
            assert!(wear >= 1.0, "{law} of machine {machine} is failed at {wear}");
            assert!(!matches!(*law, "wiener" | "gamma") || wear < 1.6, "{law} failed at {wear}");
        }
    }
}

#[test]
fn gamma_shock_and_weibull_wear_never_fall() {
    for (law, keys) in LAWS.iter().filter(|(law, _)| *law != "wiener") {
        let mut watched = Watched::new(&with_wear(keys), &scenario(200, "300 h", "20 min", ""));
        let mut before = vec![0.0; 200];
        for tick in 0..=900 {
            watched.go_to(tick);
            let now = &watched.rows().1.wears[0];
            assert!(now.iter().zip(&before).all(|(now, before)| now >= before), "{law} fell at tick {tick}");
            before.clone_from(now);
        }
    }
}

#[test]
fn paths_are_straight_between_their_nodes() {
    // Life 1,024 h, tick 30 min: every other tick is a node.
    for law in ["wiener", "gamma"] {
        let machine = with_wear(&format!("law = \"{law}\"\nlife = \"1024 h\"\nspread = 0.2"));
        let seen = see(&machine, &scenario(1, "400 h", "30 min", ""));
        let wear = seen.wear(0, "part");
        let mut turns = 0;
        for node in (2..wear.len() - 2).step_by(2) {
            let straight = (wear[node - 2] + wear[node]) / 2.0;
            assert!((wear[node - 1] - straight).abs() < 1e-14, "{law} before node {node}");
            turns += usize::from((wear[node + 1] - 2.0 * wear[node] + wear[node - 1]).abs() > 1e-9);
        }
        assert!(turns > 100, "{law} turns at its nodes");
    }
}

/// The wear of many units at each whole hour, and the ticks of their first failures.
fn life_at(machine: &str, tick: &str, ticks_an_hour: u32) -> (Vec<Vec<f64>>, Vec<(u32, u32)>) {
    const HOURS: u32 = 300;
    let mut watched = Watched::new(machine, &scenario(100, &format!("{HOURS} h"), tick, ""));
    let mut wears = Vec::new();
    for hour in 0..=HOURS {
        watched.go_to(hour * ticks_an_hour);
        wears.push(watched.rows().1.wears[0].clone());
    }
    (wears, first_failures(&mut watched))
}

#[test]
fn many_small_steps_and_one_leap_agree() {
    // The stress changes on the hour, so that every tick length sees the same integral.
    let duty = "[drivers]\nload = { duty = \"shift\" }\n[duty.shift]\n\
                cycle = [ { for = \"7 h\", load = 1 }, { for = \"5 h\", load = 1.75 } ]\n";
    for (law, keys) in LAWS {
        let machine = format!("{duty}{}", with_wear(&format!("{keys}\nstress = \"load\"")));
        let (fine, fine_failures) = life_at(&machine, "1 min", 60);
        let (coarse, coarse_failures) = life_at(&machine, "1 h", 1);
        assert!(coarse_failures.len() > 40, "{law}: {} of 100 fail", coarse_failures.len());
        let rounded: Vec<(u32, u32)> = fine_failures.iter().map(|&(m, tick)| (m, tick.div_ceil(60))).collect();
        assert_eq!(rounded, coarse_failures, "{law} fails at the same hour");
        for (machine, failed) in &coarse_failures {
            for hour in 0..*failed as usize {
                let (a, b) = (fine[hour][*machine as usize], coarse[hour][*machine as usize]);
                assert!((a - b).abs() < 1e-12, "{law}, machine {machine}, hour {hour}: {a} and {b}");
            }
        }
    }
}

#[test]
fn the_same_luck_holds_under_another_stress() {
    // Twice the stress reads the same path twice as fast.
    for (law, keys) in LAWS {
        let slow = hourly(&with_wear(keys), 60, "").wear(0, "part");
        let fast = hourly(&with_wear(&format!("{keys}\nstress = 2")), 30, "").wear(0, "part");
        for (hour, wear) in fast.iter().enumerate().take_while(|(_, wear)| **wear < 1.0) {
            assert!((wear - slow[2 * hour]).abs() < 1e-12, "{law} at hour {hour}");
        }
    }
}

#[test]
fn stress_may_follow_the_heat_that_wear_makes_one_tick_late() {
    // Discrete by definition: s grows by the stress that the row before shows.
    let machine = "[wear.part]\nlaw = \"linear\"\nlife = \"100 h\"\nstress = \"heat / 50\"\n\
                   [sensors.heat]\nvalue = \"50 + 40*part\"\n";
    let seen = hourly(machine, 60, "");
    let (wear, heat) = (seen.wear(0, "part"), seen.true_values(0, "heat"));
    let mut expected = 0.0;
    for hour in 1..wear.len() {
        // The row before last made the heat that the stress of the row before read.
        expected += heat[hour.saturating_sub(2)] / 50.0 / 100.0;
        assert!((wear[hour] - expected).abs() < 1e-12, "hour {hour}: {} and not {expected}", wear[hour]);
        assert!((heat[hour] - (50.0 + 40.0 * wear[hour])).abs() < 1e-12);
    }
}

#[test]
fn a_stress_that_is_no_finite_number_or_negative_counts_as_none() {
    // 1/x is infinite while x is 0, ln(x) negative infinity, ln(0 - 1) no number at all.
    for stress in ["1 / x", "ln(x)", "ln(x - 1)", "x - 3"] {
        for (law, keys) in LAWS {
            let machine = format!("[drivers]\nx = 0\n{}", with_wear(&format!("{keys}\nstress = \"{stress}\"")));
            let rest = "[[at]]\ntime = \"+10 h\"\nmachine = \"U-1\"\nset = { x = 5 }\n";
            let wear = hourly(&machine, 30, rest).wear(0, "part");
            assert!(wear[..=10].iter().all(|w| *w == 0.0), "{law} ages by {stress}: {:?}", &wear[..=10]);
            assert!(wear[30] != 0.0, "{law} ages once {stress} is a number");
        }
    }
}
