//! Kept and restored: under the same site bit for bit, under a changed one by names.

use super::plant::{plan, rule, site, usual_detectors, view};
use crate::detection::PanelView;
use crate::dice::{Dice, Purpose};
use crate::site::SitePlan;
use crate::watch::{Watch, WatchError};
use std::sync::Arc;
use twinwright_model::live::{Action, Aim, AlertChange, AlertStatus, Ask, ChannelName, FindingChange, Step};
use twinwright_model::time::SECOND;
use twinwright_model::{Mode, Time};

const KIND: &str = "[sensors.a]\nvalue = \"50\"\nnoise = { sd = 1 }\nlimits = { high = 52, deadband = 1, on_delay = \"3 s\" }\n\
    [sensors.b]\nvalue = \"50\"\nlimits = { low = 48, high = 52 }\n";
const MACHINES: u32 = 4;

fn usual(kind: &str, machines: u32) -> SitePlan {
    let plan = plan(kind, machines, "1 s", "");
    let mut site = site(plan.clone());
    site.detectors = usual_detectors();
    site.alerts.by_limits = false;
    site.rules = vec![
        crate::site::RulePlan {
            gone: 5 * SECOND,
            group: Some("g".to_owned()),
            ..rule(&plan, "above", None, Some("high"))
        },
        rule(&plan, "off", None, Some("residual")),
    ];
    site
}

/// A second of all machines, rough enough that much happens; some fall silent for a while.
fn second(watch: &mut Watch, at: i64) -> (Vec<FindingChange>, Vec<AlertChange>) {
    let mut luck = Dice::of(9, 0, "rough").stream(Purpose::named("test.rough"), at as u64);
    for machine in 0..MACHINES {
        let lanes = if at % 200 > 150 && machine == 1 { 0 } else { 0b01 + 0b10 * luck.choice(2) as u16 };
        let mut view = view(machine, at * SECOND, lanes, 50.0, 1.0);
        let shift = 4.0 * libm::sin(at as f64 / 40.0 + f64::from(machine));
        view.measured[0] += luck.normal() + shift;
        view.measured[1] += luck.normal();
        watch.look(&view);
    }
    let stray = PanelView { modelled: 0, ..view(MACHINES, at * SECOND, 1, 0.0, 1.0) };
    watch.look(&stray);
    let mut modes = [Mode::Running; MACHINES as usize + 1];
    modes[2] = if at % 300 > 250 { Mode::Maintenance } else { Mode::Running };
    let ask = match luck.choice(12) {
        0 => Some(Ask::Acknowledge),
        1 => Some(Ask::Shelve { until: Time((at + 30) * SECOND) }),
        2 => Some(Ask::Comment),
        _ => None,
    };
    let uids: Vec<String> = watch.open_alerts().iter().map(|alert| alert.uid.clone()).collect();
    let actions = ask.zip(uids.first()).map(|(ask, uid)| Action {
        uid: format!("x{at}"),
        at: Aim::Alert(uid.clone()),
        ask,
        by: "ann".to_owned(),
        reason: Some("r".to_owned()),
        asked: Time(0),
    });
    let said = watch.conclude(Time(at * SECOND), &modes, &|_, _| f64::NAN, actions.as_slice());
    watch.take_answers();
    said
}

fn stray() -> ChannelName {
    ChannelName { machine: "new".to_owned(), item: "x".to_owned() }
}

fn same(a: &(Vec<FindingChange>, Vec<AlertChange>), b: &(Vec<FindingChange>, Vec<AlertChange>)) -> bool {
    // As text: a NaN is not itself.
    format!("{a:?}") == format!("{b:?}")
}

#[test]
fn a_restored_watch_goes_on_as_if_it_had_never_been_saved() {
    let site = Arc::new(usual(KIND, MACHINES));
    let mut whole = Watch::new(&site, "r");
    whole.register(MACHINES, &stray(), "");
    let mut cut = whole.clone();
    let mut said = 0;
    for at in 0..1_500 {
        let (a, b) = (second(&mut whole, at), second(&mut cut, at));
        assert!(same(&a, &b), "at {at}: {a:?} {b:?}");
        said += a.0.len() + a.1.len();
        if at % 7 == 0 {
            let bytes = cut.save();
            let restored = Watch::restore(&site, "r", &bytes, Time(at * SECOND)).expect("it is readable");
            assert!(restored.orphans.is_empty());
            cut = restored.watch;
            assert_eq!(cut.save(), bytes, "at {at}");
        }
    }
    assert_eq!(whole.save(), cut.save());
    assert!(said > 300, "{said}");
}

/// A watch in which sensors `a` and `b` of all machines are above their limit, and told.
fn above(site: &Arc<SitePlan>) -> (Watch, Vec<AlertChange>) {
    let mut watch = Watch::new(site, "r");
    let mut said = Vec::new();
    for at in 0..20 {
        for machine in 0..MACHINES {
            let mut view = view(machine, at * SECOND, 0b11, 50.0, 1.0);
            (view.measured[0], view.measured[1]) = (53.0 + 0.01 * at as f64, 53.0);
            watch.look(&view);
        }
        said.extend(watch.conclude(Time(at * SECOND), &[], &|_, _| f64::NAN, &[]).1);
    }
    (watch, said)
}

