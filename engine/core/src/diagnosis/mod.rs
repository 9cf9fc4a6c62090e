//! Diagnosis: from what sensors show beside what is expected of a machine as new, to the wear or the sensor that explains it.
//!
//! Each possible cause has a signature: what it would add to each sensor at each of its sizes. The residual is laid on them by
//! least squares that let no wear be below zero, in units of what noise and differences between units would do by themselves.
//! How well a cause fits, weighed by how much else it could have explained, makes its probability; one of the answers is that
//! nothing known explains it. It is arithmetic only: it knows no mirror, no file and no store.

pub mod chi;
mod examine;
mod hypotheses;
mod judge;
mod nnls;
mod table;
#[cfg(test)]
mod tests;
mod verdict;

pub use examine::{Examiner, Seen};
pub use judge::diagnose;
pub use table::{Examination, Told};
pub use verdict::{Answer, Diagnosis, Found};

use nalgebra::{DMatrix, DVector};

/// What may be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// A wear, by its number in the model.
    Wear(usize),
    /// A sensor that reads too high or too low, by its number.
    Bias(usize),
}

/// A cause with what it would add to what is seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspect {
    pub cause: Cause,
    /// Its name in the machine file.
    pub name: String,
    /// Effects at evenly spaced sizes, the first being 0 throughout; straight between them.
    pub curve: Vec<DVector<f64>>,
    /// The size at the curve's end. A bias may as well be as far below 0.
    pub largest: f64,
}

impl Suspect {
    /// A bias goes either way, a wear only up.
    pub fn goes_both_ways(&self) -> bool {
        matches!(self.cause, Cause::Bias(_))
    }
}

/// What is seen of a machine: by sensor, and apart for when it runs and when it does not.
#[derive(Debug, Clone, PartialEq)]
pub struct Symptoms {
    /// Measured less expected.
    pub residual: DVector<f64>,
    /// What noise and differences between units do by themselves.
    pub covariance: DMatrix<f64>,
    /// The standard deviation of one reading: the measure for how large something is.
    pub scale: DVector<f64>,
    pub suspects: Vec<Suspect>,
}
