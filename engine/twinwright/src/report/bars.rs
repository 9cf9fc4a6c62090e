//! Where the money went: one bar a kind, split into what it was spent on.

use super::data::{ReportData, Row};
use super::scale::plain;
use super::svg::{Anchor, Svg};

const STEP: f64 = 28.0;
const TOP: f64 = 28.0;

/// The parts of a cost, in the order in which they are stacked.
fn parts(row: &Row) -> [(&'static str, f64); 5] {
    let tally = &row.tally;
    [
        ("downtime", tally.cost_downtime),
        ("unplanned repairs", tally.cost_unplanned),
        ("planned work", tally.cost_planned),
        ("energy", tally.cost_energy),
        ("scrap", tally.cost_scrap),
    ]
}

/// None where nothing costs anything.
pub(super) fn draw(data: &ReportData, width: f64) -> Option<Svg> {
    let sum = |row: &Row| parts(row).iter().map(|(_, cost)| cost.max(0.0)).sum::<f64>();
    let most = data.kinds.iter().map(sum).fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    let longest = data.kinds.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).min(28);
    let left = 18.0 + 6.6 * longest as f64;
    let mut svg = Svg::new(width, TOP + STEP * data.kinds.len() as f64 + 4.0);
    let mut x = left;
    for (hue, (name, _)) in parts(&data.kinds[0]).iter().enumerate() {
        if data.kinds.iter().any(|row| parts(row)[hue].1 > 0.0) {
            svg.rect([x, 6.0, 11.0, 11.0], &format!("cost c{hue}"), "");
            svg.text((x + 16.0, 15.5), "axis", Anchor::Start, name);
            x += 36.0 + 6.4 * name.len() as f64;
        }
    }
    for (row, kind) in data.kinds.iter().enumerate() {
        let y = TOP + STEP * row as f64 + 4.0;
        let name: String = kind.name.chars().take(28).collect();
        svg.text((left - 8.0, y + 14.0), "label", Anchor::End, &name);
        let mut x = left;
        for (hue, (what, cost)) in parts(kind).into_iter().enumerate().filter(|(_, (_, cost))| *cost > 0.0) {
            let wide = (width - left - 90.0) * cost / most;
            svg.rect([x, y, wide, 18.0], &format!("cost c{hue}"), &format!("{}: {what} {}", kind.name, plain(cost)));
            x += wide;
        }
        svg.text((x + 8.0, y + 14.0), "axis", Anchor::Start, &plain(sum(kind).round()));
    }
    Some(svg)
}
