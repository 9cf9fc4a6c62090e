//! `twinwright store` as a person meets it: a look that changes nothing, copies that are whole, faults that are found.

mod backups;
mod faults;

use crate::store::Base;
use serde_json::Value as Json;
use std::process::Output;
use twinwright_io::store::rollups;
use twinwright_tests::{Scratch, said, shown, twinwright};

/// Runs `twinwright store` on a store.
fn store(scratch: &Scratch, url: &str, arguments: &[&str]) -> Output {
    let all: Vec<&str> = ["store"].into_iter().chain(arguments.iter().copied()).chain(["--store", url]).collect();
    twinwright(scratch.path(), &all)
}

/// What it says when all is well.
fn told(scratch: &Scratch, url: &str, arguments: &[&str]) -> String {
    let output = store(scratch, url, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}{}", shown(&output), said(&output));
    shown(&output)
}

/// What it says when it does not do it: one line.
fn refused(scratch: &Scratch, url: &str, arguments: &[&str], code: i32) -> String {
    let output = store(scratch, url, arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}{}", shown(&output), said(&output));
    assert_eq!((shown(&output), said(&output).lines().count()), (String::new(), 1), "{}", said(&output));
    said(&output)
}

/// A store with a machine, two sensors, three hours of readings a second apart in all, and their roll-ups.
fn fill(base: &Base) {
    let fill = async {
        let mut link = crate::ledger::link(base).await;
        link.run("INSERT INTO equipment (name, kind) VALUES ('P-1', 'pump')", &[]).await.unwrap();
        let make = "INSERT INTO sensors (equipment_id, name, unit) SELECT id, $1, 'bar' FROM equipment";
        for name in ["pressure", "flow"] {
            link.run(make, &[name.into()]).await.unwrap();
        }
        link.close().await;
    };
    crate::wires::run(fill);
    let (rooms, time, hour) = match base {
        Base::Sqlite(_) => ("", "1767225600000000 + n * 1000000", "1767225600000000 + n * 3600000000"),
        Base::Postgres(_) => (
            "SELECT make_partition('sensor_readings', 7, '2026-01-01T00:00:00Z');",
            "timestamptz '2026-01-01T00:00:00Z' + n * interval '1 s'",
            "timestamptz '2026-01-01T00:00:00Z' + n * interval '1 h'",
        ),
    };
    let numbers = |count: u32| {
        format!("WITH RECURSIVE c (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < {}) ", count - 1)
    };
    base.ask(&format!(
        "UPDATE retention SET keep_days = NULL; {rooms} INSERT INTO sensor_readings (sensor_id, time, value, quality) {} SELECT 1 + n % 2, {time}, n % 97, 0 FROM c; \
         INSERT INTO rollups_due (sensor_id, hour) {} SELECT s.id, {hour} FROM c, sensors s",
        numbers(10_800),
        numbers(3)
    ));
    crate::wires::run(async {
        let mut link = crate::ledger::link(base).await;
        assert_eq!(rollups::repair(&mut link, |_, _| ()).await.unwrap(), 6);
        link.close().await;
    });
}

#[test]
fn a_store_is_made_once_and_a_look_makes_none() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        let url = base.url();
        if let Base::Sqlite(path) = &base {
            let said = refused(&scratch, &url, &["status"], 3);
            assert!(said.contains("there is no store here"), "{said}");
            assert!(!path.exists(), "a look makes no file");
        } else {
            assert!(told(&scratch, &url, &["status"]).contains("no schema yet"));
            assert_eq!(base.ask("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"), "0");
        }
        assert!(told(&scratch, &url, &["migrate", "--user", "ann"]).contains("made, with schema 6"));
        assert!(told(&scratch, &url, &["migrate"]).contains("schema 6; nothing to do"));
        let log = "SELECT who, action, subject, before, after FROM audit_log";
        assert_eq!(base.ask(log), "ann|migrate|schema|{\"schema\":null}|{\"schema\":6}");
        fill(&base);
        let page = told(&scratch, &url, &["status"]);
        let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
        for said in ["schema 6,", "sensor_readings 10 800 2026-01-01T00:00Z 2026-01-01T02:59Z", "last backup none"] {
            assert!(words.contains(said), "{said}: {page}");
        }
        let found: Json = serde_json::from_str(&told(&scratch, &url, &["status", "--format", "json"])).unwrap();
        let table = |name: &str| {
            let tables = found["tables"].as_array().unwrap().iter();
            tables.clone().find(|table| table["name"] == name).cloned().unwrap_or_default()
        };
        let readings = table("sensor_readings");
        assert_eq!((&readings["rows"], &readings["about"]), (&Json::from(10_800), &Json::from(false)));
        let reach = (readings["from"].as_str(), readings["to"].as_str());
        assert_eq!(reach, (Some("2026-01-01T00:00:00.000Z"), Some("2026-01-01T02:59:59.000Z")));
        assert_eq!(table("sensor_readings_1h")["rows"], 6);
        assert_eq!((&found["rollups_due"], &found["logs"][0]["id"]), (&Json::from(0), &Json::from(1)));
    }
}

#[test]
fn a_store_of_an_older_schema_is_told_and_a_newer_one_is_refused() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        let url = base.url();
        told(&scratch, &url, &["migrate"]);
        base.ask("UPDATE _sqlx_migrations SET version = 9001 WHERE version = 6");
        for arguments in [&["status"][..], &["verify"], &["migrate"], &["backup", "newer"]] {
            let said = refused(&scratch, &url, arguments, 3);
            assert!(said.contains("schema 9001, which this program does not know"), "{said}");
        }
        base.ask("DELETE FROM _sqlx_migrations WHERE version = 9001");
        assert!(told(&scratch, &url, &["status"]).contains("schema 5 of 6: `twinwright store migrate`"));
        assert!(refused(&scratch, &url, &["verify"], 3).contains("its schema is 5"));
    }
}
