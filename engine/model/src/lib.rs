//! The nouns that cross the border: what the deterministic world says and what everything around it hears.
//!
//! Plain data with serde, nothing else: no world, no file, no socket. `core` and `io` both know this
//! package and never each other.

pub mod diagnostic;
pub mod feeds;
pub mod journal;
pub mod live;
pub mod mode;
pub mod names;
pub mod parcel;
pub mod quality;
pub mod record;
pub mod sheet;
pub mod time;
pub mod units;

pub use diagnostic::{Diagnostic, Place};
pub use mode::{E10, Mode};
pub use parcel::Parcel;
pub use quality::Quality;
pub use record::{AlertRecord, AlertState, EventRecord, Label, Severity, WorkRecord};
pub use sheet::{Chunk, MachineName, ReadingRows, Sensor, Sheet, TruthRows};
pub use time::{Span, Time};
