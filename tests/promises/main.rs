//! The promises of the engine, each a module.

mod availability;
mod bad_files;
mod cli;
mod determinism;
mod fuzz;
mod lags;
mod noise;
mod readme;
mod tidy;
mod truth;
mod wear;
