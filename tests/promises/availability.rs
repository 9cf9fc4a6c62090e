//! Availability, time in modes, energy and money against closed forms; what maintenance does, to the tick.
//!
//! Statistics run on all machines with TWINWRIGHT_FULL=1 and on a tenth of them otherwise. A failure is seen at the
//! first tick after it and work ends at the first tick after its time, each half a tick late on average: the closed
//! forms here count that in.

mod upkeep;

use crate::truth::seen::{Watched, see, units};
use twinwright_core::measures::{NAMES, Tally};
use twinwright_tests::scenario;

/// Sums of all machines.
fn plant(watched: &mut Watched) -> Tally {
    let mut sum = Tally::default();
    for (_, _, tally) in watched.twin.tallies() {
        sum.add(&tally);
    }
    sum
}

fn measure(tally: &Tally, name: &str) -> f64 {
    tally.measure(name).unwrap_or(f64::NAN)
}

/// One alternating renewal: its file, mean and sd of time up and of time down, in hours.
struct Renewal {
    machine: &'static str,
    up: (f64, f64),
    down: (f64, f64),
}

/// Weibull of shape 2 and mean 100: sd 52.27 (scipy.stats.weibull_min). Lognormal of median 8 and gsd 1.4: mean
/// 8 exp(ln(1.4)^2 / 2), sd 2.931. Exponential (weibull of shape 1) of mean 50, and of mean 5.
const RENEWALS: [Renewal; 2] = [
    Renewal {
        machine: "[wear.part]\nlaw = \"weibull\"\nlife = \"100 h\"\nshape = 2\n\
                  repair = { takes = { lognormal = [\"8 h\", 1.4] } }\n[sensors.s]\nvalue = \"part\"\n",
        up: (100.0, 52.27232008770635),
        down: (8.465916886211067, 2.9311037992291022),
    },
    Renewal {
        machine: "[wear.part]\nlaw = \"weibull\"\nlife = \"50 h\"\nshape = 1\n\
                  repair = { takes = { exponential = \"5 h\" } }\n[sensors.s]\nvalue = \"part\"\n",
        up: (50.0, 50.0),
        down: (5.0, 5.0),
    },
];

#[test]
fn an_alternating_renewal_is_available_mtbf_of_mtbf_and_mttr() {
    // 10 min ticks; the first 1,500 h pass before anything is counted, so that the start is forgotten.
    let (tick, warm, total) = (1.0 / 6.0, 1_500.0, 9_500.0);
    for renewal in &RENEWALS {
        let machines = units(2_000);
        let mut watched = Watched::new(renewal.machine, &scenario(machines, &format!("{total} h"), "10 min", ""));
        watched.twin.mute();
        watched.go_to((warm / tick) as u32);
        let before = plant(&mut watched);
        watched.go_to((total / tick) as u32);
        let mut after = plant(&mut watched);
        let mut early = before.clone();
        early.scale(-1.0);
        after.add(&early);
        let up = renewal.up.0 + tick / 2.0;
        let down = renewal.down.0 + tick / 2.0;
        let expected = up / (up + down);
        // Renewal reward: the variance of time up in a time T is (sd_up^2 down^2 + sd_down^2 up^2) T / (up + down)^3.
        let spread = (renewal.up.1 * down).powi(2) + (renewal.down.1 * up).powi(2);
        let hours = f64::from(machines) * (total - warm);
        let error = (spread / (up + down).powi(3) / hours).sqrt();
        let found = measure(&after, "availability");
        let off = (found - expected) / error;
        assert!(off.abs() < 3.0, "availability {found} for {expected}: {off:.2} standard errors");
        let cycles = hours / (up + down);
        // Counts of a renewal process: variance sd^2 / mean^3 times the time.
        let count_error = ((renewal.up.1.powi(2) + renewal.down.1.powi(2)) / (up + down).powi(3) * hours).sqrt();
        let off = (measure(&after, "failures") - cycles) / count_error;
        assert!(off.abs() < 4.0, "{} failures for {cycles}: {off:.2} standard errors", after.failures);
        let off = (measure(&after, "mtbf_h") - up) / (renewal.up.1 / cycles.sqrt());
        assert!(off.abs() < 4.0, "mtbf {} for {up}: {off:.2} standard errors", measure(&after, "mtbf_h"));
        let off = (measure(&after, "mttr_h") - down) / (renewal.down.1 / cycles.sqrt());
        assert!(off.abs() < 4.0, "mttr {} for {down}: {off:.2} standard errors", measure(&after, "mttr_h"));
    }
}

