//! One truth, many wires: one run into a broker, two databases, an HTTP server, Redis and files at once, and every one of
//! them holds the same million readings. All are read back by clients that have nothing of the engine in them.
//!
//! The broker gets batches here, since a million single messages take minutes; `TWINWRIGHT_FULL=1` sends them one by one.

use std::collections::BTreeMap;
use std::process::Command;
use twinwright_tests::decode::{self, Seen, bits};
use twinwright_tests::servers::influx::Victoria;
use twinwright_tests::servers::mosquitto::{Mosquitto, Subscriber};
use twinwright_tests::servers::postgres::Postgres;
use twinwright_tests::servers::redis::Redis;
use twinwright_tests::{Scratch, program, said};

const PLANT: &str = "schema = \"scenario/1\"\ntitle = \"three kinds\"\nstart = \"2026-01-01T00:00:00Z\"\nduration = \"850 s\"\n\
    tick = \"1 s\"\n[[machine]]\nid = \"P-{001..060}\"\nkind = \"centrifugal-pump\"\n[[machine]]\nid = \"C-{1..30}\"\nkind = \"conveyor\"\n\
    [[machine]]\nid = \"E-{1..20}\"\nkind = \"plasma-etcher\"\n\
    [[fault.dropout]]\nmachine = \"P-001\"\nsensor = \"flow\"\nstart = \"+1 min\"\nlasts = \"30 s\"\n\
    [[fault.nan]]\nmachine = \"P-002\"\nsensor = \"vibration\"\nstart = \"+2 min\"\nlasts = \"20 s\"\n\
    [[fault.offset]]\nmachine = \"P-003\"\nsensor = \"bearing_temp\"\nby = 1000\nstart = \"+3 min\"\nlasts = \"20 s\"\n";

/// Ends the test with the first difference instead of a million lines.
fn same(name: &str, wanted: &[Seen], mut got: Vec<Seen>) {
    got.sort();
    assert_eq!(got.len(), wanted.len(), "{name}: so many readings");
    if let Some((a, b)) = wanted.iter().zip(&got).find(|(a, b)| a != b) {
        panic!("{name}: {b:?} where {a:?} was made");
    }
}

/// A batch payload or a single one: `machine` and readings as JSON.
fn from_broker(lines: &[String]) -> Vec<Seen> {
    let mut seen = Vec::new();
    for line in lines {
        let (topic, payload) = line.split_once(' ').expect("a topic and a payload");
        let levels: Vec<&str> = topic.split('/').collect();
        let message: serde_json::Value = serde_json::from_str(payload).unwrap_or_else(|e| panic!("{payload}: {e}"));
        let list = message.as_array().cloned().unwrap_or_else(|| vec![message.clone()]);
        for reading in list {
            let sensor = reading["sensor"].as_str().unwrap_or_else(|| levels[levels.len() - 1]).to_owned();
            let time = reading["timestamp_ms"].as_i64().expect("a time") * 1_000_000;
            let quality = reading["quality"].as_str().expect("a quality").to_owned();
            seen.push((levels[4].to_owned(), sensor, time, reading["value"].as_f64().and_then(bits), quality));
        }
    }
    seen
}

fn from_postgres(server: &Postgres) -> Vec<Seen> {
    let rows = server.ask(
        "SELECT e.name, s.name, (extract(epoch FROM r.time) * 1000000)::bigint, r.value, r.quality FROM sensor_readings r \
         JOIN sensors s ON s.id = r.sensor_id JOIN equipment e ON e.id = s.equipment_id",
    );
    rows.lines().map(|line| from_row(line.split('|'))).collect()
}

/// Machine, sensor, microseconds, value, quality's number.
fn from_row<'a>(mut cells: impl Iterator<Item = &'a str>) -> Seen {
    let mut cell = || cells.next().expect("five cells");
    let (machine, sensor) = (cell().to_owned(), cell().to_owned());
    let time: i64 = cell().parse().expect("microseconds");
    let value = cell().parse::<f64>().ok().and_then(bits);
    let quality = ["good", "bad", "uncertain", "substitute"][cell().parse::<usize>().expect("a number")];
    (machine, sensor, time * 1_000, value, quality.to_owned())
}

