//! Recordings: every format and shape that a stream leaves is played as it was recorded, at its pace, from where it stood.

use super::doors::understood;
use super::publisher::Publisher;
use super::{Hall, START_MS, Store, directory, mqtt, names, plan, refused, runtime, topics};
use crate::generate::{generate, plant};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use twinwright_io::feeds::{self, Receipt};
use twinwright_model::Time;
use twinwright_model::feeds::{FeedPlan, FeedWire, Mapping, ReplayFeed};
use twinwright_model::live::{Measurement, Reason};
use twinwright_tests::servers::mosquitto::Mosquitto;
use twinwright_tests::{Scratch, decode};

fn recording(path: &str, speed: Option<f64>, change: impl FnOnce(&mut ReplayFeed)) -> FeedPlan {
    let mut wire = ReplayFeed {
        path: path.to_owned(),
        speed,
        time: "time".to_owned(),
        machine: None,
        sensor: None,
        value: None,
        quality: None,
        only: None,
    };
    change(&mut wire);
    plan(FeedWire::Replay(wire), Mapping::default())
}

const MACHINES: [&str; 5] = ["F-1", "F-2", "F-3", "V-1", "V-2"];
const SENSORS: [&str; 3] = ["temp", "hum", "flow"];

/// Plays to the end.
fn played(plan: &FeedPlan, channels: &[(String, String)], folder: &Path) -> Hall {
    let hall = Hall::open(plan, channels, Store::Works, folder);
    hall.wait("the end", |_| hall.running().is_over());
    hall.wait("all that is under way", |_| hall.running().tally.under_way.load(Ordering::Relaxed) == 0);
    hall
}

#[test]
fn what_was_streamed_into_files_is_played_to_the_last_reading() {
    let scratch = plant("");
    let files = [
        "a.csv",
        "b.jsonl",
        "c.parquet",
        "e.csv.gz",
        "f.jsonl.zst",
        "w.csv?shape=wide",
        "x.jsonl?shape=wide",
        "y.parquet?shape=wide",
    ];
    let urls = files.map(|file| format!("file:{file}"));
    let mut arguments = vec!["plant.toml"];
    urls.iter().for_each(|url| arguments.extend(["--to", url]));
    generate(scratch.path(), &arguments);
    let channels = names(&MACHINES, &SENSORS);
    let mut found: Vec<_> = std::fs::read_dir(scratch.path()).expect("the folder is there").flatten().collect();
    found.retain(|entry| !entry.file_name().to_string_lossy().ends_with(".toml") && entry.path().is_file());
    assert!(found.len() >= files.len(), "{found:?}");
    for entry in found {
        let name = entry.file_name().to_string_lossy().into_owned();
        let expected = understood(decode::file(&entry.path()));
        let hall = played(&recording(&name, None, |_| {}), &channels, scratch.path());
        let seen = hall.seen();
        assert_eq!((seen.len(), hall.heard.lock().unwrap().refusals.len()), (expected.len(), 0), "{name}");
        assert!(seen == expected, "{name}: {:?}", seen.iter().zip(&expected).find(|(a, b)| a != b));
    }
}

