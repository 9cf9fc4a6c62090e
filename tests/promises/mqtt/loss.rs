//! Lines that break and brokers that go: with QoS 1 every reading arrives, and only what was under way arrives twice.

use super::{Freight, MILLISECOND, Row, again, carry, counted, freight, manifest, outlet, runtime};
use std::collections::BTreeSet;
use twinwright_io::outlets::Tally;
use twinwright_tests::Scratch;
use twinwright_tests::servers::mosquitto::{Mosquitto, Subscriber};
use twinwright_tests::servers::proxy::Proxy;

const MACHINES: [&str; 5] = ["P-1", "P-2", "P-3", "P-4", "P-5"];
const SENSORS: [&str; 2] = ["vibration", "temperature"];
/// Messages that may be under way, and so arrive twice, when a line breaks.
const UNDER_WAY: usize = 100;

/// Readings whose values are decimals made of their number.
fn rows(count: usize) -> Vec<Row> {
    let value = |i: usize| text(i).parse().expect("a decimal is a number");
    let row = |i: usize| (i as i64 / 10 * MILLISECOND, (i / 2 % 5) as u32, (i % 2) as u32, value(i));
    (0..count).map(row).collect()
}

fn text(i: usize) -> String {
    format!("{}.{}", i / 10 % 1000, i % 10)
}

/// The lines that a subscriber must hear of [`rows`], from nothing but their numbers.
fn expected(count: usize) -> BTreeSet<String> {
    let line = |i: usize| {
        let (machine, sensor) = (MACHINES[i / 2 % 5], SENSORS[i % 2]);
        let milliseconds = 1_767_225_600_000_u64 + i as u64 / 10;
        format!("acme/{machine}/{sensor} {{\"timestamp_ms\":{milliseconds},\"value\":{}}}", text(i))
    };
    (0..count).map(line).collect()
}

fn freights(rows: &[Row], each: usize) -> Vec<Freight> {
    rows.chunks(each).map(freight).collect()
}

/// Everything arrived, nothing else did, and no more came twice than was sent again and could have been under way.
fn check(lines: &[String], count: usize, breaks: usize, counts: [u64; 3]) {
    let twice = check_set(lines, count, counts);
    assert!(twice <= breaks * UNDER_WAY, "{twice} messages came twice in {breaks} breaks");
    assert!(twice as u64 <= counts[2], "{twice} came twice, {} were sent again", counts[2]);
}

/// Everything arrived and nothing else did; says how much came twice.
fn check_set(lines: &[String], count: usize, [sent, acknowledged, _]: [u64; 3]) -> usize {
    let heard: BTreeSet<String> = lines.iter().cloned().collect();
    let missing = expected(count).difference(&heard).count();
    assert_eq!(missing, 0, "{missing} of {count} readings are missing; {} messages came", lines.len());
    assert_eq!(heard.len(), count, "messages came that nobody made");
    assert_eq!([sent, acknowledged], [count as u64; 2]);
    lines.len() - count
}

#[test]
fn a_line_cut_fifty_times_loses_nothing() {
    const COUNT: usize = 25_000;
    let scratch = Scratch::new();
    let broker = Mosquitto::start(scratch.path(), "");
    let subscriber = Subscriber::start(&broker, "%t %p");
    let proxy = Proxy::start(broker.port(), 30_000, 50);
    let mut outlet = outlet(&format!("mqtt://127.0.0.1:{}?qos=1", proxy.port()), &manifest("acme", &MACHINES)).unwrap();
    let counts = runtime().block_on(carry(outlet.as_mut(), &freights(&rows(COUNT), 1_000)));
    assert_eq!(proxy.cuts(), 50);
    assert!(counts[2] > 0, "fifty cuts with nothing under way");
    check(&subscriber.all(), COUNT, 50, counts);
}

