//! A legend: swatches with names, in as many rows as there is need for.

use super::lettering::{fit, wide};
use super::svg::{Anchor, Svg};

const ROW: f64 = 17.0;
const SWATCH: f64 = 16.0;
const GAP: f64 = 18.0;

/// Classes of swatches with the names beside them.
pub(super) type Entries = Vec<(String, String)>;

fn places(entries: &Entries, left: f64, width: f64) -> Vec<(f64, f64, String)> {
    let (mut x, mut row) = (left, 0.0);
    let mut places = Vec::new();
    for (_, name) in entries {
        let shown = fit("axis", name, (width - left - SWATCH).min(260.0));
        let needed = SWATCH + wide("axis", &shown);
        if x > left && x + needed > width {
            (x, row) = (left, row + 1.0);
        }
        places.push((x, row, shown));
        x += needed + GAP;
    }
    places
}

/// How high a legend will be.
pub(super) fn height(entries: &Entries, left: f64, width: f64) -> f64 {
    places(entries, left, width).last().map_or(0.0, |(_, row, _)| (row + 1.0) * ROW + 5.0)
}

/// Draws it from `top` on, between `left` and `width`.
pub(super) fn draw(svg: &mut Svg, entries: &Entries, left: f64, width: f64, top: f64) {
    for ((class, name), (x, row, shown)) in entries.iter().zip(places(entries, left, width)) {
        let y = top + row * ROW;
        svg.rect([x, y, 11.0, 11.0], &format!("swatch {class}"), "");
        svg.hinted((x + SWATCH, y + 9.5), "axis", Anchor::Start, &shown, name);
    }
}
