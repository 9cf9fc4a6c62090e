//! What the mirror promises, with simulated plants as its oracle: they know what is true.

mod coverage;
mod hostile;
mod lasting;
pub(crate) mod plant;
mod shown;
mod state;
