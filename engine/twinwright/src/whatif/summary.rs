//! What a study adds to `summary.json`, and to what a run says of itself.

use super::gather::Gathered;
use super::outcome::{Difference, MeasureOutcome, RunOutcome, Step, Walk, WhatIf};
use super::values::Measures;
use super::verdicts::missed;
use crate::run::summary::{Studied, Summary};
use serde_json::{Map, Value, json};
use twinwright_core::Plan;
use twinwright_core::futures::FutureEnd;
use twinwright_core::measures::Tally;

/// Puts what all futures of a run came to in the place of what the recorded ones did. `digest` is None where all
/// futures were recorded, and their final state is the digest.
pub fn arrange(
    summary: &mut Summary,
    what_if: &WhatIf,
    run: usize,
    (measures, gathered): (&Measures, &Gathered),
    digest: Option<u128>,
) {
    let outcome = &what_if.runs[run];
    let intervals = outcome.measures.iter().filter_map(|measure| Some((measure.name.clone(), measure.interval?)));
    let own: Vec<_> = what_if.verdicts.iter().filter(|verdict| verdict.run == outcome.name).cloned().collect();
    summary.futures = what_if.done;
    summary.interrupted |= what_if.partial;
    summary.digest = digest.unwrap_or(summary.digest);
    summary.measures = outcome.measures.iter().map(|measure| (measure.name.clone(), measure.figure)).collect();
    for (place, kind) in summary.kinds.iter_mut().enumerate() {
        kind.tally = measures.blind(mean(&gathered.ends[run], |end| end.kinds.get(place)));
    }
    summary.studied = Some(Studied {
        confidence: what_if.confidence,
        intervals: intervals.collect(),
        missed: missed(&own, 1),
        fields: Map::new(),
    });
}

/// A mean over futures.
pub fn mean<'a>(ends: &'a [FutureEnd], tally: impl Fn(&'a FutureEnd) -> Option<&'a Tally>) -> Tally {
    let mut sum = Tally::default();
    ends.iter().filter_map(tally).for_each(|tally| sum.add(tally));
    sum.scale(1.0 / ends.len().max(1) as f64);
    sum
}

/// The fields of a whole study.
pub fn fields(what_if: &WhatIf, folders: &[Option<String>], plans: &[&Plan]) -> Map<String, Value> {
    let runs = || what_if.runs.iter().enumerate();
    let run = |place: usize, run: &RunOutcome| run_json(what_if, run, &folders[place], plans[place]);
    let (mut variants, mut baselines) = (Vec::new(), Vec::new());
    for (place, outcome) in runs() {
        let list = if outcome.baseline == place { &mut baselines } else { &mut variants };
        list.push(run(place, outcome));
    }
    let verdicts = what_if.verdicts.iter().map(|verdict| {
        json!({ "that": verdict.text, "run": verdict.run, "holds": verdict.holds, "figures": verdict.figures })
    });
    let mut fields = Map::new();
    fields.insert("futures_asked".to_owned(), json!(what_if.asked));
    fields.insert("partial".to_owned(), json!(what_if.partial));
    fields.insert("method".to_owned(), json!(method(what_if)));
    fields.insert("stop_when".to_owned(), stop_json(what_if));
    fields.insert("expectations".to_owned(), verdicts.collect());
    if let Some(walk) = &what_if.walk {
        fields.insert("optimise".to_owned(), walk_json(walk));
    }
    if what_if.runs.len() > 1 {
        fields.insert("baselines".to_owned(), baselines.into());
        fields.insert("variants".to_owned(), variants.into());
    }
    fields
}

/// How intervals were made.
pub fn method(what_if: &WhatIf) -> String {
    let of = if what_if.runs.len() > 1 { "paired future by future, " } else { "" };
    format!("{of}Student's t, {}", super::answer::confidence(what_if.confidence))
}

fn stop_json(what_if: &WhatIf) -> Value {
    what_if.stopped.as_ref().map_or(Value::Null, |stopped| {
        json!({
            "measure": stopped.measure,
            "half_width": stopped.half_width,
            "wanted": stopped.wanted,
            "confidence": stopped.confidence,
            "reached": stopped.reached,
        })
    })
}

/// How an optimum was found: every point that was tried, in order, and the best of them.
fn walk_json(walk: &Walk) -> Value {
    let step = |step: &Step| {
        let at: Map<String, Value> =
            walk.paths.iter().zip(&step.at).map(|(path, value)| (path.clone(), json!(value.text))).collect();
        json!({
            "at": at,
            "value": step.value,
            "low": step.interval.map(|interval| interval.low),
            "high": step.interval.map(|interval| interval.high),
        })
    };
    json!({
        "measure": walk.measure,
        "best": walk.best.as_ref().map(step),
        "fitted": walk.fitted.as_ref().map(step),
        "futures": walk.futures,
        "steps": walk.steps.iter().map(step).collect::<Vec<_>>(),
    })
}

fn run_json(what_if: &WhatIf, run: &RunOutcome, folder: &Option<String>, plan: &Plan) -> Value {
    let changes: Map<String, Value> = run.changes.iter().map(|(path, value)| (path.clone(), json!(value))).collect();
    let point: Map<String, Value> =
        what_if.axes.iter().zip(&run.point).map(|(axis, value)| (axis.path.clone(), json!(value.text))).collect();
    let measures: Map<String, Value> =
        run.measures.iter().map(|measure| (measure.name.clone(), measure_json(measure, what_if.confidence))).collect();
    let differences = run
        .measures
        .iter()
        .filter_map(|measure| Some((measure.name.clone(), difference_json(&measure.difference?, what_if.confidence))));
    let differences: Map<String, Value> = differences.collect();
    let mut json = json!({
        "name": run.name,
        "variant": run.variant,
        "folder": folder,
        "plan": format!("{:032x}", plan.digest),
        "digest": format!("{:032x}", run.digest),
        "changes": changes,
        "point": point,
        "measures": measures,
    });
    if let (Some(fields), false) = (json.as_object_mut(), differences.is_empty()) {
        fields.insert("baseline".to_owned(), json!(what_if.runs[run.baseline].name));
        fields.insert("difference".to_owned(), differences.into());
    }
    json
}

fn measure_json(measure: &MeasureOutcome, confidence: f64) -> Value {
    let mut json = measure.figure.to_json();
    if let (Some(interval), Some(fields)) = (measure.interval, json.as_object_mut()) {
        fields.insert("low".to_owned(), json!(interval.low));
        fields.insert("high".to_owned(), json!(interval.high));
        fields.insert("confidence".to_owned(), json!(confidence));
    }
    json
}

fn difference_json(difference: &Difference, confidence: f64) -> Value {
    json!({
        "mean": difference.mean,
        "low": difference.interval.map(|interval| interval.low),
        "high": difference.interval.map(|interval| interval.high),
        "confidence": confidence,
        "better": difference.better,
        "n": difference.n,
    })
}
