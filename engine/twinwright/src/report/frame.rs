//! The frame of a plot of one number over another: both axes, their marks and their names.

use super::figure::Manner;
use super::lettering::wide;
use super::scale::{Across, Scale};
use super::svg::{Anchor, Svg};

/// Room below a plot for its marks and the name of its axis.
pub(super) const BELOW: f64 = 38.0;
/// Room above it for the name of its other axis.
pub(super) const ABOVE: f64 = 22.0;

/// Where numbers lie on a plot.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) across: Across,
    pub(super) up: Scale,
    manners: (Manner, Manner),
}

impl Frame {
    /// From the reach of both axes; the plot begins below `top` and is `height` high without what stands around it.
    pub(super) fn new(
        width: f64,
        (top, height): (f64, f64),
        reach: ((f64, f64), (f64, f64)),
        manners: (Manner, Manner),
    ) -> Frame {
        let ((x_low, x_high), (y_low, y_high)) = reach;
        let up = Scale { low: y_low, high: y_high, top: top + ABOVE, height };
        let step = up.step(4);
        let texts = up.marks(4).into_iter().map(|mark| wide("axis", &manners.1.mark(mark, step)));
        let left = texts.fold(24.0, f64::max) + 12.0;
        let across = Across { low: x_low, high: x_high, left, width: width - left - 22.0 };
        Frame { across, up, manners }
    }

    pub(super) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.across.x(x), self.up.y(y))
    }

    pub(super) fn bottom(&self) -> f64 {
        self.up.top + self.up.height
    }

    pub(super) fn right(&self) -> f64 {
        self.across.left + self.across.width
    }

    /// Marks, grid and names. `over` is what runs across, `of` what runs up.
    pub(super) fn draw(&self, svg: &mut Svg, over: &str, of: &str) {
        self.draw_up(svg, of);
        self.across.draw(svg, (self.up.top, self.bottom()), &self.manners.0);
        self.draw_name(svg, over);
    }

    /// As `draw`, with names in place of numbers across; their places lie evenly from 0 on.
    pub(super) fn draw_named(&self, svg: &mut Svg, names: &[String], over: &str, of: &str) {
        self.draw_up(svg, of);
        let room = self.across.width / names.len().max(1) as f64 - 6.0;
        let every = (40.0 / (room + 6.0)).ceil().max(1.0) as usize;
        for (place, name) in names.iter().enumerate().filter(|(place, _)| place % every == 0) {
            let (x, _) = self.at(place as f64, self.up.low);
            svg.line([x, self.up.top, x, self.bottom()], "grid");
            svg.fitted((x, self.bottom() + 15.0), "axis", Anchor::Middle, name, room * every as f64);
        }
        svg.line([self.across.left, self.bottom(), self.right(), self.bottom()], "base");
        self.draw_name(svg, over);
    }

    fn draw_up(&self, svg: &mut Svg, of: &str) {
        let step = self.up.step(4);
        let left = self.across.left;
        for mark in self.up.marks(4) {
            let y = self.up.y(mark);
            svg.line([left, y, self.right(), y], "grid");
            svg.text((left - 7.0, y + 3.5), "axis", Anchor::End, &self.manners.1.mark(mark, step));
        }
        svg.fitted((0.0, self.up.top - 10.0), "name", Anchor::Start, of, svg.width - 4.0);
    }

    fn draw_name(&self, svg: &mut Svg, over: &str) {
        let middle = self.across.left + self.across.width / 2.0;
        svg.fitted((middle, self.bottom() + 31.0), "axis", Anchor::Middle, over, self.across.width);
    }
}

/// The reach of some numbers with a little room; of one number, room around it.
pub(super) fn reach(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (low, high) = values
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return None;
    }
    let pad = if high > low { (high - low) * 0.06 } else { (low.abs() * 0.05).max(1e-6) };
    Some((low - pad, high + pad))
}
