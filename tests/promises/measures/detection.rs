//! What alerts say of faults: delays of known steps, faults that nobody sees, alarms about nothing.

use super::{measure, plant, tallies};
use twinwright_tests::scenario;

/// A machine that reads `x` with some noise, with a limit.
fn seer(noise: &str, limits: &str) -> String {
    format!("[drivers]\nx = 0\n[sensors.s]\nvalue = \"x\"\n{noise}limits = {{ {limits} }}\n")
}

#[test]
fn a_step_behind_a_lag_is_seen_when_the_lag_lets_it_through() {
    // 10 (1 - e^(-t / 12 min)) passes 5 at 12 ln 2 = 8.3 min; rows come each minute, so the ninth sees it. On a line of
    // three faults by 10 and two by 4, which never pass, the last of them cut off by the end.
    let machine = seer("lag = \"12 min\"\n", "high = 5");
    let mut faults = String::new();
    for (hour, by) in [(10, 10), (20, 4), (30, 10), (40, 10), (45, 4)] {
        faults += &format!(
            "[[fault.shift]]\nmachine = \"U-1\"\ndriver = \"x\"\nby = {by}\nstart = \"+{hour} h\"\nlasts = \"3 h\"\n"
        );
    }
    let tally = plant(&tallies(&machine, &scenario(1, "100 h", "1 min", &faults), 46 * 60));
    assert_eq!((measure(&tally, "faults_detected"), measure(&tally, "faults_missed")), (3.0, 2.0));
    assert!((measure(&tally, "detection_delay_h") - 9.0 / 60.0).abs() < 1e-12);
    assert_eq!((measure(&tally, "alerts"), measure(&tally, "false_alarms")), (3.0, 0.0));
}

#[test]
fn a_step_to_the_limit_is_seen_after_a_geometric_number_of_samples() {
    // White noise of sd 1, a step of 6, a limit at 6: each sample is beyond it with p = 1/2, the first of them that of the
    // start. Samples before the first that is: mean (1 - p)/p = 1, variance (1 - p)/p^2 = 2. A sample beyond 6 without a
    // fault comes once in 10^9.
    let machine = seer("noise = { sd = 1 }\n", "high = 6");
    let fault =
        "[[fault.offset]]\nmachine = \"U-{1..20}\"\nsensor = \"s\"\nby = 6\nevery = \"100 min\"\nlasts = \"50 min\"\n";
    let tally = plant(&tallies(&machine, &scenario(20, "20100 min", "1 min", fault), 20_080));
    let found = measure(&tally, "faults_detected");
    assert_eq!((found, measure(&tally, "faults_missed"), measure(&tally, "false_alarms")), (4_000.0, 0.0, 0.0));
    let off = (measure(&tally, "detection_delay_h") * 60.0 - 1.0) / (2.0 / found).sqrt();
    assert!(off.abs() < 4.5, "{off:.2} standard errors");
}

#[test]
fn white_noise_passes_three_sd_as_often_as_it_must() {
    // Without delays an alert is raised by a sample beyond the limit that follows one that is not: p (1 - p) of all, with
    // p = 1 - Phi(3) = 0.0013498980316300933 (scipy.stats.norm.sf). Counts of rare events are Poisson.
    let (machine, machines, ticks) = (seer("noise = { sd = 1 }\n", "high = 3"), 50, 20_000);
    let tally = plant(&tallies(&machine, &scenario(machines, "20000 min", "1 min", ""), ticks));
    let p = 0.001_349_898_031_630_093_3;
    let expected = p * (1.0 - p) * f64::from(machines) * f64::from(ticks + 1);
    let found = measure(&tally, "false_alarms");
    assert!((found - expected).abs() < 4.5 * expected.sqrt(), "{found} for {expected}");
    assert_eq!(found, measure(&tally, "alerts"));
    let days = f64::from(ticks) / 1440.0;
    assert!((measure(&tally, "false_alarms_per_day") - found / days).abs() < 1e-9 * found);
}

#[test]
fn an_alert_about_a_true_value_is_not_false() {
    let set = "[[at]]\ntime = \"+5 h\"\nmachine = \"U-1\"\nset = { x = 7 }\n";
    let tally = plant(&tallies(&seer("", "high = 5"), &scenario(1, "100 h", "1 min", set), 600));
    assert_eq!((measure(&tally, "alerts"), measure(&tally, "false_alarms")), (1.0, 0.0));
    assert_eq!((tally.measure("detection_delay_h"), measure(&tally, "faults_detected")), (None, 0.0));
}

#[test]
fn an_alert_during_maintenance_detects_nothing() {
    let fault = "[[fault.offset]]\nmachine = \"U-1\"\nsensor = \"s\"\nby = 9\nstart = \"+10 h\"\nlasts = \"2 h\"\n\
                 [maintenance]\npolicy = \"periodic\"\nevery = \"9 h\"\n";
    let machine = "[wear.part]\nlaw = \"linear\"\nlife = \"900 h\"\nrepair = { takes = \"6 h\" }\n".to_owned();
    let tally = plant(&tallies(&(machine + &seer("", "high = 5")), &scenario(1, "100 h", "1 h", fault), 17));
    assert_eq!((measure(&tally, "alerts"), measure(&tally, "faults_missed")), (0.0, 1.0));
}
