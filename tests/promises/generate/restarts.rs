//! Servers that die in the middle of a stream and come back: nothing lost, nothing doubled, and a person is told.

use super::plant;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use twinwright_tests::decode::{self, Seen};
use twinwright_tests::servers::influx::Victoria;
use twinwright_tests::servers::mosquitto::{Mosquitto, Subscriber};
use twinwright_tests::servers::postgres::Postgres;
use twinwright_tests::{Scratch, program, said};

/// A stream that is held back enough to be hit in the middle, into the file `made.csv` and somewhere else.
fn stream(scratch: &Scratch, to: &str) -> Child {
    let mut command = Command::new(program());
    command.args([
        "generate",
        "plant.toml",
        "--limit",
        "20000/s",
        "--for",
        "100 min",
        "--to",
        "file:made.csv",
        "--to",
        to,
    ]);
    command.current_dir(scratch.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("it starts")
}

/// Waits until the stream has written so much.
fn wait_for(scratch: &Scratch, child: &Child, bytes: u64) {
    let begun = Instant::now();
    while std::fs::metadata(scratch.join(format!("made.csv.{}.part", child.id()))).map_or(0, |file| file.len()) < bytes
    {
        assert!(
            begun.elapsed() < Duration::from_secs(60) && !scratch.join("made.csv").exists(),
            "the stream does not flow"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Lets the stream end, and gives what was made: machine, sensor, time, value.
fn made(scratch: &Scratch, child: Child) -> (Vec<Seen>, String) {
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    (decode::file(&scratch.join("made.csv")), said(&output))
}

#[test]
fn postgres_killed_three_times_has_every_reading_once() {
    let scratch = plant("");
    let mut server = Postgres::start(scratch.path());
    let child = stream(&scratch, &server.url());
    for time in 1..=3 {
        wait_for(&scratch, &child, time * 700_000);
        server.kill();
        std::thread::sleep(Duration::from_millis(300));
        server.start_again();
    }
    let (made, told) = made(&scratch, child);
    let rows = server
        .ask("SELECT count(*), count(DISTINCT (sensor_id, time)), round(sum(value)::numeric, 2) FROM sensor_readings");
    let sum: f64 = made.iter().filter_map(|seen| seen.3).map(|bits| decimal(f32::from_bits(bits))).sum();
    assert_eq!(rows, format!("{0}|{0}|{sum:.2}", made.len()));
    assert!(told.contains("trying again") && told.contains("delivering again"), "a person is told: {told}");
    assert!(!told.contains("password"), "{told}");
}

/// The number that the text of an f32 says.
fn decimal(value: f32) -> f64 {
    value.to_string().parse().expect("a number")
}

#[test]
fn a_server_of_line_protocol_that_restarts_twice_has_every_reading_once() {
    let scratch = plant("");
    let mut server = Victoria::start(scratch.path(), &[]);
    let child = stream(&scratch, &format!("http://127.0.0.1:{}/api/v2/write?org=o&bucket=b", server.port));
    for time in 1..=2 {
        wait_for(&scratch, &child, time * 900_000);
        server.stop();
        server.start_again();
    }
    let (made, told) = made(&scratch, child);
    let mut kept: Vec<_> =
        server.readings().into_iter().map(|(m, s, time, v)| (m, s, time * 1_000_000, decode::bits(v))).collect();
    kept.sort();
    let wanted: Vec<_> =
        made.into_iter().filter(|seen| seen.3.is_some()).map(|seen| (seen.0, seen.1, seen.2, seen.3)).collect();
    assert!(kept == wanted, "{} of {} readings", kept.len(), wanted.len());
    assert!(told.contains("delivering again"), "{told}");
}

#[test]
fn a_broker_that_restarts_loses_nothing_at_qos_1_and_what_comes_twice_is_the_same() {
    let scratch = plant("");
    let mut broker = Mosquitto::start(
        scratch.path(),
        &format!("persistence true\npersistence_location {}/\nautosave_interval 1", scratch.path().display()),
    );
    let listener = Subscriber::start(&broker, "%t %p");
    let child = stream(&scratch, &format!("mqtt://127.0.0.1:{}?qos=1&batch=machine&batch_max=3", broker.port()));
    for time in 1..=2 {
        wait_for(&scratch, &child, time * 900_000);
        // Asked to stop it writes down what it owes its subscribers; killed, it would forget what it had acknowledged.
        broker.stop();
        broker.start_again();
    }
    let (made, told) = made(&scratch, child);
    let mut heard: Vec<(String, String, i64, Option<u32>)> = Vec::new();
    for line in listener.all() {
        let (topic, payload) = line.split_once(' ').expect("a topic and a payload");
        let machine = topic.rsplit('/').next().unwrap_or_default();
        let list: Vec<serde_json::Value> = serde_json::from_str(payload).unwrap_or_else(|e| panic!("{payload}: {e}"));
        heard.extend(list.iter().map(|reading| {
            let text = reading["sensor"].as_str().expect("a sensor").to_owned();
            let time = reading["timestamp_ms"].as_i64().expect("a time") * 1_000_000;
            (machine.to_owned(), text, time, reading["value"].as_f64().and_then(decode::bits))
        }));
    }
    heard.sort();
    heard.dedup();
    let wanted: Vec<_> = made.into_iter().map(|seen| (seen.0, seen.1, seen.2, seen.3)).collect();
    assert!(heard == wanted, "{} of {} readings", heard.len(), wanted.len());
    assert!(told.contains("delivering again"), "{told}");
}

#[test]
fn counters_are_served_while_the_stream_runs() {
    let scratch = plant("");
    let port = twinwright_tests::servers::free_port();
    let mut command = Command::new(program());
    command.args([
        "generate",
        "plant.toml",
        "--pace",
        "200x",
        "--to",
        "file:made.csv",
        "--metrics",
        &format!("127.0.0.1:{port}"),
    ]);
    let mut child =
        command.current_dir(scratch.path()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let begun = Instant::now();
    let made = loop {
        let page = twinwright_tests::servers::http(port, "GET /metrics", b"").map(|(_, page)| page).unwrap_or_default();
        let line = page
            .lines()
            .find(|line| line.starts_with("twinwright_readings_total{outlet=\"file:made.csv\",state=\"made\"}"));
        match line.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok()) {
            Some(made) if made > 0.0 => break made,
            _ => assert!(begun.elapsed() < Duration::from_secs(30), "no counters: {page}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(made < 10_580.0, "in the middle of it");
    assert!(child.wait().is_ok_and(|status| status.success()));
}
