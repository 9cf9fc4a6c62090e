//! The limits of a site that call people, each with the machines that share it: what can be tuned.

use super::tape::{Matter, Recording, channel};
use std::collections::BTreeMap;
use std::sync::Arc;
use twinwright_core::detection::Detector;
use twinwright_core::limits::{Level, LimitsPlan};
use twinwright_core::site::{RulePlan, SitePlan, When};
use twinwright_core::tuning::{Episode, Rule, Setting, Signal, Unit, creep, stretches};
use twinwright_model::Time;
use twinwright_model::time::SECOND;

/// What lasts so long is real, whoever labelled it.
const REAL: i64 = 600 * SECOND;
const DAY: i64 = 86_400 * SECOND;

/// Limits of one item, the same on some machines.
#[derive(Debug, Clone)]
pub struct Limits {
    pub item: String,
    pub machines: Vec<u32>,
    pub plan: LimitsPlan,
    /// Keys of `[limits]`: the item, or one a machine where machines differ.
    pub keys: Vec<String>,
    /// By level: how it calls somebody, where it does.
    pub watched: [Option<Rule>; 4],
    /// The rules that call for it.
    pub rules: Vec<String>,
    /// What readings are rounded to.
    pub step: f64,
}

/// All limits of which somebody is told.
pub fn of_site(site: &SitePlan) -> Vec<Limits> {
    let mut found: Vec<Limits> = Vec::new();
    for (machine, placed) in (0u32..).zip(&site.plan.machines) {
        let model = &site.plan.models[placed.model as usize];
        for sensor in &model.sensors {
            let Some(plan) = limits_of(site, &placed.id, &sensor.name, sensor.limits) else { continue };
            let (watched, rules) = watched(site, machine, &sensor.name, &plan);
            if watched.iter().all(Option::is_none) {
                continue;
            }
            let panel = &model.panels[usize::from(sensor.panel)];
            let lane = usize::from(sensor.lane);
            let rounds = panel.inverse[lane] > 0.0;
            let step = if rounds { f64::from(panel.up[lane]) / f64::from(panel.down[lane]) } else { 0.0 };
            let same = |one: &&mut Limits| one.item == sensor.name && one.plan == plan && one.watched == watched;
            match found.iter_mut().find(same) {
                Some(known) => known.machines.push(machine),
                None => {
                    let item = sensor.name.clone();
                    found.push(Limits { item, machines: vec![machine], plan, keys: Vec::new(), watched, rules, step });
                }
            }
        }
    }
    name_keys(site, &mut found);
    found
}

/// An item whose limits are the same everywhere has one key, else each machine has its own.
fn name_keys(site: &SitePlan, found: &mut [Limits]) {
    let mut sorts: BTreeMap<String, usize> = BTreeMap::new();
    found.iter().for_each(|one| *sorts.entry(one.item.clone()).or_default() += 1);
    for one in found {
        one.keys = if sorts[&one.item] == 1 {
            vec![one.item.clone()]
        } else {
            let id = |machine: &u32| format!("{}.{}", site.plan.machines[*machine as usize].id, one.item);
            one.machines.iter().map(id).collect()
        };
    }
}

fn limits_of(site: &SitePlan, machine: &str, item: &str, own: Option<LimitsPlan>) -> Option<LimitsPlan> {
    let of = |wanted: Option<&str>| {
        let mut items = site.detectors.items.iter().rev();
        items.find(|one| one.item == item && one.machine.as_deref() == wanted && one.limits.is_some())
    };
    of(Some(machine)).or_else(|| of(None)).and_then(|one| one.limits).or(own)
}

/// Which levels call somebody, after which delays of a rule, and by which rules.
fn watched(site: &SitePlan, machine: u32, item: &str, plan: &LimitsPlan) -> ([Option<Rule>; 4], Vec<String>) {
    let quiet = site.alerts.quiet.map(|quiet| quiet.0);
    let (mut watched, mut rules) = ([None; 4], Vec::new());
    for level in Level::ALL.into_iter().filter(|level| plan.at[*level as usize].is_some()) {
        if site.alerts.by_limits {
            watched[level as usize] = Some(Rule { quiet, ..Rule::default() });
            rules.push(format!("{item}.{}", level.name()));
            continue;
        }
        let speaks = |rule: &&RulePlan| match &rule.when {
            When::Finding { sensor, detector } => {
                sensor.as_deref().is_none_or(|sensor| sensor == item)
                    && detector.as_deref().is_none_or(|detector| detector == Detector::ALL[level as usize].name())
                    && rule.machines.contains(&machine)
            }
            When::Holds { .. } => false,
        };
        for rule in site.rules.iter().filter(speaks) {
            watched[level as usize].get_or_insert(Rule { holds: rule.holds, gone: rule.gone, quiet });
            if !rules.contains(&rule.name) {
                rules.push(rule.name.clone());
            }
        }
    }
    (watched, rules)
}

/// What one machine said under one level of a limit, counted from the limit on, and turned so that above 0 is beyond.
pub struct Course {
    pub machine: u32,
    pub level: Level,
    readings: Vec<(i64, f64)>,
    episodes: Vec<Episode>,
}

