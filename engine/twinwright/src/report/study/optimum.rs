//! How an optimum was found: every point that was tried, the best of them, and where a curve through them turns.

use super::*;
use crate::report::frame::{ABOVE, BELOW, Frame, reach};
use crate::report::svg::Anchor;
use crate::whatif::outcome::{Step, Walk};
use twinwright_core::plan::study::Better;

const HEIGHT: f64 = 210.0;
const SMALL: f64 = 332.0;

pub(super) fn section_of(what_if: &WhatIf) -> String {
    let Some(walk) = what_if.walk.as_ref().filter(|walk| !walk.steps.is_empty()) else { return String::new() };
    let manner = manner_of(what_if, &walk.measure);
    let single = walk.paths.len() == 1;
    let mut body = String::new();
    for (axis, path) in walk.paths.iter().enumerate().take(8) {
        let label = format!("{} over {path}", walk.measure);
        let draw = |width: f64| draw_path(walk, axis, &manner, width);
        body.push_str(&if single { Svg::both(&label, WIDTH, draw) } else { draw(SMALL).inline(&label) });
    }
    if !single && walk.steps.len() > 1 {
        body.push_str(&draw_progress(walk, &manner, SMALL).inline("best found over points tried"));
    }
    if !single {
        body = format!("<div class=\"three\">{body}</div>\n");
    }
    let fitted = match &walk.fitted {
        Some(step) => format!(" The curve through the points near it turns at {}.", place(walk, step)),
        None => String::new(),
    };
    let note = format!(
        "Each point is one try, with its {} interval; the ring marks the best, the dashed line the turn of the fitted curve. \
         {} points, {} futures.{fitted}",
        confidence(what_if.confidence),
        walk.steps.len(),
        crate::run::progress::grouped(walk.futures as f64),
    );
    section("The way to the optimum", &note, &body)
}

fn place(walk: &Walk, step: &Step) -> String {
    let pairs = walk.paths.iter().zip(&step.at);
    pairs.map(|(path, value)| format!("{path} = {}", value.text)).collect::<Vec<_>>().join(", ")
}

fn interval_of(step: &Step) -> Interval {
    step.interval.unwrap_or(Interval { low: step.value, high: step.value })
}

/// The values, with the room that most of them need: the far ends of a wide search would flatten all the rest.
fn heights(walk: &Walk) -> (f64, f64) {
    reach(walk.steps.iter().flat_map(|step| [interval_of(step).low, interval_of(step).high])).unwrap_or((0.0, 1.0))
}

fn draw_path(walk: &Walk, axis: usize, manner: &Manner, width: f64) -> Svg {
    let (unit, factor) = unit_of(walk.steps.iter().filter_map(|step| step.at.get(axis)));
    let x_of = |step: &Step| step.at.get(axis).and_then(|value| value.number).map(|number| number * factor);
    let mut steps: Vec<(f64, &Step)> = walk.steps.iter().filter_map(|step| Some((x_of(step)?, step))).collect();
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let xs = reach(steps.iter().map(|(x, _)| *x)).unwrap_or((0.0, 1.0));
    let frame = Frame::new(width, (0.0, HEIGHT), (xs, heights(walk)), (Manner::of("", ""), manner.clone()));
    let mut svg = Svg::new(width, ABOVE + HEIGHT + BELOW);
    frame.draw(&mut svg, &over(&walk.paths[axis], unit), &titled(&walk.measure, manner));
    if let Some(x) = walk.fitted.as_ref().and_then(x_of) {
        let x = frame.across.x(x);
        svg.line([x, frame.up.top, x, frame.bottom()], "turn");
    }
    if walk.paths.len() == 1 {
        let line: Vec<(f64, f64)> = steps.iter().map(|(x, step)| frame.at(*x, step.value)).collect();
        svg.path(&line, "line faint", false);
    }
    for (x, step) in &steps {
        let of = interval_of(step);
        let ((at, low), (_, high)) = (frame.at(*x, of.low), frame.at(*x, of.high));
        svg.line([at, low, at, high], "line h0");
        let hint = format!("{}: {}", place(walk, step), manner.value(step.value, None));
        svg.dot(frame.at(*x, step.value), 3.0, "bar h0", &hint);
    }
    if let Some((x, best)) = walk.best.as_ref().and_then(|best| Some((x_of(best)?, best))) {
        let at = frame.at(x, best.value);
        svg.dot(at, 7.0, "ring", &format!("best: {}", place(walk, best)));
        let text = format!("best {}", best.at.get(axis).map_or("", |value| &value.text));
        let (anchor, by) = if at.0 < width / 2.0 { (Anchor::Start, 12.0) } else { (Anchor::End, -12.0) };
        svg.fitted((at.0 + by, frame.bottom() - 6.0), "label", anchor, &text, width * 0.45);
    }
    svg
}

/// The best value so far, over the points in the order in which they were tried.
fn draw_progress(walk: &Walk, manner: &Manner, width: f64) -> Svg {
    let count = walk.steps.len() as f64;
    let frame = Frame::new(width, (0.0, HEIGHT), ((1.0, count), heights(walk)), (Manner::of("", ""), manner.clone()));
    let mut svg = Svg::new(width, ABOVE + HEIGHT + BELOW);
    frame.draw(&mut svg, "points tried", &titled(&walk.measure, manner));
    let mut best = walk.steps[0].value;
    let mut line = Vec::new();
    for (at, step) in walk.steps.iter().enumerate() {
        let x = at as f64 + 1.0;
        line.push(frame.at(x, best));
        best = if walk.better == Some(Better::Higher) { best.max(step.value) } else { best.min(step.value) };
        line.push(frame.at(x, best));
        svg.dot(frame.at(x, step.value), 2.4, "bar h5", "");
    }
    svg.path(&line, "line h0", false);
    svg
}
