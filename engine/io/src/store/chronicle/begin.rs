//! The beginning of a run: its row, the versions of its machine files, and what these say of its machines and sensors.
//!
//! All of it is one transaction. What a person has entered of a machine stays where the files say nothing of it.

use super::insert::Insert;
use crate::outlets::trouble::OutletTrouble;
use crate::store::postgres::REGISTRY_LOCK;
use crate::store::runs::{self, RunHeading};
use crate::store::{Cell, Dialect, Link};
use serde_json::Value;
use std::collections::BTreeMap;
use twinwright_model::Time;

/// What the files say of a run's plant.
#[derive(Debug, Clone, Default)]
pub struct Plant {
    pub machines: Vec<MachineFace>,
    /// From and to, as places among the machines, and `contains`, `feeds` or `controls`.
    pub links: Vec<(usize, usize, &'static str)>,
    pub files: Vec<MachineFile>,
}

/// A machine as its files describe it.
#[derive(Debug, Clone, Default)]
pub struct MachineFace {
    pub name: String,
    pub kind: String,
    pub class: Option<String>,
    pub location: Option<String>,
    pub manufacturer: Option<String>,
    pub model: Option<String>,
    pub serial_number: Option<String>,
    pub installed: Option<Time>,
    pub sensors: Vec<SensorFace>,
}

/// A sensor as the file of its machine describes it.
#[derive(Debug, Clone, Default)]
pub struct SensorFace {
    pub name: String,
    pub parameter_type: Option<String>,
    pub unit: String,
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// Standard deviation of its noise.
    pub accuracy: Option<f64>,
    pub resolution: Option<f64>,
    /// Per second.
    pub sampling_rate: Option<f64>,
    pub slope: f64,
    pub offset: f64,
}

/// A machine file that a run uses.
#[derive(Debug, Clone)]
pub struct MachineFile {
    pub kind: String,
    /// Of the text, 32 hexadecimal digits.
    pub digest: String,
    pub document: String,
    pub baselines: Value,
    pub thresholds: Value,
}

/// A run that has its row, and the store's ids of what it has.
#[derive(Debug, Clone, Default)]
pub struct Begun {
    pub run: i64,
    pub name: String,
    /// By machine of the run.
    pub machines: Vec<i64>,
    /// By machine, in the order of its sensors.
    pub sensors: Vec<Vec<i64>>,
}

/// Machines asked for in one statement.
const NAMES: usize = 500;

/// Makes or completes all rows that a run needs before it leaves any history.
pub async fn begin(link: &mut Link, heading: &RunHeading, plant: &Plant) -> Result<Begun, OutletTrouble> {
    link.begin().await?;
    match begin_within(link, heading, plant).await {
        Ok(begun) => link.commit().await.map(|()| begun),
        Err(trouble) => {
            let _ = link.roll_back().await;
            Err(trouble)
        }
    }
}

/// The same within the caller's transaction.
pub async fn begin_within(link: &mut Link, heading: &RunHeading, plant: &Plant) -> Result<Begun, OutletTrouble> {
    take_turn(link).await?;
    let (run, name) = runs::begin(link, heading).await?;
    configure(link, run, heading.began, &plant.files).await?;
    Ok(Begun { run, name, ..register(link, plant).await? })
}

/// Two programs that make rows of the registry at once would make the same, or lock each other out: within a transaction,
/// whoever comes second waits here. In SQLite there is one writer at a time anyway.
pub async fn take_turn(link: &mut Link) -> Result<(), OutletTrouble> {
    if link.dialect() == Dialect::Postgres {
        link.run("SELECT pg_advisory_xact_lock($1)", &[REGISTRY_LOCK.into()]).await?;
    }
    Ok(())
}

/// Makes or completes the rows of machines, sensors and links, within the caller's transaction, and answers their ids.
pub async fn register(link: &mut Link, plant: &Plant) -> Result<Begun, OutletTrouble> {
    register_machines(link, &plant.machines).await?;
    let machines = machine_ids(link, &plant.machines).await?;
    register_sensors(link, &plant.machines, &machines).await?;
    let sensors = sensor_ids(link, &plant.machines, &machines).await?;
    let mut links = Insert::into("equipment_links", &["from_id", "to_id", "kind"], "ON CONFLICT DO NOTHING");
    for &(from, to, kind) in plant.links.iter().filter(|(from, to, _)| from != to) {
        links.add([machines[from].into(), machines[to].into(), kind.into()]);
    }
    links.write(link).await?;
    Ok(Begun { machines, sensors, ..Begun::default() })
}

/// Joins a run to its machine files, within the caller's transaction. Every version of a file is kept once.
pub async fn configure(link: &mut Link, run: i64, now: Time, files: &[MachineFile]) -> Result<(), OutletTrouble> {
    for file in files {
        let known = "SELECT id FROM machine_configurations WHERE kind = $1 AND digest = $2";
        let mut found = link.first(known, &[(&file.kind).into(), (&file.digest).into()]).await?;
        if found.is_none() {
            let make = "INSERT INTO machine_configurations (kind, version, digest, document, baselines, thresholds, created_at) \
                        SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5, $6 FROM machine_configurations WHERE kind = $7 \
                        RETURNING id";
            let values: [Cell; 7] = [
                (&file.kind).into(),
                (&file.digest).into(),
                (&file.document).into(),
                file.baselines.clone().into(),
                file.thresholds.clone().into(),
                now.into(),
                (&file.kind).into(),
            ];
            found = link.first(make, &values).await?;
        }
        let id = found.map_or(0, |row| row.int(0));
        let join = "INSERT INTO run_configurations (run_id, configuration_id) VALUES ($1, $2)";
        link.run(join, &[run.into(), id.into()]).await?;
    }
    Ok(())
}

async fn register_machines(link: &mut Link, machines: &[MachineFace]) -> Result<(), OutletTrouble> {
    let columns = ["name", "kind", "class", "location", "manufacturer", "model", "serial_number", "installed_at"];
    let mut rows = Insert::into("equipment", &columns, &said_anew("(name)", &columns[1..], "equipment"));
    for one in machines {
        rows.add([
            (&one.name).into(),
            (&one.kind).into(),
            one.class.clone().into(),
            one.location.clone().into(),
            one.manufacturer.clone().into(),
            one.model.clone().into(),
            one.serial_number.clone().into(),
            one.installed.into(),
        ]);
    }
    rows.write(link).await
}

async fn register_sensors(link: &mut Link, machines: &[MachineFace], ids: &[i64]) -> Result<(), OutletTrouble> {
    // A unit is never said anew: readings that are there would change their meaning.
    let columns = [
        "equipment_id",
        "name",
        "unit",
        "parameter_type",
        "range_low",
        "range_high",
        "accuracy",
        "resolution",
        "sampling_rate",
        "calibration_slope",
        "calibration_offset",
    ];
    let mut rows = Insert::into("sensors", &columns, &said_anew("(equipment_id, name)", &columns[3..], "sensors"));
    for (machine, id) in machines.iter().zip(ids) {
        for one in &machine.sensors {
            rows.add([
                (*id).into(),
                (&one.name).into(),
                (&one.unit).into(),
                one.parameter_type.clone().into(),
                one.low.into(),
                one.high.into(),
                one.accuracy.into(),
                one.resolution.into(),
                one.sampling_rate.into(),
                one.slope.into(),
                one.offset.into(),
            ]);
        }
    }
    rows.write(link).await
}

/// What becomes of a row that is there: what is said now takes the place of what was, and nothing of something.
fn said_anew(key: &str, columns: &[&str], table: &str) -> String {
    let set: Vec<String> =
        columns.iter().map(|column| format!("{column} = coalesce(excluded.{column}, {table}.{column})")).collect();
    format!("ON CONFLICT {key} DO UPDATE SET {}", set.join(", "))
}

async fn machine_ids(link: &mut Link, machines: &[MachineFace]) -> Result<Vec<i64>, OutletTrouble> {
    let mut known: BTreeMap<String, i64> = BTreeMap::new();
    for some in machines.chunks(NAMES) {
        let ask = format!("SELECT name, id FROM equipment WHERE name IN ({})", places(some.len()));
        let names: Vec<Cell> = some.iter().map(|one| Cell::from(&one.name)).collect();
        link.each(ask, &names, |row| {
            known.insert(row.text(0).to_owned(), row.int(1));
        })
        .await?;
    }
    let missing = |name: &str| OutletTrouble::lasting(format!("{}: machine `{name}` was not stored", link.name()));
    machines.iter().map(|one| known.get(&one.name).copied().ok_or_else(|| missing(&one.name))).collect()
}

async fn sensor_ids(link: &mut Link, machines: &[MachineFace], ids: &[i64]) -> Result<Vec<Vec<i64>>, OutletTrouble> {
    let mut known: BTreeMap<(i64, String), (i64, String)> = BTreeMap::new();
    for some in ids.chunks(NAMES) {
        let ask =
            format!("SELECT equipment_id, name, id, unit FROM sensors WHERE equipment_id IN ({})", places(some.len()));
        let values: Vec<Cell> = some.iter().map(|id| Cell::from(*id)).collect();
        link.each(ask, &values, |row| {
            known.insert((row.int(0), row.text(1).to_owned()), (row.int(2), row.text(3).to_owned()));
        })
        .await?;
    }
    let mut all = Vec::with_capacity(machines.len());
    for (machine, id) in machines.iter().zip(ids) {
        let mut own = Vec::with_capacity(machine.sensors.len());
        for sensor in &machine.sensors {
            let (store, of, name) = (link.name(), &machine.name, &sensor.name);
            let Some((found, unit)) = known.get(&(*id, name.clone())) else {
                return Err(OutletTrouble::lasting(format!("{store}: sensor `{name}` of `{of}` was not stored")));
            };
            if *unit != sensor.unit {
                return Err(OutletTrouble::Lasting(format!(
                    "{store}: sensor `{name}` of `{of}` is in `{unit}` there and in `{}` here; use another store or another name",
                    sensor.unit
                )));
            }
            own.push(*found);
        }
        all.push(own);
    }
    Ok(all)
}

fn places(count: usize) -> String {
    (1..=count).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}