impl Limits {
    /// The present setting, as units see it.
    pub fn setting(&self) -> Setting {
        let LimitsPlan { deadband, on_delay, off_delay, .. } = self.plan;
        Setting { limit: 0.0, deadband, on_delay, off_delay }
    }

    /// The limits with another setting.
    pub fn with(&self, setting: &Setting) -> LimitsPlan {
        let mut plan = LimitsPlan {
            deadband: setting.deadband,
            on_delay: setting.on_delay,
            off_delay: setting.off_delay,
            ..self.plan
        };
        for level in Level::ALL {
            let at = plan.at[level as usize];
            plan.at[level as usize] = at.map(|at| at + sign(level) * setting.limit);
        }
        plan
    }

    /// All machines under all levels that somebody is told of.
    pub fn courses(&self, site: &Arc<SitePlan>, recording: &Recording) -> Vec<Course> {
        let mut courses = Vec::new();
        for &machine in &self.machines {
            let id = &site.plan.machines[machine as usize].id;
            let Some(channel) = channel(site, id, &self.item) else { continue };
            let raw: Vec<(i64, f64)> = recording.tape.of_channel(channel).collect();
            for level in Level::ALL.into_iter().filter(|level| self.watched[*level as usize].is_some()) {
                let Some(at) = self.plan.at[level as usize] else { continue };
                let readings: Vec<(i64, f64)> =
                    raw.iter().map(|(time, value)| (*time, sign(level) * (value - at))).collect();
                let episodes = self.episodes(id, &readings, &recording.matters);
                courses.push(Course { machine, level, readings, episodes });
            }
        }
        courses
    }

    /// What people want to be told of: labelled faults of the machine, and what lasts although nobody labelled it.
    fn episodes(&self, machine: &str, readings: &[(i64, f64)], matters: &[Matter]) -> Vec<Episode> {
        let mine = |matter: &&Matter| {
            matter.machine == machine && matter.sensor.as_deref().is_none_or(|sensor| sensor == self.item)
        };
        let whole =
            |matter: &Matter| Episode { from: matter.from.0, to: matter.to.map_or(i64::MAX, |to| to.0), sure: true };
        let mut signal = Signal::new(f64::NEG_INFINITY);
        readings.iter().for_each(|(time, value)| signal.push(*time, *value as f32));
        let lasting = stretches(&signal, 0.0, REAL);
        let mut all: Vec<Episode> = matters.iter().filter(mine).map(whole).collect();
        all.extend(lasting.into_iter().map(|(from, to)| Episode { from, to, sure: false }));
        all.sort_by_key(|episode| (episode.from, episode.to));
        all.dedup_by(|next, before| {
            let touches = next.from <= before.to;
            if touches {
                (before.to, before.sure) = (before.to.max(next.to), before.sure || next.sure);
            }
            touches
        });
        all
    }
}

/// High limits as they are, low ones turned round.
fn sign(level: Level) -> f64 {
    if matches!(level, Level::LowLow | Level::Low) { -1.0 } else { 1.0 }
}

impl Course {
    /// The part of it within a time, for settings that reach `depth` below the limit.
    pub fn unit(&self, (from, to): (i64, i64), depth: f64, rule: Rule) -> Unit {
        let mut signal = Signal::new(-depth);
        let within = self.readings.iter().filter(|(time, _)| *time >= from && *time < to);
        within.for_each(|(time, value)| signal.push(*time, *value as f32));
        Unit { signal, rule, episodes: self.episodes((from, to)) }
    }

    /// The sensor's own noise, on a value that creeps through the limit: what will come some day, if not in the time that is learnt from.
    pub fn creeping(&self, times: [Time; 3], rule: Rule) -> Unit {
        let within = self.readings.iter().filter(|(time, _)| *time < times[1].0);
        let readings: Vec<(i64, f64)> = within.copied().collect();
        Unit { signal: creep(&readings, DAY), rule, episodes: Vec::new() }
    }

    /// Episodes that begin within a time.
    pub fn episodes(&self, (from, to): (i64, i64)) -> Vec<Episode> {
        let within = |episode: &&Episode| episode.from >= from && episode.from < to;
        self.episodes.iter().filter(within).copied().collect()
    }

    /// Differences between neighbours: what they scatter by is noise.
    pub fn differences(&self) -> impl Iterator<Item = f64> + '_ {
        self.readings.windows(2).map(|pair| pair[1].1 - pair[0].1)
    }
}

/// The standard deviation of the noise, by the median of differences; what is not noise is rare among them.
pub fn noise(courses: &[Course]) -> f64 {
    let all: usize = courses.iter().map(|course| course.readings.len()).sum();
    let every = (all / 200_000).max(1);
    let mut sizes: Vec<f64> =
        courses.iter().flat_map(Course::differences).step_by(every).map(f64::abs).filter(|size| *size > 0.0).collect();
    if sizes.is_empty() {
        return 0.0;
    }
    let middle = sizes.len() / 2;
    let (_, median, _) = sizes.select_nth_unstable_by(middle, f64::total_cmp);
    *median / (0.6745 * std::f64::consts::SQRT_2)
}
