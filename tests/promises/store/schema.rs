//! Schemas: made once by however many, the same in both dialects, never touched by a program that is too old.

use super::{Base, deliver, open, outlet, parcel, plant, stream};
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
        assert_eq!(base.ask("SELECT count(*), max(version) FROM _sqlx_migrations"), "5|5");
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
                "UPDATE _sqlx_migrations SET version = 9001 WHERE version = 5",
                "this store has schema 9001, which this program does not know",
            ),
            (
                "UPDATE _sqlx_migrations SET version = 5, checksum = CAST('x' AS bytea) WHERE version = 9001",
                "schema 5 of this store is not the one",
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

#[test]
fn both_dialects_have_the_same_columns_and_refuse_the_same_rows() {
    let scratch = Scratch::new();
    let bases = Base::both(&scratch);
    let columns = bases.each_ref().map(|base| {
        deliver(&base.url(), &[parcel(&[(0, 0, 1, 1.0)])], &Tally::default()).unwrap();
        ["equipment", "sensors", "sensor_readings"].map(|table| {
            let text = base.ask(&match base {
                Base::Postgres(_) => format!(
                    "SELECT column_name, CASE is_nullable WHEN 'NO' THEN 1 ELSE 0 END FROM information_schema.columns \
                     WHERE table_name = '{table}' ORDER BY column_name"
                ),
                // A rowid's key cannot be null without saying so.
                Base::Sqlite(_) => format!(
                    "SELECT name, max(\"notnull\", type = 'INTEGER' AND pk) FROM pragma_table_info('{table}') ORDER BY name"
                ),
            });
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        })
    });
    assert_eq!(columns[0], columns[1]);
    assert_eq!(columns[0].each_ref().map(Vec::len), [15, 16, 6]);
    let wrong = [
        "INSERT INTO equipment (name, kind) VALUES ('', 'pump')",
        "INSERT INTO equipment (name, kind) VALUES ('P-101', 'pump')",
        "INSERT INTO equipment (name, kind, status) VALUES ('X', 'pump', 'broken')",
        "INSERT INTO equipment (name, kind, metadata) VALUES ('X', 'pump', '[1]')",
        "INSERT INTO equipment (name, kind, metadata) VALUES ('X', 'pump', '{')",
        "INSERT INTO sensors (equipment_id, name) VALUES (999, 'x')",
        "INSERT INTO sensors (equipment_id, name) VALUES (1, 'vibration')",
        "INSERT INTO sensors (equipment_id, name, status) VALUES (1, 'x', 'broken')",
        "INSERT INTO sensors (equipment_id, name, range_low, range_high) VALUES (1, 'x', 2, 1)",
        "INSERT INTO sensors (equipment_id, name, sampling_rate) VALUES (1, 'x', 0)",
        "INSERT INTO sensor_readings (sensor_id, time, value, quality) SELECT sensor_id, time, value, 0 FROM sensor_readings",
        "INSERT INTO sensor_readings (sensor_id, time, value) SELECT 999, time, 1.0 FROM sensor_readings",
        "UPDATE sensor_readings SET sensor_id = 999",
        "UPDATE sensor_readings SET quality = 4",
        "UPDATE sensor_readings SET value = NULL, quality = 0",
        "UPDATE sensor_readings SET status_code = -1",
        "DELETE FROM sensors WHERE id = 1",
        "UPDATE sensors SET id = 99 WHERE id = 1",
        "DELETE FROM equipment WHERE id = 1",
    ];
    for base in &bases {
        wrong.iter().for_each(|statement| drop(base.refuses(statement)));
        base.ask("UPDATE sensor_readings SET value = NULL, quality = 1, status_code = 4294967295");
        base.ask("DELETE FROM sensors WHERE id = 2");
    }
    bases[1].refuses("UPDATE sensor_readings SET value = 'NaN'");
    bases[1].refuses("TRUNCATE sensors");
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
