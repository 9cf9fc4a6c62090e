//! What people ask is heard once, whether an engine is there or not; the course of an alert loses nothing by it.

use super::*;
use crate::store::links::link;
use crate::wires::run;
use twinwright_io::store::journal::actions::{Asked, State, ask, state};
use twinwright_tests::Scratch;

fn action(uid: &str, ask: Ask) -> Action {
    Action {
        uid: uid.to_owned(),
        at: Aim::Alert("line1-live-1/1".to_owned()),
        ask,
        by: "ann".to_owned(),
        reason: Some("seen".to_owned()),
        asked: at(100),
    }
}

/// A run with one alert that is active, and its engine gone or alive.
async fn alerted(base: &Base, alive: bool) -> Journal {
    let (mut journal, _) = open(base, &opening('a')).await;
    let mut entry = plain(1);
    entry.alerts = vec![change(1, 3, Step::Raised, alert(1, AlertStatus::Active))];
    journal.append(&entry).await.unwrap();
    if !alive {
        base.ask("UPDATE mirrors SET expires_at = beat_at");
    }
    journal
}

const COURSE: &str = "SELECT number, what, status, by_whom FROM alert_transitions ORDER BY alert_id, number";

#[test]
fn a_living_engine_hears_each_action_until_it_has_written_that_it_did() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async {
            let mut journal = alerted(&base, true).await;
            let mut people = link(&base).await;
            let wanted = [action("one", Ask::Acknowledge), action("two", Ask::Shelve { until: at(9_000) })];
            for one in &wanted {
                for _ in 0..2 {
                    let asked = ask(&mut people, one).await.unwrap().unwrap();
                    assert!(matches!(asked, Asked::Waits(_)), "{asked:?}");
                }
                assert_eq!(state(&mut people, &one.uid).await.unwrap(), Some(State::Waiting));
            }
            // Nothing is done in the rows: that is the engine's.
            assert_eq!(base.ask(COURSE), "1|raised|active|engine");
            assert_eq!(journal.actions_waiting().await.unwrap(), wanted);
            let mut entry = plain(2);
            entry.heard.actions = vec![(2, wanted[0].clone())];
            let acknowledged =
                Alert { acknowledged: Some((at(100), "ann".to_owned())), ..alert(1, AlertStatus::Acknowledged) };
            entry.alerts = vec![change(2, 100, Step::Acknowledged, acknowledged)];
            journal.append(&entry).await.unwrap();
            assert_eq!(state(&mut people, "one").await.unwrap(), Some(State::Taken));
            assert_eq!(journal.actions_waiting().await.unwrap(), wanted[1..]);
            assert_eq!(base.ask(COURSE), "1|raised|active|engine\n2|acknowledged|acknowledged|ann");
            let said = ask(&mut people, &action("three", Ask::Acknowledge)).await.unwrap().unwrap_err();
            assert_eq!(said.0, "line1-live-1/1: this alert is acknowledged already");
            let audit = "SELECT who, action, subject, reason FROM audit_log ORDER BY id";
            assert_eq!(base.ask(audit), "ann|acknowledge|line1-live-1/1|seen\nann|shelve|line1-live-1/1|seen");
            people.close().await;
        });
    }
}

#[test]
fn without_an_engine_the_rows_are_changed_and_the_next_engine_finds_its_step_there() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async {
            drop(alerted(&base, false).await);
            let mut people = link(&base).await;
            let wanted = action("one", Ask::Acknowledge);
            assert_eq!(ask(&mut people, &wanted).await.unwrap().unwrap(), Asked::Done);
            assert_eq!(ask(&mut people, &wanted).await.unwrap().unwrap(), Asked::Done);
            assert_eq!(base.ask(COURSE), "1|raised|active|engine\n2|acknowledged|acknowledged|ann");
            assert_eq!(base.ask("SELECT status, acknowledged_by FROM alerts"), "acknowledged|ann");
            let (mut journal, _) = open(&base, &opening('a')).await;
            assert_eq!(journal.actions_waiting().await.unwrap(), std::slice::from_ref(&wanted));
            let mut entry = plain(2);
            entry.heard.actions = vec![(2, wanted)];
            let by = Some((at(100), "ann".to_owned()));
            let acknowledged = Alert { acknowledged: by, ..alert(1, AlertStatus::Acknowledged) };
            // The engine counts what it knows: something of its own came first.
            entry.alerts = vec![
                change(2, 90, Step::Escalated, Alert { escalated: 1, ..alert(1, AlertStatus::Active) }),
                change(3, 100, Step::Acknowledged, Alert { escalated: 1, ..acknowledged.clone() }),
            ];
            journal.append(&entry).await.unwrap();
            let mut entry = plain(3);
            let gone = Alert {
                returned: Some(at(120)),
                resolved: Some((at(120), "engine".to_owned())),
                status: AlertStatus::Resolved,
                ..acknowledged
            };
            entry.alerts = vec![change(4, 120, Step::Returned, gone.clone()), change(5, 120, Step::Resolved, gone)];
            journal.append(&entry).await.unwrap();
            assert_eq!(
                base.ask(COURSE),
                "1|raised|active|engine\n2|acknowledged|acknowledged|ann\n3|escalated|active|engine\n\
                 4|returned|resolved|engine\n5|resolved|resolved|engine"
            );
            assert_eq!(base.ask("SELECT state, taken_tick FROM actions"), "taken|2");
            assert_eq!(base.ask("SELECT status, acknowledged_by FROM alerts"), "resolved|ann");
            // What is told keeps the engine's numbers: they are the same in every replay.
            assert_eq!(base.ask("SELECT count(*), count(DISTINCT uid) FROM outbox"), "10|10");
            people.close().await;
        });
    }
}

