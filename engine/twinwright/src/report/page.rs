//! The page: sections under one another, styles inside, nothing fetched from anywhere.

use super::data::{MOST_ROWS, ReportData};
use super::lettering::{cut, named, named_within};
use super::scale::minute;
use super::svg::{Svg, escape};
use super::{bars, failures, spread, study, tables, timeline, traces};
use std::fmt::Write;
use twinwright_model::Span;

pub(super) const WIDTH: f64 = 1040.0;
const STYLE: &str = concat!(include_str!("colours.css"), include_str!("drawing.css"), include_str!("page.css"));

/// The whole report.
pub fn page(data: &ReportData) -> String {
    let mut html = opened(&data.title, &data.version);
    head(&mut html, data);
    if let Some(what_if) = &data.what_if {
        study::sections(&mut html, data, what_if);
    }
    html.push_str(&section("By kind", summed(data), &tables::rows(&data.kinds, false)));
    drawings(&mut html, data);
    followed(&mut html, data);
    lists(&mut html, data);
    if let Some(what_if) = &data.what_if {
        study::closing(&mut html, data, what_if);
    }
    foot(&mut html, data);
    html.push_str(CLOSING);
    html
}

/// What ends every page.
pub(super) const CLOSING: &str = "</main>\n</body>\n</html>\n";

/// What begins every page: its title and all of its style.
pub(super) fn opened(title: &str, version: &str) -> String {
    let mut html = String::with_capacity(256 * 1024);
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"generator\" content=\"twinwright {}\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        escape(version),
        escape(&cut(title, 200))
    );
    html
}

pub(super) fn section(title: &str, note: &str, body: &str) -> String {
    let note = if note.is_empty() { String::new() } else { format!("<p class=\"note\">{}</p>\n", escape(note)) };
    format!("<section>\n<h2>{}</h2>\n{note}{body}</section>\n", named_within(title, 120))
}

fn head(html: &mut String, data: &ReportData) {
    let _ = writeln!(html, "<h1 dir=\"auto\">{}</h1>", named_within(&data.title, 200));
    for paragraph in &data.question {
        let _ = writeln!(html, "<p class=\"question\" dir=\"auto\">{}</p>", escape(&cut(paragraph, 2_000)));
    }
    if let Some(what_if) = &data.what_if {
        study::opening(html, what_if);
    }
    let futures = data.what_if.as_ref().map_or(data.futures, |what_if| what_if.done);
    let futures = if futures > 1 { format!(", {futures} futures") } else { String::new() };
    let _ = writeln!(
        html,
        "<p class=\"note\">{} machine{}{futures}, {} to {} ({} in steps of {}), seed {}{}</p>",
        data.machines,
        if data.machines == 1 { "" } else { "s" },
        minute(data.start),
        minute(data.end),
        Span(data.end.0 - data.start.0),
        data.tick,
        data.seed,
        if data.interrupted { ". Interrupted: what follows ends early." } else { "" }
    );
    html.push_str("<div class=\"cards\">\n");
    let of_study = data.what_if.as_ref().map(study::cards);
    for card in of_study.as_ref().unwrap_or(&data.cards) {
        let note = if card.note.is_empty() { String::new() } else { format!("<small>{}</small>", escape(&card.note)) };
        let _ = writeln!(
            html,
            "<div class=\"card\"><span>{}</span><b>{}</b>{note}</div>",
            escape(card.label),
            escape(&card.value)
        );
    }
    html.push_str("</div>\n");
    if data.what_if.is_none() && !data.expectations.is_empty() {
        html.push_str("<ul class=\"expect\">\n");
        for (text, holds) in &data.expectations {
            let (class, word) = if *holds { ("holds", "holds") } else { ("missed", "missed") };
            let _ = writeln!(html, "<li class=\"{class}\"><b>{word}</b> <span>{}</span></li>", named_within(text, 300));
        }
        html.push_str("</ul>\n");
    }
}

/// Which futures the sums of the page tell of.
fn summed(data: &ReportData) -> &'static str {
    match (&data.what_if, data.futures) {
        (Some(_), 0 | 1) => "Of the baseline.",
        (Some(_), _) => "Of the baseline, a mean over futures.",
        (None, 0 | 1) => "",
        (None, _) => "A mean over futures.",
    }
}

/// Which futures its events tell of.
fn told(data: &ReportData) -> &'static str {
    if data.recorded < data.futures { first(data) } else { summed(data) }
}

/// The future whose course is drawn.
fn first(data: &ReportData) -> &'static str {
    match (&data.what_if, data.futures) {
        (Some(_), 0 | 1) => "Of the baseline.",
        (Some(_), _) => "Of the baseline, in the first future.",
        (None, 0 | 1) => "",
        (None, _) => "Of the first future.",
    }
}

