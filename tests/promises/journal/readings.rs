//! Readings from the journal into the table of readings: each once, also when the engine died between.

use super::*;
use crate::wires::run;
use std::collections::BTreeMap;
use twinwright_io::store::journal::readings::{ReadingsShelf, mend};
use twinwright_tests::Scratch;

/// Entries with readings that come twice, late, in no order, without a value; and what must be there of them.
type Wanted = BTreeMap<(i64, i64), (Option<f64>, i64)>;

fn entries(count: u64) -> (Vec<Entry>, Wanted) {
    let mut luck = super::entries::Luck(5);
    let mut wanted = BTreeMap::new();
    let mut entries = Vec::new();
    for number in 1..=count {
        let mut entry = plain(number);
        entry.heard.readings.clear();
        for _ in 0..50 {
            // Few instants, so that many come twice; half of a microsecond is not kept apart.
            let nanos = (luck.next() % 300) as i64 * 500;
            let channel = [0, 1, 4, 5, 2, 3][(luck.next() % 6) as usize];
            let value = match luck.next() % 9 {
                0 => f64::NAN,
                n => n as f64 / 8.0,
            };
            let quality = Quality::from_code((luck.next() % 6) as u8);
            let time = Time(START + nanos);
            entry.heard.readings.push(Heard {
                tick: if luck.next().is_multiple_of(3) { Heard::LATE } else { number as u32 },
                measurement: Measurement { channel, time, value, quality },
            });
            let sensor = match channel {
                0 => 1,
                1 => 2,
                4 => 3,
                5 => 4,
                _ => continue,
            };
            let quality = match quality.code() {
                4 => continue,
                5 => 1,
                0 if value.is_nan() => 1,
                code => i64::from(code),
            };
            wanted.entry((sensor, nanos / 1_000)).or_insert((Some(value).filter(|value| !value.is_nan()), quality));
        }
        entries.push(entry);
    }
    (entries, wanted)
}

fn found(base: &Base) -> Wanted {
    let micros = match base {
        Base::Postgres(_) => "((extract(epoch FROM time) - 1767225600) * 1000000)::bigint",
        Base::Sqlite(_) => "time - 1767225600000000",
    };
    let text = base.ask(&format!("SELECT sensor_id, {micros}, value, quality FROM sensor_readings"));
    text.lines()
        .map(|line| {
            let cells: Vec<&str> = line.split('|').collect();
            let whole = |at: usize| cells[at].parse::<i64>().expect("a whole number");
            ((whole(0), whole(1)), (cells[2].parse().ok(), whole(3)))
        })
        .collect()
}

#[test]
fn every_reading_is_stored_once_whatever_its_order_and_the_first_word_counts() {
    let scratch = Scratch::new();
    let (entries, wanted) = entries(20);
    assert!(wanted.len() > 300 && wanted.values().any(|(value, _)| value.is_none()));
    for base in Base::both(&scratch) {
        run(async {
            let (mut journal, _) = open(&base, &opening('a')).await;
            let mut shelf = ReadingsShelf::open(&place(&base)).await.unwrap();
            for (at, entry) in entries.iter().enumerate() {
                journal.append(entry).await.unwrap();
                shelf.put(entry.number, journal.rows_of(&entry.heard));
                if at % 7 == 6 {
                    let through = shelf.write().await.unwrap().expect("an entry");
                    assert_eq!(shelf.write().await.unwrap(), None);
                    journal.stored_through(through).await.unwrap();
                }
            }
            let through = shelf.close().await.unwrap().expect("an entry");
            journal.stored_through(through).await.unwrap();
            assert_eq!(found(&base), wanted);
            assert_eq!(base.ask("SELECT stored, written FROM mirrors"), "20|20");
            // A word of an entry that is not written is not believed.
            journal.stored_through(999).await.unwrap();
            journal.stored_through(3).await.unwrap();
            assert_eq!(base.ask("SELECT stored FROM mirrors"), "20");
        });
    }
}

#[test]
fn what_a_crash_left_between_is_mended_also_of_the_run_before() {
    let scratch = Scratch::new();
    let (entries, wanted) = entries(12);
    for base in Base::both(&scratch) {
        run(async {
            let (mut journal, _) = open(&base, &opening('a')).await;
            let mut shelf = ReadingsShelf::open(&place(&base)).await.unwrap();
            for entry in &entries {
                journal.append(entry).await.unwrap();
                if entry.number <= 5 {
                    shelf.put(entry.number, journal.rows_of(&entry.heard));
                }
            }
            shelf.write().await.unwrap();
            // Stored up to 5, and noted down up to 3 only.
            journal.stored_through(3).await.unwrap();
            drop((journal, shelf));
            base.ask("UPDATE mirrors SET expires_at = beat_at");
            let (mut next, _) = open(&base, &opening('b')).await;
            let mut shelf = ReadingsShelf::open(&place(&base)).await.unwrap();
            assert_eq!(mend(&mut next, &mut shelf).await.unwrap(), 9);
            assert_eq!(mend(&mut next, &mut shelf).await.unwrap(), 0);
            shelf.close().await.unwrap();
            assert_eq!(found(&base), wanted);
            assert_eq!(base.ask("SELECT stored, written FROM mirrors ORDER BY run_id"), "12|12\n0|0");
        });
    }
}
