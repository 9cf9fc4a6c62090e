//! What-if studies: figures with intervals against closed forms, pairs, the stop rule, and the same bytes for any number
//! of threads.

mod asked;
mod left;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use twinwright::run::{self, Settings};
use twinwright::whatif::statistics::{Moments, Student};
use twinwright::whatif::{self, Outcome};
use twinwright_core::Plan;
use twinwright_core::futures::{Asking, Ensemble, FutureEnd};
use twinwright_tests::{Scratch, plan_of, scenario};

/// A part that fails once, after a Weibull life of mean 1,000 h and shape 2, and is never repaired.
const MORTAL: &str = "[wear.belt]\nlaw = \"weibull\"\nshape = 2\nlife = \"1000 h\"\n[sensors.room]\nvalue = \"20\"\n";
/// How long it is watched.
const WATCHED: f64 = 1200.0;

/// The survivor function of that life stretched by a factor: exp(-(t / scale)^2), and the mean of a Weibull of shape 2 is
/// scale * gamma(1.5) = scale * sqrt(pi) / 2.
fn survives(hours: f64, stretch: f64) -> f64 {
    let scale = 1000.0 * stretch / (std::f64::consts::PI.sqrt() / 2.0);
    (-(hours / scale) * (hours / scale)).exp()
}

/// Simpson's rule over the time that is watched.
fn integral(f: impl Fn(f64) -> f64) -> f64 {
    let (n, step) = (2000, WATCHED / 2000.0);
    let weight = |i: usize| {
        if i == 0 || i == n {
            1.0
        } else if i % 2 == 1 {
            4.0
        } else {
            2.0
        }
    };
    (0..=n).map(|i| weight(i) * f(i as f64 * step)).sum::<f64>() * step / 3.0
}

/// Mean and deviation of the uptime min(life, watched): the mean is the integral of the survivor function, the mean of
/// the square that of 2 t times it.
fn uptime(stretch: f64) -> (f64, f64) {
    let mean = integral(|t| survives(t, stretch));
    let square = integral(|t| 2.0 * t * survives(t, stretch));
    (mean, (square - mean * mean).sqrt())
}

fn asking() -> Asking {
    Asking { readings: false, limits: false, skip: true, named: false }
}

fn ends(plan: &Arc<Plan>, futures: u32) -> Vec<FutureEnd> {
    Ensemble::new(plan, asking()).run(0..futures, &|| false).expect("nobody stops it")
}

fn column(ends: &[FutureEnd], measure: &str) -> Vec<Option<f64>> {
    ends.iter().map(|end| end.plant.measure(measure)).collect()
}

#[test]
fn ninety_five_intervals_of_a_hundred_hold_the_truth() {
    // 4,000 samples of 50 futures. The part of intervals that hold has a standard error of sqrt(0.95 * 0.05 / 4000) =
    // 0.0034, so that 0.93 and 0.97 are more than five of them away.
    const SAMPLES: usize = 4000;
    const FUTURES: usize = 50;
    let watched = scenario(1, "1200 h", "1 h", "");
    let base = column(&ends(&plan_of(MORTAL, &watched), (SAMPLES * FUTURES) as u32), "uptime_h");
    let longer = MORTAL.replace("1000 h", "1100 h");
    let variant = column(&ends(&plan_of(&longer, &watched), (SAMPLES * FUTURES) as u32), "uptime_h");
    let student = Student::new(0.95);
    // A failure is seen at the tick after it: half an hour late in the mean, where there is one.
    let late = |stretch: f64| 0.5 * (1.0 - survives(WATCHED, stretch));
    let truth = uptime(1.0).0 + late(1.0);
    let gain = uptime(1.1).0 + late(1.1) - truth;
    let (mut held, mut held_pairs) = (0, 0);
    for (base, variant) in base.chunks(FUTURES).zip(variant.chunks(FUTURES)) {
        let values: Vec<f64> = base.iter().flatten().copied().collect();
        let interval = student.interval(&Moments::of(&values).expect("values")).expect("an interval");
        held += usize::from(interval.low <= truth && truth <= interval.high);
        let difference = student.difference(variant, base, None).expect("pairs");
        let interval = difference.interval.expect("an interval");
        held_pairs += usize::from(interval.low <= gain && gain <= interval.high);
    }
    for (what, held) in [("means", held), ("differences", held_pairs)] {
        let share = held as f64 / SAMPLES as f64;
        assert!((0.93..=0.97).contains(&share), "{share} of the intervals of {what} hold the truth");
    }
}

/// A machine that fails every 100 h or so and is repaired for 5 h in the mean.
fn repaired(mean: &str) -> String {
    format!(
        "[wear.belt]\nlaw = \"weibull\"\nshape = 1.5\nlife = \"100 h\"\nrepair = {{ takes = {{ exponential = \"{mean}\" }} }}\n\
         [sensors.room]\nvalue = \"20\"\n"
    )
}

