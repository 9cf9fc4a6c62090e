//! `twinwright store prune`: drops what is older than it has to be kept, and says what went.

use super::arguments::PruneArgs;
use super::sizes::{bytes, day, number};
use super::{Answer, look, tale::Tale, work};
use crate::Trouble;
use std::fmt::Write;
use std::sync::atomic::AtomicBool;
use twinwright_core::files::units;
use twinwright_io::store::archive::{Archive, Watch};
use twinwright_io::store::retention::{self, Change, Order, Pruned};
use twinwright_model::Time;

/// A day, in nanoseconds.
const DAY: f64 = 86_400e9;

pub fn prune(args: &PruneArgs, now: Time, stop: &AtomicBool) -> Result<Answer, Trouble> {
    let mut changes = args.keep.iter().map(|text| kept(text)).collect::<Result<Vec<_>, _>>()?;
    if let Some(url) = &args.archive_to {
        changes.push(Change::Archive((url != "none").then(|| url.clone())));
    }
    let url = args.which.url();
    let tale = Tale::begin();
    let tell = |table: &str, rows: u64| tale.tell(table, rows);
    let watch = Watch { stop, tell: &tell };
    let who = args.who.name();
    let order = Order { now: args.now.unwrap_or(now), dry_run: args.dry_run, who: &who, changes: &changes };
    let doing = async |link: &mut _| Ok(retention::prune(link, &order, &watch).await?);
    // A store that is not there, or older than the program, is no store to drop rows from.
    look(&url, async |link| Ok(link.schema().await?.must_be_current(link)?))?;
    let pruned = if args.dry_run { look(&url, doing)? } else { work(&url, doing)? };
    Ok(Answer::fine(page(&pruned, args.dry_run)))
}

/// `sensor_readings=30 d`, `alerts=forever`.
fn kept(text: &str) -> Result<Change, Trouble> {
    let wrong = |why: String| Trouble::Input(format!("--keep {text}: {why}"));
    let expected = "expected such as `sensor_readings=30d` or `alerts=forever`";
    let (table, time) = text.split_once('=').ok_or_else(|| wrong(expected.to_owned()))?;
    let days = match time.trim() {
        "forever" => None,
        time => {
            let span = units::parse_span(time).map_err(|fault| wrong(format!("{}; {expected}", fault.message)))?;
            if span.0 <= 0 {
                return Err(wrong(format!("a time of nothing would drop all of it; {expected}")));
            }
            Some(span.0 as f64 / DAY)
        }
    };
    Ok(Change::Days { table: table.trim().to_owned(), days })
}

fn page(pruned: &Pruned, dry_run: bool) -> String {
    let mut page = String::new();
    if pruned.gone.is_empty() {
        page.push_str("nothing is older than it has to be kept\n");
    } else {
        let what = if dry_run { "would go" } else { "gone" };
        let _ = writeln!(page, "{what:<22}{:>14}  {:<18}{:<18}{:>10}", "rows", "from", "to", "freed");
    }
    for gone in &pruned.gone {
        let (rows, from, to) = (number(count(gone.rows)), day(gone.first), day(gone.last));
        let freed = gone.bytes.map_or(String::new(), |freed| bytes(count(freed)));
        let line = format!("{:<22}{rows:>14}  {from:<18}{to:<18}{freed:>10}", gone.table);
        let _ = writeln!(page, "{}", line.trim_end());
    }
    files(&mut page, &pruned.files);
    for note in &pruned.notes {
        let _ = writeln!(page, "{note}");
    }
    if let Some(free) = pruned.free.filter(|free| *free > 0) {
        let free = bytes(count(free));
        let _ = writeln!(
            page,
            "{free} inside the file are free and will be used again; VACUUM in sqlite3 gives them back to the disk"
        );
    }
    if dry_run {
        page.push_str("nothing was changed\n");
    }
    if pruned.interrupted {
        page.push_str("interrupted: the rest goes the next time\n");
    }
    page
}

/// A line for each file of an archive.
pub(super) fn files(page: &mut String, files: &[Archive]) {
    for file in files {
        let (rows, size) = (number(count(file.rows)), bytes(count(file.bytes)));
        let _ = writeln!(page, "archived {rows} rows of {} in {} ({size})", file.table, file.url);
    }
}

fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
