//! What is streamed: a scenario file as it stands, or a kind of machine with a plant made up around it.

use super::Settings;
use super::pace::Pace;
use crate::Trouble;
use crate::check::{Sort, sort_of};
use crate::library::{Kinds, read_document};
use std::path::Path;
use twinwright_core::plan::{self, Changes};
use twinwright_core::{Document, Library, Plan};
use twinwright_model::{Span, Time, names, time::SECOND};

/// The start of a stream that is made as fast as it goes, so that it is the same today and tomorrow.
const START: &str = "2026-01-01T00:00:00Z";

/// Machines, length and step of a plant that is made up around a kind.
const MACHINES: u32 = 100;
const LENGTH: &str = "1 h";
const STEP: &str = "1 s";

/// What is wrong whatever is streamed.
fn check(settings: &Settings) -> Result<(), Trouble> {
    for (option, span) in [("--for", settings.length), ("--every", settings.every)] {
        if span.is_some_and(|span| span.0 <= 0) {
            return Err(Trouble::Input(format!("{option}: expected a time above 0")));
        }
    }
    if let (Some(length), Some(every)) = (settings.length, settings.every)
        && length < every
    {
        return Err(Trouble::Input(format!("--for {length} is shorter than one step of --every {every}")));
    }
    match &settings.kinds {
        Some(folder) if !folder.is_dir() => {
            Err(Trouble::Input(format!("--kinds {}: there is no such folder", folder.display())))
        }
        _ => Ok(()),
    }
}

/// Compiles what was asked for. A stream has one future: others would be other truths on the same wire.
pub fn plan(settings: &Settings, now: Time) -> Result<Plan, Trouble> {
    check(settings)?;
    let path = Path::new(&settings.subject);
    let mut plan = if path.is_file() {
        let mut document = read_document(path)?;
        document.name = settings.subject.clone();
        match sort_of(&document) {
            Sort::Machine => machine_file(settings, path, now)?,
            Sort::Site => {
                let message = "this is a site, which is mirrored; a stream comes from a scenario or a machine";
                return Err(Trouble::Input(format!("{}:1:1: {message}", document.name)));
            }
            Sort::Judge => {
                let message = "this says how tables are judged; a stream comes from a scenario or a machine";
                return Err(Trouble::Input(format!("{}:1:1: {message}", document.name)));
            }
            Sort::Scenario => scenario(settings, path, &document, now)?,
        }
    } else {
        let kinds = Kinds { folders: settings.kinds.iter().cloned().collect() };
        kind(settings, &settings.subject, &kinds, now)?
    };
    plan.futures = 1;
    Ok(plan)
}

fn scenario(settings: &Settings, path: &Path, document: &Document, now: Time) -> Result<Plan, Trouble> {
    for (asked, option) in [(settings.machines.is_some(), "--machines"), (settings.every.is_some(), "--every")] {
        if asked {
            let message = format!("{option} goes with a kind of machine; a scenario says that by itself");
            return Err(Trouble::Input(message));
        }
    }
    let kinds = Kinds::beside(path, settings.kinds.as_deref());
    let start = settings.start.or((settings.pace == Pace::REAL).then(|| whole_second(now)));
    let changes = Changes { seed: settings.seed, start, duration: settings.length, ..Changes::default() };
    if document.text.contains("from") && plan::study(document, &kinds, &changes).is_ok_and(|study| study.from.is_some())
    {
        let message = "[from] belongs to `twinwright run`: a stream begins at the scenario's start";
        return Err(Trouble::Input(format!("{}: {message}", document.name)));
    }
    plan::compile_changed(document, &kinds, changes).map_err(Trouble::Files)
}

/// A machine file is a kind that is found beside it.
fn machine_file(settings: &Settings, path: &Path, now: Time) -> Result<Plan, Trouble> {
    let kinds = Kinds::beside(path, settings.kinds.as_deref());
    let stem = path.file_stem().map_or(String::new(), |stem| stem.to_string_lossy().into_owned());
    kind(settings, &stem, &kinds, now)
}

fn kind(settings: &Settings, kind: &str, kinds: &Kinds, now: Time) -> Result<Plan, Trouble> {
    if kinds.find(kind).is_none() {
        let known = kinds.known();
        let near = names::nearest(kind, known.iter().map(String::as_str));
        let near = near.map_or(String::new(), |near| format!("\n   did you mean: {near}"));
        let known = names::list(known.iter().map(String::as_str));
        let message =
            format!("{kind}: there is no such file and no such kind\n   expected: a scenario file, or {known}{near}");
        return Err(Trouble::Input(message));
    }
    let document = Document { name: format!("a plant of {kind}"), text: plant_of(settings, kind, now) };
    let changes = Changes { seed: settings.seed, ..Changes::default() };
    plan::compile_changed(&document, kinds, changes).map_err(Trouble::Files)
}

/// A scenario of some machines of one kind.
fn plant_of(settings: &Settings, kind: &str, now: Time) -> String {
    let machines = settings.machines.unwrap_or(MACHINES);
    let fixed = if settings.pace == Pace::REAL { whole_second(now).to_string() } else { START.to_owned() };
    let start = settings.start.map_or(fixed, |start| start.to_string());
    let span = |span: Option<Span>, default: &str| span.map_or(default.to_owned(), |span| format!("{} ns", span.0));
    let (length, step) = (span(settings.length, LENGTH), span(settings.every, STEP));
    // Without zeros in front: one machine more must not rename the others, since their luck follows from their names.
    let ids = if machines == 1 { format!("{kind}-1") } else { format!("{kind}-{{1..{machines}}}") };
    format!(
        "schema = \"scenario/1\"\ntitle = \"{machines} {} of kind {kind}\"\nstart = \"{start}\"\nduration = \"{length}\"\n\
         tick = \"{step}\"\n[[machine]]\nid = \"{ids}\"\nkind = \"{kind}\"\n",
        if machines == 1 { "machine" } else { "machines" }
    )
}

fn whole_second(now: Time) -> Time {
    Time(now.0.div_euclid(SECOND) * SECOND)
}
