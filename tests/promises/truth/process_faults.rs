//! Faults of the process: they act on what a machine is, from their start to their end.

use super::seen::{Seen, see};
use twinwright_model::Mode;
use twinwright_tests::scenario;

fn minutes(machine: &str, minutes: u32, rest: &str) -> Seen {
    see(machine, &scenario(1, &format!("{minutes} min"), "1 min", rest))
}

const MACHINE: &str = "[drivers]\nload = { mean = 0.6, swing = 0.2, period = \"1 h\" }\nheat = { expr = \"load^2\" }\n\
                       [wear.part]\nlaw = \"linear\"\nlife = \"100 h\"\nstress = \"load\"\n\
                       [sensors.a]\nvalue = \"100*load\"\n[sensors.b]\nvalue = \"heat\"\n\
                       [sensors.c]\nvalue = \"10*load\"\nlag = \"5 min\"\n";

#[test]
fn a_shift_moves_a_driver_and_all_that_follows_it() {
    let rest =
        "[[fault.shift]]\nmachine = \"U-1\"\ndriver = \"load\"\nby = 0.15\nstart = \"+20 min\"\nlasts = \"10 min\"\n";
    let (without, with) = (minutes(MACHINE, 60, ""), minutes(MACHINE, 60, rest));
    for row in 0..=60 {
        let load = without.true_values(0, "a")[row] / 100.0;
        let shifted = load + if (20..30).contains(&row) { 0.15 } else { 0.0 };
        assert!((with.true_values(0, "a")[row] - 100.0 * shifted).abs() < 1e-12, "row {row}");
        assert!((with.true_values(0, "b")[row] - shifted * shifted).abs() < 1e-12, "row {row}");
        let later = (21..).contains(&row);
        assert_eq!(with.true_values(0, "c")[row] != without.true_values(0, "c")[row], later, "the lag at row {row}");
    }
    // Ten minutes more of 0.15 against a life of 100 h.
    let more = with.wear(0, "part")[60] - without.wear(0, "part")[60];
    assert!((more - 0.15 * 10.0 / 60.0 / 100.0).abs() < 1e-15, "{more}");
    let label = &with.labels[0];
    assert_eq!((label.kind, label.layer, label.sensor.as_str()), ("shift", "process", ""));
    assert_eq!((with.tick_at(label.start), label.end.map(|end| with.tick_at(end))), (20, Some(30)));
    assert_eq!(label.parameters["driver"], "load");
}

#[test]
fn a_shift_ramps() {
    let rest = "[[fault.shift]]\nmachine = \"U-1\"\ndriver = \"load\"\nby = 1\nstart = \"+20 min\"\nramp = \"10 min\"\n\
                hold = \"5 min\"\ndecay = \"5 min\"\n";
    let (without, with) = (minutes(MACHINE, 60, ""), minutes(MACHINE, 60, rest));
    for row in 0..=60usize {
        let by = (with.true_values(0, "a")[row] - without.true_values(0, "a")[row]) / 100.0;
        let since = row as f64 - 20.0;
        let expected = (since / 10.0).min(1.0).min((20.0 - since) / 5.0).clamp(0.0, 1.0);
        assert!((by - expected).abs() < 1e-12, "row {row}: {by} and not {expected}");
    }
}

#[test]
fn a_wear_fault_is_a_step_at_its_start() {
    let rest = "[[fault.wear]]\nmachine = \"U-1\"\nwear = \"part\"\nby = 0.25\nstart = \"+20 min\"\n";
    let (without, with) = (minutes(MACHINE, 60, ""), minutes(MACHINE, 60, rest));
    for row in 0..=60 {
        let step = with.wear(0, "part")[row] - without.wear(0, "part")[row];
        let expected = if row >= 20 { 0.25 } else { 0.0 };
        assert!((step - expected).abs() < 1e-15, "row {row}: {step}");
    }
    assert_eq!(with.ticks_of(0, "fault_start"), [20]);
}

#[test]
fn a_wear_fault_that_reaches_one_fails_the_machine_in_that_row() {
    let rest = "[[fault.wear]]\nmachine = \"U-1\"\nwear = \"part\"\nby = 1\nstart = \"+20 min\"\n";
    let seen = minutes(MACHINE, 60, rest);
    assert_eq!(seen.ticks_of(0, "failure"), [20]);
    assert_eq!((seen.modes(0)[19], seen.modes(0)[20]), (Mode::Running, Mode::Failed));
}

#[test]
fn a_trip_fails_the_machine_from_its_start_to_its_end() {
    let rest = "[[fault.trip]]\nmachine = \"U-1\"\nstart = \"+20 min\"\nlasts = \"7 min\"\n";
    let mut seen = minutes(MACHINE, 60, rest);
    for (row, mode) in seen.modes(0).iter().enumerate() {
        assert_eq!(*mode == Mode::Failed, (20..27).contains(&row), "row {row}: {mode}");
    }
    let tally = seen.twin.tallies()[0].2.clone();
    assert_eq!(tally.failures, 1.0);
    assert!((tally.measure("e10_udt_h").unwrap_or(0.0) - 7.0 / 60.0).abs() < 1e-12);
    let wear = seen.wear(0, "part");
    assert!(wear[20..=27].iter().all(|w| *w == wear[20]), "wear stands still while it is tripped");
}

#[test]
fn a_leak_adds_to_the_true_value_and_a_lag_follows_it() {
    let leak = |sensor: &str| {
        format!(
            "[[fault.leak]]\nmachine = \"U-1\"\nsensor = \"{sensor}\"\nby = -4\nstart = \"+20 min\"\nlasts = \"10 min\"\n"
        )
    };
    let (without, plain, lagged) =
        (minutes(MACHINE, 60, ""), minutes(MACHINE, 60, &leak("a")), minutes(MACHINE, 60, &leak("c")));
    for row in 0..=60 {
        let by = plain.true_values(0, "a")[row] - without.true_values(0, "a")[row];
        assert!((by - if (20..30).contains(&row) { -4.0 } else { 0.0 }).abs() < 1e-12, "row {row}: {by}");
        // Five minutes of lag: -4 (1 - e^(-t/5)) while it leaks, and from -4 (1 - e^-2) back.
        let by = lagged.true_values(0, "c")[row] - without.true_values(0, "c")[row];
        let expected = match row {
            0..=20 => 0.0,
            21..=30 => -4.0 * -(-((row - 20) as f64) / 5.0).exp_m1(),
            _ => 4.0 * (-2.0f64).exp_m1() * (-((row - 30) as f64) / 5.0).exp(),
        };
        assert!((by - expected).abs() < 1e-12, "row {row}: {by} and not {expected}");
    }
    assert_eq!((plain.labels[0].layer, plain.labels[0].sensor.as_str()), ("process", "a"));
}

#[test]
fn comms_faults_are_labelled_and_change_no_reading() {
    let rest = "[[fault.late]]\nmachine = \"U-1\"\nby = \"5 s\"\nstart = \"+20 min\"\nlasts = \"10 min\"\n\
                [[fault.gap]]\nmachine = \"U-1\"\nrate = 0.1\nstart = \"+25 min\"\nlasts = \"10 min\"\n";
    let (without, with) = (minutes(MACHINE, 60, ""), minutes(MACHINE, 60, rest));
    assert_eq!(without.readings.values, with.readings.values);
    let labels: Vec<_> = with.labels.iter().map(|l| (l.kind, l.layer, with.tick_at(l.start))).collect();
    assert_eq!(labels, [("late", "comms", 20), ("gap", "comms", 25)]);
    assert_eq!(with.labels[0].parameters["by"], "5 s");
}
