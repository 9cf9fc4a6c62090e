//! What a courier does to a whole stream: the same however it is cut, nothing to others, and never without bound.

use super::stream::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use twinwright_core::Plan;
use twinwright_core::faults::courier::{Courier, Delivery};
use twinwright_model::{Parcel, Time};

/// Every sort of comms fault, coming and going on its own, on some of the machines.
fn everything() -> String {
    let keys = [
        ("late", "by = { uniform = [\"1 s\", \"30 s\"] }\nramp = \"10 s\"\n"),
        ("skew", "by = { normal = [\"0 s\", \"10 s\"] }\ndecay = \"10 s\"\n"),
        ("step_clock", "by = \"-1 min\"\n"),
        ("duplicate", "rate = { uniform = [0.1, 0.5] }\n"),
        ("reorder", "rate = 0.4\nsensor = \"a\"\n"),
        ("reorder", "rate = 0.3\nramp = \"20 s\"\n"),
        ("gap", "rate = 0.2\n"),
        ("bad_quality", ""),
        ("frozen_time", ""),
    ];
    let often = "every = { exponential = \"3 min\" }\nlasts = { lognormal = [\"50 s\", 2.0] }\n";
    let table = |(kind, keys)| format!("[[fault.{kind}]]\nmachine = \"U-{{2..4}}\"\n{keys}{often}");
    let storm = "[[fault.storm]]\nmachine = \"U-3\"\nevery = \"70 s\"\ndown = \"9 s\"\nstart = \"+200 s\"\n";
    keys.map(table).concat() + storm
}

/// The stream cut after the instants where `cut` says so.
fn in_pieces(plan: &Arc<Plan>, parcel: &Parcel, room: Option<usize>, mut cut: impl FnMut() -> bool) -> Delivery {
    let mut courier = Courier::new(plan, &names(), "file.test").expect("faults concern this outlet");
    if let Some(room) = room {
        courier = courier.with_room(room);
    }
    let (mut all, mut from) = (Delivery::default(), 0);
    for row in 1..=parcel.len() {
        let here = row == parcel.len() || parcel.time[row] != parcel.time[row - 1];
        if here && (row == parcel.len() || cut()) {
            let until = if row < parcel.len() { parcel.time[row] } else { after(parcel) };
            add(&mut all, courier.carry(parcel.part(from..row), until));
            from = row;
        }
    }
    add(&mut all, courier.close());
    assert_eq!(courier.held(), 0);
    all
}

/// True for about one in `of`, from a generator that is none of the engine's.
fn now_and_then(mut state: u64, of: u64) -> impl FnMut() -> bool {
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33).is_multiple_of(of)
    }
}

#[test]
fn a_stream_is_delivered_the_same_however_it_is_cut() {
    let plan = plan(4, 3000, &everything());
    let parcel = made(&plan, &[A, B]);
    for room in [None, Some(20)] {
        let whole = in_pieces(&plan, &parcel, room, || false);
        let counters = [whole.lost, whole.duplicated, whole.reordered, whole.delayed];
        assert!(counters.iter().all(|count| *count > 100), "{counters:?}");
        assert_eq!(whole.hurried > 0, room.is_some());
        assert!(whole.due.is_sorted());
        for (seed, of) in [(1, 1), (2, 2), (3, 7), (4, 50), (5, 400)] {
            let pieces = in_pieces(&plan, &parcel, room, now_and_then(seed, of));
            assert!(pieces == whole, "cut after one instant in {of}");
        }
    }
}

#[test]
fn what_is_counted_is_what_is_delivered() {
    let plan = plan(4, 3000, &everything());
    let parcel = made(&plan, &[A, B]);
    let delivery = carried(&plan, &parcel);
    let mut arrived: BTreeMap<(u32, u64), u64> = BTreeMap::new();
    let rows = &delivery.parcel;
    (0..rows.len()).for_each(|row| *arrived.entry((rows.machine[row], rows.seq[row])).or_default() += 1);
    assert_eq!(delivery.lost, (parcel.len() - arrived.len()) as u64);
    assert_eq!(delivery.duplicated, (rows.len() - arrived.len()) as u64);
    let value: BTreeMap<(u32, u64), (f32, u32)> =
        (0..parcel.len()).map(|r| ((parcel.machine[r], parcel.seq[r]), (parcel.value[r], parcel.sensor[r]))).collect();
    let same = |row: usize| value[&(rows.machine[row], rows.seq[row])] == (rows.value[row], rows.sensor[row]);
    assert!((0..rows.len()).all(same), "no value ever changes on the line");
}

#[test]
fn machines_without_comms_faults_are_untouched() {
    let plan = plan(4, 3000, &everything());
    let parcel = made(&plan, &[A, B]);
    let delivery = carried(&plan, &parcel);
    let of_first = |parcel: &Parcel| {
        let mut own = parcel.part(0..0);
        (0..parcel.len()).filter(|row| parcel.machine[*row] == 0).for_each(|row| own.push_from(parcel, row));
        own
    };
    assert_eq!(of_first(&delivery.parcel), of_first(&parcel));
    let due: Vec<Time> =
        (0..delivery.due.len()).filter(|row| delivery.parcel.machine[*row] == 0).map(|row| delivery.due[row]).collect();
    assert_eq!(due, of_first(&parcel).time, "nor is any of their readings late");
}

