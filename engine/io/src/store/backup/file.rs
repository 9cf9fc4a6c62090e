//! A backup of SQLite: a copy of one instant, packed anew, checked before it counts.

use super::contents::Contents;
use super::{Watch, parcel};
use crate::outlets::trouble::OutletTrouble;
use crate::store::place::File;
use crate::store::{Cell, Link, Place, Schema};
use sqlx::sqlite::SqliteConnectOptions;
use std::path::Path;
use std::time::Duration;

/// What copying may take.
const PATIENCE: Duration = Duration::from_secs(24 * 3_600);
/// How often it is told how far it is.
const LOOK: Duration = Duration::from_millis(100);

/// Copies what is committed now to the unfinished file of `to`.
pub(super) async fn copy(link: &mut Link, to: &Path, watch: &Watch<'_>) -> Result<Contents, OutletTrouble> {
    let part = parcel::part(to);
    pack(link, &part, watch).await?;
    parcel::settle(&part)?;
    let (contents, _) = check(&part).await?;
    Ok(contents)
}

/// Writes all of a database to a new file. The copy is of one instant: it is one reading transaction.
pub(super) async fn pack(link: &mut Link, to: &Path, watch: &Watch<'_>) -> Result<(), OutletTrouble> {
    link.be_patient(PATIENCE);
    let size = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let size = link.first(size, &[]).await?.unwrap_or_default().int(0).unsigned_abs();
    let target = [Cell::Text(to.display().to_string())];
    let mut packing = std::pin::pin!(link.run("VACUUM INTO $1", &target));
    loop {
        tokio::select! {
            done = &mut packing => return done.map(|_| ()),
            () = tokio::time::sleep(LOOK) => {
                watch.ended()?;
                (watch.tell)(std::fs::metadata(to).map_or(0, |about| about.len()), size);
            }
        }
    }
}

/// A file at a path, as a place to look at.
pub(super) fn place(path: &Path) -> Place {
    let options = SqliteConnectOptions::new().filename(path);
    Place::Sqlite(File { name: path.display().to_string(), options, timeout: Duration::from_secs(10) })
}

/// Refuses a file that is damaged or no store of ours. Answers what it holds and its schema.
pub(super) async fn check(path: &Path) -> Result<(Contents, i64), OutletTrouble> {
    let mut link = Link::look(&place(path)).await?;
    link.be_patient(PATIENCE);
    let checked = look_through(&mut link).await;
    link.close().await;
    checked
}

async fn look_through(link: &mut Link) -> Result<(Contents, i64), OutletTrouble> {
    let name = link.name().to_owned();
    let said = link.first("PRAGMA integrity_check(1)", &[]).await?.unwrap_or_default();
    if said.text(0) != "ok" {
        return Err(OutletTrouble::lasting(format!("{name}: it is damaged: {}", said.text(0))));
    }
    let schema = link.schema().await?;
    schema.must_be_known(&name)?;
    match schema {
        Schema::Version(version) => Ok((Contents::of(link).await?, version)),
        _ => Err(OutletTrouble::input(format!("{name}: this is no backup of a store"))),
    }
}
