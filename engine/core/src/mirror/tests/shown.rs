//! What the mirror shows: readings beside expectations, silence, substitutes, strays, and restored parts.

use super::plant::{Plant, plan, site};
use crate::maintenance::Source;
use crate::mirror::Mirror;
use twinwright_model::journal::Newcomer;
use twinwright_model::live::{ChannelName, Measurement};
use twinwright_model::time::SECOND;
use twinwright_model::{Mode, Quality, Time};

/// A pump whose load is told by a feed.
pub const PUMP: &str = r#"
schema = "machine/1"
kind = "pump"
[parameters]
trim = { normal = [1.0, 0.05] }
[drivers]
load = { feed = "load", default = 0.8 }
[wear.bearing]
law = "gamma"
life = "120 h"
spread = 0.2
stress = "load * running"
repair = { takes = "2 h", cost = 1 }
[sensors.vibration]
value = "1 + load + 6*running*bearing^2"
noise = { sd = 0.1 }
[sensors.temperature]
value = "20 + 20*load*running + 30*bearing"
noise = { sd = 0.5, memory = "3 min" }
lag = "5 min"
resolution = 0.1
range = [-20, 150]
[sensors.flow]
value = "80*trim*load*running - 8*bearing"
noise = { sd = 1.0 }
[sensors.current]
value = "5 + 40*load + 9*bearing"
noise = { sd = 0.4 }
"#;

fn one_pump() -> (std::sync::Arc<crate::site::SitePlan>, Plant, Mirror) {
    let plan = plan("pump", PUMP, "P-1", "1 s", "");
    let site = site(&plan, &["load"]);
    (site.clone(), Plant::new(&site, true), Mirror::build(&site))
}

#[test]
fn standardised_deviations_of_a_healthy_machine_are_white_and_of_variance_one() {
    let (_, mut plant, mut mirror) = one_pump();
    // Sum of squares, of products with the one before, and how many; by lane.
    let mut sums = [(0.0, 0.0, 0u32, 0.0); 4];
    for _ in 0..12_000 {
        let heard = plant.tick();
        mirror.tick_seen(&heard, &mut |view| {
            for (lane, sum) in sums.iter_mut().enumerate().filter(|(lane, _)| view.modelled & (1 << lane) != 0) {
                let sigmas = (view.measured[lane] - view.expected[lane]) / view.sd[lane];
                assert!(sigmas.abs() < 6.0, "lane {lane}: {sigmas}");
                *sum = (sum.0 + sigmas * sigmas, sum.1 + sigmas * sum.3, sum.2 + 1, sigmas);
            }
        });
    }
    for (lane, (squares, products, count, _)) in sums.into_iter().enumerate() {
        let count = f64::from(count);
        assert!(count > 10_000.0, "lane {lane}: {count}");
        // Four standard deviations of a mean of squared normals, and of a correlation; rounding adds a little.
        let within = 4.0 * (2.0 / count).sqrt() + 0.02;
        assert!((squares / count - 1.0).abs() < within, "lane {lane}: {}", squares / count);
        assert!((products / count).abs() < 4.0 / count.sqrt() + 0.03, "lane {lane}: {}", products / count);
    }
}

#[test]
fn a_sensor_heard_several_times_in_a_tick_is_shown_in_as_many_passes() {
    let (site, mut plant, mut mirror) = one_pump();
    mirror.tick(&plant.tick());
    let time = Time(site.plan.start.0 + SECOND);
    let reading =
        |channel, early, value| Measurement { channel, time: Time(time.0 - early), value, quality: Quality::Good };
    let heard = [reading(0, 600, 1.7), reading(0, 300, 1.8), reading(0, 0, 1.9), reading(1, 0, 36.0)];
    let mut seen = Vec::new();
    mirror.tick_seen(&heard, &mut |view| {
        seen.push((view.heard, view.measured[0], view.heard_at[0], view.span_s, view.machine, view.panel));
        assert_eq!(view.time, time);
    });
    assert_eq!(
        seen,
        [(0b11, 1.7, time.0 - 600, 1.0, 0, 0), (0b01, 1.8, time.0 - 300, 0.0, 0, 0), (0b01, 1.9, time.0, 0.0, 0, 0)]
    );
}

