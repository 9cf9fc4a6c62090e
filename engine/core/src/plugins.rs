//! The table of contents of the engine: what happens in a tick, in this order.
//!
//! Wear comes before the drivers: what a tick shows is how the machine stands at its instant. Age to now; do what is
//! due now; settle what everyone is doing; then drive, sense and judge with that.

use crate::{act, drivers, faults, limits, maintenance, script, sensing, world};
use bevy_ecs::prelude::World;
use bevy_ecs::system::{BoxedSystem, IntoSystem};

/// The parts of a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Most ticks: nothing is due. Age, drive and sense in one; without the last two when a wear reached 1.
    Quiet,
    /// Ticks at which something is due: wear, energy and output since the tick before.
    Age,
    /// Ticks at which something is due: failures, work, faults, script, duty cycles.
    Script,
    /// The first tick of models whose drivers read sensors: drivers and true values until they rest.
    Settle,
    /// After a script: drivers and stress, then true values and readings.
    Act,
    /// Ticks with a reading beyond a limit or an open alert.
    Judge,
    /// Ticks of plans with conditions.
    Watch,
}

/// The systems of a phase, in order.
fn systems(phase: Phase) -> Vec<BoxedSystem> {
    fn boxed<M>(system: impl IntoSystem<(), (), M>) -> BoxedSystem {
        Box::new(IntoSystem::into_system(system))
    }
    match phase {
        Phase::Quiet => vec![boxed(act::pass_quietly)],
        Phase::Age => vec![boxed(act::age_machines)],
        Phase::Script => vec![
            boxed(maintenance::work::finish_works),
            boxed(faults::apply::change_faults),
            boxed(script::actions::follow_script),
            boxed(maintenance::work::answer_failures),
            boxed(maintenance::work::begin_works),
            boxed(world::modes::settle_modes),
        ],
        Phase::Settle => vec![boxed(drivers::drive::drive_machines), boxed(sensing::sense::settle_truth)],
        Phase::Act => vec![boxed(act::drive_and_sense)],
        Phase::Judge => vec![boxed(limits::judge::judge_limits)],
        Phase::Watch => {
            vec![boxed(script::conditions::watch_conditions), boxed(maintenance::condition::watch_conditions_of_parts)]
        }
    }
}

/// The phases of a world, ready to run.
pub struct Phases {
    list: Vec<(Phase, Vec<BoxedSystem>)>,
}

impl std::fmt::Debug for Phases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.list.iter().map(|(phase, systems)| (phase, systems.len()))).finish()
    }
}

impl Phases {
    pub fn new(world: &mut World) -> Phases {
        let all = [Phase::Quiet, Phase::Age, Phase::Script, Phase::Settle, Phase::Act, Phase::Judge, Phase::Watch];
        let mut list: Vec<_> = all.into_iter().map(|phase| (phase, systems(phase))).collect();
        for (_, systems) in &mut list {
            for system in systems {
                system.initialize(world);
            }
        }
        Phases { list }
    }

    /// Runs the systems of a phase one after another. Called directly rather than through a schedule: a list has one
    /// order, so nothing can be ambiguous, and a schedule costs several times as much a tick in a world of one machine.
    pub fn run(&mut self, phase: Phase, world: &mut World) {
        let Some((_, systems)) = self.list.iter_mut().find(|(known, _)| *known == phase) else { return };
        for system in systems {
            // Fails only when a resource is missing, which building a world puts in.
            if let Err(error) = system.run((), world) {
                panic!("a system of {phase:?} could not run: {error}");
            }
        }
    }
}
