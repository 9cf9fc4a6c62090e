//! A month of a hundred machines: a day's swing that comes near a limit, three upsets that all machines share, thirty
//! faults. Each fault is alerted, nothing chatters, and people are called about once in ten minutes at most. Without
//! deadband and delays the same month cannot be borne: that is what they are for.

use super::plant::{Noise, plan, rule, site, usual_detectors};
use crate::alerts::kpi::{AlertRow, Kpi, kpi};
use crate::detection::PanelView;
use crate::dice::{Dice, Purpose};
use crate::sensing::LANES;
use crate::site::SitePlan;
use crate::watch::Watch;
use std::collections::BTreeMap;
use std::sync::Arc;
use twinwright_model::live::{Action, Aim, AlertChange, Ask, Step};
use twinwright_model::time::SECOND;
use twinwright_model::{Mode, Time};

const MACHINES: usize = 100;
const FAULTS: usize = 30;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

fn kind(limits: &str) -> String {
    format!(
        "[sensors.temp]\nvalue = \"68\"\nunit = \"degC\"\nnoise = {{ sd = 0.8 }}\nrange = [-20, 200]\n\
         limits = {{ high = 75, high_high = 85{limits} }}\n\
         [sensors.vibration]\nvalue = \"3\"\nunit = \"mm/s\"\nnoise = {{ sd = 0.08 }}\nresolution = 0.01\n\
         limits = {{ high = 4.5, high_high = 7.1{limits} }}\n\
         [sensors.pressure]\nvalue = \"5\"\nunit = \"bar\"\nnoise = {{ sd = 0.05, memory = \"2 min\", tails = 5 }}\n\
         resolution = 0.05\nlimits = {{ low = 4.0{limits} }}\n"
    )
}

/// The noise of the three sensors: standard deviation, memory in seconds, tails, rounding.
const NOISE: [(f64, f64, Option<f64>, f64); 3] =
    [(0.8, 0.0, None, 0.0), (0.08, 0.0, None, 0.01), (0.05, 120.0, Some(5.0), 0.05)];

/// What goes wrong with a machine, from when to when in seconds.
#[derive(Debug, Clone, Copy)]
struct Fault {
    machine: usize,
    sort: usize,
    from: i64,
    to: i64,
}

struct Month {
    tick_s: i64,
    days: i64,
    seed: u64,
    faults: Vec<Fault>,
    upsets: Vec<(i64, i64)>,
    phases: Vec<f64>,
}

impl Month {
    fn new(tick_s: i64, days: i64, seed: u64) -> Month {
        let mut luck = Dice::of(seed, 0, "month").stream(Purpose::named("test.month"), 0);
        let length = days * DAY;
        let mut within = |part: f64| HOUR + (luck.uniform() * part * (length - 16 * HOUR) as f64) as i64;
        let upsets = (0..3).map(|_| within(1.0)).map(|from| (from, from + 3 * HOUR)).collect();
        let faults = (0..FAULTS).map(|number| {
            let from = within(1.0);
            Fault { machine: number * 3, sort: number % 6, from, to: from + 12 * HOUR }
        });
        let faults = faults.collect();
        let phases = (0..MACHINES).map(|_| luck.uniform()).collect();
        Month { tick_s, days, seed, faults, upsets, phases }
    }

    /// What the twin expects of a machine's sensors: it knows the day, the upset and the wear.
    fn expected(&self, machine: usize, at: i64) -> [f64; 3] {
        let day = libm::sin(std::f64::consts::TAU * (at as f64 / DAY as f64 + self.phases[machine]));
        let is_upset = self.upsets.iter().any(|(from, to)| at >= *from && at < *to);
        let worn = self.fault(machine, at).is_some_and(|fault| fault.sort == 4);
        let heat = if is_upset { 4.0 } else { 0.0 };
        [68.0 + 5.4 * day + heat, 3.0 + 0.5 * day + if worn { 2.5 } else { 0.0 }, 5.0]
    }