#[test]
fn a_silent_sensor_is_uncertain_then_bad_and_the_twin_stands_in_for_it() {
    let (site, mut plant, mut mirror) = one_pump();
    for tick in 0..120 {
        let mut heard = plant.tick();
        if tick >= 60 {
            heard.retain(|one| one.channel != 0);
        }
        mirror.tick(&heard);
        let (value, quality) = mirror.reading(0, 0, 0).unwrap();
        let silence = (tick - 59).max(0);
        let expected = match silence {
            0..=5 => Quality::Good,
            6..=20 => Quality::Uncertain,
            _ => Quality::Substitute,
        };
        assert_eq!(quality, expected, "after {silence} s");
        assert_eq!(mirror.value_of(0, &Source::Reading(0, 0)), value);
        assert!((value - 1.8).abs() < 0.6, "{value}");
    }
    // What it is put in for is not what was received.
    assert_eq!(mirror.portrait(0)["sensors"]["vibration"]["quality"], "substitute");
    assert_eq!(site.channels[0].name.item, "vibration");
}

#[test]
fn a_reading_beyond_its_range_is_uncertain_and_moves_no_estimate() {
    let (_, mut plant, mut mirror) = one_pump();
    let mut other = one_pump().2;
    for tick in 0..200 {
        let heard = plant.tick();
        let mut beyond = heard.clone();
        beyond[1].value = 151.0 + f64::from(tick);
        let mut missing = heard;
        missing.remove(1);
        mirror.tick_seen(&beyond, &mut |view| assert_eq!(view.quality[1], Quality::Uncertain.code()));
        other.tick(&missing);
        assert_eq!(
            mirror.crowd.standing(0).map(|one| &one.follower.estimate),
            other.crowd.standing(0).map(|one| &one.follower.estimate)
        );
    }
}

#[test]
fn what_no_file_knows_is_shown_with_its_statistics_after_the_modelled_panels() {
    let (site, mut plant, mut mirror) = one_pump();
    let newcomer = |machine: &str, item: &str| Newcomer {
        name: ChannelName { machine: machine.to_owned(), item: item.to_owned() },
        unit: "V".to_owned(),
    };
    let first = site.channels.len() as u32;
    for (machine, item) in [("P-1", "voltage"), ("X-9", "level"), ("X-9", "mode")] {
        mirror.register(&newcomer(machine, item));
    }
    assert_eq!((mirror.machine_count(), mirror.machine_name(1)), (2, "X-9"));
    for tick in 0..100i64 {
        let time = Time(site.plan.start.0 + tick * SECOND);
        let reading = |channel, value| Measurement { channel, time, value, quality: Quality::Good };
        let mut heard = plant.tick();
        heard.push(reading(first, if tick % 2 == 0 { 229.0 } else { 231.0 }));
        heard.push(reading(first + 1, 7.0));
        heard.push(reading(first + 2, f64::from(Mode::Idle as u8)));
        let mut strays = Vec::new();
        mirror.tick_seen(&heard, &mut |view| {
            if view.modelled == 0 {
                strays.push((view.machine, view.panel, view.measured[0], view.expected[0].is_nan()));
            }
        });
        assert!(strays.contains(&(0, 1, if tick % 2 == 0 { 229.0 } else { 231.0 }, true)), "{strays:?}");
        assert!(strays.contains(&(1, 0, 7.0, true)), "{strays:?}");
    }
    let portrait = mirror.portrait(0);
    let (mean, sd) = (&portrait["strays"]["voltage"]["mean"], &portrait["strays"]["voltage"]["sd"]);
    assert!((mean.as_f64().unwrap() - 230.0).abs() < 1e-9 && (sd.as_f64().unwrap() - 1.0).abs() < 1e-9);
    assert_eq!(mirror.mode(1), Some(Mode::Idle));
}

#[test]
fn a_part_that_was_restored_during_a_stop_is_found_to_be_new() {
    let plan = plan("pump", PUMP, "P-{1..12}", "1 min", "");
    let site = site(&plan, &["load"]);
    let (mut plant, mut mirror) = (Plant::new(&site, true), Mirror::build(&site));
    let mut since = [None; 12];
    let mut found = 0;
    for tick in 0..16_000u32 {
        mirror.tick(&plant.tick());
        for machine in 0..12 {
            let at = machine as usize;
            match plant.mode(machine) {
                Mode::Failed => since[at] = Some(tick),
                // An hour after the repair.
                _ if since[at] == Some(tick - tick.min(60)) => {
                    found += 1;
                    let (estimate, truth) = (mirror.wear(machine, 0).unwrap().0, plant.wear(machine, 0));
                    assert!((estimate - truth).abs() < 0.05, "{machine} at {tick}: {estimate} for {truth}");
                }
                _ => {}
            }
        }
    }
    assert!(found >= 12, "{found} repairs");
}
