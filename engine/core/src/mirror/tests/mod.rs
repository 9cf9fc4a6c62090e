//! What the mirror promises, with simulated plants as its oracle: they know what is true.

mod cost_tmp;
mod coverage;
mod hostile;
mod plant;
mod shown;
mod state;
