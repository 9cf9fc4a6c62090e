//! A run as a test sees it: the engine driven tick by tick through its public face, with everything that it said.
//!
//! It works nothing out by itself, so what a test finds here is what the whole chain from file to row made. It must
//! never reach into the engine: what is not public is not promised.

use std::sync::Arc;
use twinwright_core::record::{FaultSets, Wanted};
use twinwright_core::{Batch, Plan, Twin};
use twinwright_model::{AlertRecord, AlertState, Chunk, EventRecord, Label, Mode, ReadingRows, Time, TruthRows};
use twinwright_tests::plan_of;

const BOTH: Wanted = Wanted { readings: true, truth: true };

/// A tenth of `all` in everyday runs; all of them with `TWINWRIGHT_FULL=1`.
pub fn units(all: u32) -> u32 {
    if std::env::var("TWINWRIGHT_FULL").is_ok_and(|value| value == "1") { all } else { all / 10 }
}

/// A twin of one kind that is stepped by hand.
pub struct Watched {
    pub plan: Arc<Plan>,
    pub twin: Twin,
    chunk: Chunk,
    sets: FaultSets,
}

impl Watched {
    pub fn new(machine: &str, scenario: &str) -> Watched {
        let plan = plan_of(machine, scenario);
        let chunk = Chunk {
            readings: plan.sheets.iter().map(ReadingRows::for_sheet).collect(),
            truth: plan.sheets.iter().map(TruthRows::for_sheet).collect(),
            fault_sets: Vec::new(),
        };
        Watched { twin: Twin::build(&plan), plan, chunk, sets: FaultSets::default() }
    }

    pub fn tick(&mut self) {
        self.twin.tick(&Batch::default());
    }

    /// Ticks until the world shows this one.
    pub fn go_to(&mut self, tick: u32) {
        while self.twin.now().is_none_or(|now| now < tick) {
            self.tick();
        }
    }

    /// The rows of the present tick alone.
    pub fn rows(&mut self) -> (&ReadingRows, &TruthRows) {
        self.chunk.readings[0].clear();
        self.chunk.truth[0].clear();
        self.twin.show(BOTH, &mut self.chunk, &mut self.sets);
        (&self.chunk.readings[0], &self.chunk.truth[0])
    }

    /// Adds the rows of the present tick to those that were kept.
    pub fn keep(&mut self) {
        self.twin.show(BOTH, &mut self.chunk, &mut self.sets);
    }
}

/// A whole run of one kind, with all rows and records.
pub struct Seen {
    pub plan: Arc<Plan>,
    pub readings: ReadingRows,
    pub truth: TruthRows,
    pub fault_sets: Vec<String>,
    pub events: Vec<EventRecord>,
    pub alerts: Vec<AlertRecord>,
    pub labels: Vec<Label>,
    pub open_labels: Vec<Label>,
    pub twin: Twin,
}

/// Runs a scenario from its first row to its last.
pub fn see(machine: &str, scenario: &str) -> Seen {
    let mut watched = Watched::new(machine, scenario);
    for _ in 0..=watched.plan.ticks {
        watched.tick();
        watched.keep();
    }
    let mail = watched.twin.take_outbox();
    Seen {
        readings: watched.chunk.readings.swap_remove(0),
        truth: watched.chunk.truth.swap_remove(0),
        fault_sets: watched.chunk.fault_sets,
        events: mail.events,
        alerts: mail.alerts,
        labels: mail.labels,
        open_labels: watched.twin.open_labels(),
        plan: watched.plan,
        twin: watched.twin,
    }
}

impl Seen {
    fn column(&self, sensor: &str) -> usize {
        self.plan.sheets[0].sensors.iter().position(|known| known.name == sensor).expect("the sensor is known")
    }

    /// A sensor's measured values on one machine, row by row.
    pub fn measured(&self, machine: u32, sensor: &str) -> Vec<f32> {
        let values = &self.readings.values[self.column(sensor)];
        self.readings.machine.iter().zip(values).filter(|(m, _)| **m == machine).map(|(_, v)| *v).collect()
    }

    pub fn quality(&self, machine: u32, sensor: &str) -> Vec<u8> {
        let codes = &self.readings.quality[self.column(sensor)];
        self.readings.machine.iter().zip(codes).filter(|(m, _)| **m == machine).map(|(_, q)| *q).collect()
    }

    pub fn true_values(&self, machine: u32, sensor: &str) -> Vec<f64> {
        let values = &self.truth.values[self.column(sensor)];
        self.truth.machine.iter().zip(values).filter(|(m, _)| **m == machine).map(|(_, v)| *v).collect()
    }

    pub fn wear(&self, machine: u32, wear: &str) -> Vec<f64> {
        let place = self.plan.sheets[0].wears.iter().position(|known| known == wear).expect("the wear is known");
        let values = &self.truth.wears[place];
        self.truth.machine.iter().zip(values).filter(|(m, _)| **m == machine).map(|(_, v)| *v).collect()
    }

    pub fn modes(&self, machine: u32) -> Vec<Mode> {
        self.truth.machine.iter().zip(&self.truth.mode).filter(|(m, _)| **m == machine).map(|(_, v)| *v).collect()
    }

    /// The ticks of all events of a sort on a machine.
    pub fn ticks_of(&self, machine: u32, event: &str) -> Vec<i64> {
        let mine = self.events.iter().filter(|record| record.machine == machine && record.event == event);
        mine.map(|record| self.tick_at(record.time)).collect()
    }

    /// Every change of a rule's alert on a machine, by tick.
    pub fn alarms(&self, machine: u32, rule: &str) -> Vec<(i64, AlertState)> {
        let mine = self.alerts.iter().filter(|alert| alert.machine == machine && alert.rule == rule);
        mine.map(|alert| (self.tick_at(alert.time), alert.state)).collect()
    }

    /// The tick of an instant, which must be one exactly.
    pub fn tick_at(&self, time: Time) -> i64 {
        let nanos = time.0 - self.plan.start.0;
        assert_eq!(nanos % self.plan.tick.0, 0, "{time} is not a tick");
        nanos / self.plan.tick.0
    }
}

/// The tick of the first failure of each machine; a machine that had none is left out.
pub fn first_failures(watched: &mut Watched) -> Vec<(u32, u32)> {
    let mut first: std::collections::BTreeMap<u32, u32> = std::collections::BTreeMap::new();
    for event in watched.twin.take_outbox().events {
        if event.event == "failure" {
            let tick = (event.time.0 - watched.plan.start.0) / watched.plan.tick.0;
            first.entry(event.machine).or_insert(tick as u32);
        }
    }
    first.into_iter().collect()
}
