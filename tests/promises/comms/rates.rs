//! Rates of loss, duplication and reordering, counted by a receiver that knows nothing but what arrives.
//!
//! Of 200,000 readings a part p is hit: the part that is recovered must lie within 1 % of p, or within four standard
//! errors of a binomial where that is wider (at p = 0.01), and what is recovered must be what the counters say.

use super::stream::on_one_sensor;
use std::collections::BTreeMap;
use twinwright_core::faults::courier::Delivery;

const READINGS: u32 = 200_000;

fn delivered(kind: &str, rate: f64) -> Delivery {
    let rest = format!("[[fault.{kind}]]\nmachine = \"U-1\"\nrate = {rate}\nstart = \"+0 s\"\n");
    on_one_sensor(READINGS - 1, &rest).1
}

fn near(kind: &str, rate: f64, hit: u64) {
    let part = hit as f64 / f64::from(READINGS);
    let error = (rate * (1.0 - rate) / f64::from(READINGS)).sqrt();
    let most = (0.01 * rate).max(4.0 * error);
    assert!((part - rate).abs() <= most, "{kind}: {part} and not {rate}, at most {most} off");
}

fn each_rate(check: impl Fn(f64)) {
    [0.01, 0.1, 0.5].into_iter().for_each(check);
}

#[test]
fn lost_readings_are_gaps_in_the_numbers() {
    each_rate(|rate| {
        let delivery = delivered("gap", rate);
        let seq = &delivery.parcel.seq;
        let inside: u64 = seq.windows(2).map(|pair| pair[1] - pair[0] - 1).sum();
        let lost = inside + (seq[0] - 1) + (u64::from(READINGS) - seq[seq.len() - 1]);
        near("gap", rate, lost);
        assert_eq!(delivery.lost, lost);
    });
}

#[test]
fn doubled_readings_are_numbers_that_come_twice_in_a_row() {
    each_rate(|rate| {
        let delivery = delivered("duplicate", rate);
        let seq = &delivery.parcel.seq;
        let mut times: BTreeMap<u64, u64> = BTreeMap::new();
        seq.iter().for_each(|seq| *times.entry(*seq).or_default() += 1);
        assert_eq!(times.len(), READINGS as usize, "none is lost");
        let twice = times.values().filter(|times| **times == 2).count() as u64;
        near("duplicate", rate, twice);
        assert_eq!(seq.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64, twice);
        assert_eq!(delivery.duplicated, twice);
    });
}

#[test]
fn reordered_readings_come_behind_a_later_one() {
    each_rate(|rate| {
        let delivery = delivered("reorder", rate);
        let seq = &delivery.parcel.seq;
        let mut latest = 0;
        let mut overtaken = 0;
        for seq in seq {
            overtaken += u64::from(*seq < latest);
            latest = latest.max(*seq);
        }
        near("reorder", rate, overtaken);
        assert_eq!(delivery.reordered, overtaken);
        let mut sorted = seq.clone();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(1..=u64::from(READINGS)), "every reading arrives once");
        assert!(delivery.due.is_sorted());
    });
}
