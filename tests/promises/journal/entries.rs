//! One entry: all of it or nothing, once, and every bit of it again.

use super::*;
use crate::wires::run;
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_io::store::journal::{checkpoint_before, entry_of_tick};
use twinwright_tests::Scratch;

/// Makes every insert into a table fail, or work again.
fn breaks(base: &Base, table: &str, broken: bool) {
    base.ask(&match (base, broken) {
        (Base::Sqlite(_), true) => {
            format!("CREATE TRIGGER broken BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'broken'); END")
        }
        (Base::Sqlite(_), false) => "DROP TRIGGER broken".to_owned(),
        (Base::Postgres(_), true) => format!(
            "CREATE OR REPLACE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$; \
             CREATE TRIGGER broken BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION broken()"
        ),
        (Base::Postgres(_), false) => format!("DROP TRIGGER broken ON {table}"),
    });
}

#[test]
fn an_entry_whose_writing_fails_anywhere_leaves_nothing_and_may_be_given_again() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async {
            let (mut journal, _) = open(&base, &opening('a')).await;
            journal.append(&plain(1)).await.unwrap();
            let before = rows(&base);
            for table in [
                "journal",
                "quarantine",
                "anomaly_records",
                "alerts",
                "alert_transitions",
                "outbox",
                "status_events",
                "checkpoints",
                "state_snapshots",
            ] {
                breaks(&base, table, true);
                assert!(journal.append(&full(2)).await.is_err(), "{table}");
                breaks(&base, table, false);
                assert_eq!(rows(&base), before, "{table}");
            }
            journal.append(&full(2)).await.unwrap();
            // Two outlets and two steps, of which each is told.
            assert_eq!(rows(&base), "2|1|1|1|2|4|1|1|2|8|2");
        });
    }
}

#[test]
fn an_entry_that_is_there_changes_nothing_and_one_that_does_not_follow_is_refused() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async {
            let (mut journal, _) = open(&base, &opening('a')).await;
            journal.append(&plain(1)).await.unwrap();
            journal.append(&full(2)).await.unwrap();
            let before = rows(&base);
            // As after a commit whose answer was lost: even what another would write under its number.
            journal.append(&full(2)).await.unwrap();
            journal.append(&plain(2)).await.unwrap();
            journal.append(&full(1)).await.unwrap();
            assert_eq!(rows(&base), before);
            let trouble = journal.append(&plain(4)).await.unwrap_err();
            let said = "entry 4 does not follow entry 2, which is the last";
            assert!(matches!(&trouble, OutletTrouble::Lasting(why) if why.contains(said)), "{trouble:?}");
            journal.append(&plain(3)).await.unwrap();
            let ended = "SELECT count(*), count(ended_at), count(uid) FROM anomaly_records";
            assert_eq!(base.ask(ended), "1|1|1");
            let ask = "SELECT number, what, status, by_whom FROM alert_transitions ORDER BY number";
            assert_eq!(base.ask(ask), "1|raised|active|engine\n2|returned|active|engine");
            let ask = "SELECT uid, topic FROM outbox ORDER BY id";
            assert_eq!(
                base.ask(ask),
                "line1-live-1/1/1/mqtt.alerts|mqtt.alerts\nline1-live-1/1/1/webhook.desk|webhook.desk\n\
                 line1-live-1/1/2/mqtt.alerts|mqtt.alerts\nline1-live-1/1/2/webhook.desk|webhook.desk"
            );
        });
    }
}

/// Small and random enough: splitmix64.
pub(super) struct Luck(pub(super) u64);

