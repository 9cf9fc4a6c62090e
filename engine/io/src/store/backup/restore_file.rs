//! A store in SQLite from a backup: built beside the old one, and put in its place at once.

use super::contents::Contents;
use super::file::{check, pack, place};
use super::{Order, Watch, not_empty, parcel};
use crate::outlets::trouble::OutletTrouble;
use crate::store::ledger::{self, Deed};
use crate::store::place::File;
use crate::store::{Link, Place, Schema, said};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long programs that use the old store are waited for.
const LOCKING: Duration = Duration::from_secs(5);

pub(super) async fn restore(
    target: &File,
    from: &Path,
    order: &Order<'_>,
    deed: &Deed<'_>,
    watch: &Watch<'_>,
) -> Result<(Contents, i64), OutletTrouble> {
    let path = real(target.options.get_filename());
    must_be_replaceable(target, order).await?;
    let (_, schema) = check(from).await?;
    parcel::discard(&path);
    let done = swap_in(target, &path, from, order, deed, watch).await;
    if done.is_err() {
        parcel::discard(&path);
    }
    done.map(|contents| (contents, schema))
}

/// Where the file is, if its name is a link.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

async fn swap_in(
    target: &File,
    path: &Path,
    from: &Path,
    order: &Order<'_>,
    deed: &Deed<'_>,
    watch: &Watch<'_>,
) -> Result<Contents, OutletTrouble> {
    let part = parcel::part(path);
    let mut source = Link::look(&place(from)).await?;
    let packed = pack(&mut source, &part, watch).await;
    source.close().await;
    packed?;
    let contents = bring_up(target, &part, order, deed).await?;
    let held = match path.exists() {
        true => Some(hold(target, path, order).await?),
        false => None,
    };
    watch.ended()?;
    if let Ok(about) = path.metadata() {
        // Who might read the old one may read the new one, and nobody else.
        std::fs::set_permissions(&part, about.permissions()).map_err(|error| parcel::trouble(&part, &error))?;
    }
    std::fs::rename(&part, path).map_err(|error| parcel::trouble(path, &error))?;
    parcel::settle(parcel::folder(path))?;
    if let Some(held) = held {
        held.close().await;
    }
    Ok(contents)
}

/// Brings the copy's schema up to date and notes in it that it was restored.
async fn bring_up(target: &File, part: &Path, order: &Order<'_>, deed: &Deed<'_>) -> Result<Contents, OutletTrouble> {
    let options = target.options.clone().filename(part);
    let copy = Place::Sqlite(File { name: target.name.clone(), options, timeout: target.timeout });
    let mut link = Link::open(&copy).await?;
    let contents = Contents::of(&mut link).await;
    let noted = ledger::append_audit(&mut link, order.now, deed).await;
    // Everything into the one file.
    let settled = link.run("PRAGMA journal_mode = DELETE", &[]).await;
    link.close().await;
    noted?;
    settled?;
    parcel::settle(part)?;
    contents
}

/// Takes the old file for this program alone, with its log folded in, so that nothing of it is left beside the new one and
/// nobody writes to it any more. What was written since it was looked at counts too.
async fn hold(target: &File, path: &Path, order: &Order<'_>) -> Result<Link, OutletTrouble> {
    let name = &target.name;
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(LOCKING).disable_statement_logging();
    let connected = SqliteConnection::connect_with(&options).await;
    let mut link = Link::sqlite(target, connected.map_err(|error| said::trouble(name, &error))?);
    for statement in ["PRAGMA locking_mode = EXCLUSIVE", "PRAGMA journal_mode = DELETE", "BEGIN EXCLUSIVE"] {
        link.run(statement, &[]).await.map_err(|trouble| in_use(name, trouble))?;
    }
    let found = look(&mut link).await?;
    may_be_replaced(name, found, order)?;
    Ok(link)
}

fn in_use(name: &str, trouble: OutletTrouble) -> OutletTrouble {
    match trouble {
        OutletTrouble::Passing(_) => {
            OutletTrouble::passing(format!("{name}: another program has it open; end that one first"))
        }
        other => other,
    }
}

async fn must_be_replaceable(target: &File, order: &Order<'_>) -> Result<(), OutletTrouble> {
    let path = target.options.get_filename();
    if path.metadata().map_or(true, |about| about.len() == 0) {
        return Ok(());
    }
    let mut link = Link::look(&Place::Sqlite(target.clone())).await?;
    let found = look(&mut link).await;
    link.close().await;
    may_be_replaced(&target.name, found?, order)
}

fn may_be_replaced(name: &str, found: Option<Contents>, order: &Order<'_>) -> Result<(), OutletTrouble> {
    match found {
        None => Err(OutletTrouble::input(format!("{name}: what is there is no store; it stays"))),
        Some(contents) if !contents.is_empty() && !order.force => Err(not_empty(name, &contents)),
        Some(_) => Ok(()),
    }
}

/// What a store holds; None where it is none.
async fn look(link: &mut Link) -> Result<Option<Contents>, OutletTrouble> {
    let schema = link.schema().await?;
    schema.must_be_known(link.name())?;
    if schema == Schema::None {
        let count = link.first("SELECT count(*) FROM sqlite_master", &[]).await?.unwrap_or_default().int(0);
        return Ok((count == 0).then(Contents::default));
    }
    Contents::of(link).await.map(Some)
}
