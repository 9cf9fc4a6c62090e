//! Bad readings of one sensor: nothing that is no finite number gets in, neighbours do not notice, and a wrong sensor is not
//! taken for wear.

use super::plant::{Plant, plan, site};
use super::shown::PUMP;
use crate::mirror::Mirror;
use twinwright_model::live::Measurement;
use twinwright_model::time::SECOND;
use twinwright_model::{Quality, Time};

const HOUR: i64 = 3600 * SECOND;
/// Ticks of a test, and the one at which a sensor goes wrong.
const TICKS: i64 = 400;
const WRONG_FROM: i64 = 150;

type Spoil = fn(i64, &mut Measurement);

/// What sensors, gateways and clocks do. The number is the tick.
const BAD: [(&str, Spoil); 14] = [
    ("no number", |_, one| one.value = f64::NAN),
    ("infinite", |_, one| one.value = f64::INFINITY),
    ("minus infinite", |tick, one| one.value = if tick % 2 == 0 { f64::NEG_INFINITY } else { one.value }),
    ("enormous", |_, one| one.value = 1e308),
    ("enormous, either way", |tick, one| one.value = if tick % 2 == 0 { 1e308 } else { -1e308 }),
    ("stuck", |_, one| one.value = 2.5),
    ("spikes", |tick, one| one.value += if tick % 37 == 0 { 1e6 } else { 0.0 }),
    ("drift", |tick, one| one.value += 0.05 * (tick - WRONG_FROM) as f64),
    ("flapping", |tick, one| one.quality = if tick % 2 == 0 { Quality::Bad } else { Quality::Good }),
    ("another unit", |_, one| one.value *= 1000.0),
    ("empty", |_, one| (one.value, one.quality) = (f64::NAN, Quality::Missing)),
    ("an hour ahead", |_, one| one.time = Time(one.time.0 + HOUR)),
    ("an hour behind", |_, one| one.time = Time(one.time.0 - HOUR)),
    ("1970, and the ends of time", |tick, one| one.time = Time([0, i64::MAX, i64::MIN + 1][(tick % 3) as usize])),
];

#[test]
fn whatever_a_sensor_sends_states_stay_finite_and_neighbours_do_not_notice() {
    let plan = plan("pump", PUMP, "P-{1..3}", "1 min", "");
    let site = site(&plan, &["load"]);
    let wrong = site.channels.iter().position(|channel| channel.name.item == "vibration").unwrap() as u32;
    let mut plant = Plant::new(&site, true);
    let heard: Vec<Vec<Measurement>> = (0..TICKS).map(|_| plant.tick()).collect();
    let mut clean = Mirror::build(&site);
    heard.iter().for_each(|heard| clean.tick(heard));
    for (name, spoil) in BAD {
        let mut mirror = Mirror::build(&site);
        for (tick, heard) in (0i64..).zip(&heard) {
            let mut heard = heard.clone();
            for one in heard.iter_mut().filter(|one| one.channel == wrong && tick >= WRONG_FROM) {
                spoil(tick, one);
            }
            mirror.tick_seen(&heard, &mut |view| {
                for lane in 0..16 {
                    let modelled = view.modelled & (1 << lane) != 0;
                    assert!(!modelled || view.expected[lane].is_finite() && view.sd[lane].is_finite(), "{name}");
                    assert!(view.heard & (1 << lane) == 0 || view.measured[lane].is_finite(), "{name}");
                }
            });
        }
        for neighbour in [1, 2] {
            assert_eq!(mirror.digest_of(neighbour), clean.digest_of(neighbour), "{name}");
        }
        let estimate = &mirror.crowd.standing(0).expect("it is there").follower.estimate;
        assert!(estimate.x.iter().chain(estimate.p.iter()).all(|number| number.is_finite()), "{name}");
        assert!(mirror.crowd.slots(0).expect("it has them").0.iter().all(|number| number.is_finite()), "{name}");
        // The other sensors still know the wear.
        let (estimate, sd, _) = mirror.wear(0, 0).unwrap();
        let off = (estimate - plant.wear(0, 0)).abs();
        assert!(off < 0.05, "{name}: {off} with a deviation of {sd}");
    }
}

#[test]
fn drivers_and_modes_that_are_nonsense_are_not_heard() {
    let plan = plan("pump", PUMP, "P-1", "1 min", "");
    let site = site(&plan, &["load"]);
    let channel = |item: &str| site.channels.iter().position(|one| one.name.item == item).unwrap() as u32;
    let mut mirror = Mirror::build(&site);
    let mut tell = |item: &str, value: f64, quality: Quality| {
        let time = Time(plan.start.0 + mirror.now().map_or(0, |tick| i64::from(tick + 1)) * plan.tick.0);
        mirror.tick(&[Measurement { channel: channel(item), time, value, quality }]);
        let portrait = mirror.portrait(0);
        (portrait["drivers"]["load"].as_f64(), portrait["mode"].as_str().map(str::to_owned))
    };
    let running = Some("running".to_owned());
    assert_eq!(tell("load", 0.7, Quality::Good), (Some(0.7), running.clone()));
    for (value, quality) in [(f64::NAN, Quality::Good), (f64::INFINITY, Quality::Good), (0.2, Quality::Bad)] {
        assert_eq!(tell("load", value, quality), (Some(0.7), running.clone()));
    }
    for value in [f64::NAN, -1.0, 6.0, 2.5, 1e308] {
        assert_eq!(tell("mode", value, Quality::Good), (Some(0.7), running.clone()));
    }
    assert_eq!(tell("mode", 2.0, Quality::Good), (Some(0.7), Some("maintenance".to_owned())));
}

#[test]
fn a_sensor_that_is_off_for_good_is_told_from_wear_and_learnt() {
    let plan = plan("pump", PUMP, "P-{1..8}", "1 min", "");
    let site = site(&plan, &["load"]);
    let (mut plant, mut mirror) = (Plant::new(&site, true), Mirror::build(&site));
    for tick in 0..3000 {
        let mut heard = plant.tick();
        for one in heard.iter_mut().filter(|_| tick >= 1000) {
            // A different sensor of each machine, by ten times its noise.
            let name = &site.channels[one.channel as usize].name;
            match (name.machine.as_str(), name.item.as_str()) {
                ("P-1" | "P-2", "vibration") => one.value += 1.0,
                ("P-3" | "P-4", "temperature") => one.value -= 5.0,
                ("P-5" | "P-6", "flow") => one.value += 10.0,
                _ => {}
            }
        }
        mirror.tick(&heard);
    }
    for machine in 0..8 {
        let portrait = mirror.portrait(machine);
        let bias = |sensor: &str| portrait["sensors"][sensor]["bias"]["estimate"].as_f64().unwrap_or(0.0);
        let put = [1.0, 1.0, -5.0, -5.0, 10.0, 10.0, 0.0, 0.0][machine as usize];
        let sensor = ["vibration", "temperature", "flow", "vibration"][machine as usize / 2];
        assert!((bias(sensor) - put).abs() < 0.1 * put.abs() + 0.1, "{machine} {sensor}: {}", bias(sensor));
        let off = (mirror.wear(machine, 0).unwrap().0 - plant.wear(machine, 0)).abs();
        assert!(off < 0.05, "{machine}: {off}");
    }
}
