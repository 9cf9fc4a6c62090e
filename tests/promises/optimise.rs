//! `[optimise]`: the best age to swap an item against renewal theory, and a walk that keeps to its budget.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use twinwright::run::{self, Settings};
use twinwright::whatif::optimise::{Optimised, optimise};
use twinwright::whatif::outcome::Step;
use twinwright_tests::Scratch;

/// Mean life and horizon in hours: 150 lives, so that the part of a cycle at the end weighs next to nothing.
const LIFE: f64 = 1000.0;
const HORIZON: f64 = 150_000.0;
const SHAPE: f64 = 2.5;
const PLANNED: f64 = 1.0;
const FAILED: f64 = 5.0;

fn scenario_in(scratch: &Scratch, seed: u64, rest: &str) -> Settings {
    let machine = format!(
        "schema = \"machine/1\"\nkind = \"item\"\ntitle = \"An item\"\nclass = \"other\"\n\
         [drivers]\nload = 1\n\
         [wear.part]\nlaw = \"weibull\"\nlife = \"{LIFE} h\"\nshape = {SHAPE}\n\
         repair = {{ takes = \"1 s\", cost = {FAILED}, planned_cost = {PLANNED} }}\n\
         [sensors.seen]\nvalue = \"part\"\n"
    );
    scratch.write("item.toml", machine);
    let scenario = format!(
        "schema = \"scenario/1\"\ntitle = \"When to swap it\"\nseed = {seed}\nstart = \"2026-01-01T00:00:00Z\"\n\
         duration = \"{HORIZON} h\"\ntick = \"1 h\"\n[[machine]]\nid = \"I-1\"\nkind = \"item\"\n\
         [maintenance]\npolicy = \"periodic\"\nevery = \"300 h\"\nby = \"operating\"\nrestores = [\"part\"]\n{rest}"
    );
    let path = scratch.write("swap.toml", scenario);
    Settings { quiet: true, out: Some(scratch.join("out")), ..Settings::of(&path) }
}

fn walk(settings: &Settings) -> Optimised {
    let study = run::study(settings).expect("the scenario compiles");
    let found = optimise(settings, &study, &AtomicBool::new(false)).expect("the walk ends");
    found.expect("it is asked for")
}

/// Least of a function that falls and then rises, by the golden section.
fn least(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    let golden = (5.0f64.sqrt() - 1.0) / 2.0;
    for _ in 0..80 {
        let (a, b) = (high - golden * (high - low), low + golden * (high - low));
        if f(a) < f(b) { high = b } else { low = a }
    }
    (low + high) / 2.0
}

/// The cost of an hour when the item is swapped at an age, failures at once and for more. By renewal and reward: the mean cost of a
/// cycle over its mean length, (c_p R(T) + c_f F(T)) / integral of R from 0 to T, where R(t) = exp(-(t/scale)^k) and
/// scale = mean / Gamma(1 + 1/k), Gamma(1.4) = 0.887263817503.
fn rate(age: f64) -> f64 {
    let scale = LIFE / 0.887_263_817_503;
    let survives = |t: f64| (-(t / scale).powf(SHAPE)).exp();
    let steps = 400;
    let width = age / f64::from(steps);
    // Simpson's rule.
    let weight = |i: i32| if i == 0 || i == steps { 1.0 } else { 2.0 + 2.0 * f64::from(i % 2) };
    let length: f64 = (0..=steps).map(|i| weight(i) * survives(f64::from(i) * width)).sum::<f64>() * width / 3.0;
    (PLANNED * survives(age) + FAILED * (1.0 - survives(age))) / length
}

