//! A small plant of sources that publish and know exactly what they published.

use std::f64::consts::TAU;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use twinwright_tests::Scratch;
use twinwright_tests::source::Source;

/// A machine file: one sensor that follows a load, with a limit.
pub const TANK: &str = r#"
schema = "machine/1"
kind = "tank"
title = "Tank"
[drivers]
inflow = 1.0
[sensors.level]
value = "50 * inflow"
unit = "%"
noise = { sd = 0.5 }
range = [-1000, 1000]
limits = { high = 80, high_high = 88, deadband = 3 }
"#;

/// A site of so many tanks on a broker's port; `more` are more lines.
pub fn site(tanks: usize, port: u16, client: &str, more: &str) -> String {
    format!(
        "schema = \"site/1\"\ntitle = \"Tanks\"\npath = \"acme/lyon/tanks\"\ntick = \"1 s\"\n\
         {more}\n[[machine]]\nid = \"T-{{1..{tanks}}}\"\nkind = \"tank\"\n\
         [feed.mqtt.gateway]\nurl = \"mqtt://127.0.0.1:{port}\"\nclient_id = \"{client}\"\ntopic = \"plant/{{machine}}/{{sensor}}\"\n"
    )
}

/// The machine file in a folder.
pub fn with_tank(scratch: &Scratch) {
    scratch.write("tank.toml", TANK);
}

/// What a source published: machine, milliseconds, value.
pub type Issued = Vec<(String, i64, f64)>;

pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    since.as_millis() as i64
}

/// What a store answers to a question of sqlite3: a row a line.
pub fn ask(store: &Path, question: &str) -> String {
    let output =
        Command::new("sqlite3").arg("-readonly").arg("-cmd").arg(".timeout 10000").arg(store).arg(question).output();
    let output = output.expect("sqlite3 starts; tests/run installs it");
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// Sources that publish until they are told to stop. All brokers of a plant are told the same.
#[derive(Debug)]
pub struct Plant {
    /// The last millisecond that is told.
    until: Arc<AtomicI64>,
    /// By broker.
    sources: Vec<Vec<JoinHandle<Issued>>>,
}

impl Plant {
    /// `rate` readings a second from each tank; a level that swings over its limits every few seconds.
    pub fn start(port: u16, tanks: usize, rate: i64) -> Plant {
        Plant::beside(&[port], tanks, rate)
    }

    /// The same to several brokers, each by publishers of its own: what holds one up does not touch the others.
    pub fn beside(ports: &[u16], tanks: usize, rate: i64) -> Plant {
        let until = Arc::new(AtomicI64::new(i64::MAX));
        let step = 1_000 / rate;
        // On a grid, so that no time comes twice.
        let begun = now_ms() / step * step;
        let speak = |port: u16, tank: usize| {
            let until = until.clone();
            std::thread::spawn(move || tank_speaks(port, tank, (begun, step), &until))
        };
        let sources = ports.iter().map(|port| (1..=tanks).map(|tank| speak(*port, tank)).collect()).collect();
        Plant { until, sources }
    }

    /// Stops it; all that was published, which each broker has for good.
    pub fn end(self) -> Issued {
        // A little ahead, since some may be about to tell what is due now.
        self.until.store(now_ms() + 500, Ordering::Relaxed);
        let of = |sources: Vec<JoinHandle<Issued>>| -> Issued {
            sources.into_iter().flat_map(|source| source.join().expect("a source publishes to its end")).collect()
        };
        let mut told: Vec<Issued> = self.sources.into_iter().map(of).collect();
        let issued = told.pop().expect("there is a broker");
        assert!(told.iter().all(|other| *other == issued), "all brokers are told the same");
        issued
    }
}

fn tank_speaks(port: u16, tank: usize, (begun, step): (i64, i64), until: &AtomicI64) -> Issued {
    let machine = format!("T-{tank}");
    let mut source = Source::connect(port, &format!("source-{tank}"));
    let mut issued = Issued::new();
    let mut ms = begun;
    while ms <= until.load(Ordering::Relaxed) {
        let now = now_ms();
        if ms > now {
            // Several at a time where they are closer than a thread can be woken.
            std::thread::sleep(Duration::from_millis((ms - now).max(5) as u64));
            continue;
        }
        issued.push(publish_level(&mut source, &machine, tank, ms));
        ms += step;
    }
    source.settle();
    issued
}

fn publish_level(source: &mut Source, machine: &str, tank: usize, ms: i64) -> (String, i64, f64) {
    // A whole number of hundredths: the same as text and as a number.
    let swing = (TAU * (ms as f64 / 6_000.0 + tank as f64 / 7.0)).sin();
    let value = ((50.0 + 45.0 * swing) * 100.0).round() / 100.0;
    let payload = format!("{{\"timestamp_ms\":{ms},\"value\":{value}}}");
    source.publish(&format!("plant/{machine}/level"), payload.as_bytes());
    (machine.to_owned(), ms, value)
}

/// One more reading of each tank, from so far ahead that all before it is over: nobody waits for what could overtake it.
pub fn publish_from_ahead(port: u16, tanks: usize, ms: i64) -> Issued {
    let mut source = Source::connect(port, "source-ahead");
    let issued = (1..=tanks).map(|tank| publish_level(&mut source, &format!("T-{tank}"), tank, ms)).collect();
    source.settle();
    issued
}
