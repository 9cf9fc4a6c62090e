//! Recorders: what a run leaves on disk, in the formats people read.
//!
//! A [`Recorder`] owns one output folder and every file in it. It gets columns from the world ([`Chunk`]s), and
//! turns them into tables: CSV, JSON lines, Parquet or line protocol, wide or long, and the truth beside them.
//! Nothing here knows the world, reads a clock or decides what a run does. The bytes of a file depend only on
//! what was recorded: not on how it was cut into chunks, nor on which other formats are written.
//!
//! [`Chunk`]: twinwright_model::Chunk

mod csv;
mod door;
mod error;
pub mod feeds;
mod folder;
mod influx;
mod jsonl;
pub mod labels;
mod lines;
mod long;
pub mod notices;
mod numerals;
mod outflow;
pub mod outlets;
mod parquet;
pub mod readback;
mod recorder;
mod rowtext;
pub mod store;
mod table;
mod textbuffer;
mod timetext;
mod truth;
mod wide;

pub use error::RecordError;
pub use folder::{PartFile, RunFolder, file_name};
pub use long::Lengthener;
pub use outflow::Packing;
pub use recorder::{Failure, Format, Options, Recorder, RunHead, Shape};

#[cfg(test)]
mod tests;
