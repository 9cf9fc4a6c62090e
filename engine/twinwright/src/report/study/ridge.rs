//! How futures differ: the headline measure of each variant as a row of bars, with its median and its nine tenths.

use super::*;
use crate::report::lettering::wide;
use crate::report::scale::Across;
use crate::report::svg::Anchor;

/// Rows of the plot.
const MOST: usize = 12;
const STEP: f64 = 54.0;
const TALL: f64 = 36.0;
/// From so many values on, the outermost hundredth is left to the bars at the ends.
const MANY: usize = 400;

/// A run with its values in ascending order.
type Row = (String, Vec<f64>);

pub(super) fn section_of(what_if: &WhatIf, headline: &str) -> String {
    let row = |run: &'_ RunOutcome| -> Vec<f64> {
        let samples = measure_of(run, headline).map_or(&[][..], |measure| &measure.samples);
        let mut values: Vec<f64> = samples.iter().copied().filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let rows: Vec<Row> = what_if.runs.iter().take(MOST).map(|run| (short(run), row(run))).collect();
    let rows: Vec<Row> = rows.into_iter().filter(|(_, values)| values.len() > 1).collect();
    if rows.is_empty() {
        return String::new();
    }
    let manner = manner_of(what_if, headline);
    let label = format!("distribution of {headline} over futures");
    let drawn = Svg::both(&label, WIDTH, |width| draw(&titled(headline, &manner), &manner, &rows, width));
    let ends = if reach_of(&rows).1 { " The bars at both ends hold what lies beyond." } else { "" };
    let more = if what_if.runs.len() > MOST { format!(" The first {MOST} runs.") } else { String::new() };
    let note = format!(
        "Bars: how many futures came to how much, each row with a height of its own. The line below spans nine tenths \
         of the futures, its mark is the median.{ends}{more}"
    );
    section("How futures differ", &note, &drawn)
}

/// The reach that is drawn, and whether values lie beyond.
fn reach_of(rows: &[Row]) -> ((f64, f64), bool) {
    let part = |values: &[f64], share: f64| {
        let share = if values.len() < MANY { share.round() } else { share };
        values[(share * (values.len() - 1) as f64).round() as usize]
    };
    let low = rows.iter().map(|(_, values)| part(values, 0.005)).fold(f64::INFINITY, f64::min);
    let high = rows.iter().map(|(_, values)| part(values, 0.995)).fold(f64::NEG_INFINITY, f64::max);
    let beyond = rows.iter().any(|(_, values)| values[0] < low || values[values.len() - 1] > high);
    ((low, high), beyond)
}

/// Left edge, width and number of bars: whole numbers have a bar each where there are few.
fn bins((low, high): (f64, f64), rows: &[Row], most: usize) -> (f64, f64, usize) {
    let whole = rows.iter().all(|(_, values)| values.iter().all(|value| value.fract() == 0.0));
    if whole && high - low < most as f64 {
        return (low - 0.5, 1.0, (high - low) as usize + 1);
    }
    let span = if high > low { high - low } else { low.abs().max(1.0) * 0.01 };
    let low = if high > low { low } else { low - span / 2.0 };
    (low, span / most as f64, most)
}

fn draw(title: &str, manner: &Manner, rows: &[Row], width: f64) -> Svg {
    let (low, each, count) = bins(reach_of(rows).0, rows, if width > 600.0 { 60 } else { 32 });
    let room = (width * 0.27).min(220.0);
    let left = 16.0 + rows.iter().map(|(name, _)| wide("label", name).min(room)).fold(0.0, f64::max);
    let top = 24.0;
    let bottom = top + STEP * rows.len() as f64;
    let mut svg = Svg::new(width, bottom + 24.0);
    let scale = Across { low, high: low + each * count as f64, left, width: width - left - 24.0 };
    svg.fitted((0.0, 12.0), "name", Anchor::Start, title, width - 4.0);
    scale.draw(&mut svg, (top, bottom), manner);
    for (place, (name, values)) in rows.iter().enumerate() {
        let floor = top + STEP * place as f64 + TALL + 4.0;
        svg.fitted((left - 8.0, floor - 8.0), "label", Anchor::End, name, room);
        let mut counts = vec![0usize; count];
        for value in values {
            counts[(((value - low) / each).max(0.0) as usize).min(count - 1)] += 1;
        }
        let most = counts.iter().copied().max().unwrap_or(1).max(1);
        for (bin, futures) in counts.iter().enumerate().filter(|(_, futures)| **futures > 0) {
            let tall = TALL * *futures as f64 / most as f64;
            let (x, wide) = (scale.x(low + each * bin as f64), scale.width / count as f64);
            let hint = format!("{name}: {futures} futures");
            svg.rect([x + 0.4, floor - tall, wide - 0.8, tall], &format!("bar h{}", place % HUES), &hint);
        }
        svg.line([left, floor, left + scale.width, floor], "base");
        let at = |part: f64| scale.x(values[(part * (values.len() - 1) as f64).round() as usize]);
        svg.line([at(0.05), floor + 5.0, at(0.95), floor + 5.0], "reach");
        svg.line([at(0.5), floor + 1.0, at(0.5), floor + 9.0], "reach");
    }
    svg
}
