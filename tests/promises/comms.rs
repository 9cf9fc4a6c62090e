//! Comms faults act on delivery: what a receiver counts is what the scenario asked for, and what the counters say.
//!
//! All is recovered from the rows that arrive: their sequence numbers, their stamps and when they are due.

mod carriage;
mod rates;
mod stream;

use crate::truth::seen::see;
use std::collections::BTreeMap;
use stream::*;
use twinwright_core::faults::courier::Courier;
use twinwright_model::{Label, Quality, Span, Time};
use twinwright_tests::scenario;

const FROM_100_TO_150: &str = "start = \"+100 s\"\nlasts = \"50 s\"\n";

fn fault(kind: &str, keys: &str) -> String {
    format!("[[fault.{kind}]]\nmachine = \"U-1\"\n{keys}")
}

fn first(parcel: &twinwright_model::Parcel) -> Time {
    parcel.time[0]
}

/// Second in which each row was made, in delivery order, with the second in which it arrived.
fn arrivals(delivery: &twinwright_core::faults::courier::Delivery, start: Time) -> Vec<(i64, f64)> {
    (0..delivery.due.len()).map(|row| (second(delivery, row), seconds(start, delivery.due[row]))).collect()
}

/// The same, worked out from the delay that a reading of each second should have.
fn expected(last: i64, delay: impl Fn(i64) -> f64) -> Vec<(i64, f64)> {
    let mut all: Vec<(i64, f64)> = (0..=last).map(|second| (second, second as f64 + delay(second))).collect();
    all.sort_by(|a, b| a.1.total_cmp(&b.1));
    all
}

#[test]
fn late_readings_arrive_later_by_just_that_much_and_in_that_order() {
    let (parcel, delivery) = on_one_sensor(300, &fault("late", &format!("by = \"7 s\"\n{FROM_100_TO_150}")));
    let late = |second| if (100..150).contains(&second) { 7.0 } else { 0.0 };
    assert_eq!(arrivals(&delivery, first(&parcel)), expected(300, late));
    assert_eq!((delivery.delayed, delivery.lost + delivery.duplicated + delivery.reordered), (50, 0));
}

#[test]
fn a_delay_grows_with_its_ramp_and_falls_with_its_decay() {
    let keys = "by = \"30 s\"\nstart = \"+100 s\"\nramp = \"60 s\"\nhold = \"20 s\"\ndecay = \"10 s\"\n";
    let (parcel, delivery) = on_one_sensor(300, &fault("late", keys));
    let late = |second: i64| match second {
        100..160 => (second - 100) as f64 / 2.0,
        160..=180 => 30.0,
        181..190 => (190 - second) as f64 * 3.0,
        _ => 0.0,
    };
    assert_eq!(arrivals(&delivery, first(&parcel)), expected(300, late));
    assert_eq!(delivery.delayed, 89, "the first reading of the ramp is not late yet");
}

#[test]
fn a_storm_brings_in_a_burst_what_was_made_while_the_line_was_down() {
    let keys = "every = \"40 s\"\ndown = \"15 s\"\nstart = \"+100 s\"\nlasts = \"90 s\"\n";
    let (parcel, delivery) = on_one_sensor(300, &fault("storm", keys));
    // Down from 100 to 115, from 140 to 155 and from 180 to 190, when it is over.
    let late = |second: i64| match second {
        100..115 => 115 - second,
        140..155 => 155 - second,
        180..190 => 190 - second,
        _ => 0,
    };
    assert_eq!(arrivals(&delivery, first(&parcel)), expected(300, |second| late(second) as f64));
    assert_eq!(delivery.delayed, 40);
}

#[test]
fn clocks_are_off_by_just_that_much() {
    let keys = [
        ("skew", "by = \"-3 s\"\nstart = \"+100 s\"\nramp = \"30 s\"\nlasts = \"50 s\"\n"),
        ("step_clock", "by = \"2 min\"\nstart = \"+100 s\"\nlasts = \"50 s\"\n"),
        ("frozen_time", "start = \"+100 s\"\nlasts = \"50 s\"\n"),
    ];
    for (kind, keys) in keys {
        let (parcel, delivery) = on_one_sensor(300, &fault(kind, keys));
        for row in 0..=300 {
            let made = row as f64;
            let shown = match (kind, (100..150).contains(&row)) {
                (_, false) => made,
                ("skew", _) => made - ((row - 100) as f64 / 10.0).min(3.0),
                ("step_clock", _) => made + 120.0,
                _ => 99.0,
            };
            assert_eq!(seconds(first(&parcel), delivery.parcel.time[row as usize]), shown, "{kind} in second {row}");
        }
        assert_eq!(delivery.due, parcel.time, "{kind}: nothing is late");
        assert_eq!(delivery.parcel.value, parcel.value, "{kind}");
        assert_eq!(delivery.parcel.quality, parcel.quality, "{kind}");
    }
}

