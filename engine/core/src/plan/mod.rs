//! What a run is: files compiled to ids and tables, with every mistake found on the way.
//!
//! After this names are gone from everything that ticks; they stay here for people. A plan is plain data, shared by all
//! worlds of a run.

pub(crate) mod formulas;
mod joined;
mod kind;
mod machines;
pub(crate) mod scenario;
pub mod study;
pub mod vary;

pub use joined::joined;
pub use machines::{MOST_MACHINES, expand_ids};
pub use scenario::{Changes, compile, compile_changed, compile_kind};
pub use study::{Study, study};
pub use vary::Varied;

use crate::drivers::{DriverPlan, DutyPlan};
use crate::economy::EconomyPlan;
use crate::expression::Tape;
use crate::faults::FaultPlan;
use crate::files::numbers::Draw;
use crate::files::outlet::OutletPlan;
use crate::groups::GroupPlan;
use crate::links::LinkPlan;
use crate::maintenance::MaintenancePlan;
use crate::script::ScriptPlan;
use crate::sensing::{PanelPlan, SensorPlan};
use crate::snapshot::Origin;
use crate::wear::WearPlan;
use std::collections::BTreeMap;
use std::sync::Arc;
use twinwright_model::{Sheet, Span, Time};

/// A file as text, with the name that messages call it by.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub name: String,
    pub text: String,
}

/// Where machine files are found. The core opens none itself.
pub trait Library {
    /// The file of a kind, or None when there is none.
    fn find(&self, kind: &str) -> Option<Document>;

    /// The kinds that can be named, for the nearest one.
    fn known(&self) -> Vec<String>;
}

/// Everything that a world is built from.
#[derive(Debug, Clone)]
pub struct Plan {
    pub title: String,
    pub seed: u64,
    pub start: Time,
    pub tick: Span,
    /// Steps from start to end; rows are ticks 0 to this.
    pub ticks: u32,
    pub futures: u32,
    pub machines: Vec<MachinePlan>,
    pub models: Vec<Model>,
    /// One sheet per kind, in the order of first use; and what the files say of the kinds to people.
    pub sheets: Vec<Sheet>,
    pub kinds: Vec<KindHead>,
    pub links: Vec<LinkPlan>,
    pub groups: Vec<GroupPlan>,
    pub script: ScriptPlan,
    pub faults: Vec<FaultPlan>,
    pub maintenance: MaintenancePlan,
    /// `enterprise/site/area/line`, when the scenario says where its machines stand.
    pub path: Option<String>,
    /// Where a stream of it goes.
    pub outlets: Vec<OutletPlan>,
    /// Texts of `[[expect]]`, checked to be readable.
    pub expectations: Vec<String>,
    /// What this run is, independent of title, duration and number of futures.
    pub digest: u128,
    /// Where its worlds begin, when not at the start.
    pub origin: Option<Arc<Origin>>,
}

/// What a machine file says to people about its kind.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KindHead {
    pub title: String,
    pub class: String,
    /// Manufacturer, model, serial: free text.
    pub identity: Vec<(String, String)>,
    /// Drivers with their units.
    pub drivers: Vec<(String, String)>,
}

/// One machine of the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct MachinePlan {
    pub id: Box<str>,
    pub model: u32,
}

/// A kind with its settings, compiled. Machines share it unless something in it is drawn per machine.
#[derive(Debug, Clone)]
pub struct Model {
    pub kind: String,
    pub sheet: u16,
    /// Numbers a machine carries from tick to tick: see [`slot`].
    pub slots: u16,
    /// Values that are drawn once per machine: slot, name and distribution.
    pub drawn: Vec<(u16, String, Draw)>,
    /// What `[futures.vary]` draws once a future instead.
    pub varied: Vec<Varied>,
    /// Constants and other first values of slots.
    pub initial: Vec<(u16, f64)>,
    pub drivers: Vec<DriverPlan>,
    pub duties: Vec<DutyPlan>,
    /// The duty cycle that says the mode, if any.
    pub mode_duty: Option<usize>,
    /// Expressions of drivers, stress, derived terms, power and output, in order.
    pub tape: Tape,
    /// Tape pushes that follow the drivers: stress, derived terms, economy.
    pub after_drivers: (usize, usize),
    /// True values that expressions read one tick late: (slot, panel, lane).
    pub echoes: Vec<(u16, u8, u8)>,
    /// Slots that must be loaded into columns before, and stored after, a drive.
    pub loads: Vec<u16>,
    pub stores: Vec<u16>,
    pub wears: Vec<WearPlan>,
    pub panels: Vec<PanelPlan>,
    /// In file order: where each sensor sits and what it is called.
    pub sensors: Vec<SensorPlan>,
    pub economy: EconomyPlan,
    /// Names that conditions and scripts may use.
    pub slot_of: BTreeMap<String, u16>,
    /// How many walks there are: each has a buffer of noise.
    pub walks: u8,
}

/// Slots with a fixed place.
pub mod slot {
    /// 1 in mode running, else 0.
    pub const RUNNING: u16 = 0;
}

impl Plan {
    pub fn model_of(&self, machine: u32) -> &Model {
        &self.models[self.machines[machine as usize].model as usize]
    }

    /// The first tick that its worlds show.
    pub fn first_tick(&self) -> u32 {
        self.origin.as_ref().and_then(|origin| origin.tick()).map_or(0, |tick| tick + 1)
    }

    pub fn time_of(&self, tick: i64) -> Time {
        Time(self.start.0 + tick * self.tick.0)
    }

    pub fn machine_index(&self, id: &str) -> Option<u32> {
        self.machines.iter().position(|machine| &*machine.id == id).map(|index| index as u32)
    }

    /// The first tick at or after an instant.
    pub fn tick_at(&self, time: Time) -> i64 {
        let nanos = time.0 - self.start.0;
        nanos.div_euclid(self.tick.0) + i64::from(nanos.rem_euclid(self.tick.0) != 0)
    }

    /// The first tick at or after so many nanoseconds from the start; a rounding error below it does not count.
    pub fn tick_after(&self, nanos: f64) -> u32 {
        (nanos / self.tick.0 as f64 - 1e-9).ceil().clamp(0.0, f64::from(u32::MAX)) as u32
    }
}
