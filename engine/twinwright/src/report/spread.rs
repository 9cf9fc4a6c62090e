//! How measures spread over futures: a histogram each, with the middle nine tenths marked.

use super::data::Spread;
use super::scale::plain;
use super::svg::{Anchor, Svg};

const HEIGHT: f64 = 150.0;

/// One measure.
pub(super) fn draw(spread: &Spread, width: f64) -> Svg {
    let mut svg = Svg::new(width, HEIGHT);
    let values = &spread.values;
    let (low, high) = (values[0], values[values.len() - 1]);
    let bins = if values.len() >= 100 { 24 } else { 12 };
    let span = if high > low { high - low } else { 1.0 };
    let mut counts = vec![0usize; bins];
    for value in values {
        counts[(((value - low) / span * bins as f64) as usize).min(bins - 1)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    let (left, right, bottom) = (10.0, width - 10.0, HEIGHT - 36.0);
    let wide = (right - left) / bins as f64;
    for (bin, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let tall = (bottom - 28.0) * *count as f64 / most as f64;
        let x = left + wide * bin as f64;
        svg.rect([x + 0.8, bottom - tall, wide - 1.6, tall], "bar h0", &format!("{count} futures"));
    }
    svg.line([left, bottom, right, bottom], "base");
    let show = |value: f64| {
        if spread.percent { format!("{:.2} %", value * 100.0) } else { plain((value * 10.0).round() / 10.0) }
    };
    let x = |value: f64| left + (right - left) * (value - low) / span;
    let at = |part: f64| values[(part * (values.len() - 1) as f64).round() as usize];
    svg.line([x(at(0.05)), bottom + 4.0, x(at(0.95)), bottom + 4.0], "reach");
    svg.line([x(at(0.5)), bottom, x(at(0.5)), bottom + 8.0], "reach");
    svg.text((left, 13.0), "name", Anchor::Start, spread.label);
    svg.text((right, 13.0), "axis", Anchor::End, &format!("median {}", show(at(0.5))));
    svg.text((left, HEIGHT - 12.0), "axis", Anchor::Start, &show(low));
    svg.text((right, HEIGHT - 12.0), "axis", Anchor::End, &show(high));
    svg
}
