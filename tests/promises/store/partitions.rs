//! Partitions of PostgreSQL come when readings want them, whoever writes, and never by the thousand; what is not on the
//! disk when it is committed is refused.

use super::{Base, Postgres, deliver, outlet, parcel};
use crate::wires::{freight, run};
use std::sync::Arc;
use twinwright_io::outlets::Tally;
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_model::Parcel;
use twinwright_tests::Scratch;

const DAY: i64 = 86_400_000_000;

/// One reading of each of four machines.
fn at(days: i64) -> Arc<Parcel> {
    parcel(&[(0, 0, days * DAY, 1.5), (1, 1, days * DAY, 2.5), (2, 2, days * DAY, 3.5), (3, 0, days * DAY, 4.5)])
}

fn partitions(server: &Postgres, parent: &str) -> String {
    server.ask(&format!("SELECT count(*) FROM history_partitions WHERE parent = '{parent}'"))
}

#[test]
fn partitions_are_whole_weeks_however_the_database_writes_times() {
    let scratch = Scratch::new();
    let server = Postgres::start(scratch.path());
    server.ask("ALTER DATABASE plant SET datestyle = 'SQL, DMY'; ALTER DATABASE plant SET timezone = 'Asia/Kolkata'");
    // 2026-01-01 is a Thursday: its week begins on Monday the 29th of December.
    deliver(&server.url(), &[at(0), at(4)], &Tally::default()).unwrap();
    let found = server.ask(
        "SET timezone = 'UTC'; SET datestyle = 'ISO'; \
         SELECT name, starts, ends FROM history_partitions WHERE parent = 'sensor_readings' ORDER BY starts",
    );
    let wanted = "sensor_readings_20251229t0000|2025-12-29 00:00:00+00|2026-01-05 00:00:00+00\n\
                  sensor_readings_20260105t0000|2026-01-05 00:00:00+00|2026-01-12 00:00:00+00";
    assert!(found.ends_with(wanted), "{found}");
    for (name, count) in [("sensor_readings_20251229t0000", "4"), ("sensor_readings_20260105t0000", "4")] {
        assert_eq!(server.ask(&format!("SELECT count(*) FROM {name}")), count);
    }
}

#[test]
fn readings_of_thousands_of_weeks_do_not_make_thousands_of_tables() {
    let scratch = Scratch::new();
    let server = Postgres::start(scratch.path());
    let rows: Vec<(u32, u32, i64, f32)> = (0..4_000).map(|week| (0, 0, week * 7 * DAY, 1.0)).collect();
    deliver(&server.url(), &[at(-40_000), parcel(&rows), at(80_000)], &Tally::default()).unwrap();
    let made: u32 = partitions(&server, "sensor_readings").parse().unwrap();
    assert!(made < 100, "{made} partitions");
    assert_eq!(server.ask("SELECT count(*) FROM sensor_readings"), "4008");
    assert_eq!(server.ask("SELECT count(*), sum(count) FROM sensor_readings_1h"), "4008|4008");
    // Side by side, none over another, all between the first and the last of the stretch without a gap.
    let overlaps = "SELECT count(*) FROM history_partitions a JOIN history_partitions b \
                    ON a.parent = b.parent AND a.starts < b.starts AND b.starts < a.ends";
    assert_eq!(server.ask(overlaps), "0");
}

#[test]
fn a_partition_that_is_dropped_under_a_writer_is_made_again() {
    let scratch = Scratch::new();
    let server = Postgres::start(scratch.path());
    let tally = Tally::default();
    run(async {
        let mut wire = outlet(&server.url());
        wire.open().await.unwrap();
        wire.deliver(&freight(&at(0)), &tally).await.unwrap();
        for parent in ["sensor_readings", "sensor_readings_1m"] {
            server.ask(&format!("SELECT drop_partition(name) FROM history_partitions WHERE parent = '{parent}'"));
        }
        wire.deliver(&freight(&at(1)), &tally).await.unwrap();
        wire.finish(&tally).await.unwrap();
    });
    assert_eq!(server.ask("SELECT count(*) FROM sensor_readings"), "4");
    assert_eq!(partitions(&server, "sensor_readings"), "1");
    assert_eq!(server.ask("SELECT count(*) FROM rollups_due"), "0");
}

#[test]
fn writers_that_want_the_same_new_partitions_do_not_get_in_each_others_way() {
    let scratch = Scratch::new();
    let server = Postgres::start(scratch.path());
    let url = server.url();
    run(outlet(&url).open()).unwrap();
    run(async {
        let write = |number: i64| {
            let url = url.clone();
            tokio::spawn(async move {
                let mut wire = outlet(&url);
                let tally = Tally::default();
                wire.open().await?;
                for week in 0..5 {
                    wire.deliver(&freight(&parcel(&[(number as u32, 0, week * 7 * DAY + number, 1.0)])), &tally)
                        .await?;
                }
                wire.finish(&tally).await
            })
        };
        let tasks: Vec<_> = (0..4).map(write).collect();
        for task in tasks {
            task.await.expect("no panic").unwrap();
        }
    });
    assert_eq!(partitions(&server, "sensor_readings"), "5");
    assert_eq!(server.ask("SELECT count(*) FROM sensor_readings"), "20");
    assert_eq!(server.ask("SELECT count(*), sum(count) FROM sensor_readings_1m"), "20|20");
}

#[test]
fn who_reads_for_long_does_not_hold_up_a_new_partition() {
    let scratch = Scratch::new();
    let base = Base::Postgres(Box::new(Postgres::start(scratch.path())));
    // A statement that had to wait for the reader would be cut off.
    let url = base.url() + "&timeout=5s";
    deliver(&url, &[at(0)], &Tally::default()).unwrap();
    run(async {
        let mut reader = super::links::link(&base).await;
        reader.begin().await.unwrap();
        for table in ["sensor_readings", "sensor_readings_1m", "sensor_readings_1h"] {
            reader.all(format!("SELECT count(*) FROM {table}"), &[]).await.unwrap();
        }
        let mut wire = outlet(&url);
        wire.open().await.unwrap();
        wire.deliver(&freight(&at(400)), &Tally::default()).await.unwrap();
        reader.commit().await.unwrap();
        wire.finish(&Tally::default()).await.unwrap();
    });
    assert_eq!(base.ask("SELECT count(*) FROM sensor_readings"), "8");
}

#[test]
fn a_server_that_answers_before_it_has_written_is_refused() {
    let scratch = Scratch::new();
    let server = Postgres::start(scratch.path());
    server.ask("ALTER DATABASE plant SET synchronous_commit = off");
    let trouble = deliver(&server.url(), &[at(0)], &Tally::default()).unwrap_err();
    assert!(matches!(&trouble, OutletTrouble::Lasting(why) if why.contains("synchronous_commit=off")), "{trouble:?}");
    server.ask("ALTER DATABASE plant SET synchronous_commit = local");
    deliver(&server.url(), &[at(0)], &Tally::default()).unwrap();
}
