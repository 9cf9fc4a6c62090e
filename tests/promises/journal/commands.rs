//! The program's commands on a store with a live run: what knows runs knows this one too, and `alerts` deals with its alerts.

use super::*;
use crate::wires::run;
use serde_json::Value;
use std::process::Output;
use twinwright_io::store::journal::readings::ReadingsShelf;
use twinwright_tests::{Scratch, said, shown, twinwright};

/// Two hours of a plant: readings each minute, a mode that changes, a checkpoint each hour, an alert that stays.
async fn lived(base: &Base) -> Journal {
    let (mut journal, _) = open(base, &opening('a')).await;
    let mut shelf = ReadingsShelf::open(&place(base)).await.unwrap();
    for number in 1..=8u32 {
        let mut entry = plain(u64::from(number));
        let tick = number * 900;
        entry.heard.closed = Some(tick);
        entry.heard.readings = (0..15)
            .flat_map(|minute| {
                let seconds = i64::from(tick) - 900 + minute * 60;
                [0, 1, 4, 5].map(|channel| heard(tick, channel, seconds, 20.0 + minute as f64))
            })
            .collect();
        let mode = |time: i64, machine, mode, previous| ModeChange { time: at(time), machine, mode, previous };
        match number {
            1 => {
                entry.modes = vec![mode(0, 0, Mode::Running, None), mode(0, 1, Mode::Running, None)];
                entry.alerts = vec![change(1, 3, Step::Raised, alert(1, AlertStatus::Active))];
                entry.findings = vec![finding(None)];
            }
            3 => entry.modes = vec![mode(2_000, 1, Mode::Maintenance, Some(Mode::Running))],
            4 | 8 => {
                entry.modes = vec![mode(i64::from(tick) - 100, 1, Mode::Running, Some(Mode::Maintenance))];
                entry.checkpoint = Some(Checkpoint { tick, digest: 7, bytes: vec![1; 99] });
                let state = json!({ "mode": "running", "wear": { "bearing": 0.25 }, "drivers": { "load": 0.8 } });
                entry.portraits = vec![(0, state.to_string()), (1, state.to_string())];
            }
            _ => {}
        }
        journal.append(&entry).await.unwrap();
        shelf.put(entry.number, journal.rows_of(&entry.heard));
    }
    let through = shelf.close().await.unwrap().expect("entries");
    journal.stored_through(through).await.unwrap();
    journal
}

fn tell(scratch: &Scratch, base: &Base, arguments: &[&str]) -> Output {
    let url = base.url();
    let all: Vec<&str> = arguments.iter().copied().chain(["--store", &url]).collect();
    twinwright(scratch.path(), &all)
}

fn told(scratch: &Scratch, base: &Base, arguments: &[&str]) -> String {
    let output = tell(scratch, base, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}{}", shown(&output), said(&output));
    shown(&output)
}

fn refused(scratch: &Scratch, base: &Base, arguments: &[&str], code: i32) -> String {
    let output = tell(scratch, base, arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}{}", shown(&output), said(&output));
    assert_eq!(said(&output).lines().count(), 1, "{}", said(&output));
    said(&output)
}

#[test]
fn all_that_knows_runs_knows_a_live_one_while_it_goes_on_and_after() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async {
            let mut journal = Some(lived(&base).await);
            for alive in [true, false] {
                if !alive && let Some(journal) = journal.take() {
                    journal.close(Some(at(7_200)), at(7_300)).await.unwrap();
                }
                let tell = |arguments: &[&str]| told(&scratch, &base, arguments);
                let page = tell(&["history", "runs"]);
                assert!(
                    page.contains("line1-live-1") && page.contains(if alive { "running" } else { "interrupted" }),
                    "{page}"
                );
                assert!(tell(&["history", "machine"]).contains("P-2"));
                let page = tell(&["history", "machine", "P-1"]);
                assert!(page.contains("bearing") && page.contains("hot"), "{page}");
                // Between checkpoints the one before is told, and why.
                let page = tell(&["history", "machine", "P-2", "--at", "+90 min"]);
                assert!(page.contains("that of the checkpoint at 2026-01-01T01:00:00Z"), "{page}");
                assert!(page.contains("mirrored a real plant"), "{page}");
                let page = tell(&["history", "machine", "P-2", "--from", "+0 s", "--to", "+2 h"]);
                assert!(page.contains("maintenance"), "{page}");
                let page = tell(&["history", "sensor", "P-1.temp", "--last", "2", "--format", "csv"]);
                assert!(page.contains("2026-01-01T01:59:00"), "{page}");
                assert!(tell(&["history", "alerts", "--open"]).contains("line1-live-1/1"));
                for report in ["daily", "weekly", "line1-live-1"] {
                    let page = tell(&["report", report, "--out", "reports"]);
                    assert!(page.contains("line1-live-1"), "{page}");
                }
                let page = tell(&["store", "status"]);
                let engine = if alive { "an engine mirrors it" } else { "no engine mirrors it now" };
                assert!(page.contains(engine) && page.contains("8 entries") && page.contains("journal"), "{page}");
                let page = tell(&["store", "verify"]);
                assert!(page.contains("journals"), "{page}");
                tell(&["store", "prune", "--now", "2026-01-01T03:00:00Z"]);
            }
        });
        let copy = if matches!(base, Base::Sqlite(_)) { "copy.db" } else { "copy.dump" };
        told(&scratch, &base, &["store", "backup", copy]);
    }
}

