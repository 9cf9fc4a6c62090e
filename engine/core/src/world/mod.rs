//! The shared nouns of the world, through which the features meet: machine, mode, clock, agenda, outbox.

pub mod agenda;
pub mod blackboard;
pub mod board;
pub mod clock;
pub mod few;
pub mod floor;
pub mod machine;
pub mod modes;
pub mod outbox;
pub mod patches;

pub use agenda::Agenda;
pub use blackboard::{Between, Blackboard, Hot};
pub use board::{FaultBoard, LaneAct, LaneFault};
pub use clock::{Clock, Course};
pub use few::Few;
pub use floor::{Floor, Hall};
pub use machine::{Machine, Panels, Roster, Run, Slots, Wears};
pub use modes::{Down, Modes, Parts, Unrest};
pub use outbox::Outbox;
pub use patches::{Envelope, Patch, Patches};
