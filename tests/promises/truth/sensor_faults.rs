//! Faults of sensors: readings differ exactly from start to end, by exactly the effect; the true values never do.

use super::seen::{Seen, see};
use twinwright_model::{Label, Quality};
use twinwright_tests::scenario;

/// Two noisy sensors on a swinging driver, at a tick of 10 s.
const MACHINE: &str = "[drivers]\nx = { mean = 50, swing = 10, period = \"20 min\" }\n\
                       [sensors.s]\nvalue = \"x\"\nnoise = { sd = 0.5, memory = \"1 min\" }\n\
                       [sensors.other]\nvalue = \"2*x\"\nlag = \"1 min\"\nnoise = { sd = 0.25 }\n";

/// Rows of the run, and those in which the fault acts: from 10 min on for 5 min.
const ROWS: usize = 181;
const START: usize = 60;
const END: usize = 90;

fn half_an_hour(rest: &str) -> Seen {
    see(MACHINE, &scenario(2, "30 min", "10 s", rest))
}

fn fault(kind: &str, keys: &str) -> String {
    format!("[[fault.{kind}]]\nmachine = \"U-1\"\n{keys}\n")
}

/// What a fault makes of a sensor's readings: its rows with and without it.
struct Compared {
    with: Seen,
    healthy: Vec<f32>,
    faulty: Vec<f32>,
}

/// Runs with and without a fault on `U-1.s` and demands that all else is the same: the other machine, the other sensor,
/// every true value, and every row outside of its time.
fn compare(kind: &str, keys: &str, rows: std::ops::Range<usize>) -> Compared {
    let without = half_an_hour("");
    let with = half_an_hour(&fault(kind, &format!("sensor = \"s\"\n{keys}")));
    assert_eq!(without.truth.values, with.truth.values, "{kind} leaves the truth alone");
    assert_eq!(without.measured(1, "s"), with.measured(1, "s"), "{kind} leaves the other machine alone");
    if kind != "swap" {
        assert_eq!(without.measured(0, "other"), with.measured(0, "other"), "{kind} leaves the other sensor alone");
    }
    let (healthy, faulty) = (without.measured(0, "s"), with.measured(0, "s"));
    assert_eq!(healthy.len(), ROWS);
    for row in (0..ROWS).filter(|row| !rows.contains(row)) {
        assert_eq!(healthy[row].to_bits(), faulty[row].to_bits(), "{kind} acts in row {row}, not in {rows:?}");
        assert_eq!(with.quality(0, "s")[row], Quality::Good.code());
    }
    must_be_labelled(&with, kind, &rows);
    Compared { with, healthy, faulty }
}

/// One label from the first row with the fault to the first without it, and the names of the fault in those rows.
fn must_be_labelled(seen: &Seen, kind: &str, rows: &std::ops::Range<usize>) {
    let open = rows.end >= ROWS;
    let labels: &[Label] = if open { &seen.open_labels } else { &seen.labels };
    let [label] = labels else { panic!("{kind}: {} labels", labels.len()) };
    assert_eq!((label.fault.as_str(), label.kind, label.layer), (kind, kind, "sensor"));
    assert_eq!((label.machine, label.sensor.as_str()), (0, "s"));
    assert_eq!(seen.tick_at(label.start), rows.start as i64);
    assert_eq!(label.end.map(|end| seen.tick_at(end)), (!open).then_some(rows.end as i64));
    assert_eq!(seen.ticks_of(0, "fault_start"), [rows.start as i64]);
    let marks: Vec<u32> =
        seen.readings.machine.iter().zip(&seen.readings.fault).filter(|(m, _)| **m == 0).map(|(_, f)| *f).collect();
    for (row, mark) in marks.iter().enumerate() {
        let name = mark.checked_sub(1).map_or("", |set| &seen.fault_sets[set as usize]);
        assert_eq!(name, if rows.contains(&row) { kind } else { "" }, "the mark of row {row}");
    }
}

const TIMES: &str = "start = \"+10 min\"\nlasts = \"5 min\"";

/// The readings in the rows of the fault must be this function of the healthy ones, within an ulp or two.
fn must_become(compared: &Compared, rows: std::ops::Range<usize>, effect: impl Fn(f64, usize) -> f64) {
    for row in rows {
        let (expected, found) = (effect(f64::from(compared.healthy[row]), row), f64::from(compared.faulty[row]));
        assert!((found - expected).abs() <= 1e-7 * expected.abs().max(1.0), "row {row}: {found} and not {expected}");
    }
}

