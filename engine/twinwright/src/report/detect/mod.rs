//! The page of `detect`: the answer, the score with its limit, who contributed, the map of learnt and judged rows, and what
//! all of it rests on. The same table gives the same page.

mod course;
mod findings;
mod map;
mod sensors;

use super::lettering::named_within;
use super::page::{CLOSING, WIDTH, opened, section};
use super::scale::plain;
use super::svg::{Svg, escape};
use crate::detect::{Learnt, Seen};
use std::fmt::Write;
use std::sync::Arc;

/// All that the page shows.
#[derive(Debug, Clone, Default)]
pub struct DetectData {
    pub source: String,
    pub version: String,
    pub columns: Vec<String>,
    /// Whether rows have times; else they are numbered.
    pub has_times: bool,
    pub learnt: Option<Arc<Learnt>>,
    pub notes: Vec<String>,
    pub seen: Seen,
}

/// The whole page.
pub fn page(data: &DetectData) -> String {
    let mut html = opened(&format!("{}, judged", data.source), &data.version);
    head(&mut html, data);
    if data.seen.rows > 0 {
        let drawn = Svg::both("score of each row and its limit", WIDTH, |width| course::draw(data, width));
        let note = "Line: the highest score of some rows, on a scale that widens what is small; dashed: the limit; shaded: findings.";
        html.push_str(&section("How odd each row is", note, &drawn));
    }
    html.push_str(&findings::section_of(data));
    html.push_str(&sensors::section_of(data));
    html.push_str(&map::section_of(data));
    html.push_str(&learnt(data));
    let _ = writeln!(
        html,
        "<footer>\n<p>twinwright {}. The same rows make the same page.</p>\n</footer>",
        escape(&data.version)
    );
    html.push_str(CLOSING);
    html
}

fn head(html: &mut String, data: &DetectData) {
    let seen = &data.seen;
    let _ = writeln!(html, "<h1 dir=\"auto\">{}</h1>", named_within(&data.source, 160));
    let number = |count: u64| format!("<span class=\"number\">{count}</span>");
    let answer = match &seen.first_finding {
        _ if seen.rows == 0 => "No row was judged.".to_owned(),
        None => format!("Nothing found in {} rows.", number(seen.rows)),
        Some(first) => format!(
            "{} finding{} in {} rows, the first from {}.",
            number(seen.findings),
            if seen.findings == 1 { "" } else { "s" },
            number(seen.rows),
            escape(&first.start)
        ),
    };
    let _ = writeln!(html, "<p class=\"answer\">{answer}</p>\n<div class=\"cards\">");
    let share = if seen.rows == 0 { 0.0 } else { 100.0 * seen.anomalous as f64 / seen.rows as f64 };
    let learnt = data.learnt.as_ref().map_or("while judging".to_owned(), |learnt| format!("{} rows", learnt.rows));
    for (label, value, note) in [
        ("findings", seen.findings.to_string(), ""),
        ("rows in findings, %", plain((share * 100.0).round() / 100.0), ""),
        ("highest score", plain(seen.highest), "the limit is 1"),
        ("columns", data.columns.len().to_string(), ""),
        ("learnt from", learnt, ""),
    ] {
        let note = if note.is_empty() { String::new() } else { format!("<small>{note}</small>") };
        let _ = writeln!(html, "<div class=\"card\"><span>{label}</span><b>{}</b>{note}</div>", escape(&value));
    }
    html.push_str("</div>\n");
}

/// What the answer rests on.
fn learnt(data: &DetectData) -> String {
    let mut body = String::from("<dl class=\"terms\">\n");
    let mut term = |name: &str, text: &str| {
        let _ = writeln!(body, "<dt>{name}</dt><dd>{}</dd>", escape(text));
    };
    match &data.learnt {
        Some(learnt) => {
            term("learnt from", &learnt.source);
            term("period", &format!("{} to {}", learnt.from, learnt.until));
            let limits = match learnt.calibrated {
                0 => "set on a part of them".to_owned(),
                rows => format!("set on {rows} more rows"),
            };
            term("rows", &format!("{}; limits {limits}", learnt.rows));
        }
        None => term("learnt from", "the judged rows themselves, each before the next; nothing was learnt beforehand"),
    }
    term("judged", &format!("{} to {}, {} rows", data.seen.first, data.seen.last, data.seen.rows));
    for note in &data.notes {
        term("note", note);
    }
    body.push_str("</dl>\n");
    section("What this rests on", "", &body)
}
