//! Common random numbers: what a variant does not touch happens to it as to the baseline, bit for bit.

use super::{Course, course, plan_named, study};
use twinwright_model::{EventRecord, Time};

/// How long each repair of a machine took, in order.
fn repairs(course: &Course, machine: &str) -> Vec<i64> {
    let mut begun = None;
    let mut lengths = Vec::new();
    for event in &course.events[machine] {
        match event.event {
            "failure" => begun = Some(event.time),
            "repair" => lengths.extend(begun.take().map(|begun: Time| event.time.0 - begun.0)),
            _ => {}
        }
    }
    lengths
}

fn sensor(course: &Course, machine: &str, lane: usize) -> Vec<u32> {
    course.readings[machine].iter().map(|row| row[lane]).collect()
}

#[test]
fn machines_that_a_variant_does_not_touch_live_the_same_life() {
    let study = study(
        "[[variant]]\nname = \"hard\"\nset = { \"drivers.load\" = 0.9, \"wear.bearing.repair.cost\" = 99 }\n\
         [[variant]]\nname = \"one\"\n[[variant.at]]\ntime = \"+1 d\"\nmachine = \"U-1\"\nset = { load = 0.9 }\n",
    );
    let [base, hard, one] = ["base", "hard", "one"].map(|name| course(plan_named(&study, name)));
    assert!(base.events["V-1"].len() > 20, "things happen to it: {}", base.events["V-1"].len());
    for (variant, machine) in [(&hard, "V-1"), (&one, "V-1"), (&one, "U-2")] {
        assert_eq!(base.events[machine], variant.events[machine], "{machine}");
        assert_eq!(base.readings[machine], variant.readings[machine], "{machine}");
    }
    assert_ne!(base.events["U-1"], hard.events["U-1"], "what is touched is another");
    assert_ne!(base.events["U-1"], one.events["U-1"]);
    // Until the variant acts, its machine is the baseline's too.
    let day = 24 * 12;
    assert_eq!(base.readings["U-1"][..day], one.readings["U-1"][..day]);
}

#[test]
fn noise_and_repairs_are_the_same_where_the_machine_runs_harder() {
    let study = study("[[variant]]\nname = \"hard\"\nset = { load = 0.9 }\n");
    let [base, hard] = ["base", "hard"].map(|name| course(plan_named(&study, name)));
    assert_eq!(sensor(&base, "U-1", 1), sensor(&hard, "U-1", 1), "a sensor that no load reaches reads the same bits");
    assert_ne!(sensor(&base, "U-1", 0), sensor(&hard, "U-1", 0));
    // Which wear fails first may differ, so the lengths are compared where only one wear can fail.
    let only = "[[variant]]\nname = \"hard\"\nset = { load = 0.9, \"wear.knock.rate\" = 1e-9 }\n\
                [[variant]]\nname = \"base\"\nset = { \"wear.knock.rate\" = 1e-9 }\n";
    let study = super::study(only);
    let [base, hard] = ["base", "hard"].map(|name| repairs(&course(plan_named(&study, name)), "U-1"));
    assert!(base.len() >= 5 && hard.len() > base.len(), "{} and {} repairs", base.len(), hard.len());
    // The third repair takes as long in both, whenever it comes.
    assert_eq!(base[..], hard[..base.len()]);
}

#[test]
fn wear_paths_are_the_same_at_the_same_use() {
    // Half the load for twice the time is the same path: `s` is the same, and so is the wear that is read there.
    let study = study(
        "[[variant]]\nname = \"half\"\nset = { load = 0.25, \"wear.knock.rate\" = 1e-9 }\n\
         [[variant]]\nname = \"base\"\nset = { load = 0.5, \"wear.knock.rate\" = 1e-9 }\n",
    );
    let first = |name: &str| {
        let course = course(plan_named(&study, name));
        let failed = course.events["U-2"].iter().find(|event| event.event == "failure").map(|event| event.time);
        failed.expect("it fails").0 - plan_named(&study, name).start.0
    };
    let (half, base) = (first("half"), first("base"));
    let tick = 300_000_000_000;
    assert!((half - 2 * base).abs() <= 2 * tick, "{half} and twice {base}: each is seen at a tick");
}

/// The starts of one fault.
fn starts(course: &Course, fault: &str) -> Vec<EventRecord> {
    let all = course.events.values().flatten();
    all.filter(|event| event.event == "fault_start" && event.detail["fault"] == fault).cloned().collect()
}

#[test]
fn faults_that_a_variant_adds_do_not_move_those_of_the_scenario() {
    let study = study(
        "[[fault.offset]]\nmachine = \"U-1\"\nsensor = \"room\"\nby = 3\nevery = { exponential = \"8 h\" }\nlasts = \"1 h\"\n\
         [[at]]\ntime = \"+1 h\"\nmachine = \"U-2\"\nset = { load = { uniform = [0.4, 0.6] } }\n\
         [[variant]]\nname = \"more\"\n\
         [[variant.fault.offset]]\nmachine = \"U-1\"\nsensor = \"heat\"\nby = 3\nevery = { exponential = \"8 h\" }\nlasts = \"1 h\"\n\
         [[variant.fault.spike]]\nmachine = \"V-1\"\nsensor = \"turns\"\nby = 3\nevery = { exponential = \"8 h\" }\n\
         [[variant.at]]\ntime = \"+30 min\"\nmachine = \"V-1\"\nset = { mode = \"idle\" }\nlasts = \"1 h\"\n",
    );
    let [base, more] = ["base", "more"].map(|name| course(plan_named(&study, name)));
    let (own, same) = (starts(&base, "offset"), starts(&more, "offset"));
    assert!(own.len() > 10, "{}", own.len());
    assert_eq!(own, same, "the scenario's own fault keeps its name and its arrivals");
    assert!(starts(&more, "offset-2").len() > 10 && starts(&base, "offset-2").is_empty());
    assert_ne!(starts(&more, "offset-2").len(), 0);
    assert_eq!(base.events["U-2"], more.events["U-2"], "the scenario's own action draws the same load");
}
