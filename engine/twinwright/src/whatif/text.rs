//! The answer on the screen: the question, one sentence, the runs beside each other, what was expected, what was left.

use super::answer::{answer, headline, measure_of};
use super::outcome::{RunOutcome, WhatIf};
use super::record::Keep;
use super::run::Outcome;
use super::summary::method;
use crate::report::figure::Manner;
use crate::report::lettering::cut;
use crate::run::progress::grouped;
use std::fmt::Write;
use twinwright_core::measures::NAMES;
use twinwright_core::plan::study::Study;
use twinwright_model::Span;

/// Runs that are listed; a sweep of more is for the report and the tables.
const MOST_RUNS: usize = 40;
/// Measures beside the one that the study is about.
const SHOWN: [&str; 5] = ["availability", "failures", "planned_works", "mtbf_h", "cost"];
const MOST_OWN: usize = 3;
const LONGEST_NAME: usize = 34;

/// The closing page of a study.
pub fn page(outcome: &Outcome, study: &Study) -> String {
    let (what_if, plan) = (&outcome.what_if, study.base());
    let mut page = String::new();
    let _ = writeln!(page, "{}", plain(&plan.title, 200));
    let span = Span(plan.tick.0 * i64::from(plan.ticks));
    let _ = writeln!(
        page,
        "{}, {}, {}, {span} in steps of {}, seed {}",
        count(plan.machines.len(), "machine"),
        count(what_if.runs.len(), "run"),
        count(what_if.done as usize, "future"),
        plan.tick,
        plan.seed
    );
    let _ = writeln!(page, "\n{}\n", answer(what_if));
    table(&mut page, what_if);
    expectations(&mut page, outcome);
    stop_rule(&mut page, what_if);
    let _ = writeln!(page, "intervals: {}", method(what_if));
    time(&mut page, what_if);
    let kept = match (outcome.keep, what_if.runs.len()) {
        (Keep::First, 1) => "; events and alerts are those of the first future (--keep futures has all)",
        (Keep::First, all) if outcome.recorded < all => {
            ", with the first future of the first run in its folder (--keep futures has all)"
        }
        (Keep::First, _) => ", with the first future of each run in its folder (--keep futures has all)",
        (Keep::All, 1) => "",
        (Keep::All, _) => ", with all futures of each run in its folder",
    };
    let _ = writeln!(page, "written to {}{kept}", outcome.folder.display());
    page
}

/// Names come from files: one line each, and not the whole screen.
fn plain(name: &str, most: usize) -> String {
    cut(&name.replace(|c: char| c.is_control(), " "), most)
}

fn count(number: usize, of: &str) -> String {
    format!("{} {of}{}", grouped(number as f64), if number == 1 { "" } else { "s" })
}

/// Every run with its means, and below each what it differs by.
fn table(page: &mut String, what_if: &WhatIf) {
    let mut names: Vec<&str> = own_measures(what_if).into_iter().chain(SHOWN).collect();
    if let Some(headline) = headline(what_if) {
        names.retain(|name| *name != headline);
        names.insert(0, headline);
    }
    names.retain(|name| what_if.runs.iter().any(|run| worth(run, name)));
    let wide = what_if.runs.iter().map(|run| plain(&run.name, LONGEST_NAME).chars().count()).max().unwrap_or(0).max(12);
    let columns: Vec<usize> = names.iter().map(|name| name.chars().count().max(22)).collect();
    let _ = write!(page, "{:<wide$}", "");
    for (name, column) in names.iter().zip(&columns) {
        let _ = write!(page, " {:>column$}", plain(name, *column));
    }
    page.push('\n');
    for run in what_if.runs.iter().take(MOST_RUNS) {
        let _ = write!(page, "{:<wide$}", plain(&run.name, LONGEST_NAME));
        for (name, column) in names.iter().zip(&columns) {
            let _ = write!(page, " {:>column$}", value(run, name));
        }
        page.push('\n');
        if names.iter().any(|name| measure_of(run, name).is_some_and(|measure| measure.difference.is_some())) {
            let _ = write!(page, "{:<wide$}", "  difference");
            for (name, column) in names.iter().zip(&columns) {
                let _ = write!(page, " {:>column$}", difference(run, name));
            }
            page.push('\n');
        }
    }
    if what_if.runs.len() > MOST_RUNS {
        let rest = what_if.runs.len() - MOST_RUNS;
        let _ = writeln!(page, "and {rest} more runs: see the report, or --tables csv");
    }
    page.push('\n');
}

/// Measures of the scenario's own, as many as there is room for.
fn own_measures(what_if: &WhatIf) -> Vec<&str> {
    let names = what_if.runs.first().into_iter().flat_map(|run| &run.measures).map(|measure| measure.name.as_str());
    names.filter(|name| !NAMES.contains(name) && !name.contains('(')).take(MOST_OWN).collect()
}

/// Whether a column says anything: what is nought everywhere does not.
fn worth(run: &RunOutcome, name: &str) -> bool {
    measure_of(run, name).is_some_and(|measure| measure.figure.mean != 0.0)
}

fn value(run: &RunOutcome, name: &str) -> String {
    let Some(measure) = measure_of(run, name) else { return "-".to_owned() };
    let manner = Manner::of(name, &measure.unit);
    let half = measure.interval.map(|interval| (interval.high - interval.low) / 2.0);
    let reach =
        half.filter(|half| *half > 0.0).map_or(String::new(), |half| format!(" ±{}", manner.bare(half, Some(half))));
    format!("{}{reach}", manner.value(measure.figure.mean, half))
}

fn difference(run: &RunOutcome, name: &str) -> String {
    let Some((measure, difference)) = measure_of(run, name).and_then(|m| Some((m, m.difference?))) else {
        return "-".to_owned();
    };
    let manner = Manner::of(name, &measure.unit);
    let half = difference.interval.map(|interval| (interval.high - interval.low) / 2.0);
    let reach =
        half.filter(|half| *half > 0.0).map_or(String::new(), |half| format!(" ±{}", manner.bare(half, Some(half))));
    format!("{}{reach}", manner.signed(difference.mean, half))
}

fn expectations(page: &mut String, outcome: &Outcome) {
    for line in &outcome.missed {
        let _ = writeln!(page, "MISSED  {}", plain(line, 500));
    }
    let all = outcome.what_if.verdicts.len();
    let held = all - outcome.missed.len();
    if held > 0 {
        let _ = writeln!(page, "{held} of {all} expectations hold");
    }
}

fn stop_rule(page: &mut String, what_if: &WhatIf) {
    let Some(stopped) = &what_if.stopped else { return };
    let reached = if stopped.reached { "stopped" } else { "not narrow enough" };
    let _ = writeln!(
        page,
        "{reached} after {} of {}: {} is known to ±{} ({} was asked for)",
        grouped(f64::from(what_if.done)),
        count(what_if.asked as usize, "future"),
        plain(&stopped.measure, 60),
        Manner::of("", "").bare(stopped.half_width, Some(stopped.half_width)),
        stopped.wanted
    );
}

fn time(page: &mut String, what_if: &WhatIf) {
    let futures = f64::from(what_if.done) * what_if.runs.len() as f64;
    let seconds = what_if.speed.wall_seconds.max(1e-9);
    for line in &what_if.explained {
        let _ = writeln!(page, "{}", plain(line, 300));
    }
    let _ = writeln!(page, "{} futures in {seconds:.2} s: {} a second", grouped(futures), grouped(futures / seconds));
}
