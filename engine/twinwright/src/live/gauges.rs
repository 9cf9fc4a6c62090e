//! What live mode counts, as the metrics page shows it.
//!
//! The loop puts figures down as it goes; whoever reads the page never holds it up.

use super::engine::{Counts, Engine};
use crate::memory::now;
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use twinwright_io::feeds::FeedTally;
use twinwright_io::notices::Pump;
use twinwright_io::outlets::metrics::{family, label};
use twinwright_model::live::Reason;

/// Upper bounds of the buckets that commits are counted in, in seconds.
const BUCKETS: [f64; 9] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2.0];

/// Figures of the whole engine.
#[derive(Debug, Default)]
pub struct Gauges {
    feeds: Vec<(String, Arc<FeedTally>)>,
    outlets: Vec<(String, Arc<Pump>)>,
    counts: Mutex<Counts>,
    /// Seconds by which the mirror is behind the host's clock.
    lag_ms: AtomicU64,
    inbox: AtomicU64,
    waiting: AtomicU64,
    shelf: AtomicU64,
    store: AtomicBool,
    entries: AtomicU64,
    commit_ns: AtomicU64,
    buckets: [AtomicU64; BUCKETS.len()],
}

/// How full the places are where readings wait.
#[derive(Debug, Clone, Copy, Default)]
pub struct Depths {
    pub inbox: usize,
    pub shelf: u64,
}

impl Gauges {
    pub fn of(feeds: Vec<(String, Arc<FeedTally>)>, outlets: Vec<(String, Arc<Pump>)>) -> Gauges {
        Gauges { feeds, outlets, ..Gauges::default() }
    }

