//! Brokers: everything that was delivered arrives, what nobody stored comes again, and a slow store holds the broker back.

use super::publisher::{self, Publisher, numbered};
use super::stub;
use super::{Hall, Store, mqtt, names, plan, runtime, topics};
use std::collections::BTreeSet;
use std::io::Write;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::Duration;
use twinwright_io::feeds::{self};
use twinwright_model::Span;
use twinwright_model::feeds::{FeedPlan, FeedWire, Secret};
use twinwright_tests::Scratch;
use twinwright_tests::servers::mosquitto::Mosquitto;
use twinwright_tests::servers::proxy::Proxy;

fn to(port: u16) -> FeedPlan {
    plan(FeedWire::Mqtt(mqtt(port)), topics(&["plant/{machine}/{sensor}"]))
}

fn all(values: &[f64]) -> BTreeSet<i64> {
    values.iter().map(|value| *value as i64).collect()
}

#[test]
fn acknowledgements_go_out_in_the_order_of_arrival_and_only_with_the_receipt() {
    let (sent, acknowledged) = mpsc::channel();
    let port = stub::broker(move |mut stream, _| {
        for (packet, (topic, payload)) in (1..).zip(numbered(0..30)) {
            stream.write_all(&publisher::publish(&topic, packet, &payload)).expect("it reads");
            // Apart, so that they make several deliveries.
            std::thread::sleep(Duration::from_millis(3));
        }
        stub::acknowledged(stream, &sent);
    });
    let scratch = Scratch::new();
    let hall = Hall::open(&to(port), &names(&["P-1"], &["s"]), Store::Hangs, scratch.path());
    hall.wait("all arrive", |heard| heard.readings.len() == 30);
    assert!(acknowledged.recv_timeout(Duration::from_millis(100)).is_err(), "nothing is stored yet");
    let receipts = std::mem::take(&mut hall.heard.lock().unwrap().receipts);
    assert!(receipts.len() > 1, "{} deliveries", receipts.len());
    receipts.into_iter().rev().for_each(feeds::Receipt::done);
    let order: Vec<u16> = acknowledged.iter().take(30).collect();
    assert_eq!(order, (1..=30).collect::<Vec<u16>>());
}

#[test]
fn what_nobody_stored_comes_again_and_what_was_stored_does_not() {
    let scratch = Scratch::new();
    let broker = Mosquitto::start(scratch.path(), "");
    let proxy = Proxy::start(broker.port(), u64::MAX, 0);
    let channels = names(&["P-1"], &["s"]);
    let mut hall = Hall::open(&to(proxy.port()), &channels, Store::Hangs, scratch.path());
    hall.wait_connected(0);
    settle(&hall, broker.port());
    let settled = hall.values().len();
    let mut publisher = Publisher::connect(broker.port(), "source");
    publisher.publish(&numbered(0..50));
    hall.wait("all arrive", |heard| heard.readings.len() == settled + 50);
    // A line that breaks: receipts of the old connection are worth nothing, and the broker sends all of it again.
    proxy.cut();
    hall.wait("all come again", |heard| heard.readings.len() >= 2 * (settled + 50));
    std::mem::take(&mut hall.heard.lock().unwrap().receipts).into_iter().for_each(feeds::Receipt::done);
    // A program that ends before it stored anything.
    publisher.publish(&numbered(50..80));
    hall.wait("more arrive", |heard| heard.readings.iter().any(|reading| reading.value == 79.0));
    hall.stop();
    drop(hall);
    let mut hall = Hall::open(&to(broker.port()), &channels, Store::Works, scratch.path());
    hall.wait("only the rest comes again", |heard| heard.readings.len() >= 30);
    hall.stop();
    assert_eq!(all(&hall.values()), (50..80).collect());
    drop(hall);
    let hall = Hall::open(&to(broker.port()), &channels, Store::Works, scratch.path());
    hall.wait_connected(0);
    publisher.publish(&numbered(80..81));
    hall.wait("one more", |heard| !heard.readings.is_empty());
    assert_eq!(all(&hall.values()), (80..81).collect());
}

