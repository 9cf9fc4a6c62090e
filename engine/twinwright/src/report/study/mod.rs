//! What a study came to, as sections of the page: the answer, the variants, and what can be seen of them.

mod costs;
mod forest;
mod heat;
mod optimum;
mod ridge;
mod survival;
mod sweep;
mod terms;
mod variants;

use super::data::{Card, ReportData};
use super::figure::Manner;
use super::lettering::{named, named_within};
use super::page::{WIDTH, section};
use super::svg::{Svg, escape};
use crate::whatif::answer::{self, Word, confidence, headline, measure_of};
use crate::whatif::outcome::{Interval, RunOutcome, WhatIf};
use std::fmt::Write;
use twinwright_core::plan::study::Setting;

/// Runs that are drawn beside each other as rows.
const MOST_ROWS: usize = 30;
/// Runs whose measures are all listed at once.
const FEW: usize = 8;
/// Colours of curves.
const HUES: usize = 6;

/// The answer, with the expectations that it was held against.
pub(super) fn opening(html: &mut String, what_if: &WhatIf) {
    let class = if what_if.partial { "answer partial" } else { "answer" };
    let _ = writeln!(html, "<p class=\"{class}\">{}</p>", sentence(what_if));
    if what_if.verdicts.is_empty() {
        return;
    }
    html.push_str("<ul class=\"expect\">\n");
    for verdict in &what_if.verdicts {
        let word = if verdict.holds { "holds" } else { "missed" };
        let figures: Vec<String> = verdict.figures.iter().map(|figure| named_within(figure, 120)).collect();
        let figures = if figures.is_empty() { String::new() } else { format!(": {}", figures.join(", ")) };
        let text = named_within(&verdict.text, 160);
        let _ = writeln!(html, "<li class=\"{word}\"><b>{word}</b> <span>{text}{figures}</span></li>");
    }
    html.push_str("</ul>\n");
}

fn sentence(what_if: &WhatIf) -> String {
    let word = |word: Word| match word {
        Word::Said(text) => escape(&text),
        Word::Name(name) => named_within(&name, 60),
        // A number stays on its line, unless somebody's unit makes it longer than that.
        Word::Number(text) if text.chars().count() > 24 => named(&text),
        Word::Number(text) => format!("<span class=\"number\">{}</span>", escape(&text)),
    };
    answer::words(what_if).into_iter().map(word).collect()
}

/// The headline figures of the baseline.
pub(super) fn cards(what_if: &WhatIf) -> Vec<Card> {
    const SHOWN: [(&str, &str); 8] = [
        ("availability", "available, %"),
        ("failures", "failures"),
        ("mtbf_h", "MTBF, h"),
        ("mttr_h", "MTTR, h"),
        ("oee", "OEE, %"),
        ("alerts", "alerts"),
        ("energy_kwh", "energy, kWh"),
        ("cost", "cost"),
    ];
    let Some(base) = what_if.runs.first() else { return Vec::new() };
    let card = |(name, label): (&str, &'static str)| {
        let measure = measure_of(base, name)?;
        let (manner, figure) = (Manner::of(name, &measure.unit), &measure.figure);
        let half_width = measure.interval.map(half);
        let spread = Some((figure.p95 - figure.p05) / 2.0).filter(|half| *half > 0.0);
        let show = |value| manner.bare(value, spread);
        let note = if figure.n > 1 { format!("{} to {}", show(figure.p05), show(figure.p95)) } else { String::new() };
        Some(Card { label, value: manner.bare(figure.mean, half_width), note })
    };
    SHOWN.into_iter().filter_map(card).collect()
}

/// Tables and plots of the study.
pub(super) fn sections(html: &mut String, data: &ReportData, what_if: &WhatIf) {
    let Some(headline) = headline(what_if) else { return };
    // Of many runs a picture says more than a table, and comes first.
    let many = what_if.runs.len() > FEW;
    let table = variants::section_of(what_if, headline);
    html.push_str(if many { "" } else { &table });
    html.push_str(&sweep::section_of(what_if, headline));
    html.push_str(&heat::section_of(what_if, headline));
    html.push_str(&forest::section_of(what_if, headline));
    html.push_str(&optimum::section_of(what_if));
    html.push_str(if many { &table } else { "" });
    html.push_str(&costs::section_of(what_if));
    html.push_str(&ridge::section_of(what_if, headline));
    html.push_str(&survival::section_of(data, what_if));
}

/// What the answer rests on, and how to get it again.
pub(super) fn closing(html: &mut String, data: &ReportData, what_if: &WhatIf) {
    html.push_str(&terms::section_of(data, what_if));
}

fn half(interval: Interval) -> f64 {
    (interval.high - interval.low) / 2.0
}

/// A run's name on a drawing, where the paths of its point would leave no room for their values.
fn short(run: &RunOutcome) -> String {
    if run.point.is_empty() {
        return run.name.clone();
    }
    let values: Vec<&str> = run.point.iter().map(|value| value.text.as_str()).collect();
    format!("{}, {}", run.variant, values.join(", "))
}

/// A name as a title has it, with its unit.
fn titled(name: &str, manner: &Manner) -> String {
    if manner.unit().is_empty() { name.to_owned() } else { format!("{name}, {}", manner.unit()) }
}

/// What settings that are times are drawn in, days where there are many, and what their hours are multiplied by.
fn unit_of<'a>(settings: impl Iterator<Item = &'a Setting>) -> (&'static str, f64) {
    let is_time = |setting: &Setting| setting.number.is_some() && setting.text.trim().parse::<f64>().is_err();
    let times: Vec<f64> = settings.filter(|setting| is_time(setting)).filter_map(|setting| setting.number).collect();
    match times.iter().fold(0.0, |most: f64, hours| most.max(*hours)) {
        _ if times.is_empty() => ("", 1.0),
        most if most > 96.0 => ("days", 1.0 / 24.0),
        _ => ("hours", 1.0),
    }
}

/// A path as the name of an axis.
fn over(path: &str, unit: &str) -> String {
    if unit.is_empty() { path.to_owned() } else { format!("{path}, {unit}") }
}

/// The manner of a measure as the baseline has it.
fn manner_of(what_if: &WhatIf, name: &str) -> Manner {
    Manner::of(name, what_if.runs.first().and_then(|run| measure_of(run, name)).map_or("", |found| &found.unit))
}

/// Variants in the order of the runs, each once.
fn variants_of<'a>(runs: impl Iterator<Item = &'a RunOutcome>) -> Vec<&'a str> {
    let mut variants: Vec<&str> = Vec::new();
    for run in runs {
        if !variants.contains(&run.variant.as_str()) {
            variants.push(&run.variant);
        }
    }
    variants
}
