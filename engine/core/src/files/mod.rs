//! From text to specs: machine, scenario and site files read with every mistake kept, each at its place.
//!
//! A file becomes a tree of [`node::Node`]s that remember where they stood; the [`read::Read`] types turn nodes into
//! specs, put what is wrong into [`sources::Faults`] and go on with a harmless stand-in, so that one pass finds all
//! mistakes. Files come in as text: nothing here opens one.

pub mod feed;
pub mod leaf;
pub mod machine;
pub mod node;
pub mod notice;
pub mod numbers;
pub mod outlet;
pub mod read;
pub mod scenario;
pub mod setting;
pub mod site;
pub mod sources;
pub mod study;

pub use machine::MachineSpec;
pub use node::{Node, Value};
pub use read::{Cx, Read};
pub use scenario::ScenarioSpec;
pub use site::SiteSpec;
pub use sources::{Faults, Sources};
pub use twinwright_model::{names, units};
