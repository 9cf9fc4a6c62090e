//! Sweeps: all combinations in the order of the file, and Latin hypercubes.

use super::{compiled, study};
use std::collections::BTreeSet;
use twinwright_core::maintenance::Policy;

#[test]
fn every_combination_comes_in_the_order_of_the_file() {
    let study = study(
        "[[variant]]\nname = \"monthly\"\nset = { \"maintenance.policy\" = \"periodic\", \"maintenance.every\" = \"30 d\" }\n\
         [sweep]\n\"drivers.load\" = [0.7, 0.8]\n\"parameters.size\" = [1, 2, 3]\n",
    );
    let names: Vec<&str> = study.runs.iter().map(|run| run.name.as_str()).collect();
    // The last axis changes fastest, and of each point the baseline comes first.
    assert_eq!(
        names[..4],
        [
            "base, load = 0.7, size = 1",
            "monthly, load = 0.7, size = 1",
            "base, load = 0.7, size = 2",
            "monthly, load = 0.7, size = 2",
        ]
    );
    assert_eq!((names.len(), names[11]), (12, "monthly, load = 0.8, size = 3"));
    for (place, run) in study.runs.iter().enumerate() {
        assert_eq!(run.baseline, place - place % 2, "each is compared with the baseline at its own point");
        let point: Vec<_> = run.point.iter().map(|setting| setting.number).collect();
        let (load, size) = ([0.7, 0.8][place / 6], (place / 2 % 3 + 1) as f64);
        assert_eq!(point, [Some(load), Some(size)]);
    }
    let axes: Vec<_> = study.axes.iter().map(|axis| (axis.path.as_str(), axis.values.len())).collect();
    assert_eq!(axes, [("drivers.load", 2), ("parameters.size", 3)]);
}

#[test]
fn without_variants_points_are_compared_with_the_scenario_as_it_stands() {
    let study = study("[sweep]\nload = [0.7, 0.8]\n");
    let runs: Vec<_> = study.runs.iter().map(|run| (run.name.as_str(), run.baseline, run.point.len())).collect();
    assert_eq!(runs, [("base", 0, 0), ("load = 0.7", 0, 1), ("load = 0.8", 0, 1)]);
}

#[test]
fn a_sweep_passes_by_runs_whose_policy_has_no_such_key() {
    let study = study(
        "[[variant]]\nname = \"periodic\"\nset = { \"maintenance.policy\" = \"periodic\", \"maintenance.by\" = \"operating\" }\n\
         [sweep]\n\"maintenance.every\" = [\"10 h\", \"1 d\"]\n",
    );
    let policies: Vec<_> = study.runs.iter().map(|run| run.plan.maintenance.policy.clone()).collect();
    let hours = |policy: &Policy| match policy {
        Policy::Operating { every } => Some(every / 3600e9),
        _ => None,
    };
    assert_eq!(policies.iter().map(hours).collect::<Vec<_>>(), [None, Some(10.0), None, Some(24.0)]);
    let numbers: Vec<_> = study.axes[0].values.iter().map(|value| value.number).collect();
    assert_eq!(numbers, [Some(10.0), Some(24.0)], "times count in hours");
}

const SAMPLE: &str = "[sweep]\nsample = \"lhs\"\ncount = 40\n\"drivers.load\" = [0.5, 1.0]\n\
                      \"wear.bearing.life\" = [\"10 h\", \"1000 h\"]\n\"parameters.size\" = [-3, 5]\n";

#[test]
fn a_latin_hypercube_meets_each_stratum_of_each_axis_once() {
    let study = study(SAMPLE);
    assert_eq!(study.runs.len(), 41);
    let ends = [(0.5, 1.0), (10.0, 1000.0), (-3.0, 5.0)];
    for (axis, (low, high)) in ends.into_iter().enumerate() {
        let values: Vec<f64> = study.runs[1..].iter().filter_map(|run| run.point[axis].number).collect();
        let strata: Vec<usize> =
            values.iter().map(|value| ((value - low) / (high - low) * 40.0).floor() as usize).collect();
        assert_eq!(strata.iter().copied().collect::<BTreeSet<_>>(), (0..40).collect(), "axis {axis}: {strata:?}");
        assert!(!strata.is_sorted(), "the order is mixed");
    }
    let texts: Vec<&str> =
        study.runs[1..].iter().flat_map(|run| &run.point).map(|setting| setting.text.as_str()).collect();
    assert!(texts.iter().all(|text| text.len() <= 9), "few digits: {texts:?}");
    assert!(study.runs[1].point[1].text.ends_with(" h"));
}

#[test]
fn a_sample_is_the_seeds_and_an_axis_is_its_own() {
    let points = |rest: &str| -> Vec<Vec<String>> {
        let texts = |run: &twinwright_core::plan::study::RunPlan| run.point.iter().map(|at| at.text.clone()).collect();
        study(rest).runs.iter().map(texts).collect()
    };
    assert_eq!(points(SAMPLE), points(SAMPLE));
    let seeded = SAMPLE.replace("count = 40", "count = 41");
    assert_ne!(points(SAMPLE)[1], points(&seeded)[1]);
    // An axis more leaves those before it as they were.
    let more = points(&format!("{SAMPLE}\"drivers.air.mean\" = [10, 20]\n"));
    assert!(points(SAMPLE).iter().zip(&more).all(|(few, many)| few[..] == many[..few.len()]));
}

#[test]
fn whole_numbers_are_sampled_whole() {
    let study = study(
        "[maintenance]\npolicy = \"run-to-failure\"\n[sweep]\nsample = \"lhs\"\ncount = 9\n\"maintenance.crew\" = [1, 3]\n",
    );
    let crews: BTreeSet<_> = study.runs[1..].iter().map(|run| run.plan.maintenance.crew).collect();
    assert_eq!(crews, BTreeSet::from([Some(1), Some(2), Some(3)]));
    assert_eq!(study.runs.len(), 4, "what is the same is run once");
}

#[test]
fn too_many_runs_are_refused_with_their_number() {
    let values: Vec<String> = (0..40).map(|value| value.to_string()).collect();
    let list = values.join(", ");
    let faults = compiled(&format!("[sweep]\nload = [{list}]\n\"parameters.size\" = [{list}]\n"), &[]);
    let faults = faults.expect_err("1,600 points");
    assert!(faults.contains("1600 runs") && faults.contains("at most 1000"), "{faults}");
}
