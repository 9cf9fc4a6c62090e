//! Notices on their way out: what a broker, a server and a mailbox that know nothing of the engine got, how often and in which
//! order, whatever broke in between.
//!
//! Rows are written into `outbox` by hand, and what became of them is read back by the databases' own tools.

mod addresses;
mod brokers;
pub(crate) mod hooks;
mod mailboxes;
mod mails;
mod order;
mod states;
mod tls;
mod webhooks;

use crate::ledger::link;
use crate::store::Base;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use twinwright_io::notices::{self, Notice, Pump, Site, Wire};
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_io::store::Place;
use twinwright_model::Time;

/// 2026-01-01T00:00:00Z
const START: i64 = 1_767_225_600_000_000_000;
/// Whatever a test waits for; far above what a busy machine needs.
const ENOUGH: Duration = Duration::from_secs(60);

fn site() -> Site {
    Site { name: "line-1".to_owned(), path: "acme/lyon".to_owned(), ..Site::default() }
}

/// The payload of a step of an alert, as a site's outlets are told it.
fn step(alert: u32, number: u32, step: &str, status: &str, severity: &str) -> Value {
    let (uid, machine, time) = (format!("run/{alert}"), format!("P-{alert}"), "2026-01-01T00:00:00.000Z");
    json!({
        "uid": uid, "number": number, "time": time, "step": step, "by": "engine", "comment": null, "value": 80.5,
        "machine": machine, "sensor": "bearing_temp", "rule": "hot", "group": null, "first_up": false, "severity": severity,
        "status": status, "hidden": null, "message": "bearing at 80.5 degC", "limit": 75.0, "raised": time,
        "returned": null, "acknowledged": null, "resolved": null, "shelved": null, "site": "line-1", "path": "acme/lyon",
    })
}

/// A row's uid as the journal gives it.
fn uid_of(payload: &Value, outlet: &str) -> String {
    let text = |key: &str| payload[key].as_str().unwrap_or_default().to_owned();
    match payload.get("report") {
        Some(_) => format!("report/{}/{outlet}", text("report")),
        None => format!("{}/{}/{outlet}", text("uid"), payload["number"]),
    }
}

fn notice(id: i64, payload: Value) -> Notice {
    Notice { id, uid: uid_of(&payload, "test"), payload, created: Time(START), next: Time(START), attempts: 0 }
}

/// Writes rows for an outlet, tried so often before.
async fn put(base: &Base, outlet: &str, payloads: &[Value], attempts: u32) {
    let mut link = link(base).await;
    link.begin().await.unwrap();
    for payload in payloads {
        let put = "INSERT INTO outbox (uid, topic, payload, created_at, next_attempt_at, attempts) VALUES ($1, $2, $3, $4, $4, $5)";
        let uid = uid_of(payload, outlet);
        link.run(put, &[uid.into(), outlet.into(), payload.clone().into(), Time(START).into(), attempts.into()])
            .await
            .unwrap();
    }
    link.commit().await.unwrap();
    link.close().await;
}

/// An outlet of a site, or why it cannot be.
fn open(name: &str, url: &str, options: &[(&'static str, &str)]) -> Result<Box<dyn Wire>, OutletTrouble> {
    let options: Vec<_> = options.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    notices::open(&notices::address(name, url, &options)?, &site())
}

fn refused(name: &str, url: &str, options: &[(&'static str, &str)]) -> String {
    match open(name, url, options) {
        Err(OutletTrouble::Input(why)) => why,
        Err(other) => panic!("{url} {options:?}: {other:?}"),
        Ok(_) => panic!("{url} {options:?} is taken"),
    }
}

fn pump(wire: Box<dyn Wire>, base: &Base) -> Pump {
    Pump::start(wire, Place::parse(&base.url()).expect("a place"))
}

/// How many rows of the outbox are in this state.
fn rows(base: &Base, state: &str) -> usize {
    base.ask(&format!("SELECT count(*) FROM outbox WHERE state = '{state}'")).parse().expect("a number")
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < ENOUGH, "waited too long: {what}");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}
