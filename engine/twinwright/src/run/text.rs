//! The summary on the screen: what a person wants to know first, on one page.

use super::Outcome;
use super::progress::grouped;
use super::summary::{KindSummary, Summary};
use std::fmt::Write;
use twinwright_core::Plan;
use twinwright_model::{Mode, Span};

/// The closing page of a run.
pub fn page(outcome: &Outcome, plan: &Plan) -> String {
    let summary = &outcome.summary;
    let mut page = String::new();
    let span = Span(plan.tick.0 * i64::from(summary.ticks));
    let futures = if summary.futures > 1 { format!(", {} futures", summary.futures) } else { String::new() };
    let _ = writeln!(page, "{}", summary.title);
    let _ = writeln!(
        page,
        "{} machine{}{futures}, {span} in steps of {}, seed {}",
        summary.machines,
        if summary.machines == 1 { "" } else { "s" },
        plan.tick,
        summary.seed
    );
    page.push('\n');
    table(&mut page, summary);
    if summary.futures > 1 {
        page.push('\n');
        spread(&mut page, summary);
    }
    page.push('\n');
    for line in &outcome.missed {
        let _ = writeln!(page, "MISSED  {line}");
    }
    let held = plan.expectations.len() - outcome.missed.len();
    if held > 0 {
        let _ = writeln!(page, "{held} of {} expectations hold", plan.expectations.len());
    }
    if plan.faults.iter().any(|fault| fault.layer() == twinwright_core::faults::spec::Layer::Comms) {
        let _ = writeln!(page, "comms faults act on delivery: this run has none, so they are only labelled");
    }
    let speed = &summary.speed;
    let _ = writeln!(
        page,
        "{:.1} s: {}x real time, {} readings/s",
        speed.wall_seconds,
        grouped(speed.times_real),
        grouped(speed.readings_per_second)
    );
    let _ = writeln!(page, "written to {}", outcome.folder.display());
    if let Some(stored) = &outcome.stored {
        let _ = writeln!(page, "{}", stored.line());
    }
    page
}

fn table(page: &mut String, summary: &Summary) {
    let _ = writeln!(
        page,
        "{:<20} {:>8} {:>10} {:>9} {:>8} {:>8} {:>12} {:>12}",
        "kind", "machines", "available", "failures", "planned", "alerts", "energy kWh", "cost"
    );
    for kind in &summary.kinds {
        row(page, kind);
    }
    page.push('\n');
    let _ = write!(page, "{:<20}", "hours");
    for mode in Mode::ALL {
        let _ = write!(page, " {:>11}", mode.name());
    }
    page.push('\n');
    for kind in &summary.kinds {
        let _ = write!(page, "{:<20}", kind.kind);
        for mode in Mode::ALL {
            let _ = write!(page, " {:>11}", grouped_tenths(kind.tally.hours[mode as usize]));
        }
        page.push('\n');
    }
}

fn row(page: &mut String, kind: &KindSummary) {
    let measure = |name: &str| kind.tally.measure(name);
    let percent = measure("availability").map_or("-".to_owned(), |a| format!("{:.2} %", a * 100.0));
    let number = |name: &str| measure(name).map_or("-".to_owned(), grouped_short);
    let _ = writeln!(
        page,
        "{:<20} {:>8} {:>10} {:>9} {:>8} {:>8} {:>12} {:>12}",
        kind.kind,
        kind.machines,
        percent,
        number("failures"),
        number("planned_works"),
        number("alerts"),
        number("energy_kwh"),
        number("cost"),
    );
}

/// How the plant's main figures spread over futures.
fn spread(page: &mut String, summary: &Summary) {
    let _ = writeln!(page, "{:<20} {:>14} {:>14} {:>14} {:>14}", "over futures", "mean", "p05", "p50", "p95");
    for name in ["availability", "failures", "mtbf_h", "mttr_h", "cost"] {
        if let Some(figure) = summary.figure(name) {
            let digits = if name == "availability" { 5 } else { 1 };
            let show = |value: f64| if digits == 5 { format!("{value:.5}") } else { grouped_tenths(value) };
            let _ = writeln!(
                page,
                "{name:<20} {:>14} {:>14} {:>14} {:>14}",
                show(figure.mean),
                show(figure.p05),
                show(figure.p50),
                show(figure.p95)
            );
        }
    }
}

/// Whole numbers plainly, others with a tenth.
fn grouped_short(number: f64) -> String {
    if number.fract().abs() < 0.05 || number.abs() >= 1000.0 { grouped(number) } else { grouped_tenths(number) }
}

fn grouped_tenths(number: f64) -> String {
    let tenths = (number * 10.0).round() / 10.0;
    format!("{}.{:.0}", grouped(tenths.trunc()), (tenths.fract().abs() * 10.0).round())
}
