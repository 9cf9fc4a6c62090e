//! Where the money went: one bar a row, split into what it was spent on.

use super::data::Row;
use super::figure::Manner;
use super::legend::{self, Entries};
use super::lettering::wide;
use super::scale::{Across, plain};
use super::svg::{Anchor, Svg};

const STEP: f64 = 28.0;

/// One bar: its name, and what was spent in the order of the parts.
pub(super) type Bar = (String, Vec<f64>);

/// Kinds with the parts of their cost.
pub(super) fn of_kinds(kinds: &[Row]) -> (Vec<String>, Vec<Bar>) {
    let parts = ["downtime", "unplanned repairs", "planned work", "energy", "scrap", "parts"].map(str::to_owned);
    let bar = |row: &Row| {
        let names = ["cost_downtime", "cost_unplanned", "cost_planned", "cost_energy", "cost_scrap", "cost_parts"];
        let costs = names.map(|name| row.tally.measure(name).unwrap_or(0.0));
        (row.name.clone(), costs.to_vec())
    };
    (parts.to_vec(), kinds.iter().map(bar).collect())
}

/// None where nothing costs anything.
pub(super) fn draw((parts, bars): &(Vec<String>, Vec<Bar>), width: f64) -> Option<Svg> {
    let sum = |bar: &Bar| bar.1.iter().map(|cost| cost.max(0.0)).sum::<f64>();
    let most = bars.iter().map(sum).fold(0.0, f64::max);
    if most <= 0.0 || !most.is_finite() {
        return None;
    }
    let room = (width * 0.3).min(220.0);
    let left = 14.0 + bars.iter().map(|(name, _)| wide("label", name).min(room)).fold(0.0, f64::max);
    let used = |part: usize| bars.iter().any(|(_, costs)| costs.get(part).is_some_and(|cost| *cost > 0.0));
    let entries: Entries = (0..parts.len())
        .filter(|part| used(*part))
        .map(|part| (format!("cost c{part}"), parts[part].clone()))
        .collect();
    let legend_left = if width < 600.0 { 8.0 } else { left };
    let top = 10.0 + legend::height(&entries, legend_left, width);
    let bottom = top + STEP * bars.len() as f64;
    let mut svg = Svg::new(width, bottom + 26.0);
    legend::draw(&mut svg, &entries, legend_left, width, 6.0);
    let total = |bar: &Bar| plain(sum(bar).round());
    let right = bars.iter().map(|bar| wide("axis", &total(bar))).fold(0.0, f64::max) + 16.0;
    let scale = Across { low: 0.0, high: most, left, width: (width - left - right).max(40.0) };
    scale.draw(&mut svg, (top, bottom), &Manner::of("cost", ""));
    for (row, bar) in bars.iter().enumerate() {
        let y = top + STEP * row as f64 + 4.0;
        svg.fitted((left - 8.0, y + 14.0), "label", Anchor::End, &bar.0, room);
        let mut x = left;
        for (part, cost) in bar.1.iter().enumerate().filter(|(_, cost)| **cost > 0.0) {
            let long = scale.width * cost / most;
            svg.rect(
                [x, y, long, 18.0],
                &format!("cost c{part}"),
                &format!("{}: {} {}", bar.0, parts[part], plain(*cost)),
            );
            x += long;
        }
        svg.text((x + 8.0, y + 14.0), "axis", Anchor::Start, &total(bar));
    }
    Some(svg)
}
