//! A store in PostgreSQL from a backup: what is there goes and what was comes in one transaction, or nothing happens.

use super::contents::Contents;
use super::programs::{Work, command, find};
use super::{Order, Watch, not_empty};
use crate::outlets::trouble::OutletTrouble;
use crate::store::ledger::{self, Deed, hexadecimal};
use crate::store::place::Server;
use crate::store::tables::{FUNCTIONS, INNER, TABLES};
use crate::store::{Dialect, Link, Place, Schema, migrations};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

const STEP: usize = 256 * 1024;

pub(super) async fn restore(
    server: &Server,
    from: &Path,
    order: &Order<'_>,
    deed: &Deed<'_>,
    watch: &Watch<'_>,
) -> Result<(Contents, i64), OutletTrouble> {
    let (home, schema) = look_into(from)?;
    let place = Place::Postgres(server.clone());
    let mut link = Link::look(&place).await?;
    let target = may_be_replaced(&mut link, &home, order).await;
    link.close().await;
    target?;
    fill(server, from, &home, watch)?;
    let mut link = Link::open(&place).await?;
    let contents = Contents::of(&mut link).await;
    let noted = ledger::append_audit(&mut link, order.now, deed).await;
    link.close().await;
    noted?;
    Ok((contents?, schema))
}

fn damaged(from: &Path, why: &str) -> OutletTrouble {
    OutletTrouble::lasting(format!("{}: this backup is damaged, or none of pg_dump: {why}", from.display()))
}

/// What a backup says of itself: the schema (of PostgreSQL) that it is of, and the schema (of the store) that it has.
fn look_into(from: &Path) -> Result<(String, i64), OutletTrouble> {
    let list = said_of(from, &["--list"])?;
    let home = list.lines().find_map(|line| {
        let (_, entry) = line.split_once(" TABLE DATA ")?;
        entry.split_once(" _sqlx_migrations ").map(|(home, _)| home.to_owned())
    });
    let home = home.ok_or_else(|| OutletTrouble::input(format!("{}: this is no backup of a store", from.display())))?;
    let steps = said_of(from, &["--data-only", "--table=_sqlx_migrations", "--file=-"])?;
    let known = migrations::known(Dialect::Postgres);
    let mut schema = Schema::None;
    for (version, checksum) in steps_of(&steps) {
        schema = match known.iter().find(|(number, _)| *number == version) {
            None => Schema::Newer(version),
            Some((_, ours)) if hexadecimal(ours) != checksum => Schema::Other(version),
            Some(_) => Schema::Version(version),
        };
        schema.must_be_known(&from.display().to_string())?;
    }
    match schema {
        Schema::Version(version) => Ok((home, version)),
        _ => Err(damaged(from, "it does not say which schema it has")),
    }
}

/// Version and checksum of each step, from the text of a COPY.
fn steps_of(text: &str) -> Vec<(i64, String)> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with("COPY "));
    let Some(head) = lines.next() else { return Vec::new() };
    let names = head.split(['(', ')']).nth(1).unwrap_or_default();
    let place = |wanted: &str| names.split(", ").position(|name| name == wanted);
    let (Some(version), Some(checksum)) = (place("version"), place("checksum")) else { return Vec::new() };
    let rows = lines.take_while(|line| *line != "\\.").filter_map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        Some((cells.get(version)?.parse().ok()?, cells.get(checksum)?.trim_start_matches("\\\\x").to_owned()))
    });
    let mut rows: Vec<(i64, String)> = rows.collect();
    rows.sort();
    rows
}

/// What `pg_restore` says of a backup.
fn said_of(from: &Path, arguments: &[&str]) -> Result<String, OutletTrouble> {
    let done = Command::new(find("pg_restore")?).args(arguments).arg(from).stdin(Stdio::null()).output();
    let done = done.map_err(|error| OutletTrouble::lasting(format!("`pg_restore` cannot be started: {error}")))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let why = String::from_utf8_lossy(&done.stderr);
    Err(damaged(from, why.lines().next().unwrap_or_default().trim()))
}

