//! Remaining life from recorded lives: a model of run-to-failure tables, learnt by one matrix solve.
//!
//! Rows come in by unit and cycle. Settings are taken out of the sensors (`regimes`), what is left is smoothed causally
//! (`course`), a kernel ridge on landmarks maps it to the cycles left (`solve`), and errors on units that were held out
//! say how sure that is (`interval`). Nothing here looks ahead in a unit, reads a file, or knows any data set.

mod course;
mod interval;
mod judge;
mod learn;
mod lives;
mod model;
mod regimes;
mod solve;

pub use course::{Course, Scales};
pub use interval::{Band, Errors};
pub use judge::{Judged, Verdict, judge};
pub use learn::{CrossChecked, Learnt, Settings, learn};
pub use lives::{Life, Lives, LivesError};
pub use model::{Model, ModelError, Predicted, Training};

#[cfg(test)]
mod tests;
