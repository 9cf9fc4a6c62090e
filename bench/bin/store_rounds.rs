//! Writes the same readings into a store by the outlet and by a bare way, in turns, and prints a line of JSON for each.
//!
//! `postgres` starts a cluster of its own with default durability and compares the outlet with psql's `\copy` of a binary
//! file, once in the order of time (as a stream is) and once sorted (the best that psql can get). `sqlite` compares with
//! a loop of prepared statements of 500 rows in the same transactions, with the same journal and synchronous. The outlet
//! has a turn more with readings that are all bad: those make no roll-ups, which tells what roll-ups cost. The tables
//! are empty before each turn and the same for all. Sums nothing up: that is for the reader.

use serde_json::json;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Arguments, AssertSqlSafe, ConnectOptions, Connection};
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Instant;
use twinwright_bench::Refused;
use twinwright_io::outlets::address::Address;
use twinwright_io::outlets::{Freight, MachineHead, Manifest, SensorHead, Tally, store};
use twinwright_model::{Parcel, Sensor, Sheet, Span, Time};
use twinwright_tests::Scratch;
use twinwright_tests::servers::postgres::{Postgres, binary, hand_over};

const USAGE: &str = "usage: store_rounds (postgres|sqlite) [READINGS [ROUNDS]]";
const MACHINES: usize = 100;
const SENSORS: usize = 10;
/// Readings of a freight, as the carrier hands them on.
const FREIGHT: usize = 100_000;
/// Rows of a transaction, on both sides.
const BATCH: usize = 100_000;
/// Rows of a statement of the bare loop.
const STATEMENT: usize = 500;
/// 2026-01-01T00:00:00Z
const START: i64 = 1_767_225_600_000_000_000;

fn main() -> ExitCode {
    twinwright_bench::main_of(serve)
}