#[test]
fn an_offset_adds_from_its_start_to_its_end() {
    let compared = compare("offset", &format!("by = 7.25\n{TIMES}"), START..END);
    must_become(&compared, START..END, |healthy, _| healthy + 7.25);
    assert_eq!(compared.with.labels[0].parameters["by"], 7.25);
}

#[test]
fn a_fault_without_an_end_lasts_to_the_last_row() {
    let compared = compare("offset", "by = -3\nstart = \"+10 min\"", START..ROWS);
    must_become(&compared, START..ROWS, |healthy, _| healthy - 3.0);
}

#[test]
fn a_spike_is_one_reading() {
    let compared = compare("spike", "by = 40\nstart = \"+10 min\"", START..START + 1);
    must_become(&compared, START..START + 1, |healthy, _| healthy + 40.0);
}

#[test]
fn a_drift_grows_by_its_rate_from_its_start() {
    let compared = compare("drift", &format!("rate = 36\n{TIMES}"), START..END);
    must_become(&compared, START..END, |healthy, row| healthy + 36.0 * (row - START) as f64 * 10.0 / 3600.0);
    assert_eq!(compared.with.labels[0].parameters["rate"], 36.0);
}

#[test]
fn a_scale_multiplies() {
    let compared = compare("scale", &format!("factor = 1.1\n{TIMES}"), START..END);
    must_become(&compared, START..END, |healthy, _| healthy * 1.1);
}

#[test]
fn a_noise_fault_multiplies_the_noise_and_nothing_else() {
    let compared = compare("noise", &format!("factor = 6\n{TIMES}"), START..END);
    for (row, truth) in compared.with.true_values(0, "s").into_iter().enumerate().take(END).skip(START) {
        // The healthy reading is a float near 50: its last bit, 4e-6, is multiplied too.
        let (healthy, faulty) = (f64::from(compared.healthy[row]), f64::from(compared.faulty[row]));
        let expected = truth + 6.0 * (healthy - truth);
        assert!((faulty - expected).abs() < 2.5e-5, "row {row}: {faulty} and not {expected}");
        assert!((faulty - truth).abs() >= (healthy - truth).abs(), "row {row}");
    }
}

#[test]
fn a_quantised_sensor_reads_multiples_of_the_step() {
    let compared = compare("quantise", &format!("step = 2.5\n{TIMES}"), START..END);
    must_become(&compared, START..END, |healthy, _| (healthy / 2.5).round_ties_even() * 2.5);
}

#[test]
fn a_stuck_sensor_keeps_the_last_reading_before_its_start() {
    let compared = compare("stuck", TIMES, START..END);
    for row in START..END {
        assert_eq!(compared.faulty[row], compared.healthy[START - 1], "row {row}");
    }
}

#[test]
fn a_dropout_leaves_no_reading_and_a_nan_reads_nan() {
    for (kind, quality) in [("dropout", Quality::Missing), ("nan", Quality::Bad)] {
        let compared = compare(kind, TIMES, START..END);
        let codes = compared.with.quality(0, "s");
        for (row, code) in codes.iter().enumerate().take(END).skip(START) {
            assert!(compared.faulty[row].is_nan() && *code == quality.code(), "{kind} in row {row}");
        }
    }
}

#[test]
fn swapped_sensors_read_each_other() {
    let compared = compare("swap", &format!("with = \"other\"\n{TIMES}"), START..END);
    let without = half_an_hour("");
    let (other, swapped) = (without.measured(0, "other"), compared.with.measured(0, "other"));
    for row in 0..ROWS {
        let (s, o) = if (START..END).contains(&row) {
            (other[row], compared.healthy[row])
        } else {
            (compared.healthy[row], other[row])
        };
        assert_eq!((compared.faulty[row], swapped[row]), (s, o), "row {row}");
    }
}

#[test]
fn swapped_sensors_of_unlike_sampling_read_what_the_other_last_read() {
    // `slow` is sampled every third tick: between its samples the quick one still reads the slow one's last.
    let machine = "[drivers]\nx = { mean = 50, swing = 10, period = \"20 min\" }\n[sensors.quick]\nvalue = \"x\"\n\
                   [sensors.slow]\nvalue = \"-x\"\nevery = \"30 s\"\n";
    let rest = fault("swap", &format!("sensor = \"quick\"\nwith = \"slow\"\n{TIMES}"));
    let seen = see(machine, &scenario(1, "30 min", "10 s", &rest));
    let (quick, slow) = (seen.measured(0, "quick"), seen.measured(0, "slow"));
    let (x, y) = (seen.true_values(0, "quick"), seen.true_values(0, "slow"));
    for row in START..END {
        let last = row - row % 3;
        assert!((f64::from(quick[row]) - y[last]).abs() < 1e-4, "row {row}: {} for {}", quick[row], y[last]);
        if row == last {
            assert!((f64::from(slow[row]) - x[row]).abs() < 1e-4, "row {row}: {} for {}", slow[row], x[row]);
        }
    }
}

