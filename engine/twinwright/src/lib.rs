//! The wiring of twinwright: files, commands and reports around the deterministic core.
//!
//! The binary is a thin shell over this library, so that tests and benches can call what it calls.

pub mod alerts;
pub mod bulletin;
pub mod check;
pub mod columns;
pub mod detect;
pub mod diagnose;
pub mod fit;
pub mod foresee;
pub mod generate;
pub mod history;
pub mod init;
pub mod library;
pub mod live;
pub mod memory;
pub mod recording;
pub mod report;
pub mod rul;
pub mod run;
pub mod store;
pub mod trouble;
pub mod tune;
pub mod verify;
pub mod whatif;

pub use library::Kinds;
pub use trouble::Trouble;

/// The version that files and summaries carry.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
