//! Diagnoses against plants in which it is known what is wrong: simulated with all their luck, each with one wear or one sensor
//! that is off, or with something that no file describes.

use super::{Examination, Told, diagnose};
use crate::dice::{Dice, Purpose, Stream};
use crate::mirror::tests::plant::{Plant, plan, site};
use crate::plan::Plan;
use crate::site::Target;
use std::fmt::Write;
use std::sync::Arc;
use twinwright_model::{Quality, Time};

/// Kinds with a tick and how many ticks make a day or a few lots.
const KINDS: [(&str, &str, &str, u32); 5] = [
    ("centrifugal-pump", include_str!("../../../../machine-configs/centrifugal-pump.toml"), "5 min", 288),
    ("cmp", include_str!("../../../../machine-configs/cmp.toml"), "10 s", 360),
    ("cnc-spindle", include_str!("../../../../machine-configs/cnc-spindle.toml"), "5 min", 288),
    ("screw-compressor", include_str!("../../../../machine-configs/screw-compressor.toml"), "5 min", 288),
    ("conveyor", include_str!("../../../../machine-configs/conveyor.toml"), "5 min", 288),
];

/// Examinations of all machines of a plan after so many ticks.
fn examined(plan: &Arc<Plan>, ticks: u32) -> Vec<Examination> {
    let site = site(plan, &[]);
    let mut plant = Plant::new(&site, false);
    let machines = plan.machines.len() as u32;
    let mut examined: Vec<Examination> = (0..machines).map(|one| Examination::of(plan, one, &[]).unwrap()).collect();
    let mut rows: Vec<Told> = (0..machines)
        .map(|one| Told { sensors: vec![None; plan.model_of(one).sensors.len()], ..Told::default() })
        .collect();
    for tick in 0..ticks {
        rows.iter_mut().for_each(|row| row.sensors.fill(None));
        for heard in plant.tick() {
            if let Target::Sensor { machine, sensor, .. } = site.channels[heard.channel as usize].target {
                let good = heard.quality == Quality::Good;
                rows[machine as usize].sensors[usize::from(sensor)] = good.then_some(heard.value);
            }
        }
        for (examination, row) in examined.iter_mut().zip(&rows) {
            examination.row(plan.time_of(i64::from(tick)), row);
        }
    }
    examined
}

/// What is wrong with a machine, as `ranked` calls it.
struct Case {
    truth: String,
    faults: String,
}

/// One fault for a machine: a wear in two of five cases, a sensor in two, and in one something that is in no file.
fn case(plan: &Plan, sizes: &[f64], hours: f64, machine: &str, luck: &mut Stream) -> Case {
    let model = plan.model_of(0);
    let start = "start = \"2026-01-01T00:00:00Z\"";
    let mut faults = String::new();
    let sort = luck.choice(5);
    if sort < 2 {
        let wear = &model.wears[luck.choice(model.wears.len())].name;
        let by = 0.3 + 0.6 * luck.uniform();
        let _ = writeln!(faults, "[[fault.wear]]\nmachine = \"{machine}\"\nwear = \"{wear}\"\nby = {by}\n{start}");
        return Case { truth: format!("wear {wear}"), faults };
    }
    let mut off = |sensor: usize, luck: &mut Stream, steady: bool| {
        let sign = if luck.uniform() < 0.5 { -1.0 } else { 1.0 };
        let by = sign * (5.0 + 7.0 * luck.uniform()) * sizes[sensor];
        let name = &model.sensors[sensor].name;
        let (fault, how) = if steady || luck.uniform() < 0.6 {
            ("offset", format!("by = {by}"))
        } else {
            ("drift", format!("rate = {}", 2.0 * by / hours))
        };
        let _ = writeln!(faults, "[[fault.{fault}]]\nmachine = \"{machine}\"\nsensor = \"{name}\"\n{how}\n{start}");
        format!("sensor {name}")
    };
    if sort < 4 {
        let truth = off(luck.choice(sizes.len()), luck, false);
        return Case { truth, faults };
    }
    // A gain that no file has: four sensors move at once, in a pattern of their own.
    let mut from: Vec<usize> = (0..sizes.len()).collect();
    for _ in 0..4 {
        let sensor = from.swap_remove(luck.choice(from.len()));
        off(sensor, luck, true);
    }
    Case { truth: "unknown".to_owned(), faults }
}

/// Right answers and cases, of those in a file and of those in none, and the sum of Brier scores.
#[derive(Default)]
struct Score {
    known: (usize, usize),
    unknown: (usize, usize),
    brier: f64,
}

