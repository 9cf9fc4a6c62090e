//! Readings that left the table for an archive: `history` tells them as if they were there still.

use super::*;
use std::sync::atomic::AtomicBool;
use twinwright_io::store::archive::{self, READINGS, Shelf, Watch};
use twinwright_tests::Scratch;

const WEEK: i64 = 7 * 24 * HOUR;
/// Monday 2026-01-05.
const MONDAY: i64 = START + 4 * 24 * HOUR;
const SENSORS: [(&str, &str); 1] = [("vibration", "mm/s")];

/// A reading every ten minutes of three weeks.
fn readings() -> Vec<(usize, i64, f64, i16)> {
    (0..3_024).map(|n| (0, MONDAY + n * 600 * SECOND, n as f64 / 8.0, 0)).collect()
}

fn csv(base: &Base, more: SensorArgs) -> What {
    let args = SensorArgs { sensor: "P-101.vibration".to_owned(), source: source(base), every: EveryArg::Raw, ..more };
    What::Sensor(SensorArgs { format: Form::Csv, ..args })
}

/// Archives the first two weeks and takes their rows out of the table.
fn archive_two_weeks(base: &Base, folder: &std::path::Path) {
    run(async {
        let mut link = Link::open(&place(base)).await.unwrap();
        let shelf = Shelf::parse(&format!("file:{}", folder.display())).unwrap();
        let stop = AtomicBool::new(false);
        let watch = Watch { stop: &stop, tell: &|_, _| () };
        let before = time(MONDAY + 2 * WEEK);
        archive::all(&mut link, &READINGS, before, &shelf, time(MONDAY + 9 * WEEK), "test", &watch).await.unwrap();
        assert_eq!(link.run("DELETE FROM sensor_readings WHERE time < $1", &[before.into()]).await.unwrap(), 2_016);
        link.close().await;
    });
}

#[test]
fn readings_in_archives_are_told_with_those_of_the_table_each_once() {
    let scratch = Scratch::new();
    let bases = Base::both(&scratch);
    bases.iter().for_each(|base| write(base, &SENSORS, &readings()));
    let all = || {
        of_both(&bases, |base| {
            csv(base, SensorArgs { between: between(Some("2026-01-01T00:00:00Z"), None), ..SensorArgs::default() })
        })
    };
    let last = || of_both(&bases, |base| csv(base, SensorArgs { last: Some(1_500), ..SensorArgs::default() }));
    let (before, last_before) = (all(), last());
    assert_eq!((before.lines().count(), last_before.lines().count()), (3_025, 1_501));
    for (base, name) in bases.iter().zip(["lite", "pg"]) {
        archive_two_weeks(base, &scratch.join(name));
    }
    assert!(all() == before && last() == last_before, "the archive and the table together are what was written");
    // What comes late has a time of its own, or one that the archive knows already: the first that was written counts.
    let late = [(0, MONDAY + 1, 77.0, 2), (0, MONDAY + 600 * SECOND, 88.0, 0)];
    bases.iter().for_each(|base| write(base, &SENSORS, &late));
    let with_late = all();
    let lines: Vec<&str> = with_late.lines().collect();
    assert_eq!(lines.len(), 3_026);
    assert_eq!(lines[2], format!("{},77.0,uncertain", text(MONDAY + 1)));
    assert_eq!(lines[3], format!("{},0.125,good", text(MONDAY + 600 * SECOND)));
    let page = of_both(&bases, |base| {
        let between = between(Some("2026-01-05T00:00:00Z"), Some("2026-01-26T00:00:00Z"));
        let args =
            SensorArgs { sensor: "P-101.vibration".to_owned(), source: source(base), between, ..SensorArgs::default() };
        What::Sensor(SensorArgs { every: EveryArg::Raw, ..args })
    });
    assert!(
        page.contains("3 025 readings from") && page.contains("2 016 of the readings come from archives"),
        "{page}"
    );
}

#[test]
fn an_archive_that_is_gone_is_named() {
    let scratch = Scratch::new();
    let base = Base::Sqlite(scratch.join("plant.db"));
    write(&base, &SENSORS, &readings());
    archive_two_weeks(&base, &scratch.join("kept"));
    std::fs::remove_dir_all(scratch.join("kept")).unwrap();
    let args = SensorArgs {
        between: between(Some("2026-01-06T00:00:00Z"), Some("2026-01-07T00:00:00Z")),
        ..SensorArgs::default()
    };
    let (code, why) = asked(csv(&base, args)).expect_err("nothing to read");
    assert!(code == 3 && why.contains("sensor_readings_2026-01-05") && why.contains("not there"), "{why}");
    // What is in the table does not need it.
    assert_eq!(asked(csv(&base, SensorArgs { last: Some(10), ..SensorArgs::default() })).unwrap().lines().count(), 11);
}
