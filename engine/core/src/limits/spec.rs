//! What a machine file says about alarm limits.

use crate::files::numbers::{Lapse, Num};
use crate::spec;

spec! {
    /// Alarm limits with deadband and delays. low_low and high_high are of severity high, low and high of medium.
    pub struct LimitsSpec {
        /// Alarm below this, severity high.
        low_low: Option<Num>,
        /// Alarm below this, severity medium.
        low: Option<Num>,
        /// Alarm above this, severity medium.
        high: Option<Num>,
        /// Alarm above this, severity high.
        high_high: Option<Num>,
        /// How far back inside the limit a reading must come to clear (default 0).
        deadband: Option<Num>,
        /// How long a reading must stay beyond before the alarm is raised (default 0).
        on_delay: Option<Lapse>,
        /// How long it must stay back before the alarm clears (default 0).
        off_delay: Option<Lapse>,
    }
}
