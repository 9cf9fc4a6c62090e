//! What a machine file says about output and money.

use crate::files::leaf::Formula;
use crate::files::numbers::{Lapse, Num};
use crate::spec;

spec! {
    /// Output, for throughput and OEE.
    pub struct ProductionSpec {
        /// Pieces per hour, good and bad, an expression; or `takes`.
        rate: Option<Formula>,
        /// Operating time of one piece, or a distribution of times; instead of `rate`.
        takes: Option<Lapse>,
        /// Pieces per hour at ideal speed.
        ideal: Num,
        /// The bad part of the pieces, 0 to 1, an expression (default 0).
        scrap: Option<Formula>,
    }
}

spec! {
    /// Power and money, in the user's currency.
    pub struct CostsSpec {
        /// Electrical power in kW, an expression (default 0).
        power: Option<Formula>,
        /// Price of a kWh (default 0).
        energy: Option<Num>,
        /// Cost of an hour of downtime (default 0).
        downtime: Option<Num>,
        /// Cost of a bad piece (default 0).
        scrap: Option<Num>,
    }
}
