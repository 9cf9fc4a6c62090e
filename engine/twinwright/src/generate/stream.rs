//! One stream under way: takes what the worlds made, records it where that was asked for, and lets it go at its pace.

use super::Settings;
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
use twinwright_model::{AlertRecord, Chunk, EventRecord, Time};

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
        }
    }

    /// Ticks of a stretch: one at a clock's pace, else as many as fill a freight.
    pub fn stretch_length(&self) -> u32 {
        if self.pacer.is_held() {
            return 1;
        }
        let sensors = |machine: u32| self.plan.model_of(machine).sensors.len() as u64;
        let readings: u64 = (0..self.plan.machines.len() as u32).map(sensors).sum();
        (FREIGHT / readings.max(1)).clamp(1, 1 << 16) as u32
    }

    /// Takes a stretch up to and with `tick`. Says whether more is wanted.
    pub fn take(&mut self, parts: Vec<worker::Stretch>, tick: u32) -> Result<bool, Trouble> {
        if let Some(recording) = &mut self.recording {
            recording.see(&parts);
        }
        let merged = self.merger.merge(parts);
        if let Some(recording) = &mut self.recording {
            recording.hear(&merged)?;
        }
        let until = self.plan.time_of(i64::from(tick) + 1);
        let going = if self.pacer.is_held() {
            self.send_paced(merged.chunk, (merged.events, merged.alerts), until)
        } else {
            let stretch = Stretch { chunk: merged.chunk, events: merged.events, alerts: merged.alerts, until };
            self.router.send(stretch, &self.outlets.carriers, self.stop)
        };
        let simulated = self.plan.time_of(i64::from(tick)).since(self.plan.start).0 / 1_000_000;
        self.outlets.simulated_ms.store(simulated.max(0) as u64, Ordering::Relaxed);
        Ok(going && !self.outlets.want_no_more())
    }

    /// Each instant leaves when its time has come; what happened leaves with the first.
    fn send_paced(&mut self, chunk: Chunk, mut said: (Vec<EventRecord>, Vec<AlertRecord>), end: Time) -> bool {
        let pieces = instants(chunk);
        let times: Vec<Time> = pieces.iter().map(|(time, _)| *time).collect();
        for (at, (time, chunk)) in pieces.into_iter().enumerate() {
            self.pacer.wait(time, self.router.made(), self.stop);
            if self.stop.load(Ordering::Relaxed) {
                return true;
            }
            let (events, alerts) = std::mem::take(&mut said);
            let until = times.get(at + 1).copied().unwrap_or(end);
            let stretch = Stretch { chunk, events, alerts, until };
            if !self.router.send(stretch, &self.outlets.carriers, self.stop) {
                return false;
            }
        }
        true
    }
}
