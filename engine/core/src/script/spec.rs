//! What a scenario says about things that are done at a time or on a condition.

use crate::files::Node;
use crate::files::leaf::{At, Formula, Instant, Named};
use crate::files::numbers::Lapse;
use crate::spec;

spec! {
    /// Something that is set at a time, or when a condition holds.
    pub struct AtSpec {
        /// When: an instant, or `+30 d` after the start.
        time: Option<At<Instant>>,
        /// A condition, such as `P-101.vibration > 6 for 10 min`.
        when: Option<Formula>,
        /// Only the first time that the condition comes true.
        once: Option<bool>,
        /// The machine or machines that are set; where a condition names one machine only, that one.
        machine: Option<At<String>>,
        /// Drivers and their new values; `mode` sets the mode.
        set: Named<Node>,
        /// Given back after this time.
        lasts: Option<Lapse>,
    }
}
