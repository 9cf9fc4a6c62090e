//! History that stays small: what is old goes, what is archived comes back to the last bit, and nothing is lost between.

mod buckets;
mod damage;
mod kept;
mod killed;
mod rows;

use crate::store::Base;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_io::store::archive::{self, Reading, Watch};
use twinwright_io::store::retention::{self, Change, Order, Pruned};
use twinwright_io::store::{Cell, Dialect, Link, Place};
use twinwright_model::Time;

/// Microseconds.
const DAY: i64 = 86_400_000_000;
const WEEK: i64 = 7 * DAY;
/// Noon of Thursday 2026-03-05, in microseconds.
const NOW: i64 = 1_772_712_000_000_000;
/// Monday 1970-01-05.
const FIRST_MONDAY: i64 = 4 * DAY;

/// Machine, sensor and microsecond of each reading, and what it is to the last bit.
type Readings = BTreeMap<(String, String, i64), (Option<u64>, i64, Option<u64>, Option<i64>)>;

fn time(micros: i64) -> Time {
    Time(micros * 1_000)
}

/// The first instant of the week of another one.
fn week(micros: i64) -> i64 {
    micros - (micros - FIRST_MONDAY).rem_euclid(WEEK)
}

async fn link(base: &Base) -> Link {
    Link::open(&Place::parse(&base.url()).expect("a place")).await.expect("a store")
}

/// Sensors of a machine, and their ids.
async fn sensors(link: &mut Link, machine: &str, names: &[&str]) -> Vec<i64> {
    let mut ids = Vec::new();
    link.run("INSERT INTO equipment (name, kind) VALUES ($1, 'pump')", &[machine.into()]).await.unwrap();
    for name in names {
        let make = "INSERT INTO sensors (equipment_id, name, unit) SELECT id, $2, 'mm/s' FROM equipment WHERE name = $1 RETURNING id";
        ids.push(link.first(make, &[machine.into(), (*name).into()]).await.unwrap().unwrap().int(0));
    }
    ids
}

/// A reading as it is stored.
type Cells = (i64, Option<f64>, i64, Option<f64>, Option<i64>);

async fn write(link: &mut Link, sensor: i64, rows: &[Cells]) {
    if link.dialect() == Dialect::Postgres {
        let mut weeks: Vec<i64> = rows.iter().map(|row| week(row.0)).collect();
        weeks.dedup();
        for week in weeks {
            link.run("SELECT make_partition('sensor_readings', 7, $1)", &[Cell::Time(week)]).await.unwrap();
        }
    }
    link.begin().await.unwrap();
    for (at, value, quality, raw, status) in rows {
        let make = "INSERT INTO sensor_readings (sensor_id, time, value, quality, raw_value, status_code) VALUES ($1, $2, $3, $4, $5, $6)";
        let values =
            [sensor.into(), Cell::Time(*at), (*value).into(), (*quality).into(), (*raw).into(), (*status).into()];
        link.run(make, &values).await.unwrap();
    }
    link.commit().await.unwrap();
}

/// All that the table has.
async fn stored(link: &mut Link) -> Readings {
    let ask = "SELECT e.name, s.name, r.time, r.value, r.quality, r.raw_value, r.status_code FROM sensor_readings r \
               JOIN sensors s ON s.id = r.sensor_id JOIN equipment e ON e.id = s.equipment_id";
    let rows = link.all(ask, &[]).await.unwrap();
    let bits = |value: Option<f64>| value.map(f64::to_bits);
    let row = |row: &twinwright_io::store::Record| {
        let key = (row.text(0).to_owned(), row.text(1).to_owned(), row.int(2));
        (key, (bits(row.maybe_real(3)), row.int(4), bits(row.maybe_real(5)), row.maybe_int(6)))
    };
    rows.iter().map(row).collect()
}

/// All that archives give of these sensors; each instant once and in order.
async fn archived(link: &mut Link, sensors: &[(&str, &str)]) -> Result<Readings, OutletTrouble> {
    let mut found = Readings::new();
    for (machine, sensor) in sensors {
        let mut last = None;
        let take = |reading: Reading| {
            assert!(last.is_none_or(|last| last < reading.time), "not in order, or twice: {reading:?}");
            last = Some(reading.time);
            let key = ((*machine).to_owned(), (*sensor).to_owned(), reading.time.0 / 1_000);
            let bits = |value: Option<f64>| value.map(f64::to_bits);
            let cells = (bits(reading.value), i64::from(reading.quality), bits(reading.raw_value), reading.status_code);
            found.insert(key, cells);
        };
        archive::read(link, (machine, sensor), Time(i64::MIN), Time(i64::MAX), take).await?;
    }
    Ok(found)
}

async fn prune(link: &mut Link, changes: &[Change], dry_run: bool) -> Result<Pruned, OutletTrouble> {
    let stop = AtomicBool::new(false);
    let order = Order { now: time(NOW), dry_run, who: "ann", changes };
    retention::prune(link, &order, &Watch { stop: &stop, tell: &|_, _| () }).await
}

fn archive_to(folder: &Path) -> Change {
    Change::Archive(Some(format!("file:{}", folder.display())))
}

/// Names of the files below a folder, in order.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).into_iter().flatten().flatten() {
            match entry.path().is_dir() {
                true => folders.push(entry.path()),
                false => found.push(entry.file_name().to_string_lossy().into_owned()),
            }
        }
    }
    found.sort();
    found
}
