//! A sweep of two paths: a map for each variant, the baseline's with its values, the others' with what they change.

use super::*;
use crate::report::lettering::wide;
use crate::report::svg::Anchor;
use crate::whatif::outcome::MeasureOutcome;
use twinwright_core::plan::study::{Axis, Better};

/// Values of a path that still have cells to see.
const MOST_VALUES: usize = 40;
const MOST_MAPS: usize = 12;
/// Shades of a cell.
const SHADES: f64 = 10.0;

/// Whether the sweep is a full grid of two paths.
pub(super) fn is_grid(what_if: &WhatIf) -> bool {
    let [across, up] = what_if.axes.as_slice() else { return false };
    let cells = across.values.len() * up.values.len();
    let points = |variant: &str| swept(what_if).filter(|run| run.variant == variant).count();
    across.values.len().max(up.values.len()) <= MOST_VALUES
        && swept(what_if).next().is_some_and(|run| points(&run.variant) == cells)
}

fn swept(what_if: &WhatIf) -> impl Iterator<Item = &RunOutcome> {
    what_if.runs.iter().filter(|run| run.point.len() == 2)
}

pub(super) fn section_of(what_if: &WhatIf, headline: &str) -> String {
    if !is_grid(what_if) {
        return String::new();
    }
    let manner = manner_of(what_if, headline);
    let variants = variants_of(swept(what_if));
    let mut body = String::new();
    for (place, variant) in variants.iter().enumerate().take(MOST_MAPS) {
        let changes = place > 0;
        let seen = |measure: &MeasureOutcome| match changes {
            true => measure.difference.map(|by| by.mean),
            false => Some(measure.figure.mean),
        };
        let map = Map::new(what_if, variant, headline, &seen);
        let unit = if manner.points().is_empty() { String::new() } else { format!(", {}", manner.points()) };
        let title = match changes {
            true => format!("{variant}: difference of {headline}{unit}"),
            false => format!("{variant}: {}", titled(headline, &manner)),
        };
        let better = measure_of(&what_if.runs[0], headline).and_then(|measure| measure.better);
        let draw = |width: f64| map.draw(&title, &manner, better.filter(|_| changes), changes, width);
        body.push_str(&Svg::both(&format!("map of {title}"), WIDTH, draw));
    }
    let note = if variants.len() > 1 {
        "Means of all futures. Darker is more; where a difference is shown, green is better and red is worse."
    } else {
        "Means of all futures. Darker is more."
    };
    section("Over the sweep", note, &body)
}

struct Map<'a> {
    across: &'a Axis,
    up: &'a Axis,
    /// By place across, then up.
    cells: Vec<Vec<Option<f64>>>,
}

