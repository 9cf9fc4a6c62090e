//! What is not said: one finding for a silent machine, one for each sensor that is silent alone.

use super::plant::{plan, site, view};
use crate::detection::PanelView;
use crate::watch::Watch;
use std::sync::Arc;
use twinwright_model::live::{AlertChange, ChannelName, FindingChange, Step};
use twinwright_model::time::SECOND;
use twinwright_model::{Mode, Time};

const KIND: &str = "[sensors.a]\nvalue = \"1\"\n[sensors.b]\nvalue = \"2\"\n[sensors.c]\nvalue = \"3\"\n";

struct Plant {
    watch: Watch,
    machines: u32,
    findings: Vec<FindingChange>,
    alerts: Vec<AlertChange>,
    modes: Vec<Mode>,
}

impl Plant {
    fn new(machines: u32) -> Plant {
        let watch = Watch::new(&Arc::new(site(plan(KIND, machines, "1 s", ""))), "r");
        let modes = vec![Mode::Running; machines as usize];
        Plant { watch, machines, findings: Vec::new(), alerts: Vec::new(), modes }
    }

    /// A second in which machines are heard on these lanes.
    fn second(&mut self, at: i64, lanes: impl Fn(u32) -> u16) {
        for machine in 0..self.machines {
            self.watch.look(&view(machine, at * SECOND, lanes(machine), 1.0, 1.0));
        }
        let (findings, alerts) = self.watch.conclude(Time(at * SECOND), &self.modes, &|_, _| f64::NAN, &[]);
        self.findings.extend(findings);
        self.alerts.extend(alerts);
    }

    fn named(&self, detector: &str) -> Vec<(u32, Option<&str>, i64, Option<i64>)> {
        let of = self.findings.iter().filter(|finding| finding.detector == detector);
        of.map(|f| (f.machine, f.sensor.as_deref(), f.since.0 / SECOND, f.ended.map(|end| end.0 / SECOND))).collect()
    }
}

#[test]
fn a_machine_that_falls_silent_is_one_finding_and_one_alert() {
    let mut plant = Plant::new(3);
    (0..100).for_each(|at| plant.second(at, |_| 0b111));
    (100..160).for_each(|at| plant.second(at, |machine| if machine == 1 { 0 } else { 0b111 }));
    (160..200).for_each(|at| plant.second(at, |_| 0b111));
    // Last heard at 99; twenty seconds are the least patience.
    assert_eq!(plant.named("signal_lost"), [(1, None, 119, None), (1, None, 119, Some(160))]);
    assert_eq!(plant.named("missing"), []);
    let steps: Vec<(Step, i64)> = plant.alerts.iter().map(|change| (change.step, change.time.0 / SECOND)).collect();
    assert_eq!(steps, [(Step::Raised, 119), (Step::Returned, 160)]);
    assert_eq!(plant.alerts[0].alert.message, "U-2: nothing is heard of it any more");
    assert_eq!(plant.alerts[0].alert.uid, "r/1");
    assert_eq!(plant.findings[0].uid, "U-2/-/signal_lost/119000000000");
}

#[test]
fn a_sensor_that_falls_silent_alone_is_missing_and_no_alert() {
    let mut plant = Plant::new(1);
    (0..100).for_each(|at| plant.second(at, |_| 0b111));
    (100..150).for_each(|at| plant.second(at, |_| 0b101));
    (150..160).for_each(|at| plant.second(at, |_| 0b111));
    assert_eq!(plant.named("missing"), [(0, Some("b"), 119, None), (0, Some("b"), 119, Some(150))]);
    assert_eq!(plant.named("signal_lost"), []);
    assert!(plant.alerts.is_empty());
}

#[test]
fn sensors_that_speak_seldom_or_never_did_are_not_missed() {
    let mut plant = Plant::new(1);
    // `b` speaks each 30 s, `c` never; a minute's jitter of `b` is within twenty gaps.
    (0..2_000).for_each(|at| plant.second(at, |_| if at % 30 == 0 && at % 90 != 0 { 0b011 } else { 0b001 }));
    assert_eq!(plant.findings, []);
}

#[test]
fn after_a_silence_sensors_have_their_time_to_come_back() {
    let mut plant = Plant::new(1);
    (0..100).for_each(|at| plant.second(at, |_| 0b111));
    (100..200).for_each(|at| plant.second(at, |_| 0));
    (200..215).for_each(|at| plant.second(at, |_| 0b001));
    (215..300).for_each(|at| plant.second(at, |_| 0b011));
    assert_eq!(plant.named("signal_lost").len(), 2);
    assert_eq!(plant.named("missing"), [(0, Some("c"), 220, None)]);
}

#[test]
fn readings_that_are_bad_are_silence() {
    let mut plant = Plant::new(1);
    (0..100).for_each(|at| plant.second(at, |_| 0b111));
    let bad = |at: i64| PanelView { quality: [1; 16], ..view(0, at * SECOND, 0b111, 1.0, 1.0) };
    let none = |at: i64| PanelView { measured: [f64::NAN; 16], ..view(0, at * SECOND, 0b111, 1.0, 1.0) };
    for at in 100..140 {
        plant.watch.look(&if at % 2 == 0 { bad(at) } else { none(at) });
        plant.second(at, |_| 0);
    }
    assert_eq!(plant.named("signal_lost"), [(0, None, 119, None)]);
}

#[test]
fn a_machine_that_is_switched_off_is_silent_without_a_word() {
    let mut plant = Plant::new(1);
    (0..100).for_each(|at| plant.second(at, |_| 0b111));
    plant.modes[0] = Mode::Offline;
    (100..200).for_each(|at| plant.second(at, |_| 0));
    assert_eq!(plant.named("signal_lost").len(), 1);
    assert!(plant.alerts.iter().all(|change| !change.tell && change.alert.hidden.is_some()), "{:?}", plant.alerts);
    // What outlasts its hiding is shown.
    plant.modes[0] = Mode::Running;
    plant.second(200, |_| 0);
    assert_eq!(plant.alerts.last().map(|change| (change.step, change.tell)), Some((Step::Unsuppressed, true)));
}

#[test]
fn strays_are_looked_at_behind_the_modelled_panels_and_never_twice() {
    let mut plant = Plant::new(2);
    let name = |machine: &str, item: usize| ChannelName { machine: machine.to_owned(), item: format!("x{item}") };
    let places: Vec<(u8, u8)> = (0..18).map(|item| plant.watch.register(1, &name("U-2", item), "bar")).collect();
    assert_eq!((places[0], places[15], places[16]), ((1, 0), (1, 15), (2, 0)));
    assert_eq!(plant.watch.register(1, &name("U-2", 16), "bar"), (2, 0));
    assert_eq!(plant.watch.register(2, &name("new", 0), ""), (0, 0));
    for at in 0..200 {
        for (machine, panel) in [(1, 1), (1, 2), (2, 0)] {
            let lanes = if panel == 1 && at >= 100 { 0b1 } else { 0b11 };
            plant.watch.look(&PanelView { panel, modelled: 0, ..view(machine, at * SECOND, lanes, 1.0, 1.0) });
        }
        plant.second(at, |_| 0b111);
    }
    assert_eq!(plant.named("missing"), [(1, Some("x1"), 119, None)]);
}
