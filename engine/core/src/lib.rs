//! The deterministic world: machine files, plans and the ECS that runs them.
//!
//! It knows no clock, no socket, no file, no thread and no async: files come in as text, inputs as a batch before a
//! tick, and what happened waits in an outbox after it. The same plan gives the same bytes, always and everywhere.

pub mod accounts;
mod act;
pub mod alerts;
mod birth;
pub mod detection;
pub mod diagnosis;
pub mod dice;
pub mod digest;
pub mod drivers;
pub mod economy;
pub mod expression;
pub mod faults;
pub mod files;
pub mod follow;
pub mod futures;
mod glance;
pub mod groups;
pub mod identify;
pub mod intake;
pub mod judge;
mod leap;
pub mod limits;
pub mod links;
pub mod lookout;
pub mod maintenance;
pub mod measures;
pub mod mirror;
pub mod plan;
mod plugins;
mod portrait;
pub mod prognosis;
pub mod record;
pub mod remaining;
pub mod script;
pub mod sensing;
pub mod site;
pub mod snapshot;
pub mod tuning;
pub mod twin;
pub mod watch;
pub mod wear;
pub mod world;

pub use plan::{Document, Library, Plan};
pub use twin::{Batch, Input, Twin};
