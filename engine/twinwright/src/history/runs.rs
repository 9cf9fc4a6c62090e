//! `history runs`: what the store remembers, the latest first.

use super::arguments::{Form, RunsArgs};
use super::sheet::{Entry, Sheet};
use crate::{Trouble, store};
use twinwright_io::store::runs::{self, RunRow};

const HEADS: [&str; 13] = [
    "run",
    "title",
    "kind",
    "study",
    "variant",
    "status",
    "start",
    "end",
    "machines",
    "futures",
    "seed",
    "began",
    "state_digest",
];

pub fn answer(asked: &RunsArgs) -> Result<String, Trouble> {
    let url = store::meant(asked.store.as_deref());
    let rows = super::work(&url, async |link| Ok(runs::list(link).await?))?;
    // A digest is for programs: it would take half of a page.
    let shown = HEADS.len() - usize::from(asked.format == Form::Text);
    let mut sheet = Sheet::new(&HEADS[..shown]);
    rows.iter().for_each(|run| sheet.row(row(run).into_iter().take(shown).collect()));
    sheet.answer(asked.format, "the store remembers no run yet; `twinwright run SCENARIO --store URL` writes one")
}

fn row(run: &RunRow) -> Vec<Entry> {
    let maybe = |text: &Option<String>| Entry::words(text.as_deref().unwrap_or(""));
    vec![
        Entry::words(&run.name),
        Entry::words(&run.title),
        Entry::words(&run.kind),
        maybe(&run.study),
        maybe(&run.variant),
        Entry::words(&run.status),
        Entry::When(run.start),
        Entry::when(run.end),
        Entry::Whole(run.machines),
        Entry::Whole(run.futures),
        Entry::Whole(run.seed),
        Entry::When(run.began),
        maybe(&run.state_digest),
    ]
}
