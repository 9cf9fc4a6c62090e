//! Taking in: which machine, panel and lane a reading is for, what drivers and modes were told, and who is new. Nothing is
//! judged here but whether a driver's value is a finite number of good quality.

use super::face::Face;
use super::{Mirror, Round, Standing};
use crate::drivers::{DriverPlan, Source};
use crate::follow::update::Follower;
use crate::plan::Plan;
use crate::sensing::LANES;
use crate::site::{SitePlan, Target};
use std::collections::BTreeSet;
use twinwright_model::journal::Newcomer;
use twinwright_model::live::{Measurement, ModeChange};
use twinwright_model::{Mode, Quality, Time};

/// The item that says the mode of a machine.
pub const MODE: &str = "mode";

/// Where the readings of a channel go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Lane { machine: u32, panel: u8, lane: u8 },
    Driver { machine: u32, slot: u16 },
    Mode { machine: u32 },
    Nowhere,
}

/// A reading of a lane. In this order they are looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Word {
    pub machine: u32,
    pub panel: u8,
    /// How many readings of the same lane came before it in this tick.
    pub pass: u16,
    pub lane: u8,
    pub time: Time,
    pub value: f64,
    pub quality: Quality,
}

/// The slot that a driver holds for a feed.
fn held(driver: &DriverPlan) -> Option<u16> {
    match driver.source {
        Source::Held { slot } => Some(slot),
        _ => None,
    }
}

/// Slots that feeds hold, by model.
pub fn fed_slots(plan: &Plan, site: &SitePlan) -> BTreeSet<(u32, u16)> {
    let fed = site.channels.iter().filter_map(|channel| match place(plan, channel.target) {
        Place::Driver { machine, slot } => Some((plan.machines[machine as usize].model, slot)),
        _ => None,
    });
    fed.collect()
}

/// Where readings for a target go.
pub fn place(plan: &Plan, target: Target) -> Place {
    match target {
        Target::Sensor { machine, panel, lane, .. } => Place::Lane { machine, panel, lane },
        Target::Driver { machine, driver } => {
            let driver = plan.model_of(machine).drivers.get(usize::from(driver));
            driver.and_then(held).map_or(Place::Nowhere, |slot| Place::Driver { machine, slot })
        }
        Target::Mode { machine } => Place::Mode { machine },
        Target::Stray { .. } => Place::Nowhere,
    }
}

impl Round<'_> {
    /// Sorts what was heard to where it belongs. The last good word of a driver or a mode within a tick holds.
    pub(super) fn take_in(&mut self, heard: &[Measurement]) {
        self.bench.words.clear();
        let (mut before, mut pass) = (u32::MAX, 0u16);
        for one in heard {
            pass = if one.channel == before { pass.saturating_add(1) } else { 0 };
            before = one.channel;
            match self.places.get(one.channel as usize).copied().unwrap_or(Place::Nowhere) {
                Place::Lane { machine, panel, lane } => {
                    let (time, value, quality) = (one.time, one.value, one.quality);
                    self.bench.words.push(Word { machine, panel, pass, lane, time, value, quality });
                }
                Place::Driver { machine, slot } if one.quality == Quality::Good && one.value.is_finite() => {
                    if let Some(slots) = self.slots.get_mut(machine as usize) {
                        slots.0[usize::from(slot)] = one.value;
                    }
                }
                Place::Mode { machine } if one.quality == Quality::Good => {
                    let mode = Mode::ALL.into_iter().find(|mode| f64::from(*mode as u8) == one.value);
                    if let Some(mode) = mode {
                        self.standings[machine as usize].told = true;
                        self.change_mode(machine as usize, mode);
                    }
                }
                _ => {}
            }
        }
        self.bench.words.sort_by_key(|word| (word.machine, word.panel, word.pass, word.lane));
    }

    /// Modes by duty cycle, where no feed says them.
    pub(super) fn take_modes(&mut self) {
        let nanos = i64::from(self.course.clock.tick) * self.plan.tick.0;
        let plan = self.plan;
        for (machine, planned) in plan.machines.iter().enumerate() {
            let model = &plan.models[planned.model as usize];
            if let Some(duty) = model.mode_duty.filter(|_| !self.standings[machine].told) {
                let duty = &model.duties[duty];
                self.change_mode(machine, duty.modes[duty.phase_at(nanos)]);
            }
        }
    }

    fn change_mode(&mut self, machine: usize, mode: Mode) {
        let tick = self.course.clock.tick;
        let Some(previous) = self.standings[machine].enter(mode, tick, self.slots.get_mut(machine)) else { return };
        if mode.ages() && matches!(previous, Mode::Failed | Mode::Maintenance) {
            self.doubt(machine);
        }
        let time = self.time();
        self.modes_said.push(ModeChange { time, machine: machine as u32, mode, previous: Some(previous) });
    }
}

impl Mirror {
    /// A channel that nobody knew gets the next number. Readings of it are looked at without a model.
    pub fn register(&mut self, newcomer: &Newcomer) {
        self.newcomers.push(newcomer.clone());
        let name = &newcomer.name;
        let machine = self.machine_number(&name.machine).unwrap_or_else(|| {
            self.crowd.add_stranger(Standing::stranger(&name.machine));
            self.crowd.len() - 1
        });
        let modelled = self.modelled_panels(machine);
        let standing = &mut self.crowd.lend().standings[machine];
        let machine = machine as u32;
        if name.item == MODE {
            self.places.push(Place::Mode { machine });
            return;
        }
        let number = standing.strays.len();
        let (panel, lane) = (modelled + number / LANES, number % LANES);
        if lane == 0 {
            standing.faces.push(Face::default());
        }
        standing.strays.push(name.item.clone());
        let lane = lane as u8;
        self.places.push(u8::try_from(panel).map_or(Place::Nowhere, |panel| Place::Lane { machine, panel, lane }));
    }

    pub(super) fn machine_number(&self, name: &str) -> Option<usize> {
        self.crowd.standings().position(|standing| &*standing.name == name)
    }

    /// How many of a machine's panels have a model.
    pub(super) fn modelled_panels(&self, machine: usize) -> usize {
        self.crowd.machine(machine).map_or(0, |machine| self.plan.models[machine.model as usize].panels.len())
    }
}

impl Standing {
    /// A machine that no file knows.
    fn stranger(name: &str) -> Standing {
        Standing {
            name: name.into(),
            mode: Mode::Running,
            told: false,
            since: 0,
            follower: Follower::fresh(&Default::default()),
            rivals: Vec::new(),
            faces: Vec::new(),
            strays: Vec::new(),
        }
    }
}
