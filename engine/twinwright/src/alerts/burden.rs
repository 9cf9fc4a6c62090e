//! `alerts kpi`: how good an alarm system this is to the people before it, by the figures of ISA-18.2 and EEMUA 191.

use super::arguments::KpiArgs;
use super::look;
use crate::Trouble;
use crate::history::sheet::{Entry, Sheet};
use crate::store::Answer;
use serde_json::json;
use std::fmt::Write;
use twinwright_core::alerts::kpi::{AlertRow, Figure, Kpi, kpi};
use twinwright_io::store::queries::Stretch;
use twinwright_io::store::queries::burden::{Course, courses, mirrored};
use twinwright_model::{Severity, Span, Time};

/// The last week, unless it is said otherwise.
const USUAL: i64 = 7 * 86_400 * 1_000_000_000;

pub fn burden(args: &KpiArgs) -> Result<Answer, Trouble> {
    let (stretch, rows) = look(&args.which, async |link| {
        let Some(known) = mirrored(link).await? else {
            let store = link.name();
            return Err(Trouble::Input(format!("{store}: no plant was mirrored into this store yet")));
        };
        let stretch = stretch(args, known)?;
        Ok((stretch, courses(link, stretch).await?))
    })?;
    let rows: Vec<AlertRow> = rows.into_iter().map(row).collect();
    let figures = kpi(&rows, stretch.from, stretch.to);
    Ok(Answer::fine(if args.which.json {
        let said: Vec<_> = figures.figures().iter().map(figure_json).collect();
        format!(
            "{:#}\n",
            json!({ "from": stretch.from.to_string(), "to": stretch.to.to_string(), "verdict": figures.verdict.name(), "figures": said, "frequent": figures.frequent })
        )
    } else {
        page(&figures, stretch)
    }))
}

fn stretch(args: &KpiArgs, known: Stretch) -> Result<Stretch, Trouble> {
    let instant = |option: &str, text: &Option<String>, other: Time| match text {
        Some(text) => Time::parse(text).map_err(|why| {
            Trouble::Input(format!("{option} {text}: {why}; expected an instant such as 2026-02-01T06:00:00Z"))
        }),
        None => Ok(other),
    };
    let to = instant("--to", &args.to, known.to)?;
    let from = instant("--from", &args.from, Time(to.0.saturating_sub(USUAL)).max(known.from))?;
    if from >= to {
        return Err(Trouble::Input(format!("from {from} to {to} there is no time: --to must come after --from")));
    }
    Ok(Stretch { from, to })
}

fn row(course: Course) -> AlertRow {
    AlertRow {
        machine: course.machine,
        rule: course.rule,
        severity: severity(&course.severity),
        raised: course.raised,
        again: course.again,
        returned: course.returned,
        acknowledged: course.acknowledged,
        resolved: course.resolved,
        shelved: course.shelved,
        suppressed: !course.seen,
    }
}

fn severity(name: &str) -> Severity {
    match name {
        "low" => Severity::Low,
        "medium" => Severity::Medium,
        "high" => Severity::High,
        _ => Severity::Critical,
    }
}

fn figure_json(figure: &Figure) -> serde_json::Value {
    let value = figure.value.is_finite().then_some(figure.value);
    json!({ "figure": figure.name, "value": value, "recommended": figure.reference, "fits": figure.fits })
}

fn page(kpi: &Kpi, stretch: Stretch) -> String {
    let mut page = format!(
        "{} alerts from {} to {} ({}): {} to the people before them (EEMUA 191)\n\n",
        kpi.alerts,
        stretch.from,
        stretch.to,
        Span(stretch.to.0 - stretch.from.0),
        kpi.verdict.name()
    );
    let mut sheet = Sheet::new(&["figure", "value", "recommended", ""]);
    for figure in kpi.figures() {
        let fits = match figure.fits {
            Some(true) => "fits",
            Some(false) => "does not",
            None => "",
        };
        let value = figure.value.is_finite().then_some(figure.value);
        sheet.row(vec![
            Entry::words(figure.name),
            Entry::number(value),
            Entry::words(figure.reference),
            Entry::words(fits),
        ]);
    }
    page.push_str(&sheet.text());
    if !kpi.frequent.is_empty() {
        page.push_str("\nthe most frequent\n");
        let mut sheet = Sheet::new(&["machine", "rule", "alerts", "share"]);
        for one in &kpi.frequent {
            let (count, share) = (f64::from(one.count), format!("{:.0} %", 100.0 * one.share));
            sheet.row(vec![
                Entry::words(&one.machine),
                Entry::words(&one.rule),
                Entry::number(Some(count)),
                Entry::words(&share),
            ]);
        }
        page.push_str(&sheet.text());
    }
    let _ = writeln!(page);
    page
}
