//! Everything that is no reading goes row by row: what still means something stays.

use super::*;
use crate::store::Base;
use crate::wires::run;
use std::collections::BTreeSet;
use twinwright_io::store::ledger::{self, Log, Severity};
use twinwright_tests::Scratch;

fn ago(days: i64) -> Cell {
    Cell::Time(NOW - days * DAY)
}

async fn put(link: &mut Link, statement: &str, values: &[Cell]) {
    link.run(statement, values).await.unwrap_or_else(|trouble| panic!("{statement}: {trouble}"));
}

/// A run with one machine; rows say by their age in days what they are.
async fn plant(link: &mut Link) {
    put(link, "INSERT INTO equipment (id, name, kind) VALUES (1, 'P-101', 'pump')", &[]).await;
    for id in [1, 2] {
        let make = "INSERT INTO runs (id, name, kind, scenario, title, document, seed, futures, machines, start_time, tick_ns, \
                    plan_digest, version, command, began_at) \
                    VALUES ($1, $2, 'scenario', 's', 't', 'd', 1, 1, 1, $3, $4, $5, 'v', 'c', $3)";
        let name = format!("s-{id}");
        put(link, make, &[id.into(), name.into(), ago(200), (DAY * 1_000).into(), "0".repeat(32).into()]).await;
    }
    for days in [2_000, 1_900, 1_830, 10] {
        let make =
            "INSERT INTO status_events (run_id, equipment_id, time, status, e10) VALUES (1, 1, $1, 'idle', 'SBY')";
        put(link, make, &[ago(days)]).await;
        let make = "INSERT INTO performance_metrics (run_id, equipment_id, time, span_s) VALUES (1, 1, $1, 60.0)";
        put(link, make, &[ago(days)]).await;
    }
    for (run, days) in [(1, 200), (1, 150), (1, 100), (2, 200), (2, 10)] {
        let make = "INSERT INTO checkpoints (run_id, tick, time, state_digest, plan_digest, engine, snapshot, taken_at) \
                    VALUES ($1, $2, $3, $4, $4, 'v', $5, $3)";
        let digest = "0".repeat(32);
        put(link, make, &[run.into(), (200 - days).into(), ago(days), digest.into(), vec![1u8].into()]).await;
        let make = "INSERT INTO state_snapshots (run_id, equipment_id, time, state) VALUES ($1, 1, $2, $3)";
        put(link, make, &[run.into(), ago(days), serde_json::json!({}).into()]).await;
    }
    for tick in 0..200 {
        let make =
            "INSERT INTO inputs (run_id, tick, number, machine, driver, value) VALUES (1, $1, 0, 'P-101', 'load', 0.5)";
        put(link, make, &[tick.into()]).await;
    }
    for (days, ended) in [(400, None), (401, Some(10)), (402, Some(366)), (10, None)] {
        let make = "INSERT INTO anomaly_records (run_id, equipment_id, time, ended_at, type, severity, algorithm) \
                    VALUES (1, 1, $1, $2, 't', 'low', 'a')";
        put(link, make, &[ago(days), ended.map_or(Cell::Null, ago)]).await;
        let make = "INSERT INTO predictions (run_id, equipment_id, time, kind, value, model) VALUES (1, 1, $1, 'wear', 0.5, 'm')";
        put(link, make, &[ago(days)]).await;
    }
    alerts(link).await;
    for (from, to) in [(1_900, 1_800), (1_901, 1_850)] {
        let make = "INSERT INTO maintenance_reports (period, run_id, from_time, to_time, created_at, content, metrics_summary) \
                    VALUES ('run', 1, $1, $2, $2, 'c', $3)";
        put(link, make, &[ago(from), ago(to), serde_json::json!({}).into()]).await;
    }
    for days in [800, 750, 100] {
        let detail = serde_json::json!({ "days": days });
        ledger::append_event(link, time(NOW - days * DAY), Severity::Info, "test", "old", &detail).await.unwrap();
    }
}

/// Alerts `resolved long ago`, and others that must stay, each for another reason.
async fn alerts(link: &mut Link) {
    let cases = [
        ("goes", "resolved", Some(400)),
        ("open", "active", None),
        ("young", "resolved", Some(10)),
        ("waits", "resolved", Some(401)),
        ("told", "resolved", Some(402)),
        ("takes its letters along", "resolved", Some(403)),
    ];
    for (number, (uid, status, resolved)) in (1..).zip(cases) {
        let make = "INSERT INTO alerts (id, uid, run_id, equipment_id, rule, severity, priority, status, raised_at, resolved_at) \
                    VALUES ($1, $2, 1, 1, 'r', 'low', 1, $3, $4, $5)";
        let resolved = resolved.map_or(Cell::Null, ago);
        put(link, make, &[Cell::Int(number), uid.into(), status.into(), ago(500), resolved]).await;
        let make = "INSERT INTO alert_transitions (alert_id, number, time, what, status) VALUES ($1, 1, $2, 'raised', 'active')";
        put(link, make, &[Cell::Int(number), ago(500)]).await;
    }
    // Whose letter it is, its age and state, and the age of an attempt to deliver it.
    let letters = [
        (Some(4), 400, "waiting", None),
        (Some(5), 400, "delivered", Some(10)),
        (Some(6), 400, "delivered", Some(399)),
        (None, 100, "dead", None),
        (None, 80, "delivered", None),
    ];
    for (id, (alert, days, state, attempt)) in (1..).zip(letters) {
        let make = "INSERT INTO outbox (id, uid, topic, alert_id, payload, created_at, next_attempt_at, state) \
                    VALUES ($1, $2, 't', $3, $4, $5, $5, $6)";
        let alert = alert.map_or(Cell::Null, Cell::Int);
        let payload = serde_json::json!({});
        put(link, make, &[Cell::Int(id), id.to_string().into(), alert, payload.into(), ago(days), state.into()]).await;
        if let Some(attempt) = attempt {
            let make = "INSERT INTO notification_logs (outbox_id, route, attempt, time, status) VALUES ($1, 'r', 1, $2, 'sent')";
            put(link, make, &[Cell::Int(id), ago(attempt)]).await;
        }
    }
}

