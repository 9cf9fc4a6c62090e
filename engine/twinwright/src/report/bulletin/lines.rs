//! Wears that end first: their snapshots, and dashed where a straight line leads.

use super::super::legend::{self, Entries};
use super::super::lettering::cut;
use super::super::page::{WIDTH, section};
use super::super::scale::{Scale, TimeScale, minute};
use super::super::svg::Svg;
use crate::bulletin::figures::{Figures, WearFigure};
use twinwright_model::{Span, Time};

/// Lines with a colour of their own.
const HUES: usize = 6;
const LEFT: f64 = 64.0;
const HEIGHT: f64 = 170.0;
/// How far ahead a line is drawn.
const AHEAD: Span = Span(60 * 86_400_000_000_000);

pub(super) fn section_of(figures: &Figures) -> String {
    let drawn: Vec<&WearFigure> = figures.wears.iter().filter(|wear| wear.points.len() > 1).take(HUES).collect();
    if drawn.is_empty() {
        return String::new();
    }
    let note = "0 as new, 1 failed; dashed: a straight line through the snapshots since the last restoration, which is no \
                prognosis.";
    let drawn = Svg::both("wear over time", WIDTH, |width| draw(&drawn, width));
    section("The wears that end first", note, &drawn)
}

/// From the first snapshot to where the last line ends, or to where it gets too far ahead.
fn reach(wears: &[&WearFigure]) -> (Time, Time) {
    let starts = wears.iter().filter_map(|wear| wear.points.first()).map(|point| point.0);
    let last = wears.iter().map(|wear| wear.at).fold(Time(i64::MIN), Time::max);
    let ends = wears.iter().filter_map(|wear| wear.reaches).map(|end| end.min(last + AHEAD));
    (starts.fold(last, Time::min), ends.fold(last, Time::max))
}

fn draw(wears: &[&WearFigure], width: f64) -> Svg {
    let name = |wear: &WearFigure| format!("{} {}", cut(&wear.machine, 24), wear.wear);
    let entries: Entries = wears.iter().enumerate().map(|(hue, wear)| (format!("h{hue}"), name(wear))).collect();
    let top = 12.0 + legend::height(&entries, LEFT, width);
    let mut svg = Svg::new(width, top + HEIGHT + 24.0);
    let (start, end) = reach(wears);
    let time = TimeScale { start, end, left: LEFT, width: width - LEFT - 28.0 };
    let most = wears.iter().flat_map(|wear| &wear.points).map(|point| point.1).fold(1.0, f64::max);
    let scale = Scale { low: 0.0, high: most, top, height: HEIGHT };
    legend::draw(&mut svg, &entries, LEFT, width, 6.0);
    time.draw(&mut svg, top, top + HEIGHT);
    scale.draw(&mut svg, LEFT, time.left + time.width, 4);
    svg.line([LEFT, top + HEIGHT, time.left + time.width, top + HEIGHT], "base");
    for (hue, wear) in wears.iter().enumerate() {
        let place = |(at, value): &(Time, f64)| (time.x(*at), scale.y(value.max(0.0)));
        let points: Vec<(f64, f64)> = wear.points.iter().map(place).collect();
        svg.path(&points, &format!("line h{hue}"), false);
        if let (Some(per_day), Some(reaches)) = (wear.per_day, wear.reaches) {
            let to = reaches.min(end);
            let value = wear.value + per_day * (to.0 - wear.at.0) as f64 / 86_400e9;
            svg.path(&[place(&(wear.at, wear.value)), place(&(to, value))], &format!("line h{hue} ahead"), false);
        }
        let hint = format!("{}: {:.3} on {}", name(wear), wear.value, minute(wear.at));
        svg.dot(place(&(wear.at, wear.value)), 3.0, &format!("swatch h{hue}"), &hint);
    }
    svg
}
