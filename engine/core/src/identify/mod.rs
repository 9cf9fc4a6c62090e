//! What a recorded table says of a machine: for each sensor its gains on the drivers, its lag, its noise and its step.
//!
//! A first-order lag is found by search, gains by least squares on whitened rows (`whiten`), so that noise with memory
//! does not pass for knowledge. What the rows do not tell apart is left out and said (`Doubt`), never filled in.
//! Nothing here knows columns of files or text of machine files.

mod course;
mod sensor;
mod squares;
mod step;
#[cfg(test)]
mod tests;
mod whiten;

use course::Inputs;

pub use step::step_of;

/// Fewer rows than this say nothing of a sensor.
pub const FEWEST_ROWS: usize = 60;

/// A recorded stretch, rows in the order of time; a missing cell is NaN.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    /// Seconds since the first row, each more than the one before.
    pub seconds: Vec<f64>,
    pub drivers: Vec<Series>,
    pub sensors: Vec<Series>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    pub name: String,
    pub values: Vec<f64>,
}

/// What a machine file can say of a driver.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Driver {
    pub name: String,
    pub mean: f64,
    pub sd: f64,
    /// Seconds until half of what moved it is forgotten, about; `None` where rows follow each other without memory.
    pub memory: Option<f64>,
    pub low: f64,
    pub high: f64,
    /// Why no gain on it can be told.
    pub doubt: Option<Doubt>,
}

/// What a machine file can say of a sensor.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    pub name: String,
    pub rows: usize,
    pub base: f64,
    /// Gains that stand out of the noise: the driver's place, the gain, its standard error.
    pub gains: Vec<(usize, f64, f64)>,
    /// Seconds.
    pub lag: Option<f64>,
    pub sd: f64,
    /// Seconds.
    pub memory: Option<f64>,
    pub step: Option<f64>,
    pub low: f64,
    pub high: f64,
    /// On the last third of the rows, which the fit that is judged had not seen.
    pub explained: Option<f64>,
    pub doubts: Vec<Doubt>,
}

/// What the rows do not say.
#[derive(Debug, Clone, PartialEq)]
pub enum Doubt {
    /// A driver never changes.
    Stands,
    /// A driver moves with others, by place: their gains cannot be told apart.
    MovesWith(Vec<usize>),
    TooFewRows(usize),
    /// The sensor never changes.
    NeverMoves,
    /// A gain on this driver is not larger than chance makes it.
    NoGain(usize),
    /// Whatever the lag is, it is too long for this record.
    LagTooLong,
    /// Steps are coarser than the noise: its size cannot be told.
    NoiseBelowStep,
    /// On rows that it had not seen the fit was no better than their mean: nothing of it is kept.
    NoBetterThanMean(f64),
    /// What is left wanders over this many seconds: wear, or a driver that was not recorded.
    Wanders(f64),
}

/// Everything that can be said of a record.
pub fn identify(record: &Record) -> (Vec<Driver>, Vec<Found>) {
    let drivers = Driver::of_all(record);
    let usable: Vec<usize> = (0..drivers.len()).filter(|at| drivers[*at].doubt.is_none()).collect();
    let inputs = Inputs::of(record, &usable);
    let found = record.sensors.iter().map(|sensor| sensor::identify(sensor, &inputs)).collect();
    (drivers, found)
}

impl Driver {
    fn of_all(record: &Record) -> Vec<Driver> {
        let mut drivers: Vec<Driver> = Vec::new();
        let mut kept: Vec<usize> = Vec::new();
        for (at, series) in record.drivers.iter().enumerate() {
            let mut driver = Driver::of(series, &record.seconds);
            if driver.sd <= 1e-9 * driver.mean.abs() || driver.sd == 0.0 {
                driver.doubt = Some(Doubt::Stands);
            } else if course::moves_with(record, at, &kept) {
                driver.doubt = Some(Doubt::MovesWith(kept.clone()));
            } else {
                kept.push(at);
            }
            drivers.push(driver);
        }
        drivers
    }

    fn of(series: &Series, seconds: &[f64]) -> Driver {
        let known = || series.values.iter().copied().filter(|value| value.is_finite());
        let count = known().count();
        let Some((low, high)) = span_of(known()) else {
            return Driver { name: series.name.clone(), doubt: Some(Doubt::TooFewRows(0)), ..Driver::default() };
        };
        let mean = known().sum::<f64>() / count as f64;
        let sd = (known().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count as f64).sqrt();
        let rows: Vec<usize> = (0..seconds.len()).filter(|row| series.values[*row].is_finite()).collect();
        let rest: Vec<f64> = rows.iter().map(|row| (series.values[*row] - mean) / sd.max(f64::MIN_POSITIVE)).collect();
        let times: Vec<f64> = rows.iter().map(|row| seconds[*row]).collect();
        let memory = if sd > 0.0 && count >= FEWEST_ROWS { whiten::memory_of(&rest, &times, 0.0).0 } else { None };
        Driver { name: series.name.clone(), mean, sd, memory, low, high, doubt: None }
    }
}

/// The lowest and highest of some numbers.
pub(super) fn span_of(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |span, value| match span {
        None => Some((value, value)),
        Some((low, high)) => Some((low.min(value), high.max(value))),
    })
}
