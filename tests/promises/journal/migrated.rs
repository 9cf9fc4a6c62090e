//! A store of the schema before live runs keeps what it has, and takes a live run after.

use super::*;
use crate::wires::run;
use std::process::Command;
use twinwright_tests::{Scratch, project};

/// Makes a store as the release before did, by the database's own tool, with some history.
fn store_of_five(base: &Base) {
    let dialect = if matches!(base, Base::Postgres(_)) { "postgres" } else { "sqlite" };
    let (yes, blob, time) =
        if dialect == "postgres" { ("true", "bytea", "timestamptz") } else { ("1", "blob", "timestamp") };
    base.ask(&format!(
        "CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, description text NOT NULL, \
         installed_on {time} NOT NULL DEFAULT CURRENT_TIMESTAMP, success boolean NOT NULL, checksum {blob} NOT NULL, \
         execution_time bigint NOT NULL)"
    ));
    for (number, name) in ["readings", "history", "judgement", "work", "logs"].iter().enumerate() {
        let version = number + 1;
        let path = project().join("migrations").join(dialect).join(format!("{version:04}_{name}.sql"));
        base.ask(&std::fs::read_to_string(&path).unwrap());
        let output = Command::new("sha384sum").arg(&path).output().expect("sha384sum is part of every Debian");
        let digest = String::from_utf8_lossy(&output.stdout)[..96].to_owned();
        let digest = if dialect == "postgres" { format!("'\\x{digest}'") } else { format!("x'{digest}'") };
        base.ask(&format!(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES ({version}, '{name}', {yes}, {digest}, 0)"
        ));
    }
    let at = |second: i64| match base {
        Base::Postgres(_) => format!("timestamptz '2026-01-01T00:00:00Z' + interval '{second} s'"),
        Base::Sqlite(_) => (START / 1_000 + second * 1_000_000).to_string(),
    };
    let (one, two, digest) = (at(1), at(2), "0".repeat(32));
    for statement in [
        "INSERT INTO equipment (name, kind) VALUES ('P-1', 'pump')".to_owned(),
        format!(
            "INSERT INTO runs (name, kind, scenario, title, document, seed, futures, machines, start_time, tick_ns, plan_digest, \
             version, command, began_at) VALUES ('pumps-1', 'scenario', 'pumps', '', '', 1, 1, 1, {one}, 1, '{digest}', '', '', {one})"
        ),
        format!(
            "INSERT INTO anomaly_records (run_id, equipment_id, time, type, severity, algorithm) VALUES (1, 1, {one}, 'x', 'low', 'x')"
        ),
        format!(
            "INSERT INTO anomaly_records (run_id, equipment_id, time, type, severity, algorithm) VALUES (1, 1, {two}, 'x', 'low', 'x')"
        ),
        format!(
            "INSERT INTO alerts (uid, run_id, equipment_id, rule, severity, priority, status, raised_at) \
             VALUES ('pumps-1/1', 1, 1, 'hot', 'low', 1, 'active', {one})"
        ),
        format!(
            "INSERT INTO alert_transitions (alert_id, number, time, what, status) VALUES (1, 1, {one}, 'raised', 'active')"
        ),
        "UPDATE retention SET keep_days = 7 WHERE table_name = 'alerts'".to_owned(),
    ] {
        base.ask(&statement);
    }
}

#[test]
fn a_store_of_the_schema_before_keeps_its_rows_and_takes_a_live_run() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        store_of_five(&base);
        run(async {
            let (mut journal, opened) = open(&base, &opening('a')).await;
            assert_eq!(opened.name, "line1-live-1");
            journal.append(&full(1)).await.unwrap();
        });
        assert_eq!(base.ask("SELECT count(*), max(version) FROM _sqlx_migrations"), "6|6");
        assert_eq!(base.ask("SELECT count(*), count(uid) FROM anomaly_records"), "3|1");
        let ask = "SELECT uid, alert_group, first_up, escalated FROM alerts ORDER BY id";
        assert_eq!(base.ask(ask), "pumps-1/1||0|0\nline1-live-1/1|bearing|1|0");
        assert_eq!(base.ask("SELECT count(*), count(action) FROM alert_transitions"), "3|0");
        let kept = "SELECT table_name, keep_days FROM retention WHERE table_name IN ('alerts', 'journal', 'quarantine', 'actions') ORDER BY 1";
        assert_eq!(base.ask(kept).replace(".0", ""), "actions|730\nalerts|7\njournal|90\nquarantine|30");
    }
}
