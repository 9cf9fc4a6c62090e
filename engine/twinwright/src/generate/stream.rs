//! One stream under way: takes what the worlds made, records it where that was asked for, and lets it go at its pace.

use super::Settings;
use super::cut::cut_after;
use super::instants::instants;
use super::outlets::Outlets;
use super::pace::Pacer;
use super::router::{Router, Stretch};
use crate::Trouble;
use crate::run::merge::Merger;
use crate::run::recording::Recording;
use crate::run::worker;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use twinwright_core::Plan;
use twinwright_model::{Chunk, Time};

/// Readings aimed at in one freight at full speed: enough to spread its cost, few enough to stay in the cache.
const FREIGHT: u64 = 100_000;

/// A stream under way.
#[derive(Debug)]
pub struct Stream<'a> {
    plan: &'a Arc<Plan>,
    stop: &'a AtomicBool,
    pub outlets: Outlets,
    pub router: Router,
    pub recording: Option<Recording>,
    merger: Merger,
    pacer: Pacer,
    /// The last instant that left.
    pub until: Option<Time>,
}

impl<'a> Stream<'a> {
    pub fn new(
        settings: &Settings,
        plan: &'a Arc<Plan>,
        outlets: Outlets,
        recording: Option<Recording>,
        stop: &'a AtomicBool,
    ) -> Stream<'a> {
        Stream {
            router: Router::new(plan, &outlets.manifest, &outlets.carriers, settings.limit.readings),
            merger: Merger::new(plan),
            pacer: Pacer::new(settings.pace, settings.limit),
            plan,
            stop,
            outlets,
            recording,
            until: None,
        }
    }

    /// Ticks of a stretch: one at a clock's pace, else as many as fill a freight.
    pub fn stretch_length(&self) -> u32 {
        if self.pacer.is_held() {
            return 1;
        }
        let sensors = |machine: u32| self.plan.model_of(machine).sensors.len() as u64;
        let readings: u64 = (0..self.plan.machines.len() as u32).map(sensors).sum();
        // A short queue is only as fine as what is put into it.
        let queue = self.outlets.carriers.iter().map(|carrier| carrier.terms.queue / 4).min().unwrap_or(FREIGHT);
        (FREIGHT.min(queue) / readings.max(1)).clamp(1, 1 << 16) as u32
    }

    /// Takes a stretch up to and with `tick`. Says whether more is wanted.
    pub fn take(&mut self, parts: Vec<worker::Stretch>, tick: u32) -> Result<bool, Trouble> {
        if let Some(recording) = &mut self.recording {
            recording.see(&parts);
        }
        let mut merged = self.merger.merge(parts);
        let ends = cut_after(&mut merged, self.router.left());
        let time = self.plan.time_of(i64::from(tick));
        if self.pacer.is_held() {
            let first = merged.chunk.readings.iter().filter_map(|rows| rows.time.first().copied()).min();
            self.pacer.wait(first.unwrap_or(time), self.router.made(), self.stop);
            // Interrupted while it waited: neither sent nor recorded, so that both end at the same instant.
            if self.stop.load(Ordering::Relaxed) {
                return Ok(false);
            }
        }
        if let Some(recording) = &mut self.recording {
            recording.hear(&merged)?;
        }
        let until = self.plan.time_of(i64::from(tick) + 1);
        let stretch = Stretch { chunk: merged.chunk, events: merged.events, alerts: merged.alerts, until };
        if self.pacer.is_held() {
            self.send_paced(stretch);
        } else {
            self.router.send(stretch, &self.outlets.carriers, self.stop);
        }
        self.until = Some(ends.unwrap_or(time));
        let simulated = time.since(self.plan.start).0 / 1_000_000;
        self.outlets.simulated_ms.store(simulated.max(0) as u64, Ordering::Relaxed);
        Ok(self.router.left() > 0 && !self.outlets.want_no_more())
    }

    /// Each instant leaves when its time has come; what happened leaves with the first. An interruption lets the rest of
    /// the tick go at once.
    fn send_paced(&mut self, stretch: Stretch) {
        let (mut events, mut alerts) = (stretch.events, stretch.alerts);
        let mut pieces = instants(stretch.chunk);
        if pieces.is_empty() {
            pieces.push((stretch.until, Chunk::default()));
        }
        let times: Vec<Time> = pieces.iter().map(|(time, _)| *time).collect();
        for (at, (time, chunk)) in pieces.into_iter().enumerate() {
            if at > 0 {
                self.pacer.wait(time, self.router.made(), self.stop);
            }
            let until = times.get(at + 1).copied().unwrap_or(stretch.until);
            let (events, alerts) = (std::mem::take(&mut events), std::mem::take(&mut alerts));
            self.router.send(Stretch { chunk, events, alerts, until }, &self.outlets.carriers, self.stop);
        }
    }
}
