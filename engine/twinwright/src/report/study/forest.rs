//! Differences with their intervals: one row a variant, with zero, where nothing changes, as a line.

use super::*;
use crate::report::lettering::wide;
use crate::report::scale::Across;
use crate::report::svg::Anchor;
use crate::whatif::outcome::{Difference, MeasureOutcome};
use twinwright_core::plan::study::Better;

/// Width of a small plot, three in a row.
const SMALL: f64 = 332.0;
/// Room for a name beside its line.
const NAME: f64 = 360.0;
/// Rows of a small plot.
const MOST_SMALL: usize = 12;
/// Small plots.
const MOST_PLOTS: usize = 6;

type Row<'a> = (&'a RunOutcome, &'a MeasureOutcome, Difference);

pub(super) fn section_of(what_if: &WhatIf, headline: &str) -> String {
    let rows = rows(what_if, headline, MOST_ROWS);
    if rows.is_empty() {
        return String::new();
    }
    let label = format!("differences of {headline} with intervals");
    let mut body = Svg::both(&label, WIDTH, |width| draw(what_if, headline, &rows, width));
    let mut small = String::new();
    for name in super::variants::chosen(what_if, headline).into_iter().filter(|name| *name != headline).take(MOST_PLOTS)
    {
        let rows = self::rows(what_if, name, MOST_SMALL);
        if rows.len() < MOST_SMALL && rows.iter().any(|(_, _, by)| by.mean != 0.0) {
            let drawn = draw(what_if, name, &rows, SMALL);
            small.push_str(&drawn.inline(&format!("differences of {name} with intervals")));
        }
    }
    if !small.is_empty() {
        let _ = writeln!(body, "<div class=\"three\">{small}</div>");
    }
    let all =
        what_if.runs.iter().filter(|run| measure_of(run, headline).is_some_and(|found| found.difference.is_some()));
    let all = all.count();
    let more = if all > rows.len() { format!(" The first {} of {all}.", rows.len()) } else { String::new() };
    let note = format!(
        "Mean difference to the baseline with its {} interval. An interval that touches zero leaves open whether there is \
         a difference at all.{more}",
        confidence(what_if.confidence)
    );
    section("What each variant changes", &note, &body)
}

fn rows<'a>(what_if: &'a WhatIf, name: &str, most: usize) -> Vec<Row<'a>> {
    let row = |run: &'a RunOutcome| {
        let measure = measure_of(run, name)?;
        let difference = measure.difference.filter(|by| by.mean.is_finite())?;
        Some((run, measure, difference))
    };
    what_if.runs.iter().filter_map(row).take(most).collect()
}

fn draw(what_if: &WhatIf, name: &str, rows: &[Row], width: f64) -> Svg {
    let manner = manner_of(what_if, name);
    let is_broad = width > 600.0;
    let text = |by: &Difference| {
        let half_width = by.interval.map(half);
        let show = |value| manner.signed(value, half_width);
        let interval = by.interval.map(|of| format!(" ({} to {})", show(of.low), show(of.high))).unwrap_or_default();
        format!("{}{interval}", show(by.mean))
    };
    let longest = |class: &'static str, texts: &mut dyn Iterator<Item = String>| {
        texts.map(|text| wide(class, &text)).fold(0.0, f64::max)
    };
    let figures = longest("axis", &mut rows.iter().map(|(_, _, by)| text(by)));
    let names = longest("label", &mut rows.iter().map(|(run, ..)| short(run).chars().take(400).collect())).min(NAME);
    // On a narrow page the name and the figures stand above the line.
    let (left, right, step) = if is_broad { (names + 14.0, figures + 22.0, 27.0) } else { (12.0, 12.0, 42.0) };
    let top = 40.0;
    let bottom = top + step * rows.len() as f64;
    let mut svg = Svg::new(width, bottom + BELOW);
    let (low, high) = reach(rows);
    let scale = Across { low, high, left, width: width - left - right };
    let title = if manner.points().is_empty() { name.to_owned() } else { format!("{name}, {}", manner.points()) };
    svg.fitted((0.0, 12.0), "name", Anchor::Start, &title, width - 4.0);
    scale.draw(&mut svg, (top - 4.0, bottom), &manner);
    sides(&mut svg, &scale, rows[0].1.better, top);
    for (place, (run, measure, by)) in rows.iter().enumerate() {
        let y = top + step * (place as f64 + 1.0) - if is_broad { step / 2.0 } else { 12.0 };
        if is_broad {
            svg.fitted((left - 10.0, y + 4.0), "label", Anchor::End, &short(run), NAME);
            svg.text((width - right + 14.0, y + 4.0), "axis", Anchor::Start, &text(by));
        } else {
            svg.fitted((left, y - 12.0), "label", Anchor::Start, &short(run), (width - 34.0 - figures).max(40.0));
            svg.text((width - right, y - 12.0), "axis", Anchor::End, &text(by));
        }
        bar(&mut svg, &scale, y, measure, by, &format!("{}: {}", run.name, text(by)));
    }
    svg
}

const BELOW: f64 = 24.0;

/// From the lowest to the highest end, with zero within.
fn reach(rows: &[Row]) -> (f64, f64) {
    let ends = rows.iter().flat_map(|(_, _, by)| match by.interval {
        Some(interval) => [interval.low, interval.high],
        None => [by.mean, by.mean],
    });
    crate::report::frame::reach(ends.chain([0.0])).unwrap_or((-1.0, 1.0))
}

/// The line of no change, and which side of it is better.
fn sides(svg: &mut Svg, scale: &Across, better: Option<Better>, top: f64) {
    let x = scale.x(0.0);
    svg.line([x, top - 4.0, x, svg.height - BELOW], "zero");
    let (left, right) = match better {
        Some(Better::Lower) => ("← better", "worse →"),
        Some(Better::Higher) => ("← worse", "better →"),
        None => return,
    };
    if x - scale.left > wide("axis", left) + 8.0 {
        svg.text((x - 6.0, top - 9.0), "axis", Anchor::End, left);
    }
    if scale.left + scale.width - x > wide("axis", right) + 8.0 {
        svg.text((x + 6.0, top - 9.0), "axis", Anchor::Start, right);
    }
}

fn bar(svg: &mut Svg, scale: &Across, y: f64, measure: &MeasureOutcome, by: &Difference, hint: &str) {
    let Some(interval) = by.interval else {
        svg.dot((scale.x(by.mean), y), 4.0, "dot open", hint);
        return;
    };
    let is_clear = interval.low > 0.0 || interval.high < 0.0;
    let is_better = match measure.better {
        Some(Better::Lower) => Some(by.mean < 0.0),
        Some(Better::Higher) => Some(by.mean > 0.0),
        None => None,
    };
    let class = match is_better.filter(|_| is_clear) {
        Some(true) => "good",
        Some(false) => "bad",
        None => "open",
    };
    let (from, to) = (scale.x(interval.low), scale.x(interval.high));
    svg.line([from, y, to, y], &format!("whisker {class}"));
    for x in [from, to] {
        svg.line([x, y - 4.0, x, y + 4.0], &format!("whisker {class}"));
    }
    svg.dot((scale.x(by.mean), y), 4.0, &format!("dot {class}"), hint);
}
