//! ISA-18.2's states and what leads from one to the other: every pair of state and event.

use super::{Table, alert, rule, rule_of, steps};
use crate::expression::Names;
use crate::site::When;
use twinwright_model::live::{AlertStatus, Ask, Step};
use twinwright_model::time::SECOND;
use twinwright_model::{Span, Time};

/// Normal; active and unacknowledged, or acknowledged; returned and unacknowledged; returned and acknowledged, but latched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Normal,
    Active,
    Acknowledged,
    Returned,
    Latched,
}

use At::{Acknowledged, Active, Latched, Normal, Returned};

fn seen(table: &Table) -> At {
    match table.desk.open().first() {
        None => Normal,
        Some(alert) => match (alert.returned.is_some(), alert.status) {
            (false, AlertStatus::Active) => Active,
            (false, AlertStatus::Acknowledged) => Acknowledged,
            (true, AlertStatus::Active) => Returned,
            (true, AlertStatus::Acknowledged) => Latched,
            other => panic!("{other:?}"),
        },
    }
}

/// Brings a fresh table into a state.
fn table_in(state: At, latch: bool) -> Table {
    let mut table = Table::new(1, |site| rule(site, "hot").latch = latch);
    if state != Normal {
        table.begin(0, "hot");
    }
    if matches!(state, Acknowledged | Latched) {
        table.ask(alert(1), Ask::Acknowledge);
    }
    if matches!(state, Returned | Latched) {
        table.end(0, "hot");
    }
    assert_eq!(seen(&table), state);
    table
}

type Row = (At, [At; 5]);

/// After: the condition holds, it is gone, acknowledge, comment, resolve.
const PLAIN: [Row; 4] = [
    (Normal, [Active, Normal, Normal, Normal, Normal]),
    (Active, [Active, Returned, Acknowledged, Active, Normal]),
    (Acknowledged, [Acknowledged, Normal, Acknowledged, Acknowledged, Normal]),
    (Returned, [Active, Returned, Normal, Returned, Normal]),
];
const LATCHING: [Row; 5] = [
    (Normal, [Active, Normal, Normal, Normal, Normal]),
    (Active, [Active, Returned, Acknowledged, Active, Normal]),
    (Acknowledged, [Acknowledged, Latched, Acknowledged, Acknowledged, Normal]),
    (Returned, [Active, Returned, Latched, Returned, Normal]),
    (Latched, [Active, Latched, Latched, Latched, Normal]),
];

#[test]
fn every_state_goes_where_isa_18_2_says_at_every_event() {
    for (rows, latch) in [(PLAIN.as_slice(), false), (LATCHING.as_slice(), true)] {
        for (state, after) in rows {
            for (event, expected) in after.iter().enumerate() {
                let mut table = table_in(*state, latch);
                match event {
                    0 => drop(table.begin(0, "hot")),
                    1 => drop(table.end(0, "hot")),
                    2 => drop(table.ask(rule_of(0, "hot"), Ask::Acknowledge)),
                    3 => drop(table.ask(rule_of(0, "hot"), Ask::Comment)),
                    _ => drop(table.ask(rule_of(0, "hot"), Ask::Resolve)),
                }
                assert_eq!(seen(&table), *expected, "{state:?}, event {event}, latch {latch}");
            }
        }
    }
}

