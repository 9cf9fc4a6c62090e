//! Readings go by whole weeks, archived first; what comes back is what was there, also what came late.

use super::*;
use crate::store::Base;
use crate::wires::run;
use twinwright_io::store::archive::{READINGS, Shelf};
use twinwright_tests::Scratch;

const MACHINES: [&str; 2] = ["'; DROP TABLE sensors; --/../%41", "P-101 \u{202e}\u{1f600}\n\"x\""];
const SENSORS: [&str; 2] = ["vibration", "a/b, 'c'"];

fn names() -> Vec<(&'static str, &'static str)> {
    MACHINES.iter().flat_map(|machine| SENSORS.map(|sensor| (*machine, sensor))).collect()
}

/// Readings of 120 days, one each six hours, with every sort of value.
fn rows(salt: i64) -> Vec<Cells> {
    (0..480)
        .map(|number| {
            let at = NOW - number * DAY / 4 - salt;
            let value = match number % 5 {
                0 => None,
                1 => Some(0.1 * number as f64),
                2 => Some(-1e-300 / number as f64),
                3 => Some(f64::MAX / number as f64),
                _ => Some(-(number as f64)),
            };
            let raw = (number % 3 == 0).then_some(number as f64 / 3.0);
            (
                at,
                value,
                if value.is_none() { 1 } else { number % 4 },
                raw,
                (number % 7 == 0).then_some(4_294_967_295 - number),
            )
        })
        .rev()
        .collect()
}

async fn plant(link: &mut Link) {
    for (number, machine) in MACHINES.iter().enumerate() {
        for (place, id) in sensors(link, machine, &SENSORS).await.into_iter().enumerate() {
            write(link, id, &rows((number * 2 + place) as i64)).await;
        }
    }
}

#[test]
fn what_is_archived_and_dropped_comes_back_to_the_last_bit() {
    let scratch = Scratch::new();
    for (number, base) in Base::both(&scratch).iter().enumerate() {
        let folder = scratch.join(format!("arch ive %{number}"));
        run(async {
            let mut link = link(base).await;
            plant(&mut link).await;
            let before = stored(&mut link).await;
            assert_eq!(before.len(), 4 * 480);
            // Of 90 days, whole weeks only.
            let edge = week(NOW - 90 * DAY);
            let old = before.keys().filter(|(_, _, at)| *at < edge).count();
            let told = prune(&mut link, &[archive_to(&folder)], true).await.unwrap();
            assert_eq!((told.gone[0].rows, told.files.len()), (old as u64, 0));
            assert_eq!(stored(&mut link).await, before, "a dry run changed something");
            assert!(files(&folder).is_empty());

            let pruned = prune(&mut link, &[archive_to(&folder)], false).await.unwrap();
            assert_eq!(pruned.gone[0].rows, old as u64);
            let left = stored(&mut link).await;
            assert!(left.keys().all(|(_, _, at)| *at >= edge));
            let away = archived(&mut link, &names()).await.unwrap();
            assert_eq!(away.len(), old);
            let mut all = left.clone();
            all.extend(away);
            assert_eq!(all, before, "what is left and what is archived is not what was there");
            for file in archive::list(&mut link).await.unwrap() {
                file.check().await.unwrap();
            }
            // Remembered, and nothing more to do.
            let again = prune(&mut link, &[], false).await.unwrap();
            assert_eq!((again.gone, again.files.len()), (Vec::new(), 0));
            // A stretch in the midst of two weeks.
            let (from, to) = (edge - 10 * DAY, edge - 3 * DAY);
            let mut some = 0;
            let take = |reading: Reading| {
                assert!((from..to).contains(&(reading.time.0 / 1_000)));
                some += 1;
            };
            archive::read(&mut link, names()[1], time(from), time(to), take).await.unwrap();
            assert_eq!(some, 7 * 4);
            let none = archive::read(&mut link, ("P-999", "vibration"), time(0), time(NOW), |_| panic!()).await;
            assert!(none.unwrap() > 0);
            link.close().await;
        });
        let names = files(&folder);
        assert!(names.iter().all(|name| name.starts_with("sensor_readings_202")), "{names:?}");
        assert_eq!(names[0], "sensor_readings_2025-11-03_2025-11-10.parquet");
    }
}

