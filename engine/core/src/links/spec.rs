//! What a scenario says about how machines are joined.

use crate::files::leaf::At;
use crate::spec;

spec! {
    /// A link from one machine to another.
    pub struct LinkSpec {
        /// The machine that feeds, contains or controls.
        from: At<String>,
        /// The machine that is fed, contained or controlled.
        to: At<String>,
        /// feeds, contains or controls.
        kind: At<String>,
    }
}