fn restored(site: SitePlan, bytes: &[u8]) -> (Vec<FindingChange>, Vec<AlertChange>, Vec<String>, Watch) {
    let restored = Watch::restore(&Arc::new(site), "r2", bytes, Time(20 * SECOND)).expect("it is readable");
    let mut watch = restored.watch;
    let (findings, alerts) = watch.conclude(Time(20 * SECOND), &[], &|_, _| f64::NAN, &[]);
    (findings, alerts, restored.orphans, watch)
}

#[test]
fn a_limit_that_is_gone_takes_its_findings_along_and_no_others() {
    let (watch, said) = above(&Arc::new(usual(KIND, MACHINES)));
    assert_eq!(said.iter().filter(|change| change.step == Step::Raised).count(), 8);
    let changed = KIND.replace("limits = { low = 48, high = 52 }", "limits = { low = 48 }");
    let (findings, alerts, orphans, mut watch) = restored(usual(&changed, MACHINES), &watch.save());
    assert_eq!((findings.len(), orphans.len()), (4, 0));
    assert!(findings.iter().all(|end| end.sensor.as_deref() == Some("b") && end.ended == Some(Time(20 * SECOND))));
    assert!(alerts.is_empty(), "its rule waits five seconds");
    let later: Vec<AlertChange> =
        (21..26).flat_map(|at| watch.conclude(Time(at * SECOND), &[], &|_, _| f64::NAN, &[]).1).collect();
    // `b` came first and spoke for the group; now `a` speaks for itself.
    let of = |step: Step| later.iter().filter(|change| change.step == step).count();
    assert_eq!((later.len(), of(Step::Returned), of(Step::RaisedAgain)), (8, 4, 4));
}

#[test]
fn sensors_and_machines_are_found_again_by_name() {
    let (watch, _) = above(&Arc::new(usual(KIND, MACHINES)));
    // A sensor before the others, and the machines in another order with one missing.
    let moved = format!("[sensors.first]\nvalue = \"1\"\n{KIND}");
    let mut site = usual(&moved, MACHINES);
    let mut plan = (*site.plan).clone();
    plan.machines.reverse();
    plan.machines.truncate(3);
    site.plan = Arc::new(plan);
    let (findings, alerts, orphans, watch) = restored(site, &watch.save());
    assert!(findings.is_empty() && alerts.is_empty(), "{findings:?} {alerts:?}");
    assert_eq!(orphans.len(), 2, "U-1 is gone, with an alert of each sensor");
    let open = watch.open_alerts();
    assert_eq!(open.len(), 6);
    // U-4 is the first one now.
    assert!(open.iter().any(|alert| alert.machine == 0 && alert.message.starts_with("U-4")));
    assert!(open.iter().all(|alert| alert.status == AlertStatus::Active && alert.uid.starts_with("r/")));
}

#[test]
fn a_rule_that_is_gone_resolves_its_alerts_and_a_new_one_sees_what_lasts() {
    let (watch, _) = above(&Arc::new(usual(KIND, MACHINES)));
    let mut site = usual(KIND, MACHINES);
    site.rules[0].name = "beyond".to_owned();
    let (_, alerts, _, _) = restored(site, &watch.save());
    let steps = |step: Step, rule: &str| alerts.iter().filter(|c| c.step == step && c.alert.rule == rule).count();
    assert_eq!((steps(Step::Resolved, "above"), steps(Step::Raised, "beyond")), (8, 8), "{alerts:?}");
    let uids: Vec<&str> = alerts.iter().filter(|c| c.step == Step::Raised).map(|c| c.alert.uid.as_str()).collect();
    assert_eq!(uids.first(), Some(&"r2/9"), "numbers go on");
}

#[test]
fn bytes_that_are_none_of_ours_are_refused_and_never_panic() {
    let site = Arc::new(usual(KIND, MACHINES));
    let bytes = above(&site).0.save();
    let read = |bytes: &[u8]| Watch::restore(&site, "r", bytes, Time(0)).map(|_| ());
    assert_eq!(read(&[]), Err(WatchError::Unreadable));
    assert_eq!(read(&[9]), Err(WatchError::Version(9)));
    let mut luck = Dice::of(1, 0, "bytes").stream(Purpose::named("test.bytes"), 0);
    for _ in 0..3_000 {
        let mut wrong = bytes.clone();
        let cut = luck.choice(wrong.len());
        if luck.choice(2) == 0 {
            wrong.truncate(cut);
        }
        for _ in 0..luck.choice(4) {
            let at = luck.choice(wrong.len().max(1));
            if let Some(byte) = wrong.get_mut(at) {
                *byte = luck.bits() as u8;
            }
        }
        if let Ok(restored) = Watch::restore(&site, "r", &wrong, Time(0)) {
            let mut watch = restored.watch;
            let _ = second(&mut watch, 1_000);
        }
    }
}
