//! Logs that only grow: one chain whoever writes, that a stranger can check by hand, and that tells what was done to it.

use crate::store::Base;
use crate::wires::run;
use serde_json::json;
use std::io::Write;
use std::process::{Command, Stdio};
use twinwright_io::store::ledger::{self, Deed, Fault, Log, Severity, Wrong, faults};
use twinwright_io::store::{Link, Place};
use twinwright_model::Time;
use twinwright_tests::Scratch;

const NOON: i64 = 1_772_712_000_000_000_000;

pub(crate) async fn link(base: &Base) -> Link {
    Link::open(&Place::parse(&base.url()).expect("a place")).await.expect("a store")
}

/// Appends a row with a text that could be taken for something else.
async fn append(link: &mut Link, number: i64) -> i64 {
    let before = json!({ "keep_days": number });
    let subject = format!("table {number}; DROP TABLE audit_log; --\nwho 3:ann ☃ 'x'");
    let deed = Deed { who: "änn", action: "change", subject: &subject, before: Some(&before), ..Deed::default() };
    let deed = Deed { source: Some("a test"), ..deed };
    ledger::append_audit(link, Time(NOON + number), &deed).await.unwrap()
}

async fn found(base: &Base, log: Log) -> Vec<(i64, Wrong)> {
    let mut link = link(base).await;
    let found = faults(&mut link, log).await.unwrap();
    link.close().await;
    assert_eq!(found.count, found.found.len() as u64);
    found.found.into_iter().map(|Fault { id, wrong, .. }| (id, wrong)).collect()
}

/// The text of a row of the audit log as migrations/README.md has it, put together by the database.
fn text_of(base: &Base, id: i64) -> String {
    let (length, time) = match base {
        Base::Postgres(_) => ("octet_length(X)", "(extract(epoch FROM time) * 1000000)::bigint"),
        Base::Sqlite(_) => ("length(CAST(X AS BLOB))", "time"),
    };
    let columns = ["who", "action", "subject", "before", "after", "reason", "source"].map(|name| {
        let length = length.replace('X', name);
        format!("'{name} ' || coalesce({length} || ':' || {name}, '-')")
    });
    let line = match base {
        Base::Postgres(_) => "chr(10)",
        Base::Sqlite(_) => "char(10)",
    };
    let head = format!(
        "'audit_log' || {line} || 'id ' || id || {line} || 'time ' || {time} || {line} || 'previous ' || previous"
    );
    let columns = columns.join(&format!(" || {line} || "));
    base.ask(&format!("SELECT {head} || {line} || {columns} FROM audit_log WHERE id = {id}")) + "\n"
}

fn sha256sum(text: &str) -> String {
    let mut child = Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8_lossy(&output.stdout).split(' ').next().unwrap().to_owned()
}

#[test]
fn a_stranger_can_check_the_chain_with_sha256sum() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async {
            let mut link = link(&base).await;
            for number in 0..3 {
                append(&mut link, number).await;
            }
            link.close().await;
        });
        let mut previous = "0".repeat(64);
        for id in 1..=3 {
            let text = text_of(&base, id);
            assert!(text.contains(&format!("\nprevious {previous}\nwho 4:änn\naction 6:change\n")), "{text}");
            assert!(text.ends_with("\nafter -\nreason -\nsource 6:a test\n"), "{text}");
            previous = sha256sum(&text);
            assert_eq!(base.ask(&format!("SELECT digest FROM audit_log WHERE id = {id}")), previous);
        }
        assert_eq!(base.ask("SELECT id, digest FROM chain_heads WHERE log = 'audit_log'"), format!("3|{previous}"));
    }
}

