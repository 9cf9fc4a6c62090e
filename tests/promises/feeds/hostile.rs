//! Eighty messages that mean no good, beside readings that do: each is put aside with its reason, and no neighbour is lost.

use super::publisher::{self, Publisher, length, numbered};
use super::stub;
use super::{Hall, Store, mqtt, names, plan, topics};
use std::collections::BTreeSet;
use std::io::Write;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use twinwright_model::feeds::FeedWire;
use twinwright_model::live::Reason;
use twinwright_tests::Scratch;
use twinwright_tests::servers::mosquitto::Mosquitto;

/// Payloads on a good topic, and why each is refused.
fn payloads() -> Vec<(Vec<u8>, Reason)> {
    let text = |text: &str| text.as_bytes().to_vec();
    let deep = |open: &str, close: &str, count: usize| [open.repeat(count), close.repeat(count)].concat().into_bytes();
    let keys: String = (0..20_000).map(|key| format!("\"k{key}\":0,")).collect();
    let mut all = vec![
        (deep("[", "]", 100_000), Reason::Broken),
        (deep("{\"a\":", "1}", 20_000), Reason::Broken),
        (deep("[{\"a\":", "}]", 20_000), Reason::Broken),
        (deep("[", "", 65_536), Reason::Broken),
        (format!("{{{keys}\"x\":0}}").into_bytes(), Reason::NoValue),
        (format!("[{}0]", "0,".repeat(10_001)).into_bytes(), Reason::TooLong),
        (format!("{{\"value\":\"{}\"}}", "x".repeat(60_000)).into_bytes(), Reason::WrongType),
        (vec![0xff; 1_000], Reason::Broken),
        (vec![0; 1_000], Reason::Broken),
        (text(""), Reason::NoValue),
    ];
    for broken in [
        "{",
        "}",
        "[",
        "{\"value\":}",
        "{\"value\":1,}",
        "{'value':1}",
        "{value:1}",
        "\"",
        "1 2",
        "0x10",
        "01",
        "--1",
        "<value/>",
        "{\"value\":1}{\"value\":2}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\x\"}",
    ] {
        all.push((text(broken), Reason::Broken));
    }
    for (value, reason) in [
        ("{\"value\":[]}", Reason::WrongType),
        ("{\"value\":{}}", Reason::WrongType),
        ("{\"value\":\"12,5\"}", Reason::WrongType),
        ("{\"value\":\"; DROP TABLE sensors\"}", Reason::WrongType),
        ("{\"value\":1,\"timestamp_ms\":\"never\"}", Reason::WrongTime),
        ("{\"value\":1,\"timestamp_ms\":1e300}", Reason::WrongTime),
        ("{\"value\":1,\"timestamp_ms\":-1}", Reason::WrongTime),
        ("{\"value\":1,\"timestamp_ms\":[]}", Reason::WrongTime),
        ("{\"value\":1,\"quality\":\"excellent\"}", Reason::WrongQuality),
        ("{\"value\":1,\"quality\":99999999999}", Reason::WrongQuality),
        ("{}", Reason::NoValue),
        ("[{}]", Reason::NoValue),
    ] {
        all.push((text(value), reason));
    }
    all
}

/// Topics with a good payload, and why each is refused.
fn topics_refused() -> Vec<(Vec<u8>, Reason)> {
    let long = |levels: usize, name: usize| format!("plant/{}", vec!["n".repeat(name); levels].join("/")).into_bytes();
    let mut all = vec![
        (long(2, 30_000), Reason::WrongName),
        (long(2, 1_000), Reason::WrongName),
        (long(2, 200), Reason::WrongName),
        (b"plant/../s".to_vec(), Reason::WrongName),
        (b"plant/./s".to_vec(), Reason::WrongName),
        (b"plant//s".to_vec(), Reason::WrongName),
        (b"plant/P-1/".to_vec(), Reason::WrongName),
        (b"plant/P-1/..".to_vec(), Reason::WrongName),
        (b"plant/unknown/s".to_vec(), Reason::UnknownMachine),
        (b"plant/P-1/unknown".to_vec(), Reason::UnknownSensor),
        ("plant/\u{202e}P-1/s".as_bytes().to_vec(), Reason::UnknownMachine),
        ("plant/P-1/s\u{feff}".as_bytes().to_vec(), Reason::WrongName),
        (b"plant/%00/s".to_vec(), Reason::UnknownMachine),
        (b"plant/' OR 1=1 --/s".to_vec(), Reason::UnknownMachine),
    ];
    all.extend((0..25).map(|i| (format!("plant/P-{}/s", i + 2).into_bytes(), Reason::UnknownMachine)));
    all
}

