//! `twinwright store status`: what is in a store, for people and for programs.

use super::arguments::{Form, StatusArgs};
use super::sizes::{bytes, day, number};
use super::{Answer, look};
use crate::Trouble;
use crate::history::sheet::tame;
use std::fmt::Write;
use twinwright_io::store::status::{Count, Keep, Status, TableStatus, status as of};

/// Letters of a line at most, where names are listed.
const WIDE: usize = 110;

pub fn status(args: &StatusArgs) -> Result<Answer, Trouble> {
    let found = look(&args.which.url(), async |link| Ok(of(link).await?))?;
    Ok(Answer::fine(match args.format {
        Form::Text => page(&found),
        Form::Json => {
            let text = serde_json::to_string_pretty(&found);
            text.map_err(|error| Trouble::World(format!("the status cannot be written as JSON: {error}")))? + "\n"
        }
    }))
}

fn page(status: &Status) -> String {
    let schema = match status.schema {
        None => "no schema yet".to_owned(),
        Some(found) if found < status.newest_schema => {
            format!("schema {found} of {}: `twinwright store migrate` brings it up to date", status.newest_schema)
        }
        Some(found) => format!("schema {found}"),
    };
    let mut page = format!("{}\n{}, {schema}, {}\n", status.store, status.database, bytes(status.bytes));
    if status.schema.is_none() {
        return page;
    }
    tables(&mut page, &status.tables);
    partitions(&mut page, status);
    let mut line = |what: &str, said: String| page.push_str(&format!("{what:<15}{said}\n"));
    line("runs", counted(&status.runs));
    for mirror in &status.mirrors {
        let alive = if mirror.alive { "an engine mirrors it" } else { "no engine mirrors it now" };
        let behind = if mirror.behind > 0 {
            format!(", {} of them not stored yet", number(mirror.behind))
        } else {
            String::new()
        };
        let (site, run, entries, reached) =
            (tame(&mirror.site), tame(&mirror.run), number(mirror.entries), day(mirror.reached));
        line("site", format!("{site}: {alive}; run {run}, {entries} entries{behind}, up to {reached}"));
    }
    line("open alerts", counted(&status.open_alerts));
    line("roll-ups due", format!("{} hours of sensors", number(status.rollups_due)));
    let archives = &status.archives;
    line(
        "archives",
        match archives.files {
            0 => "none".to_owned(),
            files => {
                let (rows, size) = (number(archives.rows), bytes(archives.bytes));
                format!("{files} files, {rows} rows, {size}, {} to {}", day(archives.from), day(archives.to))
            }
        },
    );
    for (at, (how_long, tables)) in keeps(&status.retention).iter().enumerate() {
        line(if at == 0 { "kept" } else { "" }, format!("{how_long}: {tables}"));
    }
    line(
        "last backup",
        status.last_backup.as_ref().map_or("none".to_owned(), |last| {
            format!("{}, to {}", day(last.time), last.detail["to"].as_str().unwrap_or("somewhere"))
        }),
    );
    for head in &status.logs {
        line(head.log, format!("up to row {}, {}", head.id, head.digest));
    }
    page
}

fn tables(page: &mut String, tables: &[TableStatus]) {
    let (full, empty): (Vec<_>, Vec<_>) = tables.iter().partition(|table| table.rows > 0);
    let _ = writeln!(page, "\n{:<24}{:>18}  {:<18}{:<18}{:>10}", "table", "rows", "from", "to", "size");
    for table in full {
        let rows = format!("{}{}", if table.about { "about " } else { "" }, number(table.rows));
        let [from, to] = [table.from, table.to].map(|time| if time.is_some() { day(time) } else { String::new() });
        let size = table.bytes.map_or(String::new(), bytes);
        let line = format!("{:<24}{rows:>18}  {from:<18}{to:<18}{size:>10}", table.name);
        let _ = writeln!(page, "{}", line.trim_end());
    }
    if !empty.is_empty() {
        let names: Vec<&str> = empty.iter().map(|table| table.name).collect();
        let mut line = "empty:".to_owned();
        for name in names {
            if line.len() + name.len() > WIDE {
                let _ = writeln!(page, "{}", line.trim_end());
                line = " ".repeat(6);
            }
            line += &format!(" {name}");
        }
        let _ = writeln!(page, "{line}");
    }
    page.push('\n');
}

fn partitions(page: &mut String, status: &Status) {
    for table in status.partitions.chunk_by(|one, next| one.table == next.table) {
        let Some((first, last)) = table.first().zip(table.last()) else { continue };
        let (count, from, to) = (table.len(), day(first.starts), day(last.ends));
        let _ = writeln!(page, "{:<15}{count} of {}, {from} to {to}", "partitions", first.table);
    }
}

fn counted(counts: &[Count]) -> String {
    let said: Vec<String> = counts.iter().map(|one| format!("{} {}", number(one.count), one.what)).collect();
    if said.is_empty() { "none".to_owned() } else { said.join(", ") }
}

/// Tables by how long they are kept, the shortest first.
fn keeps(keeps: &[Keep]) -> Vec<(String, String)> {
    let mut keeps: Vec<&Keep> = keeps.iter().collect();
    let days = |keep: &Keep| keep.days.unwrap_or(f64::INFINITY);
    keeps.sort_by(|one, other| days(one).total_cmp(&days(other)).then_with(|| one.archive.cmp(&other.archive)));
    let alike = keeps.chunk_by(|one, other| (one.days, &one.archive) == (other.days, &other.archive));
    alike
        .map(|some| {
            let days = some[0].days.map_or("for ever".to_owned(), |days| format!("{days} d"));
            let archive = some[0].archive.as_ref().map_or(String::new(), |url| format!(", then in {url}"));
            let names: Vec<&str> = some.iter().map(|keep| keep.table.as_str()).collect();
            (format!("{days}{archive}"), names.join(", "))
        })
        .collect()
}
