//! What if: the futures of every variant, their paired differences, and the answer with its interval.

pub mod answer;
pub mod folders;
pub mod gather;
pub mod junit;
pub mod needs;
pub mod optimise;
pub mod outcome;
pub mod progress;
pub mod record;
pub mod run;
pub mod statistics;
pub mod stopping;
pub mod summary;
pub mod tables;
pub mod text;
pub mod values;
pub mod verdicts;
pub mod weigh;

pub use run::{Outcome, explanation, is_study, run};