#[test]
fn a_frozen_clock_that_never_showed_anything_shows_its_first_reading() {
    let (parcel, delivery) = on_one_sensor(100, &fault("frozen_time", "start = \"+0 s\"\nlasts = \"10 s\"\n"));
    let expected: Vec<Time> =
        parcel.time.iter().enumerate().map(|(row, time)| if row < 10 { parcel.time[0] } else { *time }).collect();
    assert_eq!(delivery.parcel.time, expected);
}

#[test]
fn bad_quality_changes_the_quality_and_nothing_else() {
    let (parcel, delivery) = on_one_sensor(300, &fault("bad_quality", FROM_100_TO_150));
    let bad: Vec<usize> = (0..=300).filter(|row| delivery.parcel.quality[*row] == Quality::Bad.code()).collect();
    assert_eq!(bad, (100..150).collect::<Vec<usize>>());
    let mut mended = delivery.parcel.clone();
    mended.quality.clone_from(&parcel.quality);
    assert_eq!(mended, parcel);
}

#[test]
fn faults_compose_stamps_first_then_loss_then_copies_then_delays() {
    let always = "start = \"+100 s\"\nlasts = \"50 s\"\n";
    let rest = [
        fault("storm", &format!("every = \"50 s\"\ndown = \"5 s\"\n{always}")),
        fault("duplicate", &format!("rate = 0.5\n{always}")),
        fault("late", &format!("by = \"3 s\"\n{always}")),
        fault("gap", &format!("rate = 0.5\n{always}")),
        fault("frozen_time", "start = \"+140 s\"\nlasts = \"10 s\"\n"),
        fault("late", &format!("by = \"4 s\"\n{always}")),
        fault("skew", &format!("by = \"20 s\"\n{always}")),
        fault("step_clock", &format!("by = \"1 h\"\n{always}")),
    ];
    let (parcel, delivery) = on_one_sensor(300, &rest.concat());
    let mut times: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (row, (made, due)) in arrivals(&delivery, first(&parcel)).into_iter().enumerate() {
        times.entry(made).or_default().push(row);
        let inside = (100..150).contains(&made);
        let down = if (100..105).contains(&made) { (105 - made) as f64 } else { 0.0 };
        assert_eq!(due - made as f64, if inside { 7.0 + down } else { 0.0 }, "delays of second {made} add up");
        let shown = seconds(first(&parcel), delivery.parcel.time[row]);
        let clock = if inside { made.min(139) as f64 + 3620.0 } else { made as f64 };
        assert_eq!(
            shown, clock,
            "the stamp of second {made}; a frozen clock shows what it showed last, wrong as it was"
        );
    }
    let lost = (0..=300).filter(|second| !times.contains_key(second)).count() as u64;
    let twice = times.values().filter(|rows| rows.len() == 2).count() as u64;
    assert!(lost > 10 && twice > 5, "{lost} lost and {twice} twice");
    assert_eq!((delivery.lost, delivery.duplicated, delivery.delayed), (lost, twice, 50 - lost));
    assert!(times.values().all(|rows| rows.len() == 1 || rows[1] == rows[0] + 1), "a copy comes right behind");
}

#[test]
fn a_fault_hits_the_rows_from_its_labels_start_to_its_end() {
    let rest = "[[fault.bad_quality]]\nmachine = \"U-{1..2}\"\nevery = { exponential = \"90 s\" }\n\
                lasts = { lognormal = [\"20 s\", 2.0] }\n\
                [[fault.bad_quality]]\nmachine = \"U-2\"\nsensor = \"b\"\nstart = \"+59 min\"\n";
    let seen = see(machine_text(), &scenario(2, "1 h", "1 s", rest));
    let labels: Vec<Label> = seen.labels.iter().chain(&seen.open_labels).cloned().collect();
    assert!(labels.len() > 50, "{} labels", labels.len());
    let plan = plan(2, 3600, rest);
    let delivery = carried(&plan, &made(&plan, &[A, B]));
    let rows = &delivery.parcel;
    for row in 0..rows.len() {
        let hit = labels.iter().any(|label| {
            let sensor = &names()[rows.sensor[row] as usize];
            label.machine == rows.machine[row]
                && (label.sensor.is_empty() || label.sensor == *sensor)
                && label.start <= rows.time[row]
                && label.end.is_none_or(|end| rows.time[row] < end)
        });
        assert_eq!(rows.quality[row] == Quality::Bad.code(), hit, "row {row}");
    }
}

