//! What does an MQTT feed cost beside a bare subscriber that only parses? For each client id on its input, one line of JSON.
//!
//! A broker holds so many messages for a session of that name. `feed` is ours: frames, topics, payloads, channels, units, times,
//! acknowledged when it is told that all is stored, which is at once here. `bare` is rumqttc's loop with serde_json and nothing
//! else. Both stop with the last reading; live.py fills the sessions and lets the two take turns.

use rumqttc::{AsyncClient, Event, MqttOptions, Packet};
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use twinwright_bench::Refused;
use twinwright_io::feeds::{self, Directory, INBOX};
use twinwright_model::feeds::{FeedPlan, FeedWire, Mapping, MqttFeed};
use twinwright_model::live::ChannelName;
use twinwright_model::{Place, Span};

const USAGE: &str = "usage: feed_rounds (feed|bare) PORT READINGS MACHINES SENSORS";
const TOPICS: [&str; 2] = ["plant/{machine}/{sensor}", "batch/{machine}"];

fn main() -> ExitCode {
    twinwright_bench::main_of(serve)
}

fn serve(words: &[&str]) -> Result<(), Refused> {
    let [subject, port, readings, machines, sensors] = *words else { return Err(USAGE.into()) };
    let (port, readings) = (port.parse::<u16>()?, readings.parse::<usize>()?);
    let names = names(machines.parse()?, sensors.parse()?);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut answers = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let client = line?;
        let begun = Instant::now();
        match subject {
            "feed" => through_feed(&runtime, &plan(port, &client), &names, readings)?,
            "bare" => runtime.block_on(bare(port, &client, readings))?,
            _ => return Err(USAGE.into()),
        }
        let seconds = begun.elapsed().as_secs_f64();
        let per_second = readings as f64 / seconds;
        let answer = json!({"subject": subject, "readings": readings, "seconds": seconds, "per_second": per_second});
        writeln!(answers, "{answer}")?;
        answers.flush()?;
    }
    Ok(())
}

fn names(machines: usize, sensors: usize) -> Vec<(ChannelName, String)> {
    let of = |machine: usize| {
        let name = move |sensor| ChannelName { machine: format!("M-{machine}"), item: format!("s{sensor}") };
        (1..=sensors).map(move |sensor| (name(sensor), String::new()))
    };
    (1..=machines).flat_map(of).collect()
}

fn plan(port: u16, client: &str) -> FeedPlan {
    let wire = MqttFeed {
        url: format!("mqtt://127.0.0.1:{port}"),
        client_id: client.to_owned(),
        password: None,
        ca: None,
        cert: None,
        key: None,
        qos: 1,
        keep_alive: Span(60_000_000_000),
        packet: 1 << 18,
    };
    let mapping = Mapping { topics: TOPICS.map(str::to_owned).to_vec(), ..Mapping::default() };
    let file = "bench.toml".to_owned();
    let place = Place { file, line: 1, column: 1, excerpt: String::new(), excerpt_column: 1, length: 1 };
    FeedPlan { name: "mqtt.bench".to_owned(), wire: FeedWire::Mqtt(wire), mapping, register: false, place }
}

fn through_feed(
    runtime: &Runtime,
    plan: &FeedPlan,
    names: &[(ChannelName, String)],
    readings: usize,
) -> Result<(), Refused> {
    let directory = Arc::new(Directory::new(names.iter().cloned()));
    runtime.block_on(async {
        let (inbox, mut deliveries) = mpsc::channel(INBOX);
        let running = feeds::start(plan, 0, directory, inbox, Path::new("."), None)?;
        let mut heard = 0;
        while heard < readings {
            let Some(delivery) = deliveries.recv().await else { return Err("the feed ended".into()) };
            if let Some(refusal) = delivery.refusals.first() {
                return Err(format!("it refuses {refusal:?}").into());
            }
            heard += delivery.readings.len();
            delivery.receipt.into_iter().for_each(feeds::Receipt::done);
        }
        running.stop().await;
        Ok(())
    })
}

async fn bare(port: u16, client: &str, readings: usize) -> Result<(), Refused> {
    let mut options = MqttOptions::new(client, "127.0.0.1", port);
    options.set_clean_session(false).set_keep_alive(Duration::from_secs(60)).set_max_packet_size(1 << 20, 1 << 20);
    let (_client, mut events) = AsyncClient::new(options, 10);
    let mut heard = 0;
    while heard < readings {
        if let Event::Incoming(Packet::Publish(publish)) = events.poll().await? {
            let value: Value = serde_json::from_slice(&publish.payload)?;
            heard += value.as_array().map_or(1, Vec::len);
        }
    }
    Ok(())
}