fn from_sqlite(path: &std::path::Path) -> Vec<Seen> {
    let query = "SELECT e.name, s.name, r.time, r.value, r.quality FROM sensor_readings r \
        JOIN sensors s ON s.id = r.sensor_id JOIN equipment e ON e.id = s.equipment_id";
    let output = Command::new("sqlite3").args(["-batch", "-separator", "|"]).arg(path).arg(query).output();
    let output = output.expect("sqlite3 starts; tests/run installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(|line| from_row(line.split('|'))).collect()
}

fn from_redis(server: &Redis, series: &[(String, String)]) -> Vec<Seen> {
    let asked: Vec<String> = series.iter().map(|(m, s)| format!("ZRANGE realtime:{m}:{s} 0 -1")).collect();
    let answers = server.ask(&asked.iter().map(String::as_str).collect::<Vec<_>>());
    let mut seen = Vec::new();
    for ((machine, sensor), members) in series.iter().zip(answers) {
        for member in members.as_array().expect("a list of members") {
            let reading: serde_json::Value = serde_json::from_str(member.as_str().expect("text")).expect("JSON");
            let time = reading["timestamp_ms"].as_i64().expect("a time") * 1_000_000;
            let quality = reading["quality"].as_str().expect("a quality").to_owned();
            seen.push((machine.clone(), sensor.clone(), time, reading["value"].as_f64().and_then(bits), quality));
        }
    }
    seen
}

#[test]
fn a_broker_two_databases_an_http_server_redis_and_files_all_hold_the_same_million_readings() {
    let scratch = Scratch::new();
    let broker = Mosquitto::start(scratch.path(), "message_size_limit 1048576");
    let postgres = Postgres::start(scratch.path());
    let victoria = Victoria::start(scratch.path(), &[]);
    let redis = Redis::start(scratch.path(), &[]);
    let listener = Subscriber::start(&broker, "%t %p");
    let single = std::env::var_os("TWINWRIGHT_FULL").is_some();
    let batch = if single { "one" } else { "machine" };
    let payload =
        "{\"sensor\":\"{sensor}\",\"timestamp_ms\":{timestamp_ms},\"value\":{value},\"quality\":\"{quality}\"}";
    let outlets = format!(
        "path = \"acme/lyon/fab/line-1\"\n\
         [outlet.mqtt.plant]\nurl = \"mqtt://127.0.0.1:{}\"\nqos = 1\nbatch = \"{batch}\"\npayload = '{payload}'\n\
         [outlet.postgres.store]\nurl = \"{}\"\n[outlet.sqlite.store]\nurl = \"sqlite:store.db\"\n\
         [outlet.http.victoria]\nurl = \"http://127.0.0.1:{}/write?db=plant\"\n\
         [outlet.redis.cache]\nurl = \"redis://127.0.0.1:{}\"\nkeep = 100000\nttl = \"1 d\"\n\
         [outlet.file.wide]\nurl = \"file:wide.parquet\"\nshape = \"wide\"\n[outlet.file.long]\nurl = \"file:long.lp.zst\"\n\
         [outlet.file.plain]\nurl = \"file:made.csv\"\n",
        broker.port(),
        postgres.url(),
        victoria.port,
        redis.port,
    );
    let (head, tail) = PLANT.split_at(PLANT.find("[[machine]]").expect("it has machines"));
    let (path, tables) = outlets.split_once('\n').expect("the path comes first");
    scratch.write("plant.toml", format!("{head}{path}\n{tail}{tables}"));
    let run = Command::new(program()).args(["generate", "plant.toml"]).current_dir(scratch.path()).output();
    let output = run.expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));

    let made = decode::file(&scratch.join("made.csv"));
    assert!(made.len() > 1_000_000, "{} readings", made.len());
    assert!(made.iter().any(|seen| seen.3.is_none()) && made.iter().any(|seen| seen.4 == "uncertain"));
    same("line protocol", &made, decode::file(&scratch.join("long.lp.zst")));
    let kinds =
        ["centrifugal-pump", "conveyor", "plasma-etcher"].map(|kind| scratch.join(format!("wide-{kind}.parquet")));
    same("Parquet", &made, kinds.iter().flat_map(|path| decode::file(path)).collect());
    same("MQTT", &made, from_broker(&listener.all()));
    same("PostgreSQL", &made, from_postgres(&postgres));
    same("SQLite", &made, from_sqlite(&scratch.join("store.db")));
    let series: BTreeMap<(String, String), ()> =
        made.iter().map(|seen| ((seen.0.clone(), seen.1.clone()), ())).collect();
    same("Redis", &made, from_redis(&redis, &series.into_keys().collect::<Vec<_>>()));
    // VictoriaMetrics keeps numbers alone: readings with a value, without their quality.
    let numbers: Vec<Seen> = made
        .iter()
        .filter(|seen| seen.3.is_some())
        .map(|seen| (seen.0.clone(), seen.1.clone(), seen.2, seen.3, String::new()))
        .collect();
    let kept =
        victoria.readings().into_iter().map(|(m, s, time, value)| (m, s, time * 1_000_000, bits(value), String::new()));
    same("VictoriaMetrics", &numbers, kept.collect());
}
