//! `twinwright store verify` finds each sort of fault, says where it is, and finds none in a store that has none.

use super::{fill, store, told};
use crate::store::Base;
use serde_json::Value as Json;
use twinwright_tests::{Scratch, shown};

/// What breaks a store, and what is said of it.
fn faults(base: &Base) -> Vec<(&'static str, &'static str)> {
    let mut faults = vec![
        ("UPDATE sensor_readings_1h SET mean = mean + 1 WHERE sensor_id = 1 AND time = HOUR0", "mean of the hour is"),
        ("DELETE FROM sensor_readings_1h WHERE sensor_id = 1 AND time = HOUR1", "there are readings and no roll-up"),
        (
            "DELETE FROM sensor_readings_1m WHERE sensor_id = 1 AND time = HOUR2",
            "P-1 pressure at 2026-01-01T02:00:00.000Z: this minute has readings and no roll-up",
        ),
        (
            "UPDATE sensor_readings SET value = 500 WHERE sensor_id = 2 AND time = HOUR2 + SECOND",
            "flow at 2026-01-01T02:00:00.000Z: mean of the minute is",
        ),
        (
            "INSERT INTO archives (table_name, from_time, to_time, url, row_count, bytes, digest, created_at) VALUES \
             ('sensor_readings_1m', HOUR0, HOUR1, 'file:SCRATCH/x/sensor_readings_1m/2026/gone.parquet', 1, 1, 'x', HOUR0)",
            "gone.parquet: it is not there",
        ),
        (
            "INSERT INTO runs (name, kind, scenario, title, document, seed, futures, machines, start_time, tick_ns, plan_digest, \
             version, command, began_at) VALUES ('pumps-1', 'scenario', 's', 't', 'd', 1, 1, 1, HOUR0, 1, D32, '1', 'run', HOUR0); \
             INSERT INTO checkpoints (run_id, tick, time, state_digest, plan_digest, engine, snapshot, taken_at) \
             SELECT id, 7, HOUR0, D32, D32, '1', BYTES, HOUR0 FROM runs",
            "tick 7 of run pumps-1: ",
        ),
        ("INSERT INTO rollups_due (sensor_id, hour) VALUES (1, HOUR0 + SECOND)", "is of no whole hour"),
    ];
    faults.extend(match base {
        Base::Sqlite(_) => vec![
            ("DROP INDEX alerts_by_time", "index alerts_by_time is missing"),
            ("PRAGMA foreign_keys = OFF; UPDATE sensors SET equipment_id = 77 WHERE id = 2", "sensors: row 2 names"),
            (
                "DROP TRIGGER audit_log_never_changes; UPDATE audit_log SET who = 'eve' WHERE id = 1",
                "audit_log: row 1 was changed after it was written",
            ),
        ],
        Base::Postgres(_) => vec![
            (
                "SET session_replication_role = replica; INSERT INTO sensor_readings (sensor_id, time, value) VALUES (88, HOUR0, 1)",
                "sensor_readings: 1 sensors that readings name are not there, the first is sensor 88",
            ),
            (
                "SET session_replication_role = replica; UPDATE latest_readings SET sensor_id = 99 WHERE sensor_id = 2",
                "the first sensor_id is 99",
            ),
            (
                "ALTER TABLE audit_log DISABLE TRIGGER only_grows; UPDATE audit_log SET who = 'eve' WHERE id = 1",
                "guard only_grows of audit_log is turned off",
            ),
            ("ALTER TABLE sensors DROP CONSTRAINT sensors_equipment_id_fkey", "from sensors.equipment_id to equipment is missing"),
            ("UPDATE history_partitions SET ends = ends - interval '1 d' WHERE parent = 'sensor_readings'", "has other bounds than told"),
            (
                "CREATE TABLE stray PARTITION OF sensor_readings FOR VALUES FROM ('2031-01-01T00:00:00Z') TO ('2031-01-02T00:00:00Z')",
                "stray of sensor_readings is not in history_partitions",
            ),
        ],
    });
    faults
}

#[test]
fn each_sort_of_fault_is_found_and_none_where_there_is_none() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        let url = base.url();
        told(&scratch, &url, &["migrate", "--user", "ann"]);
        fill(&base);
        let page = told(&scratch, &url, &["verify"]);
        assert!(page.contains("6 of 6 hours compared") && page.ends_with("no faults\n"), "{page}");
        let (hour, second, bytes) = match base {
            Base::Sqlite(_) => ("(1767225600000000 + N * 3600000000)", "1000000", "CAST('state' AS BLOB)"),
            Base::Postgres(_) => {
                ("(timestamptz '2026-01-01T00:00:00Z' + N * interval '1 h')", "interval '1 s'", "'state'::bytea")
            }
        };
        let faults = faults(&base);
        for (what, _) in &faults {
            let mut what =
                what.replace("SECOND", second).replace("BYTES", bytes).replace("D32", &format!("'{}'", "0".repeat(32)));
            for number in 0..3 {
                what = what.replace(&format!("HOUR{number}"), &hour.replace('N', &number.to_string()));
            }
            base.ask(&what.replace("SCRATCH", &scratch.path().display().to_string()));
        }
        let output = store(&scratch, &url, &["verify"]);
        assert_eq!(output.status.code(), Some(1));
        let page = shown(&output);
        for (_, said) in &faults {
            assert!(page.contains(said), "{said}\nis not in\n{page}");
        }
        let output = store(&scratch, &url, &["verify", "--format", "json"]);
        let found: Json = serde_json::from_str(&shown(&output)).unwrap();
        assert_eq!(found["faults"].as_u64(), found["findings"].as_array().map(|all| all.len() as u64));
        // A sample of nothing but chance finds no more than all.
        let output = store(&scratch, &url, &["verify", "--sample", "0.3", "--format", "json"]);
        let part: Json = serde_json::from_str(&shown(&output)).unwrap();
        assert!(part["faults"].as_u64() <= found["faults"].as_u64());
    }
}

#[test]
fn what_was_dropped_on_purpose_is_no_fault_and_what_else_goes_is_one() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        let url = base.url();
        told(&scratch, &url, &["migrate"]);
        fill(&base);
        told(&scratch, &url, &["prune", "--keep", "sensor_readings=10d", "--now", "2026-02-01T00:00:00Z"]);
        assert_eq!(base.ask("SELECT count(*) FROM sensor_readings"), "0");
        // Also when it is to be kept for ever from now on.
        for keep in ["10", "NULL"] {
            base.ask(&format!("UPDATE retention SET keep_days = {keep}"));
            assert!(told(&scratch, &url, &["verify"]).contains("no faults"), "{keep}");
        }
        // Two hours after the last reading that was dropped, of which nobody knows.
        let hour = match base {
            Base::Sqlite(_) => "time + 5 * 3600000000",
            Base::Postgres(_) => "time + interval '5 h'",
        };
        base.ask(&format!("UPDATE sensor_readings_1h SET time = {hour} WHERE sensor_id = 1"));
        let output = store(&scratch, &url, &["verify"]);
        assert_eq!(output.status.code(), Some(1));
        let page = shown(&output);
        assert!(page.contains("P-1 pressure at 2026-01-01T07:00:00.000Z: there is a roll-up and no reading"), "{page}");
        assert!(page.ends_with("3 faults\n"), "{page}");
    }
}
