//! Readings on their way out: one row a reading, in the order in which they are delivered.
//!
//! A parcel is what all wires carry. Its columns are shared, never changed: who alters delivery makes a new one.

use crate::{AlertRecord, EventRecord, Quality, Time};
use std::sync::Arc;

/// Readings in delivery order, with what happened beside them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parcel {
    /// The source's time stamps.
    pub time: Vec<Time>,
    /// Index into the run's list of machines.
    pub machine: Vec<u32>,
    /// 0 in a stream; a recorded run may have several futures.
    pub future: Vec<u32>,
    /// Index into the run's list of sensor names.
    pub sensor: Vec<u32>,
    /// NaN where the quality says that there is no value (a NaN with quality bad is a sensor that said so).
    pub value: Vec<f32>,
    /// [`Quality`] codes.
    pub quality: Vec<u8>,
    /// Active faults of the reading: 0 is none, else 1 + index into `faults`.
    pub fault: Vec<u32>,
    /// Number of the reading among its machine's, from 1, as it was made: a gap in it is a loss. Empty in recorded runs.
    pub seq: Vec<u64>,
    /// Names of sets of faults; grows through a run, never renumbered.
    pub faults: Arc<Vec<String>>,
    /// Events and alerts of the same stretch of time.
    pub events: Vec<EventRecord>,
    pub alerts: Vec<AlertRecord>,
}

impl Parcel {
    pub fn len(&self) -> usize {
        self.time.len()
    }

    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    pub fn quality(&self, row: usize) -> Quality {
        Quality::from_code(self.quality[row])
    }

    pub fn clear(&mut self) {
        self.time.clear();
        self.machine.clear();
        self.future.clear();
        self.sensor.clear();
        self.value.clear();
        self.quality.clear();
        self.fault.clear();
        self.seq.clear();
        self.events.clear();
        self.alerts.clear();
    }

    /// Adds a row of another parcel of the same run; the fault sets must be the same list.
    pub fn push_from(&mut self, other: &Parcel, row: usize) {
        self.time.push(other.time[row]);
        self.machine.push(other.machine[row]);
        self.future.push(other.future[row]);
        self.sensor.push(other.sensor[row]);
        self.value.push(other.value[row]);
        self.quality.push(other.quality[row]);
        self.fault.push(other.fault[row]);
        self.seq.extend(other.seq.get(row));
    }

    /// Adds what comes behind it in the same stream.
    pub fn join(&mut self, next: &Parcel) {
        self.time.extend_from_slice(&next.time);
        self.machine.extend_from_slice(&next.machine);
        self.future.extend_from_slice(&next.future);
        self.sensor.extend_from_slice(&next.sensor);
        self.value.extend_from_slice(&next.value);
        self.quality.extend_from_slice(&next.quality);
        self.fault.extend_from_slice(&next.fault);
        self.seq.extend_from_slice(&next.seq);
        self.events.extend_from_slice(&next.events);
        self.alerts.extend_from_slice(&next.alerts);
        // The list of sets only grows.
        if next.faults.len() > self.faults.len() {
            self.faults = next.faults.clone();
        }
    }

    /// Some of the rows; events and alerts stay behind.
    pub fn part(&self, rows: std::ops::Range<usize>) -> Parcel {
        Parcel {
            time: self.time[rows.clone()].to_vec(),
            machine: self.machine[rows.clone()].to_vec(),
            future: self.future[rows.clone()].to_vec(),
            sensor: self.sensor[rows.clone()].to_vec(),
            value: self.value[rows.clone()].to_vec(),
            quality: self.quality[rows.clone()].to_vec(),
            fault: self.fault[rows.clone()].to_vec(),
            seq: if self.seq.is_empty() { Vec::new() } else { self.seq[rows].to_vec() },
            faults: self.faults.clone(),
            ..Parcel::default()
        }
    }
}
