//! `[optimise]`: the values of some paths that are best for a measure, found by running the scenario at one point after another.
//!
//! The walk has futures of its own, beyond those that the study counts: what it takes for the best is partly what
//! had luck in them, and the run `optimum` shows what is left of it in others.

mod fit;
mod local;
pub mod search;
pub mod trials;

use super::gather::{Errand, gather};
use super::needs::needs;
use super::outcome::{Interval, Step, Walk};
use super::progress::Progress;
use super::statistics::{Moments, Student};
use super::values::Measures;
use super::weigh::CONFIDENCE;
use crate::Trouble;
use crate::run::{Settings, study as compile};
use search::{Found, search};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use trials::{Scale, Trial};
use twinwright_core::futures::Asking;
use twinwright_core::plan::study::{Better, Bounds, OPTIMUM, Optimisation, RunPlan, Setting, Study};
use twinwright_model::units::UNITS;

const HOUR_NS: f64 = 3600e9;
/// Futures that show something of the best point so far when the walk was ended early.
const GLANCE: u32 = 32;

/// A study that was optimised.
#[derive(Debug)]
pub struct Optimised {
    /// With a run `optimum`, when a point was finished.
    pub study: Study,
    pub walk: Walk,
    /// Futures that there is still time for, when somebody ended the walk.
    pub ended: Option<u32>,
}

/// Walks, where a study asks for it.
pub fn optimise(settings: &Settings, study: &Study, stop: &AtomicBool) -> Result<Option<Optimised>, Trouble> {
    let Some(asked) = &study.optimise else { return Ok(None) };
    let needs = needs(settings, study);
    let measures = Measures::of(study, needs.watched);
    let asking = Asking { named: measures.names_machines(), ..needs.asking };
    let hidden = Progress::new(0, true);
    let ground = Ground { settings, study, asked, measures: &measures, asking: &asking, stop, hidden: &hidden };
    let progress = Progress::new(asked.budget, settings.quiet);
    let mut trouble = None;
    let mut spent = 0;
    let mut objective = |at: &[f64], futures: Range<u32>| {
        spent += futures.len() as u64;
        let values = ground.values(at, futures).unwrap_or_else(|why| {
            trouble = Some(why);
            None
        });
        progress.show(spent);
        values
    };
    let sign = if asked.better == Better::Lower { 1.0 } else { -1.0 };
    let scale = |bounds: &Bounds| Scale { low: bounds.low, high: bounds.high, whole: bounds.whole };
    let budget = asked.budget.min(u64::from(u32::MAX - study.base().futures));
    let found = search(asked.over.iter().map(scale).collect(), sign, budget, &mut objective);
    progress.finish();
    if let Some(trouble) = trouble {
        return Err(trouble);
    }
    let glance = found.trials.first().map_or(1, |trial| trial.values.len() as u32);
    let ended = found.stopped.then_some(glance.min(GLANCE).min(study.base().futures));
    let best = found.best.map(|best| found.trials[best].at.clone());
    let mut study = study.clone();
    if let Some(best) = best {
        let run = run_at(settings, &study, asked, &best)?;
        study.runs.push(run);
    }
    Ok(Some(Optimised { study, walk: walk_of(asked, &found), ended }))
}

/// What a point is tried on.
struct Ground<'a> {
    settings: &'a Settings,
    study: &'a Study,
    asked: &'a Optimisation,
    measures: &'a Measures,
    asking: &'a Asking,
    stop: &'a AtomicBool,
    hidden: &'a Progress,
}

impl Ground<'_> {
    /// The measure in some futures at a point; None when somebody asked to stop.
    fn values(&self, at: &[f64], futures: Range<u32>) -> Result<Option<Vec<Option<f64>>>, Trouble> {
        let beyond = self.study.base().futures;
        let run = RunPlan { baseline: 0, ..run_at(self.settings, self.study, self.asked, at)? };
        let errand = Errand {
            runs: &[run],
            asking: self.asking,
            measures: self.measures,
            futures: beyond + futures.start..beyond + futures.end,
            threads: self.settings.threads,
            looks: false,
        };
        let gathered = gather(&errand, &mut None, self.stop, self.hidden)?;
        let column = self.measures.column(&gathered.ends[0], &self.asked.measure);
        Ok((!gathered.interrupted).then_some(column))
    }
}