fn serve(words: &[&str]) -> Result<(), Refused> {
    let number = |at: usize, other: usize| words.get(at).map_or(Ok(other), |word| word.parse());
    let (readings, rounds) = (number(1, 1_000_000)?, number(2, 5)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match words.first().copied() {
        Some("postgres") => runtime.block_on(postgres(readings, rounds)),
        Some("sqlite") => runtime.block_on(sqlite(readings, rounds)),
        _ => Err(USAGE.into()),
    }
}

async fn postgres(readings: usize, rounds: usize) -> Result<(), Refused> {
    let scratch = Scratch::new();
    let server = Postgres::with(scratch.path(), &["max_wal_size=4GB"]);
    let (manifest, freights, bad) = (manifest(), freights(readings, 0), freights(readings, 1));
    deliver(&server.url(), &manifest, &freights).await?;
    // The peer gets the rows from the table itself: the same ids, times, values and qualities.
    let files = scratch.join("files");
    std::fs::create_dir_all(&files)?;
    hand_over(&files);
    let file = |order: &str| files.join(order.replace([' ', ','], "-")).display().to_string();
    let orders = ["time, sensor_id", "sensor_id, time"];
    for order in orders {
        let rows = format!("SELECT sensor_id, time, value, quality FROM sensor_readings ORDER BY {order}");
        server.ask(&format!("COPY ({rows}) TO '{}' (FORMAT binary)", file(order)));
    }
    for round in 0..rounds {
        for who in 0..4 {
            server.ask("TRUNCATE sensor_readings, sensor_readings_1m, sensor_readings_1h, latest_readings");
            server.ask("CHECKPOINT");
            let (wall, cpu) = (Instant::now(), Cpu::now(Some(server.id())));
            let name = match who {
                0 => {
                    deliver(&server.url(), &manifest, &freights).await?;
                    "outlet"
                }
                3 => {
                    deliver(&server.url(), &manifest, &bad).await?;
                    "outlet, bad readings"
                }
                which => {
                    let order = orders[which - 1];
                    let copy = format!(
                        "\\copy sensor_readings (sensor_id, time, value, quality) FROM '{}' BINARY",
                        file(order)
                    );
                    let mut psql = Command::new(binary("psql"));
                    let done = psql.args(["-X", "-q", "-c", &copy, &server.url()]).status()?;
                    if !done.success() {
                        return Err("psql failed".into());
                    }
                    if which == 1 { "psql in order of time" } else { "psql sorted" }
                }
            };
            let wall = wall.elapsed().as_secs_f64();
            let cpu = cpu.since();
            let rows: usize = server.ask("SELECT count(*) FROM sensor_readings").parse()?;
            let bytes: u64 = server.ask(&sizes("sensor_readings")).parse()?;
            let rollups: u64 = server.ask(&sizes("sensor_readings_1m")).parse::<u64>()?
                + server.ask(&sizes("sensor_readings_1h")).parse::<u64>()?;
            say(("postgres", name), round, (rows, bytes, rollups), wall, cpu)?;
        }
    }
    Ok(())
}

/// Bytes of all partitions of a table, with their keys.
fn sizes(parent: &str) -> String {
    format!(
        "SELECT coalesce(sum(pg_total_relation_size(relid)), 0)::bigint FROM pg_partition_tree('{parent}') WHERE isleaf"
    )
}

async fn sqlite(readings: usize, rounds: usize) -> Result<(), Refused> {
    let scratch = Scratch::new();
    let (manifest, freights, bad) = (manifest(), freights(readings, 0), freights(readings, 1));
    let ways = [
        ("outlet", None),
        ("bare loop in order of time", Some(false)),
        ("bare loop sorted", Some(true)),
        ("outlet, bad readings", None),
    ];
    for round in 0..rounds {
        for (turn, (name, bare)) in ways.into_iter().enumerate() {
            let path = scratch.join(format!("{round}-{turn}.db"));
            let url = format!("sqlite:{}", path.display());
            // The schema and the registry are there before the clock starts.
            deliver(&url, &manifest, &[]).await?;
            let mut ready = rows(&freights);
            if bare == Some(true) {
                ready.chunks_mut(BATCH).for_each(|batch| batch.sort_by_key(|row| (row.0, row.1)));
            }
            let (wall, cpu) = (Instant::now(), Cpu::now(None));
            match bare {
                None => deliver(&url, &manifest, if turn == 0 { &freights } else { &bad }).await?,
                Some(_) => bare_loop(&path, &ready).await?,
            }
            let wall = wall.elapsed().as_secs_f64();
            let cpu = cpu.since();
            say(("sqlite", name), round, (readings, std::fs::metadata(&path)?.len(), 0), wall, cpu)?;
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// What anybody would write who wants many rows in a table, quickly and safely.
async fn bare_loop(path: &Path, rows: &[(i32, i64, f64, i16)]) -> Result<(), Refused> {
    let options = SqliteConnectOptions::new().filename(path).foreign_keys(true).disable_statement_logging();
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let mut connection = SqliteConnection::connect_with(&options.pragma("cache_size", "-32768")).await?;
    let add = |rows: usize| -> Arc<str> {
        let values = vec!["(?, ?, ?, ?)"; rows].join(", ");
        format!("INSERT INTO sensor_readings (sensor_id, time, value, quality) VALUES {values}").into()
    };
    let whole = add(STATEMENT);
    for batch in rows.chunks(BATCH) {
        let mut all = connection.begin().await?;
        for some in batch.chunks(STATEMENT) {
            let statement = if some.len() == STATEMENT { whole.clone() } else { add(some.len()) };
            let mut arguments = SqliteArguments::default();
            for row in some {
                bind(&mut arguments, row).map_err(|error| error.to_string())?;
            }
            sqlx::query_with(AssertSqlSafe(statement), arguments).execute(&mut *all).await?;
        }
        all.commit().await?;
    }
    Ok(connection.close().await?)
}

fn bind(arguments: &mut SqliteArguments, row: &(i32, i64, f64, i16)) -> Result<(), sqlx::error::BoxDynError> {
    arguments.add(row.0)?;
    arguments.add(row.1)?;
    arguments.add(row.2)?;
    arguments.add(row.3)
}

/// Sensor ids as the outlet's registry hands them out: from 1, machine by machine.
fn rows(freights: &[Freight]) -> Vec<(i32, i64, f64, i16)> {
    let parcels = freights.iter().filter_map(|freight| freight.rows.as_ref());
    let row = |parcel: &Parcel, at: usize| {
        let id = parcel.machine[at] * SENSORS as u32 + parcel.sensor[at] + 1;
        (id as i32, parcel.time[at].0 / 1_000, f64::from(parcel.value[at]), i16::from(parcel.quality[at]))
    };
    parcels.flat_map(|parcel| (0..parcel.len()).map(|at| row(parcel, at))).collect()
}

async fn deliver(url: &str, manifest: &Arc<Manifest>, freights: &[Freight]) -> Result<(), Refused> {
    let mut outlet = store::open(&Address::parse(url)?, manifest)?;
    let tally = Tally::default();
    outlet.open().await?;
    for freight in freights {
        outlet.deliver(freight, &tally).await?;
    }
    Ok(outlet.finish(&tally).await?)
}

fn manifest() -> Arc<Manifest> {
    let names: Vec<String> = (0..SENSORS).map(|sensor| format!("sensor-{sensor}")).collect();
    let sensors = names.iter().map(|name| Sensor { name: name.clone(), unit: "1".to_owned() }).collect();
    Arc::new(Manifest {
        machines: (0..MACHINES).map(|machine| MachineHead { id: format!("M-{machine}"), sheet: 0 }).collect(),
        sensors: names.into_iter().map(|name| SensorHead { name, unit: "1".to_owned() }).collect(),
        sheets: vec![Sheet { kind: "unit".to_owned(), sensors, wears: vec![] }],
        path: "bench".to_owned(),
        scenario: "bench".to_owned(),
        seed: 1,
        version: "0".to_owned(),
        start: Time(START),
        tick: Span(1_000_000_000),
        resolution: Span(1_000_000_000),
    })
}

/// A reading a second of every sensor, with two decimals.
fn freights(readings: usize, quality: u8) -> Vec<Freight> {
    let all: Vec<usize> = (0..readings).collect();
    let freight = |part: &[usize]| {
        let mut parcel = Parcel::default();
        for &number in part {
            let (second, place) = (number / (MACHINES * SENSORS), number % (MACHINES * SENSORS));
            parcel.time.push(Time(START + second as i64 * 1_000_000_000));
            parcel.machine.push((place / SENSORS) as u32);
            parcel.future.push(0);
            parcel.sensor.push((place % SENSORS) as u32);
            parcel.value.push((number * 7_919 % 100_000) as f32 / 100.0);
            parcel.quality.push(quality);
            parcel.fault.push(0);
            parcel.seq.push(number as u64 + 1);
        }
        let readings = parcel.len() as u64;
        Freight { rows: Some(Arc::new(parcel)), readings, ..Freight::default() }
    };
    all.chunks(FREIGHT).map(freight).collect()
}

/// CPU seconds of this process and its children that ended, and of a server with its children.
struct Cpu {
    server: Option<u32>,
    own: f64,
    served: f64,
}

impl Cpu {
    fn now(server: Option<u32>) -> Cpu {
        Cpu { server, own: ticks("/proc/self/stat"), served: server.map_or(0.0, family) }
    }

    /// Own and server's.
    fn since(self) -> (f64, f64) {
        let now = Cpu::now(self.server);
        (now.own - self.own, now.served - self.served)
    }
}

/// User and system time of a process and of its children that ended.
fn ticks(path: &str) -> f64 {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(4);
    fields.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn family(id: u32) -> f64 {
    let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    let living: f64 = children.split_whitespace().map(|child| ticks(&format!("/proc/{child}/stat"))).sum();
    living + ticks(&format!("/proc/{id}/stat"))
}

fn say(
    (store, who): (&str, &str),
    round: usize,
    (rows, bytes, rollups): (usize, u64, u64),
    wall: f64,
    cpu: (f64, f64),
) -> Result<(), Refused> {
    let line = json!({
        "store": store, "who": who, "round": round, "rows": rows, "wall": wall, "own_cpu": cpu.0, "server_cpu": cpu.1,
        "rows_per_s": (rows as f64 / wall).round(), "bytes_per_row": bytes as f64 / rows.max(1) as f64,
        "rollup_bytes_per_row": rollups as f64 / rows.max(1) as f64,
    });
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
