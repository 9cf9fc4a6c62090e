//! What must hold of intake, whatever order readings come in.

use super::{Courses, Intake, SkewWatch, Verdict};
use crate::site::{Clock, TimePlan};
use twinwright_model::live::{Measurement, Reason};
use twinwright_model::{Quality, Span, Time};

const SECOND: i64 = 1_000_000_000;

fn plan(clock: Clock) -> TimePlan {
    TimePlan {
        clock,
        reorder: Span(2 * SECOND),
        ahead: Span(5 * SECOND),
        oldest: Span(30 * 86_400 * SECOND),
        uncertain: None,
        bad: None,
    }
}

fn reading(channel: u32, millis: i64, value: f64) -> Measurement {
    Measurement { channel, time: Time(millis * 1_000_000), value, quality: Quality::Good }
}

/// Hears all of it in this order, one feed, and says what each tick heard.
fn heard(order: &[Measurement]) -> (Vec<(u32, Vec<Measurement>)>, usize) {
    let mut intake = Intake::new(&plan(Clock::Source), Time(0), Span(SECOND));
    let mut courses = Courses::new(1, None, Span(0));
    courses.line(0, true, Span(0));
    let (mut ticks, mut late) = (Vec::new(), 0);
    for reading in order {
        late += usize::from(intake.hear(reading.time, reading) == Verdict::Late);
        courses.heard(0, reading.time, Span(0));
        intake.reach(courses.reached(Span(0), false).unwrap());
        while let Some(due) = intake.next_due() {
            ticks.push((due.tick, due.readings));
        }
    }
    (ticks, late)
}

#[test]
fn a_tick_hears_what_came_after_the_tick_before() {
    let mut intake = Intake::new(&plan(Clock::Source), Time(0), Span(SECOND));
    for (millis, tick) in [(-999, 0), (0, 0), (1, 1), (999, 1), (1_000, 1), (1_001, 2)] {
        assert_eq!(intake.hear(Time(0), &reading(0, millis, 1.0)), Verdict::Tick(tick), "{millis} ms");
    }
    assert_eq!(intake.hear(Time(0), &reading(0, -1_000, 1.0)), Verdict::Late);
}

#[test]
fn a_tick_is_over_only_when_something_is_later_by_more_than_the_window() {
    let mut intake = Intake::new(&plan(Clock::Source), Time(0), Span(SECOND));
    intake.hear(Time(0), &reading(0, 0, 1.0));
    intake.reach(Time(2 * SECOND));
    assert_eq!(intake.next_due(), None);
    intake.reach(Time(2 * SECOND + 1));
    assert_eq!(intake.next_due().unwrap().readings.len(), 1);
    assert_eq!(intake.closed(), Some(0));
}

#[test]
fn what_overtakes_within_the_window_or_comes_twice_or_late_changes_nothing() {
    let mut seed = 1u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for case in 0..5_000 {
        let length = 20 + random(60) as i64;
        let in_order: Vec<Measurement> = (0..length).map(|n| reading((n % 3) as u32, n * 137, n as f64)).collect();
        let end = reading(9, length * 137 + 60_000, 0.0);
        // Each is held up by up to two seconds of source time.
        let mut arrivals: Vec<(i64, Measurement)> =
            in_order.iter().map(|one| (one.time.0 / 1_000_000 + random(2_001) as i64, *one)).collect();
        for _ in 0..random(10) {
            let (at, again) = arrivals[random(arrivals.len() as u64) as usize];
            arrivals.push((at.max(again.time.0 / 1_000_000) + random(4_000) as i64, again));
        }
        arrivals.sort_by_key(|(at, _)| *at);
        let mut shuffled: Vec<Measurement> = arrivals.into_iter().map(|(_, one)| one).collect();
        shuffled.push(end);
        let straight: Vec<Measurement> = in_order.iter().copied().chain([end]).collect();
        assert_eq!(heard(&shuffled).0, heard(&straight).0, "case {case}");
        assert_eq!(heard(&straight).1, 0, "case {case}");
    }
}

#[test]
fn a_reading_from_the_future_or_from_long_ago_is_refused() {
    let intake = || Intake::new(&plan(Clock::Wall), Time(0), Span(SECOND));
    let now = Time(40 * 86_400 * SECOND);
    let at = |offset: i64| reading(0, (now.0 + offset * SECOND) / 1_000_000, 1.0);
    assert!(matches!(intake().hear(now, &at(5)), Verdict::Tick(_)));
    assert!(matches!(intake().hear(now, &at(6)), Verdict::Refused(Reason::Future, what) if what.contains("6 s ahead")));
    assert!(matches!(intake().hear(now, &at(-30 * 86_400)), Verdict::Tick(_)));
    assert!(matches!(intake().hear(now, &at(-30 * 86_400 - 1)), Verdict::Refused(Reason::TooOld, _)));
    for time in [i64::MIN, i64::MAX] {
        let far = Measurement { time: Time(time), ..at(0) };
        assert!(matches!(intake().hear(now, &far), Verdict::Refused(..)));
    }
}

