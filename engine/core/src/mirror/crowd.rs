//! The crowd: the mirror's machines as entities of a world. One that the plan knows has a [`Machine`], its [`Slots`] and a
//! [`Standing`]; one that only newcomers told of has a standing alone.
//!
//! For a tick all columns are lent at once, in the order of the machines' numbers: machines are only ever added, so each kind of
//! entity lies in one stretch of memory, as it was spawned.

use super::Standing;
use crate::world::{Machine, Slots};
use bevy_ecs::change_detection::ContiguousMut;
use bevy_ecs::prelude::{Entity, Query, Without, World};
use bevy_ecs::system::SystemState;
use std::ops::{Index, IndexMut};

type Known = Query<'static, 'static, (&'static Machine, &'static mut Slots, &'static mut Standing)>;
type Strangers = Query<'static, 'static, &'static mut Standing, Without<Machine>>;

/// All machines of a mirror.
pub struct Crowd {
    world: World,
    /// By a machine's number.
    entities: Vec<Entity>,
    /// The way to all columns at once.
    way: SystemState<(Known, Strangers)>,
}

/// The columns of a crowd, lent for a tick.
#[derive(Debug)]
pub struct Columns<'a> {
    pub machines: &'a [Machine],
    pub slots: &'a mut [Slots],
    pub standings: Standings<'a>,
}

/// What is believed and shown, by a machine's number.
#[derive(Debug)]
pub struct Standings<'a> {
    known: &'a mut [Standing],
    strangers: &'a mut [Standing],
}

impl Default for Crowd {
    fn default() -> Crowd {
        let mut world = World::new();
        let way = SystemState::new(&mut world);
        Crowd { world, entities: Vec::new(), way }
    }
}

impl std::fmt::Debug for Crowd {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.standings()).finish()
    }
}

impl Crowd {
    /// A machine of the plan. All of these come before the first stranger.
    pub fn add(&mut self, machine: Machine, slots: Slots, standing: Standing) {
        self.entities.push(self.world.spawn((machine, slots, standing)).id());
    }

    /// A machine that no file knows.
    pub fn add_stranger(&mut self, standing: Standing) {
        self.entities.push(self.world.spawn(standing).id());
    }

    pub fn len(&self) -> usize {
        self.entities.len()
    }

    /// What is believed and shown of one machine.
    pub fn standing(&self, machine: usize) -> Option<&Standing> {
        self.world.get(*self.entities.get(machine)?)
    }

    /// What the plan says that it is; None for a stranger.
    pub fn machine(&self, machine: usize) -> Option<&Machine> {
        self.world.get(*self.entities.get(machine)?)
    }

    pub fn slots(&self, machine: usize) -> Option<&Slots> {
        self.world.get(*self.entities.get(machine)?)
    }

    /// Standings in the order of their machines.
    pub fn standings(&self) -> impl Iterator<Item = &Standing> {
        self.entities.iter().filter_map(|entity| self.world.get(*entity))
    }

    /// All columns, to be changed.
    pub fn lend(&mut self) -> Columns<'_> {
        let (mut machines, mut slots): (&[Machine], &mut [Slots]) = (&[], &mut []);
        let (mut known, mut strangers): (&mut [Standing], &mut [Standing]) = (&mut [], &mut []);
        if let Ok((all, without)) = self.way.get_mut(&mut self.world) {
            if let Some((who, numbers, standings)) = all.contiguous_iter_inner().ok().and_then(|mut all| all.next()) {
                machines = who;
                slots = ContiguousMut::bypass_change_detection_split(numbers).0;
                known = ContiguousMut::bypass_change_detection_split(standings).0;
            }
            if let Some(standings) = without.contiguous_iter_inner().ok().and_then(|mut all| all.next()) {
                strangers = ContiguousMut::bypass_change_detection_split(standings).0;
            }
        }
        Columns { machines, slots, standings: Standings { known, strangers } }
    }
}

impl Standings<'_> {
    pub fn len(&self) -> usize {
        self.known.len() + self.strangers.len()
    }

    /// Those of machines that the plan knows.
    pub fn known(&mut self) -> &mut [Standing] {
        self.known
    }
}

impl Index<usize> for Standings<'_> {
    type Output = Standing;

    fn index(&self, machine: usize) -> &Standing {
        match machine.checked_sub(self.known.len()) {
            None => &self.known[machine],
            Some(stranger) => &self.strangers[stranger],
        }
    }
}

impl IndexMut<usize> for Standings<'_> {
    fn index_mut(&mut self, machine: usize) -> &mut Standing {
        match machine.checked_sub(self.known.len()) {
            None => &mut self.known[machine],
            Some(stranger) => &mut self.strangers[stranger],
        }
    }
}
