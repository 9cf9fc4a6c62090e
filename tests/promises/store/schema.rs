//! Schemas: made once by however many, the same in both dialects, never touched by a program that is too old.

use super::{Base, deliver, open, outlet, plant, stream};
use crate::wires::run;
use twinwright_io::outlets::Tally;
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_tests::Scratch;

#[test]
fn programs_that_start_together_make_one_schema_and_one_registry() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        let url = base.url();
        run(async {
            let open_one = || {
                let url = url.clone();
                tokio::spawn(async move { outlet(&url).open().await })
            };
            let tasks: Vec<_> = (0..6).map(|_| open_one()).collect();
            for task in tasks {
                task.await.expect("no panic").unwrap();
            }
        });
        assert_eq!(base.ask("SELECT count(*), max(version) FROM _sqlx_migrations"), "6|6");
        assert_eq!(base.ask("SELECT count(*), max(id) FROM equipment"), "4|4");
        assert_eq!(base.ask("SELECT count(*), max(id) FROM sensors"), "12|12");
    }
}

#[test]
fn a_store_that_is_newer_or_another_is_refused_and_left_alone() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        deliver(&base.url(), &[], &Tally::default()).unwrap();
        for (change, said) in [
            (
                "UPDATE _sqlx_migrations SET version = 9001 WHERE version = 6",
                "this store has schema 9001, which this program does not know",
            ),
            (
                "UPDATE _sqlx_migrations SET version = 6, checksum = CAST('x' AS bytea) WHERE version = 9001",
                "schema 6 of this store is not the one",
            ),
        ] {
            let sqlite = change.replace("AS bytea", "AS blob");
            base.ask(if matches!(base, Base::Sqlite(_)) { &sqlite } else { change });
            let trouble = deliver(&base.url(), &stream(1, 1, 1_000), &Tally::default()).unwrap_err();
            assert!(matches!(&trouble, OutletTrouble::Lasting(why) if why.contains(said)), "{trouble:?}");
            assert_eq!(base.ask("SELECT count(*) FROM sensor_readings"), "0");
        }
    }
}

/// SHA-384 of what was released, by sha384sum. A store remembers them.
pub(super) const RELEASED: [(&str, &str); 2] = [
    ("sqlite", "a3e5528fc1d565c0894d5f8b489399697cdb1f2b37b9813375b66cab57ecfe3c0dff49b41b88e0fa43a43229822391f3"),
    ("postgres", "8aec8a39a5ebc0c60bad9aa498990ea783aed5e477108c8dc375c35aa36f2f6cec7155b6fc6fd442fe24804c979bcedd"),
];

/// Makes a store as the first release did, by the database's own tool, with readings around an hour's and a day's end and
/// before 1970.
fn old_store(base: &Base) {
    let is_postgres = matches!(base, Base::Postgres(_));
    let (dialect, digest) = RELEASED[usize::from(is_postgres)];
    let path = twinwright_tests::project().join("migrations").join(dialect).join("0001_readings.sql");
    base.ask(&std::fs::read_to_string(path).unwrap());
    let (digest, yes, blob, time) = if is_postgres {
        (format!("'\\x{digest}'"), "true", "bytea", "timestamptz")
    } else {
        (format!("x'{digest}'"), "1", "blob", "timestamp")
    };
    base.ask(&format!(
        "CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, description text NOT NULL, \
         installed_on {time} NOT NULL DEFAULT CURRENT_TIMESTAMP, success boolean NOT NULL, checksum {blob} NOT NULL, \
         execution_time bigint NOT NULL); \
         INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (1, 'readings', {yes}, {digest}, 0)"
    ));
    base.ask("INSERT INTO equipment (name, kind) VALUES ('P-101', 'pump'), ('P-102', 'pump')");
    base.ask("INSERT INTO sensors (equipment_id, name, unit) VALUES (1, 'vibration', '1'), (1, 'spare', ''), (2, 'vibration', '1')");
    for (sensor, time, value) in OLD {
        let time = moment(base, time);
        base.ask(&format!("INSERT INTO sensor_readings (sensor_id, time, value) VALUES ({sensor}, {time}, {value})"));
    }
}

/// Sensor, microseconds since 1970, value.
const OLD: [(i32, i64, f64); 6] = [
    (1, -1, 1.5),
    (1, 0, 2.5),
    (1, 1_767_225_599_999_999, 3.5),
    (1, 1_767_225_600_000_000, 4.5),
    (1, 1_767_229_199_000_000, 5.5),
    (3, 1_767_225_600_000_000, 6.5),
];
/// Their hours, by integer division downwards: of what lies a microsecond before 1970 it is the hour before.
const OLD_HOURS: [(i32, i64); 5] =
    [(1, -3_600_000_000), (1, 0), (1, 1_767_222_000_000_000), (1, 1_767_225_600_000_000), (3, 1_767_225_600_000_000)];

fn moment(base: &Base, micros: i64) -> String {
    match base {
        Base::Postgres(_) => format!("timestamptz '1970-01-01T00:00:00Z' + interval '1 microsecond' * {micros}"),
        Base::Sqlite(_) => micros.to_string(),
    }
}

/// A column of times as microseconds.
fn micros(base: &Base, column: &str) -> String {
    match base {
        Base::Postgres(_) => format!("(extract(epoch FROM {column}) * 1000000)::bigint"),
        Base::Sqlite(_) => column.to_owned(),
    }
}

#[test]
fn a_store_of_the_first_release_keeps_its_readings_and_its_hours_are_due() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        old_store(&base);
        run(async { super::links::link(&base).await.close().await });
        assert_eq!(base.ask("SELECT count(*), max(version) FROM _sqlx_migrations"), "6|6");
        let ask =
            format!("SELECT sensor_id, {}, value FROM sensor_readings ORDER BY sensor_id, time", micros(&base, "time"));
        assert_eq!(base.ask(&ask), OLD.map(|(sensor, time, value)| format!("{sensor}|{time}|{value}")).join("\n"));
        let ask = format!("SELECT sensor_id, {} FROM rollups_due ORDER BY sensor_id, hour", micros(&base, "hour"));
        assert_eq!(base.ask(&ask), OLD_HOURS.map(|(sensor, hour)| format!("{sensor}|{hour}")).join("\n"));
        // It is written to like any other, also into days that it has.
        deliver(&base.url(), &stream(2, 10, 3_600_000_000_000), &Tally::default()).unwrap();
        assert_eq!(base.ask("SELECT count(*) FROM sensor_readings WHERE value = 3.5 OR value = -1"), "1");
        base.refuses("INSERT INTO sensor_readings (sensor_id, time, value) SELECT 999, time, 1.0 FROM sensor_readings");
    }
}

#[test]
fn a_sensor_that_has_another_unit_in_the_store_is_refused() {
    let scratch = Scratch::new();
    let mut other = plant();
    other.sheets[0].sensors[1].unit = "K".to_owned();
    for base in Base::both(&scratch) {
        deliver(&base.url(), &[], &Tally::default()).unwrap();
        let mut wire = open(&base.url(), &other).unwrap();
        let trouble = run(wire.open()).unwrap_err();
        let said = "sensor `bearing temp` of `P-101` is in `1` there and in `K` here";
        assert!(matches!(&trouble, OutletTrouble::Lasting(why) if why.contains(said)), "{trouble:?}");
    }
}
