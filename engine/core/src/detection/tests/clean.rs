//! Clean readings: noise with and without memory, tails and rounding, as the simulator makes it. Whatever it does, it is
//! no finding.

use crate::detection::{PanelView, PanelWatch, PanelWatchPlan, Turn};
use crate::dice::Dice;
use crate::sensing::kernel::{Distort, Sampling, sample};
use crate::sensing::{LANES, Panel, PanelPlan, SensorPlan};
use crate::site::ItemPlan;
use crate::watch::tests::plant;
use twinwright_model::Time;
use twinwright_model::time::SECOND;

struct Healthy;

impl Distort for Healthy {
    fn truth(&mut self, _: usize, _: &mut [f64; LANES]) {}
    fn raw(&mut self, _: usize, _: &mut [f32; LANES], _: &[f32; LANES]) {}
    fn reading(&mut self, _: usize, _: &mut Panel) {}
}

/// Rounding in standard deviations; the last two lanes of each have fat tails.
const STEPS: [f64; 4] = [0.1, 0.5, 1.0, 2.0];
const SD: f64 = 0.4;
const LEVEL: f64 = 50.0;

/// Sixteen lanes: four roundings, each with normal noise twice and fat tails twice.
fn panel(memory_s: f64, tick_s: f64) -> PanelPlan {
    let mut plan = PanelPlan::empty(1, 1);
    plan.used = LANES;
    let rho = if memory_s > 0.0 { libm::exp(-tick_s / memory_s) } else { 0.0 };
    for lane in 0..LANES {
        plan.base[lane] = LEVEL + 0.37 * SD * lane as f64;
        plan.rho[lane] = rho as f32;
        plan.fresh[lane] = (SD * (1.0 - rho * rho).sqrt()) as f32;
        plan.sd[lane] = SD as f32;
        plan.set_resolution(lane, STEPS[lane / 4] * SD);
        plan.tails[lane] = if lane % 4 >= 2 { 4.0 } else { 0.0 };
    }
    plan.has_tails = true;
    plan
}

/// Findings over so many ticks of clean readings.
fn findings(memory_s: f64, tick_s: f64, ticks: u64, seed: u64) -> Vec<Turn> {
    let sampled = panel(memory_s, tick_s);
    let sensors: Vec<SensorPlan> = (0..LANES as u8).map(sensor).collect();
    let site = plant::site(plant::plan("[sensors.a]\nvalue = \"1\"\n", 1, "1 s", ""));
    let mut detectors = plant::usual_detectors();
    // Three standard deviations an hour.
    detectors.items = (0..LANES).map(|lane| rated(lane, 3.0 * SD)).collect();
    let tick = (tick_s * SECOND as f64) as i64;
    let plan = PanelWatchPlan::of_panel((0, &sampled, tick), &sensors, &detectors, &site.time, "U-1");
    let (mut state, mut watch, mut turns) = (Panel::default(), PanelWatch::default(), Vec::new());
    let dice = [Dice::of(seed, 0, "clean")];
    let mut truth = [[0.0; LANES]];
    for index in 0..ticks {
        let sampling = Sampling { panel: 0, index, due: true };
        sample(&sampled, &mut [&mut state], [&[]], &dice, sampling, &mut Healthy, &mut truth);
        let time = (index as i64 + 1) * tick;
        let step = |lane: usize| STEPS[lane / 4] * SD;
        let view = PanelView {
            machine: 0,
            panel: 0,
            time: Time(time),
            span_s: tick_s,
            heard_at: [time; LANES],
            measured: state.measured.map(f64::from),
            quality: state.quality,
            heard: u16::MAX,
            expected: truth[0],
            sd: std::array::from_fn(|lane| (SD * SD + step(lane) * step(lane) / 12.0).sqrt()),
            modelled: u16::MAX,
        };
        watch.look(&plan, &view, &mut |turn| turns.push(turn));
    }
    turns
}

fn sensor(lane: u8) -> SensorPlan {
    let value = crate::expression::Bound::Number(LEVEL);
    let limits = Some(crate::limits::LimitsPlan {
        at: [Some(LEVEL - 30.0 * SD), None, None, Some(LEVEL + 40.0 * SD)],
        deadband: SD,
        on_delay: 10 * SECOND,
        off_delay: 10 * SECOND,
    });
    SensorPlan { name: format!("s{lane}"), unit: String::new(), panel: 0, lane, limits, value }
}

fn rated(lane: usize, rate: f64) -> ItemPlan {
    let item = format!("s{lane}");
    ItemPlan { machine: None, item, unit: None, limits: None, range: None, rate: Some(rate), stuck: None }
}

#[test]
fn clean_readings_make_less_than_one_finding_in_a_million() {
    let is_full = std::env::var_os("TWINWRIGHT_FULL").is_some();
    let (mut samples, mut found) = (0u64, Vec::new());
    for memory_s in [0.0, 30.0, 300.0] {
        for tick_s in [1.0, 10.0, 60.0] {
            let ticks = if is_full { 4_000_000 } else { 150_000 };
            samples += ticks * LANES as u64;
            let turns = findings(memory_s, tick_s, ticks, 11);
            found.extend(turns.into_iter().filter(|turn| turn.ended.is_none()).map(|turn| (memory_s, tick_s, turn)));
        }
    }
    assert!(samples >= 5_000_000);
    let most = samples / 1_000_000;
    assert!(found.len() as u64 <= most, "{} findings in {samples} samples: {found:#?}", found.len());
}
