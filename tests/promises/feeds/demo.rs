//! The broker of the demonstration: it is there at once, a feed mirrors what is published to it, and it goes when it is dropped.

use super::publisher::{Publisher, numbered};
use super::{Hall, Store, mqtt, names, plan, topics};
use std::collections::BTreeSet;
use twinwright::live::broker::DemoBroker;
use twinwright_model::feeds::FeedWire;
use twinwright_tests::Scratch;
use twinwright_tests::servers::listens;

#[test]
fn a_plant_on_the_built_in_broker_is_heard_whole_and_the_broker_goes_when_it_is_dropped() {
    let broker = DemoBroker::start().expect("the loopback has a free port");
    let other = DemoBroker::start().expect("and another");
    assert_ne!(broker.port(), other.port());
    let scratch = Scratch::new();
    let plan = plan(FeedWire::Mqtt(mqtt(broker.port())), topics(&["plant/{machine}/{sensor}"]));
    let mut hall = Hall::open(&plan, &names(&["P-1"], &["s"]), Store::Works, scratch.path());
    hall.wait_connected(0);
    hall.wait("the subscription", |heard| {
        Publisher::connect(broker.port(), "settler").publish(&numbered(-1..0));
        !heard.readings.is_empty()
    });
    let mut publisher = Publisher::connect(broker.port(), "plant");
    publisher.publish(&numbered(0..2_000));
    hall.wait("all arrive", |heard| {
        let numbers: BTreeSet<i64> = heard.readings.iter().map(|reading| reading.value as i64).collect();
        numbers.range(0..).count() == 2_000
    });
    hall.stop();
    let port = broker.port();
    drop(publisher);
    drop(broker);
    assert!(!listens(port) && listens(other.port()));
}
