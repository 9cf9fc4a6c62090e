//! The page of a day, week, month or run: what to do first, then how it went, then the figures.

mod lines;
mod rates;

use super::bars::{self, Bar};
use super::data::{FAILURE_BINS, LANE_BINS, Lane, MOST_ROWS, ReportData, Stop};
use super::lettering::{cut, named, named_within};
use super::page::{CLOSING, WIDTH, opened, section};
use super::scale::{minute, plain};
use super::svg::{Svg, escape};
use super::table;
use super::{failures, timeline};
use crate::bulletin::alarms::SEVERITIES;
use crate::bulletin::figures::{Advice, COSTS, Figures};
use crate::bulletin::written::{Cell, Table};
use crate::bulletin::{machines, markdown, tables};
use std::fmt::Write;
use twinwright_model::{Mode, Time};

/// Rules that are drawn.
const MOST_BARS: usize = 10;

/// The whole page.
pub fn page(figures: &Figures) -> String {
    let heading = &figures.heading;
    let title = format!("{}: {} report", heading.run, heading.period.name());
    let mut html = opened(&title, &heading.version);
    head(&mut html, figures, &title);
    html.push_str(&section("What to do", "", &advice(figures)));
    drawings(&mut html, figures);
    for table in tables::all(figures) {
        html.push_str(&section(table.title, &note(&table), &table_of(&table)));
    }
    let _ = writeln!(
        html,
        "<footer>\n<p>{}, twinwright {}. The same store makes the same page.</p>\n</footer>",
        named(&heading.run),
        escape(&heading.version)
    );
    html.push_str(CLOSING);
    html
}

fn head(html: &mut String, figures: &Figures, title: &str) {
    let heading = &figures.heading;
    let _ = writeln!(html, "<h1 dir=\"auto\">{}</h1>", named_within(title, 120));
    let _ = writeln!(html, "<p class=\"question\" dir=\"auto\">{}</p>", escape(&cut(&heading.title, 400)));
    let (from, to) = (minute(heading.from), minute(heading.to));
    let _ = writeln!(html, "<p class=\"note\">{from} to {to} UTC, {}.</p>", machines(figures));
    for note in &heading.notes {
        let _ = writeln!(html, "<p class=\"note\">{}</p>", escape(&cut(note, 400)));
    }
    html.push_str("<div class=\"cards\">\n");
    for (label, value) in markdown::short(figures) {
        let (value, reach) = value.split_once(" (").map_or((value.as_str(), ""), |(value, rest)| (value, rest));
        let reach = reach.trim_end_matches(')');
        let small = if reach.is_empty() { String::new() } else { format!("<small>{}</small>", escape(reach)) };
        let _ =
            writeln!(html, "<div class=\"card\"><span>{}</span><b>{}</b>{small}</div>", escape(label), escape(value));
    }
    html.push_str("</div>\n");
}

fn advice(figures: &Figures) -> String {
    let mut html = String::new();
    let item = |advice: &Advice| {
        let saves = advice.saves.map_or(String::new(), |saves| format!(" Saves about {}.", plain(saves.round())));
        format!(
            "<li><b>{}</b><br>{}{saves}<small>{}</small></li>\n",
            escape(&cut(&advice.title, 200)),
            escape(&cut(&advice.reason, 600)),
            escape(&advice.assumption)
        )
    };
    if !figures.advice.is_empty() {
        let items: String = figures.advice.iter().map(item).collect();
        let _ = writeln!(html, "<ol class=\"works\">\n{items}</ol>");
    }
    let _ = writeln!(html, "<p class=\"note\">{}</p>", escape(&figures.nothing_more));
    html
}

fn drawings(html: &mut String, figures: &Figures) {
    let data = course(figures);
    let more = figures.machines.len().saturating_sub(MOST_ROWS);
    let more = if more > 0 { format!("The first {MOST_ROWS} machines.") } else { String::new() };
    if !data.lanes.is_empty() {
        let drawn = Svg::both("modes of each machine over time", WIDTH, |width| timeline::draw(&data, width));
        html.push_str(&section("What each machine was doing", &more, &drawn));
    }
    stacked(html, "What failed, and when", &ReportData { failures: failed(figures), ..frame(figures) });
    stacked(html, "Alerts over time", &ReportData { failures: alerted(figures), ..frame(figures) });
    barred(html, "The commonest alerts", &rules(figures));
    html.push_str(&rates::section_of(figures));
    barred(html, "Where the money went", &costs(figures));
    html.push_str(&lines::section_of(figures));
}

fn stacked(html: &mut String, title: &str, data: &ReportData) {
    if failures::draw(data, WIDTH).is_some() {
        let drawn =
            Svg::both(title, WIDTH, |width| failures::draw(data, width).unwrap_or_else(|| Svg::new(width, 1.0)));
        html.push_str(&section(title, "", &drawn));
    }
}

fn barred(html: &mut String, title: &str, split: &(Vec<String>, Vec<Bar>)) {
    if bars::draw(split, WIDTH).is_some() {
        let drawn = Svg::both(title, WIDTH, |width| bars::draw(split, width).unwrap_or_else(|| Svg::new(width, 1.0)));
        html.push_str(&section(title, "", &drawn));
    }
}