async fn may_be_replaced(link: &mut Link, home: &str, order: &Order<'_>) -> Result<(), OutletTrouble> {
    let name = link.name().to_owned();
    let row = link.first("SELECT current_schema()::text", &[]).await?.unwrap_or_default();
    if row.text(0) != home {
        let (here, what) = (row.text(0), "a backup goes back to the schema that it is of");
        return Err(OutletTrouble::input(format!(
            "{name}: the backup is of schema `{home}`, here is `{here}`; {what}"
        )));
    }
    let schema = link.schema().await?;
    schema.must_be_known(&name)?;
    if schema == Schema::None {
        let names = serde_json::json!(names());
        let ask = "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace \
                   AND relname IN (SELECT jsonb_array_elements_text($1)) LIMIT 1";
        return match link.first(ask, &[names.into()]).await? {
            Some(row) => {
                Err(OutletTrouble::input(format!("{name}: there is a table {} that is no store's", row.text(0))))
            }
            None => Ok(()),
        };
    }
    let contents = Contents::of(link).await?;
    if contents.is_empty() || order.force { Ok(()) } else { Err(not_empty(&name, &contents)) }
}

fn names() -> Vec<&'static str> {
    TABLES.iter().map(|table| table.name).chain(INNER).collect()
}

/// Takes away what a store is made of, and nothing else that may lie beside it.
fn clear(home: &str) -> String {
    let quoted = |name: &str| format!("\"{}\".\"{}\"", home.replace('"', "\"\""), name);
    let tables: Vec<String> = names().into_iter().map(quoted).collect();
    let functions: Vec<String> = FUNCTIONS.into_iter().map(quoted).collect();
    format!(
        "SET lock_timeout = '30s';\nDROP TABLE IF EXISTS {} CASCADE;\nDROP FUNCTION IF EXISTS {} CASCADE;\n",
        tables.join(", "),
        functions.join(", ")
    )
}

/// Sends what `pg_restore` makes of the backup to `psql`, which has it in one transaction: it is committed once all came.
fn fill(server: &Server, from: &Path, home: &str, watch: &Watch<'_>) -> Result<(), OutletTrouble> {
    let mut reading = Command::new(find("pg_restore")?);
    reading.args(["--no-owner", "--no-privileges", "--file=-", "--schema", home]).arg(from);
    reading.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut writing = command("psql", server)?;
    writing.args(["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1"]);
    writing.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut reader = Work::start("pg_restore", &mut reading)?;
    let mut writer = Work::start("psql", &mut writing)?;
    let (Some(mut source), Some(mut sink)) = (reader.child.stdout.take(), writer.child.stdin.take()) else {
        return Err(OutletTrouble::lasting("the programs of PostgreSQL cannot be joined"));
    };
    let begin = format!("SET client_min_messages = warning;\nBEGIN;\n{}", clear(home));
    let size = std::fs::metadata(from).map_or(0, |about| about.len());
    let copied = sink.write_all(begin.as_bytes()).and_then(|()| {
        let mut buffer = vec![0; STEP];
        let mut sent = 0;
        loop {
            if watch.ended().is_err() {
                return Ok(());
            }
            // Packed, it is about a tenth.
            (watch.tell)(sent / 10, size);
            match source.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => sink.write_all(&buffer[..count])?,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            sent += buffer.len() as u64;
        }
    });
    let calm = Watch { stop: &std::sync::atomic::AtomicBool::new(false), tell: &|_, _| () };
    // Whoever is dropped unfinished is killed, and its transaction undone.
    watch.ended()?;
    if copied.is_err() {
        drop(sink);
        writer.wait(&calm, || ())?;
        return Err(OutletTrouble::lasting("`psql` did not take all of it"));
    }
    reader.wait(&calm, || ()).map_err(|trouble| damaged(from, &trouble.to_string()))?;
    let end = sink.write_all(b"\nCOMMIT;\n");
    drop(sink);
    writer.wait(&calm, || ())?;
    end.map_err(|error| OutletTrouble::lasting(format!("`psql` did not take all of it: {error}")))
}
