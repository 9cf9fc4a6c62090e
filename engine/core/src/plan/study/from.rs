//! `[from]`: the state that a scenario goes on from, in a file or in the memory of a store.

use crate::files::leaf::{At, Instant};
use crate::files::scenario::ScenarioSpec;
use crate::files::sources::Fault;
use crate::files::study::FromSpec;
use crate::plan::scenario::Compiler;

/// What a scenario goes on from.
#[derive(Debug, Clone, PartialEq)]
pub enum From {
    /// A file: a path as the scenario says it, beside the scenario file.
    Snapshot(String),
    /// An instant of a run that a store remembers; the address as the scenario says it.
    Store { url: String, at: Instant, run: Option<String> },
}

const SCHEMES: [&str; 3] = ["sqlite:", "postgres://", "postgresql://"];

/// What is said, once it was checked.
pub fn read(from: &FromSpec) -> Option<From> {
    match (&from.snapshot, &from.store, &from.at) {
        (Some(snapshot), _, _) => Some(From::Snapshot(snapshot.value.clone())),
        (None, Some(store), Some(at)) => {
            let run = from.run.as_ref().map(|run| run.value.clone());
            Some(From::Store { url: store.value.clone(), at: at.value, run })
        }
        _ => None,
    }
}

pub fn check(compiler: &mut Compiler<'_>, spec: &ScenarioSpec) {
    let Some(from) = &spec.from else { return };
    let mut say = |span, message: &str, expected: &str| {
        compiler.faults.add(Fault::new(span, "from", message).expected(expected));
    };
    let file = "a file that `run --save-at` wrote, such as \"plant.snapshot\"";
    let store = "a store, such as \"sqlite:plant.db\" or \"postgres://user@host/plant\"";
    let is_empty = |text: &At<String>| text.value.trim().is_empty();
    match (&from.snapshot, &from.store) {
        (None, None) => say(&from.span, "this does not say what to go on from", "`snapshot` or `store`"),
        (Some(_), Some(second)) => say(&second.span, "these are two states to go on from", "one of them"),
        (Some(snapshot), None) if is_empty(snapshot) => say(&snapshot.span, "this names no file", file),
        (None, Some(url)) if !SCHEMES.iter().any(|scheme| url.value.trim().starts_with(scheme)) => {
            say(&url.span, "this names no store", store);
        }
        (None, Some(_)) if from.at.is_none() => {
            say(&from.span, "this does not say when", "`at`, such as \"2026-02-01T00:00:00Z\" or \"+30 d\"");
        }
        _ => {}
    }
    if let (None, Some(at)) = (&from.store, &from.at) {
        say(&at.span, "an instant belongs to a store: a snapshot has its own", "`store` beside it");
    }
    if let Some(run) = &from.run {
        if from.store.is_none() {
            say(&run.span, "a run's name belongs to a store", "`store` beside it");
        } else if is_empty(run) {
            say(&run.span, "this names no run", "a name as `run --store` says it, such as \"pumps-year-3\"");
        }
    }
}
