//! A small plant of sources that publish and know exactly what they published.

use std::f64::consts::TAU;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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

/// Sources that publish until they are told to stop.
#[derive(Debug)]
pub struct Plant {
    stop: Arc<AtomicBool>,
    sources: Vec<JoinHandle<Issued>>,
}

impl Plant {
    /// `rate` readings a second from each tank; a level that swings over its limits every few seconds.
    pub fn start(port: u16, tanks: usize, rate: i64) -> Plant {
        let stop = Arc::new(AtomicBool::new(false));
        let sources = (1..=tanks).map(|tank| {
            let stop = stop.clone();
            std::thread::spawn(move || tank_speaks(port, tank, rate, &stop))
        });
        let sources = sources.collect();
        Plant { stop, sources }
    }

    /// Stops it; all that was published, which the broker has for good.
    pub fn end(self) -> Issued {
        self.stop.store(true, Ordering::Relaxed);
        self.sources.into_iter().flat_map(|source| source.join().expect("a source publishes to its end")).collect()
    }
}

fn tank_speaks(port: u16, tank: usize, rate: i64, stop: &AtomicBool) -> Issued {
    let (machine, step) = (format!("T-{tank}"), 1_000 / rate);
    let topic = format!("plant/{machine}/level");
    let mut source = Source::connect(port, &format!("source-{tank}"));
    let mut issued = Issued::new();
    // On a grid, so that no time comes twice.
    let mut ms = now_ms() / step * step;
    while !stop.load(Ordering::Relaxed) {
        let now = now_ms();
        if ms > now {
            std::thread::sleep(Duration::from_millis((ms - now) as u64));
        }
        // A whole number of hundredths: the same as text and as a number.
        let swing = (TAU * (ms as f64 / 6_000.0 + tank as f64 / 7.0)).sin();
        let value = ((50.0 + 45.0 * swing) * 100.0).round() / 100.0;
        source.publish(&topic, format!("{{\"timestamp_ms\":{ms},\"value\":{value}}}").as_bytes());
        issued.push((machine.clone(), ms, value));
        ms += step;
    }
    source.settle();
    issued
}
