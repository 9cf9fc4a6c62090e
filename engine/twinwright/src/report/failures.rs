//! Failures over time, stacked by the part that failed.

use super::data::{FAILURE_BINS, ReportData};
use super::legend::{self, Entries};
use super::lettering::cut;
use super::scale::{Scale, TimeScale, day, plain};
use super::svg::Svg;
use twinwright_model::Time;

const HEIGHT: f64 = 138.0;
const LEFT: f64 = 64.0;
/// Parts with a colour of their own; the rest share one.
const HUES: usize = 6;

/// None where nothing failed.
pub(super) fn draw(data: &ReportData, width: f64) -> Option<Svg> {
    if data.failures.is_empty() {
        return None;
    }
    let entries = entries(data);
    let top = 12.0 + legend::height(&entries, LEFT, width);
    let mut svg = Svg::new(width, top + HEIGHT + 24.0);
    let time = TimeScale { start: data.start, end: data.end, left: LEFT, width: width - LEFT - 28.0 };
    let total = |bin: usize| data.failures.iter().map(|(_, bins)| bins[bin]).sum::<f64>();
    let most = (0..FAILURE_BINS).map(total).fold(0.0, f64::max);
    let scale = Scale { low: 0.0, high: most.max(1e-9) * 1.05, top, height: HEIGHT };
    legend::draw(&mut svg, &entries, LEFT, width, 6.0);
    time.draw(&mut svg, scale.top, scale.top + scale.height);
    // A few whole failures need a mark each, and none between them.
    let marks = if (1.0..4.0).contains(&most) { most as usize + 1 } else { 4 };
    scale.draw(&mut svg, LEFT, time.left + time.width, marks);
    let long = (data.end.0 - data.start.0) / FAILURE_BINS as i64;
    for bin in 0..FAILURE_BINS {
        let (left, right) = (time.edge(bin, FAILURE_BINS) + 1.0, time.edge(bin + 1, FAILURE_BINS) - 1.0);
        let mut sum = 0.0;
        for (hue, (part, bins)) in data.failures.iter().enumerate().filter(|(_, (_, bins))| bins[bin] > 0.0) {
            let (top, bottom) = (scale.y(sum + bins[bin]), scale.y(sum));
            sum += bins[bin];
            let from = Time(data.start.0 + long * bin as i64);
            let hint = format!("{part}: {} from {} on", plain(bins[bin]), day(from));
            svg.rect([left, top, right - left, bottom - top], &format!("bar h{}", hue.min(HUES - 1)), &hint);
        }
    }
    Some(svg)
}

fn entries(data: &ReportData) -> Entries {
    let rest: f64 = data.failures.iter().skip(HUES - 1).flat_map(|(_, bins)| bins).sum();
    let entry = |(hue, (part, bins)): (usize, &(String, Vec<f64>))| {
        let is_rest = hue == HUES - 1 && data.failures.len() > HUES;
        let count = if is_rest { rest } else { bins.iter().sum() };
        let part = if is_rest { "others".to_owned() } else { cut(part, 32) };
        (format!("h{hue}"), format!("{part} {}", plain((count * 100.0).round() / 100.0)))
    };
    data.failures.iter().take(HUES).enumerate().map(entry).collect()
}
