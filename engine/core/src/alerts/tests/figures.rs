//! The figures of ISA-18.2 and EEMUA 191, each against a table that was counted by hand.

use crate::alerts::kpi::{AlertRow, Verdict, kpi};
use twinwright_model::time::SECOND;
use twinwright_model::{Severity, Time};

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// Raised at a second, acknowledged after a minute, gone after five and then over.
fn row(machine: &str, at: i64) -> AlertRow {
    let time = |at: i64| Some(Time(at * SECOND));
    AlertRow {
        machine: machine.to_owned(),
        rule: "hot".to_owned(),
        severity: Severity::Low,
        raised: Time(at * SECOND),
        again: Vec::new(),
        returned: time(at + 300),
        acknowledged: time(at + 60),
        resolved: time(at + 300),
        shelved: false,
        suppressed: false,
    }
}

fn over(rows: &[AlertRow], seconds: i64) -> crate::alerts::kpi::Kpi {
    kpi(rows, Time(0), Time(seconds * SECOND))
}

#[test]
fn nothing_is_acceptable_and_divides_by_nothing() {
    let none = over(&[], DAY);
    assert_eq!((none.alerts, none.verdict, none.top_share, none.priorities), (0, Verdict::Acceptable, None, None));
    assert_eq!((none.to_acknowledge_median, none.per_day, none.in_flood), (None, 0.0, 0.0));
    assert_eq!(kpi(&[row("a", 0)], Time(5), Time(5)).alerts, 0);
    assert!(none.figures().iter().all(|figure| figure.fits != Some(false)));
}

#[test]
fn rates_are_means_over_the_stretch_and_peaks_are_of_windows() {
    // Two days: one each hour, and twelve more in the minute after 30 h.
    let mut rows: Vec<AlertRow> = (0..48).map(|hour| row("a", hour * HOUR)).collect();
    rows.extend((0..12).map(|n| row(&format!("m{n}"), 30 * HOUR + 60 + n)));
    let seen = over(&rows, 2 * DAY);
    assert_eq!((seen.alerts, seen.per_day, seen.per_hour), (60, 30.0, 1.25));
    assert!((seen.per_10_min - 60.0 / 288.0).abs() < 1e-12);
    assert_eq!((seen.most_per_day, seen.most_per_hour, seen.most_per_10_min), (36, 13, 13));
    assert!((seen.busy_windows - 1.0 / 288.0).abs() < 1e-12);
    assert_eq!((seen.floods, seen.verdict), (1, Verdict::Acceptable));
    // What was raised before or at the end of the stretch is not of it.
    assert_eq!(kpi(&rows, Time(HOUR * SECOND), Time(2 * HOUR * SECOND)).alerts, 1);
}

#[test]
fn a_flood_begins_above_ten_in_ten_minutes_and_ends_below_five() {
    // Windows of ten minutes with so many alerts each.
    let windows = [0, 10, 11, 6, 5, 4, 20, 5, 0, 0];
    let mut rows = Vec::new();
    for (window, count) in windows.into_iter().enumerate() {
        rows.extend((0..count).map(|n| row(&format!("{window}-{n}"), window as i64 * 10 * MINUTE + n)));
    }
    let seen = over(&rows, 100 * MINUTE);
    // 11, 6, 5, then 20, 5.
    assert_eq!((seen.floods, seen.in_flood, seen.busy_windows), (2, 0.5, 0.2));
    assert_eq!(seen.verdict, Verdict::OverDemanding);
}

#[test]
fn the_verdict_follows_eemua_191() {
    for (count, verdict) in [
        (10, Verdict::Acceptable),
        (11, Verdict::Manageable),
        (20, Verdict::Manageable),
        (21, Verdict::OverDemanding),
        (100, Verdict::OverDemanding),
        (101, Verdict::Unacceptable),
    ] {
        let rows: Vec<AlertRow> = (0..count).map(|n| row(&format!("m{n}"), n * 59)).collect();
        assert_eq!(over(&rows, 100 * MINUTE).verdict, verdict, "{count} in 100 minutes");
    }
}