#[test]
fn a_fault_ramps_up_holds_and_decays() {
    // Up in 2 min, full for 3 min, down in 4 min: 12, 18 and 24 rows.
    let keys = "by = 9\nstart = \"+10 min\"\nramp = \"2 min\"\nhold = \"3 min\"\ndecay = \"4 min\"";
    let compared = compare("offset", keys, START..START + 54);
    must_become(&compared, START..START + 54, |healthy, row| {
        let since = (row - START) as f64;
        healthy + 9.0 * (since / 12.0).min(1.0).min((54.0 - since) / 24.0)
    });
}

#[test]
fn the_length_of_a_fault_holds_its_ramp_and_its_decay() {
    let keys = format!("factor = 2\nramp = \"1 min\"\ndecay = \"1 min\"\n{TIMES}");
    let compared = compare("scale", &keys, START..END);
    must_become(&compared, START..END, |healthy, row| {
        let since = (row - START) as f64;
        healthy * (1.0 + (since / 6.0).min(1.0).min((30.0 - since) / 6.0))
    });
}

#[test]
fn a_fault_between_two_ticks_starts_and_ends_at_the_ticks_after() {
    // 605 s is row 61; 42 s from there are 5 rows.
    compare("offset", "by = 1\nstart = \"+605 s\"\nlasts = \"42 s\"", 61..66);
}

#[test]
fn faults_add_up_and_are_named_together() {
    let rest = fault("offset", &format!("sensor = \"s\"\nby = 5\n{TIMES}"))
        + &fault("scale", "sensor = \"s\"\nfactor = 2\nstart = \"+12 min\"\nlasts = \"1 min\"");
    let (without, with) = (half_an_hour(""), half_an_hour(&rest));
    let (healthy, faulty) = (without.measured(0, "s"), with.measured(0, "s"));
    for row in START..END {
        let both = (72..78).contains(&row);
        let shifted = f64::from(healthy[row]) + 5.0;
        let expected = if both { 2.0 * shifted } else { shifted };
        assert!((f64::from(faulty[row]) - expected).abs() < 2e-5, "row {row}: {} for {expected}", faulty[row]);
    }
    assert!(with.fault_sets.contains(&"offset+scale".to_owned()), "{:?}", with.fault_sets);
    assert_eq!(with.labels.len(), 2);
}

#[test]
fn a_fault_that_comes_again_and_again_keeps_to_its_times() {
    // Every 95 s for 20 s: at 95, 190, 285 ... , each at the first tick after.
    let rest = fault("offset", "sensor = \"s\"\nby = 1\nevery = \"95 s\"\nlasts = \"20 s\"");
    let seen = half_an_hour(&rest);
    let expected: Vec<i64> = (1..).map(|k: i64| (95 * k + 9) / 10).take_while(|tick| *tick <= 180).collect();
    assert_eq!(seen.ticks_of(0, "fault_start"), expected);
    let lengths: Vec<i64> =
        seen.labels.iter().filter_map(|l| Some(seen.tick_at(l.end?) - seen.tick_at(l.start))).collect();
    assert!(lengths.iter().all(|ticks| *ticks == 2), "{lengths:?}");
}

#[test]
fn faults_at_random_come_as_often_as_they_say() {
    // An exponential every 200 s: 40,000 s on 50 machines make 10,000 starts, within 4 sqrt 10,000.
    let rest = "[[fault.spike]]\nmachine = \"U-{1..50}\"\nsensor = \"s\"\nby = { normal = [0, 3] }\n\
                every = { exponential = \"200 s\" }\n";
    let seen = see(MACHINE, &scenario(50, "40000 s", "1 s", rest));
    let starts = seen.events.iter().filter(|event| event.event == "fault_start").count() as f64;
    assert!((starts - 10_000.0).abs() < 400.0, "{starts} starts");
    let sizes: Vec<f64> = seen.labels.iter().filter_map(|label| label.parameters["by"].as_f64()).collect();
    crate::noise::statistics::moments(sizes.into_iter()).must_be(0.0, 3.0, 3.0, "sizes");
}

