//! A sweep: how the headline measure goes with what was swept.

use super::*;
use crate::report::frame::{ABOVE, BELOW, Frame, reach};
use crate::report::legend::{self, Entries};
use crate::whatif::outcome::MeasureOutcome;
use twinwright_core::plan::study::Setting;

const HEIGHT: f64 = 200.0;
/// Swept paths that have a plot.
const MOST_AXES: usize = 9;
const SMALL: f64 = 332.0;

/// A point of a curve: its place, what it is called, and the measure there with its interval.
type Point = (f64, f64, Option<Interval>);

/// What is drawn of a measure.
type Seen<'a> = &'a dyn Fn(&MeasureOutcome) -> Option<(f64, Option<Interval>)>;

pub(super) fn section_of(what_if: &WhatIf, headline: &str) -> String {
    if what_if.axes.is_empty() || super::heat::is_grid(what_if) {
        return String::new();
    }
    let manner = manner_of(what_if, headline);
    let swept: Vec<&RunOutcome> = what_if.runs.iter().filter(|run| run.point.len() == what_if.axes.len()).collect();
    if swept.is_empty() {
        return String::new();
    }
    let value = |measure: &MeasureOutcome| Some((measure.figure.mean, measure.interval));
    let change = |measure: &MeasureOutcome| measure.difference.map(|by| (by.mean, by.interval));
    let single = what_if.axes.len() == 1;
    let mut body = String::new();
    for (axis, swept_path) in what_if.axes.iter().enumerate().take(MOST_AXES) {
        let mut add = |title: &str, seen: Seen| {
            let curves = Curves::new(&swept, axis, headline, seen);
            let label = format!("{title} over {}", swept_path.path);
            if curves.curves.is_empty() {
                return;
            }
            let over = over(&swept_path.path, curves.unit);
            let draw = |width: f64| curves.draw(&over, title, &manner, single, width);
            body.push_str(&if single { Svg::both(&label, WIDTH, draw) } else { draw(SMALL).inline(&label) });
        };
        add(&titled(headline, &manner), &value);
        if single && variants_of(swept.iter().copied()).len() > 1 {
            let unit = if manner.points().is_empty() { String::new() } else { format!(", {}", manner.points()) };
            add(&format!("difference of {headline}{unit}"), &change);
        }
    }
    let confidence = confidence(what_if.confidence);
    if single {
        return section("Over the sweep", &format!("Line: mean; band: {confidence} interval."), &body);
    }
    let note = format!("Every point of the sweep against each path, with {confidence} intervals.");
    section("Over the sweep", &note, &format!("<div class=\"three\">{body}</div>\n"))
}

struct Curves {
    /// Variant, its colour and its points.
    curves: Vec<(String, usize, Vec<Point>)>,
    /// Names of places, where they are no numbers.
    names: Option<Vec<String>>,
    /// Of the places.
    unit: &'static str,
}

impl Curves {
    fn new(swept: &[&RunOutcome], axis: usize, headline: &str, seen: Seen) -> Curves {
        let mut names: Vec<String> = Vec::new();
        let numbers = swept.iter().all(|run| run.point[axis].number.is_some());
        let (unit, factor) = unit_of(swept.iter().map(|run| &run.point[axis]));
        let mut place = |setting: &Setting| match setting.number {
            Some(number) if numbers => number * factor,
            _ => {
                let known = names.iter().position(|name| *name == setting.text);
                known.unwrap_or_else(|| {
                    names.push(setting.text.clone());
                    names.len() - 1
                }) as f64
            }
        };
        let mut curves = Vec::new();
        for (hue, variant) in variants_of(swept.iter().copied()).into_iter().enumerate() {
            let mut points: Vec<Point> = Vec::new();
            for run in swept.iter().filter(|run| run.variant == variant) {
                let x = place(&run.point[axis]);
                if let Some((mean, interval)) = measure_of(run, headline).and_then(seen) {
                    points.push((x, mean, interval));
                }
            }
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            if !points.is_empty() {
                curves.push((variant.to_owned(), hue % HUES, points));
            }
        }
        Curves { curves, names: (!numbers).then_some(names), unit }
    }

    fn draw(&self, path: &str, title: &str, manner: &Manner, joined: bool, width: f64) -> Svg {
        let entries: Entries = match self.curves.len() {
            1 => Vec::new(),
            _ => self.curves.iter().map(|(variant, hue, _)| (format!("h{hue}"), variant.clone())).collect(),
        };
        let points = || self.curves.iter().flat_map(|(_, _, points)| points);
        let xs = match &self.names {
            Some(names) => (-0.5, names.len() as f64 - 0.5),
            None => reach(points().map(|(x, ..)| *x)).unwrap_or((0.0, 1.0)),
        };
        let ends = points().flat_map(|(_, mean, of)| {
            let of = of.unwrap_or(Interval { low: *mean, high: *mean });
            [of.low, *mean, of.high]
        });
        let ys = reach(ends).unwrap_or((0.0, 1.0));
        let top = if entries.is_empty() { 0.0 } else { 4.0 + legend::height(&entries, 0.0, width) };
        let frame = Frame::new(width, (top, HEIGHT), (xs, ys), (Manner::of("", ""), manner.clone()));
        let mut svg = Svg::new(width, top + ABOVE + HEIGHT + BELOW);
        legend::draw(&mut svg, &entries, 0.0, width, 4.0);
        match &self.names {
            Some(names) => frame.draw_named(&mut svg, names, path, title),
            None => frame.draw(&mut svg, path, title),
        }
        for (variant, hue, points) in &self.curves {
            curve(&mut svg, &frame, points, *hue, joined, &|mean| format!("{variant}: {}", manner.value(mean, None)));
        }
        svg
    }
}

fn curve(svg: &mut Svg, frame: &Frame, points: &[Point], hue: usize, joined: bool, hint: &dyn Fn(f64) -> String) {
    let ends: Option<Vec<(f64, Interval)>> = points.iter().map(|(x, _, of)| Some((*x, (*of)?))).collect();
    match ends {
        Some(ends) if joined => {
            let mut band: Vec<(f64, f64)> = ends.iter().map(|(x, of)| frame.at(*x, of.high)).collect();
            band.extend(ends.iter().rev().map(|(x, of)| frame.at(*x, of.low)));
            svg.path(&band, &format!("band h{hue}"), true);
        }
        Some(ends) => {
            for (x, of) in ends {
                let ((x, low), (_, high)) = (frame.at(x, of.low), frame.at(x, of.high));
                svg.line([x, low, x, high], &format!("line h{hue}"));
            }
        }
        None => {}
    }
    if joined {
        let line: Vec<(f64, f64)> = points.iter().map(|(x, mean, _)| frame.at(*x, *mean)).collect();
        svg.path(&line, &format!("line h{hue}"), false);
    }
    for (x, mean, _) in points {
        svg.dot(frame.at(*x, *mean), 3.2, &format!("bar h{hue}"), &hint(*mean));
    }
}
