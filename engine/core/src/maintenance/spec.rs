//! What a scenario says about maintenance.

use crate::files::leaf::{At, Formula};
use crate::files::numbers::Lapse;
use crate::spec;

spec! {
    /// When parts are restored before they fail.
    pub struct MaintenanceSpec {
        /// run-to-failure, periodic or condition.
        policy: At<String>,
        /// How often, for a periodic policy.
        every: Option<Lapse>,
        /// What a periodic policy counts: `calendar` (from the start) or `operating` (hours since last restored).
        by: Option<At<String>>,
        /// When work is due, for a condition policy: an expression over the machine's wear, drivers and sensors.
        when: Option<Formula>,
        /// From the condition to the start of the work (default 0).
        delay: Option<Lapse>,
        /// The wears that planned work restores (default: all that have a repair).
        restores: Option<Vec<At<String>>>,
        /// How many machines are worked on at once; without it no limit.
        crew: Option<At<u64>>,
    }
}
