//! Expectations: whether what a scenario says must hold does hold, with the figures it speaks of.

use super::answer::confidence as percent;
use super::outcome::{Interval, MeasureOutcome, RunOutcome, Verdict};
use crate::report::figure::Manner;
use twinwright_core::plan::study::{Expectation, Of, Study};

/// Judges every expectation on every run that it speaks of: the baseline or a variant, at each point of a sweep.
pub fn verdicts(study: &Study, runs: &[RunOutcome], confidence: f64) -> Vec<Verdict> {
    let spoken_of = |expect: &Expectation| {
        let expect = expect.clone();
        runs.iter().enumerate().filter(move |(place, run)| match &expect.variant {
            Some(variant) => run.variant == *variant,
            None => run.baseline == *place,
        })
    };
    study
        .expects
        .iter()
        .flat_map(|expect| spoken_of(expect).map(move |(_, run)| judge(expect, run, confidence)))
        .collect()
}

fn judge(expect: &Expectation, run: &RunOutcome, confidence: f64) -> Verdict {
    let find = |name: &str| run.measures.iter().find(|measure| measure.name == name);
    let mean = |name: &str| find(name).and_then(|measure| mean_of(measure, expect.of));
    // A measure without a meaning (mtbf of a machine that never failed) holds for nothing.
    let holds = expect.asked.value(mean).is_some_and(|value| value != 0.0);
    let mut names: Vec<&String> = expect.asked.names.iter().collect();
    names.dedup();
    let is = if expect.of == Of::Difference { "differs by" } else { "=" };
    let figure = |name: &String| match find(name).and_then(|measure| said(measure, expect.of, confidence)) {
        Some(figure) => format!("{name} {is} {figure}"),
        None => format!("{name} has no value"),
    };
    Verdict { text: text(expect), run: run.name.clone(), holds, figures: names.into_iter().map(figure).collect() }
}

fn text(expect: &Expectation) -> String {
    let of = if expect.of == Of::Difference { " (difference)" } else { "" };
    match &expect.variant {
        Some(variant) => format!("{}{of} in {variant}", expect.asked.text),
        None => format!("{}{of}", expect.asked.text),
    }
}

fn mean_of(measure: &MeasureOutcome, of: Of) -> Option<f64> {
    match of {
        Of::Value => Some(measure.figure.mean),
        Of::Difference => measure.difference.map(|difference| difference.mean),
    }
}

fn said(measure: &MeasureOutcome, of: Of, confidence: f64) -> Option<String> {
    let (mean, reach) = match of {
        Of::Value => (measure.figure.mean, measure.interval),
        Of::Difference => measure.difference.map(|difference| (difference.mean, difference.interval))?,
    };
    let reach = reach.map_or(String::new(), |reach| format!(" ({})", interval(reach, confidence)));
    Some(format!("{}{reach}", figure(mean)))
}

/// Seven digits: more than its interval has, since a figure may miss its limit by little.
fn figure(mean: f64) -> String {
    if mean == 0.0 || !mean.is_finite() {
        return mean.to_string();
    }
    let decimals = (6.0 - mean.abs().log10().floor()).clamp(0.0, 12.0) as usize;
    let text = format!("{mean:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// One line for each expectation that does not hold: what was expected, and what came of it.
pub fn missed(verdicts: &[Verdict], runs: usize) -> Vec<String> {
    let line = |verdict: &Verdict| {
        let run = if runs > 1 { format!("{}: ", verdict.run) } else { String::new() };
        format!("{run}expected {}, but {}", verdict.text, verdict.figures.join(", "))
    };
    verdicts.iter().filter(|verdict| !verdict.holds).map(line).collect()
}

/// `95 %: 10.1 to 14.5`.
pub fn interval(interval: Interval, confidence: f64) -> String {
    let (manner, half) = (Manner::of("", ""), Some((interval.high - interval.low) / 2.0));
    format!("{}: {} to {}", percent(confidence), manner.bare(interval.low, half), manner.bare(interval.high, half))
}
