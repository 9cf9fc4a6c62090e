//! Archives in a bucket, large ones, and what happens when it cannot be reached.

use super::*;
use crate::store::Base;
use crate::wires::run;
use std::process::{Command, Output, Stdio};
use twinwright_tests::servers::free_port;
use twinwright_tests::servers::s3::Bucket;
use twinwright_tests::{Scratch, program, said, shown};

/// Runs `twinwright store` with what finds a bucket.
fn store(words: &[&str], environment: &[(&str, String)]) -> Output {
    let mut command = Command::new(program());
    command.arg("store").args(words).envs(environment.iter().map(|(name, value)| (name, value)));
    command.output().expect("the program starts")
}

async fn plant(link: &mut Link) -> Readings {
    let old = week(NOW) - 20 * WEEK;
    for id in sensors(link, "P-101", &["vibration", "flow"]).await {
        let rows: Vec<Cells> = (0..300).map(|at| (old + at * DAY / 20, Some(at as f64 * 0.7), 0, None, None)).collect();
        write(link, id, &rows).await;
    }
    stored(link).await
}

#[test]
fn what_a_bucket_refuses_or_who_cannot_be_reached_keeps_everything_in_the_store() {
    let scratch = Scratch::new();
    let now = time(NOW).to_string();
    for base in Base::both(&scratch) {
        let bucket = Bucket::start();
        let before = run(async {
            let mut link = link(&base).await;
            let before = plant(&mut link).await;
            link.close().await;
            before
        });
        let url = base.url();
        let prune = ["prune", "--store", &url, "--now", &now, "--archive-to", "s3://plant/north"];
        bucket.refuse();
        let mut nobody = bucket.environment();
        nobody[0].1 = format!("http://127.0.0.1:{}", free_port());
        let mut stranger = bucket.environment();
        stranger[2].1 = "other-key".to_owned();
        for (environment, why) in
            [(bucket.environment(), "rights"), (nobody, "archive s3://plant/north"), (stranger, "rights")]
        {
            let output = store(&prune, &environment);
            assert_eq!(output.status.code(), Some(3), "{}", said(&output));
            let said = said(&output);
            assert!(said.contains(why) && said.trim_end().lines().count() == 1 && !said.contains("secret"), "{said}");
        }
        assert!(bucket.objects().is_empty());
        run(async {
            let mut link = link(&base).await;
            assert_eq!(stored(&mut link).await, before);
            link.close().await;
        });
        let fine = Bucket::start();
        let output = store(&prune, &fine.environment());
        assert!(output.status.success(), "{}", said(&output));
        assert!(
            shown(&output).contains("archived 280 rows of sensor_readings in s3://plant/north/sensor_readings/2025/"),
            "{}",
            shown(&output)
        );
        assert_eq!((fine.objects().len(), fine.unfinished()), (3, 0));
        assert!(
            run(async {
                let mut link = link(&base).await;
                let left = stored(&mut link).await;
                link.close().await;
                left
            })
            .is_empty()
        );
    }
}

/// The most memory that a process ever had, in MB.
fn most_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? / 1_000)
}

#[test]
fn a_million_readings_go_in_parts_with_little_memory() {
    let scratch = Scratch::new();
    let bucket = Bucket::start();
    let base = Base::Sqlite(scratch.join("plant.db"));
    run(async {
        let mut link = link(&base).await;
        let names: Vec<String> = (0..20).map(|number| format!("s{number:02}")).collect();
        sensors(&mut link, "P-101", &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
        link.close().await;
    });
    let old = week(NOW) - 2 * WEEK;
    // Values that nothing can compress.
    base.ask(&format!(
        "WITH RECURSIVE n (at) AS (SELECT 0 UNION ALL SELECT at + 1 FROM n WHERE at < 49999) \
         INSERT INTO sensor_readings (sensor_id, time, value) \
         SELECT s.id, {old} + n.at * 10000000, random() / 1e9 FROM sensors s, n ORDER BY s.id, n.at"
    ));
    let (url, before) = (base.url(), time(NOW).to_string());
    let mut child = Command::new(program())
        .args(["store", "archive", "--store", &url, "--before", &before, "--to", "s3://plant"])
        .envs(bucket.environment())
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        most = most.max(most_memory(child.id()).unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(child.wait().unwrap().success());
    let sizes: Vec<usize> = bucket.objects().values().map(Vec::len).collect();
    assert!(sizes.len() == 1 && sizes[0] > 9 << 20 && bucket.unfinished() == 0, "{sizes:?}");
    // The cache of SQLite, two parts and a row group; all rows would be far more.
    assert!(most < 140, "{most} MB");
    assert_eq!(base.ask("SELECT row_count FROM archives"), "1000000");
    assert_eq!(base.ask("SELECT count(*) FROM sensor_readings"), "1000000");
}
