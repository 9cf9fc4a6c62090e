//! Ageing: one tick of stress, energy and output for every machine.

use crate::economy::Meters;
use crate::world::{Course, Machine, Modes, Slots, Wears};
use twinwright_model::Mode;

/// Takes every wear and meter from the tick before to this one, of machines that lie in line.
pub fn age(
    course: &Course,
    worn: &mut Vec<(u32, u8)>,
    machines: &[Machine],
    modes: &[Modes],
    slots: &mut [Slots],
    wears: &mut [Wears],
    meters: &mut [Meters],
) {
    let plan = &*course.plan;
    let (nanos, hours) = (plan.tick.0 as f64, plan.tick.hours());
    let rows = machines.iter().zip(modes).zip(slots).zip(wears).zip(meters);
    for ((((machine, modes), slots), wears), meters) in rows {
        let model = &plan.models[machine.model as usize];
        meters.accrue(&model.economy, &slots.0, &machine.dice, plan.tick.0, hours);
        let ages = modes.mode.ages();
        for (index, (wear, plan)) in wears.0.iter_mut().zip(&model.wears).enumerate() {
            // Below 0 nothing heals: stress that is no finite number, or negative, counts as none.
            let stress = slots.0[plan.stress as usize];
            let stress = if ages && stress > 0.0 && stress.is_finite() { stress } else { 0.0 };
            let failed = wear.age(plan, &machine.dice, course.clock.tick, nanos, stress);
            slots.0[plan.slot as usize] = wear.now.max(0.0);
            if failed && modes.mode != Mode::Failed {
                worn.push((machine.local, index as u8));
            }
        }
    }
}