    fn fault(&self, machine: usize, at: i64) -> Option<&Fault> {
        self.faults.iter().find(|fault| fault.machine == machine && at >= fault.from && at < fault.to)
    }

    /// What is received, and of which sensors.
    fn received(&self, machine: usize, at: i64, last: &[f64; LANES], noise: &mut [Noise; 3]) -> ([f64; 3], u16) {
        let expected = self.expected(machine, at);
        let mut values = [0, 1, 2].map(|lane| noise[lane].read(expected[lane]));
        let mut heard = 0b111;
        let Some(fault) = self.fault(machine, at) else { return (values, heard) };
        match fault.sort {
            0 => values[0] += 1.0 * (at - fault.from) as f64 / HOUR as f64,
            1 => values[2] += 0.4,
            2 => values[1] = last[1],
            3 => heard = 0b011,
            4 => {}
            _ => heard = 0,
        }
        (values, heard)
    }

    /// The whole month; somebody acknowledges each alert ten minutes after he was told.
    fn live(&self, site: SitePlan) -> Vec<AlertChange> {
        let start = site.plan.start.0;
        let mut watch = Watch::new(&Arc::new(site), "r");
        let mut noise: Vec<[Noise; 3]> = (0..MACHINES).map(|machine| self.noise(machine)).collect();
        let modes = [Mode::Running; MACHINES];
        let mut course: Vec<AlertChange> = Vec::new();
        let mut last = vec![[0.0; LANES]; MACHINES];
        let mut acknowledged = 0;
        for tick in 0..self.days * DAY / self.tick_s {
            let at = tick * self.tick_s;
            let time = start + at * SECOND;
            for (machine, noise) in noise.iter_mut().enumerate() {
                let (values, heard) = self.received(machine, at, &last[machine], noise);
                let view = self.view(machine, at, time, (&values, heard));
                last[machine] = view.measured;
                watch.look(&view);
            }
            let mut actions = Vec::new();
            while let Some(change) = course.get(acknowledged).filter(|change| change.time.0 <= time - 600 * SECOND) {
                if change.tell && matches!(change.step, Step::Raised | Step::RaisedAgain) {
                    actions.push(acknowledge(&change.alert.uid, acknowledged));
                }
                acknowledged += 1;
            }
            course.extend(watch.conclude(Time(time), &modes, &|_, _| f64::NAN, &actions).1);
        }
        course
    }

    fn noise(&self, machine: usize) -> [Noise; 3] {
        [0, 1, 2].map(|lane: usize| {
            let (sd, memory_s, tails, step) = NOISE[lane];
            let rho = if memory_s > 0.0 { libm::exp(-self.tick_s as f64 / memory_s) } else { 0.0 };
            Noise::new(&format!("{machine}/{lane}"), self.seed, sd, rho, tails, step)
        })
    }

    fn view(&self, machine: usize, at: i64, time: i64, (values, heard): (&[f64; 3], u16)) -> PanelView {
        let expected = self.expected(machine, at);
        let lane = |of: &dyn Fn(usize) -> f64| std::array::from_fn(|lane| if lane < 3 { of(lane) } else { 0.0 });
        PanelView {
            machine: machine as u32,
            panel: 0,
            time: Time(time),
            span_s: self.tick_s as f64,
            heard_at: [time; LANES],
            measured: lane(&|lane| values[lane]),
            quality: [0; LANES],
            heard,
            expected: lane(&|lane| expected[lane]),
            sd: lane(&|lane| {
                let (sd, _, _, step) = NOISE[lane];
                (sd * sd + step * step / 12.0).sqrt()
            }),
            modelled: 0b111,
        }
    }

    fn site(&self, limits: &str) -> SitePlan {
        let plan = plan(&kind(limits), MACHINES as u32, &format!("{} s", self.tick_s), "");
        let mut site = site(plan.clone());
        site.detectors = usual_detectors();
        site.rules = ["residual", "cusum", "stuck", "missing"]
            .map(|detector| {
                let group = Some("instrument".to_owned());
                crate::site::RulePlan { group, ..rule(&plan, detector, None, Some(detector)) }
            })
            .into();
        site
    }

