//! Leaping: one future of a group of machines that goes from one event to the next instead of from tick to tick.
//!
//! It has no world of entities: it keeps the columns that deeds act on and lends them as a floor, so that whatever
//! happens happens by the same code as in a twin, at the same ticks and with the same luck. What it adds is the time
//! between: each machine is brought forward only when something happens to it. It must never see an event at another
//! tick than stepping does.

pub mod explain;
mod group;
mod sort;
pub mod steady;
pub mod stretch;
pub mod watch;

#[cfg(test)]
mod tests;
