//! A program that is killed while it archives and drops loses nothing and doubles nothing.

use super::*;
use crate::store::Base;
use crate::wires::run;
use std::process::{Command, Stdio};
use twinwright_tests::{Scratch, program, said, twinwright};

/// Readings of each week of one sensor.
const EACH: i64 = 1_500;
const WEEKS: i64 = 8;

#[test]
fn a_prune_that_is_killed_again_and_again_ends_with_everything_once() {
    let scratch = Scratch::new();
    for (number, base) in Base::both(&scratch).iter().enumerate() {
        let folder = scratch.join(number.to_string());
        let before = run(async {
            let mut link = link(base).await;
            for id in sensors(&mut link, "P-101", &["vibration", "flow"]).await {
                let first = week(NOW) - (WEEKS + 20) * WEEK;
                let step = WEEK / EACH;
                let row = |at: i64| (first + at * step, Some(at as f64 * 0.3), 0, None, None);
                write(&mut link, id, &(0..EACH * WEEKS).map(row).collect::<Vec<Cells>>()).await;
            }
            let before = stored(&mut link).await;
            link.close().await;
            before
        });
        let arguments = |url: &str| {
            let to = format!("file:{}", folder.display());
            let now = time(NOW).to_string();
            ["store", "prune", "--store", url, "--now", &now, "--archive-to", &to].map(str::to_owned)
        };
        let url = base.url();
        let mut kills = 0;
        for number in 1.. {
            let mut child = Command::new(program())
                .args(arguments(&url))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("the program starts");
            // Kills by progress: when another file has appeared, or a moment after.
            let begun = std::time::Instant::now();
            while files(&folder).len() < number && child.try_wait().unwrap().is_none() {
                assert!(begun.elapsed().as_secs() < 120, "nothing is archived");
            }
            std::thread::sleep(std::time::Duration::from_millis(number as u64 * 7 % 40));
            if child.try_wait().unwrap().is_some() {
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
        }
        assert!(kills >= 3, "killed {kills} times only");
        let last = arguments(&url);
        let output = twinwright(scratch.path(), &last.each_ref().map(String::as_str));
        assert!(output.status.success(), "{}", said(&output));
        run(async {
            let mut link = link(base).await;
            let left = stored(&mut link).await;
            assert!(left.is_empty(), "{} are left", left.len());
            let read = archived(&mut link, &[("P-101", "vibration"), ("P-101", "flow")]).await.unwrap();
            assert!(read == before, "{} of {} readings came back", read.len(), before.len());
            // No file but those that are known, and no row in two of them.
            let noted = archive::list(&mut link).await.unwrap();
            assert_eq!(noted.iter().map(|file| file.rows).sum::<u64>(), before.len() as u64);
            let names = files(&folder);
            assert_eq!(names.len(), noted.len(), "{names:?}");
            link.close().await;
        });
    }
}
