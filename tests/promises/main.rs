//! The promises of the engine, each a module.

mod availability;
mod determinism;
mod lags;
mod noise;
mod truth;
mod wear;
