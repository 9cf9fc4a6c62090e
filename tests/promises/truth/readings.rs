//! From the true value to the reading: calibration, resolution, range, quality, and how often a sensor is sampled.

use super::seen::see;
use twinwright_model::Quality;
use twinwright_tests::scenario;

const DRIVER: &str = "[drivers]\nx = { mean = 50, swing = 60, period = \"1 h\" }\n";

#[test]
fn a_reading_outside_its_range_reads_the_limit_and_says_uncertain() {
    let machine = format!("{DRIVER}[sensors.s]\nvalue = \"x\"\nrange = [0, 100]\nnoise = {{ sd = 2 }}\n");
    let seen = see(&machine, &scenario(1, "10 h", "1 min", ""));
    let bare = see(&machine.replace("range = [0, 100]\n", ""), &scenario(1, "10 h", "1 min", ""));
    let (mut low, mut high) = (0, 0);
    let rows = seen.measured(0, "s").into_iter().zip(seen.quality(0, "s")).zip(bare.measured(0, "s"));
    for (row, ((value, quality), open)) in rows.enumerate() {
        let expected = match open {
            open if open < 0.0 => (0.0, Quality::Uncertain),
            open if open > 100.0 => (100.0, Quality::Uncertain),
            open => (open, Quality::Good),
        };
        assert_eq!((value, quality), (expected.0, expected.1.code()), "row {row}");
        low += usize::from(open < 0.0);
        high += usize::from(open > 100.0);
    }
    assert!(low > 50 && high > 50, "{low} below and {high} above");
}

#[test]
fn a_reading_exactly_at_its_limit_is_good() {
    let machine = "[drivers]\nx = 100\n[sensors.s]\nvalue = \"x\"\nrange = [0, 100]\n";
    let seen = see(machine, &scenario(1, "1 min", "1 min", ""));
    assert_eq!((seen.measured(0, "s")[1], seen.quality(0, "s")[1]), (100.0, Quality::Good.code()));
}

#[test]
fn calibration_comes_after_noise_and_before_resolution_and_range() {
    let noise = "noise = { sd = 0.3 }\n";
    let raw = see(&format!("{DRIVER}[sensors.s]\nvalue = \"x\"\n{noise}"), &scenario(1, "10 h", "1 min", ""));
    let machine = format!(
        "{DRIVER}[sensors.s]\nvalue = \"x\"\n{noise}calibration = {{ slope = 1.5, offset = -3 }}\n\
         resolution = 0.25\nrange = [-10, 120]\n"
    );
    let seen = see(&machine, &scenario(1, "10 h", "1 min", ""));
    assert_eq!(seen.truth.values, raw.truth.values, "calibration is of the reading");
    let mut uncertain = 0;
    for (row, (value, raw)) in seen.measured(0, "s").iter().zip(raw.measured(0, "s")).enumerate() {
        let scaled = f64::from(raw) * 1.5 - 3.0;
        let whole = (scaled / 0.25).round_ties_even() * 0.25;
        let rounded = whole.clamp(-10.0, 120.0);
        let on_the_edge = ((scaled / 0.25).fract().abs() - 0.5).abs() < 1e-3;
        let off = (f64::from(*value) - rounded).abs();
        assert!(off < 1e-6 || (on_the_edge && off <= 0.25), "row {row}: {value} and not {rounded}");
        uncertain += usize::from(!(-10.0..=120.0).contains(&whole));
    }
    let said = seen.quality(0, "s").iter().filter(|code| **code == Quality::Uncertain.code()).count();
    assert!(said.abs_diff(uncertain) <= 2 && said > 20, "{said} and {uncertain}");
}

#[test]
fn a_decimal_resolution_reads_the_float_nearest_to_the_decimal() {
    let machine = format!("{DRIVER}[sensors.s]\nvalue = \"x\"\nresolution = 0.1\n");
    let seen = see(&machine, &scenario(1, "10 h", "1 min", ""));
    for (value, truth) in seen.measured(0, "s").iter().zip(seen.true_values(0, "s")) {
        let nearest: f32 = format!("{value:.1}").parse().unwrap_or(f32::NAN);
        assert_eq!(value.to_bits(), nearest.to_bits(), "{value} is no short decimal");
        assert!((f64::from(*value) - truth).abs() < 0.05 + 1e-4);
    }
}

#[test]
fn a_sensor_that_is_sampled_every_few_ticks_has_rows_without_a_value_between() {
    let machine = format!("{DRIVER}[sensors.quick]\nvalue = \"x\"\n[sensors.slow]\nvalue = \"x\"\nevery = \"5 min\"\n");
    let seen = see(&machine, &scenario(1, "1 h", "1 min", ""));
    let (truth, values, quality) = (seen.true_values(0, "slow"), seen.measured(0, "slow"), seen.quality(0, "slow"));
    assert_eq!(values.len(), 61);
    for row in 0..=60 {
        if row % 5 == 0 {
            assert_eq!((values[row], quality[row]), (truth[row] as f32, Quality::Good.code()), "row {row}");
        } else {
            assert!(values[row].is_nan() && quality[row] == Quality::Unsampled.code(), "row {row}");
        }
    }
    assert_eq!(truth, seen.true_values(0, "quick"), "the truth goes on between samples");
}

#[test]
fn a_sensor_that_is_sampled_within_the_tick_has_rows_of_its_own_times() {
    let machine = format!("{DRIVER}[sensors.tick]\nvalue = \"x\"\n[sensors.often]\nvalue = \"x\"\nevery = \"15 s\"\n");
    let seen = see(&machine, &scenario(1, "10 min", "1 min", ""));
    let seconds: Vec<i64> = seen.readings.time.iter().map(|t| t.since(seen.plan.start).0 / 1_000_000_000).collect();
    assert_eq!(seconds, (0..=40).map(|row| row * 15).collect::<Vec<_>>(), "four a tick, and the last instant");
    let (tick, often) = (seen.measured(0, "tick"), seen.measured(0, "often"));
    for row in 0..=40 {
        assert_eq!(tick[row].is_nan(), row % 4 != 0, "row {row}");
        assert!(!often[row].is_nan(), "row {row}");
        assert_eq!(seen.quality(0, "tick")[row] == Quality::Unsampled.code(), row % 4 != 0);
        // Drivers stand from tick to tick.
        assert_eq!(often[row], tick[row - row % 4], "row {row}");
    }
}