fn score(kind: &'static str, text: &str, tick: &str, ticks: u32, cases: usize) -> Score {
    // What a sensor does by itself, in a machine with nothing wrong: noise and what units differ by.
    let healthy = plan(kind, text, "H-1", tick, "");
    let symptoms = examined(&healthy, 40)[0].symptoms();
    let sizes: Vec<f64> = (0..healthy.model_of(0).sensors.len())
        .map(|at| symptoms.scale.get(at).copied().unwrap_or(1.0) + symptoms.covariance[(at, at)].sqrt())
        .collect();
    let hours = healthy.tick.hours() * f64::from(ticks);
    let mut luck = Dice::of(11, 0, kind).stream(Purpose::named("cases"), 0);
    let ids: Vec<String> = (1001..).take(cases).map(|number| format!("M-{number}")).collect();
    let made: Vec<Case> = ids.iter().map(|id| case(&healthy, &sizes, hours, id, &mut luck)).collect();
    let faults: String = made.iter().map(|case| case.faults.as_str()).collect();
    let plan = plan(kind, text, &format!("M-{{1001..{}}}", 1000 + cases), tick, &faults);
    let mut score = Score::default();
    for (examination, case) in examined(&plan, ticks).iter().zip(&made) {
        let diagnosis = examination.diagnosis().unwrap();
        let ranked = diagnosis.ranked();
        let right = ranked[0].0 == case.truth;
        let count = if case.truth == "unknown" { &mut score.unknown } else { &mut score.known };
        count.0 += usize::from(right);
        count.1 += 1;
        let hit = |name: &str| f64::from(u8::from(name == case.truth));
        let missed = f64::from(u8::from(ranked.iter().all(|(name, _)| *name != case.truth)));
        score.brier += missed + ranked.iter().map(|(name, p)| (p - hit(name)) * (p - hit(name))).sum::<f64>();
        if !right && std::env::var_os("TWINWRIGHT_FULL").is_some() {
            say(&format!("   {kind}: {} taken for: {}", case.truth, diagnosis.sentence()));
        }
    }
    score
}

// The table that a person reads when the promise breaks.
#[allow(clippy::print_stderr)]
fn say(line: &str) {
    eprintln!("{line}");
}

#[test]
fn the_right_cause_comes_first_and_what_no_file_describes_is_unknown() {
    let is_long = std::env::var_os("TWINWRIGHT_FULL").is_some();
    let cases = if is_long { 250 } else { 40 };
    let mut all = Score::default();
    for (kind, text, tick, ticks) in KINDS {
        let score = score(kind, text, tick, ticks, cases);
        let ((right, known), (unknown, planted)) = (score.known, score.unknown);
        let brier = score.brier / (known + planted) as f64;
        say(&format!(
            "{kind:18} right first {right} of {known}, unknown {unknown} of {planted}, Brier score {brier:.3}"
        ));
        all.known = (all.known.0 + right, all.known.1 + known);
        all.unknown = (all.unknown.0 + unknown, all.unknown.1 + planted);
        all.brier += score.brier;
    }
    let share = |(right, of): (usize, usize)| right as f64 / of as f64;
    let brier = all.brier / (all.known.1 + all.unknown.1) as f64;
    say(&format!("right first {:.3}, unknown {:.3}, Brier score {brier:.3}", share(all.known), share(all.unknown)));
    assert!(share(all.known) >= 0.9, "{:?}", all.known);
    assert!(share(all.unknown) >= 0.9, "{:?}", all.unknown);
    // What says the same of every case that its probabilities are worth scores at most this.
    assert!(brier <= 0.2, "{brier}");
}

#[test]
fn a_machine_as_new_has_nothing_and_hostile_rows_leave_no_trace() {
    let (kind, text, tick, ticks) = KINDS[0];
    let plan = plan(kind, text, "N-{1..8}", tick, "");
    let nothing =
        examined(&plan, ticks).iter().filter(|one| one.diagnosis().unwrap().ranked()[0].0 == "nothing").count();
    assert!(nothing >= 6, "{nothing} of 8");
    let mut examination = Examination::of(&plan, 0, &["load"]).unwrap();
    assert!(examination.diagnosis().is_none());
    assert_eq!(Examination::of(&plan, 0, &["heat"]).err(), Some("heat"));
    for (at, value) in [f64::NAN, f64::INFINITY, 1e308, -1e308].into_iter().enumerate() {
        let told = Told { mode: None, drivers: vec![Some(value)], sensors: vec![Some(value); 30] };
        examination.row(plan.time_of(at as i64), &told);
        examination.row(Time(i64::MIN / 2), &told);
    }
    assert!(diagnose(&examination.symptoms()).is_none());
    assert_eq!((examination.rows, examination.unordered), (4, 4));
}