/// Publishes until something is heard: from then on the subscription stands.
fn settle(hall: &Hall, port: u16) {
    let mut publisher = Publisher::connect(port, "settler");
    let before = hall.values().len();
    let begun = std::time::Instant::now();
    while hall.values().len() == before {
        assert!(begun.elapsed() < super::ENOUGH, "nothing is heard: {:?}", hall.running().tally.trouble());
        publisher.publish(&[(b"plant/P-1/s".to_vec(), b"-1".to_vec())]);
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_broker_that_forgot_everything_is_subscribed_to_again() {
    let scratch = Scratch::new();
    let mut broker = Mosquitto::start(scratch.path(), "");
    let hall = Hall::open(&to(broker.port()), &names(&["P-1"], &["s"]), Store::Works, scratch.path());
    for round in 1..=2 {
        hall.wait_connected(round - 1);
        settle(&hall, broker.port());
        broker.kill();
        broker.start_again();
    }
    hall.wait_connected(2);
    settle(&hall, broker.port());
    assert!(hall.running().tally.trouble().is_some(), "that it was away is told");
}

#[test]
fn a_store_that_stands_still_holds_the_broker_back_and_nothing_is_lost() {
    let scratch = Scratch::new();
    let broker = Mosquitto::start(scratch.path(), "");
    let mut wire = mqtt(broker.port());
    wire.keep_alive = Span(1_000_000_000);
    let plan = plan(FeedWire::Mqtt(wire), topics(&["plant/{machine}/{sensor}"]));
    let runtime = runtime();
    let (inbox, mut deliveries) = tokio::sync::mpsc::channel(1);
    let directory = super::directory(&names(&["P-1"], &["s"]));
    let running = runtime.block_on(async { feeds::start(&plan, 3, directory, inbox, scratch.path(), None) }).unwrap();
    let mut publisher = Publisher::connect(broker.port(), "source");
    let heard = runtime.block_on(async {
        // Until the subscription stands.
        let first = loop {
            publisher.publish(&numbered(-1..0));
            if let Ok(Some(delivery)) = tokio::time::timeout(Duration::from_millis(50), deliveries.recv()).await {
                break delivery;
            }
        };
        publisher.publish(&numbered(0..5_000));
        // More than the broker waits for a sign of life.
        tokio::time::sleep(Duration::from_millis(3_500)).await;
        let mut heard = Vec::new();
        first.receipt.into_iter().for_each(feeds::Receipt::done);
        while all(&heard).len() < 5_000 {
            let delivery = tokio::time::timeout(super::ENOUGH, deliveries.recv()).await;
            let delivery = delivery.expect("it goes on").expect("the feed runs");
            heard.extend(delivery.readings.iter().map(|reading| reading.value).filter(|value| *value >= 0.0));
            delivery.receipt.into_iter().for_each(feeds::Receipt::done);
        }
        heard
    });
    assert_eq!(heard.len(), 5_000, "none came twice, since the connection never broke");
    let tally = running.tally.clone();
    assert_eq!((tally.reconnects.load(Ordering::Relaxed), tally.dropped.load(Ordering::Relaxed)), (0, 0));
    runtime.block_on(running.stop());
}

#[test]
fn a_wrong_password_is_told_and_the_right_one_is_taken_once_it_is_there() {
    let scratch = Scratch::new();
    let users = scratch.join("users");
    let made =
        std::process::Command::new("mosquitto_passwd").args(["-b", "-c"]).arg(&users).args(["ann", "right"]).status();
    assert!(made.is_ok_and(|status| status.success()), "mosquitto_passwd makes a list of users");
    let broker = Mosquitto::start(scratch.path(), &format!("password_file {}", users.display()));
    scratch.write("secret.txt", "wrong\n");
    let mut wire = mqtt(broker.port());
    wire.url = format!("mqtt://ann@127.0.0.1:{}", broker.port());
    wire.password = Some(Secret::File("secret.txt".into()));
    let plan = plan(FeedWire::Mqtt(wire), topics(&["plant/{machine}/{sensor}"]));
    let hall = Hall::open(&plan, &names(&["P-1"], &["s"]), Store::Works, scratch.path());
    hall.wait("the broker's word", |_| {
        hall.running().tally.trouble().is_some_and(|why| why.contains("password") || why.contains("authorised"))
    });
    scratch.write("secret.txt", "right\n");
    hall.wait_connected(0);
}