#[test]
fn steps_are_numbered_from_one_and_say_how_the_alert_stands() {
    let mut table = Table::new(2, |_| {});
    let mut course = table.begin(1, "hot");
    course.extend(table.ask(alert(1), Ask::Comment));
    course.extend(table.end(1, "hot"));
    course.extend(table.begin(1, "hot"));
    course.extend(table.ask(alert(1), Ask::Acknowledge));
    course.extend(table.end(1, "hot"));
    let expected = [
        Step::Raised,
        Step::Commented,
        Step::Returned,
        Step::RaisedAgain,
        Step::Acknowledged,
        Step::Returned,
        Step::Resolved,
    ];
    assert_eq!(steps(&course), expected);
    assert_eq!(course.iter().map(|change| change.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
    assert!(course.iter().all(|change| change.alert.uid == "run/1" && change.tell));
    let first = &course[0];
    assert_eq!((first.value, first.alert.limit, first.alert.machine), (Some(91.5), Some(85.0), 1));
    assert_eq!(first.alert.message, "U-2: a hot");
    let by: Vec<&str> = course.iter().map(|change| change.by.as_str()).collect();
    assert_eq!(by, ["engine", "ann", "engine", "engine", "ann", "engine", "engine"]);
    // The next one is another alert.
    table.wait(61);
    assert_eq!(table.begin(1, "hot")[0].alert.uid, "run/2");
}

#[test]
fn a_condition_must_hold_and_be_gone_for_as_long_as_its_rule_says() {
    let mut table = Table::new(1, |site| {
        let rule = rule(site, "hot");
        (rule.holds, rule.gone) = (10 * SECOND, 5 * SECOND);
    });
    assert!(table.begin(0, "hot").is_empty());
    assert!(table.wait(5).is_empty());
    assert!(table.end(0, "hot").is_empty());
    assert!(table.begin(0, "hot").is_empty());
    assert!(table.wait(9).is_empty());
    assert_eq!(steps(&table.wait(1)), [Step::Raised]);
    // Gone for less than its time is not gone.
    assert!(table.end(0, "hot").is_empty());
    assert!(table.wait(3).is_empty());
    assert!(table.begin(0, "hot").is_empty());
    assert!(table.end(0, "hot").is_empty());
    assert!(table.wait(4).is_empty());
    assert_eq!(steps(&table.wait(1)), [Step::Returned]);
}

#[test]
fn what_comes_and_goes_within_a_tick_is_an_alert_too() {
    let mut table = Table::new(1, |_| {});
    let both = [super::finding(0, "hot", true), super::finding(0, "hot", false)];
    assert_eq!(steps(&table.second(&both, &[])), [Step::Raised, Step::Returned]);
}

#[test]
fn what_flutters_is_said_once_a_minute_at_most() {
    let mut table = Table::new(1, |_| {});
    let mut said = Vec::new();
    for _ in 0..600 {
        said.extend(table.begin(0, "hot"));
        said.extend(table.end(0, "hot"));
    }
    // Three times until it is known to flutter; then it is not gone until it was gone for a minute.
    assert_eq!(steps(&said).len(), 5, "{said:?}");
    assert_eq!(steps(&table.wait(100)), [Step::Returned]);
    // Also when each is acknowledged at once, and so over.
    let mut table = Table::new(1, |_| {});
    let mut raised = 0;
    for _ in 0..300 {
        raised += table.begin(0, "hot").len();
        table.ask(rule_of(0, "hot"), Ask::Acknowledge);
        table.end(0, "hot");
    }
    assert!(raised <= 3, "{raised}");
}

#[test]
fn a_returned_alert_that_nobody_acknowledges_is_over_after_the_quiet_time() {
    let mut table = Table::new(1, |site| site.alerts.quiet = Some(Span(100 * SECOND)));
    table.begin(0, "hot");
    table.end(0, "hot");
    assert!(table.wait(99).is_empty());
    let over = table.wait(1);
    assert_eq!(steps(&over), [Step::Resolved]);
    assert_eq!(over[0].alert.resolved, Some((Time(table.now * SECOND), "engine".to_owned())));
    let mut patient = Table::new(1, |site| site.alerts.quiet = None);
    patient.begin(0, "hot");
    patient.end(0, "hot");
    assert!(patient.wait(10_000).is_empty());
}

#[test]
fn what_is_resolved_while_it_holds_comes_again_only_after_it_was_gone() {
    let mut table = Table::new(1, |_| {});
    table.begin(0, "hot");
    assert_eq!(steps(&table.ask(alert(1), Ask::Resolve)), [Step::Resolved]);
    assert!(table.wait(100).is_empty());
    table.end(0, "hot");
    assert_eq!(steps(&table.begin(0, "hot")), [Step::Raised]);
}

#[test]
fn an_expression_raises_where_it_holds_and_what_is_no_number_decides_nothing() {
    let mut table = Table::new(3, |site| {
        let expr = crate::expression::parse("x > 6", Names::Plain).expect("it parses");
        let bound = expr.bind(&mut |_| Some(crate::expression::Meaning::Slot(0)), &[]).expect("it binds");
        let rule = rule(site, "hot");
        let one = (vec![crate::maintenance::Source::Slot(0)], bound);
        rule.when = When::Holds { text: "x > 6".to_owned(), by_machine: vec![one; 3] };
        rule.holds = 3 * SECOND;
    });
    assert!(table.wait(5).is_empty());
    table.numbers[1] = 7.0;
    assert!(table.wait(3).is_empty());
    table.numbers[1] = f64::NAN;
    let raised = table.wait(1);
    assert_eq!((steps(&raised), raised[0].alert.machine), (vec![Step::Raised], 1));
    assert!(table.wait(50).is_empty());
    table.numbers[1] = 5.0;
    assert_eq!(steps(&table.wait(1)), [Step::Returned]);
}
