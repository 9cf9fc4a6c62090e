//! Feeds: what comes in by wire is handed on once it is read, acknowledged once it is stored, and never lost for being in bad
//! company.
//!
//! Brokers are private mosquittos or a few lines of a broker that does what no good one would; clients are raw sockets.

mod brokers;
mod demo;
mod doors;
mod hostile;
mod publisher;
mod recordings;
mod secure;
mod stub;

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use twinwright_io::feeds::{self, Delivery, Directory, Receipt, Running};
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_model::feeds::{FeedPlan, FeedWire, Mapping, MqttFeed};
use twinwright_model::live::{ChannelName, Measurement, Reason, Refusal};
use twinwright_model::{Place, Span};
use twinwright_tests::decode::Seen;

/// Far above what a busy machine needs.
const ENOUGH: Duration = Duration::from_secs(60);
/// 2026-01-01T00:00:00Z in milliseconds.
const START_MS: i64 = 1_767_225_600_000;

/// What becomes of receipts.
#[derive(Clone, Copy, PartialEq)]
enum Store {
    /// Comes back at once.
    Works,
    /// Keeps them.
    Hangs,
}

/// All that a feed handed on.
#[derive(Debug, Default)]
struct Heard {
    readings: Vec<Measurement>,
    refusals: Vec<Refusal>,
    receipts: Vec<Receipt>,
    deliveries: usize,
}

/// A feed with somebody who takes what it hands on.
struct Hall {
    runtime: Runtime,
    running: Option<Running>,
    names: Vec<(String, String)>,
    heard: Arc<Mutex<Heard>>,
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime can be built")
}

/// Channels of machines and sensors, without units.
fn names(machines: &[&str], sensors: &[&str]) -> Vec<(String, String)> {
    let of =
        |machine: &&str| sensors.iter().map(|sensor| (machine.to_string(), sensor.to_string())).collect::<Vec<_>>();
    machines.iter().flat_map(of).collect()
}

fn directory(names: &[(String, String)]) -> Arc<Directory> {
    let name = |(machine, item): &(String, String)| ChannelName { machine: machine.clone(), item: item.clone() };
    Arc::new(Directory::new(names.iter().map(|pair| (name(pair), String::new()))))
}

fn plan(wire: FeedWire, mapping: Mapping) -> FeedPlan {
    let place = Place {
        file: "site.toml".to_owned(),
        line: 1,
        column: 1,
        excerpt: String::new(),
        excerpt_column: 1,
        length: 1,
    };
    FeedPlan { name: "mqtt.gateway".to_owned(), wire, mapping, register: false, place }
}

fn mqtt(port: u16) -> MqttFeed {
    MqttFeed {
        url: format!("mqtt://127.0.0.1:{port}"),
        client_id: "mirror".to_owned(),
        password: None,
        ca: None,
        cert: None,
        key: None,
        qos: 1,
        keep_alive: Span(30_000_000_000),
        packet: 1 << 18,
    }
}

fn topics(templates: &[&str]) -> Mapping {
    Mapping { topics: templates.iter().map(|text| (*text).to_owned()).collect(), ..Mapping::default() }
}

impl Hall {
    fn open(plan: &FeedPlan, names: &[(String, String)], store: Store, folder: &Path) -> Hall {
        let runtime = runtime();
        let (inbox, deliveries) = mpsc::channel(feeds::INBOX);
        let started = runtime.block_on(async { feeds::start(plan, 3, directory(names), inbox, folder, None) });
        let running = started.unwrap_or_else(|trouble| panic!("{trouble}"));
        let heard = Arc::new(Mutex::new(Heard::default()));
        runtime.spawn(drain(deliveries, heard.clone(), store));
        Hall { runtime, running: Some(running), names: names.to_vec(), heard }
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("it runs")
    }

