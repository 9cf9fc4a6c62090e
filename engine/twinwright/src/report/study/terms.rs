//! What the answer rests on: luck, futures, steps, intervals, definitions, and the command that gives it again.

use super::*;
use crate::run::progress::grouped;
use twinwright_model::Span;

pub(super) fn section_of(data: &ReportData, what_if: &WhatIf) -> String {
    let ticks = (data.end.0 - data.start.0) / data.tick.0.max(1);
    let mut rows: Vec<(&str, String)> = vec![
        ("Luck", format!("Seed {}. Every variant meets the same luck in the same future.", data.seed)),
        ("Futures", futures(what_if)),
        (
            "Time",
            format!(
                "{} in {} ticks of {}; {} machine{}.",
                Span(data.end.0 - data.start.0),
                grouped(ticks as f64),
                data.tick,
                data.machines,
                if data.machines == 1 { "" } else { "s" }
            ),
        ),
        ("Intervals", intervals(what_if)),
    ];
    let explained: Vec<String> = what_if.explained.iter().map(|line| named_within(line, 300)).collect();
    if !explained.is_empty() {
        rows.push(("How it was run", explained.join("<br>")));
    }
    rows.push(("Availability", "(running + idle + calibrating) / (total − offline).".to_owned()));
    rows.push((
        "OEE, classic",
        "Good pieces / (ideal rate × hours that are not offline): availability × performance × quality.".to_owned(),
    ));
    rows.push((
        "OEE, ISO 22400",
        "Good pieces / (ideal rate × planned busy hours): planned maintenance does not count against it.".to_owned(),
    ));
    rows.push((
        "MTBF, MTTR",
        "Running hours / failures; failed hours / repairs. A run that ends without a failure counts its hours."
            .to_owned(),
    ));
    let mut body = String::from("<dl class=\"terms\">\n");
    for (term, said) in rows {
        let _ = writeln!(body, "<dt>{term}</dt><dd>{said}</dd>");
    }
    body.push_str("</dl>\n");
    if !data.command.is_empty() {
        let _ =
            writeln!(body, "<p class=\"note\">The command that repeats it:</p>\n<pre>{}</pre>", escape(&data.command));
    }
    section("What this rests on", "", &body)
}

fn futures(what_if: &WhatIf) -> String {
    let done = grouped(f64::from(what_if.done));
    let runs = what_if.runs.len();
    let runs = if runs > 1 { format!(" of each of {runs} runs") } else { String::new() };
    let mut said = format!("{done}{runs}.");
    if what_if.partial {
        let asked = grouped(f64::from(what_if.asked));
        said.push_str(&format!(" Ended before the {asked} that were asked for: the intervals are wider for it."));
    }
    if let Some(stop) = &what_if.stopped {
        let manner = manner_of(what_if, &stop.measure);
        said.push_str(&format!(
            " Stop rule: half width of {} at most {} at {}; {}: {}.",
            named(&stop.measure),
            manner.amount(stop.wanted, None),
            confidence(stop.confidence),
            if stop.reached { "reached" } else { "not reached" },
            manner.amount(stop.half_width, Some(stop.half_width)),
        ));
    }
    said
}

fn intervals(what_if: &WhatIf) -> String {
    let confidence = confidence(what_if.confidence);
    let pairs = if what_if.runs.len() > 1 {
        "; of differences, Student's t on the differences of the same futures"
    } else {
        ""
    };
    format!(
        "{confidence}, Student's t on the mean of futures{pairs}. p05 to p95 is where nine in ten futures lie. A future in \
         which a measure has no meaning is left out of it."
    )
}