#[test]
fn writers_at_the_same_time_make_one_chain() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async { link(&base).await.close().await });
        let url = base.url();
        let write = |writer: i64| {
            let url = url.clone();
            std::thread::spawn(move || {
                run(async {
                    let mut link = Link::open(&Place::parse(&url).unwrap()).await.unwrap();
                    let mut number = 0;
                    while number < 200 {
                        // Some in a transaction of several rows, some of which come to nothing.
                        link.begin().await.unwrap();
                        for more in 0..20 {
                            append(&mut link, writer * 1_000 + number + more).await;
                        }
                        let what = json!({ "writer": writer });
                        ledger::append_event(&mut link, Time(NOON), Severity::Info, "test", "wrote", &what)
                            .await
                            .unwrap();
                        match number % 60 {
                            20 if writer % 2 == 0 => link.roll_back().await.unwrap(),
                            _ => link.commit().await.unwrap(),
                        }
                        number += 20;
                        append(&mut link, -number).await;
                    }
                    link.close().await;
                });
            })
        };
        let writers: Vec<_> = (0..4).map(write).collect();
        writers.into_iter().for_each(|writer| writer.join().expect("a writer does not panic"));
        // Of 10 rounds of 20 + 1 rows, two of which have 3 or 4 rounds undone.
        let undone = (0..10).filter(|round| round * 20 % 60 == 20).count() * 2;
        let rows = 4 * 10 * 21 - undone * 20;
        let linked = "SELECT count(*) FROM audit_log a JOIN audit_log b ON b.id = a.id + 1 AND b.previous = a.digest";
        assert_eq!(base.ask(linked), (rows - 1).to_string());
        assert_eq!(base.ask("SELECT max(id) FROM audit_log"), rows.to_string());
        assert_eq!(base.ask("SELECT count(*), max(id) FROM system_events"), format!("{0}|{0}", 40 - undone));
        for log in Log::BOTH {
            assert_eq!(run(found(&base, log)), []);
        }
    }
}

/// Nine rows whose guards are gone, and a copy of all of it.
fn nine(base: &Base) {
    run(async {
        let mut link = link(base).await;
        for number in 1..=9 {
            append(&mut link, number).await;
        }
        link.close().await;
    });
    base.ask(match base {
        Base::Postgres(_) => "ALTER TABLE audit_log DISABLE TRIGGER USER",
        Base::Sqlite(_) => "DROP TRIGGER audit_log_never_changes; DROP TRIGGER audit_log_only_grows",
    });
    base.ask(
        "CREATE TABLE copy_of_log AS SELECT * FROM audit_log; CREATE TABLE copy_of_heads AS SELECT * FROM chain_heads",
    );
}

/// What is found after something was done to the nine rows, which are put back as they were.
fn after(base: &Base, what: &str) -> Vec<(i64, Wrong)> {
    base.ask(what);
    let found = run(found(base, Log::Audit));
    base.ask("DELETE FROM audit_log; INSERT INTO audit_log SELECT * FROM copy_of_log");
    base.ask("DELETE FROM chain_heads; INSERT INTO chain_heads SELECT * FROM copy_of_heads");
    found
}

