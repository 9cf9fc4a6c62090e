//! What the benches share: machines to simulate, columns to write, and honest clocks.
//!
//! A bench asks one question and prints one figure a line; everything that two of them need lies here, so that they
//! measure the same plant. Nothing here may change what the engine does: only its public front door is used.

pub mod bare;
pub mod meter;
pub mod plants;
pub mod ready;

/// A way in which a bench cannot go on, in words.
pub type Refused = Box<dyn std::error::Error>;
