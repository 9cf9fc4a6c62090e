//! The store: what leaves is what PostgreSQL and SQLite have afterwards, once, with the same meaning in both.
//!
//! Each test that can runs on both. What they hold is read back by their own tools, psql and sqlite3.

mod commands;
mod crashes;
mod dialects;
mod disks;
mod hostile;
mod kills;
pub(crate) mod links;
mod partitions;
mod recomputed;
mod refusals;
mod rollups;
mod schema;
mod troubles;

use crate::wires::{Place, Said, carry, counted, manifest, readings, run, same, stream, wanted};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use twinwright_io::outlets::address::Address;
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_io::outlets::{Manifest, Outlet, Tally, store};
use twinwright_model::{Parcel, Quality, Span, Time};
use twinwright_tests::Scratch;
use twinwright_tests::servers::postgres::Postgres;

/// Nanoseconds from reading to reading.
const STEP: i64 = 1_000_000;

/// A database of a test.
pub(crate) enum Base {
    Postgres(Box<Postgres>),
    Sqlite(PathBuf),
}

impl Base {
    pub(crate) fn both(scratch: &Scratch) -> [Base; 2] {
        [Base::Sqlite(scratch.join("plant.db")), Base::Postgres(Box::new(Postgres::start(scratch.path())))]
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Base::Postgres(server) => server.url(),
            Base::Sqlite(path) => format!("sqlite:{}", path.display()),
        }
    }

    /// A row a line, cells with `|` between them.
    pub(crate) fn ask(&self, statements: &str) -> String {
        match self {
            Base::Postgres(server) => server.ask(statements),
            Base::Sqlite(path) => {
                let output = sqlite3(path, statements);
                assert!(output.status.success(), "{statements}: {}", String::from_utf8_lossy(&output.stderr));
                String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
            }
        }
    }

    fn refuses(&self, statements: &str) -> String {
        match self {
            Base::Postgres(server) => server.refuses(statements),
            Base::Sqlite(path) => {
                let output = sqlite3(path, statements);
                assert!(!output.status.success(), "{statements}: is done");
                String::from_utf8_lossy(&output.stderr).into_owned()
            }
        }
    }

    /// A session of the database's own tool, fed line by line.
    fn session(&self) -> Child {
        let mut command = match self {
            Base::Postgres(server) => server.psql_of_lines(),
            Base::Sqlite(path) => {
                let mut command = Command::new("sqlite3");
                command.arg("-batch").arg(path);
                command
            }
        };
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts; tests/run installs it")
    }

    /// All readings by machine, sensor and nanosecond.
    fn readings(&self) -> BTreeMap<Place, Said> {
        let row = match self {
            Base::Postgres(_) => {
                "json_build_array(e.name, s.name, (extract(epoch FROM time) * 1000000)::bigint, value::text, quality)"
            }
            Base::Sqlite(_) => {
                "json_array(e.name, s.name, time, iif(value IS NULL, NULL, printf('%!.17g', value)), quality)"
            }
        };
        let text = self.ask(&format!(
            "SELECT {row} FROM sensor_readings r JOIN sensors s ON s.id = r.sensor_id JOIN equipment e ON e.id = s.equipment_id"
        ));
        let read = |line: &str| {
            let cells: Vec<serde_json::Value> = serde_json::from_str(line).expect("a row is JSON");
            let text = |at: usize| cells[at].as_str().map(str::to_owned);
            let number = |at: usize| cells[at].as_i64().expect("a whole number");
            let quality = ["good", "bad", "uncertain", "substitute"][number(4) as usize];
            let value = text(3).map(|value| value.parse().expect("a number"));
            let place = (text(0).expect("a machine"), text(1).expect("a sensor"), number(2) * 1_000);
            (place, (value, quality.to_owned()))
        };
        let rows: Vec<(Place, Said)> = text.lines().map(read).collect();
        let found: BTreeMap<Place, Said> = rows.iter().cloned().collect();
        assert_eq!(found.len(), rows.len(), "a reading is there twice");
        found
    }
}

fn sqlite3(path: &std::path::Path, statements: &str) -> std::process::Output {
    let mut command = Command::new("sqlite3");
    command.args(["-batch", "-bail", "-list", "-cmd", ".timeout 10000", "-cmd", "PRAGMA foreign_keys = ON"]);
    // What begins with a dash would be an option.
    command.arg(path).arg(format!(" {statements}")).output().expect("sqlite3 starts; tests/run installs it")
}

/// The plant of all wires, with times as fine as a store keeps them.
fn plant() -> Manifest {
    Manifest { resolution: Span(1_000), ..(*manifest()).clone() }
}

fn open(url: &str, plant: &Manifest) -> Result<Box<dyn Outlet>, OutletTrouble> {
    store::open(&Address::parse(url)?, &Arc::new(plant.clone()))
}

fn outlet(url: &str) -> Box<dyn Outlet> {
    open(url, &plant()).unwrap_or_else(|trouble| panic!("{url}: {trouble}"))
}

/// Opens, delivers and finishes.
fn deliver(url: &str, parcels: &[Arc<Parcel>], tally: &Tally) -> Result<(), OutletTrouble> {
    run(carry(outlet(url).as_mut(), parcels, tally, |_| ()))
}

