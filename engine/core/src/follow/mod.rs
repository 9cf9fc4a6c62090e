//! Following: from the readings of a machine to what is hidden in it, by a Kalman filter a machine.
//!
//! States are wears (with their rate where a life is unknown), what a unit was born with, what wanders by chance, and the
//! bias of each sensor. Noise that remembers is taken off by differences to the reading before; a reading that is far off is
//! left out, and when such readings persist, the wear or the bias that explains them best is opened. It knows no site, no
//! time of day and no finding, and whatever it hears, its states stay finite.

pub mod estimate;
mod moments;
pub mod sketch;
pub mod suspicion;
pub mod update;

pub use estimate::Estimate;
pub use sketch::Sketch;
