//! What is due at a tick, kept in one order for all features, so that a tick with nothing due costs one comparison.

use super::few::Few;
use bevy_ecs::prelude::Resource;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// Something to be done to one machine. The order of this list is the order within a tick and machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Deed {
    /// The work in progress is done.
    FinishWork,
    EndFault {
        fault: u32,
        occurrence: u32,
    },
    /// `due` is when it comes, in nanoseconds from the start: the next one counts from there and not from the tick.
    StartFault {
        fault: u32,
        occurrence: u32,
        due: i64,
    },
    /// An action of the script ends.
    GiveBack {
        action: u32,
        occurrence: u32,
    },
    /// An action of the script acts.
    Act {
        action: u32,
        occurrence: u32,
    },
    /// Look whether a part is old enough for planned work.
    CheckAge,
    /// Planned work is due.
    PlannedWork,
    /// Look how likely a failure has become.
    CheckRisk,
    /// A spare part comes that was ordered for this machine; orders of a wear are counted by its renewals.
    PartComes {
        spare: u16,
        order: u32,
    },
    /// Work hours begin, and somebody waits for them.
    OpenShop,
}

/// A deed with its time and machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    pub tick: u32,
    pub local: u32,
    pub deed: Deed,
}

/// All that is due, soonest first.
#[derive(Debug, Clone, Default, Resource)]
pub struct Agenda {
    dues: Few<Due>,
    /// What is being done at this tick.
    pub today: Vec<Due>,
}

impl Agenda {
    pub fn add(&mut self, tick: u32, local: u32, deed: Deed) {
        // What lies beyond the last possible tick never comes.
        if tick < u32::MAX {
            self.dues.insert(Due { tick, local, deed });
        }
    }

    fn is_due(&self, tick: u32) -> bool {
        self.next() <= tick
    }

    /// The first tick at which something is due.
    pub fn next(&self) -> u32 {
        self.dues.first().map_or(u32::MAX, |due| due.tick)
    }

    /// Moves what is due to today's list.
    pub fn open(&mut self, tick: u32) {
        self.today.clear();
        while self.is_due(tick) {
            self.today.extend(self.dues.pop_first());
        }
    }

    /// Today's deeds of some sort, in order.
    pub fn todays(&self, sort: impl Fn(Deed) -> bool) -> SmallVec<[(u32, Deed); 4]> {
        self.today.iter().filter(|due| sort(due.deed)).map(|due| (due.local, due.deed)).collect()
    }

    pub fn of_machine(&self, local: u32) -> impl Iterator<Item = &Due> {
        self.dues.iter().filter(move |due| due.local == local)
    }

    pub fn all(&self) -> impl Iterator<Item = &Due> {
        self.dues.iter()
    }

    pub fn clear(&mut self) {
        self.dues.clear();
    }
}