/// A parcel of single readings: machine, sensor, microseconds after the start, value.
fn parcel(rows: &[(u32, u32, i64, f32)]) -> Arc<Parcel> {
    let mut parcel = Parcel::default();
    for (number, &(machine, sensor, micros, value)) in rows.iter().enumerate() {
        parcel.time.push(Time(crate::wires::START + micros * 1_000));
        parcel.machine.push(machine);
        parcel.future.push(0);
        parcel.sensor.push(sensor);
        parcel.value.push(value);
        parcel.quality.push(Quality::Good.code());
        parcel.fault.push(0);
        parcel.seq.push(number as u64 + 1);
    }
    Arc::new(parcel)
}

#[test]
fn both_databases_have_every_reading_as_it_left() {
    let scratch = Scratch::new();
    let parcels = stream(3, 700, STEP);
    for base in Base::both(&scratch) {
        let tally = Tally::default();
        let url = base.url() + if base.url().contains('?') { "&batch=1234" } else { "?batch=1234" };
        deliver(&url, &parcels, &tally).unwrap();
        same(&base.readings(), &wanted(&parcels));
        assert_eq!(counted(&tally), [readings(&parcels), readings(&parcels), 0]);
    }
}

#[test]
fn a_reading_that_comes_twice_is_stored_once_and_the_first_stays() {
    let scratch = Scratch::new();
    // Twice in one freight, once more in the next one; twice with another value.
    let first = parcel(&[(0, 0, 5, 1.5), (0, 1, 5, 2.5), (0, 0, 5, 1.5), (0, 0, 5, 9.0), (1, 0, 5, 3.5)]);
    let second = parcel(&[(0, 0, 6, 4.5), (0, 0, 5, 8.0), (0, 1, 5, 2.5)]);
    let third = parcel(&[(2, 2, 7, 21.7)]);
    for base in Base::both(&scratch) {
        let tally = Tally::default();
        deliver(&base.url(), &[first.clone(), second.clone(), third.clone()], &tally).unwrap();
        let values: Vec<f64> = base.readings().into_values().filter_map(|(value, _)| value).collect();
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        assert_eq!(sorted, [1.5, 2.5, 3.5, 4.5, 21.7]);
        assert_eq!(counted(&tally), [9, 9, 0]);
    }
}

#[test]
fn a_run_that_is_written_again_changes_nothing() {
    let scratch = Scratch::new();
    let parcels = stream(2, 300, STEP);
    for base in Base::both(&scratch) {
        deliver(&base.url(), &parcels[..1], &Tally::default()).unwrap();
        let ids = base
            .ask("SELECT e.name, s.name, s.id FROM sensors s JOIN equipment e ON e.id = s.equipment_id ORDER BY s.id");
        deliver(&base.url(), &parcels, &Tally::default()).unwrap();
        same(&base.readings(), &wanted(&parcels));
        let after = base
            .ask("SELECT e.name, s.name, s.id FROM sensors s JOIN equipment e ON e.id = s.equipment_id ORDER BY s.id");
        assert_eq!(ids, after);
        // Dense, in the order of the run.
        let numbers: Vec<&str> = ids.lines().filter_map(|line| line.rsplit('|').next()).collect();
        assert_eq!(numbers, (1..=12).map(|id: i32| id.to_string()).collect::<Vec<_>>());
    }
}

#[test]
fn hostile_names_are_stored_as_they_are() {
    let scratch = Scratch::new();
    let mut plant = plant();
    let names = ["'; DROP TABLE sensors; --", "\"x\" \\ $1 %s {} ?", "Ünï-çødé ☃ \u{202e} 𝕏", " leading\ttab\n"];
    for (head, name) in plant.machines.iter_mut().zip(names) {
        head.id = name.to_owned();
    }
    for (head, name) in plant.sheets[0].sensors.iter_mut().zip(names) {
        head.name = name.to_owned();
    }
    for (head, name) in plant.sensors.iter_mut().zip(names) {
        head.name = name.to_owned();
    }
    plant.path = names[0].to_owned();
    let some = parcel(&[(0, 0, 1, 1.0), (1, 1, 1, 2.0), (2, 2, 1, 3.0), (3, 0, 1, 4.0)]);
    for base in Base::both(&scratch) {
        let mut wire = open(&base.url(), &plant).unwrap();
        run(carry(wire.as_mut(), std::slice::from_ref(&some), &Tally::default(), |_| ())).unwrap();
        let found: Vec<(String, String)> =
            base.readings().into_keys().map(|(machine, sensor, _)| (machine, sensor)).collect();
        for (machine, sensor) in [(0, 0), (1, 1), (2, 2), (3, 0)] {
            assert!(found.contains(&(names[machine].to_owned(), names[sensor].to_owned())), "{found:?}");
        }
        assert_eq!(base.ask("SELECT count(*) FROM equipment WHERE location = '''; DROP TABLE sensors; --'"), "4");
    }
    plant.machines[0].id = "P\0".to_owned();
    let said = open("sqlite:unused.db", &plant).err().expect("a zero byte is no text").to_string();
    assert!(said.contains("zero bytes"), "{said}");
}