impl<'a> Map<'a> {
    fn new(
        what_if: &'a WhatIf,
        variant: &str,
        headline: &str,
        seen: &dyn Fn(&MeasureOutcome) -> Option<f64>,
    ) -> Map<'a> {
        let (up, across) = (&what_if.axes[0], &what_if.axes[1]);
        let mut cells = vec![vec![None; up.values.len()]; across.values.len()];
        for run in swept(what_if).filter(|run| run.variant == variant) {
            let place = |axis: &Axis, setting: &Setting| axis.values.iter().position(|value| value == setting);
            if let (Some(x), Some(y)) = (place(across, &run.point[1]), place(up, &run.point[0])) {
                cells[x][y] = measure_of(run, headline).and_then(seen).filter(|value| value.is_finite());
            }
        }
        Map { across, up, cells }
    }

    fn reach(&self) -> (f64, f64) {
        let values = || self.cells.iter().flatten().flatten().copied();
        (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max))
    }

    fn draw(&self, title: &str, manner: &Manner, better: Option<Better>, signed: bool, width: f64) -> Svg {
        let room = (width * 0.2).min(140.0);
        let names = self.up.values.iter().map(|value| wide("axis", &value.text).min(room)).fold(0.0, f64::max);
        let (left, top) = (names + 14.0, 44.0);
        let (columns, rows) = (self.across.values.len(), self.up.values.len());
        let cell = (width - left - 4.0) / columns as f64;
        let tall = (300.0 / rows as f64).clamp(15.0, 34.0);
        let bottom = top + tall * rows as f64;
        let mut svg = Svg::new(width, bottom + 40.0);
        let (low, high) = self.reach();
        let step = Some((high - low) / 20.0).filter(|step| *step > 0.0);
        let say = |value| if signed { manner.signed(value, step) } else { manner.bare(value, step) };
        // Numbers stand in all cells or in none; their reach is said in any case.
        let room_in = self.cells.iter().flatten().flatten().all(|value| wide("axis", &say(*value)) < cell - 6.0);
        let reach = if low <= high { format!(", {} to {}", say(low), say(high)) } else { String::new() };
        svg.fitted((0.0, 12.0), "name", Anchor::Start, &format!("{title}{reach}"), width - 4.0);
        svg.fitted((0.0, 32.0), "axis", Anchor::Start, &format!("↑ {}", self.up.path), width - 4.0);
        for (x, column) in self.cells.iter().enumerate() {
            for (y, value) in column.iter().enumerate() {
                let place = [left + cell * x as f64, bottom - tall * (y as f64 + 1.0)];
                let Some(value) = *value else { continue };
                let class = shade(value, (low, high), better, signed);
                let text = say(value);
                let at = format!(
                    "{} = {}, {} = {}",
                    self.across.path, self.across.values[x].text, self.up.path, self.up.values[y].text
                );
                svg.rect([place[0], place[1], cell - 1.0, tall - 1.0], &class, &format!("{at}: {text}"));
                if room_in {
                    svg.text((place[0] + cell / 2.0, place[1] + tall / 2.0 + 4.0), "cell", Anchor::Middle, &text);
                }
            }
        }
        self.draw_names(&mut svg, (left, bottom), (cell, tall), room);
        svg
    }

    fn draw_names(&self, svg: &mut Svg, (left, bottom): (f64, f64), (cell, tall): (f64, f64), room: f64) {
        for (y, value) in self.up.values.iter().enumerate() {
            let middle = bottom - tall * (y as f64 + 0.5);
            svg.fitted((left - 7.0, middle + 4.0), "axis", Anchor::End, &value.text, room);
        }
        // Where cells are narrow only some of them are named.
        let longest = self.across.values.iter().map(|value| wide("axis", &value.text).min(120.0)).fold(0.0, f64::max);
        let every = ((longest + 8.0) / cell).ceil().max(1.0) as usize;
        for (x, value) in self.across.values.iter().enumerate().filter(|(x, _)| x % every == 0) {
            let middle = left + cell * (x as f64 + 0.5);
            let room = (cell * every as f64 - 8.0).min(2.0 * (svg.width - middle));
            svg.fitted((middle, bottom + 15.0), "axis", Anchor::Middle, &value.text, room);
        }
        svg.line([left, bottom, svg.width - 4.0, bottom], "base");
        let middle = left + (svg.width - left) / 2.0;
        svg.fitted((middle, bottom + 32.0), "axis", Anchor::Middle, &self.across.path, svg.width - left);
    }
}

/// A value's shade between the lowest and the highest; of a difference by its size and whether it is an improvement.
fn shade(value: f64, (low, high): (f64, f64), better: Option<Better>, signed: bool) -> String {
    if !signed {
        let part = if high > low { (value - low) / (high - low) } else { 0.5 };
        return format!("heat c0 q{}", (part * SHADES).round());
    }
    let most = low.abs().max(high.abs());
    let part = if most > 0.0 { value.abs() / most } else { 0.0 };
    let hue = match better {
        Some(Better::Lower) if value < 0.0 => 1,
        Some(Better::Higher) if value > 0.0 => 1,
        Some(_) if value != 0.0 => 2,
        _ => 0,
    };
    format!("heat c{hue} q{}", (part * SHADES).round())
}
