//! A machine of the world: one entity, its numbers, wears and panels.

use crate::dice::Dice;
use crate::sensing::Panel;
use crate::wear::WearState;
use bevy_ecs::prelude::{Component, Entity, Resource};
use smallvec::SmallVec;

/// Who this is. `local` counts the machines of this world, future by future.
#[derive(Debug, Clone, Component)]
pub struct Machine {
    pub local: u32,
    pub machine: u32,
    pub future: u32,
    pub model: u32,
    pub dice: Dice,
}

/// The machine's numbers by slot: drivers, their states, wear, derived terms.
#[derive(Debug, Clone, PartialEq, Component, serde::Serialize, serde::Deserialize)]
pub struct Slots(pub SmallVec<[f64; 16]>);

/// The machine's wears.
#[derive(Debug, Clone, PartialEq, Component, serde::Serialize, serde::Deserialize)]
pub struct Wears(pub SmallVec<[WearState; 2]>);

/// The machine's panels of sixteen lanes. Most machines have one, which then lies in line with its neighbours'.
#[derive(Debug, Clone, PartialEq, Component, serde::Serialize, serde::Deserialize)]
pub struct Panels(pub SmallVec<[Panel; 1]>);

impl Panels {
    /// Lets two sensors, by panel and lane, change places in the last readings.
    pub fn exchange(&mut self, a: (usize, usize), b: (usize, usize)) {
        let reading = |(panel, lane): (usize, usize)| (self.0[panel].measured[lane], self.0[panel].quality[lane]);
        let (first, second) = (reading(a), reading(b));
        (self.0[a.0].measured[a.1], self.0[a.0].quality[a.1]) = second;
        (self.0[b.0].measured[b.1], self.0[b.0].quality[b.1]) = first;
    }
}

/// Machines that follow one another in memory and share a model: the hot loops go run by run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    pub model: u32,
    pub start: usize,
    pub end: usize,
}

/// Who is in this world: some machines of the plan, each in some futures.
#[derive(Debug, Clone, Default, Resource)]
pub struct Roster {
    pub entities: Vec<Entity>,
    /// Machines of the plan in this world, ascending.
    pub members: Vec<u32>,
    pub first_future: u32,
    pub futures: u32,
}

impl Roster {
    /// The machine of the plan at a local number.
    pub fn machine(&self, local: u32) -> u32 {
        self.members[local as usize % self.members.len()]
    }

    /// The future of a local number.
    pub fn future(&self, local: u32) -> u32 {
        self.first_future + local / self.members.len() as u32
    }

    /// The local number of a machine in the same future as another.
    pub fn beside(&self, local: u32, machine: u32) -> Option<u32> {
        self.local(self.future(local), machine)
    }

    pub fn local(&self, future: u32, machine: u32) -> Option<u32> {
        let place = self.members.binary_search(&machine).ok()? as u32;
        let row = future.checked_sub(self.first_future).filter(|row| *row < self.futures)?;
        Some(row * self.members.len() as u32 + place)
    }

    pub fn entity(&self, local: u32) -> Entity {
        self.entities[local as usize]
    }

    pub fn len(&self) -> u32 {
        self.entities.len() as u32
    }

    pub fn is_empty(&self) -> bool {
        self.entities.is_empty()
    }
}