#[test]
fn hours_in_the_six_states_sum_to_the_total_exactly() {
    // A quarter of an hour is exact in binary: not a bit may be missing.
    let machine = "[drivers]\nload = { duty = \"d\" }\n[duty.d]\ncycle = [ { for = \"16 h\", load = 1 },\n\
                   { for = \"7 h\", load = 0, mode = \"idle\" }, { for = \"45 min\", load = 0, mode = \"calibrating\" } ]\n\
                   [wear.part]\nlaw = \"weibull\"\nlife = \"60 h\"\nshape = 1.2\n\
                   repair = { takes = { lognormal = [\"5 h\", 2] } }\n[sensors.s]\nvalue = \"part\"\n";
    let rest = "[[at]]\ntime = \"+100 h\"\nmachine = \"U-{1..20}\"\nset = { mode = \"offline\" }\nlasts = \"13 h\"\n\
                [maintenance]\npolicy = \"periodic\"\nevery = \"70 h\"\ncrew = 4\n";
    let mut watched = Watched::new(machine, &scenario(20, "1000 h", "15 min", rest));
    for tick in [0, 1, 399, 400, 401, 1234, 4000] {
        watched.go_to(tick);
        for (_, machine, tally) in watched.twin.tallies() {
            let states = NAMES.iter().filter(|name| name.starts_with("e10_"));
            let sum: f64 = states.map(|name| measure(&tally, name)).sum();
            assert_eq!(sum, f64::from(tick) * 0.25, "machine {machine} at tick {tick}");
        }
    }
    let plant = plant(&mut watched);
    for state in ["prd", "sby", "eng", "sdt", "udt", "nst"] {
        assert!(measure(&plant, &format!("e10_{state}_h")) > 0.0, "some time is spent in {state}");
    }
    // Offline lies over everything but failures and work.
    assert!(measure(&plant, "e10_nst_h") <= 20.0 * 13.0);
    let up = ["prd", "sby", "eng"].map(|state| measure(&plant, &format!("e10_{state}_h"))).iter().sum::<f64>();
    let scheduled = 20_000.0 - measure(&plant, "e10_nst_h");
    assert_eq!(measure(&plant, "availability"), up / scheduled);
    assert_eq!(measure(&plant, "uptime_h") + measure(&plant, "downtime_h"), scheduled);
}

#[test]
fn the_rows_of_truth_and_the_hours_tell_the_same() {
    let machine = RENEWALS[1].machine;
    let mut seen = see(machine, &scenario(3, "1000 h", "30 min", ""));
    for (_, machine, tally) in seen.twin.tallies() {
        let modes = seen.modes(machine);
        // The row of a tick says what holds from there on: the last one begins nothing.
        let running = modes[..2000].iter().filter(|mode| **mode == twinwright_model::Mode::Running).count();
        assert_eq!(measure(&tally, "e10_prd_h"), running as f64 * 0.5, "machine {machine}");
    }
}

#[test]
fn energy_of_a_constant_power_is_power_times_time() {
    let machine = "[sensors.s]\nvalue = 1\n[costs]\npower = 7.5\nenergy = 0.2\n";
    let mut watched = Watched::new(machine, &scenario(3, "1000 h", "1 min", ""));
    watched.go_to(60_000);
    let sum = plant(&mut watched);
    assert!((measure(&sum, "energy_kwh") - 22_500.0).abs() < 1e-6, "{}", measure(&sum, "energy_kwh"));
    assert!((measure(&sum, "cost_energy") - 4_500.0).abs() < 1e-6);
    assert!((measure(&sum, "cost") - 4_500.0).abs() < 1e-6);
}

