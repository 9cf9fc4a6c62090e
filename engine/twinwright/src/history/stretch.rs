//! What a machine did in a stretch of time: its modes with how long they lasted, alerts, failures and work.

use super::alerts as page_of_alerts;
use super::arguments::Form;
use super::machine::Subject;
use super::sheet::{Entry, Sheet, tame};
use super::when::shown;
use crate::Trouble;
use serde_json::json;
use std::fmt::Write;
use twinwright_io::store::Link;
use twinwright_io::store::queries::Stretch;
use twinwright_io::store::queries::alerts::{self, Which};
use twinwright_io::store::queries::states::{self, ModeChange, Work};
use twinwright_model::mode::E10;
use twinwright_model::{Span, Time};

const MODES: [&str; 6] = ["from", "to", "mode", "e10", "lasted_s", "reason"];
const WORKS: [&str; 7] = ["time", "what", "subject", "hours", "cost", "by", "note"];

pub async fn answer(link: &mut Link, subject: &Subject, asked: Stretch, form: Form) -> Result<String, Trouble> {
    // What lies outside of the run is not known.
    let stretch = Stretch { from: asked.from.max(subject.run.start), to: asked.to.min(subject.end) };
    if stretch.from >= stretch.to {
        return Err(Trouble::Input(format!(
            "{} to {}: run {} says nothing of this time; it goes from {} to {}",
            shown(asked.from),
            shown(asked.to),
            subject.run.name,
            shown(subject.run.start),
            shown(subject.end)
        )));
    }
    // The last instant of a run belongs to it.
    let within =
        if stretch.to == subject.end { Stretch { to: Time(stretch.to.0 + 1_000), ..stretch } } else { stretch };
    let whose = subject.whose();
    let modes = states::modes_in(link, whose, within).await?;
    let which = Which { run: whose.run, machine: Some(whose.machine), rule: None, stretch: within };
    let alerts = alerts::raised_in(link, &which).await?;
    let works = states::works_in(link, whose, within).await?;
    let hours = hours(&modes, stretch);
    let (modes, works) = (modes_sheet(&modes, stretch), works_sheet(&works));
    Ok(match form {
        Form::Csv => modes.csv()?,
        Form::Json => {
            let hours: serde_json::Map<_, _> =
                hours.iter().map(|(e10, span)| (e10.name().to_uppercase(), span.hours().into())).collect();
            let answer = json!({
                "machine": subject.machine.name, "run": subject.run.name,
                "from": stretch.from.to_string(), "to": stretch.to.to_string(),
                "modes": modes.json(), "e10_hours": hours,
                "alerts": page_of_alerts::json(&alerts), "work": works.json(),
            });
            format!("{answer:#}\n")
        }
        Form::Text => text(subject, stretch, &hours, [&modes, &page_of_alerts::sheet(&alerts), &works]),
    })
}

/// How long each mode held within a stretch, by E10 state.
fn hours(modes: &[ModeChange], stretch: Stretch) -> Vec<(E10, Span)> {
    let mut sums: Vec<(E10, Span)> = E10::ALL.map(|e10| (e10, Span::ZERO)).to_vec();
    for (mode, (from, to)) in modes.iter().zip(held(modes, stretch)) {
        if let Some((_, sum)) = sums.iter_mut().find(|(e10, _)| e10.name().eq_ignore_ascii_case(&mode.e10)) {
            sum.0 += to.0 - from.0;
        }
    }
    sums.retain(|(_, sum)| sum.0 > 0);
    sums
}

/// From when to when each mode held within a stretch.
fn held(modes: &[ModeChange], stretch: Stretch) -> Vec<(Time, Time)> {
    let ends = modes.iter().skip(1).map(|mode| mode.time).chain([stretch.to]);
    modes.iter().zip(ends).map(|(mode, end)| (mode.time.max(stretch.from), end)).collect()
}

fn modes_sheet(modes: &[ModeChange], stretch: Stretch) -> Sheet {
    let mut sheet = Sheet::new(&MODES);
    for (mode, (from, to)) in modes.iter().zip(held(modes, stretch)) {
        sheet.row(vec![
            Entry::When(from),
            Entry::When(to),
            Entry::words(&mode.mode),
            Entry::words(&mode.e10),
            Entry::Lasting(Span(to.0 - from.0)),
            Entry::words(mode.reason.as_deref().unwrap_or("")),
        ]);
    }
    sheet
}

fn works_sheet(works: &[Work]) -> Sheet {
    let mut sheet = Sheet::new(&WORKS);
    for work in works {
        sheet.row(vec![
            Entry::When(work.time),
            Entry::words(&work.what),
            Entry::words(&work.subject),
            Entry::number(work.hours),
            Entry::number(work.cost),
            Entry::words(&work.by_whom),
            Entry::words(&work.note),
        ]);
    }
    sheet
}

fn text(subject: &Subject, stretch: Stretch, hours: &[(E10, Span)], sheets: [&Sheet; 3]) -> String {
    let (from, to) = (shown(stretch.from), shown(stretch.to));
    let mut page = format!("{}  {from} to {to} in run {}\n", tame(&subject.machine.name), tame(&subject.run.name));
    let hours: Vec<String> =
        hours.iter().map(|(e10, span)| format!("{} {:.2} h", e10.name().to_uppercase(), span.hours())).collect();
    let _ = writeln!(page, "{}", hours.join(", "));
    for (name, sheet) in ["modes", "alerts raised", "failures and work"].into_iter().zip(sheets) {
        if sheet.is_empty() {
            let _ = write!(page, "\n{name}: none\n");
        } else {
            let _ = write!(page, "\n{name}: {}\n{}", sheet.len(), sheet.text());
        }
    }
    page
}