#[test]
fn a_batch_that_was_cut_off_goes_out_again() {
    const COUNT: usize = 20_000;
    let scratch = Scratch::new();
    let broker = Mosquitto::start(scratch.path(), "");
    let subscriber = Subscriber::start(&broker, "%p");
    let proxy = Proxy::start(broker.port(), 40_000, 20);
    let url = format!(
        "mqtt://127.0.0.1:{}?qos=1&batch=machine&payload={{timestamp_ms}}|{{machine}}|{{sensor}}",
        proxy.port()
    );
    let mut outlet = outlet(&url, &manifest("acme", &MACHINES)).unwrap();
    let counts = runtime().block_on(carry(outlet.as_mut(), &freights(&rows(COUNT), 1_000)));
    let lines = subscriber.all();
    let readings: BTreeSet<&str> = lines.iter().flat_map(|line| line.trim_matches(['[', ']']).split(',')).collect();
    assert_eq!(readings.len(), COUNT);
    assert_eq!((proxy.cuts(), counts[0], counts[1]), (20, COUNT as u64, COUNT as u64));
}

#[test]
fn a_broker_stopped_and_started_again_in_the_middle_loses_nothing() {
    const COUNT: usize = 20_000;
    let scratch = Scratch::new();
    let saving = format!("persistence true\npersistence_location {}/\n", scratch.path().display());
    let mut broker = Mosquitto::start(scratch.path(), &saving);
    let subscriber = Subscriber::start(&broker, "%t %p");
    let mut outlet =
        outlet(&format!("mqtt://127.0.0.1:{}?qos=1", broker.port()), &manifest("acme", &MACHINES)).unwrap();
    let freights = freights(&rows(COUNT), COUNT / 4);
    let counts = runtime().block_on(async {
        let delivery = tokio::spawn(async move { carry(outlet.as_mut(), &freights).await });
        for heard in [2_000, 9_000] {
            while subscriber.lines().len() < heard && !delivery.is_finished() {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            broker.stop();
            broker.start_again();
        }
        delivery.await.expect("the delivery ends well")
    });
    // What came twice says nothing here: the broker itself repeats what its subscriber had not acknowledged.
    check_set(&subscriber.all(), COUNT, counts);
    assert!(counts[2] <= 2 * UNDER_WAY as u64, "{} were sent again in two breaks", counts[2]);
}

#[test]
fn what_is_delivered_while_the_broker_is_dead_arrives_when_it_is_back() {
    const COUNT: usize = 2_000;
    let scratch = Scratch::new();
    let mut broker = Mosquitto::start(scratch.path(), "");
    let mut outlet =
        outlet(&format!("mqtt://127.0.0.1:{}?qos=1", broker.port()), &manifest("acme", &MACHINES)).unwrap();
    let (subscriber, counts) = runtime().block_on(async {
        let (freight, tally) = (freight(&rows(COUNT)), Tally::default());
        outlet.open().await.expect("the broker is there");
        broker.kill();
        let mut trouble = outlet.deliver(&freight, &tally).await.expect_err("nobody is there to deliver to");
        for _ in 0..3 {
            trouble = outlet.open().await.expect_err(&trouble.to_string());
            assert!(outlet.deliver(&freight, &tally).await.is_err());
        }
        broker.start_again();
        let subscriber = Subscriber::start(&broker, "%t %p");
        let mut tries = 0;
        again(outlet.as_mut(), trouble, &mut tries).await;
        while let Err(trouble) = outlet.deliver(&freight, &tally).await {
            again(outlet.as_mut(), trouble, &mut tries).await;
        }
        outlet.finish(&tally).await.expect("what was delivered comes to its end");
        (subscriber, counted(&tally))
    });
    check(&subscriber.all(), COUNT, 1, counts);
}

#[test]
fn without_a_cut_nothing_comes_twice_and_order_is_kept() {
    for qos in [0, 1] {
        let scratch = Scratch::new();
        let broker = Mosquitto::start(scratch.path(), "");
        let subscriber = Subscriber::start(&broker, "%p");
        let url = format!("mqtt://127.0.0.1:{}?qos={qos}&payload={{seq}}", broker.port());
        let mut outlet = outlet(&url, &manifest("acme", &MACHINES)).unwrap();
        let counts = runtime().block_on(carry(outlet.as_mut(), &[freight(&rows(10_000))]));
        assert_eq!(counts, [10_000, 10_000 * qos, 0]);
        let lines = subscriber.all();
        assert!(
            lines
                .iter()
                .map(String::as_str)
                .eq((1..=10_000).map(|seq: u32| seq.to_string()).collect::<Vec<_>>().iter())
        );
    }
}
