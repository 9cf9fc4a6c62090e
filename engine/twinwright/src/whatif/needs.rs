//! What of a machine must be simulated for what is asked: sensors cost most of a tick, and often nobody reads them.

use super::values::{asked_names, needs_alerts};
use crate::run::Settings;
use twinwright_core::Plan;
use twinwright_core::futures::{Asking, explain, readers};
use twinwright_core::plan::study::Study;

/// Machine ticks up to which limits are watched although nobody asked for alerts.
const CHEAP: f64 = 2e7;
/// Runs that are explained: the points of a sweep go alike.
const MOST_EXPLAINED: usize = 64;

/// What is simulated, and why.
#[derive(Debug)]
pub struct Needs {
    pub asking: Asking,
    /// Alarm limits are watched, so that alerts are counted.
    pub watched: bool,
    /// In plain words.
    pub explained: Vec<String>,
}

/// Decides for a whole study, since all of its runs must be seen alike.
pub fn needs(settings: &Settings, study: &Study) -> Needs {
    let mut reasons: Vec<String> = Vec::new();
    let mut limits: Vec<String> = Vec::new();
    for run in &study.runs {
        let readers = readers(&run.plan);
        add_new(&mut reasons, readers.policies);
        add_new(&mut limits, readers.limits);
    }
    let alerts = asked_names(study).into_iter().filter(|name| needs_alerts(name));
    let mut watching: Vec<String> = alerts.map(|name| format!("`{name}` counts alerts")).collect();
    if settings.alerts {
        watching.push("--alerts asks for alerts".to_owned());
    }
    if watching.is_empty() && machine_ticks(study) <= CHEAP && !limits.is_empty() {
        watching.push(format!("alarm limits are watched: {}", few(&limits)));
    }
    let watched = !watching.is_empty();
    reasons.extend(watching);
    let readings = !reasons.is_empty();
    let mut explained = vec![match readings {
        true => format!("sensors are simulated: {}", reasons.join("; ")),
        false => "sensors are not simulated: nothing that is asked reads one".to_owned(),
    }];
    if !watched && !limits.is_empty() {
        explained.push(format!("alarm limits ({}) are not watched: nothing asks for alerts (--alerts)", few(&limits)));
    }
    let asking = Asking { readings, limits: watched, skip: settings.skip, named: false };
    if !settings.skip {
        explained.push("every tick is stepped: --no-skip asks for it".to_owned());
    }
    let mut passing: Vec<String> = Vec::new();
    study.runs.iter().take(MOST_EXPLAINED).for_each(|run| add_new(&mut passing, explain(&run.plan, &asking)));
    // Whether sensors are simulated is said above, with the reasons that lie outside the plan.
    explained.extend(passing.into_iter().filter(|line| !line.starts_with("sensors are")));
    Needs { asking, watched: watched || limits.is_empty(), explained }
}

/// The first of a list.
fn few(list: &[String]) -> String {
    const FEW: usize = 2;
    match list.len() {
        0..=FEW => list.join(", "),
        count => format!("{} and {} more", list[..FEW].join(", "), count - FEW),
    }
}

fn add_new(list: &mut Vec<String>, more: Vec<String>) {
    for one in more {
        if !list.contains(&one) {
            list.push(one);
        }
    }
}

fn machine_ticks(study: &Study) -> f64 {
    let one = |plan: &Plan| f64::from(plan.futures) * plan.machines.len() as f64 * f64::from(plan.ticks);
    // The walk of an optimum goes through its budget of futures before.
    let walk = study.optimise.as_ref().map_or(0.0, |asked| asked.budget as f64 / f64::from(study.base().futures));
    study.runs.iter().map(|run| one(&run.plan)).sum::<f64>() + walk * one(study.base())
}
