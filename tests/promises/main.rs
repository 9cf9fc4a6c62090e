//! The promises of the engine, each a module.

mod availability;
mod bad_files;
mod cli;
mod comms;
mod determinism;
mod fuzz;
mod generate;
mod influx;
mod labels;
mod lags;
mod metrics;
mod mqtt;
mod noise;
mod one_truth;
mod readme;
mod redis;
mod store;
mod tidy;
mod truth;
mod verify;
mod wear;
mod wires;
