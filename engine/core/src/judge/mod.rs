//! Judging: is a row of readings like the rows that were learnt from? One row at a time, from what came before it alone.
//!
//! A [`Learner`] hears training rows and makes a [`Baseline`]; a [`Judge`] holds one and gives a [`Verdict`] on each
//! row that it hears. `channels` is what both look through: levels, surprises and variances at several time scales.
//! Nothing here knows a file, a clock, a label, a name of a column, or how many rows will come.

mod axes;
pub mod baseline;
mod calibrate;
mod channels;
mod episode;
mod file;
mod fit;
pub mod learner;
pub mod series;
pub mod spec;
#[cfg(test)]
mod tests;
mod turns;
pub mod verdict;

pub use baseline::Baseline;
pub use file::{JUDGE_SCHEMA, file_schema};
pub use learner::Learner;
pub use spec::JudgeSpec;
pub use verdict::{Judge, Verdict};

/// The members whose opinions are fused, by name, in the order of [`Verdict::parts`].
///
/// - `ewma`: the level that is furthest from its reference, sensor by sensor.
/// - `mewma`: T2 of the levels of what a row could not be foretold from the row before.
/// - `spe`: that error itself, squared and weighed by its covariance, remembered.
/// - `variance`: log-variances of the same, sensor by sensor.
/// - `cusum`: cumulative sums, sensor by sensor (off unless asked for).
/// - `limits`: limits that were given for columns.
pub const PARTS: [&str; 6] = ["ewma", "mewma", "spe", "variance", "cusum", "limits"];

/// Members that look through channels: all but the limits.
const CHANNELLED: usize = 5;

/// Time scales in rows.
const SCALES: usize = 3;

/// How many columns a verdict names.
pub const TOP: usize = 5;

/// A reading further out says as little as an infinite one; squares and sums of what is left stay finite.
const BEYOND: f64 = 1e150;

/// The reading, or None where nothing was read.
fn heard(value: Option<&f64>) -> Option<f64> {
    value.copied().filter(|value| value.abs() < BEYOND)
}
