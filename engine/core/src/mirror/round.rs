//! A round: what a tick does with all machines of the crowd, in its order.

use super::view::PanelView;
use super::{Round, SETTLING, look};
use crate::drivers::drive::drive;
use twinwright_model::Time;
use twinwright_model::live::Measurement;

impl Round<'_> {
    /// One tick: what was heard, time that passed, what drives the machines, and what is made of each of them.
    pub(super) fn go(mut self, heard: &[Measurement], see: &mut dyn FnMut(&PanelView)) {
        self.take_in(heard);
        self.take_modes();
        if self.started {
            self.pass_time();
        }
        self.settle_at_start();
        drive(self.course, self.blackboard, self.machines, self.slots);
        let mut from = 0;
        for machine in 0..self.standings.len() {
            let until =
                from + self.bench.words[from..].iter().take_while(|word| word.machine == machine as u32).count();
            self.meet(machine, from..until, see);
            from = until;
        }
    }

    /// The instant that is shown.
    pub(super) fn time(&self) -> Time {
        self.plan.time_of(i64::from(self.course.clock.tick))
    }

    /// Wear goes on since the tick before, in modes that wear.
    fn pass_time(&mut self) {
        let nanos = self.plan.tick.0 as f64;
        for ((machine, slots), standing) in self.machines.iter().zip(&mut *self.slots).zip(self.standings.known()) {
            let sketch = &self.sketches[machine.model as usize];
            let ages = standing.mode.ages();
            let rivals = standing.rivals.iter_mut().map(|rival| &mut rival.follower);
            for follower in std::iter::once(&mut standing.follower).chain(rivals) {
                let stress = |slot: u16| if ages { slots.0[usize::from(slot)] } else { 0.0 };
                follower.estimate.pass(sketch, nanos, stress);
            }
            standing.follower.estimate.write(sketch, &mut slots.0);
        }
    }

    /// What feeds on itself comes to rest before the first tick is shown, so that lags start settled.
    fn settle_at_start(&mut self) {
        if self.started || self.plan.models.iter().all(|model| model.echoes.is_empty()) {
            return;
        }
        for _ in 0..SETTLING {
            drive(self.course, self.blackboard, self.machines, self.slots);
            for (machine, slots) in self.machines.iter().zip(&mut *self.slots) {
                let model = &self.plan.models[machine.model as usize];
                for &(slot, panel, lane) in &model.echoes {
                    let aim = look::aims(model, usize::from(panel), slots)[usize::from(lane)];
                    if aim.is_finite() {
                        slots.0[usize::from(slot)] = aim;
                    }
                }
            }
        }
    }
}
