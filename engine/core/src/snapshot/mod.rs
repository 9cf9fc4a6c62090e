//! The whole state of a plant as one value: saved, restored bit for bit, carried over to a changed plan, forked into
//! futures, and digested.
//!
//! Nothing in it depends on how machines were spread over worlds: it is a list of machines, each with everything that is
//! its own, and of futures with what belongs to no machine. No generator has a position to save.

mod afresh;
mod carry;
mod digests;
mod kinship;
mod luck;
mod origin;
pub mod passport;
mod put;
mod sealed;
mod take;

pub use digests::Digests;
pub use origin::Origin;
pub use passport::Passport;

use crate::economy::Meters;
use crate::faults::apply::ActiveFault;
use crate::groups::GroupLog;
use crate::limits::Level;
use crate::limits::judge::LimitWatch;
use crate::script::conditions::Standing;
use crate::world::agenda::Deed;
use crate::world::patches::Patch;
use crate::world::{Modes, Panels, Slots, Wears};
use serde::{Deserialize, Serialize};
use twinwright_model::Time;

/// Raised when what a snapshot holds changes its meaning.
pub const VERSION: u32 = 2;

/// A plant at one instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub version: u32,
    /// The plan it belongs to, and what the plan's numbers are called.
    pub plan: u128,
    pub passport: Passport,
    /// The tick that was last shown; None before the first.
    pub tick: Option<u32>,
    /// By future and machine.
    pub machines: Vec<MachineState>,
    /// By future.
    pub plants: Vec<PlantState>,
}

/// Everything that is one machine's own, in one future.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MachineState {
    pub future: u32,
    pub machine: u32,
    pub(crate) modes: Modes,
    pub(crate) slots: Slots,
    pub(crate) wears: Wears,
    pub(crate) panels: Panels,
    pub(crate) meters: Meters,
    pub(crate) agenda: Vec<(u32, Deed)>,
    pub(crate) faults: Vec<ActiveFault>,
    pub(crate) patches: Vec<Patch>,
    pub(crate) watches: Vec<(u16, Level, LimitWatch)>,
}

/// What belongs to no machine, in one future.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PlantState {
    pub future: u32,
    /// How each condition of the script stands.
    pub conditions: Vec<Standing>,
    /// The log of each group.
    pub groups: Vec<GroupLog>,
}

/// Why a snapshot cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreError {
    /// Not a snapshot at all.
    Foreign,
    /// Only the first part of one.
    Cut { has: u64, whole: u64 },
    /// Some bytes are not those that were written.
    Damaged,
    /// Bytes that hold no state.
    Unreadable,
    /// Written by another version of the engine.
    Version(u32),
    /// Taken from another plan.
    Plan,
    /// It does not fit the plan, and why.
    Unfit(String),
}

impl std::fmt::Display for RestoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RestoreError::Foreign => f.write_str("this is not a snapshot; expected a file that `--save-at` wrote"),
            RestoreError::Cut { has, whole } => {
                write!(f, "the snapshot is cut short: {has} of {whole} bytes are there")
            }
            RestoreError::Damaged => f.write_str("the snapshot is damaged: its checksum does not match"),
            RestoreError::Unreadable => f.write_str("these are not the bytes of a whole snapshot"),
            RestoreError::Version(version) => {
                write!(f, "the snapshot is of version {version}, this engine reads {VERSION}")
            }
            RestoreError::Plan => f.write_str("the snapshot was taken from another scenario or other machine files"),
            RestoreError::Unfit(why) => write!(f, "the snapshot does not fit this scenario: {why}"),
        }
    }
}

impl std::error::Error for RestoreError {}

impl Snapshot {
    /// As bytes for a file or a table. (JSON would not do: it knows no infinity.)
    pub fn to_bytes(&self) -> Vec<u8> {
        // Writing to memory fails only for types of unknown length, which a snapshot has none of.
        postcard::to_allocvec(self).unwrap_or_default()
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Snapshot, RestoreError> {
        let (version, _) = postcard::take_from_bytes::<u32>(bytes).map_err(|_| RestoreError::Unreadable)?;
        if version != VERSION {
            return Err(RestoreError::Version(version));
        }
        postcard::from_bytes(bytes).map_err(|_| RestoreError::Unreadable)
    }

    /// How many futures it holds, the first being 0.
    pub fn futures(&self) -> u32 {
        self.machines.last().map_or(0, |last| last.future.saturating_add(1))
    }

    /// The instant that it shows.
    pub fn instant(&self) -> Time {
        let after = i64::from(self.tick.unwrap_or(0)).saturating_mul(self.passport.tick);
        Time(self.passport.start.saturating_add(after))
    }

    /// The state of one machine in one future.
    pub(crate) fn find(&self, future: u32, machine: u32) -> Option<&MachineState> {
        let place =
            self.machines.binary_search_by_key(&(future, machine), |state| (state.future, state.machine)).ok()?;
        self.machines.get(place)
    }

    /// Adds what another world of the same run holds at the same tick.
    pub fn absorb(&mut self, other: Snapshot) {
        self.machines.extend(other.machines);
        self.machines.sort_by_key(|state| (state.future, state.machine));
        for plant in other.plants {
            match self.plants.iter_mut().find(|known| known.future == plant.future) {
                Some(known) => known.absorb(plant),
                None => self.plants.push(plant),
            }
        }
        self.plants.sort_by_key(|plant| plant.future);
    }
}

impl PlantState {
    /// A world has left untouched what concerns machines of others.
    fn absorb(&mut self, other: PlantState) {
        let conditions = self.conditions.iter_mut().zip(other.conditions);
        conditions.filter(|(_, seen)| *seen != Standing::default()).for_each(|(known, seen)| *known = seen);
        let groups = self.groups.iter_mut().zip(other.groups);
        groups.filter(|(_, seen)| *seen != GroupLog::default()).for_each(|(known, seen)| *known = seen);
    }
}
