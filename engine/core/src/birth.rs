//! What a machine is at the start: once for all its futures, and what a future makes of it.

use crate::dice::{Dice, EVERY_FUTURE, Purpose};
use crate::files::numbers::Draw;
use crate::plan::vary::{self, What};
use crate::plan::{Plan, slot};
use crate::wear::WearState;
use crate::world::{Slots, Wears};
use smallvec::SmallVec;

/// One machine before any future: what the file says and what was drawn for this unit.
#[derive(Debug, Clone)]
pub struct Birth {
    machine: u32,
    slots: Slots,
    /// Life and wear at the start, by wear.
    wears: SmallVec<[(f64, f64); 2]>,
}

impl Birth {
    pub fn of(plan: &Plan, machine: u32) -> Birth {
        let model = plan.model_of(machine);
        let unit = Dice::of(plan.seed, EVERY_FUTURE, &plan.machines[machine as usize].id);
        let mut slots = Slots(smallvec::smallvec![0.0; usize::from(model.slots)]);
        for &(slot, value) in &model.initial {
            slots.0[slot as usize] = value;
        }
        for (slot, name, draw) in &model.drawn {
            slots.0[*slot as usize] = unit_draw(&unit, name, draw);
        }
        slots.0[slot::RUNNING as usize] = 1.0;
        let wears = model.wears.iter().map(|wear| {
            let life = unit_draw(&unit, &format!("wear.{}.life", wear.name), &wear.life);
            let start = unit_draw(&unit, &format!("wear.{}.starts_at", wear.name), &wear.starts_at);
            (life, start)
        });
        Birth { machine, wears: wears.collect(), slots }
    }

    /// The machine's luck in a future.
    pub fn dice(&self, plan: &Plan, future: u32) -> Dice {
        Dice::of(plan.seed, u64::from(future), &plan.machines[self.machine as usize].id)
    }

    /// Its numbers and wears at the start of a future, written over what is there.
    pub fn begin(&self, plan: &Plan, future: u32, dice: &Dice, slots: &mut Slots, wears: &mut Wears) {
        let model = plan.model_of(self.machine);
        slots.0.clone_from(&self.slots.0);
        let mut numbers = self.wears.clone();
        if !model.varied.is_empty() {
            let luck = vary::luck(plan.seed, future);
            for varied in &model.varied {
                let value = varied.value(&luck);
                match varied.what {
                    What::Slot(slot) => slots.0[slot as usize] = value,
                    What::Life(wear) => numbers[wear as usize].0 = value,
                    What::StartsAt(wear) => numbers[wear as usize].1 = value,
                }
            }
        }
        wears.0.clear();
        for (plan, (life, start)) in model.wears.iter().zip(numbers) {
            let wear = WearState::new(plan, dice, life.max(1.0), start.clamp(0.0, 0.999_999));
            slots.0[plan.slot as usize] = wear.now.max(0.0);
            wears.0.push(wear);
        }
    }
}

/// A number of this machine, the same in every future.
fn unit_draw(unit: &Dice, name: &str, draw: &Draw) -> f64 {
    // What is fixed needs no luck.
    draw.fixed().unwrap_or_else(|| unit.stream(Purpose::named(&format!("unit.{name}")), 0).draw(draw))
}
