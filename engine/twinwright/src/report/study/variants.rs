//! The table of variants: each measure with its interval, its spread, and its difference to the baseline.

use super::*;
use crate::report::table::{Head, Table};
use crate::whatif::answer::share;
use crate::whatif::outcome::MeasureOutcome;

/// Measures that stand in the first table.
const MOST_MEASURES: usize = 8;
/// Rows that a page lists; all of them are in `summary.json`.
const MOST_LISTED: usize = 1_500;

pub(super) fn section_of(what_if: &WhatIf, headline: &str) -> String {
    let mut first = chosen(what_if, headline);
    if what_if.runs.len() > FEW {
        first.truncate(1);
    }
    let rest: Vec<&str> = names(what_if).into_iter().filter(|name| !first.contains(name)).collect();
    let mut body = changes(what_if);
    body.push_str(&table(what_if, &first));
    if !rest.is_empty() {
        let count = rest.len();
        let _ = writeln!(
            body,
            "<details>\n<summary>The other {count} measures</summary>\n{}</details>",
            table(what_if, &rest)
        );
    }
    let confidence = confidence(what_if.confidence);
    let shown = what_if.runs.len().min(MOST_ROWS);
    let more = if shown < what_if.runs.len() {
        format!(" The first {shown} of {} runs; all are in summary.json.", what_if.runs.len())
    } else {
        String::new()
    };
    let paired = if what_if.runs.len() > 1 {
        " Differences are taken future by future, as all variants have the same luck."
    } else {
        ""
    };
    let note = format!("Means over {} futures with {confidence} intervals.{paired}{more}", what_if.done);
    section(if what_if.runs.len() > 1 { "Variants" } else { "Measures" }, &note, &body)
}

fn names(what_if: &WhatIf) -> Vec<&str> {
    what_if.runs.first().map_or(Vec::new(), |base| base.measures.iter().map(|measure| measure.name.as_str()).collect())
}

/// The headline, what expectations speak of, and what everybody asks for.
pub(super) fn chosen<'a>(what_if: &'a WhatIf, headline: &'a str) -> Vec<&'a str> {
    const ASKED: [&str; 5] = ["availability", "failures", "cost", "oee", "throughput"];
    let told = |name: &&str| {
        let mean = |run: &RunOutcome| measure_of(run, name).map_or(0.0, |measure| measure.figure.mean);
        what_if.runs.iter().any(|run| mean(run) != 0.0)
    };
    let is_own = |name: &str| !name.contains('(') && !twinwright_core::measures::NAMES.contains(&name);
    let named = |name: &str| what_if.verdicts.iter().any(|verdict| verdict.text.contains(name));
    let all = names(what_if);
    let mut chosen = vec![headline];
    let more = all.iter().copied().filter(|name| named(name) || is_own(name) || ASKED.contains(name)).filter(told);
    chosen.extend(more.filter(|name| *name != headline));
    chosen.truncate(MOST_MEASURES);
    chosen
}

fn changes(what_if: &WhatIf) -> String {
    let mut html = String::new();
    for variant in variants_of(what_if.runs.iter()).into_iter().take(MOST_ROWS) {
        let run = what_if.runs.iter().find(|run| run.variant == variant);
        let Some(run) = run.filter(|run| !run.changes.is_empty()) else { continue };
        let change = |(path, value): &(String, String)| format!("{} = {}", named(path), named(value));
        let mut said: Vec<String> = run.changes.iter().take(40).map(change).collect();
        if run.changes.len() > 40 {
            said.push(format!("and {} more", run.changes.len() - 40));
        }
        let _ = writeln!(html, "<li><b>{}</b>: {}</li>", named(variant), said.join(", "));
    }
    if html.is_empty() { html } else { format!("<ul class=\"changes\">\n{html}</ul>\n") }
}

fn table(what_if: &WhatIf, measures: &[&str]) -> String {
    let compares = what_if.runs.iter().any(|run| run.measures.iter().any(|measure| measure.difference.is_some()));
    let interval = format!("{} interval", confidence(what_if.confidence));
    let mut heads: Vec<Head> = vec![("", false), ("mean", true), (&interval, true), ("p05 to p95", true)];
    if compares {
        heads.extend([("difference", true), (interval.as_str(), true), ("better in", true)]);
    }
    let mut table = Table::new(&heads);
    let mut rows = 0;
    for name in measures {
        if rows > MOST_LISTED {
            break;
        }
        let manner = manner_of(what_if, name);
        let unit = if manner.unit().is_empty() { String::new() } else { format!(", {}", named(manner.unit())) };
        table.group(&format!("{}{unit}", named(name)));
        for run in what_if.runs.iter().take(MOST_ROWS) {
            if let Some(measure) = measure_of(run, name) {
                table.row(&cells(run, measure, &manner, compares));
                rows += 1;
            }
        }
    }
    table.finish()
}

fn cells(run: &RunOutcome, measure: &MeasureOutcome, manner: &Manner, compares: bool) -> Vec<String> {
    let none = || "–".to_owned();
    let (figure, half_width) = (&measure.figure, measure.interval.map(half));
    let spread = Some((figure.p95 - figure.p05) / 2.0).filter(|half| *half > 0.0);
    let reach = |show: &dyn Fn(f64) -> String, of: Interval| format!("{} to {}", show(of.low), show(of.high));
    let mut cells = vec![
        named_within(&run.name, 90),
        manner.bare(figure.mean, half_width),
        measure.interval.map_or_else(none, |of| reach(&|value| manner.bare(value, half_width), of)),
        if figure.n > 1 {
            format!("{} to {}", manner.bare(figure.p05, spread), manner.bare(figure.p95, spread))
        } else {
            none()
        },
    ];
    if compares {
        let by = measure.difference;
        let interval = by.and_then(|by| by.interval);
        let half_width = interval.map(half);
        let show = |value| manner.signed(value, half_width);
        cells.push(by.map_or_else(none, |by| show(by.mean)));
        cells.push(interval.map_or_else(none, |of| reach(&show, of)));
        cells.push(by.and_then(|by| by.better).map_or_else(none, share));
    }
    cells
}