impl Luck {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// A random entry, extremes among its values and times.
fn random(luck: &mut Luck, number: u64) -> Entry {
    let mut entry = plain(number);
    let values = [f64::NAN, f64::INFINITY, f64::MAX, -0.0, 5e-324, 21.5];
    for _ in 0..luck.next() % 20 {
        let time = [i64::MIN, i64::MAX, 0, START][(luck.next() % 4) as usize];
        let value = match luck.next() % 7 {
            6 => f64::from_bits(luck.next()),
            known => values[known as usize],
        };
        let channel = (luck.next() % 9) as u32;
        let quality = Quality::from_code((luck.next() % 6) as u8);
        let measurement = Measurement { channel, time: Time(time), value, quality };
        let tick = [Heard::LATE, 0, u32::MAX - 1, number as u32][(luck.next() % 4) as usize];
        entry.heard.readings.push(Heard { tick, measurement });
    }
    if luck.next().is_multiple_of(5) {
        let action = Action {
            uid: format!("random-{number}"),
            at: Aim::Rule { machine: "P-1".to_owned(), rule: "hot \"'\n".to_owned() },
            ask: Ask::Shelve { until: Time(i64::MAX) },
            by: "ann".to_owned(),
            reason: Some("because".to_owned()),
            asked: Time(i64::MIN),
        };
        entry.heard.actions.push((luck.next() as u32, action));
    }
    entry.heard.closed = (!luck.next().is_multiple_of(4)).then_some(number as u32);
    entry
}

/// By their bits, since NaN is not equal to itself.
fn bits(heard: &Hearing) -> Vec<(u32, u32, i64, u64, u8)> {
    let of = |one: &Heard| {
        let m = one.measurement;
        (one.tick, m.channel, m.time.0, m.value.to_bits(), m.quality.code())
    };
    heard.readings.iter().map(of).collect()
}

#[test]
fn two_hundred_random_entries_are_heard_again_to_the_bit() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async {
            let mut luck = Luck(11);
            let entries: Vec<Entry> = (1..=200).map(|number| random(&mut luck, number)).collect();
            let (mut journal, opened) = open(&base, &opening('a')).await;
            for entry in &entries {
                journal.append(entry).await.unwrap();
            }
            for (after, until) in [(0, 200), (57, 171), (199, 200), (200, 200)] {
                let mut reader = journal.hearings(opened.run, after, until);
                for entry in &entries[after as usize..until as usize] {
                    let (number, heard) = journal.next_hearing(&mut reader).await.unwrap().expect("an entry");
                    assert_eq!(number, entry.number);
                    assert_eq!(bits(&heard), bits(&entry.heard));
                    assert_eq!((&heard.actions, heard.closed), (&entry.heard.actions, entry.heard.closed));
                }
                assert_eq!(journal.next_hearing(&mut reader).await.unwrap(), None);
            }
            // One that is gone is missed, and one that was changed is not believed.
            base.ask("DELETE FROM journal WHERE number = 7");
            let blob = if matches!(base, Base::Sqlite(_)) { "x'010203'" } else { "'\\x010203'::bytea" };
            base.ask(&format!("UPDATE journal SET body = {blob} WHERE number = 9"));
            for (after, until, said) in
                [(0, 10, "entry 7 of the journal is missing"), (7, 10, "entry 9 of the journal cannot be read")]
            {
                let mut reader = journal.hearings(opened.run, after, until);
                let trouble = loop {
                    match journal.next_hearing(&mut reader).await {
                        Ok(found) => assert!(found.is_some(), "{said}"),
                        Err(trouble) => break trouble.to_string(),
                    }
                };
                assert!(trouble.contains(said), "{trouble}");
            }
        });
    }
}

#[test]
fn what_a_mirror_starts_from_is_its_last_state_and_what_was_heard_after_it() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async {
            let (mut journal, opened) = open(&base, &opening('a')).await;
            assert_eq!((opened.name.as_str(), opened.written, opened.state.is_none()), ("line1-live-1", 0, true));
            let mut first = plain(1);
            // Ahead of its time: a tick after the state hears it.
            first.heard.readings.push(heard(5, 1, 5, 0.5));
            journal.append(&first).await.unwrap();
            journal.append(&full(2)).await.unwrap();
            journal.append(&plain(3)).await.unwrap();
            // Killed: its lease is let go by nobody.
            base.ask("UPDATE mirrors SET expires_at = beat_at");
            let (_, again) = open(&base, &opening('a')).await;
            let state = again.state.expect("a state");
            assert_eq!((state.tick, state.entry, state.bytes, state.time), (2, 2, vec![1, 2, 3], at(2)));
            assert_eq!(state.state_digest, format!("{:032x}", 7));
            assert_eq!((again.run, again.of, again.of_written, again.written), (opened.run, opened.run, 3, 3));
            assert_eq!(again.waiting.readings, [heard(5, 1, 5, 0.5)]);
            assert!(again.before.is_none());
            let mut link = crate::store::links::link(&base).await;
            for (tick, entry) in [(0, Some(1)), (2, Some(2)), (3, Some(3)), (4, None)] {
                assert_eq!(entry_of_tick(&mut link, opened.run, tick).await.unwrap(), entry, "tick {tick}");
            }
            for (seconds, tick) in [(1, None), (2, Some(2)), (9, Some(2))] {
                let kept = checkpoint_before(&mut link, opened.run, at(seconds)).await.unwrap();
                assert_eq!(kept.map(|kept| kept.tick), tick, "second {seconds}");
            }
            link.close().await;
        });
    }
}
