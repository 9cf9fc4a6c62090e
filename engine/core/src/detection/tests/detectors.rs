//! Each detector against a closed form, or against the same thing written down naively.

use crate::detection::plan::PanelWatchPlan;
use crate::detection::{Detector, PanelView, PanelWatch, Turn};
use crate::dice::{Dice, Purpose};
use crate::limits::{Level, LimitsPlan};
use crate::sensing::{LANES, PanelPlan, SensorPlan};
use crate::site::{DetectorPlan, ItemPlan};
use crate::watch::tests::plant::{Noise, plan, site, usual_detectors, view};
use twinwright_model::Span;
use twinwright_model::time::SECOND;

fn sensors(limits: Option<LimitsPlan>) -> Vec<SensorPlan> {
    let value = crate::expression::Bound::Number(0.0);
    let sensor = |lane: u8| SensorPlan {
        name: format!("s{lane}"),
        unit: String::new(),
        panel: 0,
        lane,
        limits,
        value: value.clone(),
    };
    (0..LANES as u8).map(sensor).collect()
}

fn compiled(panel: &PanelPlan, limits: Option<LimitsPlan>, detectors: &DetectorPlan) -> PanelWatchPlan {
    let time = site(plan("[sensors.a]\nvalue = \"1\"\n", 1, "1 s", "")).time;
    PanelWatchPlan::of_panel((0, panel, SECOND), &sensors(limits), detectors, &time, "U-1")
}

fn nothing() -> DetectorPlan {
    DetectorPlan { residual: None, cusum: None, stuck: None, items: Vec::new() }
}

/// One second after another, lane 3 saying this and expecting zero with a standard deviation of one.
fn feed(plan: &PanelWatchPlan, values: impl IntoIterator<Item = f64>) -> Vec<(Detector, i64, Option<i64>)> {
    let mut watch = PanelWatch::default();
    let mut turns: Vec<Turn> = Vec::new();
    for (at, value) in values.into_iter().enumerate() {
        let mut view = view(0, at as i64 * SECOND, 1 << 3, 0.0, 1.0);
        view.measured[3] = value;
        watch.look(plan, &view, &mut |turn| turns.push(turn));
    }
    turns.iter().map(|turn| (turn.detector, turn.since / SECOND, turn.ended.map(|end| end / SECOND))).collect()
}

/// A limit the way one would explain it: in words.
fn naive(limits: &LimitsPlan, level: Level, values: &[f64]) -> Vec<(i64, Option<i64>)> {
    let Some(limit) = limits.at[level as usize] else { return Vec::new() };
    let sign = if matches!(level, Level::Low | Level::LowLow) { -1.0 } else { 1.0 };
    let (mut turns, mut raised, mut since) = (Vec::new(), None, None);
    for (at, value) in values.iter().enumerate() {
        let at = at as i64;
        let beyond = sign * value > sign * limit;
        let back = sign * value <= sign * (limit - sign * limits.deadband);
        match raised {
            None if beyond => {
                let first = *since.get_or_insert(at);
                if (at - first) * SECOND >= limits.on_delay {
                    (raised, since) = (Some(at), None);
                    turns.push((at, None));
                }
            }
            Some(began) if back => {
                let first = *since.get_or_insert(at);
                if (at - first) * SECOND >= limits.off_delay {
                    (raised, since) = (None, None);
                    turns.push((began, Some(at)));
                }
            }
            _ => since = None,
        }
    }
    turns
}

#[test]
fn limits_with_deadband_and_delays_are_what_words_say() {
    for case in 0..300u64 {
        let mut luck = Dice::of(case, 0, "limits").stream(Purpose::named("test.limits"), 0);
        let limits = LimitsPlan {
            at: [Some(-6.0), Some(-3.0), Some(2.0), (case % 3 != 0).then_some(5.0)],
            deadband: [0.0, 0.5, 2.0][luck.choice(3)],
            on_delay: [0, 1, 7][luck.choice(3)] * SECOND,
            off_delay: [0, 1, 12][luck.choice(3)] * SECOND,
        };
        let mut value = 0.0;
        let values: Vec<f64> = (0..400)
            .map(|_| {
                value = 0.95 * value + 1.2 * luck.normal();
                libm::round(4.0 * value) / 4.0
            })
            .collect();
        let plan = compiled(&PanelPlan::empty(1, 1), Some(limits), &nothing());
        let seen = feed(&plan, values.iter().copied());
        for (level, detector) in Level::ALL.into_iter().zip(Detector::ALL) {
            let of_level = seen.iter().filter(|turn| turn.0 == detector).map(|turn| (turn.1, turn.2));
            assert_eq!(of_level.collect::<Vec<_>>(), naive(&limits, level, &values), "case {case}, {level:?}");
        }
    }
}

