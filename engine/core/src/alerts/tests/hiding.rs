//! Out of sight and back: shelves, service, maintenance, start-up, other alerts and other machines.

use super::{Table, alert, finding, rule, rule_of, steps};
use crate::site::Suppress;
use twinwright_model::live::{Action, AlertStatus, Ask, Hidden, Step};
use twinwright_model::time::SECOND;
use twinwright_model::{Mode, Time};

fn until(table: &Table, seconds: i64) -> Ask {
    Ask::Shelve { until: Time((table.now + seconds) * SECOND) }
}

#[test]
fn a_shelf_ends_by_itself_and_what_still_holds_is_shown_again() {
    let mut table = Table::new(1, |_| {});
    table.begin(0, "hot");
    let shelve = until(&table, 100);
    let shelved = table.ask(alert(1), shelve);
    assert_eq!(steps(&shelved), [Step::Shelved]);
    let shelf = shelved[0].alert.shelved.as_ref().expect("it is on the shelf");
    assert_eq!((shelf.by.as_str(), shelf.reason.as_str(), shelf.until), ("ann", "because", Time(101 * SECOND)));
    assert!(shelved[0].tell, "who knows of it must learn that it is gone from sight");
    // On the shelf it comes and goes without a word.
    assert!(table.end(0, "hot").iter().chain(&table.begin(0, "hot")).all(|change| !change.tell));
    table.wait(96);
    let back = table.wait(1);
    assert_eq!((steps(&back), back[0].tell, back[0].by.as_str()), (vec![Step::Unshelved], true, "engine"));
    assert_eq!(back[0].alert.status, AlertStatus::Active);
}

#[test]
fn what_is_over_when_its_shelf_ends_is_resolved() {
    let mut table = Table::new(1, |_| {});
    table.begin(0, "hot");
    let shelve = until(&table, 50);
    table.ask(alert(1), shelve);
    table.end(0, "hot");
    assert_eq!(steps(&table.wait(60)), [Step::Unshelved, Step::Resolved]);
}

#[test]
fn a_rule_can_be_shelved_before_it_has_an_alert_but_not_for_ever_nor_without_a_reason() {
    let mut table = Table::new(1, |_| {});
    assert!(table.ask(rule_of(0, "hot"), Ask::Shelve { until: Time(i64::MAX) }).is_empty());
    let raised = table.begin(0, "hot");
    assert_eq!((raised[0].alert.hidden, raised[0].tell), (Some(Hidden::Shelved), false));
    assert_eq!(raised[0].alert.shelved.as_ref().map(|shelf| shelf.until), Some(Time((86_400 + 1) * SECOND)));
    let action = |uid: &str, by: &str, reason: Option<&str>, ask: Ask| Action {
        uid: uid.to_owned(),
        at: rule_of(0, "hot"),
        ask,
        by: by.to_owned(),
        reason: reason.map(str::to_owned),
        asked: Time(0),
    };
    let soon = Ask::Shelve { until: Time(10_000 * SECOND) };
    let refused = [
        action("1", "ann", None, soon),
        action("2", "ann", Some("  "), soon),
        action("3", " ", Some("x"), soon),
        action("4", "ann", Some("x"), Ask::Shelve { until: Time(0) }),
        action("5", "ann", None, Ask::Comment),
        Action { at: alert(9), ..action("6", "ann", Some("x"), Ask::Acknowledge) },
        Action { at: rule_of(7, "hot"), ..action("7", "ann", Some("x"), Ask::OutOfService) },
        Action { at: rule_of(0, "hott"), ..action("9", "ann", Some("x"), Ask::OutOfService) },
        action("8", "ann", Some("x"), Ask::InService),
    ];
    table.answers.clear();
    assert!(table.second(&[], &refused).is_empty());
    assert_eq!(table.answers.iter().filter(|answer| answer.refused.is_some()).count(), refused.len());
    assert_eq!(table.desk.refused(), refused.len() as u64);
}

#[test]
fn the_same_action_is_done_once() {
    let mut table = Table::new(1, |_| {});
    table.begin(0, "hot");
    let comment = Action {
        uid: "one".to_owned(),
        at: alert(1),
        ask: Ask::Comment,
        by: "ann\r\n\u{1b}[2J".to_owned(),
        reason: Some("seen".to_owned()),
        asked: Time(0),
    };
    let said = table.second(&[], &[comment.clone(), comment.clone()]);
    assert_eq!(steps(&said), [Step::Commented]);
    assert_eq!(said[0].by, "ann\\r\\n\\u{1b}[2J");
    assert!(table.second(&[], &[comment]).is_empty());
}

