//! Reports made by hand: what a study can come to, from one future of one machine to names that are meant to hurt.

use twinwright::report::data::{
    AlertRow, BUCKETS, FAILURE_BINS, FaultRow, LANE_BINS, Lane, Reach, ReportData, Row, Stop, Trace, Traces,
};
use twinwright::run::summary::Figure;
use twinwright::whatif::outcome::{
    Difference, Interval, MeasureOutcome, RunOutcome, Step, Stopped, Verdict, Walk, WhatIf,
};
use twinwright_core::measures::Tally;
use twinwright_core::plan::study::{Axis, Better, Setting};
use twinwright_model::{Mode, Span, Time};

/// A report and how many plots a person should see in it.
pub struct Sample {
    pub name: &'static str,
    pub data: ReportData,
    pub plots: usize,
}

/// Every sort of page.
pub fn all() -> Vec<Sample> {
    let sample = |name, what_if: Option<WhatIf>, plots| Sample { name, data: data(what_if), plots };
    let mut hostile = sample("hostile", Some(hostile()), 8);
    spoil(&mut hostile.data);
    let mut empty = sample("empty", Some(WhatIf::default()), 0);
    empty.data = ReportData { what_if: Some(WhatIf::default()), ..ReportData::default() };
    vec![
        sample("plain", None, 5),
        sample("alone", Some(alone()), 5),
        sample("variants", Some(variants(&["monthly swap", "on condition", "two crews"], 1_000)), 12),
        sample("many variants", Some(many()), 8),
        sample("one future", Some(variants(&["monthly swap"], 1)), 5),
        sample("sweep", Some(sweep()), 9),
        sample("sweep of names", Some(sweep_of_names()), 8),
        sample("map", Some(map()), 8),
        sample("sampled", Some(sampled()), 10),
        sample("optimum", Some(optimum(1)), 7),
        sample("optimum of two", Some(optimum(2)), 8),
        hostile,
        empty,
    ]
}