#[test]
fn a_parcel_in_which_no_fault_is_at_work_is_handed_on_as_it_is() {
    let rest = "[[fault.gap]]\nmachine = \"U-1\"\nrate = 1\nstart = \"+50 s\"\nlasts = \"10 s\"\n";
    let plan = plan(2, 100, rest);
    let parcel = made(&plan, &[A, B]);
    let mut courier = Courier::new(&plan, &names(), "file.test").expect("a fault concerns this outlet");
    let mut copied = Vec::new();
    for piece in 0..10 {
        let until = at(plan.start, 10 * piece as i64 + 10);
        let mut part = parcel.part(40 * piece..40 * piece + 40);
        part.events = Vec::with_capacity(1);
        let place = part.time.as_ptr();
        copied.push(courier.carry(part, until).parcel.time.as_ptr() != place);
    }
    let expected: Vec<bool> = (0..10).map(|piece| piece == 5 || piece == 6).collect();
    assert_eq!(copied, expected, "only those in which it starts, is or ends are worked on");
}

/// The most that was held while the stream went by an instant at a time, and all that came out.
fn slowly(rest: &str, seconds: u32) -> (usize, Delivery) {
    let plan = plan(1, seconds, rest);
    let parcel = made(&plan, &[A]);
    let mut courier = Courier::new(&plan, &names(), "file.test").expect("a fault concerns this outlet");
    let (mut most, mut all) = (0, Delivery::default());
    for row in 0..parcel.len() {
        add(&mut all, courier.carry(parcel.part(row..row + 1), at(plan.start, row as i64 + 1)));
        most = most.max(courier.held());
    }
    add(&mut all, courier.close());
    (most, all)
}

fn always(kind: &str, keys: &str) -> String {
    format!("[[fault.{kind}]]\nmachine = \"U-1\"\n{keys}start = \"+0 s\"\n")
}

#[test]
fn a_rate_of_one_hits_all_and_a_rate_of_zero_none() {
    let counts = |rest: &str| slowly(rest, 9999).1;
    for kind in ["gap", "duplicate", "reorder"] {
        let none = counts(&always(kind, "rate = 0\n"));
        assert_eq!((none.parcel.len(), none.lost + none.duplicated + none.reordered), (10_000, 0), "{kind}");
    }
    let (gap, twice) = (counts(&always("gap", "rate = 1\n")), counts(&always("duplicate", "rate = 1\n")));
    assert_eq!((gap.parcel.len(), gap.lost), (0, 10_000));
    assert_eq!((twice.parcel.len(), twice.duplicated), (20_000, 10_000));
    // Somebody has to overtake: after 256 that wait the next one goes past them.
    let (most, all) = slowly(&always("reorder", "rate = 1\n"), 9999);
    assert_eq!((most, all.parcel.len()), (256, 10_000));
    assert_eq!(all.reordered, 10_000 / 257 * 256);
}

#[test]
fn readings_that_are_held_are_bounded_by_delay_times_rate() {
    let (most, all) = slowly(&always("late", "by = \"20 s\"\n"), 5000);
    assert_eq!((most, all.parcel.len()), (19, 5001), "what is due when the next one is made has gone out");
    let (most, _) = slowly(&always("storm", "every = \"60 s\"\ndown = \"59 s\"\n"), 5000);
    assert_eq!(most, 58);
}

#[test]
fn a_delay_longer_than_the_run_holds_all_of_it_to_the_end() {
    let (most, all) = slowly(&always("late", "by = \"5000 w\"\n"), 500);
    assert_eq!((most, all.delayed, all.parcel.len()), (501, 501, 501));
    assert!(all.parcel.seq.is_sorted() && all.due.is_sorted());
    // A line that is told to hold less hurries, and still loses nothing.
    let plan = plan(1, 500, &always("late", "by = \"5000 w\"\n"));
    let all = in_pieces(&plan, &made(&plan, &[A]), Some(100), || true);
    assert_eq!((all.hurried, all.delayed, all.parcel.len()), (401, 501, 501));
    assert!(all.parcel.seq.is_sorted() && all.due.is_sorted());
}

#[test]
fn hostile_numbers_neither_hang_nor_end_the_run() {
    for rest in [
        always("storm", "every = \"1 ns\"\ndown = \"0 s\"\n"),
        always("storm", "every = { uniform = [\"0 s\", \"1 ns\"] }\ndown = \"1 w\"\n"),
        always("storm", "every = { normal = [\"0 s\", \"1 h\"] }\ndown = { normal = [\"0 s\", \"5000 w\"] }\n"),
        always("skew", "by = \"-5000 w\"\n"),
        always("step_clock", "by = \"5000 w\"\n") + &always("step_clock", "by = \"5000 w\"\n"),
        always("late", "by = { normal = [\"0 s\", \"1 h\"] }\nramp = \"0 s\"\n"),
        always("late", "by = { lognormal = [\"1 s\", 1e300] }\n"),
        always("duplicate", "rate = { normal = [0, 1000] }\n"),
    ] {
        let (_, all) = slowly(&rest, 1000);
        assert!(all.parcel.len() >= 1001 && all.due.is_sorted(), "{rest}");
    }
    // A fault that comes again without end, on a tick that hardly follows.
    for keys in
        ["every = \"1 ns\"\n", "every = \"1 ns\"\nlasts = \"1 ns\"\n", "every = { normal = [\"0 s\", \"1 ns\"] }\n"]
    {
        let rest = format!("[[fault.bad_quality]]\nmachine = \"U-1\"\n{keys}");
        assert_eq!(slowly(&rest, 1000).1.parcel.len(), 1001, "{keys}");
    }
}
