//! Which runs a study has: names, baselines, what each says otherwise, and what a digest tells apart.

use super::{compiled, plan_named, study};
use twinwright_core::maintenance::Policy;
use twinwright_core::plan::Study;
use twinwright_core::plan::study::{Better, From, Of};

fn names(study: &Study) -> Vec<&str> {
    study.runs.iter().map(|run| run.name.as_str()).collect()
}

fn baselines(study: &Study) -> Vec<usize> {
    study.runs.iter().map(|run| run.baseline).collect()
}

const PERIODIC: &str = "[maintenance]\npolicy = \"periodic\"\nevery = \"30 h\"\nby = \"operating\"\ncrew = 2\n";

#[test]
fn a_scenario_without_variants_is_its_own_baseline() {
    let study = study("");
    assert_eq!((names(&study), baselines(&study)), (vec!["base"], vec![0]));
    assert!(study.is_plain());
}

#[test]
fn the_scenario_is_the_baseline_unless_a_variant_is_named_so() {
    let some = study("[[variant]]\nname = \"slow\"\nset = { load = 0.2 }\n[[variant]]\nname = \"<b>\\\"x\\\"\"\n");
    assert_eq!(names(&some), ["base", "slow", "<b>\"x\""]);
    assert_eq!(baselines(&some), [0, 0, 0]);
    assert_eq!(some.runs[1].changes, [("load".to_owned(), "0.2".to_owned())]);
    let other = study("[[variant]]\nname = \"slow\"\n[[variant]]\nname = \"base\"\nset = { load = 0.2 }\n");
    assert_eq!(names(&other), ["base", "slow"]);
    // `slow` of the one says what `base` of the other says, and the other way round.
    let digests = |study: &Study| study.runs.iter().map(|run| run.plan.digest).collect::<Vec<_>>();
    assert_eq!(digests(&some)[1], digests(&other)[0]);
    assert_eq!(digests(&some)[0], digests(&other)[1]);
}

#[test]
fn a_policy_is_set_key_by_key_or_as_a_whole() {
    let study = study(&format!(
        "{PERIODIC}[[variant]]\nname = \"never\"\nset = {{ \"maintenance.policy\" = \"run-to-failure\" }}\n\
         [[variant]]\nname = \"often\"\nset = {{ \"maintenance.every\" = \"10 h\" }}\n\
         [[variant]]\nname = \"worn\"\nset = {{ \"maintenance.policy\" = \"condition\", \"maintenance.when\" = \"bearing > 0.8\" }}\n\
         [[variant]]\nname = \"whole\"\n[variant.maintenance]\npolicy = \"periodic\"\nevery = \"10 h\"\n",
    ));
    let policy = |name: &str| plan_named(&study, name).maintenance.policy.clone();
    let hour = 3600e9;
    assert!(matches!(policy("base"), Policy::Operating { every } if every == 30.0 * hour));
    assert!(matches!(policy("never"), Policy::RunToFailure), "the keys of the old policy go with it");
    assert!(matches!(policy("often"), Policy::Operating { every } if every == 10.0 * hour));
    assert!(matches!(policy("worn"), Policy::Condition { .. }));
    assert!(matches!(policy("whole"), Policy::Calendar { every } if every == 10.0 * hour), "`by` is not inherited");
    let crew = |name: &str| plan_named(&study, name).maintenance.crew;
    assert_eq!(["base", "never", "often", "worn", "whole"].map(crew), [Some(2), Some(2), Some(2), Some(2), None]);
}

#[test]
fn a_digest_tells_runs_apart_and_leaves_out_what_is_asked() {
    let plain = study("").runs[0].plan.digest;
    let asked = study(
        "[[variant]]\nname = \"slow\"\nset = { load = 0.2 }\n[[measure]]\nname = \"loss\"\nvalue = \"cost / 2\"\n\
         [[expect]]\nthat = \"loss < 1e9\"\n[futures]\ncount = 7\n[from]\nsnapshot = \"x\"\n\
         [sweep]\n\"parameters.size\" = [1, 2]\n",
    );
    let digests: std::collections::BTreeSet<u128> = asked.runs.iter().map(|run| run.plan.digest).collect();
    assert_eq!(digests.len(), 4, "two variants at two points");
    let best = study("[optimise]\nminimise = \"cost\"\nover = { load = [0.1, 0.2] }\n");
    assert_eq!(best.runs[0].plan.digest, plain);
    let one = study("[[variant]]\nname = \"slow\"\nset = { load = 0.2 }\n[futures]\ncount = 7\n");
    assert_eq!(one.runs[0].plan.digest, plain);
    let vary = study("[futures]\ncount = 7\nvary = { load = { uniform = [0.1, 0.2] } }\n");
    assert_ne!(vary.runs[0].plan.digest, plain, "what varies makes another run");
}