    fn wait(&self, what: &str, holds: impl Fn(&Heard) -> bool) {
        let begun = Instant::now();
        while !holds(&self.heard.lock().expect("no thread panics")) {
            let heard = self.heard.lock().expect("no thread panics");
            let (readings, refusals) = (heard.readings.len(), heard.refusals.len());
            let trouble = self.running().tally.trouble();
            assert!(begun.elapsed() < ENOUGH, "{what}: {readings} readings, {refusals} refusals, {trouble:?}");
            drop(heard);
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until there is a connection that has subscribed: what is published from now on is heard.
    fn wait_connected(&self, reconnects: u64) {
        let tally = &self.running().tally;
        let begun = Instant::now();
        while tally.connected.load(Ordering::Relaxed) == 0 || tally.reconnects.load(Ordering::Relaxed) < reconnects {
            assert!(begun.elapsed() < ENOUGH, "no connection: {:?}", tally.trouble());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Readings as all tests name them, sorted.
    fn seen(&self) -> Vec<Seen> {
        let heard = self.heard.lock().expect("no thread panics");
        let mut seen: Vec<Seen> = heard.readings.iter().map(|reading| self.name(reading)).collect();
        seen.sort();
        seen
    }

    fn name(&self, reading: &Measurement) -> Seen {
        let (machine, sensor) = self.names[reading.channel as usize].clone();
        let value = (!reading.value.is_nan()).then(|| (reading.value as f32).to_bits());
        (machine, sensor, reading.time.0, value, reading.quality.word().to_owned())
    }

    /// How often each reason was given.
    fn refused(&self, reason: Reason) -> usize {
        self.heard.lock().expect("no thread panics").refusals.iter().filter(|refusal| refusal.reason == reason).count()
    }

    fn values(&self) -> Vec<f64> {
        self.heard.lock().expect("no thread panics").readings.iter().map(|reading| reading.value).collect()
    }

    fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }
}

impl Drop for Hall {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn drain(mut deliveries: mpsc::Receiver<Delivery>, heard: Arc<Mutex<Heard>>, store: Store) {
    while let Some(delivery) = deliveries.recv().await {
        assert_eq!(delivery.feed, 3);
        let mut heard = heard.lock().expect("no thread panics");
        heard.deliveries += 1;
        heard.readings.extend(delivery.readings);
        heard.refusals.extend(delivery.refusals);
        match (delivery.receipt, store) {
            (Some(receipt), Store::Works) => receipt.done(),
            (Some(receipt), Store::Hangs) => heard.receipts.push(receipt),
            (None, _) => {}
        }
    }
}

/// What is wrong with a plan at its start.
fn refused(plan: &FeedPlan, folder: &Path) -> OutletTrouble {
    let runtime = runtime();
    let (inbox, _deliveries) = mpsc::channel(1);
    let started = runtime.block_on(async { feeds::start(plan, 3, directory(&[]), inbox, folder, None) });
    started.err().unwrap_or_else(|| panic!("{plan:?} was started"))
}

#[test]
fn what_is_wrong_with_a_feed_is_said_before_it_starts() {
    let folder = std::env::temp_dir();
    let with = |change: fn(&mut MqttFeed)| {
        let mut wire = mqtt(1883);
        change(&mut wire);
        plan(FeedWire::Mqtt(wire), topics(&["plant/{machine}/{sensor}"]))
    };
    for (plan, expected) in [
        (with(|wire| wire.url = "http://host".into()), "no broker"),
        (with(|wire| wire.url = "mqtt://".into()), "host"),
        (with(|wire| wire.url = "mqtt://ann:secret@host".into()), "password_env"),
        (with(|wire| wire.client_id = String::new()), "client_id"),
        (with(|wire| wire.ca = Some("none.pem".into())), "mqtts:"),
        (
            with(|wire| {
                wire.url = "mqtts://host".into();
                wire.ca = Some("none.pem".into());
            }),
            "cannot read",
        ),
        (with(|wire| wire.qos = 2), "qos"),
        (plan(FeedWire::Mqtt(mqtt(1)), topics(&[])), "topic: expected"),
        (plan(FeedWire::Mqtt(mqtt(1)), topics(&["a/#/b"])), "wildcard"),
    ] {
        let trouble = refused(&plan, &folder);
        assert!(matches!(&trouble, OutletTrouble::Input(why) if why.contains(expected)), "{expected}: {trouble:?}");
        assert!(!trouble.to_string().contains("secret@"), "{trouble}");
    }
}
