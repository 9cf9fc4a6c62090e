//! Lags: a step through a first-order lag against 1 - e^(-t/tau), for sensors and for drivers.
//!
//! Lags start settled, and in the row of an event a lagged value is still the old one: after an event at row k0 the
//! value at row k is 1 - e^(-(k - k0) dt/tau) of the step. The runs are 10^7 ticks long with TWINWRIGHT_FULL=1 and
//! 10^6 otherwise.

use crate::truth::seen::{Watched, see, units};
use std::fmt::Write;
use twinwright_model::Mode;
use twinwright_tests::scenario;

/// dt/tau of the lanes: from a ten-millionth to ten.
const RATIOS: [f64; 9] = [1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0];

/// The row of the step, in a tick of one second.
const STEP_AT: u32 = 7;

/// Follows a step from `old` by `size` through every ratio and demands 1e-9 of the step in the truth.
fn must_answer_like_an_exponential(machine: &str, old: f64, size: f64) {
    let ticks = units(10_000_000);
    let rest = format!("[[at]]\ntime = \"+{STEP_AT} s\"\nmachine = \"U-1\"\nset = {{ x = {} }}\n", old + size);
    let mut watched = Watched::new(machine, &scenario(1, &format!("{ticks} s"), "1 s", &rest));
    for tick in 0..=ticks {
        watched.tick();
        let is_judged = tick < 200 || tick % 9_973 == 0 || tick == ticks;
        if !is_judged {
            continue;
        }
        let (readings, truth) = watched.rows();
        for (lane, ratio) in RATIOS.into_iter().enumerate() {
            let answer = -(-(f64::from(tick.saturating_sub(STEP_AT)) * ratio)).exp_m1();
            let error = (truth.values[lane][0] - (old + size * answer)).abs() / size.abs();
            assert!(error < 1e-9, "dt/tau {ratio} is off by {error:e} of the step at tick {tick}");
            let measured = f64::from(readings.values[lane][0]);
            assert!((measured - truth.values[lane][0]).abs() <= 1e-7 * (old.abs() + size.abs()), "tick {tick}");
        }
    }
}

#[test]
fn a_step_through_a_sensor_lag_is_exact_at_any_ratio_of_tick_to_lag() {
    let mut machine = "[drivers]\nx = 3\n".to_owned();
    for (lane, ratio) in RATIOS.into_iter().enumerate() {
        let _ = write!(machine, "[sensors.s{lane}]\nvalue = \"x\"\nlag = \"{:e} s\"\n", 1.0 / ratio);
    }
    must_answer_like_an_exponential(&machine, 3.0, 5.0);
}

#[test]
fn a_step_through_a_driver_lag_is_exact_at_any_ratio_of_tick_to_lag() {
    let mut machine = "[drivers]\nx = -2\n".to_owned();
    for (lane, ratio) in RATIOS.into_iter().enumerate() {
        let _ = writeln!(machine, "y{lane} = {{ expr = \"x\", lag = \"{:e} s\" }}", 1.0 / ratio);
    }
    for lane in 0..RATIOS.len() {
        let _ = write!(machine, "[sensors.s{lane}]\nvalue = \"y{lane}\"\n");
    }
    must_answer_like_an_exponential(&machine, -2.0, -40.0);
}

#[test]
fn a_lag_starts_settled_and_is_still_the_old_value_in_the_row_of_an_event() {
    let machine = "[drivers]\nx = 10\n[sensors.slow]\nvalue = \"x\"\nlag = \"1 min\"\n[sensors.quick]\nvalue = \"x\"\n";
    let rest = "[[at]]\ntime = \"+3 min\"\nmachine = \"U-1\"\nset = { x = 20 }\n";
    let seen = see(machine, &scenario(1, "5 min", "1 min", rest));
    let (slow, quick) = (seen.true_values(0, "slow"), seen.true_values(0, "quick"));
    assert_eq!(quick, [10.0, 10.0, 10.0, 20.0, 20.0, 20.0]);
    assert_eq!(&slow[..4], [10.0; 4], "settled at the start, and still old in row 3");
    for (row, ticks) in [(4, 1.0f64), (5, 2.0)] {
        assert!((slow[row] - (20.0 - 10.0 * (-ticks).exp())).abs() < 1e-12, "row {row}: {}", slow[row]);
    }
}

#[test]
fn a_lag_after_a_lag_answers_like_two_tanks_in_a_row() {
    // The driver's lag feeds the sensor's: x1 is what the sensor's target is at each row, held for a tick.
    let machine = "[drivers]\nx = 0\ny = { expr = \"x\", lag = \"10 s\" }\n\
                   [sensors.first]\nvalue = \"y\"\n[sensors.second]\nvalue = \"y\"\nlag = \"20 s\"\n";
    let rest = "[[at]]\ntime = \"+1 s\"\nmachine = \"U-1\"\nset = { x = 1 }\n";
    let seen = see(machine, &scenario(1, "300 s", "1 s", rest));
    let (first, second) = (seen.true_values(0, "first"), seen.true_values(0, "second"));
    let gone = -(-1.0f64 / 20.0).exp_m1();
    let mut expected = 0.0;
    for row in 1..first.len() {
        expected += (first[row - 1] - expected) * gone;
        assert!((second[row] - expected).abs() < 1e-12, "row {row}");
    }
    assert!(second[300] > 0.999 && second[300] < first[300]);
}

#[test]
fn a_sensor_that_is_sampled_within_the_tick_lags_by_its_own_step() {
    // Ten samples a tick: the lag goes on between ticks, and a tick still takes e^(-dt/tau) of the way.
    let machine = "[drivers]\nx = 0\n[sensors.s]\nvalue = \"x\"\nlag = \"5 s\"\nevery = \"100 ms\"\n";
    let rest = "[[at]]\ntime = \"+2 s\"\nmachine = \"U-1\"\nset = { x = 1 }\n";
    let seen = see(machine, &scenario(1, "10 s", "1 s", rest));
    let values = seen.measured(0, "s");
    assert_eq!(values.len(), 101, "ten rows a tick, and one at the end");
    for (row, value) in values.iter().enumerate() {
        let answer = -(-(row.saturating_sub(20) as f64) * 0.02).exp_m1();
        assert!((f64::from(*value) - answer).abs() < 1e-6, "row {row}: {value} and not {answer}");
    }
}

#[test]
fn a_sensor_lag_follows_a_machine_that_stops() {
    let machine = "[drivers]\nload = 1\n[sensors.heat]\nvalue = \"20 + 60*load*running\"\nlag = \"10 min\"\n";
    let rest = "[[at]]\ntime = \"+5 min\"\nmachine = \"U-1\"\nset = { mode = \"idle\" }\nlasts = \"20 min\"\n";
    let seen = see(machine, &scenario(1, "40 min", "1 min", rest));
    let (heat, modes) = (seen.true_values(0, "heat"), seen.modes(0));
    assert_eq!(modes.iter().filter(|mode| **mode == Mode::Idle).count(), 20, "rows 5 to 24");
    let cold = 20.0 + 60.0 * (-2.0f64).exp();
    for (row, value) in heat.iter().enumerate() {
        let expected = match row {
            0..=5 => 80.0,
            6..=25 => 20.0 + 60.0 * (-((row - 5) as f64) / 10.0).exp(),
            _ => 80.0 - (80.0 - cold) * (-((row - 25) as f64) / 10.0).exp(),
        };
        assert!((value - expected).abs() < 1e-9, "row {row}: {value} and not {expected}");
    }
}
