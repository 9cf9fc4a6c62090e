//! How long a machine will last, as far as the mirror can tell. It works on copies.

use super::{Mirror, quiet};
use crate::prognosis::{Belief, Outlook, Prognosis, prognosis};
use std::sync::Arc;
use twinwright_model::Mode;

/// Why nothing can be foreseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unforeseen {
    /// No file knows this machine.
    Unknown,
    /// Its kind has no wear.
    Wearless,
    /// It has failed already.
    Failed,
    /// The driver that is to be assumed is none, or follows from others.
    Driver,
}

impl Mirror {
    /// Runs futures of a machine to failure, from what is believed of it now. `assume` holds a driver at a value for all time.
    pub fn prognosis(&self, machine: u32, assume: Option<(&str, f64)>, futures: u32) -> Result<Prognosis, Unforeseen> {
        let number = machine as usize;
        let found = (self.crowd.machine(number), self.crowd.slots(number), self.crowd.standing(number));
        let (Some(who), Some(slots), Some(standing)) = found else { return Err(Unforeseen::Unknown) };
        let sketch = &self.sketches[who.model as usize];
        if sketch.wears.is_empty() {
            return Err(Unforeseen::Wearless);
        }
        if standing.mode == Mode::Failed {
            return Err(Unforeseen::Failed);
        }
        let mut slots = slots.clone();
        let mut plan = self.plan.clone();
        if let Some((driver, value)) = assume {
            let mut changed = (*plan).clone();
            let slot = quiet::hold(&mut changed.models[who.model as usize], driver).ok_or(Unforeseen::Driver)?;
            slots.0.resize(usize::from(changed.models[who.model as usize].slots), 0.0);
            slots.0[usize::from(slot)] = value;
            plan = Arc::new(changed);
        }
        let outlook = Outlook::of(&plan, who, &slots, self.course.clock.tick);
        let belief = Belief::of(sketch, &standing.follower.estimate);
        let model = &plan.models[who.model as usize];
        Ok(prognosis(model, plan.seed, &standing.name, &belief, &outlook, futures))
    }
}
