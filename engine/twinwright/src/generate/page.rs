//! What a stream came to, on the screen: what was made, and for each outlet what became of it.

use super::Outcome;
use crate::run::progress::grouped;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use twinwright_core::Plan;
use twinwright_io::outlets::Tally;

/// The closing page.
pub fn page(outcome: &Outcome, plan: &Plan) -> String {
    let mut page = String::new();
    let _ = writeln!(page, "{}", plan.title);
    let _ = writeln!(
        page,
        "{} machine{}, {} readings from {} to {}, seed {}",
        plan.machines.len(),
        if plan.machines.len() == 1 { "" } else { "s" },
        grouped(outcome.made as f64),
        plan.start,
        outcome.until,
        plan.seed
    );
    if !outcome.outlets.is_empty() {
        table(&mut page, outcome);
    }
    let speed = outcome.speed.wall_seconds;
    let _ = writeln!(page, "\n{speed:.1} s: {} readings/s", grouped(outcome.made as f64 / speed.max(1e-9)));
    if let Some(folder) = &outcome.folder {
        let _ = writeln!(page, "written to {}", folder.display());
    }
    page
}

/// One of a tally's counters.
type Counter = fn(&Tally) -> &AtomicU64;

fn table(page: &mut String, outcome: &Outcome) {
    let columns: [(&str, Counter); 9] = [
        ("made", |tally| &tally.made),
        ("sent", |tally| &tally.sent),
        ("acknowledged", |tally| &tally.acknowledged),
        ("retried", |tally| &tally.retried),
        ("dropped", |tally| &tally.dropped),
        ("lost", |tally| &tally.lost),
        ("doubled", |tally| &tally.duplicated),
        ("reordered", |tally| &tally.reordered),
        ("delayed", |tally| &tally.delayed),
    ];
    let read = |tally: &Tally, column: Counter| column(tally).load(Ordering::Relaxed);
    // What comms faults did on purpose is only shown where there are any.
    let shown: Vec<_> = columns
        .into_iter()
        .enumerate()
        .filter(|(at, (_, column))| *at < 5 || outcome.outlets.iter().any(|(_, tally)| read(tally, *column) > 0))
        .map(|(_, column)| column)
        .collect();
    let width = outcome.outlets.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).clamp(6, 48);
    let _ = write!(page, "\n{:<width$}", "outlet");
    for (name, _) in &shown {
        let _ = write!(page, " {name:>13}");
    }
    page.push('\n');
    for (name, tally) in &outcome.outlets {
        let _ = write!(page, "{name:<width$}");
        for (_, column) in &shown {
            let _ = write!(page, " {:>13}", grouped(read(tally, *column) as f64));
        }
        page.push('\n');
    }
}