/// The ages in days of what a table has, after a letter for the run where there is one.
async fn ages(link: &mut Link, ask: &str) -> Vec<String> {
    let rows = link.all(ask, &[]).await.unwrap_or_else(|trouble| panic!("{ask}: {trouble}"));
    let mut ages: Vec<String> = rows.iter().map(|row| ((NOW - row.int(0)) / DAY).to_string()).collect();
    ages.sort_by_key(|age| age.parse::<i64>().unwrap());
    ages
}

async fn counts(link: &mut Link) -> Vec<i64> {
    let tables = [
        "status_events",
        "performance_metrics",
        "checkpoints",
        "state_snapshots",
        "inputs",
        "anomaly_records",
        "predictions",
        "alerts",
        "alert_transitions",
        "outbox",
        "notification_logs",
        "maintenance_reports",
        "audit_log",
        "system_events",
        "retention",
    ];
    let mut counts = Vec::new();
    for table in tables {
        counts.push(link.first(format!("SELECT count(*) FROM {table}"), &[]).await.unwrap().unwrap().int(0));
    }
    counts
}

#[test]
fn what_is_old_goes_and_what_still_means_something_stays() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async {
            let mut link = link(&base).await;
            plant(&mut link).await;
            let before = counts(&mut link).await;
            let told = prune(&mut link, &[], true).await.unwrap();
            assert_eq!(counts(&mut link).await, before, "a dry run changed something");
            let done = prune(&mut link, &[], false).await.unwrap();
            let rows = |pruned: &Pruned| -> BTreeMap<String, u64> {
                pruned.gone.iter().map(|gone| (gone.table.clone(), gone.rows)).collect()
            };
            assert_eq!(rows(&told), rows(&done), "the dry run promised something else");
            let of = |table: &str| format!("SELECT time FROM {table}");
            for (ask, left) in [
                // 1830 days ago is before the limit, but its mode held on.
                (of("status_events"), vec!["10", "1830"]),
                (of("performance_metrics"), vec!["10"]),
                (of("checkpoints WHERE run_id = 1"), vec!["100"]),
                (of("checkpoints WHERE run_id = 2"), vec!["10"]),
                (of("state_snapshots WHERE run_id = 1"), vec!["100"]),
                (of("state_snapshots WHERE run_id = 2"), vec!["10"]),
                (of("anomaly_records"), vec!["10", "401"]),
                (of("predictions"), vec!["10"]),
                (of("notification_logs"), vec!["10"]),
                ("SELECT created_at FROM outbox".to_owned(), vec!["80", "400", "400"]),
                ("SELECT to_time FROM maintenance_reports".to_owned(), vec!["1800"]),
                (of("system_events WHERE event = 'old'"), vec!["100"]),
            ] {
                assert_eq!(ages(&mut link, &ask).await, left, "{ask}");
            }
            let kept = link.all("SELECT uid FROM alerts", &[]).await.unwrap();
            let kept: BTreeSet<&str> = kept.iter().map(|row| row.text(0)).collect();
            assert_eq!(kept, BTreeSet::from(["open", "young", "waits", "told"]));
            let ask = "SELECT count(*), (SELECT count(*) FROM alerts) FROM alert_transitions";
            let found = link.first(ask, &[]).await.unwrap().unwrap();
            assert_eq!((found.int(0), found.int(1)), (4, 4));
            // What the checkpoint of tick 100 needs.
            let inputs = link.first("SELECT count(*), min(tick) FROM inputs", &[]).await.unwrap().unwrap();
            assert_eq!((inputs.int(0), inputs.int(1)), (100, 100));
            for log in [Log::Audit, Log::System] {
                assert_eq!(ledger::faults(&mut link, log).await.unwrap().count, 0);
            }
            assert!(prune(&mut link, &[], false).await.unwrap().gone.is_empty());
            link.close().await;
        });
    }
}

#[test]
fn a_change_is_remembered_with_who_and_what_and_a_wrong_one_is_refused() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async {
            let mut link = link(&base).await;
            plant(&mut link).await;
            let days = |table: &str, days| Change::Days { table: table.to_owned(), days };
            let changes = [days("predictions", None), days("status_events", Some(1.5))];
            prune(&mut link, &changes, true).await.unwrap();
            let ask = "SELECT count(*) FROM audit_log";
            assert_eq!(link.first(ask, &[]).await.unwrap().unwrap().int(0), 0, "a dry run is no change");
            prune(&mut link, &changes, false).await.unwrap();
            let left = ages(&mut link, "SELECT time FROM predictions").await;
            assert_eq!(left, ["10", "400", "401", "402"]);
            assert_eq!(ages(&mut link, "SELECT time FROM status_events").await, ["10"]);
            let ask = "SELECT who, before, after FROM audit_log WHERE subject = 'predictions'";
            let said = link.first(ask, &[]).await.unwrap().unwrap();
            assert_eq!(said.text(0), "ann");
            let said = [said.json(1), said.json(2)].map(|said| said["keep_days"].clone());
            assert_eq!(said, [serde_json::json!(365.0), serde_json::Value::Null]);
            let trouble = prune(&mut link, &[days("reedings", Some(1.0))], false).await.unwrap_err();
            assert!(
                matches!(&trouble, OutletTrouble::Input(why) if why.contains("known are actions, alerts,")),
                "{trouble}"
            );
            link.close().await;
        });
    }
}
