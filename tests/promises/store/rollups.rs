//! Roll-ups that were kept as data arrived are those of the readings, by psql's own arithmetic, the same bits in both
//! databases, whatever came late, twice or after a crash.

use super::recomputed::rolled_up;
use super::{Base, deliver, outlet, parcel};
use crate::wires::{START, freight, run};
use std::collections::BTreeMap;
use std::sync::Arc;
use twinwright_io::outlets::Tally;
use twinwright_model::{Parcel, Quality, Time};
use twinwright_tests::Scratch;

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;

/// Four machines of three sensors for three hours and a bit, each at a pace of its own: bad ones, some without a value,
/// one in twenty late by up to two hours, one in fifty twice.
fn uneven() -> Vec<Arc<Parcel>> {
    let mut parcels = Vec::new();
    let mut parcel = Parcel::default();
    let mut seq = 0;
    for second in 0..11_000i64 {
        for sensor in (0..12).filter(|sensor| second % (1 + sensor) == 0) {
            seq += 1;
            let dice = (seq as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
            let late = if dice.is_multiple_of(20) { (dice % 7_200) as i64 * SECOND } else { 0 };
            let times = if dice % 50 == 1 { 2 } else { 1 };
            for _ in 0..times {
                let quality = match dice % 16 {
                    0 => Quality::Bad,
                    1 => Quality::Uncertain,
                    2 => Quality::Substitute,
                    _ => Quality::Good,
                };
                parcel.time.push(Time(START + (second * SECOND - late + 250) * 1_000));
                parcel.machine.push((sensor / 3) as u32);
                parcel.future.push(0);
                parcel.sensor.push((sensor % 3) as u32);
                parcel.value.push(if dice.is_multiple_of(160) {
                    f32::NAN
                } else {
                    (dice % 10_007) as f32 / 100.0 - 40.0
                });
                parcel.quality.push(quality.code());
                parcel.fault.push(0);
                parcel.seq.push(seq as u64);
            }
        }
        if second % 500 == 499 {
            parcels.push(Arc::new(std::mem::take(&mut parcel)));
        }
    }
    parcels
}

/// Every roll-up by table, machine, sensor and time; numbers as bits.
fn rollups(base: &Base) -> BTreeMap<String, Vec<u64>> {
    let (time, numbers) = match base {
        Base::Postgres(_) => ("(extract(epoch FROM r.time) * 1000000)::bigint", "mean, min, max, stddev, p95"),
        Base::Sqlite(_) => (
            "r.time",
            "printf('%!.17g', mean), printf('%!.17g', min), printf('%!.17g', max), \
             iif(stddev IS NULL, '', printf('%!.17g', stddev)), printf('%!.17g', p95)",
        ),
    };
    let mut found = BTreeMap::new();
    for table in ["sensor_readings_1m", "sensor_readings_1h"] {
        let text = base.ask(&format!("SELECT sensor_id, {time}, count, {numbers} FROM {table} r"));
        for line in text.lines() {
            let cells: Vec<&str> = line.split('|').collect();
            let bits = cells[2..].iter().map(|cell| cell.parse().map_or(u64::MAX, f64::to_bits)).collect();
            assert!(
                found.insert(format!("{table} {} {}", cells[0], cells[1]), bits).is_none(),
                "{line} is there twice"
            );
        }
    }
    found
}

fn count(base: &Base, what: &str) -> String {
    base.ask(&format!("SELECT count(*) FROM {what}"))
}

fn small(url: &str) -> String {
    let more = if url.contains('?') { '&' } else { '?' };
    format!("{url}{more}batch=700")
}

/// What each sensor said last is known of all that spoke.
fn latest_is_right(base: &Base) {
    let wrong = base.ask(
        "SELECT count(*) FROM (SELECT sensor_id, max(time) AS time FROM sensor_readings GROUP BY sensor_id) r \
         LEFT JOIN latest_readings l ON l.sensor_id = r.sensor_id AND l.time = r.time WHERE l.time IS NULL",
    );
    assert_eq!(wrong, "0");
}

#[test]
fn rollups_are_those_of_the_readings_and_the_same_in_both() {
    let scratch = Scratch::new();
    let parcels = uneven();
    let sides = Base::both(&scratch).map(|base| {
        let url = small(&base.url());
        deliver(&url, &parcels[..7], &Tally::default()).unwrap();
        rolled_up(&base);
        // Another writer goes on in the middle of an hour and says again what was said.
        deliver(&url, &parcels[5..], &Tally::default()).unwrap();
        rolled_up(&base);
        assert_eq!(count(&base, "rollups_due"), "0");
        latest_is_right(&base);
        rollups(&base)
    });
    assert!(sides[0].len() > 1_500, "{} rows", sides[0].len());
    assert_eq!(sides[0], sides[1]);
}

#[test]
fn a_writer_that_is_gone_without_a_word_leaves_marks_and_the_next_one_finishes() {
    let scratch = Scratch::new();
    let parcels = uneven();
    for base in Base::both(&scratch) {
        let mut wire = outlet(&small(&base.url()));
        let tally = Tally::default();
        run(async {
            wire.open().await.unwrap();
            for parcel in &parcels[..9] {
                wire.deliver(&freight(parcel), &tally).await.unwrap();
            }
            drop(wire);
        });
        // What is not marked is right; every sensor is within an hour, so each has a mark.
        rolled_up(&base);
        assert_eq!(count(&base, "(SELECT DISTINCT sensor_id FROM rollups_due) d"), "12");
        deliver(&base.url(), &[], &Tally::default()).unwrap();
        assert_eq!(count(&base, "rollups_due"), "0");
        rolled_up(&base);
        latest_is_right(&base);
    }
}

#[test]
fn what_comes_late_changes_its_hour_unless_the_readings_of_that_hour_are_gone() {
    let scratch = Scratch::new();
    let hours: Vec<(u32, u32, i64, f32)> = (0..4 * 360).map(|n| (0, 0, n * 10 * SECOND, (n % 7) as f32)).collect();
    for base in Base::both(&scratch) {
        deliver(&base.url(), &[parcel(&hours)], &Tally::default()).unwrap();
        let mean = |hour: i64| {
            let micros = START / 1_000 + hour * HOUR;
            let time = match base {
                Base::Postgres(_) => format!("to_timestamp({}::float8)", micros / SECOND),
                Base::Sqlite(_) => micros.to_string(),
            };
            base.ask(&format!("SELECT count, max FROM sensor_readings_1h WHERE time = {time}"))
        };
        assert_eq!([mean(0), mean(1)].map(|text| text.replace(".0", "")), ["360|6", "360|6"]);
        // The readings of the first hour are dropped; its roll-ups stay.
        let gone = match base {
            Base::Postgres(_) => format!("time < to_timestamp({})", START / 1_000_000_000 + 3_600),
            Base::Sqlite(_) => format!("time < {}", START / 1_000 + HOUR),
        };
        base.ask(&format!("DELETE FROM sensor_readings WHERE {gone}"));
        let late = parcel(&[(0, 0, 5 * SECOND, 50.0), (0, 0, HOUR + 5 * SECOND, 60.0), (0, 0, 5 * HOUR, 1.0)]);
        deliver(&base.url(), &[late], &Tally::default()).unwrap();
        assert_eq!([mean(0), mean(1)].map(|text| text.replace(".0", "")), ["360|6", "361|60"]);
        assert_eq!(count(&base, "rollups_due"), "0");
    }
}