/// A cycle's cost spreads by about its own mean, so N cycles know the rate to 1/sqrt(N). Each of the last seven points sees some 180
/// futures of 280 cycles, 0.44 %. The rate rises by 0.66 x^2 around the best age, x = ln of the age ratio, and the seven points lie
/// within 0.26 of it with a sum of squares of 0.21: the turn is known to 0.0044 / sqrt(0.21) / (2 * 0.66) = 0.73 % even if they
/// shared no luck. So 5 % and 2 % are 6.8 and 4.5 standard errors. That failures are seen at whole hours adds half an hour to a
/// cycle of 530, and a repair an hour to it: 0.2 %.
#[test]
fn the_best_age_of_a_weibull_item_is_that_of_renewal_theory() {
    let best = least(100.0, 3000.0, rate);
    let asked = "[futures]\ncount = 10\n[optimise]\nminimise = \"cost\"\nover = { \"maintenance.every\" = [\"150 h\", \"3000 h\"] }\nbudget = 3000\n";
    for seed in [1, 2, 3] {
        let found = walk(&scenario_in(&Scratch::new(), seed, asked)).walk;
        let turn = found.fitted.expect("it turns");
        let age = turn.at[0].number.expect("a time");
        assert!((age / best - 1.0).abs() < 0.05, "seed {seed}: {age} h, should be {best} h");
        let cost = turn.value / HORIZON;
        assert!((cost / rate(best) - 1.0).abs() < 0.02, "seed {seed}: {cost} an hour, should be {}", rate(best));
        let taken = found.best.and_then(|step| step.at[0].number).expect("a time");
        assert!(rate(taken) / rate(best) < 1.02, "seed {seed}: {taken} h costs {}", rate(taken));
        assert!(found.futures <= 3000 && found.futures > 2250, "{} futures", found.futures);
    }
}

fn points(steps: &[Step]) -> Vec<(String, f64)> {
    steps.iter().map(|step| (step.at[0].text.clone(), step.value)).collect()
}

const SMALL: &str = "[futures]\ncount = 20\n\
    [[measure]]\nname = \"swaps\"\nvalue = \"planned_works + failures\"\n\
    [optimise]\nminimise = \"cost\"\nover = { \"maintenance.every\" = [\"150 h\", \"3000 h\"] }\nbudget = 120\n\
    [[expect]]\nthat = \"swaps > 0\"\nvariant = \"optimum\"\n";

#[test]
fn the_walk_is_the_same_on_any_number_of_threads() {
    let scratch = Scratch::new();
    let settings = scenario_in(&scratch, 5, SMALL);
    let one = walk(&Settings { threads: 1, ..settings.clone() });
    let three = walk(&Settings { threads: 3, ..settings });
    assert_eq!(one.walk, three.walk);
    assert_eq!(one.study.runs[1].changes, three.study.runs[1].changes);
}

#[test]
fn the_optimum_is_run_beside_the_scenario_and_compared_with_it() {
    let scratch = Scratch::new();
    let settings = scenario_in(&scratch, 5, SMALL);
    let study = run::study(&settings).expect("the scenario compiles");
    let outcome = twinwright::whatif::run(&settings, &study, &AtomicBool::new(false)).expect("it runs");
    let names: Vec<&str> = outcome.what_if.runs.iter().map(|run| run.name.as_str()).collect();
    assert_eq!(names, ["base", "optimum"]);
    let walk = outcome.what_if.walk.as_ref().expect("a walk");
    assert!(walk.futures <= 120, "{} futures", walk.futures);
    let (best, optimum) = (walk.best.as_ref().expect("a best point"), &outcome.what_if.runs[1]);
    assert_eq!(optimum.changes, [("maintenance.every".to_owned(), best.at[0].text.clone())]);
    assert!(points(&walk.steps).contains(&(best.at[0].text.clone(), best.value)));
    let cost = optimum.measures.iter().find(|measure| measure.name == "cost").expect("a cost");
    let difference = cost.difference.expect("against the scenario");
    assert_eq!(difference.n, 20);
    // Swapping at 300 h costs rate(300) = 0.00385 an hour, the best age 0.00307: a fifth less, known to 1.4 % over 20 futures of 280 cycles.
    assert!(difference.interval.is_some_and(|interval| interval.high < 0.0), "{difference:?}");
    assert!(outcome.missed.is_empty(), "{:?}", outcome.missed);
}

#[test]
fn a_walk_that_is_ended_at_once_leaves_a_partial_answer() {
    let scratch = Scratch::new();
    let settings = scenario_in(&scratch, 5, SMALL);
    let study = run::study(&settings).expect("the scenario compiles");
    let outcome = twinwright::whatif::run(&settings, &study, &AtomicBool::new(true)).expect("it runs");
    let walk = outcome.what_if.walk.as_ref().expect("a walk");
    assert!(outcome.what_if.partial && walk.best.is_none() && walk.steps.is_empty());
    assert!(Path::new(&outcome.folder).join("summary.json").exists());
}
