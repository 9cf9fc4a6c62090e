//! What a machine file says about its wears.

use crate::files::leaf::{At, Formula};
use crate::files::numbers::{Lapse, Num};
use crate::spec;

spec! {
    /// A hidden degradation, 0 as new to 1 failed.
    pub struct WearSpec {
        /// linear, exponential, wiener, gamma, weibull or shock.
        law: At<String>,
        /// Mean life at stress 1 (all laws but shock).
        life: Option<Lapse>,
        /// Scatter of wiener and gamma paths: near the coefficient of variation of life.
        spread: Option<Num>,
        /// The `a` of exponential (default 3) or the `k` of weibull.
        shape: Option<Num>,
        /// How hard the machine is used, 1 at rated conditions.
        stress: Option<Formula>,
        /// Shocks per hour of stress-weighted time.
        rate: Option<Num>,
        /// What one shock adds.
        jump: Option<Num>,
        /// Wear at the start of the run (default 0).
        starts_at: Option<Num>,
        /// What happens after a failure; without it the machine stays failed.
        repair: Option<RepairSpec>,
    }
}

spec! {
    /// How a failed or worn part is restored.
    pub struct RepairSpec {
        /// How long it takes.
        takes: Lapse,
        /// Cost of an unplanned repair.
        cost: Option<Num>,
        /// Cost of planned work (default: `cost`).
        planned_cost: Option<Num>,
        /// Wear after the work (default 0).
        restores_to: Option<Num>,
    }
}
