//! Who is told, when, and how often: groups, floods, once more, more severely.

use super::{Table, alert, finding, rule, steps};
use twinwright_model::live::{AlertChange, Ask, FindingChange, Step};
use twinwright_model::time::SECOND;
use twinwright_model::{Severity, Span};

fn told(changes: &[AlertChange]) -> Vec<(Step, String)> {
    let told = changes.iter().filter(|change| change.tell);
    told.map(|change| (change.step, change.alert.rule.clone())).collect()
}

#[test]
fn a_group_is_told_as_one_and_the_first_says_what_came_first() {
    let mut table = Table::new(2, |site| {
        for rule in &mut site.rules {
            rule.group = Some("heat".to_owned());
        }
        rule(site, "cold").severity = Severity::Low;
    });
    let first = table.begin(0, "hot");
    assert!(first[0].alert.first_up && first[0].tell);
    let second = table.begin(0, "cold");
    assert!(!second[0].alert.first_up && !second[0].tell);
    assert!(table.begin(1, "cold")[0].tell, "another machine is another story");
    // When the one that spoke for them is over, the next one speaks.
    let over = table.end(0, "hot");
    assert_eq!(told(&over), [(Step::Returned, "hot".to_owned()), (Step::RaisedAgain, "cold".to_owned())]);
}

#[test]
fn what_is_more_severe_than_its_group_is_told_all_the_same() {
    let mut table = Table::new(1, |site| {
        for rule in &mut site.rules {
            rule.group = Some("heat".to_owned());
        }
        rule(site, "cold").severity = Severity::Critical;
    });
    table.begin(0, "hot");
    let second = table.begin(0, "cold");
    assert!(!second[0].alert.first_up && second[0].tell);
}

fn all(machines: u32, detector: &str, begins: bool) -> Vec<FindingChange> {
    (0..machines).map(|machine| finding(machine, detector, begins)).collect()
}

#[test]
fn in_a_flood_the_severe_are_told_and_the_others_as_there_is_room() {
    let mut table = Table::new(40, |site| rule(site, "cold").severity = Severity::High);
    let flood = table.second(&all(40, "hot", true), &[]);
    assert_eq!(flood.len(), 40, "all are recorded");
    assert_eq!(told(&flood).len(), 10);
    let said: Vec<&str> = flood.iter().filter_map(|change| change.comment.as_deref()).collect();
    assert_eq!(said.len(), 1);
    assert!(said[0].starts_with("10 alerts in 10 minutes"), "{said:?}");
    // Machines 11 to 30 are over before there is room: nobody needs to hear of them.
    let over: Vec<FindingChange> = (10..30).map(|machine| finding(machine, "hot", false)).collect();
    assert_eq!(told(&table.second(&over, &[])), []);
    assert_eq!(told(&table.begin(39, "cold")).len(), 1, "high is told, flood or not");
    assert_eq!(told(&table.wait(597)), []);
    let later = table.wait(2);
    assert_eq!(told(&later).len(), 9, "ten, less the high one that was told since");
    assert!(later.iter().all(|change| change.step == Step::RaisedAgain && change.alert.machine >= 30));
    let last = table.wait(1_200);
    assert_eq!(told(&last).len(), 1);
}

#[test]
fn never_more_than_the_flood_of_low_and_medium_alerts_is_told_in_ten_minutes() {
    let mut table = Table::new(100, |_| {});
    let mut times: Vec<i64> = Vec::new();
    for round in 0..40 {
        let begins = round % 2 == 0;
        let said = table.second(&all(100, "hot", begins), &[]);
        let mut raised: Vec<AlertChange> = said.into_iter().chain(table.wait(89)).collect();
        raised.retain(|change| change.tell && matches!(change.step, Step::Raised | Step::RaisedAgain));
        times.extend(raised.iter().map(|change| change.time.0 / SECOND));
    }
    let most = times.iter().map(|from| times.iter().filter(|time| (0..600).contains(&(*time - from))).count()).max();
    assert_eq!(most, Some(10));
}

#[test]
fn what_nobody_acknowledges_is_told_again_and_made_more_severe() {
    let mut table = Table::new(1, |site| {
        let rule = rule(site, "hot");
        (rule.again, rule.escalate) = (Some(Span(100 * SECOND)), Some(Span(150 * SECOND)));
    });
    table.begin(0, "hot");
    let said = table.wait(460);
    let course: Vec<(Step, Severity, i64)> =
        said.iter().map(|change| (change.step, change.alert.severity, change.time.0 / SECOND)).collect();
    let expected = [
        (Step::RaisedAgain, Severity::Medium, 101),
        (Step::Escalated, Severity::High, 151),
        (Step::RaisedAgain, Severity::High, 201),
        (Step::Escalated, Severity::Critical, 301),
        (Step::RaisedAgain, Severity::Critical, 301),
        (Step::RaisedAgain, Severity::Critical, 401),
    ];
    assert_eq!(course, expected);
    assert_eq!(said[0].comment.as_deref(), Some("nobody acknowledged it in 1 min 40 s"));
    table.ask(alert(1), Ask::Acknowledge);
    assert!(table.wait(1_000).is_empty());
}

#[test]
fn a_held_alert_that_becomes_high_is_told() {
    let mut table = Table::new(20, |site| {
        rule(site, "hot").escalate = Some(Span(60 * SECOND));
        site.alerts.flood = 1;
    });
    assert_eq!(told(&table.second(&all(20, "hot", true), &[])).len(), 1);
    let escalated = table.wait(60);
    assert_eq!(steps(&escalated), [Step::Escalated; 20]);
    assert!(escalated.iter().all(|change| change.tell && change.alert.severity == Severity::High));
}
