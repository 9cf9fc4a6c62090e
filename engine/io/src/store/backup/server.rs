//! A backup of PostgreSQL: `pg_dump` copies the instant of a transaction of ours, in which the rows are counted.

use super::contents::Contents;
use super::programs::{Work, command};
use super::{Watch, parcel};
use crate::outlets::trouble::OutletTrouble;
use crate::store::Link;
use crate::store::place::Server;
use std::path::Path;
use std::process::Stdio;

/// How long it waits for tables that somebody changes.
const LOCKS: &str = "--lock-wait-timeout=60000";

pub(super) async fn dump(
    link: &mut Link,
    server: &Server,
    to: &Path,
    watch: &Watch<'_>,
) -> Result<Contents, OutletTrouble> {
    // The instant is held as long as it takes.
    link.run("SET idle_in_transaction_session_timeout = 0", &[]).await?;
    link.hold_still().await?;
    let contents = Contents::of(link).await?;
    let ask = "SELECT pg_export_snapshot(), current_schema()::text";
    let row = link.first(ask, &[]).await?.unwrap_or_default();
    let (instant, schema) = (row.text(0).to_owned(), row.text(1).replace('"', "\"\""));
    let part = parcel::part(to);
    let mut dumping = command("pg_dump", server)?;
    dumping.args(["--format=custom", "--no-owner", "--no-privileges", "--no-password", LOCKS]);
    dumping.arg(format!("--schema=\"{schema}\"")).arg(format!("--snapshot={instant}")).arg("--file").arg(&part);
    dumping.stdin(Stdio::null()).stdout(Stdio::null());
    let size = contents.tables.iter().filter_map(|table| table.bytes).sum::<i64>().unsigned_abs();
    let work = Work::start("pg_dump", &mut dumping)?;
    // Packed, a store is about a tenth of its tables.
    work.wait(watch, || (watch.tell)(std::fs::metadata(&part).map_or(0, |about| about.len()), size / 10))?;
    link.roll_back().await?;
    Ok(contents)
}
