//! How often machines fail, each with its interval: few failures leave much open, and a picture says so.

use super::super::figure::Manner;
use super::super::lettering::wide;
use super::super::page::{WIDTH, section};
use super::super::scale::Across;
use super::super::svg::{Anchor, Svg};
use crate::bulletin::figures::{Account, Figures};
use crate::bulletin::written::number;

/// Rows that are drawn.
const MOST: usize = 30;
/// Room for a name beside its line.
const NAME: f64 = 240.0;
const BELOW: f64 = 24.0;

/// A name, and failures in 1,000 hours of running with the ends of their interval.
struct Row<'a> {
    name: &'a str,
    rate: f64,
    low: f64,
    high: f64,
}

/// None where nothing ran.
fn row(account: &Account) -> Option<Row<'_>> {
    let per_thousand = |hours: Option<f64>| hours.map(|hours| 1_000.0 / hours);
    let high = per_thousand(account.mtbf.low)?;
    let (low, rate) = (per_thousand(account.mtbf.high).unwrap_or(0.0), per_thousand(account.mtbf.value).unwrap_or(0.0));
    Some(Row { name: &account.name, rate, low, high })
}

/// Nothing where nothing failed: then an interval of each is in the table.
pub(super) fn section_of(figures: &Figures) -> String {
    let plant = (figures.machines.len() > 1).then_some(&figures.plant);
    let rows: Vec<Row> = plant.into_iter().chain(&figures.machines).filter_map(row).take(MOST).collect();
    if figures.plant.failures == 0 || rows.is_empty() {
        return String::new();
    }
    let note = "With 95 % intervals. Machines whose intervals overlap may well be alike: what differs is then chance.";
    let drawn = Svg::both("failures in 1 000 h with intervals", WIDTH, |width| draw(&rows, width));
    section("Failures in 1 000 hours of running", note, &drawn)
}

fn draw(rows: &[Row], width: f64) -> Svg {
    let text = |row: &Row| format!("{} ({} to {})", number(row.rate), number(row.low), number(row.high));
    let is_broad = width > 600.0;
    let figures = rows.iter().map(|row| wide("axis", &text(row))).fold(0.0, f64::max);
    let names = rows.iter().map(|row| wide("label", row.name).min(NAME)).fold(0.0, f64::max);
    // On a narrow page the name and the figures stand above the line.
    let (left, right, step) = if is_broad { (names + 14.0, figures + 22.0, 26.0) } else { (12.0, 12.0, 42.0) };
    let top = 8.0;
    let bottom = top + step * rows.len() as f64;
    let mut svg = Svg::new(width, bottom + BELOW);
    let most = rows.iter().map(|row| row.high).fold(0.0, f64::max);
    let scale = Across { low: 0.0, high: most * 1.03, left, width: width - left - right };
    scale.draw(&mut svg, (top, bottom), &Manner::of("failures", ""));
    for (place, row) in rows.iter().enumerate() {
        let y = top + step * (place as f64 + 1.0) - if is_broad { step / 2.0 } else { 12.0 };
        if is_broad {
            svg.fitted((left - 10.0, y + 4.0), "label", Anchor::End, row.name, NAME);
            svg.text((width - right + 14.0, y + 4.0), "axis", Anchor::Start, &text(row));
        } else {
            svg.fitted((left, y - 12.0), "label", Anchor::Start, row.name, (width - 34.0 - figures).max(40.0));
            svg.text((width - right, y - 12.0), "axis", Anchor::End, &text(row));
        }
        let (from, to) = (scale.x(row.low), scale.x(row.high));
        svg.line([from, y, to, y], "whisker open");
        for x in [from, to] {
            svg.line([x, y - 4.0, x, y + 4.0], "whisker open");
        }
        svg.dot((scale.x(row.rate), y), 4.0, "dot open", &format!("{}: {}", row.name, text(row)));
    }
    svg
}
