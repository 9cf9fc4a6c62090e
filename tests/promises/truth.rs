//! Ground truth: what rows, labels and alerts say is exactly what happened, to the tick and to the bit.
//!
//! A run with a fault and the same run without it share all their luck, so every difference between them is the
//! fault's. Expressions run on all of their random trees with TWINWRIGHT_FULL=1 and on a tenth of them otherwise.

mod alerts;
mod expressions;
mod process_faults;
mod readings;
mod script;
pub(crate) mod seen;
mod sensor_faults;
