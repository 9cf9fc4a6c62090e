//! What a scenario says about maintenance.

use crate::files::leaf::{At, Formula, Named};
use crate::files::numbers::{Lapse, Num};
use crate::spec;

spec! {
    /// When parts are restored before they fail, by whom and from which stock.
    pub struct MaintenanceSpec {
        /// run-to-failure, periodic, condition or predictive.
        policy: At<String>,
        /// How often, for a periodic policy; for a predictive one how often the risk is looked at (default a tenth of `lead`).
        every: Option<Lapse>,
        /// What a periodic policy counts: `calendar` (from the start) or `operating` (hours since last restored).
        by: Option<At<String>>,
        /// When work is due, for a condition policy: an expression over the machine's wear, drivers, sensors and open alerts (`vibration.high`).
        when: Option<Formula>,
        /// From the condition to the start of the work (default 0).
        delay: Option<Lapse>,
        /// How far a predictive policy looks ahead.
        lead: Option<Lapse>,
        /// Work is due when a failure within `lead` is at least this likely, above 0 to 1.
        risk: Option<Num>,
        /// The wears that planned work restores (default: all that have a repair).
        restores: Option<Vec<At<String>>>,
        /// How many machines are worked on at once; without it no limit.
        crew: Option<At<u64>>,
        /// When planned work may begin, in UTC: "06:00-14:00"; "22:00-06:00" goes over midnight (default always).
        hours: Option<At<String>>,
        /// The days on which planned work may begin: mon, tue, wed, thu, fri, sat, sun (default all).
        days: Option<At<Vec<At<String>>>>,
        /// Whoever works on a machine also restores its other wears at or above this wear, 0 to 1.
        opportunistic: Option<Num>,
        /// Spare parts, by the wear that takes them: `[maintenance.spares.bearing]`.
        spares: Named<SpareSpec>,
    }
}

spec! {
    /// Spare parts of one sort, on a shelf for all machines.
    pub struct SpareSpec {
        /// How many lie there at the start; each that is taken is ordered anew.
        stock: At<u64>,
        /// From order to arrival.
        lead: Lapse,
        /// Price of one (default 0).
        cost: Option<Num>,
    }
}
