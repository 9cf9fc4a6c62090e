//! What a detector sees of a panel after a pass: what was received, beside what was expected. Plain numbers; nobody who
//! looks at them can reach back to where they come from.

use crate::sensing::LANES;
use twinwright_model::Time;

/// One panel of one machine in one pass over a tick's readings. A sensor that was heard several times in a tick is looked at in as
/// many passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PanelView {
    pub machine: u32,
    /// The model's panels first, then those of items that no model knows.
    pub panel: u8,
    /// The tick's time.
    pub time: Time,
    /// Seconds since the tick before; 0 at the first tick, and in all passes of a tick but the first.
    pub span_s: f64,
    /// The source's time of what a lane shows, in nanoseconds.
    pub heard_at: [i64; LANES],
    /// What was received last; NaN where nothing usable was received yet.
    pub measured: [f64; LANES],
    /// As `Quality` numbers them. Silence makes a lane uncertain, then bad.
    pub quality: [u8; LANES],
    /// Lanes with a good or an uncertain reading in this pass.
    pub heard: u16,
    /// What the twin expects to be received, and the standard deviation of what was received from that.
    pub expected: [f64; LANES],
    pub sd: [f64; LANES],
    /// Lanes with an expectation that is worth a comparison.
    pub modelled: u16,
}