#[test]
fn a_command_sets_before_variants_do() {
    let rest = format!("{PERIODIC}[[variant]]\nname = \"slow\"\nset = {{ load = 0.2 }}\n");
    let sets = [
        ("load", "0.7"),
        ("maintenance.every", "12 h"),
        ("futures.count", "9"),
        ("parameters.size", "{ uniform = [1, 2] }"),
    ];
    let study = compiled(&rest, &sets).expect("these paths are there");
    let load = |name: &str| {
        let model = &plan_named(&study, name).models[0];
        let slot = model.drivers.iter().find(|driver| driver.name == "load").map(|driver| driver.source.clone());
        match slot {
            Some(twinwright_core::drivers::Source::Held { slot }) => {
                model.initial.iter().find(|(known, _)| *known == slot).map(|(_, value)| *value)
            }
            _ => None,
        }
    };
    assert_eq!((load("base"), load("slow")), (Some(0.7), Some(0.2)), "a variant has the last word");
    assert!(matches!(study.base().maintenance.policy, Policy::Operating { every } if every == 12.0 * 3600e9));
    assert_eq!(study.base().futures, 9);
    assert_eq!(study.base().models[0].drawn[0].1, "parameters.size");
    let faults = compiled("", &[("drivers.laod", "0.7")]).expect_err("there is no such driver");
    assert!(faults.contains("--set:1:1") && faults.contains("did you mean: drivers.load"), "{faults}");
}

#[test]
fn what_is_asked_is_bound_by_name() {
    let study = study(
        "[[variant]]\nname = \"slow\"\nset = { load = 0.2 }\n\
         [[measure]]\nname = \"loss\"\nvalue = \"cost - cost_planned\"\nunit = \"EUR\"\nbetter = \"lower\"\n\
         [[measure]]\nname = \"double\"\nvalue = \"2 * loss\"\n\
         [[expect]]\nthat = \"double < 10 and availability(U-1) > 0.5\"\n\
         [[expect]]\nthat = \"loss < 0\"\nvariant = \"slow\"\nof = \"difference\"\n\
         [futures]\ncount = 50\nstop_when = { measure = \"loss\", half_width = 2.5, of = \"difference\" }\n\
         [optimise]\nmaximise = \"availability\"\nover = { load = [0.1, 0.9], \"wear.bearing.life\" = [\"20 h\", \"2 d\"] }\n\
         [from]\nsnapshot = \"plant.snapshot\"\n",
    );
    let figures = |name: &str| match name {
        "cost" => Some(12.0),
        "cost_planned" => Some(8.0),
        "availability(U-1)" => Some(0.75),
        "loss" => Some(4.0),
        "double" => Some(8.0),
        _ => None,
    };
    let values: Vec<_> =
        study.measures.iter().map(|own| (own.name.as_str(), own.formula.value(figures), own.better)).collect();
    assert_eq!(values, [("loss", Some(4.0), Some(Better::Lower)), ("double", Some(8.0), None)]);
    assert_eq!(study.expects[0].asked.value(figures), Some(1.0));
    assert_eq!((study.expects[1].variant.as_deref(), study.expects[1].of), (Some("slow"), Of::Difference));
    // The scenario's own expectation is also there in measures that every run has.
    let plain = twinwright_core::plan::study::Asked::parse(&study.base().expectations[0]).expect("it can be read");
    assert!(plain.names.iter().all(|name| name != "loss" && name != "double"), "{}", plain.text);
    assert_eq!((study.base().expectations.len(), plain.value(figures)), (1, Some(1.0)));
    let stop = study.stop.expect("there is a rule");
    assert_eq!((stop.measure.as_str(), stop.half_width, stop.confidence, stop.of), ("loss", 2.5, 0.95, Of::Difference));
    let optimise = study.optimise.expect("there is an optimum");
    assert_eq!((optimise.budget, optimise.better), (20_000, Better::Higher));
    let over = optimise.over.iter().map(|bounds| (bounds.low, bounds.high, bounds.is_time));
    assert_eq!(over.collect::<Vec<_>>(), [(0.1, 0.9, false), (20.0, 48.0, true)]);
    assert_eq!(study.from, Some(From::Snapshot("plant.snapshot".to_owned())));
}

#[test]
fn a_mistake_of_all_variants_is_told_once() {
    let faults = compiled(
        "[[at]]\ntime = \"+1 h\"\nmachine = \"U-9\"\nset = { load = 1 }\n[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\n",
        &[],
    );
    let faults = faults.expect_err("there is no such machine");
    assert_eq!(faults.matches("there is no machine").count(), 1, "{faults}");
}