#[test]
fn what_a_journal_needs_is_never_pruned_and_a_gap_in_it_is_a_fault() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async { drop(lived(&base).await) });
        // Long after: all is old. What the last checkpoint but one does not cover stays.
        let day = "2027-06-01T00:00:00Z";
        let kept = ["--keep", "checkpoints=forever", "--keep", "alerts=forever"];
        told(&scratch, &base, &[&["store", "prune", "--now", day][..], &kept].concat());
        assert_eq!(base.ask("SELECT min(number), max(number) FROM journal"), "5|8");
        assert_eq!(base.ask("SELECT count(*) FROM checkpoints"), "2");
        told(&scratch, &base, &["store", "verify"]);
        base.ask("DELETE FROM journal WHERE number = 6");
        let output = tell(&scratch, &base, &["store", "verify"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(shown(&output).contains("of the entries 5 to 8 there are 3"), "{}", shown(&output));
    }
}

#[test]
fn alerts_are_listed_shown_and_dealt_with_where_no_engine_is() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async { lived(&base).await.close(Some(at(7_200)), at(7_300)).await.unwrap() });
        let tell = |arguments: &[&str]| told(&scratch, &base, arguments);
        let json = |arguments: &[&str]| -> Value {
            serde_json::from_str(&tell(&[arguments, &["--json"]].concat())).expect("JSON")
        };
        let page = tell(&["alerts", "list"]);
        assert!(page.contains("line1-live-1/1") && page.contains("active, unacknowledged"), "{page}");
        let found = json(&["alerts", "list", "--machine", "P-1", "--rule", "hot"]);
        let one = &found["alerts"][0];
        assert_eq!(
            (&one["uid"], &one["severity"], &one["limit"]),
            (&json!("line1-live-1/1"), &json!("high"), &json!(85.0))
        );
        assert_eq!(json(&["alerts", "list", "--machine", "P-2"])["alerts"], json!([]));
        // A number alone is of the latest live run.
        let page = tell(&["alerts", "ack", "1", "--by", "ann", "--reason", "on my way"]);
        assert!(page.contains("acknowledged by ann: on my way"), "{page}");
        let said = refused(&scratch, &base, &["alerts", "ack", "1", "--by", "ann"], 1);
        assert!(said.contains("acknowledged already"), "{said}");
        tell(&["alerts", "comment", "line1-live-1/1", "seal \u{1b}[2J looks dry", "--by", "bob"]);
        tell(&["alerts", "shelve", "1", "--for", "2 h", "--reason", "swap", "--by", "bob"]);
        assert!(tell(&["alerts", "list"]).contains("no alert is open"));
        assert!(tell(&["alerts", "list", "--hidden"]).contains("shelved"));
        tell(&["alerts", "unshelve", "1", "--by", "bob"]);
        tell(&["alerts", "resolve", "1", "--by", "bob"]);
        let shown = json(&["alerts", "show", "1"]);
        assert_eq!(shown["resolved"]["by"], "bob");
        let steps: Vec<&str> =
            shown["course"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
        assert_eq!(steps, ["raised", "acknowledged", "commented", "shelved", "unshelved", "resolved"]);
        assert!(!tell(&["alerts", "show", "1"]).contains('\u{1b}'));
        let page = tell(&["alerts", "out-of-service", "P-2", "hot", "--reason", "rebuilt", "--by", "ann"]);
        assert!(page.contains("out of service: P-2 hot") && tell(&["alerts", "list"]).contains("P-2 hot"), "{page}");
        assert!(tell(&["alerts", "in-service", "P-2", "hot", "--by", "ann"]).contains("no rule is out of service"));
        assert_eq!(tell(&["alerts", "list", "--all"]).lines().count(), 2);
        // It was raised at the third second and is resolved now.
        for (option, time, lines) in [("--from", "2026-01-01T00:00:00Z", 2), ("--to", "2026-01-01T00:00:03Z", 1)] {
            assert_eq!(tell(&["alerts", "list", option, time]).lines().count(), lines, "{option}");
        }
        let audit = "SELECT who, action FROM audit_log WHERE action NOT LIKE 'm%' ORDER BY id";
        let noted = base.ask(audit);
        assert_eq!(
            noted,
            "ann|acknowledge\nbob|comment\nbob|shelve\nbob|unshelve\nbob|resolve\nann|out_of_service\nann|in_service"
        );
    }
}

