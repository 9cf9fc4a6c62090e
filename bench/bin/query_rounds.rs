//! Asks a store with much in it what is asked all day, and prints what each question took, a line of JSON each.
//!
//! It fills a store of its own with `twinwright generate` (a thousand sensors that speak every other second, with all that
//! a writer does), adds alerts, and asks over one connection by the functions that the program asks with, each time of
//! another sensor. The hourly day is asked in turns from the roll-ups and from the readings. Judging is for queries.py.

use serde_json::json;
use std::io::Write;
use std::process::{Command, ExitCode};
use std::time::Instant;
use twinwright_bench::Refused;
use twinwright_io::store::queries::rollups::{self, Every};
use twinwright_io::store::queries::{Stretch, alerts, overview, readings};
use twinwright_io::store::{Cell, Dialect, Link, Place};
use twinwright_model::time::SECOND;
use twinwright_model::{Span, Time};
use twinwright_tests::servers::postgres::Postgres;
use twinwright_tests::{Scratch, program};

const USAGE: &str = "usage: query_rounds (postgres|sqlite) [READINGS [ASKS]]";
const SENSORS: i64 = 1_000;
const MACHINES: i64 = 100;
/// Seconds from reading to reading: 24 hours of a sensor are 43,200 of them.
const EVERY: i64 = 2;
const ALERTS: i64 = 100_000;
const DIGEST: &str = "00000000000000000000000000000000";

fn main() -> ExitCode {
    twinwright_bench::main_of(serve)
}

fn serve(words: &[&str]) -> Result<(), Refused> {
    let number = |at: usize, other: i64| words.get(at).map_or(Ok(other), |word| word.parse());
    let (readings, asks) = (number(1, 50_000_000)?, number(2, 2_000)?);
    let scratch = Scratch::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match words.first().copied() {
        Some("postgres") => {
            let server = Postgres::with(scratch.path(), &["shared_buffers=1GB", "max_wal_size=8GB"]);
            fill(&scratch, &server.url(), readings)?;
            runtime.block_on(ask(&server.url(), asks))
        }
        Some("sqlite") => {
            let url = format!("sqlite:{}", scratch.join("plant.db").display());
            fill(&scratch, &url, readings)?;
            runtime.block_on(ask(&url, asks))
        }
        _ => Err(USAGE.into()),
    }
}

fn fill(scratch: &Scratch, url: &str, readings: i64) -> Result<(), Refused> {
    let sensor =
        |n: i64| format!("[sensors.s{n}]\nvalue = \"{n} + 5*load\"\nnoise = {{ sd = 0.1 }}\nresolution = 0.001\n");
    let head = "schema = \"machine/1\"\nkind = \"unit\"\n[drivers]\nload = 0.8\n";
    let kind: String = std::iter::once(head.to_owned()).chain((0..SENSORS / MACHINES).map(sensor)).collect();
    scratch.write("unit.toml", kind);
    let length = format!("{} s", (readings / SENSORS - 1) * EVERY);
    let (machines, every) = (MACHINES.to_string(), format!("{EVERY} s"));
    let words =
        ["generate", "unit.toml", "--machines", &machines, "--every", &every, "--for", &length, "--to", url, "--quiet"];
    let begun = Instant::now();
    let done = Command::new(program()).args(words).current_dir(scratch.path()).status()?;
    if !done.success() {
        return Err("generate failed".into());
    }
    say(&json!({ "filled": readings, "seconds": begun.elapsed().as_secs_f64() }))
}