#[test]
fn a_rule_out_of_service_raises_nothing_until_it_is_back() {
    let mut table = Table::new(2, |_| {});
    table.begin(0, "hot");
    let out = table.ask(alert(1), Ask::OutOfService);
    assert_eq!((steps(&out), out[0].alert.hidden), (vec![Step::Suppressed], Some(Hidden::OutOfService)));
    table.end(0, "hot");
    table.wait(100);
    assert!(table.begin(0, "hot").is_empty());
    assert_eq!(steps(&table.begin(1, "hot")), [Step::Raised], "the other machine is in service");
    let back = table.ask(rule_of(0, "hot"), Ask::InService);
    assert_eq!(steps(&back), [Step::Unsuppressed, Step::Resolved, Step::Raised]);
}

#[test]
fn maintenance_hides_what_it_causes_and_what_outlasts_it_is_shown() {
    let mut table = Table::new(1, |_| {});
    table.modes[0] = Mode::Maintenance;
    let hidden = table.begin(0, "hot");
    assert_eq!((steps(&hidden), hidden[0].alert.status), (vec![Step::Raised], AlertStatus::Suppressed));
    assert!(!hidden[0].tell && hidden[0].alert.hidden == Some(Hidden::Design));
    table.modes[0] = Mode::Running;
    let shown = table.wait(1);
    assert_eq!((steps(&shown), shown[0].tell), (vec![Step::Unsuppressed], true));
    // What is over within the work was never anybody's concern.
    let mut table = Table::new(1, |_| {});
    table.modes[0] = Mode::Maintenance;
    table.begin(0, "hot");
    let over = table.end(0, "hot");
    assert_eq!(steps(&over), [Step::Returned, Step::Resolved]);
    assert!(over.iter().all(|change| !change.tell));
}

#[test]
fn listed_modes_and_the_start_hide_only_the_rules_that_list_them() {
    let mut table = Table::new(1, |site| {
        rule(site, "hot").suppress = vec![Suppress::Mode(Mode::Idle), Suppress::StartUp(30 * SECOND)];
    });
    table.modes[0] = Mode::Idle;
    table.wait(1);
    assert!(!table.begin(0, "hot")[0].tell);
    assert!(table.begin(0, "cold")[0].tell);
    table.modes[0] = Mode::Running;
    assert!(table.wait(30).is_empty());
    assert_eq!(steps(&table.wait(1)), [Step::Unsuppressed]);
}

#[test]
fn what_ran_when_the_mirror_began_was_not_started_then() {
    let mut table = Table::new(1, |site| rule(site, "hot").suppress = vec![Suppress::StartUp(3_600 * SECOND)]);
    assert!(table.begin(0, "hot")[0].tell);
}

#[test]
fn another_alert_hides_what_it_explains_here_and_downstream() {
    let mut table = Table::new(3, |site| rule(site, "cold").suppress = vec![Suppress::Rule("hot".to_owned())]);
    table.begin(0, "hot");
    let hides = |table: &mut Table, machine| table.begin(machine, "cold")[0].alert.hidden == Some(Hidden::Design);
    assert!(hides(&mut table, 0), "the same machine");
    assert!(hides(&mut table, 1), "U-1 feeds U-2");
    assert!(!hides(&mut table, 2), "U-3 stands alone");
    let shown = table.end(0, "hot");
    assert_eq!(steps(&shown), [Step::Returned, Step::Unsuppressed, Step::Unsuppressed]);
}

#[test]
fn trouble_upstream_hides_what_says_so() {
    let mut table = Table::new(2, |site| rule(site, "cold").suppress = vec![Suppress::Upstream]);
    table.modes[0] = Mode::Failed;
    assert!(!table.begin(1, "cold")[0].tell);
    assert!(table.begin(0, "cold")[0].tell);
    table.modes[0] = Mode::Running;
    // Its own alert is still there.
    assert!(table.wait(5).is_empty());
    assert_eq!(steps(&table.end(0, "cold")), [Step::Returned, Step::Unsuppressed]);
}

#[test]
fn two_rules_that_name_each_other_never_hide_each_other() {
    let mut table = Table::new(1, |site| {
        rule(site, "cold").suppress = vec![Suppress::Rule("hot".to_owned())];
        rule(site, "hot").suppress = vec![Suppress::Rule("cold".to_owned())];
    });
    let both = [finding(0, "hot", true), finding(0, "cold", true)];
    let raised = table.second(&both, &[]);
    assert_eq!(raised.iter().filter(|change| change.tell).count(), 1, "{raised:?}");
    assert!(table.wait(20).is_empty(), "and it stays so");
}
