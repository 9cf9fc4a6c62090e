//! The map: learnt rows and judged rows on two axes of the baseline, with rings that hold a known part of the learnt ones.

use super::super::figure::Manner;
use super::super::frame::{BELOW, Frame};
use super::super::legend::{self, Entries};
use super::super::lettering::cut;
use super::super::page::{WIDTH, section};
use super::super::svg::Svg;
use super::DetectData;
use crate::detect::RINGS;

/// No ring is drawn with more corners than the eye needs.
const CORNERS: usize = 72;
/// The map is no wider than this, so that rings are round.
const WIDEST: f64 = 620.0;

pub(super) fn section_of(data: &DetectData) -> String {
    let spots = &data.seen.spots;
    if spots.iter().all(|spot| spot.place == [0.0, 0.0]) {
        return String::new();
    }
    let drawn = Svg::both("map of learnt and judged rows", WIDTH, |width| draw(data, width));
    let mut note = String::from(
        "Each dot is a row, placed by the two directions in which the learnt rows differ most, in standard deviations.",
    );
    if data.learnt.is_some() {
        note.push_str(" The rings hold 50, 90 and 99 % of the learnt rows.");
    }
    note.push_str(" Rows farther out than the map lie on its edge.");
    section("Where the rows lie", &note, &drawn)
}

/// How far the map reaches: so that all but a few of the rows lie on it.
fn far(data: &DetectData) -> f64 {
    let mut far: Vec<f64> = data.seen.spots.iter().map(|spot| spot.place[0].abs().max(spot.place[1].abs())).collect();
    far.retain(|far| far.is_finite());
    far.sort_by(f64::total_cmp);
    let of_judged = far.get((far.len() * 97 / 100).min(far.len().saturating_sub(1))).copied().unwrap_or(0.0);
    let of_learnt = data.learnt.as_ref().map_or(3.0, |learnt| learnt.rings[2]);
    // Beyond that the learnt rows would be a speck.
    of_judged.min(8.0 * of_learnt.max(0.5)).max(1.25 * of_learnt).max(1.0)
}

fn draw(data: &DetectData, width: f64) -> Svg {
    let mut entries: Entries = Vec::new();
    if data.learnt.is_some() {
        entries.push(("bar h5".to_owned(), "learnt".to_owned()));
    }
    entries.push(("bar h0".to_owned(), "judged, fine".to_owned()));
    entries.push(("cost c0".to_owned(), "judged, in a finding".to_owned()));
    let top = legend::height(&entries, 8.0, width) + 8.0;
    let side = (width - 90.0).min(WIDEST);
    let reach = far(data);
    let manner = || Manner::of("place", "");
    let both = ((-reach, reach), (-reach, reach));
    let mut frame = Frame::new(width, (top, side), both, (manner(), manner()));
    frame.across.width = side.min(frame.across.width);
    let mut svg = Svg::new(width, frame.bottom() + BELOW);
    legend::draw(&mut svg, &entries, 8.0, width, 4.0);
    frame.draw(&mut svg, "first direction", "second direction, standard deviations");
    let at = |[x, y]: [f64; 2]| {
        let within = |part: f64| if part.is_finite() { part.clamp(-reach, reach) } else { 0.0 };
        frame.at(within(x), within(y))
    };
    for place in data.learnt.iter().flat_map(|learnt| &learnt.places) {
        svg.dot(at(*place), 2.2, "dot open spot", "");
    }
    for (is_odd, class) in [(false, "dot h0 spot"), (true, "dot bad spot")] {
        for spot in data.seen.spots.iter().filter(|spot| spot.anomaly == is_odd) {
            svg.dot(at(spot.place), 2.6, class, &cut(&spot.stamp, 40));
        }
    }
    let rings = data.learnt.as_ref().map_or([0.0; 3], |learnt| learnt.rings);
    for radius in rings.into_iter().take(RINGS.len()).filter(|radius| *radius > 0.0 && *radius <= reach) {
        let corner = |k: usize| {
            let angle = std::f64::consts::TAU * k as f64 / CORNERS as f64;
            frame.at(radius * angle.cos(), radius * angle.sin())
        };
        let points: Vec<(f64, f64)> = (0..CORNERS).map(corner).collect();
        svg.path(&points, "round", true);
    }
    svg
}