/// One run with many alerts, one in a thousand of which is open.
async fn add_alerts(link: &mut Link, end: Time) -> Result<(), Refused> {
    let columns = "name, kind, scenario, title, document, seed, futures, machines, start_time, tick_ns, plan_digest, version, \
                   command, began_at";
    let begin = format!("INSERT INTO runs ({columns}) VALUES ($1, $1, $1, $1, '', 1, 1, 100, $2, 1, $3, '', '', $2)");
    link.run(begin, &["scenario".into(), end.into(), DIGEST.into()]).await?;
    let before = match link.dialect() {
        Dialect::Postgres => "$1 - n.i * interval '1 second'",
        Dialect::Sqlite => "$1 - n.i * 1000000",
    };
    let columns = "uid, run_id, equipment_id, rule, severity, priority, status, raised_at, resolved_at";
    let many = format!(
        "INSERT INTO alerts ({columns}) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {ALERTS}) \
         SELECT 'a' || n.i, 1, 1 + n.i % {MACHINES}, 'limit', CASE n.i % 7 WHEN 0 THEN 'high' ELSE 'medium' END, \
         CASE n.i % 7 WHEN 0 THEN 3 ELSE 2 END, CASE n.i % 1000 WHEN 0 THEN 'active' ELSE 'resolved' END, {before}, \
         CASE n.i % 1000 WHEN 0 THEN NULL ELSE {before} END FROM n"
    );
    link.run(many, &[end.into()]).await?;
    match link.dialect() {
        Dialect::Postgres => link.run("VACUUM (ANALYZE)", &[]).await?,
        Dialect::Sqlite => link.run("ANALYZE", &[]).await?,
    };
    Ok(())
}

async fn ask(url: &str, asks: i64) -> Result<(), Refused> {
    let mut link = Link::open(&Place::parse(url)?).await?;
    link.be_patient(std::time::Duration::from_secs(600));
    let end = readings::last(&mut link, 1).await?.ok_or("the store is empty")?;
    add_alerts(&mut link, end).await?;
    let after = end + Span(1_000);
    let hour = Stretch { from: Time(after.0 - 3_600 * SECOND), to: after };
    let day = Stretch { from: Time(after.0 - 24 * 3_600 * SECOND), to: after };
    let from_readings = match link.dialect() {
        Dialect::Postgres => {
            "SELECT date_trunc('hour', time), count(*), avg(value), min(value), max(value), stddev_samp(value), \
             percentile_cont(0.95) WITHIN GROUP (ORDER BY value) FROM sensor_readings \
             WHERE sensor_id = $1 AND time >= $2 AND time < $3 AND quality <> 1 AND value IS NOT NULL GROUP BY 1 ORDER BY 1"
        }
        // It has neither deviations nor percentiles: what is compared is less work.
        Dialect::Sqlite => {
            "SELECT time / 3600000000, count(*), avg(value), min(value), max(value) FROM sensor_readings \
             WHERE sensor_id = $1 AND time >= $2 AND time < $3 AND quality <> 1 AND value IS NOT NULL GROUP BY 1 ORDER BY 1"
        }
    };
    let mut dice = 1u64;
    let mut times: [Vec<f64>; 6] = std::array::from_fn(|_| Vec::new());
    let mut rows = [0; 6];
    for turn in 0..asks {
        for question in 0..6 {
            // From the readings it takes long, and a tenth of the turns say as much.
            if question == 5 && turn % 10 > 0 {
                continue;
            }
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let sensor = 1 + ((dice >> 33) as i64) % SENSORS;
            let begun = Instant::now();
            rows[question] = match question {
                0 => readings::last_values(&mut link, sensor, 1_000).await?.len(),
                1 => readings::newest_first(&mut link, sensor, hour).await?.len(),
                2 => rollups::in_order(&mut link, sensor, Every::Hour, day).await?.len(),
                3 => alerts::active(&mut link, 1, 1_000).await?.len(),
                4 => overview::overview(&mut link, 1).await?.len(),
                _ => link.all(from_readings, &[sensor.into(), day.from.into(), Cell::from(day.to)]).await?.len(),
            };
            times[question].push(begun.elapsed().as_secs_f64() * 1e3);
        }
    }
    let names = [
        "last 1,000 values",
        "last hour, newest first",
        "24 hours by the hour",
        "open alerts",
        "all machines",
        "24 hours from readings",
    ];
    for ((name, times), rows) in names.into_iter().zip(&mut times).zip(rows) {
        times.sort_by(f64::total_cmp);
        let at = |part: f64| times[((times.len() as f64 * part) as usize).min(times.len() - 1)];
        let (p50, p99, worst) = (at(0.5), at(0.99), at(1.0));
        say(
            &json!({ "question": name, "asks": times.len(), "rows": rows, "p50_ms": p50, "p99_ms": p99, "worst_ms": worst }),
        )?;
    }
    link.close().await;
    Ok(())
}

fn say(figures: &serde_json::Value) -> Result<(), Refused> {
    Ok(writeln!(std::io::stdout(), "{figures}")?)
}
