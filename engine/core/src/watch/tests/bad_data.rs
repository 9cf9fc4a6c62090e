//! Twelve kinds of bad data in two hundred streams: nothing that is no number gets into the state, neighbours do not
//! notice, and what was marked as bad, or is not believable, is no finding about the process.

use super::plant::{Noise, plan, site, usual_detectors, view};
use crate::detection::PanelView;
use crate::dice::{Dice, Purpose};
use crate::site::ItemPlan;
use crate::watch::Watch;
use std::sync::Arc;
use twinwright_model::live::{AlertChange, FindingChange};
use twinwright_model::time::SECOND;
use twinwright_model::{Mode, Time};

const KIND: &str = "[sensors.a]\nvalue = \"50\"\nnoise = { sd = 1 }\nresolution = 0.1\nrange = [0, 150]\n\
    limits = { low_low = 20, low = 30, high = 70, high_high = 80, deadband = 2, on_delay = \"10 s\", off_delay = \"10 s\" }\n\
    [sensors.b]\nvalue = \"50\"\nnoise = { sd = 1 }\nlimits = { low = 30, high = 70, on_delay = \"10 s\" }\n";

/// What is wrong with sensor `a` of the second machine, and what may be found of that.
const KINDS: [(&str, &[&str]); 12] = [
    ("not a number", &["missing", "signal_lost"]),
    ("infinite", &["missing", "signal_lost"]),
    ("1e308", &["out_of_range"]),
    ("stuck", &["stuck", "residual", "cusum"]),
    ("spike", &[]),
    ("drift", &["residual", "cusum", "high", "high_high", "rate", "out_of_range"]),
    ("flap", &[]),
    ("wrong unit", &["residual", "cusum", "high", "high_high", "rate", "out_of_range"]),
    ("wrong type", &["missing", "signal_lost"]),
    ("empty", &["missing", "signal_lost"]),
    ("clock an hour off", &["missing", "signal_lost"]),
    ("1970", &["missing", "signal_lost"]),
];

const START: i64 = 1_767_225_600 * SECOND;
const SECONDS: i64 = 3_000;

struct Said {
    findings: Vec<FindingChange>,
    alerts: Vec<AlertChange>,
    watch: Watch,
}

/// Puts what is wrong into a view of the second machine.
fn spoil(view: &mut PanelView, kind: usize, at: i64, luck: &mut crate::dice::Stream) {
    if !(600..2_400).contains(&at) {
        return;
    }
    let (value, quality, heard_at) = (&mut view.measured[0], &mut view.quality[0], &mut view.heard_at[0]);
    match kind {
        0 => (*value, *quality) = (f64::NAN, luck.choice(3) as u8),
        1 => (*value, *quality) = ([f64::INFINITY, f64::NEG_INFINITY][luck.choice(2)], luck.choice(3) as u8),
        2 => *value = [1e308, -1e308][luck.choice(2)],
        3 => *value = 50.3,
        4 if at % 97 == 0 => *value = [140.0, 3.0][luck.choice(2)],
        5 => *value += (at - 600) as f64 / 20.0,
        6 if luck.choice(2) == 0 => (*value, *quality) = (79.0 + 60.0 * luck.uniform(), [1, 3, 4, 5][luck.choice(4)]),
        7 => *value = *value * 1.8 + 32.0,
        8 | 9 => view.heard &= !1,
        10 => *heard_at += [3_600, -3_600][luck.choice(2)] * SECOND,
        11 => *heard_at = luck.choice(1_000) as i64,
        _ => {}
    }
}

/// Three machines for fifty minutes; the second one's sensor `a` is spoilt, if `kind` says so.
fn live(kind: Option<usize>, stream: u64) -> Said {
    let mut site = site(plan(KIND, 3, "1 s", ""));
    site.detectors = usual_detectors();
    let item = |item: &str| ItemPlan {
        machine: None,
        item: item.to_owned(),
        unit: None,
        limits: None,
        range: None,
        rate: Some(60.0),
        stuck: None,
    };
    site.detectors.items = vec![item("a"), item("b")];
    let mut watch = Watch::new(&Arc::new(site), "r");
    let mut luck = Dice::of(stream, 0, "bad").stream(Purpose::named("test.bad"), 0);
    let noise = |machine: u32, lane: u32| Noise::new(&format!("{machine}/{lane}"), stream, 1.0, 0.0, None, 0.1);
    let mut noise: Vec<[Noise; 2]> = (0..3).map(|machine| [noise(machine, 0), noise(machine, 1)]).collect();
    let (mut findings, mut alerts) = (Vec::new(), Vec::new());
    for at in 0..SECONDS {
        let time = START + at * SECOND;
        for (machine, noise) in (0u32..).zip(&mut noise) {
            let mut view = view(machine, time, 0b11, 50.0, 1.001);
            (view.measured[0], view.measured[1]) = (noise[0].read(50.0), noise[1].read(50.0));
            if let (1, Some(kind)) = (machine, kind) {
                spoil(&mut view, kind, at, &mut luck);
            }
            watch.look(&view);
        }
        assert!(watch.is_finite());
        let said = watch.conclude(Time(time), &[Mode::Running; 3], &|_, _| f64::NAN, &[]);
        findings.extend(said.0);
        alerts.extend(said.1);
    }
    Said { findings, alerts, watch }
}

#[test]
fn bad_data_stays_what_it_is_and_where_it_is() {
    for stream in 0..200u64 {
        let kind = (stream % 12) as usize;
        let (name, allowed) = KINDS[kind];
        let said = live(Some(kind), stream);
        for finding in &said.findings {
            let is_its_own = finding.machine == 1 && finding.sensor.as_deref() == Some("a");
            let fits = is_its_own && allowed.contains(&finding.detector.as_str());
            assert!(fits, "stream {stream}, {name}: {finding:?}");
        }
        let expects_alert = ["drift", "wrong unit"].contains(&name);
        assert!(expects_alert || said.alerts.is_empty(), "stream {stream}, {name}: {:?}", said.alerts);
        if !allowed.is_empty() {
            assert!(!said.findings.is_empty(), "stream {stream}, {name}: nobody noticed");
        }
        if stream < 24 {
            let clean = live(None, stream);
            assert_eq!(clean.findings, [], "stream {stream}");
            for machine in [0, 2] {
                assert_eq!(said.watch.machine_digest(machine), clean.watch.machine_digest(machine), "{name}");
            }
        }
    }
}
