//! The state as a value: restored bit for bit, carried over by name, and read with distrust.

use super::plant::{Plant, plan, site};
use super::shown::PUMP;
use crate::mirror::Mirror;
use twinwright_model::journal::Newcomer;
use twinwright_model::live::{ChannelName, Measurement};
use twinwright_model::{Quality, Time};

fn newcomer(machine: &str, item: &str) -> Newcomer {
    Newcomer { name: ChannelName { machine: machine.to_owned(), item: item.to_owned() }, unit: String::new() }
}

#[test]
fn a_mirror_that_is_restored_again_and_again_goes_on_bit_for_bit() {
    // Short lives and much noise: parts fail, are repaired, and trials are under way when the state is saved.
    let noisy = PUMP.replace("sd = 0.1 }", "sd = 10 }").replace("sd = 0.5,", "sd = 8,");
    let text = noisy.replace("sd = 1.0 }", "sd = 20 }").replace("sd = 0.4 }", "sd = 20 }").replace("120 h", "12 h");
    let plan = plan("pump", &text, "P-{1..6}", "1 min", "");
    let site = site(&plan, &["load"]);
    let mut plant = Plant::new(&site, true);
    let (mut whole, mut broken) = (Mirror::build(&site), Mirror::build(&site));
    let stray = site.channels.len() as u32;
    let (mut trials, mut seen) = (0, [Vec::new(), Vec::new()]);
    for tick in 0..4000 {
        if tick == 100 {
            whole.register(&newcomer("X-1", "level"));
            broken.register(&newcomer("X-1", "level"));
        }
        let mut heard = plant.tick();
        if tick > 100 {
            let (time, value) = (heard[0].time, f64::from(tick % 7));
            heard.push(Measurement { channel: stray, time, value, quality: Quality::Good });
        }
        for (mirror, seen) in [&mut whole, &mut broken].into_iter().zip(&mut seen) {
            seen.clear();
            mirror.tick_seen(&heard, &mut |view| seen.push(format!("{view:?}")));
        }
        assert_eq!(seen[0], seen[1], "at {tick}");
        let on_trial = broken.crowd.standings().any(|standing| !standing.rivals.is_empty());
        if tick % 61 == 0 || on_trial {
            trials += usize::from(on_trial);
            let bytes = broken.save();
            broken = Mirror::restore(&site, &bytes).unwrap();
            assert_eq!((broken.digest(), broken.now()), (whole.digest(), whole.now()), "at {tick}");
            assert_eq!(broken.save(), bytes);
        }
    }
    assert!(trials > 0, "no trial was saved half-way");
}

#[test]
fn under_a_changed_site_what_has_the_same_name_goes_on() {
    let before = plan("pump", PUMP, "P-{1..3}", "1 min", "");
    let (old, mut mirror) = (site(&before, &["load"]), Mirror::build(&site(&before, &["load"])));
    let mut plant = Plant::new(&old, true);
    mirror.register(&newcomer("P-2", "voltage"));
    let stray = old.channels.len() as u32;
    for tick in 0..2000 {
        let mut heard = plant.tick();
        let (time, value) = (heard[0].time, 230.0);
        heard.push(Measurement { channel: stray, time, value, quality: Quality::Good });
        mirror.tick(&heard);
        assert_eq!(mirror.now(), Some(tick));
    }
    let bytes = mirror.save();
    // A sensor is new and comes first, one is gone, limits differ, P-1 is gone and P-4 is new.
    let text = PUMP
        .replace("[sensors.vibration]", "[sensors.pressure]\nvalue = \"3 + load\"\n[sensors.vibration]")
        .replace("noise = { sd = 0.1 }", "noise = { sd = 0.1 }\nlimits = { high = 4 }")
        .replace("[sensors.flow]\nvalue = \"80*trim*load*running - 8*bearing\"\nnoise = { sd = 1.0 }\n", "");
    let after = plan("pump", &text, "P-{2..4}", "1 min", "");
    let mut other = Mirror::restore(&site(&after, &["load"]), &bytes).unwrap();
    for (then, now) in [(1, 0), (2, 1)] {
        let ((was, sd, _), (is, same_sd, _)) = (mirror.wear(then, 0).unwrap(), other.wear(now, 0).unwrap());
        assert_eq!((was, sd), (is, same_sd));
        let (then, now) = (mirror.portrait(then), other.portrait(now));
        for sensor in ["vibration", "temperature", "current"] {
            assert_eq!(then["sensors"][sensor]["measured"], now["sensors"][sensor]["measured"]);
        }
        assert!(now["sensors"]["pressure"]["measured"].is_null() && now["sensors"]["flow"].is_null());
        assert_eq!(then["strays"], now["strays"]);
    }
    assert_eq!(other.wear(2, 0).unwrap().0, 0.0);
    let time = Time(after.start.0 + 2000 * after.tick.0);
    other.tick(&[Measurement { channel: 0, time, value: 3.8, quality: Quality::Good }]);
    assert_eq!(other.portrait(0)["sensors"]["pressure"]["measured"], 3.8);
    // Under the same names nothing has to be found out, and the state is the same as before.
    assert_eq!(Mirror::restore(&old, &bytes).unwrap().digest(), mirror.digest());
}

#[test]
fn bytes_that_are_no_state_are_refused() {
    let plan = plan("pump", PUMP, "P-1", "1 min", "");
    let site = site(&plan, &["load"]);
    let (mut plant, mut mirror) = (Plant::new(&site, true), Mirror::build(&site));
    (0..50).for_each(|_| mirror.tick(&plant.tick()));
    let bytes = mirror.save();
    for cut in 0..bytes.len() {
        assert!(Mirror::restore(&site, &bytes[..cut]).is_err(), "cut at {cut}");
    }
    // A changed byte gives another state or an error, and never a panic, neither then nor later.
    for at in 0..bytes.len() {
        let mut wrong = bytes.clone();
        wrong[at] ^= 0x55;
        if let Ok(mut mirror) = Mirror::restore(&site, &wrong) {
            mirror.tick(&[]);
            mirror.portrait(0);
        }
    }
}