#[test]
fn three_times_within_a_minute_is_chattering_and_ten_seconds_are_fleeting() {
    let chatter = AlertRow { again: vec![Time(20 * SECOND), Time(59 * SECOND)], ..row("a", 0) };
    let slower = AlertRow { again: vec![Time(30 * SECOND), Time(60 * SECOND)], ..row("b", 0) };
    let three = [row("c", 100), row("c", 120), row("c", 140)];
    let apart = [row("d", 100), row("e", 110), row("f", 120)];
    let fleeting = AlertRow { returned: Some(Time(510 * SECOND)), ..row("g", 500) };
    let hidden = AlertRow { suppressed: true, ..chatter.clone() };
    let mut rows = vec![chatter, slower, fleeting, AlertRow { machine: "h".to_owned(), ..hidden }];
    rows.extend(three.into_iter().chain(apart));
    let seen = over(&rows, DAY);
    assert_eq!((seen.chattering, seen.fleeting, seen.suppressed, seen.alerts), (2, 1, 1, 13));
}

#[test]
fn what_stands_for_over_a_day_is_stale() {
    let open = |machine: &str, at: i64| AlertRow { returned: None, resolved: None, ..row(machine, at) };
    let again = AlertRow { returned: None, resolved: None, again: vec![Time(70 * HOUR * SECOND)], ..row("c", 0) };
    // `a` stands all the time, `b` for an hour at the end, `c` came back two hours ago, `d` stood for two days.
    let gone = Some(Time(49 * HOUR * SECOND));
    let stood = AlertRow { returned: gone, resolved: gone, ..row("d", HOUR) };
    let seen = over(&[open("a", 0), open("b", 71 * HOUR), again, stood, row("e", 0)], 72 * HOUR);
    assert_eq!(seen.standing, 3);
    // At 48 h: a and d (and c, whose return nobody wrote down, since 0).
    assert_eq!(seen.stale, 3);
}

#[test]
fn the_ten_most_frequent_and_their_share() {
    let mut rows = Vec::new();
    for source in 0..15i64 {
        let count = if source < 3 { 10 } else { 1 };
        rows.extend((0..count).map(|n| row(&format!("m{source:02}"), source * HOUR + n * 120)));
    }
    let seen = over(&rows, DAY);
    assert_eq!(seen.frequent.len(), 10);
    assert_eq!((seen.frequent[0].machine.as_str(), seen.frequent[0].count), ("m00", 10));
    assert_eq!((seen.frequent[9].machine.as_str(), seen.frequent[9].count), ("m09", 1));
    assert!((seen.frequent[0].share - 10.0 / 42.0).abs() < 1e-12);
    assert!((seen.top_share.expect("there are some") - 37.0 / 42.0).abs() < 1e-12);
}

#[test]
fn priorities_and_the_time_to_acknowledge() {
    let of = |severity, wait: i64| AlertRow {
        severity,
        acknowledged: (wait > 0).then_some(Time((100 + wait) * SECOND)),
        shelved: wait == 0,
        ..row("a", 100)
    };
    let mut rows: Vec<AlertRow> = (0..16).map(|_| of(Severity::Low, 0)).collect();
    rows.extend([
        of(Severity::Medium, 10),
        of(Severity::Medium, 20),
        of(Severity::High, 40),
        of(Severity::Critical, 90),
    ]);
    let seen = over(&rows, DAY);
    assert_eq!(seen.priorities, Some([0.8, 0.1, 0.05, 0.05]));
    // Between 20 and 40; nine tenths of the way from 10 to 90 over three steps: 40 + 0.7 * 50.
    assert_eq!(seen.to_acknowledge_median, Some(30.0));
    assert!((seen.to_acknowledge_p90.expect("some were") - 75.0).abs() < 1e-9);
    assert_eq!((seen.unacknowledged, seen.shelved), (16, 16));
    let figures = seen.figures();
    assert!(figures.iter().any(|figure| figure.name == "low (%)" && figure.value == 80.0));
}
