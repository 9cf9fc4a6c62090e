//! What runs from left to right on every plot of judged rows (time where there is one in order, else rows), and the score.

use super::super::figure::Manner;
use super::super::lettering::wide;
use super::super::scale::{Across, TimeScale, plain};
use super::super::svg::{Anchor, Svg};
use super::DetectData;
use crate::detect::strip::Piece;
use twinwright_model::Time;

/// Scores that are marked where they are reached.
const MARKS: [f64; 9] = [0.0, 1.0, 3.0, 10.0, 30.0, 100.0, 1e3, 1e5, 1e9];
const HEIGHT: f64 = 190.0;

/// From a judged row to a place.
pub(super) enum Course {
    Times(TimeScale),
    Rows(Across),
}

impl Course {
    pub(super) fn of(data: &DetectData, left: f64, width: f64) -> Course {
        let seen = &data.seen;
        let start = seen.strip.pieces.first().map_or(0, |piece| piece.time);
        if data.has_times && seen.sorted && seen.end > start {
            return Course::Times(TimeScale { start: Time(start), end: Time(seen.end), left, width });
        }
        Course::Rows(Across { low: 0.0, high: seen.rows.max(2) as f64 - 1.0, left, width })
    }

    pub(super) fn x(&self, (row, time): (u64, i64)) -> f64 {
        match self {
            Course::Times(scale) => scale.x(Time(time)),
            Course::Rows(scale) => scale.x(row as f64),
        }
    }

    pub(super) fn x_of(&self, piece: &Piece) -> f64 {
        self.x((piece.row, piece.time))
    }

    pub(super) fn draw(&self, svg: &mut Svg, top: f64, bottom: f64) {
        match self {
            Course::Times(scale) => {
                svg.line([scale.left, bottom, scale.left + scale.width, bottom], "base");
                scale.draw(svg, top, bottom);
            }
            Course::Rows(scale) => scale.draw(svg, (top, bottom), &Manner::of("row", "")),
        }
    }

    /// Findings as shades behind what is drawn next.
    pub(super) fn shade(&self, svg: &mut Svg, data: &DetectData, top: f64, bottom: f64) {
        for finding in &data.seen.worst {
            let (from, to) = (self.x(finding.from), self.x(finding.until));
            let hint = format!("{} to {}, score {}", finding.start, finding.end, plain(finding.score));
            svg.rect([from, top, (to - from).max(1.5), bottom - top], "fault", &hint);
        }
    }
}

/// Scores on a scale that widens what is small.
fn lifted(score: f64) -> f64 {
    (1.0 + score.clamp(0.0, 1e12)).ln()
}

/// The score of all rows.
pub(super) fn draw(data: &DetectData, width: f64) -> Svg {
    let seen = &data.seen;
    let most = lifted(seen.highest.max(1.6)) * 1.05;
    let (top, bottom) = (24.0, 24.0 + HEIGHT);
    let y = |score: f64| bottom - HEIGHT * lifted(score) / most;
    let marks: Vec<f64> = MARKS.into_iter().filter(|mark| lifted(*mark) <= most).collect();
    let left = 14.0 + marks.iter().map(|mark| wide("axis", &plain(*mark))).fold(0.0, f64::max);
    let course = Course::of(data, left, width - left - 28.0);
    let mut svg = Svg::new(width, bottom + 26.0);
    svg.text((0.0, 12.0), "name", Anchor::Start, "score");
    course.draw(&mut svg, top, bottom);
    course.shade(&mut svg, data, top, bottom);
    // The limit is named before the foot.
    let mut free = if y(0.0) - y(1.0) < 14.0 { y(0.0) } else { f64::INFINITY };
    for mark in marks {
        let at = y(mark);
        svg.line([left, at, width - 28.0, at], if mark == 1.0 { "alarm2" } else { "grid" });
        if mark == 1.0 || free - at >= 14.0 {
            svg.text((left - 7.0, at + 3.5), "axis", Anchor::End, &plain(mark));
            free = at;
        }
    }
    let mut points = Vec::new();
    for piece in &seen.strip.pieces {
        points.push((course.x_of(piece), y(piece.score)));
    }
    if let [(x, at)] = points[..] {
        svg.dot((x, at), 3.0, "dot h0", "");
    }
    svg.path(&points, "line h0", false);
    svg
}
