//! All machines of a store at a glance, as a table.

use super::names;
use super::sheet::{Entry, Sheet};
use crate::Trouble;
use twinwright_io::store::Link;
use twinwright_io::store::queries::machines;
use twinwright_io::store::queries::overview::{OverviewRow, overview};

const HEADS: [&str; 12] = [
    "machine",
    "kind",
    "status",
    "mode",
    "critical",
    "high",
    "medium",
    "low",
    "last_reading",
    "sensor",
    "value",
    "unit",
];

/// Machines by name; open alerts are those of the run that is meant, else of the latest.
pub async fn sheet(link: &mut Link, run: Option<&str>) -> Result<Sheet, Trouble> {
    let run = match names::run(link, run).await? {
        Some(run) => Some(run),
        None => machines::latest_run(link).await?,
    };
    let mut sheet = Sheet::new(&HEADS);
    for machine in overview(link, run.map_or(0, |run| run.id)).await? {
        sheet.row(row(&machine));
    }
    Ok(sheet)
}

fn row(machine: &OverviewRow) -> Vec<Entry> {
    let mut row = vec![Entry::words(&machine.name), Entry::words(&machine.kind), Entry::words(&machine.status)];
    row.push(Entry::words(machine.mode.as_deref().unwrap_or("")));
    row.extend(machine.open.map(Entry::Whole));
    match &machine.last {
        Some(last) => row.extend([
            Entry::When(last.time),
            Entry::words(&last.sensor),
            Entry::number(last.value),
            Entry::words(&last.unit),
        ]),
        None => row.extend([Entry::Nothing, Entry::Nothing, Entry::Nothing, Entry::Nothing]),
    }
    row
}
