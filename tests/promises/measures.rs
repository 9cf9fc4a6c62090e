//! Measures against closed forms: ratios and their factors, failures and repairs that are cut off by the end, pieces,
//! groups, and what alerts say of faults.

mod detection;
mod groups;
mod pieces;

use crate::truth::seen::Watched;
use twinwright_core::measures::{GROUP_NAMES, MEASURES, NAMES, Tally, better, known, unit};
use twinwright_core::plan::study::Better;
use twinwright_tests::scenario;

/// Runs a scenario to a tick and gives the sums of each machine of each future, future by future.
fn tallies(machine: &str, scenario: &str, tick: u32) -> Vec<Tally> {
    let mut watched = Watched::new(machine, scenario);
    watched.twin.mute();
    watched.go_to(tick);
    watched.twin.tallies().into_iter().map(|(_, _, tally)| tally).collect()
}

fn plant(tallies: &[Tally]) -> Tally {
    let mut sum = Tally::default();
    tallies.iter().for_each(|tally| sum.add(tally));
    sum
}

fn measure(tally: &Tally, name: &str) -> f64 {
    tally.measure(name).unwrap_or(f64::NAN)
}

/// How many standard errors the mean of some values is off.
fn off(values: &[f64], expected: f64) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean - expected) / (variance / n).sqrt()
}

/// Runs 20 h, fails, is repaired in 4 h.
const TWENTY_HOURS: &str = "[wear.part]\nlaw = \"linear\"\nlife = \"20 h\"\nrepair = { takes = \"4 h\" }\n\
                            [sensors.s]\nvalue = \"part\"\n";

#[test]
fn every_measure_says_what_it_is() {
    for (measure, name) in MEASURES.iter().zip(NAMES) {
        assert_eq!(measure.name, name);
        assert!(!measure.about.is_empty(), "{name}");
        let suffix = [("_h", "h"), ("_kwh", "kWh"), ("_per_day", "1/d")].into_iter().find(|s| name.ends_with(s.0));
        assert!(suffix.is_none_or(|(_, unit)| unit == measure.unit), "{name} in {}", measure.unit);
        assert_eq!(known(&format!("{name}(P-101)")).map(|known| known.name), Some(name));
    }
    assert_eq!(
        (better("cost(P-1)"), better("oee"), better("e10_prd_h")),
        (Some(Better::Lower), Some(Better::Higher), None)
    );
    assert_eq!((unit("energy_kwh"), unit("failures"), unit("no_such")), ("kWh", "", ""));
    assert!(GROUP_NAMES.iter().all(|name| known(name).is_some()));
}

#[test]
fn every_measure_of_a_full_run_has_a_value() {
    let machine = "[drivers]\nx = 0\n[wear.part]\nlaw = \"linear\"\nlife = \"20 h\"\nrepair = { takes = \"4 h\" }\n\
                   [sensors.s]\nvalue = \"x\"\nlimits = { high = 5 }\n[production]\nrate = \"10*running\"\nideal = 10\n";
    let fault = "[[fault.offset]]\nmachine = \"U-1\"\nsensor = \"s\"\nby = 10\nstart = \"+5 h\"\nlasts = \"2 h\"\n";
    let tally = plant(&tallies(machine, &scenario(1, "100 h", "1 h", fault), 100));
    for name in NAMES {
        assert!(tally.measure(name).is_some_and(f64::is_finite), "{name}");
    }
}

#[test]
fn the_end_of_the_run_cuts_off_repairs_and_lives() {
    // Fails at 20 h and 44 h. MTTR is the maximum of likelihood for what is cut off: all time down over what ended.
    let at = |hour: u32| plant(&tallies(TWENTY_HOURS, &scenario(1, "100 h", "1 h", ""), hour));
    let (early, late, whole) = (at(22), at(46), at(48));
    assert_eq!((early.measure("mttr_h"), measure(&early, "mtbf_h")), (None, 20.0));
    assert_eq!((measure(&late, "mttr_h"), measure(&late, "mtbf_h")), (6.0, 20.0));
    assert_eq!(measure(&whole, "mttr_h"), 4.0);
    assert_eq!(measure(&at(30), "mtbf_h"), 26.0, "the 6 h since the repair count");
    assert_eq!(at(19).measure("mtbf_h"), None);
}

#[test]
fn a_trip_is_a_failure_that_is_repaired_when_it_ends() {
    let machine = "[sensors.s]\nvalue = 1\n";
    let trip = "[[fault.trip]]\nmachine = \"U-1\"\nstart = \"+10 h\"\nlasts = \"3 h\"\n";
    let tally = plant(&tallies(machine, &scenario(1, "100 h", "1 h", trip), 50));
    assert_eq!((measure(&tally, "failures"), measure(&tally, "mttr_h")), (1.0, 3.0));
    assert_eq!((measure(&tally, "mtbf_h"), measure(&tally, "first_failure_h")), (47.0, 10.0));
}

