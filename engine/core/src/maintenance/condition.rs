//! The system that watches for condition-based work: an expression over each machine's wear, drivers and readings.

use super::{Policy, Sign, Source};
use crate::limits::judge::Watches;
use crate::world::agenda::Deed;
use crate::world::{Agenda, Course, Down, Machine, Modes, Panels, Slots, Wears};
use bevy_ecs::prelude::{Query, Res, ResMut};

/// Puts planned work on the agenda of machines whose condition holds.
pub fn watch_conditions_of_parts(
    course: Res<Course>,
    watches: Res<Watches>,
    mut agenda: ResMut<Agenda>,
    machines: Query<(&Machine, &Modes, &Slots, &Wears, &Panels)>,
) {
    let Policy::Condition { when, delay } = &course.plan.maintenance.policy else { return };
    let mut values: Vec<f64> = Vec::new();
    for (machine, modes, slots, wears, panels) in &machines {
        if modes.down != Down::No || modes.wants_work.is_some() {
            continue;
        }
        for watched in when.get(&machine.model).into_iter().flatten() {
            values.clear();
            values.extend(watched.reads.iter().map(|sign| match *sign {
                Sign::Number(source) => source.of(slots, wears, panels),
                Sign::Alert(sensor, level) => {
                    let watch = watches.0.get(&(machine.local, sensor, level));
                    f64::from(u8::from(watch.is_some_and(|watch| watch.raised)))
                }
            }));
            let holds = watched.bound.eval(&values);
            // A reading that is no number decides nothing.
            if holds != 0.0 && !holds.is_nan() {
                let tick = course.clock.after(*delay, course.plan.tick.0);
                if agenda.of_machine(machine.local).all(|due| due.deed != Deed::PlannedWork) {
                    agenda.add(tick, machine.local, Deed::PlannedWork);
                }
            }
        }
    }
}

impl Source {
    /// The number that a condition reads on a machine.
    pub fn of(self, slots: &Slots, wears: &Wears, panels: &Panels) -> f64 {
        match self {
            Source::Slot(slot) => slots.0[slot as usize],
            Source::Reading(panel, lane) => f64::from(panels.0[panel as usize].measured[lane as usize]),
            Source::Wear(wear) => wears.0[wear as usize].now,
        }
    }
}