#[test]
fn energy_follows_the_mode_and_the_load() {
    let machine = "[drivers]\nload = { duty = \"d\" }\n[duty.d]\n\
                   cycle = [ { for = \"16 h\", load = 0.75 }, { for = \"8 h\", load = 0.25, mode = \"idle\" } ]\n\
                   [sensors.s]\nvalue = \"load\"\n[costs]\npower = \"2 + 80*load*running\"\n";
    let mut watched = Watched::new(machine, &scenario(1, "10 d", "10 min", ""));
    watched.go_to(1440);
    // 16 h at 62 kW and 8 h at 2 kW a day.
    let energy = measure(&plant(&mut watched), "energy_kwh");
    assert!((energy - 10.0 * (16.0 * 62.0 + 8.0 * 2.0)).abs() < 1e-8, "{energy}");
}

#[test]
fn costs_are_counts_and_hours_times_prices() {
    let machine = "[wear.part]\nlaw = \"linear\"\nlife = \"20 h\"\n\
                   repair = { takes = \"4 h\", cost = 300, planned_cost = 50 }\n[sensors.s]\nvalue = \"part\"\n\
                   [production]\nrate = \"100 * running\"\nideal = 125\nscrap = 0.1\n\
                   [costs]\npower = \"3 * running\"\nenergy = 0.5\ndowntime = 70\nscrap = 2\n";
    let mut watched = Watched::new(machine, &scenario(2, "240 h", "1 h", ""));
    watched.go_to(240);
    for (_, _, tally) in watched.twin.tallies() {
        // Ten cycles of 20 h up and 4 h down.
        assert_eq!(tally.failures, 10.0);
        assert_eq!(measure(&tally, "e10_prd_h"), 200.0);
        assert_eq!(measure(&tally, "e10_udt_h"), 40.0);
        assert_eq!(measure(&tally, "cost_unplanned"), 3000.0);
        assert_eq!(measure(&tally, "cost_planned"), 0.0);
        assert_eq!(measure(&tally, "cost_downtime"), 2800.0);
        assert!((measure(&tally, "pieces") - 20_000.0).abs() < 1e-7);
        assert!((measure(&tally, "cost_scrap") - 4_000.0).abs() < 1e-7);
        assert!((measure(&tally, "cost_energy") - 300.0).abs() < 1e-7);
        assert!((measure(&tally, "oee") - 18_000.0 / (125.0 * 240.0)).abs() < 1e-12);
        let parts = ["downtime", "planned", "unplanned", "energy", "scrap"];
        let sum: f64 = parts.map(|part| measure(&tally, &format!("cost_{part}"))).iter().sum();
        assert_eq!(measure(&tally, "cost"), sum);
        assert_eq!((measure(&tally, "mtbf_h"), measure(&tally, "mttr_h")), (20.0, 4.0));
    }
}

#[test]
fn sums_of_a_plant_add_up_and_ratios_are_ratios_of_sums() {
    let mut watched = Watched::new(RENEWALS[0].machine, &scenario(30, "2000 h", "30 min", ""));
    watched.go_to(4000);
    let tallies = watched.twin.tallies();
    let whole = plant(&mut watched);
    for name in ["failures", "uptime_h", "downtime_h", "cost", "energy_kwh"] {
        let sum: f64 = tallies.iter().map(|(_, _, tally)| measure(tally, name)).sum();
        assert!((measure(&whole, name) - sum).abs() < 1e-9, "{name}");
    }
    let up: f64 = tallies.iter().map(|(_, _, tally)| measure(tally, "uptime_h")).sum();
    assert!((measure(&whole, "availability") - up / 60_000.0).abs() < 1e-14);
    assert!((measure(&whole, "mtbf_h") - measure(&whole, "e10_prd_h") / whole.failures).abs() < 1e-12);
}
