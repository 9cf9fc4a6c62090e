//! Readings in Parquet files, outside the store: written before their rows are dropped, read beside what is left of them.
//!
//! A file holds a stretch of days (`sensor_readings/2026/sensor_readings_2026-01-05_2026-01-12.parquet`). A row goes into one
//! only if none has it yet, so doing it again writes nothing, and what came late gets a file of its own (`..._2`). The
//! table `archives` knows them; a file counts once it has been read back.

mod book;
mod keeping;
mod layout;
mod reading;
mod shelf;
mod writing;

pub use keeping::{Kept, Piece, Sensor, keep, sensors};
pub(super) use layout::instant;
pub use layout::{LAYOUTS, Layout, READINGS, Stretch, of};
pub use reading::{Reading, read};
pub use shelf::Shelf;

use super::cell::{Cell, Record};
use super::ledger::{self, Deed};
use super::link::Link;
use crate::outlets::trouble::OutletTrouble;
use book::{Book, Told, damaged};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use twinwright_model::Time;

/// A row of `archives`.
#[derive(Debug, Clone, PartialEq)]
pub struct Archive {
    pub id: i64,
    pub table: String,
    /// Of the stretch: from here,
    pub from: Time,
    /// before this.
    pub to: Time,
    pub url: String,
    pub rows: u64,
    pub bytes: u64,
    /// As `sha256sum` has it.
    pub digest: String,
    pub footer_digest: Option<String>,
    pub created: Time,
}

/// Before everything: 0001-01-01.
pub(super) const NEVER: i64 = -62_135_596_800_000_000;

const COLUMNS: &str = "id, table_name, from_time, to_time, url, row_count, bytes, digest, footer_digest, created_at";

impl Archive {
    fn of(record: &Record) -> Archive {
        let time = |place| record.time(place).unwrap_or_default();
        Archive {
            id: record.int(0),
            table: record.text(1).to_owned(),
            from: time(2),
            to: time(3),
            url: record.text(4).to_owned(),
            rows: record.int(5).unsigned_abs(),
            bytes: record.int(6).unsigned_abs(),
            digest: record.text(7).to_owned(),
            footer_digest: record.maybe_text(8).map(str::to_owned),
            created: time(9),
        }
    }

    fn told(&self) -> Told {
        Told { bytes: self.bytes, footer_digest: self.footer_digest.clone() }
    }

    /// Whether the file is there and is what was written, to the last bit.
    pub async fn check(&self) -> Result<(), OutletTrouble> {
        let (shelf, name) = Shelf::of_file(&self.url)?;
        match shelf.size(&name).await? {
            None => Err(OutletTrouble::lasting(format!("archive {}: it is not there; put the file back", self.url))),
            Some(size) if size != self.bytes => {
                Err(damaged(&self.url, format!("it has {size} bytes, written were {}", self.bytes)))
            }
            Some(size) => match book::digest(&shelf, &name, size).await? == self.digest {
                true => Ok(()),
                false => Err(damaged(&self.url, "its digest is not that of what was written".to_owned())),
            },
        }
    }
}

/// All archives, in order of time.
pub async fn list(link: &mut Link) -> Result<Vec<Archive>, OutletTrouble> {
    let ask = format!("SELECT {COLUMNS} FROM archives ORDER BY table_name, from_time, id");
    Ok(link.all(ask, &[]).await?.iter().map(Archive::of).collect())
}

/// The archives of a table that touch a stretch, in order of time.
pub async fn within(link: &mut Link, table: &str, stretch: Stretch) -> Result<Vec<Archive>, OutletTrouble> {
    let ask = format!(
        "SELECT {COLUMNS} FROM archives WHERE table_name = $1 AND from_time < $3 AND to_time > $2 ORDER BY from_time, id"
    );
    let values = [table.into(), Cell::Time(stretch.from), Cell::Time(stretch.to)];
    Ok(link.all(ask, &values).await?.iter().map(Archive::of).collect())
}

/// The first row's time from `at` on, and its stretch.
pub(super) async fn next(link: &mut Link, layout: &Layout, at: i64) -> Result<Option<(i64, Stretch)>, OutletTrouble> {
    let found = link.first(layout.next, &[Cell::Time(at)]).await?;
    Ok(found.and_then(|record| record.maybe_int(0)).map(|time| (time, Stretch::around(time, layout.days))))
}

/// Who watches long work: may stop it between two steps, and hears how far it is.
pub struct Watch<'a> {
    pub stop: &'a AtomicBool,
    /// What is worked on, and how many rows of it are done.
    pub tell: &'a (dyn Fn(&str, u64) + 'a),
}

impl std::fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("stop", &self.stop).finish_non_exhaustive()
    }
}

impl Watch<'_> {
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

async fn open(archive: &Archive, layout: &'static Layout) -> Result<Book, OutletTrouble> {
    Book::open(&archive.url, layout, Some(&archive.told())).await
}

/// What became of archiving a table.
#[derive(Debug, Default)]
pub struct Done {
    pub files: Vec<Archive>,
    /// Whole stretches that were looked at.
    pub stretches: usize,
    /// The first instant that has rows and is not in one of them.
    pub next: Option<i64>,
    pub interrupted: bool,
}

/// Archives all whole stretches of a table that end before an instant. Its rows stay in the store.
pub async fn all(
    link: &mut Link,
    layout: &'static Layout,
    before: Time,
    shelf: &Shelf,
    now: Time,
    who: &str,
    watch: &Watch<'_>,
) -> Result<Done, OutletTrouble> {
    let mut done = Done::default();
    let sensors = sensors(link).await?;
    let before = before.0.div_euclid(1_000);
    let mut at = NEVER;
    while let Some((first, stretch)) = next(link, layout, at).await? {
        if stretch.to > before {
            done.next = Some(first);
            break;
        }
        match keep(link, layout, stretch, &sensors, shelf, now, watch).await? {
            Some(kept) => {
                for file in &kept.files {
                    let what = json!({ "url": file.url, "rows": file.rows, "sha256": file.digest });
                    let deed =
                        Deed { who, action: "archive", subject: layout.table, after: Some(&what), ..Deed::default() };
                    let deed = Deed { source: Some("twinwright store archive"), ..deed };
                    ledger::append_audit(link, now, &deed).await?;
                }
                done.files.extend(kept.files);
            }
            None => {
                done.interrupted = true;
                return Ok(done);
            }
        }
        done.stretches += 1;
        at = stretch.to;
    }
    Ok(done)
}
