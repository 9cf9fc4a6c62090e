//! Limits: alerts are raised and cleared at the exact rows that deadband and delays say.

use super::seen::{Seen, see};
use std::fmt::Write;
use twinwright_model::{AlertState, AlertState::Cleared, AlertState::Raised, Severity};
use twinwright_tests::scenario;

/// A machine that reads what the script sets: `(minute, value)`.
fn scripted(limits: &str, values: &[(u32, f64)], more: &str) -> Seen {
    let machine = format!("[drivers]\nx = 0\n[sensors.s]\nvalue = \"x\"\nlimits = {{ {limits} }}\n");
    let mut rest = String::new();
    for (minute, value) in values {
        let _ = write!(rest, "[[at]]\ntime = \"+{minute} min\"\nmachine = \"U-1\"\nset = {{ x = {value} }}\n");
    }
    see(&machine, &scenario(1, "100 min", "1 min", &format!("{rest}{more}")))
}

fn high(limits: &str, values: &[(u32, f64)]) -> Vec<(i64, AlertState)> {
    scripted(limits, values, "").alarms(0, "s.high")
}

#[test]
fn a_limit_without_delays_raises_and_clears_in_the_row_it_is_passed() {
    assert_eq!(high("high = 10", &[(20, 10.5), (30, 9.0)]), [(20, Raised), (30, Cleared)]);
    assert_eq!(high("high = 10", &[(20, 10.0)]), [], "at the limit is not beyond it");
}

#[test]
fn a_deadband_holds_an_alert_until_the_reading_is_well_back() {
    let values = [(20, 11.0), (30, 9.5), (40, 9.01), (50, 9.0), (60, 9.9)];
    assert_eq!(high("high = 10, deadband = 1", &values), [(20, Raised), (50, Cleared)]);
}

#[test]
fn an_on_delay_must_be_lasted_without_a_break() {
    let short = [(20, 11.0), (24, 9.0), (30, 11.0), (34, 9.0)];
    assert_eq!(high("high = 10, on_delay = \"5 min\"", &short), []);
    let long = [(20, 11.0), (24, 9.0), (25, 12.0), (40, 9.0)];
    assert_eq!(high("high = 10, on_delay = \"5 min\"", &long), [(30, Raised), (40, Cleared)]);
    assert_eq!(high("high = 10, on_delay = \"270 s\"", &long)[0], (30, Raised), "the first row after the delay");
}

#[test]
fn an_off_delay_must_be_lasted_without_a_break() {
    let values = [(20, 11.0), (30, 9.0), (33, 11.0), (40, 9.0)];
    assert_eq!(high("high = 10, off_delay = \"5 min\"", &values), [(20, Raised), (45, Cleared)]);
    // Between the deadband and the limit is not back.
    let values = [(20, 11.0), (30, 8.0), (33, 9.5), (40, 8.0)];
    assert_eq!(high("high = 10, deadband = 1, off_delay = \"5 min\"", &values), [(20, Raised), (45, Cleared)]);
}

#[test]
fn each_limit_has_its_own_alert_and_severity() {
    let limits = "low_low = -20, low = -10, high = 10, high_high = 20";
    let seen = scripted(limits, &[(10, 15.0), (20, 25.0), (30, 15.0), (40, 0.0), (50, -25.0), (60, 0.0)], "");
    assert_eq!(seen.alarms(0, "s.high"), [(10, Raised), (40, Cleared)]);
    assert_eq!(seen.alarms(0, "s.high_high"), [(20, Raised), (30, Cleared)]);
    assert_eq!(seen.alarms(0, "s.low"), [(50, Raised), (60, Cleared)]);
    assert_eq!(seen.alarms(0, "s.low_low"), [(50, Raised), (60, Cleared)]);
    for alert in &seen.alerts {
        let outer = alert.rule.ends_with("_low") || alert.rule.ends_with("_high");
        assert_eq!(alert.severity, if outer { Severity::High } else { Severity::Medium }, "{}", alert.rule);
    }
    let raised = seen.alerts.iter().find(|alert| alert.rule == "s.high_high").map(|a| (a.value, a.limit));
    assert_eq!(raised, Some((25.0, 20.0)));
    assert_eq!(seen.ticks_of(0, "alert").len(), seen.alerts.len(), "each is an event too");
}

#[test]
fn alerts_are_judged_at_the_samples_within_a_tick() {
    // A spike of ten seconds at a tick of a minute: the sensor looks every 5 s, and its alert carries that time.
    let machine =
        "[drivers]\nx = 0\n[sensors.s]\nvalue = \"x\"\nevery = \"5 s\"\nlag = \"30 s\"\nlimits = { high = 5 }\n";
    let rest = "[[at]]\ntime = \"+10 min\"\nmachine = \"U-1\"\nset = { x = 10 }\n";
    let seen = see(machine, &scenario(1, "20 min", "1 min", rest));
    // 10 (1 - e^(-t/30)) passes 5 at 20.8 s: seen at 25 s.
    let raised: Vec<f64> = seen.alerts.iter().map(|alert| alert.time.since(seen.plan.start).seconds()).collect();
    assert_eq!(raised, [625.0]);
}

#[test]
fn alerts_in_maintenance_are_recorded_as_suppressed_and_not_counted() {
    let mode = "[[at]]\ntime = \"+15 min\"\nmachine = \"U-1\"\nset = { mode = \"maintenance\" }\nlasts = \"20 min\"\n";
    let mut seen = scripted("high = 10", &[(20, 11.0), (30, 9.0), (50, 11.0), (60, 9.0)], mode);
    let said: Vec<_> = seen.alerts.iter().map(|a| (seen.tick_at(a.time), a.state, a.suppressed)).collect();
    assert_eq!(said, [(20, Raised, true), (30, Cleared, true), (50, Raised, false), (60, Cleared, false)]);
    assert_eq!(seen.twin.tallies()[0].2.alerts, 1.0);
}

#[test]
fn a_dropout_neither_raises_nor_clears() {
    let drop = "[[fault.dropout]]\nmachine = \"U-1\"\nsensor = \"s\"\nstart = \"+25 min\"\nlasts = \"20 min\"\n";
    let seen = scripted("high = 10", &[(20, 11.0), (30, 9.0)], drop);
    assert_eq!(seen.alarms(0, "s.high"), [(20, Raised), (45, Cleared)]);
    let seen = scripted("high = 10", &[(30, 11.0)], drop);
    assert_eq!(seen.alarms(0, "s.high"), [(45, Raised)]);
}

#[test]
fn a_faulty_reading_raises_like_a_true_one() {
    let spike =
        "[[fault.offset]]\nmachine = \"U-1\"\nsensor = \"s\"\nby = 12\nstart = \"+25 min\"\nlasts = \"20 min\"\n";
    assert_eq!(scripted("high = 10", &[], spike).alarms(0, "s.high"), [(25, Raised), (45, Cleared)]);
}
