//! Clocks and scales: CPU time of this thread, memory of this process, medians.
//!
//! CPU time, because a bench that shares its cores measures the neighbours with a wall clock. (The kernel's figure in
//! /proc/thread-self/schedstat is only brought up to date every few milliseconds: its clock is asked instead.) Memory
//! comes from /proc, so it is there on Linux only and reads as zero elsewhere.

use std::fs;
use std::time::{Duration, Instant};

/// Bytes of a page as `statm` counts them, on every Linux that we bench on.
const PAGE: u64 = 4096;

/// What this thread has spent on a CPU.
#[cfg(unix)]
fn cpu_now() -> Option<Duration> {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID).ok().map(Duration::from)
}

#[cfg(not(unix))]
fn cpu_now() -> Option<Duration> {
    None
}

/// The CPU time that some work took on this thread.
pub fn cpu_time(work: impl FnOnce()) -> Duration {
    let (wall, before) = (Instant::now(), cpu_now());
    work();
    match (before, cpu_now()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => wall.elapsed(),
    }
}

/// Bytes of this process that lie in memory.
pub fn resident() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.as_deref().and_then(|text| text.split(' ').nth(1)).and_then(|text| text.parse().ok());
    pages.unwrap_or(0) * PAGE
}

/// The most bytes of this process that ever lay in memory.
pub fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// Smallest, middle and largest of some figures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub low: f64,
    pub median: f64,
    pub high: f64,
}

impl Spread {
    pub fn of(figures: &[f64]) -> Spread {
        let mut sorted = figures.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
        Spread { low: at(0), median: at(sorted.len() / 2), high: at(sorted.len().saturating_sub(1)) }
    }

    /// Nanoseconds a piece of some work that makes so many pieces, over so many rounds.
    pub fn nanos_each(rounds: usize, pieces: f64, mut work: impl FnMut()) -> Spread {
        let figures: Vec<f64> = (0..rounds).map(|_| cpu_time(&mut work).as_nanos() as f64 / pieces).collect();
        Spread::of(&figures)
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:9.2}   ({:.2} to {:.2})", self.median, self.low, self.high)
    }
}