#[test]
fn what_the_journal_says_was_heard_waits_again_for_its_tick() {
    let all: Vec<Measurement> = (0..40).map(|n| reading(0, n * 250, n as f64)).collect();
    let run = |crash: Option<usize>| {
        let mut intake = Intake::new(&plan(Clock::Source), Time(0), Span(SECOND));
        let (mut journal, mut ticks) = (Vec::new(), Vec::new());
        for (number, one) in all.iter().enumerate() {
            if crash == Some(number) && number % 2 == 0 {
                intake = Intake::new(&plan(Clock::Source), Time(0), Span(SECOND)).restore(&intake.save()).unwrap();
            } else if crash == Some(number) {
                let open = intake.closed().map_or(0, |closed| closed + 1);
                let reached = intake.reached();
                intake = Intake::new(&plan(Clock::Source), Time(0), Span(SECOND));
                intake.resume(open);
                journal.iter().for_each(|heard| intake.recall(heard));
                reached.into_iter().for_each(|time| intake.reach(time));
            }
            journal.extend(intake.hear(one.time, one).heard(*one));
            intake.reach(one.time);
            ticks.extend(std::iter::from_fn(|| intake.next_due()));
        }
        ticks
    };
    let whole = run(None);
    assert!(whole.len() > 5);
    for crash in 0..all.len() {
        assert_eq!(run(Some(crash)), whole, "crash before reading {crash}");
    }
}

#[test]
fn time_goes_as_far_as_the_slowest_feed_that_speaks() {
    let second = |s: i64| Span(s * SECOND);
    let mut courses = Courses::new(2, None, second(0));
    courses.line(0, true, second(0));
    courses.line(1, true, second(0));
    assert_eq!(courses.reached(second(0), true), None);
    courses.heard(0, Time(100 * SECOND), second(1));
    assert_eq!(courses.reached(second(1), true), None, "the other feed may be about to speak");
    courses.heard(1, Time(90 * SECOND), second(1));
    assert_eq!(courses.reached(second(1), true), Some(Time(90 * SECOND)));
    courses.heard(0, Time(104 * SECOND), second(6));
    assert_eq!(courses.reached(second(7), true), Some(Time(104 * SECOND)), "silence holds nobody up");
    // All are silent: the host's clock goes on, from five seconds after the last word.
    assert_eq!(courses.reached(second(20), true), Some(Time((104 + 20 - 6 - 5) * SECOND)));
    assert_eq!(courses.reached(second(20), false), Some(Time(104 * SECOND)));
}

#[test]
fn a_lost_line_holds_time_for_a_minute() {
    let second = |s: i64| Span(s * SECOND);
    let mut courses = Courses::new(1, Some(Time(50 * SECOND)), second(0));
    assert_eq!(courses.reached(second(30), true), None, "nobody knows yet what the broker kept for us");
    courses.line(0, true, second(31));
    courses.heard(0, Time(51 * SECOND), second(31));
    courses.line(0, false, second(32));
    assert_eq!(courses.reached(second(90), true), Some(Time(51 * SECOND)));
    assert!(courses.reached(second(100), true).unwrap() > Time(51 * SECOND));
}

#[test]
fn a_feed_was_not_silent_where_nobody_listened() {
    let mut courses = Courses::new(1, None, Span(0));
    courses.line(0, true, Span(0));
    courses.heard(0, Time(100 * SECOND), Span(SECOND));
    let at = |second: i64| Span(second * SECOND);
    assert_eq!(courses.clone().reached(at(31), true), Some(Time(125 * SECOND)), "by the clock, after five seconds");
    courses.listens_again(at(31));
    assert_eq!(courses.reached(at(31), true), Some(Time(100 * SECOND)), "what came meanwhile is heard first");
    assert_eq!(courses.reached(at(37), true), Some(Time(131 * SECOND)), "and where that is nothing, time has gone on");
}

#[test]
fn a_feed_whose_clock_is_wrong_holds_the_others_for_a_minute_only() {
    let second = |s: i64| Span(s * SECOND);
    let mut courses = Courses::new(2, None, second(0));
    (0..2).for_each(|feed| courses.line(feed, true, second(0)));
    let mut reached = Vec::new();
    for now in 0..120 {
        courses.heard(0, Time((10_000 + now) * SECOND), second(now));
        courses.heard(1, Time((6_400 + now) * SECOND), second(now));
        reached.push(courses.reached(second(now), true).unwrap());
    }
    assert_eq!(reached[30], Time(6_430 * SECOND));
    assert_eq!(reached[119], Time(10_119 * SECOND));
}

#[test]
fn a_wrong_clock_is_told_once_and_once_that_it_is_right_again() {
    let mut watch = SkewWatch::default();
    let mut told = Vec::new();
    for second in 0..300i64 {
        let now = Time(second * SECOND);
        let wrong = (100..200).contains(&second);
        let stamped = Time((second + if wrong { -3_600 } else { 0 }) * SECOND);
        told.extend(watch.look(7, stamped, now));
    }
    assert_eq!(told.len(), 2);
    assert_eq!((told[0].ahead, told[0].ended), (Span(-3_600 * SECOND), None));
    assert_eq!((told[1].since, told[1].ended), (told[0].since, Some(Time(219 * SECOND))));
    // A single late reading is no wrong clock.
    let mut watch = SkewWatch::default();
    assert_eq!(
        (0..1_000).filter_map(|n| watch.look(1, Time(if n % 10 == 0 { -3_600 * SECOND } else { 0 }), Time(0))).count(),
        0
    );
}