    fn figures(&self, course: &[AlertChange]) -> Kpi {
        let start = course.first().map_or(0, |change| change.alert.raised.0 / (DAY * SECOND) * DAY * SECOND);
        let start = start.min(Time::parse("2026-01-01T00:00:00Z").map_or(0, |time| time.0));
        kpi(&rows(course), Time(start), Time(start + self.days * DAY * SECOND))
    }

    /// Faults that nobody was told of.
    fn unnoticed(&self, course: &[AlertChange]) -> Vec<Fault> {
        let start = Time::parse("2026-01-01T00:00:00Z").map_or(0, |time| time.0);
        let is_noticed = |fault: &&Fault| {
            course.iter().any(|change| {
                let at = (change.time.0 - start) / SECOND;
                let calls = change.tell && matches!(change.step, Step::Raised | Step::RaisedAgain);
                calls && change.alert.machine as usize == fault.machine && at >= fault.from && at < fault.to
            })
        };
        self.faults.iter().filter(|fault| !is_noticed(fault)).copied().collect()
    }
}

fn acknowledge(uid: &str, number: usize) -> Action {
    let (at, by) = (Aim::Alert(uid.to_owned()), "op".to_owned());
    Action { uid: format!("a{number}"), at, ask: Ask::Acknowledge, by, reason: None, asked: Time(0) }
}

/// Alerts as they went, with every time that they called for somebody.
fn rows(course: &[AlertChange]) -> Vec<AlertRow> {
    let mut rows: BTreeMap<&str, AlertRow> = BTreeMap::new();
    for change in course {
        let alert = &change.alert;
        let row = rows.entry(&alert.uid).or_insert_with(|| AlertRow {
            machine: alert.machine.to_string(),
            rule: alert.rule.clone(),
            severity: alert.severity,
            raised: change.time,
            again: Vec::new(),
            returned: None,
            acknowledged: None,
            resolved: None,
            shelved: false,
            suppressed: true,
        });
        if change.tell && matches!(change.step, Step::Raised | Step::RaisedAgain) {
            if row.suppressed {
                (row.suppressed, row.raised) = (false, change.time);
            } else {
                row.again.push(change.time);
            }
        }
        row.returned = alert.returned;
        row.acknowledged = alert.acknowledged.as_ref().map(|(time, _)| *time);
        row.resolved = alert.resolved.as_ref().map(|(time, _)| *time);
    }
    rows.into_values().collect()
}

const DELAYS: &str = ", deadband = 1.6, on_delay = \"2 min\", off_delay = \"2 min\"";
const NO_DELAYS: &str = "";

#[test]
fn a_month_of_a_hundred_machines_calls_for_somebody_once_in_ten_minutes_at_most() {
    let is_full = std::env::var_os("TWINWRIGHT_FULL").is_some();
    for seed in 0..if is_full { 10 } else { 1 } {
        let month = Month::new(if is_full { 10 } else { 60 }, 30, seed);
        let course = month.live(month.site(DELAYS));
        let seen = month.figures(&course);
        assert!(month.unnoticed(&course).is_empty(), "seed {seed}: {:?}", month.unnoticed(&course));
        assert!(seen.alerts >= FAULTS as u32, "seed {seed}: {seen:#?}");
        assert!(seen.per_10_min <= 1.0 && seen.in_flood < 0.01, "seed {seed}: {seen:#?}");
        assert_eq!(seen.chattering, 0, "seed {seed}: {seen:#?}");
    }
}

#[test]
fn without_deadband_and_delays_nobody_could_bear_it() {
    let month = Month::new(10, 3, 0);
    let seen = month.figures(&month.live(month.site(NO_DELAYS)));
    assert!(seen.per_10_min > 1.0, "{seen:#?}");
    assert!(seen.chattering > 0, "{seen:#?}");
    // The same days with them.
    let seen = month.figures(&month.live(month.site(DELAYS)));
    assert_eq!(seen.chattering, 0, "{seen:#?}");
}