/// Numbers between 0 and 1 that look like chance and are the same every time.
fn chance(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The recorded future of a plant of four machines over half a year.
fn data(what_if: Option<WhatIf>) -> ReportData {
    let start = Time::parse("2026-01-01T00:00:00Z").expect("a time");
    let hour = |hours: i64| Time(start.0 + hours * 3_600_000_000_000);
    let end = hour(180 * 24);
    let mut next = chance(7);
    let lane = |place: usize| Lane {
        id: format!("P-10{place}"),
        bins: vec![[8.0, 0.5, 0.2, 0.3, 0.0, 0.0]; LANE_BINS],
        stops: (0..5)
            .map(|k| Stop {
                mode: if k % 2 == 0 { Mode::Failed } else { Mode::Maintenance },
                from: hour(300 + 700 * k + 90 * place as i64),
                to: hour(320 + 700 * k + 90 * place as i64),
                part: ["bearing", "seal"][k as usize % 2].to_owned(),
            })
            .collect(),
    };
    let mut wave = |low: f64, high: f64| -> Vec<Option<Reach>> {
        let reach = |at: usize| {
            let mean = low + (high - low) * (0.5 + 0.4 * (at as f64 / 20.0).sin() + 0.1 * next());
            (!at.is_multiple_of(90)).then_some(Reach { low: mean - 0.4, mean, high: mean + 0.4 })
        };
        (0..BUCKETS).map(reach).collect()
    };
    let trace = |name: &str, points| Trace {
        name: name.to_owned(),
        unit: "degC".to_owned(),
        limits: [None, Some(41.0), Some(75.0), Some(80.0)],
        points,
        alerts: (0..20).map(|k| hour(200 * k)).collect(),
        faults: vec![(hour(1_000), hour(1_300))],
    };
    let tally = Tally {
        hours: [15_000.0, 900.0, 300.0, 400.0, 100.0, 20.0],
        failures: 17.25,
        planned_works: 8.0,
        cost_downtime: 81_000.0,
        cost_planned: 12_000.0,
        cost_unplanned: 31_000.0,
        cost_energy: 140_000.0,
        cost_scrap: 9_000.0,
        ..Tally::default()
    };
    let row = |name: &str| Row {
        name: name.to_owned(),
        kind: "centrifugal-pump".to_owned(),
        machines: 4,
        tally: tally.clone(),
    };
    ReportData {
        title: "Does a monthly bearing swap pay on line 1?".to_owned(),
        question: vec![
            "Bearings fail some three times a year. A swap every month costs less than a failure.".to_owned(),
        ],
        scenario: "swap".to_owned(),
        version: "0.1.0".to_owned(),
        seed: 7,
        start,
        end,
        tick: Span(60_000_000_000),
        machines: 4,
        futures: what_if.as_ref().map_or(1, |what_if| what_if.done),
        recorded: 1,
        kinds: vec![row("centrifugal-pump"), row("gearbox")],
        rows: (0..4).map(|place| row(&format!("P-10{place}"))).collect(),
        lanes: (0..4).map(lane).collect(),
        failures: vec![("bearing".to_owned(), vec![0.25; FAILURE_BINS]), ("seal".to_owned(), vec![0.1; FAILURE_BINS])],
        alerts: vec![AlertRow {
            machine: "P-101".to_owned(),
            rule: "bearing_temp.high".to_owned(),
            severity: "medium".to_owned(),
            count: 12.5,
            first: start,
            last: end,
        }],
        faults: vec![FaultRow {
            fault: "drift".to_owned(),
            layer: "sensor",
            machine: "P-101".to_owned(),
            sensor: "bearing_temp".to_owned(),
            start,
            end: None,
        }],
        traces: Some(Traces {
            machine: "P-101".to_owned(),
            kind: "centrifugal-pump".to_owned(),
            sensors: vec![trace("bearing_temp", wave(40.0, 78.0)), trace("motor_temp", wave(30.0, 60.0))],
            wears: vec![("bearing".to_owned(), wave(0.0, 1.0)), ("seal".to_owned(), wave(0.0, 0.7))],
        }),
        command: "twinwright run scenarios/swap.toml --seed 7".to_owned(),
        what_if,
        ..ReportData::default()
    }
}

/// A measure of `n` futures around a mean, and its difference to the baseline.
fn measure(name: &str, unit: &str, mean: f64, spread: f64, n: usize, by: Option<f64>) -> MeasureOutcome {
    let mut next = chance(name.len() as u64 + mean.to_bits());
    let whole = name == "failures";
    let samples: Vec<f64> = (0..n)
        .map(|_| mean + spread * 2.0 * (next() + next() + next() - 1.5))
        .map(|value| if whole { value.max(0.0).round() } else { value })
        .collect();
    let half = 2.0 * spread / (n as f64).sqrt();
    let around = |value: f64, half: f64| (n > 1).then_some(Interval { low: value - half, high: value + half });
    let lower = name.starts_with("cost") || name == "failures";
    MeasureOutcome {
        name: name.to_owned(),
        unit: unit.to_owned(),
        better: Some(if lower { Better::Lower } else { Better::Higher }),
        figure: Figure::of(samples.clone()).expect("there are futures"),
        interval: around(mean, half),
        difference: by.map(|by| Difference { mean: by, interval: around(by, half / 4.0), better: Some(0.93), n }),
        samples,
    }
}

/// A run whose costs are `factor` times those of the baseline.
fn run(name: &str, factor: f64, n: usize, is_base: bool) -> RunOutcome {
    let one = |what: &str, unit: &str, mean: f64, spread: f64| {
        let value = mean * factor;
        measure(what, unit, value, spread, n, (!is_base).then_some(value - mean))
    };
    let mut next = chance(name.len() as u64 + n as u64);
    let mut failures: Vec<f64> =
        (0..n * 8 / 10).map(|_| 4_000.0 * (next() * next()).sqrt() * factor.min(1.0)).collect();
    failures.sort_by(f64::total_cmp);
    let mut measures = vec![
        measure("availability", "", 1.0 - 0.03 * factor, 0.004, n, (!is_base).then_some(0.03 * (1.0 - factor))),
        one("uptime_h", "h", 16_800.0, 40.0),
        one("failures", "", 6.0, 2.0),
        one("cost", "", 273_000.0, 9_000.0),
    ];
    for (part, mean) in [("downtime", 81.0), ("planned", 12.0), ("unplanned", 31.0), ("energy", 140.0), ("scrap", 9.0)]
    {
        measures.push(one(&format!("cost_{part}"), "", mean * 1_000.0, mean * 100.0));
    }
    measures.push(one("risk_of_delay", "d", 2.25, 0.5));
    measures.push(one("failures(P-101)", "", 1.5, 1.0));
    RunOutcome {
        name: name.to_owned(),
        variant: name.to_owned(),
        changes: if is_base {
            Vec::new()
        } else {
            vec![
                ("maintenance.policy".to_owned(), "periodic".to_owned()),
                ("maintenance.every".to_owned(), "30 d".to_owned()),
            ]
        },
        measures,
        survived: (n - failures.len()) as u32,
        first_failures: failures,
        ..RunOutcome::default()
    }
}

fn alone() -> WhatIf {
    let runs = vec![run("base", 1.0, 320, true)];
    WhatIf { runs, asked: 1_000, done: 320, partial: true, confidence: 0.95, ..WhatIf::default() }
}

fn variants(names: &[&str], futures: usize) -> WhatIf {
    let mut runs = vec![run("base", 1.0, futures, true)];
    runs.extend(names.iter().enumerate().map(|(at, name)| run(name, 0.85 + 0.1 * at as f64, futures, false)));
    let verdict = |text: &str, holds: bool| Verdict {
        text: text.to_owned(),
        run: "base".to_owned(),
        holds,
        figures: vec!["cost = 232 050 (231 500 to 232 600)".to_owned()],
    };
    WhatIf {
        runs,
        asked: futures as u32,
        done: futures as u32,
        confidence: 0.95,
        stopped: Some(Stopped {
            measure: "availability".to_owned(),
            half_width: 0.0019,
            wanted: 0.002,
            confidence: 0.95,
            reached: true,
        }),
        verdicts: vec![verdict("cost < 250000", true), verdict("availability > 0.99", false)],
        explained: vec!["Sensors are left out: nothing reads them.".to_owned()],
        ..WhatIf::default()
    }
}

fn many() -> WhatIf {
    let names: Vec<String> =
        (0..40).map(|at| format!("swap every {} days and two crews on call", 5 * at + 5)).collect();
    variants(&names.iter().map(String::as_str).collect::<Vec<_>>(), 200)
}

fn setting(text: &str, number: Option<f64>) -> Setting {
    Setting { text: text.to_owned(), number }
}

/// Runs of two variants at every point, as a study orders them.
fn over(
    axes: Vec<Axis>,
    points: &[Vec<Setting>],
    variants: &[&str],
    cost: impl Fn(&[Setting], usize) -> f64,
) -> WhatIf {
    let mut runs = Vec::new();
    for point in points {
        let baseline = runs.len();
        for (at, variant) in variants.iter().enumerate() {
            let said: Vec<String> =
                axes.iter().zip(point).map(|(axis, value)| format!("{} = {}", axis.path, value.text)).collect();
            let mut one = run(variant, cost(point, at), 200, at == 0);
            one.name = format!("{variant}, {}", said.join(", "));
            one.variant = (*variant).to_owned();
            one.point = point.clone();
            one.baseline = baseline;
            runs.push(one);
        }
    }
    WhatIf { runs, axes, asked: 200, done: 200, confidence: 0.9, ..WhatIf::default() }
}

fn sweep() -> WhatIf {
    let values: Vec<Setting> = (1..8).map(|k| setting(&format!("{} d", 15 * k), Some(360.0 * f64::from(k)))).collect();
    let points: Vec<Vec<Setting>> = values.iter().map(|value| vec![value.clone()]).collect();
    let axes = vec![Axis { path: "maintenance.every".to_owned(), values }];
    over(axes, &points, &["base", "two crews"], |point, variant| {
        let days = point[0].number.unwrap_or(0.0) / 24.0;
        0.8 + (days - 50.0).powi(2) / 8_000.0 - 0.05 * variant as f64
    })
}

fn sweep_of_names() -> WhatIf {
    let values: Vec<Setting> =
        ["run-to-failure", "periodic", "condition", "predictive"].iter().map(|name| setting(name, None)).collect();
    let points: Vec<Vec<Setting>> = values.iter().map(|value| vec![value.clone()]).collect();
    let axes = vec![Axis { path: "maintenance.policy".to_owned(), values }];
    over(axes, &points, &["base"], |point, _| 0.7 + 0.02 * point[0].text.len() as f64)
}

fn map() -> WhatIf {
    let loads: Vec<Setting> =
        (0..6).map(|k| 0.5 + 0.1 * f64::from(k)).map(|x| setting(&format!("{x:.1}"), Some(x))).collect();
    let swaps: Vec<Setting> = (1..9).map(|k| setting(&format!("{} d", 10 * k), Some(240.0 * f64::from(k)))).collect();
    let points: Vec<Vec<Setting>> =
        loads.iter().flat_map(|load| swaps.iter().map(|swap| vec![load.clone(), swap.clone()])).collect();
    let axes = vec![
        Axis { path: "drivers.load".to_owned(), values: loads },
        Axis { path: "maintenance.every".to_owned(), values: swaps },
    ];
    over(axes, &points, &["base", "two crews"], |point, variant| {
        let (load, days) = (point[0].number.unwrap_or(0.0), point[1].number.unwrap_or(0.0) / 24.0);
        0.6 + 0.4 * load + (days - 40.0).powi(2) / 9_000.0 - variant as f64 * 0.2 * (load - 0.6)
    })
}

fn sampled() -> WhatIf {
    let mut next = chance(3);
    let points: Vec<Vec<Setting>> =
        (0..24).map(|_| (0..4).map(|_| next()).map(|x| setting(&format!("{x:.4}"), Some(x))).collect()).collect();
    let axes = ["drivers.load", "drivers.ambient.mean", "parameters.fouling", "wear.bearing.spread"]
        .iter()
        .enumerate()
        .map(|(at, path)| Axis {
            path: (*path).to_owned(),
            values: points.iter().map(|point| point[at].clone()).collect(),
        });
    over(axes.collect(), &points, &["base"], |point, _| 0.7 + 0.3 * point[0].number.unwrap_or(0.0))
}

fn optimum(paths: usize) -> WhatIf {
    let mut what_if = variants(&["optimum"], 500);
    (what_if.stopped, what_if.verdicts) = (None, Vec::new());
    let step = |days: f64| {
        let value = 200_000.0 + 30.0 * (days - 43.0).powi(2);
        let at = [
            setting(&format!("{days:.1} d"), Some(24.0 * days)),
            setting(&format!("{:.2}", days / 120.0), Some(days / 120.0)),
        ];
        Step {
            at: at[..paths].to_vec(),
            value,
            interval: Some(Interval { low: value - 6_000.0, high: value + 6_000.0 }),
        }
    };
    let days = [10.0, 14.0, 20.0, 28.0, 40.0, 57.0, 80.0, 115.0, 48.0, 36.0, 44.0, 42.0, 43.5];
    what_if.walk = Some(Walk {
        measure: "cost".to_owned(),
        better: Some(Better::Lower),
        paths: ["maintenance.every", "drivers.load"][..paths].iter().map(|path| (*path).to_owned()).collect(),
        steps: days.iter().map(|days| step(*days)).collect(),
        best: Some(step(43.5)),
        fitted: Some(step(42.8)),
        futures: 19_800,
    });
    what_if
}

/// Names that a person would not choose.
fn names() -> [String; 5] {
    [
        "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>".to_owned(),
        "a very long name ".repeat(600),
        "W".repeat(10_000),
        "משמרת לילה \u{202e}evil صيانة".to_owned(),
        "維護計劃".repeat(40) + "🛠️",
    ]
}

fn hostile() -> WhatIf {
    let names = names();
    let mut what_if = variants(&names.iter().map(String::as_str).collect::<Vec<_>>(), 100);
    for run in &mut what_if.runs {
        run.changes.push((names[2].clone(), names[1].clone()));
        run.measures.push(measure(&names[0], &names[1], 1e9, 3e8, 100, Some(-1e8)));
        run.measures.push(measure(&names[3], "% \" <b>", 1e-9, 3e-10, 100, Some(1e-10)));
    }
    let text = format!("{} > 1", names[0]);
    what_if.verdicts = vec![Verdict { text, run: names[1].clone(), holds: false, figures: names.to_vec() }];
    what_if.explained = names.to_vec();
    what_if
}

fn spoil(data: &mut ReportData) {
    let names = names();
    data.title = names.concat();
    data.question = names.to_vec();
    data.scenario = names[1].clone();
    data.command = format!("twinwright run '{}'", names[2]);
    data.failures = names.iter().map(|name| (name.clone(), vec![0.2; FAILURE_BINS])).collect();
    for (lane, name) in data.lanes.iter_mut().zip(&names) {
        lane.id.clone_from(name);
        lane.stops.iter_mut().for_each(|stop| stop.part.clone_from(name));
    }
    for (row, name) in data.rows.iter_mut().chain(&mut data.kinds).zip(names.iter().cycle()) {
        (row.name, row.kind) = (name.clone(), name.clone());
    }
    let spare = names[0].clone();
    data.alerts.iter_mut().for_each(|row| (row.machine, row.rule) = (spare.clone(), names[2].clone()));
    data.faults.iter_mut().for_each(|row| (row.fault, row.sensor) = (spare.clone(), names[4].clone()));
    if let Some(traces) = &mut data.traces {
        (traces.machine, traces.kind) = (names[2].clone(), names[3].clone());
        for (sensor, name) in traces.sensors.iter_mut().zip(&names) {
            (sensor.name, sensor.unit) = (name.clone(), names[1].clone());
        }
        traces.wears.iter_mut().zip(&names).for_each(|(wear, name)| wear.0.clone_from(name));
    }
}
