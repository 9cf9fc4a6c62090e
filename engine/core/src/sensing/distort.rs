//! What active faults do to true values and readings, lane by lane. Slow and rare: only panels with a fault come here.

use super::kernel::Distort;
use super::panel::{LANES, Panel};
use crate::world::{FaultBoard, LaneAct, LaneFault, Machine};
use twinwright_model::Quality;

/// Nanoseconds in an hour.
const HOUR: f64 = 3600e9;

/// The faults of a block of machines at one sampling.
pub struct Distortion<'a> {
    pub board: &'a mut FaultBoard,
    pub machines: &'a [Machine],
    pub panel: u8,
    /// Nanoseconds since the start of the scenario.
    pub nanos: i64,
    pub tick_nanos: i64,
}

impl Distortion<'_> {
    fn faults(&mut self, which: usize) -> Option<&mut Vec<LaneFault>> {
        self.board.lanes.get_mut(&(self.machines[which].local, self.panel))
    }

    fn since_start(&self, fault: &LaneFault) -> f64 {
        (self.nanos - i64::from(fault.envelope.start) * self.tick_nanos) as f64
    }

    /// Calls back for each fault of a panel with how strongly it acts and for how long it has.
    fn each(&mut self, which: usize, mut act: impl FnMut(&mut LaneFault, f64, f64)) {
        let Some(mut faults) = self.faults(which).map(std::mem::take) else { return };
        for fault in &mut faults {
            let nanos = self.since_start(fault);
            let level = fault.envelope.level(nanos);
            act(fault, level, nanos);
        }
        if let Some(place) = self.faults(which) {
            *place = faults;
        }
    }
}

impl Distort for Distortion<'_> {
    #[inline(never)]
    fn truth(&mut self, which: usize, target: &mut [f64; LANES]) {
        self.each(which, |fault, level, _| {
            if let LaneAct::Leak(by) = fault.act {
                target[fault.lane as usize] += by * level;
            }
        });
    }

    #[inline(never)]
    fn raw(&mut self, which: usize, raw: &mut [f32; LANES], noise: &[f32; LANES]) {
        self.each(which, |fault, level, nanos| {
            let lane = fault.lane as usize;
            let value = f64::from(raw[lane]);
            let changed = match fault.act {
                LaneAct::Add(by) => value + by * level,
                LaneAct::Drift(rate) => value + rate * (nanos / HOUR) * level,
                LaneAct::Scale(factor) => value * (1.0 + (factor - 1.0) * level),
                LaneAct::Noise(factor) => value + f64::from(noise[lane]) * (factor - 1.0) * level,
                LaneAct::Quantise(step) => libm::rint(value / step) * step,
                _ => return,
            };
            raw[lane] = changed as f32;
        });
    }

    #[inline(never)]
    fn reading(&mut self, which: usize, panel: &mut Panel) {
        self.each(which, |fault, _, _| {
            let lane = fault.lane as usize;
            match &mut fault.act {
                LaneAct::Stuck(held) => {
                    // Without a value before it, it holds the first that comes: no sensor sticks at a dropout.
                    *held = held.or_else(|| Some(panel.measured[lane]).filter(|value| value.is_finite()));
                    if let Some(held) = held {
                        panel.measured[lane] = *held;
                        panel.quality[lane] = Quality::Good.code();
                    }
                }
                LaneAct::Dropout => {
                    panel.measured[lane] = f32::NAN;
                    panel.quality[lane] = Quality::Missing.code();
                }
                LaneAct::Nan => {
                    panel.measured[lane] = f32::NAN;
                    panel.quality[lane] = Quality::Bad.code();
                }
                _ => {}
            }
        });
    }
}
