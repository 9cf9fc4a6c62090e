//! `twinwright store archive`: writes old readings into Parquet files; they stay in the store until they are pruned.

use super::arguments::ArchiveArgs;
use super::{Answer, look, prune, tale::Tale, work};
use crate::Trouble;
use std::sync::atomic::AtomicBool;
use twinwright_io::store::archive::{self, READINGS, Shelf, Stretch, Watch};
use twinwright_model::Time;

pub fn archive(args: &ArchiveArgs, now: Time, stop: &AtomicBool) -> Result<Answer, Trouble> {
    let shelf = Shelf::parse(&args.to)?;
    let layout = archive::of(&args.table).unwrap_or(&READINGS);
    let url = args.which.url();
    let tale = Tale::begin();
    let tell = |table: &str, rows: u64| tale.tell(table, rows);
    let watch = Watch { stop, tell: &tell };
    let who = args.who.name();
    look(&url, async |link| Ok(link.schema().await?.must_be_current(link)?))?;
    let done = work(&url, async |link| Ok(archive::all(link, layout, args.before, &shelf, now, &who, &watch).await?))?;
    let mut page = String::new();
    prune::files(&mut page, &done.files);
    if done.files.is_empty() {
        let table = layout.table;
        page.push_str(&match done.stretches {
            0 => format!("nothing to archive: no whole {} of {table} end before {}\n", span(layout.days), args.before),
            _ => "nothing to do: all of it is archived already\n".to_owned(),
        });
    }
    if let Some(first) = done.next {
        let end = Stretch::around(first, layout.days).end();
        let what = span(layout.days);
        page.push_str(&format!("only whole {what} are archived; the next ends at {end}\n"));
    }
    if done.interrupted {
        page.push_str("interrupted: the rest is archived the next time\n");
    }
    Ok(Answer::fine(page))
}

fn span(days: i64) -> String {
    match days / 7 {
        1 => "weeks".to_owned(),
        weeks => format!("stretches of {weeks} weeks"),
    }
}
