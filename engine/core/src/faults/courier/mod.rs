//! Carries readings to one outlet and does on the way what comms faults do; the truth and other outlets stay clean.
//!
//! What comes out follows from the plan and the readings alone: it is the same however the stream was cut into parcels
//! and however fast it runs. A courier knows no clock: it is told up to where everything has been made.

mod line;
mod roll;

use super::comms::Fate;
use crate::plan::Plan;
use line::{Line, Message};
use roll::Roll;
use std::ops::Range;
use std::sync::Arc;
use twinwright_model::{Parcel, Quality, Time};

/// Readings in the order in which they arrive, and what was done to them on purpose.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Delivery {
    pub parcel: Parcel,
    /// When each row arrives; never before the row in front of it.
    pub due: Vec<Time>,
    /// Readings made in this stretch that never arrive.
    pub lost: u64,
    /// Rows that repeat a reading.
    pub duplicated: u64,
    /// Readings that a later one of their sensor has overtaken.
    pub reordered: u64,
    /// Readings that arrive later than they were made.
    pub delayed: u64,
    /// Of the delayed ones those that came before they were due, since the line could hold no more.
    pub hurried: u64,
}

impl Delivery {
    fn reserve(&mut self, rows: usize) {
        self.due.reserve(rows);
        self.parcel.time.reserve(rows);
        self.parcel.machine.reserve(rows);
        self.parcel.future.reserve(rows);
        self.parcel.sensor.reserve(rows);
        self.parcel.value.reserve(rows);
        self.parcel.quality.reserve(rows);
        self.parcel.fault.reserve(rows);
        self.parcel.seq.reserve(rows);
    }

    fn put(&mut self, due: Time, message: &Message) {
        for _ in 0..=message.copies {
            self.due.push(due);
            self.parcel.time.push(message.time);
            self.parcel.machine.push(message.machine);
            self.parcel.future.push(0);
            self.parcel.sensor.push(message.sensor);
            self.parcel.value.push(message.value);
            self.parcel.quality.push(message.quality);
            self.parcel.fault.push(message.fault);
            self.parcel.seq.extend(message.seq);
        }
        self.duplicated += u64::from(message.copies);
    }

    /// Rows that nothing was done to.
    fn put_all(&mut self, from: &Parcel, rows: Range<usize>) {
        if rows.is_empty() {
            return;
        }
        self.due.extend_from_slice(&from.time[rows.clone()]);
        self.parcel.time.extend_from_slice(&from.time[rows.clone()]);
        self.parcel.machine.extend_from_slice(&from.machine[rows.clone()]);
        self.parcel.future.extend_from_slice(&from.future[rows.clone()]);
        self.parcel.sensor.extend_from_slice(&from.sensor[rows.clone()]);
        self.parcel.value.extend_from_slice(&from.value[rows.clone()]);
        self.parcel.quality.extend_from_slice(&from.quality[rows.clone()]);
        self.parcel.fault.extend_from_slice(&from.fault[rows.clone()]);
        if !from.seq.is_empty() {
            self.parcel.seq.extend_from_slice(&from.seq[rows]);
        }
    }
}

/// The stamp that a clock showed last, before it showed any.
const NEVER: Time = Time(i64::MIN);

/// The way of readings to one outlet.
#[derive(Debug)]
pub struct Courier {
    roll: Roll,
    line: Line,
    /// By post and sensor, for machines whose stamps are frozen at some time: the last stamp shown.
    clocks: Vec<Vec<Time>>,
    ever_freezes: bool,
    /// Readings of faulty machines so far.
    order: u64,
    /// Up to where everything has been made.
    now: Time,
    faults: Arc<Vec<String>>,
}

impl Courier {
    /// A courier for one outlet (`mqtt.plant`); None when no comms fault concerns it. `sensor_names` is what parcels
    /// number sensors by, machines are numbered as in the plan.
    pub fn new(plan: &Arc<Plan>, sensor_names: &[String], outlet: &str) -> Option<Courier> {
        let roll = Roll::new(plan, sensor_names, outlet)?;
        Some(Courier {
            line: Line::new(roll.posts()),
            clocks: vec![Vec::new(); roll.posts()],
            ever_freezes: roll.ever_freezes(),
            roll,
            order: 0,
            now: plan.start,
            faults: Arc::default(),
        })
    }

    /// The same with room for so many late readings; with more, the one that is due next goes out at once.
    pub fn with_room(mut self, readings: usize) -> Courier {
        self.line.most_held = readings;
        self
    }