/// An empty picture of the stretch.
fn frame(figures: &Figures) -> ReportData {
    ReportData { start: figures.heading.from, end: figures.heading.to, ..ReportData::default() }
}

/// The part of a stretch, out of so many, that an instant lies in.
fn bin(figures: &Figures, time: Time, count: usize) -> usize {
    let (from, to) = (figures.heading.from.0, figures.heading.to.0);
    let part = (time.0 - from) as f64 / (to - from).max(1) as f64;
    ((part * count as f64) as usize).min(count - 1)
}

/// What each machine was doing, as lanes.
fn course(figures: &Figures) -> ReportData {
    let (from, to) = (figures.heading.from.0, figures.heading.to.0);
    let edge = |bin: usize| from + ((to - from) as f64 * bin as f64 / LANE_BINS as f64) as i64;
    let known = figures.machines.iter().zip(&figures.stays).filter(|(_, stays)| !stays.is_empty());
    let lanes = known.take(MOST_ROWS).map(|(machine, stays)| {
        let mut lane = Lane { id: machine.name.clone(), bins: vec![[0.0; 6]; LANE_BINS], stops: Vec::new() };
        for stay in stays {
            for at in bin(figures, stay.from, LANE_BINS)..=bin(figures, stay.to, LANE_BINS) {
                let within = stay.to.0.min(edge(at + 1)) - stay.from.0.max(edge(at));
                lane.bins[at][stay.mode as usize] += within.max(0) as f32 / 3.6e12;
            }
            if matches!(stay.mode, Mode::Failed | Mode::Maintenance) {
                lane.stops.push(Stop { mode: stay.mode, from: stay.from, to: stay.to, part: stay.reason.clone() });
            }
        }
        lane
    });
    ReportData { lanes: lanes.collect(), ..frame(figures) }
}

/// Failures by part and stretch, the commonest part first.
fn failed(figures: &Figures) -> Vec<(String, Vec<f64>)> {
    let mut parts: Vec<(String, Vec<f64>)> = Vec::new();
    for work in figures.works.iter().filter(|work| work.what == "failure") {
        let place = parts.iter().position(|(part, _)| *part == work.subject).unwrap_or_else(|| {
            parts.push((work.subject.clone(), vec![0.0; FAILURE_BINS]));
            parts.len() - 1
        });
        parts[place].1[bin(figures, work.time, FAILURE_BINS)] += 1.0;
    }
    let count = |bins: &[f64]| bins.iter().sum::<f64>();
    parts.sort_by(|a, b| count(&b.1).total_cmp(&count(&a.1)).then_with(|| a.0.cmp(&b.0)));
    parts
}

/// Alerts by severity and stretch.
fn alerted(figures: &Figures) -> Vec<(String, Vec<f64>)> {
    let mut parts: Vec<(String, Vec<f64>)> =
        SEVERITIES.map(|severity| (severity.to_owned(), vec![0.0; FAILURE_BINS])).to_vec();
    for (time, grade) in &figures.alarms.times {
        parts[*grade].1[bin(figures, *time, FAILURE_BINS)] += 1.0;
    }
    parts.retain(|(_, bins)| bins.iter().any(|count| *count > 0.0));
    parts
}

/// The commonest rules, each in the column of its severity.
fn rules(figures: &Figures) -> (Vec<String>, Vec<Bar>) {
    let parts: Vec<&str> = SEVERITIES.into_iter().rev().collect();
    let shown = figures.alarms.rules.iter().filter(|rule| rule.count > 0).take(MOST_BARS);
    let rows = shown.map(|rule| {
        let machine = figures.machines.get(rule.of).map_or("", |machine| &machine.name);
        let count = |part: &&str| if **part == rule.severity { rule.count as f64 } else { 0.0 };
        (format!("{} {}", cut(machine, 24), rule.rule), parts.iter().map(count).collect())
    });
    let rows = rows.collect();
    (parts.into_iter().map(str::to_owned).collect(), rows)
}

fn costs(figures: &Figures) -> (Vec<String>, Vec<Bar>) {
    let rows =
        figures.machines.iter().take(MOST_ROWS).map(|machine| (machine.name.clone(), machine.costs.parts().to_vec()));
    (COSTS.map(str::to_owned).to_vec(), rows.collect())
}

fn note(table: &Table) -> String {
    let more = if table.rows.len() > MOST_ROWS {
        format!(" The first {MOST_ROWS} of {}; --format csv or json has all.", table.rows.len())
    } else {
        String::new()
    };
    format!("{}{more}", table.note).trim().to_owned()
}

fn table_of(table: &Table) -> String {
    let heads: Vec<table::Head> = table.heads.iter().map(|(head, _, is_number)| (*head, *is_number)).collect();
    let mut html = table::Table::new(&heads);
    for row in table.rows.iter().take(MOST_ROWS) {
        let cells: Vec<String> = row.iter().map(shown).collect();
        html.row(&cells);
    }
    html.finish()
}

/// A cell as HTML.
fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => named(text),
        other => escape(&other.shown()),
    }
}