#[test]
fn labels_say_the_size_that_was_drawn_and_the_outlet() {
    let rest = "[[fault.late]]\nmachine = \"U-1\"\nby = { uniform = [\"2 s\", \"200 s\"] }\nevery = \"600 s\"\n\
                lasts = \"60 s\"\noutlet = \"file.test\"\n\
                [[fault.gap]]\nmachine = \"U-1\"\nsensor = \"a\"\nrate = { uniform = [0.2, 0.4] }\nstart = \"+0 s\"\n\
                [[fault.storm]]\nmachine = \"U-1\"\nevery = { uniform = [\"30 s\", \"40 s\"] }\ndown = \"250 us\"\n\
                start = \"+0 s\"\nlasts = \"1 min\"\n";
    let seen = see(machine_text(), &scenario(1, "2 h", "1 s", rest));
    let gap = seen.open_labels.iter().find(|label| label.kind == "gap").expect("it lasts to the end");
    assert!((0.2..=0.4).contains(&gap.parameters["rate"].as_f64().expect("a number")), "{:?}", gap.parameters);
    assert_eq!((gap.sensor.as_str(), gap.parameters.get("outlet")), ("a", None));
    let storm = seen.labels.iter().find(|label| label.kind == "storm").expect("it ends");
    assert_eq!(storm.parameters["down"], "250 us");
    assert!(storm.parameters["every"].as_str().is_some_and(|every| every.starts_with("3") && every.ends_with("s")));
    let plan = plan(1, 7200, rest);
    let delivery = carried(&plan, &made(&plan, &[B]));
    let lates: Vec<&Label> = seen.labels.iter().filter(|label| label.kind == "late").collect();
    assert!(lates.len() >= 10);
    for label in lates {
        assert_eq!((label.sensor.as_str(), &label.parameters["outlet"]), ("", &serde_json::json!("file.test")));
        let said = label.parameters["by"].as_str().expect("a text");
        let by: i64 = spans(said);
        let rows: Vec<usize> =
            (0..delivery.due.len()).filter(|row| delivery.parcel.time[*row] == label.start).collect();
        assert_eq!(delivery.due[rows[0]].0 - label.start.0, by, "{said}");
    }
}

/// Nanoseconds of `1 min 5 s` or `65.123 s`.
fn spans(text: &str) -> i64 {
    let words: Vec<&str> = text.split(' ').collect();
    let unit = |name: &str| match name {
        "min" => 60_000,
        "s" => 1_000,
        "ms" => 1,
        other => panic!("{other} is not expected in {text}"),
    };
    words
        .chunks(2)
        .map(|pair| (pair[0].parse::<f64>().expect("a number") * f64::from(unit(pair[1]))).round() as i64 * 1_000_000)
        .sum()
}

#[test]
fn a_fault_acts_on_its_outlet_and_its_sensor_alone() {
    let rest = fault("gap", "sensor = \"b\"\nrate = 1\nstart = \"+0 s\"\noutlet = \"mqtt.plant\"\n");
    let plan = plan(3, 50, &rest);
    assert!(Courier::new(&plan, &names(), "file.test").is_none(), "a clean outlet needs no courier");
    let mut courier = Courier::new(&plan, &names(), "mqtt.plant").expect("this one does");
    let parcel = made(&plan, &[A, B]);
    let delivery = courier.carry(parcel.clone(), after(&parcel));
    let mut clean = parcel.part(0..0);
    let spared = |row: &usize| (parcel.machine[*row], parcel.sensor[*row]) != (0, B);
    (0..parcel.len()).filter(spared).for_each(|row| clean.push_from(&parcel, row));
    assert_eq!(delivery.parcel, clean);
    assert_eq!((delivery.lost, courier.held()), (51, 0));
}

#[test]
fn two_outlets_lose_the_same_readings() {
    let rest = fault("gap", "rate = 0.3\nstart = \"+0 s\"\n");
    let plan = plan(1, 1000, &rest);
    let parcel = made(&plan, &[A, B]);
    let [one, other] = ["mqtt.plant", "file.test"].map(|outlet| {
        let mut courier = Courier::new(&plan, &names(), outlet).expect("the fault is on all outlets");
        courier.carry(parcel.clone(), after(&parcel))
    });
    assert_eq!(one, other);
    assert!(one.lost > 400);
}

#[test]
fn stamps_move_in_steps_that_a_wire_can_be_told_of() {
    use twinwright_core::faults::comms::stamp_step;
    let step = |rest: &str| stamp_step(&plan(1, 100, rest));
    assert_eq!(step(&fault("late", "by = \"7 ns\"\nstart = \"+1 s\"\n")), None);
    assert_eq!(step(&fault("skew", "by = \"-90 s\"\nstart = \"+1 s\"\n")), Some(Span(90 * SECOND)));
    assert_eq!(step(&fault("skew", "by = \"3 s\"\nramp = \"7 s\"\nstart = \"+1 s\"\n")), Some(Span(1_000_000)));
    let both = fault("step_clock", "by = \"250 us\"\nstart = \"+1 s\"\n")
        + &fault("skew", "by = { normal = [\"1 s\", \"1 s\"] }\nstart = \"+1 s\"\n");
    assert_eq!(step(&both), Some(Span(250_000)));
}
