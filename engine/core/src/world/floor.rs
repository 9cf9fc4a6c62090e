//! The floor: all machines of a world at once, column by column, for what happens to them now and then.
//!
//! Features act on it by local numbers. A twin borrows it from its world for the length of a system; who runs futures
//! without a world of entities keeps the columns and lends them in the same way.

use super::{Agenda, Blackboard, Course, Machine, Modes, Outbox, Panels, Roster, Slots, Unrest, Wears};
use crate::economy::Meters;
use crate::maintenance::work::Crews;
use crate::plan::{Model, Plan};
use bevy_ecs::change_detection::ContiguousMut;
use bevy_ecs::prelude::{Query, Res, ResMut};
use bevy_ecs::system::SystemParam;
use twinwright_model::Time;

/// Everything that a deed may see and change. Columns are indexed by local number.
#[derive(Debug)]
pub struct Floor<'a> {
    pub course: &'a Course,
    pub roster: &'a Roster,
    pub agenda: &'a mut Agenda,
    pub unrest: &'a mut Unrest,
    pub outbox: &'a mut Outbox,
    pub crews: &'a mut Crews,
    pub blackboard: &'a mut Blackboard,
    pub machines: &'a [Machine],
    pub modes: &'a mut [Modes],
    pub slots: &'a mut [Slots],
    pub wears: &'a mut [Wears],
    pub panels: &'a mut [Panels],
    pub meters: &'a mut [Meters],
}

impl<'a> Floor<'a> {
    /// The plan, free of the floor's own borrow.
    pub fn plan(&self) -> &'a Plan {
        &self.course.plan
    }

    pub fn model(&self, local: u32) -> &'a Model {
        &self.course.plan.models[self.machines[local as usize].model as usize]
    }

    /// The present tick.
    pub fn tick(&self) -> u32 {
        self.course.clock.tick
    }

    /// The present instant.
    pub fn time(&self) -> Time {
        self.course.plan.time_of(i64::from(self.course.clock.tick))
    }

    /// Whom a record speaks of: machine of the plan and future.
    pub fn whose(&self, local: u32) -> (u32, u32) {
        let machine = &self.machines[local as usize];
        (machine.machine, machine.future)
    }

    /// A machine's future, counted from the first of this world.
    pub fn row(&self, local: u32) -> usize {
        (self.machines[local as usize].future - self.roster.first_future) as usize
    }
}

type Row = (
    &'static Machine,
    &'static mut Modes,
    &'static mut Slots,
    &'static mut Wears,
    &'static mut Panels,
    &'static mut Meters,
);

/// The floor of a twin's world.
#[derive(SystemParam)]
pub struct Hall<'w, 's> {
    course: Res<'w, Course>,
    roster: Res<'w, Roster>,
    agenda: ResMut<'w, Agenda>,
    unrest: ResMut<'w, Unrest>,
    outbox: ResMut<'w, Outbox>,
    crews: ResMut<'w, Crews>,
    blackboard: ResMut<'w, Blackboard>,
    machines: Query<'w, 's, Row>,
}

impl Hall<'_, '_> {
    /// Lends the floor. Machines never change their components: all of them lie in one stretch, by local number. None
    /// in a world without machines.
    pub fn floor(&mut self) -> Option<Floor<'_>> {
        let (machines, modes, slots, wears, panels, meters) = self.machines.contiguous_iter_mut().ok()?.next()?;
        Some(Floor {
            course: &self.course,
            roster: &self.roster,
            agenda: &mut self.agenda,
            unrest: &mut self.unrest,
            outbox: &mut self.outbox,
            crews: &mut self.crews,
            blackboard: &mut self.blackboard,
            machines,
            modes: ContiguousMut::bypass_change_detection_split(modes).0,
            slots: ContiguousMut::bypass_change_detection_split(slots).0,
            wears: ContiguousMut::bypass_change_detection_split(wears).0,
            panels: ContiguousMut::bypass_change_detection_split(panels).0,
            meters: ContiguousMut::bypass_change_detection_split(meters).0,
        })
    }
}