fn drawings(html: &mut String, data: &ReportData) {
    let first = first(data);
    let more = data.machines.saturating_sub(MOST_ROWS);
    let more = if more > 0 { format!(" The first {MOST_ROWS} of {} machines.", data.machines) } else { String::new() };
    if !data.lanes.is_empty() {
        let lanes = Svg::both("modes of each machine over time", WIDTH, |width| timeline::draw(data, width));
        html.push_str(&section("What each machine was doing", format!("{first}{more}").trim(), &lanes));
    }
    if failures::draw(data, WIDTH).is_some() {
        let drawn = Svg::both("failures over time by part", WIDTH, |width| {
            failures::draw(data, width).unwrap_or_else(|| Svg::new(width, 1.0))
        });
        html.push_str(&section("What failed, and when", told(data), &drawn));
    }
    if !data.spreads.is_empty() && data.what_if.is_none() {
        let wide = WIDTH / 3.0 - 12.0;
        let one = |spread| -> String { Svg::inline(&spread::draw(spread, wide), "spread over futures") };
        let body: String = data.spreads.iter().map(one).collect();
        let note = format!("{} futures of the plant; the mark below spans nine tenths of them.", data.futures);
        html.push_str(&section("How futures differ", &note, &format!("<div class=\"three\">{body}</div>\n")));
    }
    // A study has shown the cost of its variants already; that of one future says no more.
    let split = bars::of_kinds(&data.kinds);
    if data.what_if.is_none() && bars::draw(&split, WIDTH).is_some() {
        let drawn = Svg::both("cost by kind and purpose", WIDTH, |width| {
            bars::draw(&split, width).unwrap_or_else(|| Svg::new(width, 1.0))
        });
        html.push_str(&section("Where the money went", "", &drawn));
    }
}

fn followed(html: &mut String, data: &ReportData) {
    let Some(traces) = &data.traces else { return };
    let span = (data.start, data.end);
    let mut body = String::new();
    for trace in &traces.sensors {
        body.push_str(&Svg::both(&trace.name, WIDTH, |width| traces::draw_trace(trace, span, width)));
    }
    if !traces.wears.is_empty() {
        body.push_str(&Svg::both("wear", WIDTH, |width| traces::draw_wears(traces, span, width)));
    }
    let note = "The machine with most to tell. Line: mean of some samples; band: their lowest and highest; dashed: limits; \
                triangles: alerts; shaded: faults put in on purpose.";
    html.push_str(&section(&format!("{}, {}", cut(&traces.machine, 60), cut(&traces.kind, 50)), note, &body));
}

fn lists(html: &mut String, data: &ReportData) {
    if !data.alerts.is_empty() {
        let note = format!("The commonest. {}", told(data));
        html.push_str(&section("Alerts", note.trim(), &tables::alerts(data)));
    }
    if !data.faults.is_empty() {
        let note = "The ground truth; all of it is in truth/labels.csv.";
        html.push_str(&section("Faults put in on purpose", note, &tables::faults(data)));
    }
    if data.machines > 1 {
        html.push_str(&section("By machine", summed(data), &tables::rows(&data.rows, true)));
    }
}

fn foot(html: &mut String, data: &ReportData) {
    html.push_str("<footer>\n");
    if data.what_if.is_none() {
        html.push_str(
            "<p>Availability = (running + idle + calibrating) / (total − offline). MTBF: running hours \
             / failures. MTTR: failed hours / repairs. OEE = good pieces / (ideal rate × hours not offline). All hours \
             of all machines are summed before they are divided.</p>\n",
        );
        if !data.command.is_empty() {
            let _ = writeln!(html, "<pre>{}</pre>", escape(&data.command));
        }
    }
    let _ = writeln!(
        html,
        "<p>{}, twinwright {}. The same scenario and seed make the same page.</p>\n</footer>",
        named(&data.scenario),
        escape(&data.version)
    );
}

/// The comment that a scenario file opens with, as paragraphs.
pub(super) fn question_of(text: &str) -> Vec<String> {
    let lines = text.lines().skip_while(|line| line.trim().is_empty()).map_while(|line| line.trim().strip_prefix('#'));
    let mut paragraphs: Vec<String> = vec![String::new()];
    for line in lines.map(str::trim).take(40) {
        match (line.is_empty(), paragraphs.last_mut()) {
            (true, _) => paragraphs.push(String::new()),
            (false, Some(last)) => {
                last.push_str(if last.is_empty() { "" } else { " " });
                last.push_str(line);
            }
            _ => {}
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_is_the_comment_on_top() {
        let text = "# Does it pay?\n#\n# Look at cost,\n# twice.\n\nschema = \"scenario/1\" # no\n# nor this\n";
        assert_eq!(question_of(text), ["Does it pay?", "Look at cost, twice."]);
        assert!(question_of("schema = 1").is_empty());
    }

    #[test]
    fn an_empty_report_is_still_a_page() {
        let html = page(&ReportData::default());
        assert!(html.starts_with("<!doctype html>") && html.ends_with("</html>\n"));
        assert!(!html.contains("http"), "a report asks nobody for anything");
    }
}
