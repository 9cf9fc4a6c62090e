//! Which machines, sensors and runs a store knows, by their names.

use crate::outlets::trouble::OutletTrouble;
use crate::store::Link;
use crate::store::runs::{self, RunRow};

/// A machine of the registry.
#[derive(Debug, Clone, PartialEq)]
pub struct MachineRow {
    pub id: i64,
    pub name: String,
    pub kind: String,
    pub location: Option<String>,
}

/// A sensor of the registry and the machine that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct SensorRow {
    pub id: i64,
    pub name: String,
    pub unit: String,
    pub machine: String,
}

pub async fn machine(link: &mut Link, name: &str) -> Result<Option<MachineRow>, OutletTrouble> {
    let ask = "SELECT id, name, kind, location FROM equipment WHERE name = $1";
    Ok(link.first(ask, &[name.into()]).await?.map(|row| MachineRow {
        id: row.int(0),
        name: row.text(1).to_owned(),
        kind: row.text(2).to_owned(),
        location: row.maybe_text(3).filter(|location| !location.is_empty()).map(str::to_owned),
    }))
}

pub async fn machine_names(link: &mut Link) -> Result<Vec<String>, OutletTrouble> {
    names(link, "SELECT name FROM equipment ORDER BY id", &[]).await
}

/// The sensors of a machine, in the order of their ids.
pub async fn sensors(link: &mut Link, machine: &MachineRow) -> Result<Vec<SensorRow>, OutletTrouble> {
    let ask = "SELECT id, name, unit FROM sensors WHERE equipment_id = $1 ORDER BY id";
    let rows = link.all(ask, &[machine.id.into()]).await?;
    Ok(rows
        .iter()
        .map(|row| SensorRow {
            id: row.int(0),
            name: row.text(1).to_owned(),
            unit: row.text(2).to_owned(),
            machine: machine.name.clone(),
        })
        .collect())
}

/// The latest run that has a history of its own; those of a study leave figures only.
pub async fn latest_run(link: &mut Link) -> Result<Option<RunRow>, OutletTrouble> {
    let ask = "SELECT name FROM runs WHERE study IS NULL ORDER BY id DESC LIMIT 1";
    match link.first(ask, &[]).await? {
        Some(row) => runs::named(link, row.text(0)).await,
        None => Ok(None),
    }
}

/// The latest run that says what a machine did.
pub async fn latest_run_of(link: &mut Link, machine: i64) -> Result<Option<RunRow>, OutletTrouble> {
    let ask = "SELECT r.name FROM runs r WHERE EXISTS (SELECT 1 FROM status_events e WHERE e.run_id = r.id \
               AND e.equipment_id = $1) ORDER BY r.id DESC LIMIT 1";
    match link.first(ask, &[machine.into()]).await? {
        Some(row) => runs::named(link, row.text(0)).await,
        None => Ok(None),
    }
}

pub async fn run_names(link: &mut Link) -> Result<Vec<String>, OutletTrouble> {
    names(link, "SELECT name FROM runs ORDER BY id DESC", &[]).await
}

/// The rules of a run's alerts.
pub async fn rules(link: &mut Link, run: i64) -> Result<Vec<String>, OutletTrouble> {
    names(link, "SELECT DISTINCT rule FROM alerts WHERE run_id = $1", &[run.into()]).await
}

async fn names(
    link: &mut Link,
    ask: &'static str,
    values: &[crate::store::Cell],
) -> Result<Vec<String>, OutletTrouble> {
    let mut names = Vec::new();
    link.each(ask, values, |row| names.push(row.text(0).to_owned())).await?;
    Ok(names)
}
