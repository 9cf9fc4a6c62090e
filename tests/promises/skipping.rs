//! Futures that leap over quiet stretches come to what stepping every tick comes to: to the tick in time, failures and
//! works, and within rounding in sums; and what cannot leap says why.

use std::sync::Arc;
use twinwright_core::Plan;
use twinwright_core::futures::{Asking, Ensemble, FutureEnd, explain, readers};
use twinwright_core::measures::Tally;
use twinwright_tests::{plan_of, project, scenario};

fn asking(skip: bool) -> Asking {
    Asking { readings: false, limits: false, skip, named: true }
}

fn ends(plan: &Arc<Plan>, skip: bool, futures: u32) -> Vec<FutureEnd> {
    Ensemble::new(plan, asking(skip)).run(0..futures, &|| false).expect("nobody stops it")
}

/// Times are whole ticks and must agree to the bit; sums of output, energy and money within one in a million.
fn assert_same(what: &str, stepped: &Tally, leapt: &Tally) {
    assert_eq!(stepped.first_failure_h, leapt.first_failure_h, "{what}");
    for (at, (a, b)) in stepped.parts().into_iter().zip(leapt.parts()).enumerate() {
        assert!((a - b).abs() <= 1e-6 * a.abs().max(b.abs()), "{what}, part {at}: stepped {a}, leapt {b}");
    }
}

/// Runs both ways; returns how many failures there were.
fn compare(what: &str, plan: &Arc<Plan>, futures: u32) -> f64 {
    let (stepped, leapt) = (ends(plan, false, futures), ends(plan, true, futures));
    for (a, b) in stepped.iter().zip(&leapt) {
        let what = format!("{what}, future {}", a.future);
        assert_eq!(a.future, b.future);
        assert_same(&what, &a.plant, &b.plant);
        assert_eq!(a.first_failures, b.first_failures, "{what}");
        for (at, (a, b)) in a.named.iter().zip(&b.named).enumerate() {
            assert_eq!(a.hours, b.hours, "{what}, machine {at}");
            assert_same(&format!("{what}, machine {at}"), a, b);
        }
        assert_eq!(a.groups, b.groups, "{what}");
    }
    stepped.iter().map(|end| end.plant.failures).sum()
}

#[test]
fn the_shipped_pump_leaps_to_what_it_steps_to() {
    let file = project().join("machine-configs/centrifugal-pump.toml");
    let text = std::fs::read_to_string(file).expect("the pump is shipped").replace("\"centrifugal-pump\"", "\"unit\"");
    let old = "[[at]]\ntime = \"+3 d\"\nmachine = \"U-1\"\nset = { load = 2.4 }\nlasts = \"20 d\"\n";
    let policy = "[maintenance]\npolicy = \"condition\"\nwhen = \"bearing > 0.4\"\ncrew = 1\n";
    for rest in [old.to_owned(), format!("{old}{policy}")] {
        let plan = plan_of(&text, &scenario(3, "60 d", "5 min", &rest));
        assert!(compare("pump", &plan, 4) + f64::from(u8::from(rest.contains("policy"))) > 0.0);
        let said = explain(&plan, &asking(true)).join("\n");
        assert!(said.contains("all 3 machines go from event to event"), "{said}");
    }
}

#[test]
fn a_group_of_stand_ins_and_a_crew_leap_together() {
    let machine = "[wear.part]\nlaw = \"weibull\"\nlife = \"60 h\"\nshape = 1.3\n\
                   repair = { takes = { exponential = \"6 h\" }, cost = 10 }\n[sensors.s]\nvalue = \"part\"\n\
                   [production]\ntakes = { normal = [\"10 min\", \"2 min\"] }\nideal = 6\n\
                   [costs]\ndowntime = 3\n";
    let rest = "[maintenance]\npolicy = \"run-to-failure\"\ncrew = 1\n\
                [[group]]\nname = \"two\"\nmachines = \"U-{1..3}\"\nneeds = 2\n";
    let plan = plan_of(machine, &scenario(5, "30 d", "1 min", rest));
    assert!(compare("group", &plan, 5) > 100.0);
}

#[test]
fn what_steps_says_why_and_comes_to_the_same_without_sensors() {
    let machine = "[drivers]\nheat = { walk = { mean = 1, sd = 0.2, memory = \"1 h\" } }\n\
                   [wear.part]\nlaw = \"linear\"\nlife = \"50 h\"\nstress = \"heat + 0.1 * warm\"\nrepair = { takes = \"2 h\" }\n\
                   [sensors.warm]\nvalue = \"heat\"\nlag = \"1 h\"\nnoise = { sd = 0.1 }\nlimits = { high = 1.5 }\n";
    let plan = plan_of(machine, &scenario(2, "20 d", "5 min", ""));
    let said = explain(&plan, &asking(true)).join("\n");
    assert!(said.contains("like U-1: its stress reads"), "{said}");
    let seen = Ensemble::new(&plan, Asking { readings: true, limits: true, ..asking(true) })
        .run(0..3, &|| false)
        .expect("it runs");
    let blind = ends(&plan, true, 3);
    for (a, b) in seen.iter().zip(&blind) {
        assert_eq!((a.plant.failures, a.plant.hours), (b.plant.failures, b.plant.hours));
        assert!(a.plant.alerts > 0.0 && b.plant.alerts == 0.0);
    }
    let readers = readers(&plan);
    assert_eq!((readers.policies.len(), readers.limits), (0, vec!["limits of unit `warm`".to_owned()]));
}

#[test]
fn whoever_asks_to_stop_is_heard_both_ways() {
    let machine = "[wear.part]\nlaw = \"linear\"\nlife = \"50 h\"\n[sensors.s]\nvalue = \"part\"\n";
    let plan = plan_of(machine, &scenario(2, "20 d", "5 min", ""));
    for skip in [false, true] {
        assert_eq!(Ensemble::new(&plan, asking(skip)).run(0..3, &|| true), None);
    }
}