#[test]
fn a_shift_is_found_by_cusum_after_level_over_shift_less_slack() {
    let detectors = DetectorPlan { cusum: Some((1.0, 10.0)), ..nothing() };
    let plan = compiled(&PanelPlan::empty(1, 1), None, &detectors);
    for shift in [1.5, 2.0, 3.0, -2.5] {
        let values = (0..200).map(|at| if at >= 100 { shift } else { 0.0 });
        // The reading at 100 is the first that counts.
        let after = libm::ceil(10.0 / (f64::abs(shift) - 1.0)) as i64 - 1;
        assert_eq!(feed(&plan, values), [(Detector::Cusum, 100 + after, None)], "shift {shift}");
    }
    // Within the slack nothing adds up, and a single reading counts four at most.
    assert_eq!(feed(&plan, (0..5_000).map(|_| 0.99)), []);
    assert_eq!(feed(&plan, (0..100).map(|at| if at % 10 == 0 { 1e9 } else { 0.0 })), []);
}

#[test]
fn cusum_ends_when_the_sum_has_run_down_and_begins_again_only_in_full() {
    let detectors = DetectorPlan { cusum: Some((1.0, 10.0)), ..nothing() };
    let plan = compiled(&PanelPlan::empty(1, 1), None, &detectors);
    let values = (0..400).map(|at| if (100..200).contains(&at) { 3.0 } else { 0.0 });
    // 10 / (3 - 1) readings up; down from 10 by 1 each to below 1.
    assert_eq!(feed(&plan, values), [(Detector::Cusum, 104, None), (Detector::Cusum, 104, Some(209))]);
}

#[test]
fn a_deviation_is_one_when_it_lasts() {
    let detectors = DetectorPlan { residual: Some((4.0, Span(30 * SECOND))), ..nothing() };
    let plan = compiled(&PanelPlan::empty(1, 1), None, &detectors);
    let stretch =
        |from: i64, to: i64, size: f64| (0..300).map(move |at| if at >= from && at < to { size } else { 0.0 });
    assert_eq!(feed(&plan, stretch(100, 130, 4.5)), []);
    let found = [(Detector::Residual, 130, None), (Detector::Residual, 130, Some(190))];
    assert_eq!(feed(&plan, stretch(100, 160, 4.5)), found);
    assert_eq!(feed(&plan, stretch(100, 160, -4.5)), found);
    assert_eq!(feed(&plan, stretch(100, 300, 3.9)), []);
    assert_eq!(feed(&plan, (0..300).map(|at| if at % 20 == 0 { 50.0 } else { 0.0 })), []);
}

#[test]
fn noise_with_memory_makes_the_same_detectors_slower_not_louder() {
    let mut panel = PanelPlan::empty(1, 1);
    panel.rho = [libm::exp(-1.0 / 60.0) as f32; LANES];
    panel.sd = [1.0; LANES];
    let plan = compiled(&panel, None, &usual_detectors());
    let found = feed(
        &plan,
        (0..20_000).map(|at| if at >= 1_000 { 3.0 + 1e-6 * (at % 7) as f64 } else { 1e-6 * (at % 7) as f64 }),
    );
    // Readings of one second weigh 1 / (1 + 2 * 60): 10 / 2 of them become 605, the first one being at 1000.
    assert_eq!(found, [(Detector::Cusum, 1_604, None)]);
}

#[test]
fn a_value_that_stands_still_is_stuck_and_a_coarse_one_is_not() {
    let detectors = DetectorPlan { stuck: Some(Span(600 * SECOND)), ..nothing() };
    let mut panel = PanelPlan::empty(1, 1);
    panel.sd = [0.5; LANES];
    (0..LANES).for_each(|lane| panel.set_resolution(lane, 0.1));
    let plan = compiled(&panel, None, &detectors);
    let mut noise = Noise::new("stuck", 1, 0.5, 0.0, None, 0.1);
    let values: Vec<f64> =
        (0..2_000).map(|at| if (500..1_500).contains(&at) { 7.3 } else { noise.read(7.0) }).collect();
    let found = feed(&plan, values);
    assert_eq!(found.iter().map(|turn| turn.0).collect::<Vec<_>>(), [Detector::Stuck; 2]);
    assert_eq!(found[0].1, 1_100);
    assert!(matches!(found[1].2, Some(ended) if (1_502..1_520).contains(&ended)), "{found:?}");
    // Steps of twenty standard deviations: it would stand still for years.
    (0..LANES).for_each(|lane| panel.set_resolution(lane, 10.0));
    assert_eq!(feed(&compiled(&panel, None, &detectors), (0..90_000).map(|_| 10.0)), []);
    // Without noise nothing is known, but who asks for it gets it.
    let quiet = PanelPlan::empty(1, 1);
    assert_eq!(feed(&compiled(&quiet, None, &detectors), (0..2_000).map(|_| 1.0)), []);
    let stuck = Some(Span(60 * SECOND));
    let item =
        ItemPlan { machine: None, item: "s3".to_owned(), unit: None, limits: None, range: None, rate: None, stuck };
    let asked = DetectorPlan { items: vec![item], ..nothing() };
    assert_eq!(feed(&compiled(&quiet, None, &asked), (0..100).map(|_| 1.0)), [(Detector::Stuck, 60, None)]);
}