/// ISA-18.2 in the rows: from each state each wish, against a table made by hand.
#[test]
fn every_wish_in_every_state_does_what_the_standard_says_or_is_refused() {
    let shelve = Ask::Shelve { until: at(9_000) };
    let wishes =
        [Ask::Comment, Ask::Acknowledge, shelve, Ask::Unshelve, Ask::Resolve, Ask::OutOfService, Ask::InService];
    // Status, what hides it, whether it is acknowledged, whether it returned; then the steps for each wish.
    let table: [(&str, [&str; 7]); 6] = [
        ("active", ["commented", "acknowledged", "shelved", "", "resolved", "suppressed", ""]),
        ("returned", ["commented", "acknowledged resolved", "shelved", "", "resolved", "suppressed", ""]),
        ("acknowledged", ["commented", "", "shelved", "", "resolved", "suppressed", ""]),
        ("shelved", ["commented", "acknowledged", "shelved", "unshelved", "resolved", "suppressed", ""]),
        ("out", ["commented", "acknowledged", "shelved", "", "resolved", "", "unsuppressed"]),
        ("resolved", ["commented", "", "", "", "", "", ""]),
    ];
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async {
            drop(alerted(&base, false).await);
            let mut people = link(&base).await;
            let now = base.ask("SELECT raised_at FROM alerts");
            for (state, steps) in table {
                for (wish, steps) in wishes.iter().zip(steps) {
                    let rest = "acknowledged_at = NULL, acknowledged_by = NULL, returned_at = NULL, resolved_at = NULL, resolved_by = NULL, \
                                suppressed_by = NULL, shelved_until = NULL, shelved_by = NULL, shelve_reason = NULL";
                    base.ask(&format!("UPDATE alerts SET status = 'active', {rest}"));
                    let set = match state {
                        "returned" => "returned_at = raised_at",
                        "acknowledged" => {
                            "status = 'acknowledged', acknowledged_at = raised_at, acknowledged_by = 'bob'"
                        }
                        "shelved" => {
                            "status = 'suppressed', suppressed_by = 'shelved', shelved_until = raised_at, shelved_by = 'bob', shelve_reason = ''"
                        }
                        "out" => "status = 'suppressed', suppressed_by = 'out_of_service'",
                        "resolved" => "status = 'resolved', resolved_at = raised_at, resolved_by = 'bob'",
                        _ => "message = message",
                    };
                    base.ask(&format!("UPDATE alerts SET {set}"));
                    let last = base.ask("SELECT max(number) FROM alert_transitions");
                    let uid = format!("{state}-{wish:?}");
                    let asked = ask(&mut people, &action(&uid, *wish)).await.unwrap();
                    let made =
                        base.ask(&format!("SELECT what FROM alert_transitions WHERE number > {last} ORDER BY number"));
                    assert_eq!(made.replace('\n', " "), steps, "{state}, {wish:?}: {asked:?}");
                    assert_eq!(asked.is_err(), steps.is_empty(), "{state}, {wish:?}: {asked:?}");
                }
            }
            assert_eq!(base.ask("SELECT raised_at FROM alerts"), now);
            // An alert that is hidden stays so when somebody acknowledges it.
            let hidden =
                "SELECT status, action FROM alert_transitions WHERE what = 'acknowledged' AND action LIKE 'shelved%'";
            assert_eq!(base.ask(hidden), "suppressed|shelved-Acknowledge");
            people.close().await;
        });
    }
}

#[test]
fn rules_out_of_service_are_listed_until_they_are_put_back() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async {
            drop(alerted(&base, false).await);
            let mut people = link(&base).await;
            let rule = |uid: &str, wish, machine: &str, rule: &str| Action {
                at: Aim::Rule { machine: machine.to_owned(), rule: rule.to_owned() },
                ..action(uid, wish)
            };
            let out = "SELECT e.name, o.rule, o.by_whom FROM out_of_service o JOIN equipment e ON e.id = o.equipment_id ORDER BY 1, 2";
            ask(&mut people, &rule("1", Ask::OutOfService, "P-1", "hot")).await.unwrap().unwrap();
            ask(&mut people, &rule("2", Ask::OutOfService, "P-2", "hot")).await.unwrap().unwrap();
            assert_eq!(base.ask(out), "P-1|hot|ann\nP-2|hot|ann");
            assert_eq!(base.ask("SELECT status, suppressed_by FROM alerts"), "suppressed|out_of_service");
            let refused = ask(&mut people, &rule("3", Ask::OutOfService, "P-9", "hot")).await.unwrap().unwrap_err();
            assert!(refused.0.contains("no live run of this store has such a machine"), "{}", refused.0);
            ask(&mut people, &rule("4", Ask::InService, "P-1", "hot")).await.unwrap().unwrap();
            assert_eq!(base.ask(out), "P-2|hot|ann");
            assert_eq!(base.ask("SELECT status FROM alerts"), "active");
            // An engine that hears it keeps the same list.
            let (mut journal, _) = open(&base, &opening('a')).await;
            let waiting = journal.actions_waiting().await.unwrap();
            assert_eq!(waiting.iter().map(|one| one.uid.as_str()).collect::<Vec<_>>(), ["1", "2", "4"]);
            let mut entry = plain(2);
            entry.heard.actions = waiting.into_iter().map(|one| (2, one)).collect();
            journal.append(&entry).await.unwrap();
            assert_eq!(base.ask(out), "P-2|hot|ann");
            assert!(journal.actions_waiting().await.unwrap().is_empty());
            people.close().await;
        });
    }
}