#[test]
fn whatever_was_done_to_a_row_is_found_and_named() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        nine(&base);
        assert_eq!(after(&base, "SELECT 1"), []);
        let other = "0123456789abcdef".repeat(4);
        let row = |id: i64| {
            format!(
                "INSERT INTO audit_log SELECT {id}, time, who, action, subject, before, after, reason, source, digest, '{other}' \
                 FROM audit_log WHERE id = 9"
            )
        };
        let swap = "UPDATE audit_log SET id = 1000 WHERE id = 3; UPDATE audit_log SET id = 3 WHERE id = 6; \
                    UPDATE audit_log SET id = 6 WHERE id = 1000";
        let mut close_up = "DELETE FROM audit_log WHERE id = 4".to_owned();
        (5..=9).for_each(|id| close_up += &format!("; UPDATE audit_log SET id = {} WHERE id = {id}", id - 1));
        let moved = |from: i64| Wrong::Moved { from };
        let missing = |to: i64| Wrong::Missing { to };
        let cases: Vec<(String, Vec<(i64, Wrong)>)> = vec![
            ("UPDATE audit_log SET who = 'eve' WHERE id = 4".into(), vec![(4, Wrong::Edited)]),
            ("UPDATE audit_log SET reason = '' WHERE id = 1".into(), vec![(1, Wrong::Edited)]),
            ("UPDATE audit_log SET action = 'prune', who = 'eve' WHERE id = 9".into(), vec![(9, Wrong::Edited)]),
            (format!("UPDATE audit_log SET digest = '{other}' WHERE id = 4"), vec![(4, Wrong::Edited)]),
            ("DELETE FROM audit_log WHERE id = 1".into(), vec![(1, missing(1))]),
            ("DELETE FROM audit_log WHERE id IN (4, 5)".into(), vec![(4, missing(5))]),
            ("DELETE FROM audit_log WHERE id >= 8".into(), vec![(8, missing(9))]),
            ("DELETE FROM audit_log".into(), vec![(1, missing(9))]),
            (swap.into(), vec![(3, moved(6)), (6, moved(3))]),
            (
                close_up,
                vec![(4, moved(5)), (5, moved(6)), (6, moved(7)), (7, moved(8)), (8, moved(9)), (9, missing(9))],
            ),
            (row(10), vec![(10, Wrong::Added)]),
            ("DELETE FROM chain_heads WHERE log = 'audit_log'".into(), vec![(0, Wrong::NoHead)]),
        ];
        for (what, wanted) in cases {
            assert_eq!(after(&base, &what), wanted, "{what}");
        }
        // One who knows how it is done, and gives a row that he changed the digest that it must have.
        for (id, wanted) in [(4, vec![(5, Wrong::Relinked)]), (9, vec![(9, Wrong::OtherHead)])] {
            let digest = sha256sum(&text_of(&base, id).replace("\nwho 4:änn\n", "\nwho 3:eve\n"));
            let what = format!("UPDATE audit_log SET who = 'eve', digest = '{digest}' WHERE id = {id}");
            assert_eq!(after(&base, &what), wanted, "{what}");
        }
        assert_eq!(after(&base, "SELECT 1"), []);
    }
}

#[test]
fn what_was_dropped_because_it_is_old_is_not_missed_and_what_else_goes_is() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        let day = |day: i64| Time(NOON + day * 86_400_000_000_000);
        run(async {
            let mut link = link(&base).await;
            for number in 1..=9 {
                let deed = Deed { who: "ann", action: "change", subject: "x", ..Deed::default() };
                ledger::append_audit(&mut link, day(number), &deed).await.unwrap();
                let what = json!({ "number": number });
                ledger::append_event(&mut link, day(number), Severity::Warning, "test", "x", &what).await.unwrap();
            }
            for log in Log::BOTH {
                assert_eq!(ledger::prune(&mut link, log, day(1), day(10), "ann").await.unwrap(), 0);
                // Up to the first that is not old: a clock that went back loses nothing.
                assert_eq!(ledger::prune(&mut link, log, day(4), day(10), "ann").await.unwrap(), 3);
            }
            // What is undone leaves no trace.
            link.begin().await.unwrap();
            assert_eq!(ledger::prune(&mut link, Log::Audit, day(6), day(10), "ann").await.unwrap(), 2);
            link.roll_back().await.unwrap();
            link.close().await;
        });
        for log in Log::BOTH {
            let table = log.table();
            assert_eq!(base.ask(&format!("SELECT count(*), min(id), max(id) FROM {table}")), "7|4|10");
            assert_eq!(run(found(&base, log)), []);
        }
        run(async {
            let mut link = link(&base).await;
            assert_eq!(ledger::prune(&mut link, Log::System, day(99), day(100), "ann").await.unwrap(), 7);
            link.close().await;
        });
        assert_eq!(base.ask("SELECT count(*), min(id) FROM system_events"), "1|11");
        assert_eq!(run(found(&base, Log::System)), []);
        base.ask("UPDATE store_state SET pruning = 1; DELETE FROM audit_log WHERE id = 4; UPDATE store_state SET pruning = 0");
        assert_eq!(run(found(&base, Log::Audit)), [(4, Wrong::Missing { to: 4 })]);
    }
}
