//! The panel kernel without an engine around it: the floor that a world of one machine is measured against.
//!
//! One panel, one loop, nothing else: no drivers, no wear, no schedule. The instruction set is chosen once, outside the
//! loop, as nobody could do better.

use crate::Refused;
use pulp::{Simd, WithSimd};
use twinwright_core::Plan;
use twinwright_core::dice::Dice;
use twinwright_core::sensing::kernel::{Distort, Sampling, sample};
use twinwright_core::sensing::{LANES, Panel, PanelPlan};

/// One panel and what it reads.
#[derive(Debug)]
pub struct BarePanel<'a> {
    plan: &'a PanelPlan,
    panel: Panel,
    slots: Vec<f64>,
    dice: Dice,
    index: u64,
}

/// Nothing goes wrong.
struct NoFaults;

impl Distort for NoFaults {
    fn truth(&mut self, _: usize, _: &mut [f64; LANES]) {}
    fn raw(&mut self, _: usize, _: &mut [f32; LANES], _: &[f32; LANES]) {}
    fn reading(&mut self, _: usize, _: &mut Panel) {}
}

impl<'a> BarePanel<'a> {
    /// The first panel of the plan's first model.
    pub fn of(plan: &'a Plan) -> Result<BarePanel<'a>, Refused> {
        let model = plan.models.first().ok_or("the plan has no machine")?;
        let panel_plan = model.panels.first().ok_or("the machine has no panel")?;
        let slots = (0..model.slots).map(|slot| 0.5 + 0.01 * f64::from(slot)).collect();
        let dice = Dice::of(plan.seed, 0, "U-1");
        Ok(BarePanel { plan: panel_plan, panel: Panel::default(), slots, dice, index: 0 })
    }

    /// So many samples of it; the sum of a lane keeps the compiler honest.
    pub fn run(&mut self, ticks: u64) -> f32 {
        pulp::Arch::new().dispatch(Loop { bare: self, ticks })
    }
}

struct Loop<'a, 'b> {
    bare: &'a mut BarePanel<'b>,
    ticks: u64,
}

impl WithSimd for Loop<'_, '_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f32 {
        let Loop { bare, ticks } = self;
        let (mut sum, mut truth) = (0.0, [[0.0; LANES]]);
        for _ in 0..ticks {
            let sampling = Sampling { panel: 0, index: bare.index, due: true };
            let (panels, slots) = (&mut [&mut bare.panel], [bare.slots.as_slice()]);
            sample::<1>(bare.plan, panels, slots, &[bare.dice], sampling, &mut NoFaults, &mut truth);
            bare.index += 1;
            sum += bare.panel.measured[0];
        }
        sum
    }
}
