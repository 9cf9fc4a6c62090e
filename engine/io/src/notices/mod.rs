//! Notices: alerts and reports on their way out of a store, and the present state of a plant at a broker.
//!
//! What has to go out was written into `outbox` with what it tells, in one transaction; here it is only carried. A row is
//! marked delivered after the other side has it, never before: whatever happens between, it goes out again with the same id,
//! and is never left out. A [`Wire`] only delivers; order, pauses and patience are the [`Pump`]'s.

mod due;
mod email;
mod mqtt;
mod outbox;
mod pump;
mod tone;
mod webhook;

pub use mqtt::StateBoard;
pub use outbox::Notice;
pub use pump::{Counts, Pump};
pub use webhook::guard::forbidden;
pub use webhook::{Lookup, Resolved, webhook_with};

use crate::outlets::Pending;
use crate::outlets::address::Address;
use crate::outlets::trouble::OutletTrouble;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use twinwright_model::{Severity, Time};

/// The schemes of addresses that notices go to.
pub const SCHEMES: [&str; 6] = ["mqtt", "mqtts", "http", "https", "smtp", "smtps"];

/// The site that notices are of, and what it listens to.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// A level of topics, such as `line-1`.
    pub name: String,
    /// `enterprise/site/area/line`, or nothing.
    pub path: String,
    /// Rules that are judged by sensor (`finding *.stuck`): a machine may have several alerts of one at a time.
    pub by_sensor: Vec<String>,
    /// What its feeds subscribe to: our own words must not come back as readings.
    pub hears: Vec<Subscription>,
}

/// A filter that a feed subscribes to, and the broker's URL.
#[derive(Debug, Clone)]
pub struct Subscription {
    pub url: String,
    pub filter: String,
}

/// What is common to all wires.
#[derive(Debug, Clone)]
pub struct Terms {
    /// As `outbox.topic` has it: `webhook.ops`.
    pub name: String,
    /// Alerts below it are not told here.
    pub least: Severity,
    pub reports: bool,
    /// So often a notice is tried; None: for ever.
    pub tries: Option<u32>,
    /// Most notices that are handed over together.
    pub at_once: usize,
    /// Alerts are gathered for so long and told together.
    pub gather: Option<Duration>,
}

impl Terms {
    /// Whether this outlet wants to be told.
    pub fn wants(&self, notice: &Notice) -> bool {
        if notice.is_report() { self.reports } else { notice.severity() >= self.least }
    }
}

/// What became of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The other side has it; what it said.
    Delivered(String),
    /// Not now; the other side may have asked to be left alone for so long.
    Again(String, Option<Duration>),
    /// It will not be taken, however often it is sent.
    Never(String),
}

/// A way out.
pub trait Wire: Send + Sync {
    fn terms(&self) -> &Terms;

    /// Notices of one lane keep their order.
    fn lane(&self, notice: &Notice) -> String {
        notice.alert().unwrap_or(&notice.uid).to_owned()
    }

    /// Delivers these, and says what became of each. Trouble means that none of them was even tried.
    fn deliver<'a>(&'a mut self, notices: &'a [Notice]) -> Pending<'a, Result<Vec<Verdict>, OutletTrouble>>;

    /// Says goodbye.
    fn close(&mut self) -> Pending<'_, ()> {
        Box::pin(async {})
    }
}

/// An outlet of a site as an address: its name, its URL, and the keys beside it. What stands behind the `?` of a webhook
/// belongs to its server.
pub fn address(name: &str, url: &str, options: &[(&'static str, String)]) -> Result<Address, OutletTrouble> {
    let mut address = Address::parse_among(url, &SCHEMES, !url.starts_with("http"))?;
    name.clone_into(&mut address.name);
    for (key, value) in options {
        address.set(key, value.clone());
    }
    Ok(address)
}

/// The one list of ways out: checks all that an address asks for; nothing is connected yet.
pub fn open(address: &Address, site: &Site) -> Result<Box<dyn Wire>, OutletTrouble> {
    match address.scheme.as_str() {
        "mqtt" | "mqtts" => Ok(Box::new(mqtt::open(address, site)?)),
        "http" | "https" => Ok(Box::new(webhook::open(address)?)),
        "smtp" | "smtps" => Ok(Box::new(email::open(address, site)?)),
        other => Err(address.refuse(format!("`{other}:` takes no notices; expected {}", SCHEMES.join(", ")))),
    }
}

/// Takes what all outlets know.
fn terms(address: &Address, reports: bool) -> Result<Terms, OutletTrouble> {
    let least = match address.one_of("severity", &["low", "medium", "high", "critical"])? {
        Some(name) => severity(name),
        None => Severity::Low,
    };
    let reports = address.flag("reports")?.unwrap_or(reports);
    Ok(Terms { name: address.name.clone(), least, reports, tries: Some(8), at_once: 1, gather: None })
}

/// An unknown severity is told rather than lost.
fn severity(name: &str) -> Severity {
    match name {
        "low" => Severity::Low,
        "medium" => Severity::Medium,
        "high" => Severity::High,
        _ => Severity::Critical,
    }
}

/// The clock on the wall.
fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
