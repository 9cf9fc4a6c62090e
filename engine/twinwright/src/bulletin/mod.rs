//! `report`: what a day, a week, a month or a whole run came to, from what a store remembers, and what to do next.
//!
//! [`gather`] turns rows into [`figures`]; everything else writes them. A report is kept in the store, where making it
//! again replaces it, and written as files. The same store gives the same report; the time on the wall only says when it was
//! made.

mod accounts;
mod advice;
pub mod alarms;
pub mod arguments;
pub mod calendar;
pub mod figures;
mod files;
mod gather;
pub mod intervals;
pub mod json;
pub mod markdown;
mod prices;
pub mod tables;
mod wears;
pub mod written;

use crate::Trouble;
use calendar::Period;
use figures::{Advice, Figures};
use gather::Asked;
use std::path::{Path, PathBuf};
use twinwright_io::store::periods::{self, Proposal, Report, Stretch};
use twinwright_io::store::{Link, Place, runs};
use twinwright_model::{Time, names};
use written::{number, when};

/// A form of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Html,
    Markdown,
    Json,
    Csv,
}

impl Form {
    pub const ALL: [Form; 4] = [Form::Html, Form::Markdown, Form::Json, Form::Csv];

    pub fn from_name(name: &str) -> Option<Form> {
        Form::ALL.into_iter().zip(["html", "md", "json", "csv"]).find(|(_, known)| *known == name).map(|(form, _)| form)
    }
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A period, or the name of a run.
    pub what: String,
    /// The address of the store.
    pub store: String,
    pub run: Option<String>,
    pub on: Option<String>,
    pub at: Option<String>,
    pub out: Option<PathBuf>,
    pub forms: Vec<Form>,
    /// The time on the wall.
    pub now: Time,
}

/// What was made.
#[derive(Debug)]
pub struct Outcome {
    pub figures: Figures,
    pub files: Vec<PathBuf>,
}

/// Makes a report, keeps it in the store and writes its files.
pub fn report(settings: &Settings) -> Result<Outcome, Trouble> {
    if let Place::Sqlite(file) = Place::parse(&settings.store)?
        && !file.options.get_filename().exists()
    {
        let message = "there is no such store; `twinwright run SCENARIO --store URL` makes one";
        return Err(Trouble::World(format!("{}: {message}", settings.store)));
    }
    let (figures, markdown) = make(settings)?;
    let folder = settings.out.clone().unwrap_or_else(|| {
        let run = crate::whatif::folders::folders([figures.heading.run.as_str()].into_iter());
        Path::new("reports").join(run.concat())
    });
    let files = files::write(&figures, &markdown, &settings.forms, &folder)?;
    Ok(Outcome { figures, files })
}

/// Makes a report and keeps it in the store: its figures, and its text.
pub fn make(settings: &Settings) -> Result<(Figures, String), Trouble> {
    crate::store::work(&settings.store, async |link| {
        let asked = asked(link, settings).await?;
        let figures = gather::figures(link, &asked).await?;
        let markdown = markdown::report(&figures);
        periods::keep(link, &kept(&figures, &asked, &markdown, settings.now)).await?;
        Ok((figures, markdown))
    })
}