#[test]
fn each_of_eighty_hostile_messages_is_put_aside_and_all_good_ones_beside_them_arrive() {
    let scratch = Scratch::new();
    let broker = Mosquitto::start(scratch.path(), "");
    let plan = plan(FeedWire::Mqtt(mqtt(broker.port())), topics(&["plant/{machine}/{sensor}"]));
    let hall = Hall::open(&plan, &names(&["P-1"], &["s"]), Store::Works, scratch.path());
    let mut publisher = Publisher::connect(broker.port(), "source");
    hall.wait_connected(0);
    hall.wait("the subscription", |heard| {
        publisher_once(broker.port());
        !heard.readings.is_empty()
    });
    let good = b"plant/P-1/s";
    let mut expected: Vec<(Vec<u8>, Vec<u8>, Reason)> = Vec::new();
    expected.extend(payloads().into_iter().map(|(payload, reason)| (good.to_vec(), payload, reason)));
    expected.extend(topics_refused().into_iter().map(|(topic, reason)| (topic, b"{\"value\":1}".to_vec(), reason)));
    // Longer than the feed takes, and than the library would: a QoS 1 message that would come back for ever.
    for size in [1 << 18, 1 << 20, 4 << 20] {
        expected.push((good.to_vec(), vec![b'1'; size], Reason::TooLong));
    }
    assert!(expected.len() >= 80, "{} hostile messages", expected.len());
    for (number, (topic, payload, reason)) in expected.iter().enumerate() {
        let before = hall.heard.lock().unwrap().refusals.len();
        publisher.publish(&numbered(number as i64 * 13..number as i64 * 13 + 13));
        let begun = Instant::now();
        assert!(
            publisher.try_publish(topic, payload),
            "the broker takes it: {:?}",
            String::from_utf8_lossy(&topic[..topic.len().min(60)])
        );
        hall.wait("it is put aside", |heard| heard.refusals.len() > before);
        let refusal = hall.heard.lock().unwrap().refusals[before].clone();
        let begin = String::from_utf8_lossy(&payload[..payload.len().min(60)]).into_owned();
        assert_eq!(refusal.reason, *reason, "{begin}: {}", refusal.detail);
        assert!(refusal.payload.len() <= 4_096 && refusal.origin.len() <= 1_024 && refusal.detail.len() <= 2_000);
        assert!(begun.elapsed() < Duration::from_secs(20), "{begin}");
    }
    let wanted = expected.len() as i64 * 13;
    let arrived =
        |values: &[f64]| values.iter().map(|value| *value as i64).filter(|value| *value >= 0).collect::<BTreeSet<_>>();
    hall.wait("all good ones", |heard| {
        let values: Vec<f64> = heard.readings.iter().map(|reading| reading.value).collect();
        arrived(&values).len() as i64 == wanted
    });
    assert_eq!(
        hall.running().tally.reconnects.load(std::sync::atomic::Ordering::Relaxed),
        0,
        "no connection was lost for it"
    );
}

fn publisher_once(port: u16) {
    Publisher::connect(port, "settler").publish(&[(b"plant/P-1/s".to_vec(), b"-1".to_vec())]);
}

#[test]
fn a_message_of_256_mebibytes_is_passed_over_and_the_next_is_heard() {
    let (sent, acknowledged) = mpsc::channel();
    let port = stub::broker(move |mut stream, _| {
        let whole = 268_435_455;
        let mut head = vec![0x32];
        head.extend(length(whole));
        head.extend(b"\x00\x0bplant/P-1/s\x00\x01");
        stream.write_all(&head).expect("it reads");
        let block = vec![b' '; 1 << 20];
        let mut left = whole - 15;
        while left > 0 {
            let some = left.min(block.len());
            stream.write_all(&block[..some]).expect("it reads on");
            left -= some;
        }
        let [(topic, payload)] = &numbered(7..8)[..] else { panic!("one message") };
        stream.write_all(&publisher::publish(topic, 2, payload)).expect("it reads");
        stub::acknowledged(stream, &sent);
    });
    let scratch = Scratch::new();
    let plan = plan(FeedWire::Mqtt(mqtt(port)), topics(&["plant/{machine}/{sensor}"]));
    let before = memory();
    let hall = Hall::open(&plan, &names(&["P-1"], &["s"]), Store::Works, scratch.path());
    hall.wait("the next one", |heard| heard.readings.len() == 1);
    assert_eq!((hall.refused(Reason::TooLong), hall.values()), (1, vec![7.0]));
    assert_eq!(acknowledged.iter().take(2).collect::<Vec<_>>(), [1, 2], "it will not come again");
    // Other tests of this process take memory, too.
    assert!(memory().saturating_sub(before) < 200 << 20, "the message was kept");
}

/// Bytes that this process has in memory.
fn memory() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

#[test]
fn whoever_is_no_broker_is_left_and_tried_again() {
    for garbage in [
        &b"HTTP/1.1 200 OK\r\n\r\n"[..],
        &[0x20, 2, 0, 0, 0x32, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0x20, 2, 0, 0, 0x30, 2, 0, 9],
        &[0x20, 2, 0, 0, 0x10, 0],
        &[],
    ] {
        let garbage = garbage.to_vec();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port of the loopback can be bound");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let (came, times) = mpsc::channel();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _ = stream.write_all(&garbage);
                let _ = std::io::Read::read(&mut stream, &mut [0; 512]);
                if came.send(()).is_err() {
                    return;
                }
            }
        });
        let scratch = Scratch::new();
        let plan = plan(FeedWire::Mqtt(mqtt(port)), topics(&["plant/{machine}/{sensor}"]));
        let hall = Hall::open(&plan, &names(&["P-1"], &["s"]), Store::Works, scratch.path());
        for _ in 0..2 {
            times.recv_timeout(super::ENOUGH).expect("it tries again");
        }
        hall.wait("its trouble", |_| hall.running().tally.trouble().is_some());
        assert!(hall.values().is_empty());
    }
}
