//! The promises of the engine, each a module.

mod determinism;