    /// Puts down how things stand.
    pub fn look(&self, engine: &Engine, depths: Depths) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = engine.counts().clone();
        let lag = engine.shows().map_or(0, |shows| now().0.saturating_sub(shows.0).max(0) / 1_000_000);
        self.lag_ms.store(lag as u64, Ordering::Relaxed);
        self.inbox.store(depths.inbox as u64, Ordering::Relaxed);
        self.waiting.store(engine.waiting() as u64, Ordering::Relaxed);
        self.shelf.store(depths.shelf, Ordering::Relaxed);
    }

    /// Counts a commit.
    pub fn committed(&self, took: Duration) {
        self.entries.fetch_add(1, Ordering::Relaxed);
        self.commit_ns.fetch_add(took.as_nanos() as u64, Ordering::Relaxed);
        for (bound, bucket) in BUCKETS.iter().zip(&self.buckets) {
            if took.as_secs_f64() <= *bound {
                bucket.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub fn store_is_there(&self, there: bool) {
        self.store.store(there, Ordering::Relaxed);
    }

    /// Prometheus text format 0.0.4.
    pub fn page(&self) -> String {
        let mut page = String::with_capacity(8 * 1024);
        self.feeds_page(&mut page);
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let said = "Readings put aside, by reason.";
        family(&mut page, "twinwright_refused_total", "counter", said);
        for (reason, count) in Reason::ALL.iter().zip(counts.refused) {
            let _ = writeln!(page, "twinwright_refused_total{{reason=\"{}\"}} {count}", reason.name());
        }
        let gauge = |cell: &AtomicU64| cell.load(Ordering::Relaxed) as f64;
        let rows = [
            ("twinwright_heard_total", "counter", "Readings that the mirror took in.", counts.readings as f64),
            ("twinwright_late_total", "counter", "Readings that only mended history.", counts.late as f64),
            ("twinwright_repeated_total", "counter", "Readings that had come before.", counts.repeated as f64),
            ("twinwright_ticks_total", "counter", "Steps of the mirror.", counts.ticks as f64),
            ("twinwright_findings_total", "counter", "Findings that began or ended.", counts.findings as f64),
            ("twinwright_alert_changes_total", "counter", "Steps in the course of alerts.", counts.alerts as f64),
            ("twinwright_lag_seconds", "gauge", "How far the mirror is behind the clock.", gauge(&self.lag_ms) / 1e3),
            ("twinwright_inbox_deliveries", "gauge", "Deliveries that wait to be heard.", gauge(&self.inbox)),
            ("twinwright_waiting_readings", "gauge", "Readings that wait for their tick.", gauge(&self.waiting)),
            (
                "twinwright_shelf_readings",
                "gauge",
                "Committed readings on their way into their table.",
                gauge(&self.shelf),
            ),
            (
                "twinwright_store_up",
                "gauge",
                "Whether the store took the last entry.",
                f64::from(u8::from(self.store.load(Ordering::Relaxed))),
            ),
        ];
        for (name, kind, about, value) in rows {
            family(&mut page, name, kind, about);
            let _ = writeln!(page, "{name} {value}");
        }
        self.commits_page(&mut page);
        self.outlets_page(&mut page);
        page
    }

    fn outlets_page(&self, page: &mut String) {
        let name = "twinwright_notices_total";
        family(page, name, "counter", "Notices by outlet and by what became of them.");
        for (outlet, pump) in &self.outlets {
            let counts = pump.counts();
            for (state, count) in [("delivered", counts.delivered), ("failed", counts.failed), ("dead", counts.dead)] {
                let _ = writeln!(page, "{name}{{outlet=\"{}\",state=\"{state}\"}} {count}", label(outlet));
            }
        }
        family(page, "twinwright_notices_waiting", "gauge", "Notices that wait for their outlet.");
        for (outlet, pump) in &self.outlets {
            let waiting = pump.counts().waiting;
            let _ = writeln!(page, "twinwright_notices_waiting{{outlet=\"{}\"}} {waiting}", label(outlet));
        }
    }

    fn feeds_page(&self, page: &mut String) {
        type Counter = fn(&FeedTally) -> u64;
        let families: [(&str, &str, &str, Counter); 6] = [
            ("twinwright_feed_messages_total", "counter", "Messages by feed.", |t| t.messages.load(Ordering::Relaxed)),
            ("twinwright_feed_readings_total", "counter", "Readings by feed.", |t| t.readings.load(Ordering::Relaxed)),
            ("twinwright_feed_bytes_total", "counter", "Bytes of messages by feed.", |t| {
                t.bytes.load(Ordering::Relaxed)
            }),
            ("twinwright_feed_dropped_total", "counter", "Messages without acknowledgement that found no room.", |t| {
                t.dropped.load(Ordering::Relaxed)
            }),
            ("twinwright_feed_reconnects_total", "counter", "Lines that were lost.", |t| {
                t.reconnects.load(Ordering::Relaxed)
            }),
            ("twinwright_feed_connected", "gauge", "Whether the line stands.", |t| t.connected.load(Ordering::Relaxed)),
        ];
        for (name, kind, about, counter) in families {
            family(page, name, kind, about);
            for (feed, tally) in &self.feeds {
                let _ = writeln!(page, "{name}{{feed=\"{}\"}} {}", label(feed), counter(tally));
            }
        }
    }

    fn commits_page(&self, page: &mut String) {
        family(page, "twinwright_commit_seconds", "histogram", "How long commits took.");
        for (bound, bucket) in BUCKETS.iter().zip(&self.buckets) {
            let count = bucket.load(Ordering::Relaxed);
            let _ = writeln!(page, "twinwright_commit_seconds_bucket{{le=\"{bound}\"}} {count}");
        }
        let entries = self.entries.load(Ordering::Relaxed);
        let seconds = self.commit_ns.load(Ordering::Relaxed) as f64 / 1e9;
        let _ = writeln!(page, "twinwright_commit_seconds_bucket{{le=\"+Inf\"}} {entries}");
        let _ = writeln!(page, "twinwright_commit_seconds_sum {seconds}\ntwinwright_commit_seconds_count {entries}");
    }
}
