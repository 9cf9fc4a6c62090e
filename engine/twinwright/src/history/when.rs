//! Times as people ask for them: an instant, or a time after the start of a run.

use super::arguments::Between;
use crate::Trouble;
use twinwright_core::files::leaf::Instant;
use twinwright_io::store::queries::Stretch;
use twinwright_model::Time;

const EXPECTED: &str = "an instant such as 2026-02-01T00:00:00Z, or a time after the run's start such as +6 h";

/// The instant that an option says. Without a run there is no start to count from.
pub fn instant(option: &str, text: &str, start: Option<Time>) -> Result<Time, Trouble> {
    let wrong = |why: &str| Trouble::Input(format!("{option} {text}: {why}; expected {EXPECTED}"));
    match (Instant::parse(text).map_err(|why| wrong(&why))?, start) {
        (Instant::AfterStart(_), None) => Err(wrong("the store knows no run from whose start to count")),
        (instant, start) => Ok(instant.resolve(start.unwrap_or_default())),
    }
}

/// The stretch that is asked for, where nothing is said all that there is.
pub fn stretch(asked: &Between, start: Option<Time>, all: Stretch) -> Result<Stretch, Trouble> {
    let said = |option: &str, text: &Option<String>, other: Time| {
        text.as_deref().map_or(Ok(other), |text| instant(option, text, start))
    };
    let stretch = Stretch { from: said("--from", &asked.from, all.from)?, to: said("--to", &asked.to, all.to)? };
    match (&asked.from, &asked.to) {
        (Some(from), Some(to)) if stretch.from >= stretch.to => {
            Err(Trouble::Input(format!("--from {from} --to {to}: this ends before it begins")))
        }
        _ => Ok(stretch),
    }
}

/// As short as it can be said exactly: without milliseconds where there are none.
pub fn shown(time: Time) -> String {
    let text = time.to_string();
    text.strip_suffix(".000Z").map_or(text.clone(), |short| format!("{short}Z"))
}
