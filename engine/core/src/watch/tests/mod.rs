//! The watch as a whole: few alerts where little happens, none from bad data, and the same after a restart.

mod bad_data;
mod few_alerts;
mod keeping;
pub mod plant;
mod silence;