#[test]
fn pairs_are_five_times_narrower_than_strangers() {
    const FUTURES: u32 = 400;
    let watched = |seed: u32| scenario(1, "2000 h", "1 min", "").replace("title", &format!("seed = {seed}\ntitle"));
    let column = |repair: &str, seed| column(&ends(&plan_of(&repaired(repair), &watched(seed)), FUTURES), "downtime_h");
    let base = column("5 h", 1);
    let student = Student::new(0.95);
    let width = |column: &[Option<f64>]| {
        let difference = student.difference(column, &base, None).expect("futures");
        let interval = difference.interval.expect("an interval");
        (interval.high - interval.low, difference.mean)
    };
    let (paired, gained) = width(&column("6 h", 1));
    let (strange, _) = width(&column("6 h", 2));
    assert!(strange > 5.0 * paired, "paired {paired}, with other luck {strange}");
    // The long run share of downtime is r / (m + r): 5 / 105 and 6 / 106 of 2,000 h differ by 18; the start as new and the
    // cut at the end take less than one repair of it.
    assert!((gained - 18.0).abs() < 6.0, "{gained}");
}

/// A folder with a kind and a scenario.
fn folder(machine: &str, rest: &str) -> Scratch {
    let scratch = Scratch::new();
    scratch.write("unit.toml", format!("schema = \"machine/1\"\nkind = \"unit\"\n{machine}"));
    scratch.write("plant.toml", rest);
    scratch
}

fn study(scratch: &Scratch, threads: usize, out: &str) -> Outcome {
    let mut settings = Settings::of(&scratch.join("plant.toml"));
    (settings.threads, settings.quiet) = (threads, true);
    settings.out = Some(scratch.join(out));
    settings.tables = vec![whatif::tables::TableForm::Csv, whatif::tables::TableForm::Json];
    let study = run::study(&settings).unwrap_or_else(|trouble| panic!("{trouble}"));
    whatif::run(&settings, &study, &AtomicBool::new(false)).unwrap_or_else(|trouble| panic!("{trouble}"))
}

#[test]
fn a_study_stops_soon_after_its_interval_is_narrow_enough_and_never_before() {
    // The half width 1.96 sd / sqrt(n) comes down to the wanted one after about n futures.
    let deviation = uptime(1.0).1;
    for (seed, needed) in [(1, 400.0), (2, 900.0), (3, 1600.0)] {
        let wanted = 1.96 * deviation / f64::sqrt(needed);
        let rest =
            format!("[futures]\ncount = 20000\nstop_when = {{ measure = \"uptime_h\", half_width = {wanted} }}\n");
        let text = scenario(1, "1200 h", "1 h", &rest).replace("title", &format!("seed = {seed}\ntitle"));
        let outcome = study(&folder(MORTAL, &text), 2, "out");
        let (stopped, done) = (outcome.what_if.stopped.expect("there is a rule"), outcome.what_if.done as usize);
        assert!(stopped.reached && stopped.half_width <= wanted && !outcome.what_if.partial);
        let uptime =
            outcome.what_if.runs[0].measures.iter().find(|measure| measure.name == "uptime_h").expect("it is there");
        let width = |n: usize| {
            Student::new(0.95).half_width(&Moments::of(&uptime.samples[..n]).expect("values")).expect("a width")
        };
        assert!(width(done) <= wanted, "seed {seed}: stopped too early, after {done}");
        assert!(width((done as f64 / 1.2) as usize) > wanted, "seed {seed}: stopped too late, after {done}");
        // The deviation of n values is off by a part of 1 / sqrt(2 n) or less: five times that, twice for the square.
        let off = 10.0 / f64::sqrt(2.0 * needed);
        let share = done as f64 / needed;
        assert!((1.0 - off..1.2 + off).contains(&share), "seed {seed}: {done} instead of {needed}");
    }
}

fn bytes_below(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there").flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        match path.is_dir() {
            true => {
                found.extend(bytes_below(&path).into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)))
            }
            false => found.push((name, std::fs::read(&path).expect("a file"))),
        }
    }
    found.sort();
    found
}

#[test]
fn any_number_of_threads_leaves_the_same_bytes() {
    let rest = "[futures]\ncount = 2000\nstop_when = { measure = \"downtime_h\", half_width = 3 }\n\
                [[variant]]\nname = \"slow repair\"\nset = { \"wear.belt.repair.takes\" = \"8 h\" }\n\
                [[measure]]\nname = \"down_share\"\nvalue = \"downtime_h / (uptime_h + downtime_h)\"\nbetter = \"lower\"\n\
                [[expect]]\nthat = \"down_share < 0.2\"\n\
                [[expect]]\nthat = \"downtime_h > 0\"\nvariant = \"slow repair\"\nof = \"difference\"\n";
    let scratch = folder(&repaired("5 h"), &scenario(3, "2000 h", "10 min", rest));
    let one = study(&scratch, 1, "one");
    assert!(one.missed.is_empty() && one.what_if.done < 2000 && one.what_if.runs.len() == 2, "{:?}", one.missed);
    for (threads, out) in [(2, "two"), (3, "three")] {
        let other = study(&scratch, threads, out);
        assert_eq!(other.what_if.done, one.what_if.done);
        let (here, there) = (bytes_below(&scratch.join("one")), bytes_below(&scratch.join(out)));
        let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&here), names(&there));
        for ((name, a), (_, b)) in here.iter().zip(&there) {
            assert!(a == b, "{name} differs with {threads} threads");
        }
    }
}