#[test]
fn two_wears_that_fail_at_once_are_two_failures_and_one_repair() {
    let machine = "[wear.a]\nlaw = \"linear\"\nlife = \"20 h\"\nrepair = { takes = \"4 h\" }\n\
                   [wear.b]\nlaw = \"linear\"\nlife = \"20 h\"\nrepair = { takes = \"6 h\" }\n[sensors.s]\nvalue = \"a\"\n";
    let tally = plant(&tallies(machine, &scenario(1, "100 h", "1 h", ""), 40));
    assert_eq!((measure(&tally, "failures"), measure(&tally, "mttr_h")), (2.0, 6.0));
}

#[test]
fn the_first_failure_of_a_plant_is_that_of_its_first_machine() {
    let rest = "set = { \"wear.part.life\" = \"50 h\" }\n[[machine]]\nid = \"V-1\"\nkind = \"unit\"\n\
                [[machine]]\nid = \"W-1\"\nkind = \"unit\"\nset = { \"wear.part.life\" = \"5000 h\" }\n";
    let each = tallies(TWENTY_HOURS, &scenario(1, "200 h", "1 h", rest), 100);
    let first: Vec<Option<f64>> = each.iter().map(|tally| tally.measure("first_failure_h")).collect();
    assert_eq!(first, [Some(50.0), Some(20.0), None]);
    let mut all = plant(&each);
    assert_eq!(all.measure("first_failure_h"), Some(20.0));
    all.scale(0.5);
    assert_eq!(all.measure("first_failure_h"), None, "an average of futures has none");
}

#[test]
fn oee_is_the_product_of_its_factors_for_machines_and_plants() {
    let machine = "[drivers]\nload = { duty = \"d\" }\n[duty.d]\n\
                   cycle = [ { for = \"16 h\", load = 0.75 }, { for = \"6 h\", load = 0.25, mode = \"idle\" },\n\
                   { for = \"2 h\", load = 0, mode = \"offline\" } ]\n\
                   [wear.part]\nlaw = \"weibull\"\nlife = \"60 h\"\nshape = 2\nrepair = { takes = \"5 h\" }\n\
                   [sensors.s]\nvalue = \"part\"\n\
                   [production]\nrate = \"100*load*running\"\nideal = 125\nscrap = \"0.05 + 0.1*part\"\n";
    let rest = "[[machine]]\nid = \"V-{1..3}\"\nkind = \"unit\"\nset = { \"production.ideal\" = 90 }\n\
                [maintenance]\npolicy = \"periodic\"\nevery = \"40 h\"\n";
    let mut each = tallies(machine, &scenario(3, "1000 h", "15 min", rest), 4000);
    each.push(plant(&each));
    for tally in &each {
        let factors = ["oee_availability", "oee_performance", "oee_quality"].map(|name| measure(tally, name));
        let product = factors[0] * factors[1] * factors[2];
        assert!((product - measure(tally, "oee")).abs() < 1e-12, "{product} for {}", measure(tally, "oee"));
        assert!(factors.iter().all(|factor| (0.1..1.0).contains(factor)), "{factors:?}");
    }
    // A machine's factors by their definitions, from other measures.
    let (one, total) = (&each[0], 1000.0);
    let [prd, sdt, nst] = ["prd", "sdt", "nst"].map(|state| measure(one, &format!("e10_{state}_h")));
    let [good, pieces] = ["good_pieces", "pieces"].map(|name| measure(one, name));
    let near = |name: &str, expected: f64| {
        assert!((measure(one, name) - expected).abs() < 1e-12 * expected, "{name}: {}", measure(one, name));
    };
    assert!(sdt > 0.0 && nst > 0.0);
    near("oee_availability", prd / (total - nst));
    near("oee_performance", pieces / (125.0 * prd));
    near("oee_iso22400", good / (125.0 * (total - nst - sdt)));
    near("throughput", good / (total - nst));
}

#[test]
fn what_a_plant_does_in_an_hour_or_day_is_the_sum_of_its_machines() {
    let machine = "[sensors.s]\nvalue = 1\nlimits = { low = 2 }\n[production]\nrate = \"7\"\nideal = 8\n";
    let all = plant(&tallies(machine, &scenario(5, "100 h", "1 h", ""), 50));
    assert!((measure(&all, "throughput") - 35.0).abs() < 1e-12);
    // One alert of each machine, at the start.
    assert!((measure(&all, "alerts_per_day") - 5.0 / (50.0 / 24.0)).abs() < 1e-12);
}
