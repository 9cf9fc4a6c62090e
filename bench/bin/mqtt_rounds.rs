//! What does the MQTT outlet cost beside the bare client? One line of JSON for each line on its input: readings, seconds.
//!
//! `bare` is a loop over rumqttc with payloads made beforehand and nothing else: no window, no counters, no
//! reconnects. `outlet` hands the same readings to the outlet as parcels; topics and payloads are the same bytes.
//! `batch` is the outlet with 100 readings a message. A round begins with a connection that stands and ends when the
//! broker closed it after our goodbye, so that everything was read by then; at QoS 1 everything is acknowledged too.

use rumqttc::{AsyncClient, Event, MqttOptions, Outgoing, Packet, QoS};
use serde_json::json;
use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use tokio::runtime::Runtime;
use twinwright_bench::Refused;
use twinwright_io::outlets::address::Address;
use twinwright_io::outlets::{Freight, MachineHead, Manifest, SensorHead, Tally, mqtt};
use twinwright_model::{Parcel, Sheet, Span, Time};

const USAGE: &str = "usage: mqtt_rounds (bare|outlet|batch) (0|1) PORT READINGS";
const MACHINES: usize = 100;
const SENSORS: usize = 10;
/// Readings of a parcel.
const PARCEL: usize = 20_000;
const START: i64 = 1_767_225_600_000;
/// What the bare loop holds ready for its client, and may have unacknowledged.
const READY: usize = 100;

fn main() -> ExitCode {
    twinwright_bench::main_of(serve)
}

fn serve(words: &[&str]) -> Result<(), Refused> {
    let [subject, qos, port, readings] = *words else { return Err(USAGE.into()) };
    let (port, readings) = (port.parse::<u16>()?, readings.parse::<usize>()?);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let options = match subject {
        "bare" | "outlet" => "",
        "batch" => "&batch=machine",
        _ => return Err(USAGE.into()),
    };
    let address = Address::parse(&format!("mqtt://127.0.0.1:{port}?qos={qos}{options}"))?;
    let (manifest, freights, texts) = (manifest(), freights(readings), texts(readings));
    let mut answers = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        line?;
        let seconds = match subject {
            "bare" => runtime.block_on(bare(port, qos == "1", &texts))?,
            _ => through_outlet(&runtime, &address, &manifest, &freights)?,
        };
        let answer = json!({"subject": subject, "qos": qos, "readings": readings, "seconds": seconds,
            "per_second": readings as f64 / seconds});
        writeln!(answers, "{answer}")?;
        answers.flush()?;
    }
    Ok(())
}

/// Machine, sensor, milliseconds and value of a reading.
fn reading(i: usize) -> (usize, usize, i64, f32) {
    (i / SENSORS % MACHINES, i % SENSORS, START + (i / SENSORS / MACHINES) as i64 * 1000, (i % 997) as f32 * 0.1)
}

/// Topic and payload of each reading.
fn texts(readings: usize) -> Vec<(String, String)> {
    let text = |i: usize| {
        let (machine, sensor, time, value) = reading(i);
        let payload = format!("{{\"timestamp_ms\":{time},\"value\":{value:?}}}");
        (format!("acme/lyon/utilities/line-1/P-{machine}/sensor_{sensor}"), payload)
    };
    (0..readings).map(text).collect()
}

fn manifest() -> Arc<Manifest> {
    let sensor = |i: usize| SensorHead { name: format!("sensor_{i}"), unit: "1".to_owned() };
    Arc::new(Manifest {
        machines: (0..MACHINES).map(|i| MachineHead { id: format!("P-{i}"), sheet: 0 }).collect(),
        sensors: (0..SENSORS).map(sensor).collect(),
        sheets: vec![Sheet { kind: "pump".to_owned(), sensors: Vec::new(), wears: Vec::new() }],
        path: "acme/lyon/utilities/line-1".to_owned(),
        scenario: "bench".to_owned(),
        seed: 1,
        version: String::new(),
        start: Time(START * 1_000_000),
        tick: Span(1_000_000_000),
        resolution: Span(1_000_000_000),
    })
}

fn freights(readings: usize) -> Vec<Freight> {
    let all: Vec<usize> = (0..readings).collect();
    let freight = |part: &[usize]| {
        let mut rows = Parcel::default();
        for &i in part {
            let (machine, sensor, time, value) = reading(i);
            rows.time.push(Time(time * 1_000_000));
            rows.machine.push(machine as u32);
            rows.sensor.push(sensor as u32);
            rows.value.push(value);
            rows.seq.push(i as u64);
        }
        rows.future.resize(part.len(), 0);
        rows.quality.resize(part.len(), 0);
        rows.fault.resize(part.len(), 0);
        Freight { rows: Some(Arc::new(rows)), readings: part.len() as u64, ..Freight::default() }
    };
    all.chunks(PARCEL).map(freight).collect()
}

fn through_outlet(
    runtime: &Runtime,
    address: &Address,
    manifest: &Arc<Manifest>,
    freights: &[Freight],
) -> Result<f64, Refused> {
    let mut outlet = mqtt::open(address, manifest)?;
    let tally = Tally::default();
    // In a task, as a carrier does it: what blocks a runtime wakes up slower.
    let freights = freights.to_vec();
    let task = runtime.spawn(async move {
        outlet.open().await?;
        let begun = Instant::now();
        for freight in &freights {
            outlet.deliver(freight, &tally).await?;
        }
        outlet.finish(&tally).await?;
        Ok::<_, twinwright_io::outlets::trouble::OutletTrouble>((begun.elapsed().as_secs_f64(), tally))
    });
    let (seconds, tally) = runtime.block_on(task)??;
    let made: u64 = tally.sent.load(Ordering::Relaxed);
    if tally.retried.load(Ordering::Relaxed) > 0 || made == 0 {
        return Err("the line broke: this round says nothing".into());
    }
    Ok(seconds)
}

/// As many publishes as the client takes, while a task polls it; done when the last is out and the broker closes.
async fn bare(port: u16, acknowledged: bool, texts: &[(String, String)]) -> Result<f64, Refused> {
    let mut options = MqttOptions::new("bare", "127.0.0.1", port);
    options.set_max_packet_size(1 << 20, 1 << 20);
    let (client, mut events) = AsyncClient::new(options, READY);
    let Ok(Event::Incoming(Packet::ConnAck(_))) = events.poll().await else { return Err("no broker".into()) };
    let qos = if acknowledged { QoS::AtLeastOnce } else { QoS::AtMostOnce };
    let (count, texts) = (texts.len(), texts.to_vec());
    let begun = Instant::now();
    let polling = tokio::spawn(async move {
        let (mut out, mut back) = (0, 0);
        while let Ok(event) = events.poll().await {
            match event {
                Event::Outgoing(Outgoing::Publish(_)) => out += 1,
                Event::Incoming(Packet::PubAck(_)) => back += 1,
                _ => {}
            }
            let done = if acknowledged { back } else { out };
            if done == count {
                return Some(events);
            }
        }
        None
    });
    let sending = tokio::spawn(async move {
        for (topic, payload) in texts {
            client.publish(topic, qos, false, payload).await?;
        }
        Ok::<_, rumqttc::ClientError>(client)
    });
    let client = sending.await??;
    let mut events = polling.await?.ok_or("the line broke: this round says nothing")?;
    client.disconnect().await?;
    while events.poll().await.is_ok() {}
    Ok(begun.elapsed().as_secs_f64())
}