#[test]
fn what_cannot_be_asked_of_an_alert_is_refused_with_what_was_expected() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        let said = refused(&scratch, &base, &["alerts", "list"], 3);
        assert!(said.contains("no store here"), "{said}");
        run(async { crate::store::links::link(&base).await.close().await });
        let said = refused(&scratch, &base, &["alerts", "list"], 2);
        assert!(said.contains("no plant was mirrored into this store yet"), "{said}");
        run(async { drop(lived(&base).await) });
        base.ask("UPDATE mirrors SET expires_at = beat_at");
        for (arguments, expected) in [
            (&["alerts", "show", "line1-live-1/2"][..], "did you mean `line1-live-1/1`?"),
            (&["alerts", "ack", "9", "--by", "ann"], "the store knows no such alert"),
            (&["alerts", "ack", "1", "--by", " "], "--by: who asks?"),
            (&["alerts", "comment", "1", " ", "--by", "ann"], "expected a few words"),
            (&["alerts", "shelve", "1", "--for", "2 h", "--reason", "", "--by", "ann"], "--reason: expected"),
            (&["alerts", "shelve", "1", "--for", "2 x", "--reason", "x", "--by", "ann"], "--for 2 x"),
            (&["alerts", "shelve", "1", "--for", "0 s", "--reason", "x", "--by", "ann"], "no time at all"),
            (
                &["alerts", "shelve", "1", "--until", "2026-01-01T00:00:00Z", "--reason", "x", "--by", "ann"],
                "passed already",
            ),
        ] {
            let said = refused(&scratch, &base, arguments, 2);
            assert!(said.contains(expected), "{arguments:?}: {said}");
        }
        let said = refused(&scratch, &base, &["alerts", "unshelve", "1", "--by", "ann"], 1);
        assert!(said.contains("not shelved"), "{said}");
        let said =
            refused(&scratch, &base, &["alerts", "out-of-service", "P-7", "hot", "--reason", "x", "--by", "ann"], 1);
        assert!(said.contains("no live run of this store has such a machine"), "{said}");
        assert_eq!(base.ask("SELECT count(*) FROM actions"), "0");
        assert_eq!(base.ask("SELECT count(*) FROM audit_log WHERE action <> 'migrate'"), "0");
    }
}

#[test]
fn a_living_engine_is_asked_and_its_answer_shown() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        let (folder, url) = (scratch.path().to_owned(), base.url());
        run(async {
            let mut journal = lived(&base).await;
            let asking = tokio::task::spawn_blocking(move || {
                twinwright(&folder, &["alerts", "ack", "1", "--by", "ann", "--store", &url])
            });
            let action = loop {
                if let Some(action) = journal.actions_waiting().await.unwrap().pop() {
                    break action;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            };
            let mut entry = plain(9);
            let by = Some((action.asked, action.by.clone()));
            entry.heard.actions = vec![(9, action)];
            let after = Alert { acknowledged: by, ..alert(1, AlertStatus::Acknowledged) };
            entry.alerts = vec![change(2, 8_000, Step::Acknowledged, after)];
            journal.append(&entry).await.unwrap();
            let output = asking.await.expect("no panic");
            assert_eq!(output.status.code(), Some(0), "{}", said(&output));
            assert!(shown(&output).contains("acknowledged by ann"), "{}", shown(&output));
        });
    }
}