#[test]
fn foreign_tables_are_read_by_the_columns_that_they_are_told() {
    let scratch = Scratch::new();
    scratch.write(
        "theirs.csv",
        "ts;tag;val;ok\n1767225600;s;1,5;1\n1767225601000;s;2.5;1\nbroken\n1767225602;x;1;1\n1767225603;s;;0\n",
    );
    let theirs = |wire: &mut ReplayFeed| {
        wire.time = "ts".into();
        wire.sensor = Some("tag".into());
        wire.value = Some("val".into());
        wire.only = Some("P-1".into());
    };
    let hall = played(&recording("theirs.csv", None, theirs), &names(&["P-1"], &["s"]), scratch.path());
    assert_eq!(hall.seen().iter().map(|seen| seen.2 / 1_000_000 - START_MS).collect::<Vec<_>>(), [1_000, 3_000]);
    let refusals: Vec<(Reason, String)> = hall
        .heard
        .lock()
        .unwrap()
        .refusals
        .iter()
        .map(|r| (r.reason, r.origin.rsplit(':').next().unwrap().to_owned()))
        .collect();
    let expected = [(Reason::WrongType, "2"), (Reason::Broken, "4"), (Reason::UnknownSensor, "5")];
    assert_eq!(refusals, expected.map(|(reason, line)| (reason, line.to_owned())));
    for (change, expected) in [
        ((|wire| wire.time = "tme".into()) as fn(&mut ReplayFeed), "did you mean"),
        (|wire| wire.path = "none.csv".into(), "no such file"),
        (|wire| wire.speed = Some(-1.0), "speed"),
        (|wire| wire.machine = Some("tool".into()), "no column `tool`"),
    ] {
        scratch.write("some.csv", "ts,time,machine,s\n");
        let said = refused(&recording("some.csv", None, change), scratch.path()).to_string();
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn a_recording_keeps_its_pace_and_goes_on_where_it_stood() {
    let scratch = Scratch::new();
    let rows: String = (0..20).map(|i| format!("{},P-1,s,{i}\n", START_MS + 1_000 * i)).collect();
    scratch.write("slow.csv", format!("time,machine,sensor,value\n{rows}"));
    let runtime = runtime();
    let (inbox, mut deliveries) = tokio::sync::mpsc::channel(100);
    let resume = Some(Time((START_MS + 9_500) * 1_000_000));
    let plan = recording("slow.csv", Some(20.0), |_| {});
    let begun = Instant::now();
    let channels = directory(&names(&["P-1"], &["s"]));
    let running = runtime.block_on(async { feeds::start(&plan, 3, channels, inbox, scratch.path(), resume) }).unwrap();
    let (mut heard, mut times): (Vec<Measurement>, Vec<Duration>) = Default::default();
    runtime.block_on(async {
        while let Some(delivery) = deliveries.recv().await {
            times.extend(delivery.readings.iter().map(|_| begun.elapsed()));
            heard.extend(delivery.readings);
            delivery.receipt.into_iter().for_each(Receipt::done);
        }
        running.stop().await;
    });
    assert_eq!(heard.iter().map(|reading| reading.value as i64).collect::<Vec<_>>(), (10..20).collect::<Vec<_>>());
    // Never before its time: 1 s of the recording is 50 ms. How much later, the machine decides.
    for (i, time) in times.iter().enumerate() {
        assert!(*time >= Duration::from_millis(50 * i as u64), "reading {i} after {time:?}");
    }
}

#[test]
fn what_our_own_outlet_publishes_is_understood_without_a_mapping() {
    let scratch = plant("");
    let broker = Mosquitto::start(scratch.path(), "");
    let channels = names(&MACHINES, &SENSORS);
    for (batch, template) in [("", "plant/{machine}/{sensor}"), ("&batch=machine", "plant/{machine}")] {
        let mut wire = mqtt(broker.port());
        wire.client_id = format!("mirror{}", batch.len());
        let plan = plan(FeedWire::Mqtt(wire), topics(&[template]));
        let hall = Hall::open(&plan, &channels, Store::Works, scratch.path());
        hall.wait_connected(0);
        hall.wait("the subscription", |heard| {
            let topic = if batch.is_empty() { &b"plant/F-1/none"[..] } else { b"plant/none" };
            Publisher::connect(broker.port(), "settler").publish(&[(topic.to_vec(), b"0".to_vec())]);
            !heard.refusals.is_empty()
        });
        let topic = if batch.is_empty() { "plant/{machine}/{sensor}" } else { "plant/{machine}" };
        let url = format!("mqtt://127.0.0.1:{}?qos=1&topic={topic}{batch}", broker.port());
        generate(scratch.path(), &["plant.toml", "--to", &url, "--to", "file:all.csv"]);
        let mut expected = decode::file(&scratch.join("all.csv"));
        hall.wait("all readings", |heard| heard.readings.len() >= expected.len());
        // The usual payload says milliseconds and no quality: what has a value is good.
        for seen in &mut expected {
            seen.4 = if seen.3.is_some() { "good" } else { "bad" }.to_owned();
        }
        expected.sort();
        let seen = hall.seen();
        assert!(seen == expected, "{template}: {:?}", seen.iter().zip(&expected).find(|(a, b)| a != b));
    }
}