/// The scenario as it stands with other values at some paths.
fn run_at(settings: &Settings, study: &Study, asked: &Optimisation, at: &[f64]) -> Result<RunPlan, Trouble> {
    let changes: Vec<(String, String)> =
        asked.over.iter().zip(at).map(|(bounds, value)| (bounds.path.clone(), setting(bounds, *value).text)).collect();
    let sets = settings.sets.iter().chain(&changes).cloned().collect();
    let there = compile(&Settings { sets, ..settings.clone() })?;
    let base = &study.runs[0];
    Ok(RunPlan {
        name: OPTIMUM.to_owned(),
        variant: OPTIMUM.to_owned(),
        point: base.point.clone(),
        baseline: 0,
        plan: Arc::clone(there.base()),
        changes,
    })
}

/// A value as a file would have it.
fn setting(bounds: &Bounds, value: f64) -> Setting {
    let text = match bounds.is_time {
        false => value.to_string(),
        true => time(bounds, value),
    };
    Setting { text, number: Some(value) }
}

/// Five digits in the unit of the bounds; hours in full where that would be out of bounds.
fn time(bounds: &Bounds, hours: f64) -> String {
    let size = UNITS.iter().find(|(name, _)| *name == bounds.unit).map_or(1.0, |(_, nanos)| nanos / HOUR_NS);
    let number: f64 = format!("{:.4e}", hours / size).parse().unwrap_or(f64::NAN);
    let fits = (bounds.low..=bounds.high).contains(&(number * size));
    if fits { format!("{number} {}", bounds.unit) } else { format!("{hours} h") }
}

fn walk_of(asked: &Optimisation, found: &Found) -> Walk {
    let student = Student::new(CONFIDENCE);
    let settings = |at: &[f64]| asked.over.iter().zip(at).map(|(bounds, value)| setting(bounds, *value)).collect();
    let step = |trial: &Trial| {
        let values: Vec<f64> = trial.values.iter().copied().flatten().collect();
        let moments = Moments::of(&values)?;
        Some(Step { at: settings(&trial.at), value: moments.mean, interval: student.interval(&moments) })
    };
    let best = found.best.map(|best| &found.trials[best]);
    let fitted = found.turn.as_ref().map(|turn| {
        let futures = best.map_or(0, |best| best.values.len());
        let half = student.quantile(futures).map(|quantile| quantile * turn.error);
        let interval = half.map(|half| Interval { low: turn.value - half, high: turn.value + half });
        Step { at: settings(&turn.at), value: turn.value, interval }
    });
    Walk {
        measure: asked.measure.clone(),
        better: Some(asked.better),
        paths: asked.over.iter().map(|bounds| bounds.path.clone()).collect(),
        steps: found.trials.iter().filter_map(step).collect(),
        best: best.and_then(step),
        fitted,
        futures: found.spent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_within_their_bounds() {
        let bounds = |low, high, unit| Bounds { path: String::new(), low, high, is_time: true, unit, whole: false };
        let said = [24.0, 100.0, 720.0].map(|hours| time(&bounds(24.0, 720.0, "d"), hours));
        assert_eq!(said, ["1 d", "4.1667 d", "30 d"]);
        assert_eq!(time(&bounds(1500.0, 10_000.0, "h"), 6878.6), "6878.6 h");
        assert_eq!(time(&bounds(0.5, 2.0, "min"), 1.25), "75 min");
        // 4.1667 d would be 100.0008 h.
        assert_eq!(time(&bounds(24.0, 100.0, "d"), 100.0), "100 h");
    }
}