/// Which stretch of which run is meant.
async fn asked(link: &mut Link, settings: &Settings) -> Result<Asked, Trouble> {
    let period = Period::from_name(&settings.what).unwrap_or(Period::Run);
    if period == Period::Run && (settings.run.is_some() || settings.on.is_some() || settings.at.is_some()) {
        return Err(Trouble::Input(format!(
            "report {}: a whole run takes no --run, --on or --at; expected `daily`, `weekly` or `monthly` with them",
            settings.what
        )));
    }
    let named = if period == Period::Run { Some(&settings.what) } else { settings.run.as_ref() };
    let latest = match named {
        Some(name) => Some(name.clone()),
        None => periods::latest_with_history(link).await?,
    };
    let name = latest.ok_or_else(|| {
        Trouble::Input(format!(
            "{}: no run in this store has a history; `twinwright run --store` leaves one",
            link.name()
        ))
    })?;
    let Some(run) = runs::named(link, &name).await? else { return Err(unknown(link, &name).await?) };
    let start = periods::first_known(link, run.id).await?.unwrap_or(run.start).max(run.start);
    let known = periods::last_known(link, run.id).await?;
    let end = run.end.into_iter().chain(known).max().filter(|end| *end > start);
    let end = end.ok_or_else(|| {
        Trouble::Input(format!(
            "run `{name}` has no history to report on: it left only what it came to, or has just begun"
        ))
    })?;
    let wanted = match (&settings.on, &settings.at) {
        (Some(date), _) => Some(calendar::date(date)?),
        (None, Some(text)) => Some(calendar::instant(text, run.start)?),
        (None, None) => None,
    };
    let whole = period.stretch((start, end), wanted);
    let (from, to) = (whole.0.max(start), whole.1.min(end));
    if from >= to {
        let noun = period.noun();
        let (begin, last) = (when(start), when(end));
        return Err(Trouble::Input(format!(
            "the {noun} of {} lies outside run `{name}`, which goes from {begin} to {last}",
            when(wanted.unwrap_or(whole.0))
        )));
    }
    let stretch = Stretch { run: run.id, from, to };
    Ok(Asked { run, period, whole, stretch, end })
}

async fn unknown(link: &mut Link, name: &str) -> Result<Trouble, Trouble> {
    let known: Vec<String> = runs::list(link).await?.into_iter().map(|run| run.name).collect();
    let hint = match names::nearest(name, known.iter().map(String::as_str)) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("expected daily, weekly, monthly, or a run: {}", names::list(known.iter().map(String::as_str))),
    };
    Ok(Trouble::Input(format!("there is no run `{name}` in {}; {hint}", link.name())))
}

/// As the store keeps it.
fn kept(figures: &Figures, asked: &Asked, markdown: &str, now: Time) -> Report {
    let proposal = |advice: &Advice| Proposal {
        uid: format!(
            "report/{}/{}/{}/{}/{}",
            figures.heading.run, advice.kind, advice.machine, advice.subject, advice.occasion
        ),
        machine: figures.machines.get(advice.of).map_or(0, |machine| machine.id),
        subject: advice.subject.clone(),
        kind: advice.kind,
        title: advice.title.clone(),
        reason: format!("{} ({})", advice.reason, advice.assumption),
        severity: advice.severity,
        figures: advice.figures.clone(),
        due: advice.due,
        hours: advice.hours,
        cost: advice.cost,
    };
    Report {
        period: asked.period.name(),
        stretch: asked.stretch,
        created: now,
        content: markdown.to_owned(),
        summary: json::summary(figures),
        recommendations: json::recommendations(figures),
        proposals: figures.advice.iter().map(proposal).collect(),
    }
}

/// `3 machines`
pub(crate) fn machines(figures: &Figures) -> String {
    let count = figures.machines.len();
    format!("{count} machine{}", if count == 1 { "" } else { "s" })
}

/// The short page that a terminal shows.
pub fn page(outcome: &Outcome) -> String {
    let (figures, heading) = (&outcome.figures, &outcome.figures.heading);
    let mut lines = vec![format!(
        "{} report of {}: {} to {} UTC, {}",
        heading.period.name(),
        heading.run,
        when(heading.from),
        when(heading.to),
        machines(figures)
    )];
    lines.extend(heading.notes.iter().map(|note| format!("  {note}")));
    let short = markdown::short(figures);
    let wide = short.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
    lines.extend(short.iter().map(|(label, value)| format!("  {label:<wide$}  {value}")));
    for advice in &figures.advice {
        let saves = advice.saves.map_or(String::new(), |saves| format!(", saves about {}", number(saves.round())));
        lines.push(format!("  -> {}{saves}", advice.title));
    }
    lines.push(format!("  {}", figures.nothing_more));
    lines.extend(outcome.files.iter().map(|file| format!("wrote {}", file.display())));
    // A name from a store may hold anything; a terminal gets text.
    let shown = |line: String| line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    lines.into_iter().map(|line| shown(line) + "\n").collect()
}
