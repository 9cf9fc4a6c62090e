//! The page: sections under one another, styles inside, nothing fetched from anywhere.

use super::data::{MOST_ROWS, ReportData};
use super::scale::minute;
use super::svg::{Svg, escape};
use super::{bars, failures, spread, tables, timeline, traces};
use std::fmt::Write;
use twinwright_model::Span;

const WIDTH: f64 = 1040.0;
const STYLE: &str = concat!(include_str!("colours.css"), include_str!("drawing.css"), include_str!("page.css"));

/// The whole report.
pub fn page(data: &ReportData) -> String {
    let mut html = String::with_capacity(256 * 1024);
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"generator\" content=\"twinwright {}\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        data.version,
        escape(&data.title)
    );
    head(&mut html, data);
    html.push_str(&section("By kind", "", &tables::rows(&data.kinds, false)));
    drawings(&mut html, data);
    followed(&mut html, data);
    lists(&mut html, data);
    foot(&mut html, data);
    html.push_str("</main>\n</body>\n</html>\n");
    html
}

fn section(title: &str, note: &str, body: &str) -> String {
    let note = if note.is_empty() { String::new() } else { format!("<p class=\"note\">{}</p>\n", escape(note)) };
    format!("<section>\n<h2>{}</h2>\n{note}{body}</section>\n", escape(title))
}

fn head(html: &mut String, data: &ReportData) {
    let _ = writeln!(html, "<h1>{}</h1>", escape(&data.title));
    for paragraph in &data.question {
        let _ = writeln!(html, "<p class=\"question\">{}</p>", escape(paragraph));
    }
    let futures = if data.futures > 1 { format!(", {} futures", data.futures) } else { String::new() };
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
    for card in &data.cards {
        let note = if card.note.is_empty() { String::new() } else { format!("<small>{}</small>", escape(&card.note)) };
        let _ = writeln!(
            html,
            "<div class=\"card\"><span>{}</span><b>{}</b>{note}</div>",
            escape(card.label),
            escape(&card.value)
        );
    }
    html.push_str("</div>\n");
    if !data.expectations.is_empty() {
        html.push_str("<ul class=\"expect\">\n");
        for (text, holds) in &data.expectations {
            let (class, word) = if *holds { ("holds", "holds") } else { ("missed", "missed") };
            let _ = writeln!(html, "<li class=\"{class}\"><b>{word}</b> {}</li>", escape(text));
        }
        html.push_str("</ul>\n");
    }
}

fn drawings(html: &mut String, data: &ReportData) {
    let first = if data.futures > 1 { " Of the first future." } else { "" };
    let more = data.machines.saturating_sub(MOST_ROWS);
    let more = if more > 0 { format!(" The first {MOST_ROWS} of {} machines.", data.machines) } else { String::new() };
    let lanes = timeline::draw(data, WIDTH).inline("modes of each machine over time");
    html.push_str(&section("What each machine was doing", format!("{first}{more}").trim(), &lanes));
    if let Some(drawn) = failures::draw(data, WIDTH) {
        let note = if data.futures > 1 { "A mean over futures." } else { "" };
        html.push_str(&section("What failed, and when", note, &drawn.inline("failures over time by part")));
    }
    if !data.spreads.is_empty() {
        let wide = WIDTH / 3.0 - 12.0;
        let one = |spread| -> String { Svg::inline(&spread::draw(spread, wide), "spread over futures") };
        let body: String = data.spreads.iter().map(one).collect();
        let note = format!("{} futures of the plant; the mark below spans nine tenths of them.", data.futures);
        html.push_str(&section("How futures differ", &note, &format!("<div class=\"three\">{body}</div>\n")));
    }
    if let Some(drawn) = bars::draw(data, WIDTH) {
        html.push_str(&section("Where the money went", "", &drawn.inline("cost by kind and purpose")));
    }
}

fn followed(html: &mut String, data: &ReportData) {
    let Some(traces) = &data.traces else { return };
    let span = (data.start, data.end);
    let mut body = String::new();
    for trace in &traces.sensors {
        body.push_str(&traces::draw_trace(trace, span, WIDTH).inline(&trace.name));
    }
    if !traces.wears.is_empty() {
        body.push_str(&traces::draw_wears(traces, span, WIDTH).inline("wear"));
    }
    let note = "The machine with most to tell. Line: mean of some samples; band: their lowest and highest; dashed: limits; \
                triangles: alerts; shaded: faults put in on purpose.";
    html.push_str(&section(&format!("{}, {}", traces.machine, traces.kind), note, &body));
}

fn lists(html: &mut String, data: &ReportData) {
    if !data.alerts.is_empty() {
        let note = if data.futures > 1 { "The commonest; a mean over futures." } else { "The commonest." };
        html.push_str(&section("Alerts", note, &tables::alerts(data)));
    }
    if !data.faults.is_empty() {
        let note = "The ground truth; all of it is in truth/labels.csv.";
        html.push_str(&section("Faults put in on purpose", note, &tables::faults(data)));
    }
    if data.machines > 1 {
        html.push_str(&section("By machine", "", &tables::rows(&data.rows, true)));
    }
}

fn foot(html: &mut String, data: &ReportData) {
    let _ = writeln!(
        html,
        "<footer>\n<p>Availability = (running + idle + calibrating) / (total − offline). MTBF: running hours \
         / failures. MTTR: failed hours / failures. OEE = good pieces / (ideal rate × hours not offline). All hours \
         of all machines are summed before they are divided.</p>\n<p>{}, twinwright {}. The same scenario and seed make the \
         same page.</p>\n</footer>",
        escape(&data.scenario),
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