#[test]
fn a_rise_that_is_too_fast_is_found_through_noise_and_a_slower_one_is_not() {
    let item = |rate| ItemPlan {
        machine: Some("U-1".to_owned()),
        item: "s3".to_owned(),
        unit: None,
        limits: None,
        range: None,
        rate: Some(rate),
        stuck: None,
    };
    for (sd, rho) in [(0.0, 0.0), (0.2, 0.0), (0.2, 0.9), (2.0, 0.0)] {
        for direction in [1.0, -1.0] {
            let plan = compiled(&PanelPlan::empty(1, 1), None, &DetectorPlan { items: vec![item(60.0)], ..nothing() });
            // Level for an hour, then a ramp, then level again.
            let ramp = |per_hour: f64| {
                let mut noise = Noise::new("ramp", 3, sd, rho, None, 0.0);
                let truth = move |at: i64| direction * per_hour / 3_600.0 * (at.clamp(3_600, 18_000) - 3_600) as f64;
                (0..36_000).map(move |at| noise.read(truth(at)))
            };
            let found = feed(&plan, ramp(120.0));
            assert_eq!(found.iter().map(|turn| turn.0).collect::<Vec<_>>(), [Detector::Rate; 2], "sd {sd} rho {rho}");
            assert!(found[0].1 > 3_600 && found[0].1 < 9_000, "sd {sd} rho {rho}: {found:?}");
            assert!(matches!(found[1].2, Some(end) if end > 18_000 && end < 27_000), "sd {sd}: {found:?}");
            assert_eq!(feed(&plan, ramp(40.0)), [], "sd {sd} rho {rho}");
        }
    }
}

#[test]
fn what_a_sensor_cannot_measure_is_its_own_trouble_and_passes_no_limit() {
    let mut panel = PanelPlan::empty(1, 1);
    (panel.low, panel.high) = ([0.0; LANES], [150.0; LANES]);
    let limits = LimitsPlan { at: [None, None, None, Some(85.0)], deadband: 1.0, on_delay: 0, off_delay: 0 };
    let plan = compiled(&panel, Some(limits), &usual_detectors());
    for wild in [150.1, 1e9, 1e308, -0.1, -1e308] {
        let values = (0..100).map(|at| if (20..40).contains(&at) { wild } else { 50.0 });
        let found = feed(&plan, values);
        let of_residual =
            |turn: &&(Detector, i64, Option<i64>)| !matches!(turn.0, Detector::Residual | Detector::Cusum);
        let found: Vec<_> = found.iter().filter(of_residual).copied().collect();
        assert_eq!(found, [(Detector::OutOfRange, 22, None), (Detector::OutOfRange, 22, Some(42))], "{wild}");
    }
    // Cut off at the end of the range is both: the sensor cannot say more, and what it says is too much.
    let mut watch = PanelWatch::default();
    let mut found = Vec::new();
    for at in 0..10 {
        let mut view = view(0, at * SECOND, 1, 50.0, 1.0);
        (view.measured[0], view.quality[0]) = (150.0, 2);
        watch.look(&plan, &view, &mut |turn| found.push(turn.detector));
    }
    assert_eq!(found, [Detector::HighHigh, Detector::OutOfRange]);
}

#[test]
fn lanes_do_not_know_each_other() {
    let limits = LimitsPlan { at: [None, None, Some(5.0), None], deadband: 1.0, on_delay: 3 * SECOND, off_delay: 0 };
    let plan = compiled(&PanelPlan::empty(1, 1), Some(limits), &usual_detectors());
    let mut luck = Dice::of(1, 0, "lanes").stream(Purpose::named("test.lanes"), 0);
    let wild = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e308, -1e308, 0.0, 6.0, 1e-300];
    let views: Vec<PanelView> = (0..2_000)
        .map(|at| {
            let mut view = view(0, at * SECOND, luck.bits() as u16, 0.0, 1.0);
            for lane in 0..LANES {
                view.measured[lane] = if lane == 7 { 4.0 + 2.0 * luck.normal() } else { wild[luck.choice(wild.len())] };
                view.quality[lane] = luck.choice(6) as u8;
                view.expected[lane] = if lane == 7 { 0.0 } else { wild[luck.choice(wild.len())] };
                view.sd[lane] = if lane == 7 { 1.0 } else { wild[luck.choice(wild.len())] };
                view.heard_at[lane] = if lane == 7 { at * SECOND } else { luck.bits() as i64 };
            }
            view
        })
        .collect();
    let run = |alone: bool| {
        let (mut watch, mut turns) = (PanelWatch::default(), Vec::new());
        for view in &views {
            let heard = if alone { view.heard & 1 << 7 } else { view.heard };
            watch.look(&plan, &PanelView { heard, ..*view }, &mut |turn| {
                if turn.lane == 7 {
                    turns.push(turn);
                }
            });
        }
        assert!(watch.is_finite(), "{watch:?}");
        turns
    };
    let with_neighbours = run(false);
    assert!(with_neighbours.len() > 10);
    assert_eq!(with_neighbours, run(true));
}
