//! Copies of a whole store as one file, and stores from such copies.
//!
//! A backup holds what was committed at one instant, while writers go on. It gets its name when all of it is there and
//! checked; beside it lies its digest, as `sha256sum -c` reads it. A store is replaced whole or not at all.

mod contents;
mod file;
mod parcel;
mod programs;
mod restore_file;
mod restore_server;
mod server;

pub use contents::Contents;

use super::Place;
use super::ledger::{self, Deed, Severity};
use super::link::Link;
use crate::outlets::trouble::OutletTrouble;
use serde_json::json;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use twinwright_model::Time;

/// Who watches: may end it, and hears how many bytes are done, of about how many.
pub struct Watch<'a> {
    pub stop: &'a AtomicBool,
    pub tell: &'a dyn Fn(u64, u64),
}

impl Watch<'_> {
    fn ended(&self) -> Result<(), OutletTrouble> {
        match self.stop.load(Ordering::Relaxed) {
            true => Err(OutletTrouble::lasting("interrupted: nothing was changed")),
            false => Ok(()),
        }
    }
}

/// A backup that was made.
#[derive(Debug)]
pub struct Made {
    pub bytes: u64,
    pub sha256: String,
    pub contents: Contents,
    /// Why the store could not note it down.
    pub unnoted: Option<String>,
}

/// Copies a store to a file that is not there yet.
pub async fn backup(place: &Place, to: &Path, now: Time, watch: &Watch<'_>) -> Result<Made, OutletTrouble> {
    parcel::must_be_free(to)?;
    let mut link = Link::look(place).await?;
    let schema = link.schema().await?;
    schema.must_be_known(link.name())?;
    if schema == super::Schema::None {
        return Err(OutletTrouble::input(format!("{}: there is no store here to back up", link.name())));
    }
    let contents = match place {
        Place::Sqlite(_) => file::copy(&mut link, to, watch).await,
        Place::Postgres(server) => server::dump(&mut link, server, to, watch).await,
    };
    link.close().await;
    let contents = match contents {
        Ok(contents) => contents,
        Err(trouble) => {
            parcel::discard(to);
            return Err(trouble);
        }
    };
    let (bytes, sha256) = parcel::hand_over(to)?;
    // Only a look at an older schema was taken: a note would bring it up to date.
    let noted = match schema == super::Schema::Version(super::newest(place.dialect())) {
        true => note(place, to, now, bytes, &sha256).await.map_err(|trouble| trouble.to_string()),
        false => Err("its schema is not the newest".to_owned()),
    };
    Ok(Made { bytes, sha256, contents, unnoted: noted.err() })
}

async fn note(place: &Place, to: &Path, now: Time, bytes: u64, sha256: &str) -> Result<(), OutletTrouble> {
    let mut link = Link::open(place).await?;
    let what = json!({ "to": to.display().to_string(), "bytes": bytes, "sha256": sha256 });
    let noted = ledger::append_event(&mut link, now, Severity::Info, "store", "backup", &what).await;
    link.close().await;
    noted.map(|_| ())
}

/// How a store is restored.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// Also where there is a store that is not empty.
    pub force: bool,
    pub who: &'a str,
    pub now: Time,
}

/// A store that was restored.
#[derive(Debug)]
pub struct Restored {
    pub contents: Contents,
    /// Of the schema in the backup.
    pub schema: i64,
    /// Whether a digest lay beside the backup.
    pub had_digest: bool,
}

/// Puts a backup in the place of a store.
pub async fn restore(
    place: &Place,
    from: &Path,
    order: &Order<'_>,
    watch: &Watch<'_>,
) -> Result<Restored, OutletTrouble> {
    let sha256 = parcel::check(from, watch)?;
    let had_digest = parcel::has_digest(from);
    let deed = Deed { who: order.who, action: "restore", subject: "store", ..Deed::default() };
    let after = json!({ "from": from.display().to_string(), "sha256": sha256 });
    let deed = Deed { after: Some(&after), source: Some("twinwright store restore"), ..deed };
    let (contents, schema) = match place {
        Place::Sqlite(target) => restore_file::restore(target, from, order, &deed, watch).await?,
        Place::Postgres(server) => restore_server::restore(server, from, order, &deed, watch).await?,
    };
    Ok(Restored { contents, schema, had_digest })
}

/// Why a store that holds something is not replaced.
fn not_empty(name: &str, contents: &Contents) -> OutletTrouble {
    OutletTrouble::input(format!("{name}: there is a store that is not empty ({contents}); `--force` replaces it"))
}
