//! Roll-ups of readings by the minute and by the hour, kept as readings arrive.
//!
//! The first reading of an hour of a sensor marks that hour as due, in the transaction of the reading; the mark goes in
//! the transaction that writes the hour's roll-ups. Whatever stops a writer in between leaves marks, and those hours are
//! computed again from the readings. A writer keeps only the hours that it knows alone ([`keeper`]); late readings, hours
//! of which others wrote a part and hours that were let go for want of memory are left due and repaired ([`repair`]).
//! Repairs and batches exclude each other, and a repair is counted: writers that find the count changed look after their
//! marks.

pub mod keeper;
pub(super) mod pending;
mod repair;
mod sums;
pub(super) mod tables;

pub use repair::repair;
pub(super) use repair::repair_these;
pub use sums::{Roll, counts, roll_up};

/// Microseconds.
pub const MINUTE: i64 = 60_000_000;
pub const HOUR: i64 = 3_600_000_000;

/// An hour of a sensor: its id, and the first microsecond.
pub type SensorHour = (i32, i64);

/// The first microsecond of the hour in which `time` is.
pub fn hour_of(time: i64) -> i64 {
    time - time.rem_euclid(HOUR)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grain {
    Minute,
    Hour,
}

/// A row of `sensor_readings_1m` or `sensor_readings_1h`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    pub grain: Grain,
    pub sensor: i32,
    /// The first microsecond.
    pub time: i64,
    pub roll: Roll,
    /// Whether the table may have it already.
    pub again: bool,
}

/// All rows of one hour from its readings in order of time, minutes first.
pub fn entries((sensor, hour): SensorHour, readings: &[(i64, f64)]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = readings
        .chunk_by(|one, next| one.0.div_euclid(MINUTE) == next.0.div_euclid(MINUTE))
        .filter_map(|some| {
            let time = some.first()?.0.div_euclid(MINUTE) * MINUTE;
            Some(Entry { grain: Grain::Minute, sensor, time, roll: roll_up(some)?, again: true })
        })
        .collect();
    if let Some(roll) = roll_up(readings) {
        entries.push(Entry { grain: Grain::Hour, sensor, time: hour, roll, again: true });
    }
    entries
}
