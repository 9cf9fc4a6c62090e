//! The metrics page: what every outlet counts, as Prometheus reads it, at `GET /metrics`.
//!
//! It only reads counters. It must never hold up a delivery, nor hold on to a guest: at most 32 connections at once, one
//! request each, and none for longer than 10 s, however slowly it is asked.

use super::Tally;
use super::trouble::OutletTrouble;
use crate::door::Door;
use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;

const GUESTS: usize = 32;
const VISIT: Duration = Duration::from_secs(10);

/// A bound address, ready to serve.
#[derive(Debug)]
pub struct MetricsPage {
    listener: std::net::TcpListener,
    address: SocketAddr,
}

impl MetricsPage {
    /// Takes the address; port 0 takes a free one.
    pub fn bind(address: SocketAddr) -> Result<MetricsPage, OutletTrouble> {
        let trouble = |e: io::Error| OutletTrouble::Lasting(format!("metrics: cannot listen on {address}: {e}"));
        let listener = std::net::TcpListener::bind(address).map_err(trouble)?;
        listener.set_nonblocking(true).map_err(trouble)?;
        let address = listener.local_addr().map_err(trouble)?;
        Ok(MetricsPage { listener, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is dropped. `simulated` is how far the simulation has come, in milliseconds since its start.
    pub async fn serve(
        self,
        tallies: Vec<(String, Arc<Tally>)>,
        simulated: Arc<AtomicU64>,
    ) -> Result<(), OutletTrouble> {
        let counters = Counters { tallies: told_apart(tallies), simulated };
        self.serve_page(Arc::new(move || counters.page())).await
    }

    /// Serves what `page` says whenever somebody asks, until it is dropped.
    pub async fn serve_page(self, page: Page) -> Result<(), OutletTrouble> {
        let trouble = |e: io::Error| OutletTrouble::Lasting(format!("metrics: cannot serve {}: {e}", self.address));
        let door = Door::new(TcpListener::from_std(self.listener).map_err(trouble)?, GUESTS, VISIT);
        axum::serve(door, Router::new().fallback(answer).with_state(page)).await.map_err(trouble)
    }
}

/// Makes a page in Prometheus text format 0.0.4.
pub type Page = Arc<dyn Fn() -> String + Send + Sync>;

#[derive(Debug)]
struct Counters {
    tallies: Vec<(String, Arc<Tally>)>,
    simulated: Arc<AtomicU64>,
}

/// Two outlets may go to the same place, but no two series may have the same labels.
fn told_apart(tallies: Vec<(String, Arc<Tally>)>) -> Vec<(String, Arc<Tally>)> {
    let mut taken = BTreeSet::new();
    let mut name_for = |name: String| {
        let mut own = name.clone();
        let mut number = 2;
        while !taken.insert(own.clone()) {
            own = format!("{name} #{number}");
            number += 1;
        }
        own
    };
    tallies.into_iter().map(|(name, tally)| (name_for(name), tally)).collect()
}

async fn answer(State(page): State<Page>, method: Method, uri: Uri) -> Response {
    // One request a connection: a guest that stays would keep others out.
    let close = (header::CONNECTION, "close");
    if uri.path() != "/metrics" || !matches!(method, Method::GET | Method::HEAD) {
        return (StatusCode::NOT_FOUND, [close], "there is only GET /metrics\n").into_response();
    }
    let kind = (header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    ([close, kind], page()).into_response()
}

impl Counters {
    /// Prometheus text format 0.0.4.
    fn page(&self) -> String {
        let mut page = String::with_capacity(1024 + self.tallies.len() * 1024);
        let about = "Readings by outlet and by what became of them.";
        family(&mut page, "twinwright_readings_total", "counter", about);
        for (outlet, tally) in &self.tallies {
            let outlet = label(outlet);
            for (state, counter) in states(tally) {
                let number = counter.load(Ordering::Relaxed);
                let _ = writeln!(page, "twinwright_readings_total{{outlet=\"{outlet}\",state=\"{state}\"}} {number}");
            }
        }
        let about = "How far the simulation has come since its start.";
        family(&mut page, "twinwright_simulated_seconds", "gauge", about);
        let simulated = self.simulated.load(Ordering::Relaxed);
        let _ = writeln!(page, "twinwright_simulated_seconds {}.{:03}", simulated / 1000, simulated % 1000);
        page
    }
}

fn states(tally: &Tally) -> [(&'static str, &AtomicU64); 9] {
    [
        ("made", &tally.made),
        ("sent", &tally.sent),
        ("acknowledged", &tally.acknowledged),
        ("retried", &tally.retried),
        ("dropped", &tally.dropped),
        ("lost", &tally.lost),
        ("duplicated", &tally.duplicated),
        ("reordered", &tally.reordered),
        ("delayed", &tally.delayed),
    ]
}

/// The two lines that a family of figures begins with.
pub fn family(page: &mut String, name: &str, kind: &str, about: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(page, "# HELP {name} {about}\n# TYPE {name} {kind}");
}

/// A label's value, as the format escapes it.
pub fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_may_hold_quotes_backslashes_and_line_breaks() {
        assert_eq!(label("plain.name"), "plain.name");
        assert_eq!(label("a\"b\\c\nd"), r#"a\"b\\c\nd"#);
    }
}
