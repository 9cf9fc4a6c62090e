//! What the mirror shows of a panel after a pass is what detection looks at.

pub use crate::detection::PanelView;

/// No reading yet: what stands in `heard_at` then.
pub const NEVER: i64 = i64::MIN;