    /// Readings that are on their way.
    pub fn held(&self) -> usize {
        self.line.held()
    }

    /// Takes readings in order of time, whole instants at a time, and gives those that arrive up to `until`. Everything
    /// made before `until` has been handed over, nothing that is made then or later.
    pub fn carry(&mut self, mut parcel: Parcel, until: Time) -> Delivery {
        self.faults.clone_from(&parcel.faults);
        self.now = self.now.max(until);
        if self.is_quiet(&parcel) {
            for row in 0..if self.ever_freezes { parcel.len() } else { 0 } {
                self.note_stamp(&parcel, row);
            }
            return Delivery { due: parcel.time.clone(), parcel, ..Delivery::default() };
        }
        let mut delivery = Delivery::default();
        delivery.parcel.faults.clone_from(&parcel.faults);
        delivery.parcel.events = std::mem::take(&mut parcel.events);
        delivery.parcel.alerts = std::mem::take(&mut parcel.alerts);
        self.sort_out(&parcel, &mut delivery);
        self.line.release(until, &mut delivery);
        delivery
    }

    /// What is still on its way when nothing comes any more, each when it is due.
    pub fn close(&mut self) -> Delivery {
        let mut delivery = Delivery::default();
        delivery.parcel.faults.clone_from(&self.faults);
        self.line.clear(self.now, &mut delivery);
        delivery
    }

    /// Whether a parcel can go as it is.
    fn is_quiet(&self, parcel: &Parcel) -> bool {
        let last = parcel.time.last().copied().unwrap_or(NEVER);
        self.roll.is_idle() && self.line.held() == 0 && last < self.roll.next_change()
    }

    fn sort_out(&mut self, parcel: &Parcel, delivery: &mut Delivery) {
        delivery.reserve(parcel.len());
        let mut clean = 0;
        let mut next = NEVER;
        for row in 0..parcel.len() {
            let time = parcel.time[row];
            if time >= next {
                delivery.put_all(parcel, clean..row);
                clean = row;
                self.roll.turn_to(time);
                self.line.release(time, delivery);
                next = self.roll.next_change().min(self.line.next_due());
            }
            let Some(post) = self.roll.post(parcel.machine[row]) else { continue };
            if self.roll.is_active_on(post) || self.line.holds_back(post) {
                delivery.put_all(parcel, clean..row);
                clean = row + 1;
                self.take(parcel, row, post, delivery);
                next = next.min(self.line.next_due());
            } else if self.ever_freezes {
                self.note_stamp(parcel, row);
            }
        }
        delivery.put_all(parcel, clean..parcel.len());
    }

    /// One reading of a machine that is not left alone.
    fn take(&mut self, parcel: &Parcel, row: usize, post: u32, delivery: &mut Delivery) {
        let (time, sensor) = (parcel.time[row], parcel.sensor[row]);
        let fate = self.roll.fate(post, sensor, time);
        let stamp = self.stamp(post, sensor, time, fate);
        if fate.lost {
            delivery.lost += 1;
            return;
        }
        self.order += 1;
        let message = Message {
            time: stamp,
            seq: parcel.seq.get(row).copied(),
            order: self.order,
            machine: parcel.machine[row],
            sensor,
            value: parcel.value[row],
            fault: parcel.fault[row],
            copies: fate.copies,
            quality: if fate.bad { Quality::Bad.code() } else { parcel.quality[row] },
            held_back: fate.held_back,
        };
        match fate.delay {
            0 => self.line.send(time, post, message, delivery),
            delay => self.line.delay(Time(time.0.saturating_add(delay)), post, message, time, delivery),
        }
    }

    /// What the machine's clock shows for a reading.
    fn stamp(&mut self, post: u32, sensor: u32, time: Time, fate: Fate) -> Time {
        let shown = Time(time.0.saturating_add(fate.shift));
        if !self.roll.freezes(post) {
            return shown;
        }
        let clocks = &mut self.clocks[post as usize];
        if clocks.len() <= sensor as usize {
            clocks.resize(sensor as usize + 1, NEVER);
        }
        let last = &mut clocks[sensor as usize];
        if !fate.frozen || *last == NEVER {
            *last = shown;
        }
        *last
    }

    /// Remembers what a clock shows that nothing disturbs yet.
    fn note_stamp(&mut self, parcel: &Parcel, row: usize) {
        if let Some(post) = self.roll.post(parcel.machine[row]).filter(|post| self.roll.freezes(*post)) {
            self.stamp(post, parcel.sensor[row], parcel.time[row], Fate::default());
        }
    }
}