#[test]
fn what_comes_late_gets_a_file_of_its_own_and_is_read_once() {
    let scratch = Scratch::new();
    for (number, base) in Base::both(&scratch).iter().enumerate() {
        let folder = scratch.join(number.to_string());
        run(async {
            let mut link = link(base).await;
            let ids = sensors(&mut link, "P-101", &["vibration"]).await;
            let old = week(NOW) - 20 * WEEK;
            let first: Vec<Cells> = (0..50).map(|at| (old + at * 2_000, Some(at as f64), 0, None, None)).collect();
            write(&mut link, ids[0], &first).await;
            let pruned = prune(&mut link, &[archive_to(&folder)], false).await.unwrap();
            assert_eq!(pruned.files.len(), 1);
            // Between the others, and one that was there, now with another value: the first stays.
            let mut late: Vec<Cells> = (0..50).map(|at| (old + at * 2_000 + 1, Some(-1.0), 0, None, None)).collect();
            late.insert(0, (old, Some(99.0), 0, None, None));
            write(&mut link, ids[0], &late).await;
            let pruned = prune(&mut link, &[], false).await.unwrap();
            assert_eq!((pruned.files[0].rows, pruned.gone[0].rows), (50, 51));
            assert!(pruned.files[0].url.ends_with("_2.parquet"), "{:?}", pruned.files);
            let read = archived(&mut link, &[("P-101", "vibration")]).await.unwrap();
            assert_eq!(read.len(), 100);
            let at = |micros: i64| read[&("P-101".to_owned(), "vibration".to_owned(), micros)].0;
            assert_eq!((at(old), at(old + 1)), (Some(0f64.to_bits()), Some((-1f64).to_bits())));
            link.close().await;
        });
    }
}

#[test]
fn archiving_twice_writes_once_and_a_file_that_was_not_noted_counts() {
    let scratch = Scratch::new();
    for (number, base) in Base::both(&scratch).iter().enumerate() {
        let folder = scratch.join(number.to_string());
        run(async {
            let mut link = link(base).await;
            plant(&mut link).await;
            let before = stored(&mut link).await;
            let shelf = Shelf::parse(&format!("file:{}", folder.display())).unwrap();
            let stop = AtomicBool::new(false);
            let watch = Watch { stop: &stop, tell: &|_, _| () };
            let edge = week(NOW - 30 * DAY);
            let mut counts = Vec::new();
            for _ in 0..2 {
                let done = archive::all(&mut link, &READINGS, time(NOW - 30 * DAY), &shelf, time(NOW), "ann", &watch);
                counts.push(done.await.unwrap().files.len());
            }
            let weeks = (edge - week(before.keys().map(|key| key.2).min().unwrap())) / WEEK;
            assert_eq!(counts, [weeks as usize, 0]);
            assert_eq!(stored(&mut link).await, before, "archiving dropped something");
            assert_eq!(files(&folder).len(), counts[0]);
            // As a kill leaves it between the file and the row that notes it.
            let noted = archive::list(&mut link).await.unwrap();
            link.run("DELETE FROM archives WHERE id = $1", &[noted[1].id.into()]).await.unwrap();
            // A file of that name that is not ours is left alone.
            link.run("DELETE FROM archives WHERE id = $1", &[noted[2].id.into()]).await.unwrap();
            let path = noted[2].url.strip_prefix("file:").unwrap();
            std::fs::write(path, b"a note of somebody").unwrap();
            let pruned = prune(&mut link, &[archive_to(&folder)], false).await.unwrap();
            assert_eq!(pruned.files.len(), 2, "{:?}", pruned.files);
            assert_eq!((&pruned.files[0].url, &pruned.files[0].digest), (&noted[1].url, &noted[1].digest));
            assert!(pruned.files[1].url.ends_with("_2.parquet"));
            assert_eq!(std::fs::read(path).unwrap(), b"a note of somebody");
            let mut all = archived(&mut link, &names()).await.unwrap();
            all.extend(stored(&mut link).await);
            assert_eq!(all, before);
            link.close().await;
        });
    }
}

#[test]
fn what_cannot_be_archived_stays() {
    let scratch = Scratch::new();
    let file = scratch.write("no-folder", "a file");
    for base in Base::both(&scratch) {
        run(async {
            let mut link = link(&base).await;
            plant(&mut link).await;
            let before = stored(&mut link).await;
            let trouble = prune(&mut link, &[archive_to(&file)], false).await.unwrap_err();
            assert!(
                trouble.to_string().starts_with("archive file:") && !trouble.to_string().contains('\n'),
                "{trouble}"
            );
            assert_eq!(stored(&mut link).await, before);
            for url in ["ftp://host/x", "s3://", "s3://key:secret@bucket", "file:"] {
                let change = Change::Archive(Some(url.to_owned()));
                let trouble = prune(&mut link, &[change], false).await.unwrap_err();
                assert!(matches!(trouble, OutletTrouble::Input(_)), "{url}: {trouble:?}");
            }
            link.close().await;
        });
    }
}
