//! What each variant spends, and on what.

use super::*;
use crate::report::bars;

/// Parts with colours of their own, in the order in which they are stacked.
const KNOWN: [(&str, &str); 6] = [
    ("cost_downtime", "downtime"),
    ("cost_unplanned", "unplanned repairs"),
    ("cost_planned", "planned work"),
    ("cost_energy", "energy"),
    ("cost_scrap", "scrap"),
    ("cost_parts", "parts"),
];

pub(super) fn section_of(what_if: &WhatIf) -> String {
    let Some(base) = what_if.runs.first() else { return String::new() };
    let others = base.measures.iter().map(|measure| measure.name.as_str()).filter(|name| {
        name.starts_with("cost_") && !name.contains('(') && !KNOWN.iter().any(|(known, _)| known == name)
    });
    let parts: Vec<(&str, String)> = KNOWN
        .iter()
        .map(|(name, said)| (*name, (*said).to_owned()))
        .chain(others.take(2).map(|name| (name, name["cost_".len()..].replace('_', " "))))
        .collect();
    let bar = |run: &RunOutcome| {
        let cost = |name: &str| measure_of(run, name).map_or(0.0, |measure| measure.figure.mean);
        (short(run), parts.iter().map(|(name, _)| cost(name)).collect())
    };
    let split = (
        parts.iter().map(|(_, said)| said.clone()).collect(),
        what_if.runs.iter().take(MOST_ROWS).map(bar).collect::<Vec<_>>(),
    );
    if bars::draw(&split, WIDTH).is_none() {
        return String::new();
    }
    let drawn = Svg::both("cost by variant and purpose", WIDTH, |width| {
        bars::draw(&split, width).unwrap_or_else(|| Svg::new(width, 1.0))
    });
    section("Where the money goes", "Mean of all futures.", &drawn)
}