#[test]
fn sensors_that_are_sampled_within_the_tick_swap_sample_by_sample() {
    // Alike at 250 ms, and one at 250 ms with one at a tick: nobody else's alerts change.
    let machine = "[drivers]\nx = { mean = 50, swing = 10, period = \"20 s\" }\n\
                   [sensors.a]\nvalue = \"x\"\nlag = \"2 s\"\nevery = \"250 ms\"\nlimits = { high = 55 }\n\
                   [sensors.b]\nvalue = \"-x\"\nlag = \"2 s\"\nevery = \"250 ms\"\n[sensors.c]\nvalue = \"1000 + x\"\n";
    let swap =
        |with: &str| fault("swap", &format!("sensor = \"a\"\nwith = \"{with}\"\nstart = \"+20 s\"\nlasts = \"20 s\""));
    let run = |rest: &str| see(machine, &scenario(2, "60 s", "1 s", rest));
    let (plain, alike, unlike) = (run(""), run(&swap("b")), run(&swap("c")));
    let bits =
        |seen: &Seen, sensor: &str| -> Vec<u32> { seen.measured(0, sensor).iter().map(|v| v.to_bits()).collect() };
    let (a, b, c) = (bits(&plain, "a"), bits(&plain, "b"), bits(&plain, "c"));
    for row in 0..a.len() {
        let swapped = (80..160).contains(&row);
        let pair = if swapped { (b[row], a[row]) } else { (a[row], b[row]) };
        assert_eq!((bits(&alike, "a")[row], bits(&alike, "b")[row]), pair, "row {row}");
        let tick = row - row % 4;
        assert_eq!(bits(&unlike, "a")[row], if swapped { c[tick] } else { a[row] }, "row {row}");
        if row == tick {
            assert_eq!(bits(&unlike, "c")[row], if swapped { a[row] } else { c[row] }, "row {row}");
        }
    }
    let of_other = |seen: &Seen| seen.alerts.iter().filter(|alert| alert.machine == 1).cloned().collect::<Vec<_>>();
    assert!(of_other(&plain).len() > 2);
    assert_eq!(of_other(&plain), of_other(&alike));
    let first = unlike.alerts.iter().find(|alert| alert.machine == 0 && alert.value > 900.0);
    assert_eq!(first.map(|alert| alert.time.since(unlike.plan.start).seconds()), Some(20.0));
}

#[test]
fn a_sensor_that_sticks_in_a_dropout_holds_the_first_value_after_it() {
    let rest = fault("dropout", &format!("sensor = \"s\"\n{TIMES}"))
        + &fault("stuck", "sensor = \"s\"\nstart = \"+12 min\"\nlasts = \"5 min\"");
    let (without, with) = (half_an_hour(""), half_an_hour(&rest));
    let (healthy, faulty, codes) = (without.measured(0, "s"), with.measured(0, "s"), with.quality(0, "s"));
    for row in 0..ROWS {
        match row {
            60..90 => assert_eq!(codes[row], Quality::Missing.code(), "row {row}"),
            90..102 => assert_eq!((faulty[row], codes[row]), (healthy[90], Quality::Good.code()), "row {row}"),
            _ => assert_eq!(faulty[row], healthy[row], "row {row}"),
        }
    }
}

#[test]
fn a_twin_restored_in_the_middle_of_a_swap_goes_on_crossed() {
    let machine = MACHINE.replace("[sensors.other]\n", "[sensors.other]\nevery = \"30 s\"\n");
    let rest = fault("swap", &format!("sensor = \"s\"\nwith = \"other\"\n{TIMES}"));
    let text = scenario(1, "30 min", "10 s", &rest);
    let mut straight = super::seen::Watched::new(&machine, &text);
    straight.go_to(71);
    let snapshot = straight.twin.snapshot();
    let mut restored = super::seen::Watched::new(&machine, &text);
    restored.twin = twinwright_core::Twin::restore(&restored.plan, &snapshot).expect("a snapshot of this plan");
    for tick in 72..=ROWS as u32 - 1 {
        straight.go_to(tick);
        restored.go_to(tick);
        let bits =
            |rows: &twinwright_model::ReadingRows| -> Vec<u32> { rows.values.iter().map(|v| v[0].to_bits()).collect() };
        assert_eq!(bits(straight.rows().0), bits(restored.rows().0), "tick {tick}");
    }
}
