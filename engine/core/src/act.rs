//! The systems of every tick: age, then drive and sense, in one go over all machines.
//!
//! On most ticks nothing is due and nothing fails, and all three run as one system: in a world of one machine a system
//! costs as much as half a panel. Machines never change their components, so all of them lie in one stretch, in the
//! order they were spawned in.

use crate::drivers::drive::drive;
use crate::economy::Meters;
use crate::sensing::sense::sense;
use crate::wear::age::age;
use crate::world::{Blackboard, Course, Machine, Modes, Panels, Slots, Wears};
use bevy_ecs::prelude::{Query, Res, ResMut};

/// Wear, energy and output since the tick before; then, where no wear reached 1, drivers and readings of this tick.
pub fn pass_quietly(
    course: Res<Course>,
    mut blackboard: ResMut<Blackboard>,
    mut machines: Query<(&Machine, &Modes, &mut Slots, &mut Wears, &mut Meters, &mut Panels)>,
) {
    let Ok(stretches) = machines.contiguous_iter_mut() else { return };
    for (machines, modes, mut slots, mut wears, mut meters, mut panels) in stretches {
        let (slots, panels) = (slots.bypass_change_detection(), panels.bypass_change_detection());
        let (wears, meters) = (wears.bypass_change_detection(), meters.bypass_change_detection());
        age(&course, &mut blackboard.worn, machines, modes, slots, wears, meters);
        if blackboard.worn.is_empty() {
            drive(&course, &mut blackboard, machines, slots);
            if !blackboard.blind {
                sense(&course, &mut blackboard, machines, slots, panels);
            }
        }
    }
}

/// Ageing alone: before a tick at which something is due.
pub fn age_machines(
    course: Res<Course>,
    mut blackboard: ResMut<Blackboard>,
    mut machines: Query<(&Machine, &Modes, &mut Slots, &mut Wears, &mut Meters)>,
) {
    let Ok(stretches) = machines.contiguous_iter_mut() else { return };
    for (machines, modes, mut slots, mut wears, mut meters) in stretches {
        let (wears, meters) = (wears.bypass_change_detection(), meters.bypass_change_detection());
        age(&course, &mut blackboard.worn, machines, modes, slots.bypass_change_detection(), wears, meters);
    }
}

/// What acts on the machines, and what their sensors say of it.
pub fn drive_and_sense(
    course: Res<Course>,
    mut blackboard: ResMut<Blackboard>,
    mut machines: Query<(&Machine, &mut Slots, &mut Panels)>,
) {
    let Ok(stretches) = machines.contiguous_iter_mut() else { return };
    for (machines, mut slots, mut panels) in stretches {
        let (slots, panels) = (slots.bypass_change_detection(), panels.bypass_change_detection());
        drive(&course, &mut blackboard, machines, slots);
        if !blackboard.blind {
            sense(&course, &mut blackboard, machines, slots, panels);
        }
    }
}
