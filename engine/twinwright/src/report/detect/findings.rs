//! Findings as a table, and as bars of what each sensor contributed to the worst of them.

use super::super::legend::{self, Entries};
use super::super::lettering::{named, named_within, wide};
use super::super::page::{WIDTH, section};
use super::super::scale::plain;
use super::super::svg::{Anchor, Svg, escape};
use super::super::table::Table;
use super::DetectData;
use crate::detect::{Finding, MOST_KEPT};

/// Findings that are drawn, and sensors that have a colour of their own.
const DRAWN: usize = 12;
const HUES: usize = 5;
const STEP: f64 = 26.0;

pub(super) fn section_of(data: &DetectData) -> String {
    let seen = &data.seen;
    if seen.worst.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[
        ("finding", false),
        ("from", false),
        ("to", false),
        ("rows", true),
        ("peak", false),
        ("score", true),
        ("sensors", false),
    ]);
    for finding in &seen.worst {
        let sensors: Vec<String> =
            finding.sensors.iter().map(|(name, share)| format!("{} {:.0} %", named(name), 100.0 * share)).collect();
        let end = if finding.open { "still open" } else { finding.end.as_str() };
        table.row(&[
            format!("#{}", finding.number),
            named_within(&finding.start, 40),
            named_within(end, 40),
            finding.rows.to_string(),
            named_within(&finding.peak, 40),
            escape(&plain(finding.score)),
            format!("<span>{}</span>", sensors.join(", ")),
        ]);
    }
    let note = match seen.findings {
        many if many > MOST_KEPT as u64 => format!("The worst {MOST_KEPT} of {many}; all of them are in findings.csv."),
        _ => "The worst first. A share is a sensor's part of what made the rows odd.".to_owned(),
    };
    let mut html = section("Findings", &note, &table.finish());
    if seen.worst.iter().any(|finding| !finding.sensors.is_empty()) {
        let drawn = Svg::both("share of each sensor in the worst findings", WIDTH, |width| bars(&seen.worst, width));
        html.push_str(&section("Who moved", "Of each finding, what the sensors contributed.", &drawn));
    }
    html
}

fn bars(worst: &[Finding], width: f64) -> Svg {
    let drawn = &worst[..worst.len().min(DRAWN)];
    let mut sensors: Vec<(&str, f64)> = Vec::new();
    for (name, share) in drawn.iter().flat_map(|finding| &finding.sensors) {
        match sensors.iter_mut().find(|(known, _)| known == name) {
            Some((_, sum)) => *sum += share,
            None => sensors.push((name, *share)),
        }
    }
    sensors.sort_by(|a, b| b.1.total_cmp(&a.1));
    sensors.truncate(HUES);
    let hue = |name: &str| sensors.iter().position(|(known, _)| *known == name).unwrap_or(HUES);
    let mut entries: Entries =
        sensors.iter().enumerate().map(|(at, (name, _))| (format!("bar h{at}"), (*name).to_owned())).collect();
    entries.push((format!("bar h{HUES}"), "others".to_owned()));
    let room = (width * 0.34).min(200.0);
    let left = 14.0 + drawn.iter().map(|finding| wide("label", &title(finding)).min(room)).fold(0.0, f64::max);
    let top = 10.0 + legend::height(&entries, 8.0, width);
    let bottom = top + STEP * drawn.len() as f64;
    let mut svg = Svg::new(width, bottom + 12.0);
    legend::draw(&mut svg, &entries, 8.0, width, 6.0);
    let long = width - left - 20.0;
    for (row, finding) in drawn.iter().enumerate() {
        let y = top + STEP * row as f64 + 3.0;
        svg.fitted((left - 8.0, y + 14.0), "label", Anchor::End, &title(finding), room);
        let mut parts: Vec<(usize, f64, &str)> =
            finding.sensors.iter().map(|(name, share)| (hue(name), *share, name.as_str())).collect();
        let named: f64 = parts.iter().map(|(_, share, _)| share).sum();
        parts.push((HUES, (1.0 - named).max(0.0), "others"));
        let mut x = left;
        for (hue, share, name) in parts.into_iter().filter(|(_, share, _)| *share > 1e-3) {
            let hint = format!("{name}: {:.0} %", 100.0 * share);
            svg.rect([x, y, long * share, 18.0], &format!("bar h{hue}"), &hint);
            x += long * share;
        }
    }
    svg.line([left, bottom, left + long, bottom], "base");
    svg
}

fn title(finding: &Finding) -> String {
    format!("#{}, {}", finding.number, finding.start)
}
