//! The sensors with most to tell, one small plot each: what was read, over the band of what was learnt.

use super::super::frame::reach;
use super::super::lettering::{cut, wide};
use super::super::page::{WIDTH, section};
use super::super::scale::{Scale, plain};
use super::super::svg::{Anchor, Svg};
use super::DetectData;
use super::course::Course;

/// Sensors that are drawn.
const MOST: usize = 6;
const HEIGHT: f64 = 78.0;
/// Half the height of the learnt band, in standard deviations.
const BAND: f64 = 3.0;

pub(super) fn section_of(data: &DetectData) -> String {
    let has_readings = |column: &usize| data.seen.strip.column(*column).any(|(_, heard)| heard.count > 0);
    let others = (0..data.columns.len()).filter(|column| !data.seen.moved.contains(column));
    let shown: Vec<usize> = data.seen.moved.iter().copied().chain(others).filter(has_readings).take(MOST).collect();
    if shown.is_empty() {
        return String::new();
    }
    let one = |column: usize| Svg::both(&cut(&data.columns[column], 60), WIDTH, |width| draw(data, column, width));
    let body: String = shown.iter().map(|column| one(*column)).collect();
    let note = "Those that moved most. Line: the mean of some rows; around it their lowest and highest; the pale band: three \
                standard deviations around the mean of the rows that were learnt from; shaded: findings.";
    section("What the sensors read", note, &body)
}

fn draw(data: &DetectData, column: usize, width: f64) -> Svg {
    let strip = &data.seen.strip;
    let learnt =
        data.learnt.as_ref().and_then(|learnt| learnt.columns.get(column)).filter(|column| column.readings > 1);
    let band = learnt.map(|column| (column.mean - BAND * column.sd, column.mean + BAND * column.sd));
    let heard = || strip.column(column).filter(|(_, heard)| heard.count > 0);
    let values = heard().flat_map(|(_, heard)| [f64::from(heard.low), f64::from(heard.high)]);
    let bounds = band.into_iter().flat_map(|(low, high)| [low, high]);
    let (low, high) = reach(values.chain(bounds)).unwrap_or((0.0, 1.0));
    let scale = Scale { low, high, top: 22.0, height: HEIGHT };
    let bottom = scale.top + HEIGHT;
    let marks = scale.marks(3);
    let left = 14.0 + marks.iter().map(|mark| wide("axis", &plain(*mark))).fold(20.0, f64::max);
    let right = width - 28.0;
    let course = Course::of(data, left, right - left);
    let mut svg = Svg::new(width, bottom + 26.0);
    svg.fitted((0.0, 12.0), "name", Anchor::Start, &data.columns[column], width - 8.0);
    course.draw(&mut svg, scale.top, bottom);
    scale.draw(&mut svg, left, right, 3);
    course.shade(&mut svg, data, scale.top, bottom);
    if let Some((low, high)) = band {
        let (top, end) = (scale.y(high), scale.y(low));
        svg.rect([left, top, right - left, (end - top).max(1.0)], "band h5", "what was learnt");
    }
    let mut area: Vec<(f64, f64)> =
        heard().map(|(piece, heard)| (course.x_of(&piece), scale.y(f64::from(heard.high)))).collect();
    let below: Vec<(f64, f64)> =
        heard().map(|(piece, heard)| (course.x_of(&piece), scale.y(f64::from(heard.low)))).collect();
    area.extend(below.into_iter().rev());
    svg.path(&area, "band h0", true);
    let line: Vec<(f64, f64)> =
        heard().filter_map(|(piece, heard)| Some((course.x_of(&piece), scale.y(heard.mean()?)))).collect();
    svg.path(&line, "line h0", false);
    svg
}
