//! The mirror: the twin of what really runs. It hears readings instead of making them, and never makes up a failure.
//!
//! Drivers with a feed are what was heard last; wear goes on by its mean and is corrected by a filter; what sensors should show
//! follows without noise, and what they do show is laid beside it. The same readings in the same ticks give the same bits,
//! whenever they come; nothing that is no finite number gets beyond the face of the sensor that sent it.
//!
//! Machines are entities of a world of their own (`crowd`); a tick borrows all its columns as a [`Round`].

mod crowd;
mod examined;
mod expect;
mod face;
mod foreseen;
mod hearing;
mod look;
mod portrait;
pub(crate) mod quiet;
mod round;
mod saved;
mod trial;
pub mod view;

#[cfg(test)]
pub(crate) mod tests;

use crate::digest::Hash;
use crate::follow::estimate::make_typical;
use crate::follow::sketch::Sketch;
use crate::follow::update::{Follower, Reading, Room, Sight};
use crate::maintenance::Source;
use crate::plan::{Plan, slot};
use crate::sensing::LANES;
use crate::site::SitePlan;
use crate::snapshot::RestoreError;
use crate::world::{Blackboard, Clock, Course, Machine, Slots};
use bevy_ecs::prelude::Component;
use crowd::{Columns, Crowd, Standings};
use face::Face;
pub use foreseen::Unforeseen;
pub use hearing::MODE;
use hearing::{Place, Word};
use look::Looking;
use std::sync::Arc;
use trial::Rival;
use twinwright_model::journal::Newcomer;
use twinwright_model::live::{Measurement, ModeChange};
use twinwright_model::{Mode, Quality, Time};
use view::PanelView;

/// Rounds in which what feeds on itself comes to rest at the start.
const SETTLING: usize = 64;
/// Readings move an estimate at most so often: what changes in hours need not be looked at each second.
const PACE_S: f64 = 5.0;

/// All machines of a site as they are believed to stand.
#[derive(Debug)]
pub struct Mirror {
    site: Arc<SitePlan>,
    /// The site's plan without luck, and what is hidden in machines of each of its models.
    plan: Arc<Plan>,
    sketches: Vec<Sketch>,
    course: Course,
    blackboard: Blackboard,
    /// Machines of the plan, and after them those that only newcomers told of.
    crowd: Crowd,
    /// Where readings of a channel go.
    places: Vec<Place>,
    newcomers: Vec<Newcomer>,
    started: bool,
    modes_said: Vec<ModeChange>,
    bench: Bench,
}

/// What a tick works on: the mirror, with the columns of its machines lent.
#[derive(Debug)]
pub struct Round<'a> {
    site: &'a SitePlan,
    plan: &'a Arc<Plan>,
    sketches: &'a [Sketch],
    course: &'a Course,
    blackboard: &'a mut Blackboard,
    machines: &'a [Machine],
    slots: &'a mut [Slots],
    standings: Standings<'a>,
    places: &'a [Place],
    modes_said: &'a mut Vec<ModeChange>,
    bench: &'a mut Bench,
    started: bool,
}

/// What is believed and shown of one machine.
#[derive(Debug, Clone, PartialEq, Component)]
pub struct Standing {
    name: Box<str>,
    mode: Mode,
    /// A feed says the mode: duty cycles no longer do.
    told: bool,
    /// The tick since which it is in this mode, or was started.
    since: u32,
    follower: Follower,
    rivals: Vec<Rival>,
    /// Modelled panels, then panels of strays.
    faces: Vec<Face>,
    strays: Vec<String>,
}

/// Room to work in, of no meaning between ticks.
#[derive(Debug)]
struct Bench {
    words: Vec<Word>,
    readings: Vec<Reading>,
    looking: Looking,
    sight: Sight,
    room: Room,
}

impl Mirror {
    /// The mirror of a site before its first tick.
    pub fn build(site: &Arc<SitePlan>) -> Mirror {
        let plan = quiet::quieten(&site.plan);
        let fed = hearing::fed_slots(&plan, site);
        let tick_s = plan.tick.seconds();
        let sketch = |(index, model)| Sketch::of(model, tick_s, |slot| fed.contains(&(index, slot)));
        let sketches: Vec<Sketch> = (0u32..).zip(&site.plan.models).map(sketch).collect();
        let rows: Vec<(u32, u32)> = (0..plan.machines.len() as u32).map(|machine| (0, machine)).collect();
        let course = Course {
            plan: plan.clone(),
            clock: Clock { tick: 0, fresh: true },
            runs: crate::twin::runs_of(&plan, &rows),
        };
        let mut mirror = Mirror {
            site: site.clone(),
            course,
            blackboard: Blackboard::default(),
            crowd: Crowd::default(),
            places: site.channels.iter().map(|channel| hearing::place(&plan, channel.target)).collect(),
            newcomers: Vec::new(),
            started: false,
            modes_said: Vec::new(),
            bench: Bench {
                words: Vec::new(),
                readings: Vec::new(),
                looking: Looking::new(&plan),
                sight: Sight::default(),
                room: Room::default(),
            },
            plan,
            sketches,
        };
        rows.iter().for_each(|&(_, machine)| mirror.add(machine));
        mirror
    }

    /// A machine of the plan, as new as its file says.
    fn add(&mut self, number: u32) {
        let model_number = self.plan.machines[number as usize].model;
        let (model, sketch) = (&self.plan.models[model_number as usize], &self.sketches[model_number as usize]);
        let birth = crate::birth::Birth::of(&self.plan, number);
        let dice = birth.dice(&self.plan, 0);
        let (mut slots, mut wears) = (Slots(Default::default()), crate::world::Wears(Default::default()));
        birth.begin(&self.plan, 0, &dice, &mut slots, &mut wears);
        let follower = Follower::fresh(sketch);
        make_typical(sketch, model, &mut slots.0);
        follower.estimate.write(sketch, &mut slots.0);
        let standing = Standing {
            name: self.plan.machines[number as usize].id.clone(),
            mode: Mode::Running,
            told: false,
            since: 0,
            follower,
            rivals: Vec::new(),
            faces: vec![Face::default(); model.panels.len()],
            strays: Vec::new(),
        };
        let machine = Machine { local: number, machine: number, future: 0, model: model_number, dice };
        self.crowd.add(machine, slots, standing);
    }

    /// Lends everything to a tick.
    fn round(&mut self) -> Round<'_> {
        let Columns { machines, slots, standings } = self.crowd.lend();
        Round {
            site: &self.site,
            plan: &self.plan,
            sketches: &self.sketches,
            course: &self.course,
            blackboard: &mut self.blackboard,
            machines,
            slots,
            standings,
            places: &self.places,
            modes_said: &mut self.modes_said,
            bench: &mut self.bench,
            started: self.started,
        }
    }

    /// The tick that is shown; None before the first.
    pub fn now(&self) -> Option<u32> {
        self.started.then_some(self.course.clock.tick)
    }

    pub fn site(&self) -> &Arc<SitePlan> {
        &self.site
    }

    /// One step: what was heard for this tick, by channel and time, and what people asked. The first step shows tick 0.
    pub fn tick(&mut self, heard: &[Measurement]) {
        self.tick_seen(heard, &mut |_| {});
    }

    /// The same, each panel being shown to somebody pass by pass, machine by machine.
    pub fn tick_seen(&mut self, heard: &[Measurement], see: &mut dyn FnMut(&PanelView)) {
        let clock = &mut self.course.clock;
        clock.fresh = !self.started;
        clock.tick += u32::from(self.started);
        self.round().go(heard, see);
        self.started = true;
    }

    /// Changes of modes since this was last asked.
    pub fn take_modes_said(&mut self) -> Vec<ModeChange> {
        std::mem::take(&mut self.modes_said)
    }

    /// Channels that nobody knew, in the order of their numbers.
    pub fn newcomers(&self) -> &[Newcomer] {
        &self.newcomers
    }

    /// A machine's number by its name; 0 where there is none.
    pub fn machine_numbered(&self, name: &str) -> u32 {
        self.machine_number(name).unwrap_or_default() as u32
    }

    /// What a machine is called.
    pub fn machine_name(&self, machine: u32) -> &str {
        self.crowd.standing(machine as usize).map_or("", |standing| &standing.name)
    }

    /// How many machines there are, newcomers included.
    pub fn machine_count(&self) -> u32 {
        self.crowd.len() as u32
    }

    pub fn mode(&self, machine: u32) -> Option<Mode> {
        self.crowd.standing(machine as usize).map(|standing| standing.mode)
    }

    /// What an expression over a machine reads: a sensor that is silent or bad is what the twin expects of it.
    pub fn value_of(&self, machine: u32, source: &Source) -> f64 {
        let Some(standing) = self.crowd.standing(machine as usize) else { return f64::NAN };
        match *source {
            Source::Slot(slot) => {
                let slots = self.crowd.slots(machine as usize);
                slots.and_then(|slots| slots.0.get(usize::from(slot)).copied()).unwrap_or(f64::NAN)
            }
            Source::Reading(panel, lane) => {
                let face = standing.faces.get(usize::from(panel));
                face.map_or(f64::NAN, |face| face.value(usize::from(lane)).0)
            }
            Source::Wear(wear) => match self.crowd.machine(machine as usize) {
                Some(machine) => {
                    let sketch = self.sketches[machine.model as usize].wears.get(usize::from(wear));
                    sketch.map_or(f64::NAN, |sketch| standing.follower.estimate.wear(usize::from(wear), sketch))
                }
                None => f64::NAN,
            },
        }
    }

    /// What an item of a machine shows, with its quality: `substitute` where the twin says it instead of the sensor.
    pub fn reading(&self, machine: u32, panel: u8, lane: u8) -> Option<(f64, Quality)> {
        let face = self.crowd.standing(machine as usize)?.faces.get(usize::from(panel))?;
        (usize::from(lane) < LANES).then(|| face.value(usize::from(lane)))
    }

    /// A wear as it is believed: the estimate, its standard deviation, and the interval that holds it nine times in ten.
    pub fn wear(&self, machine: u32, wear: usize) -> Option<(f64, f64, (f64, f64))> {
        let sketch = &self.sketches[self.crowd.machine(machine as usize)?.model as usize].wears.get(wear)?;
        let estimate = &self.crowd.standing(machine as usize)?.follower.estimate;
        Some((estimate.wear(wear, sketch), estimate.wear_sd(wear, sketch), estimate.interval(wear, sketch)))
    }

    /// Squared innovations over their variances, summed, and how many there were: 1 on average where the filter is honest.
    pub fn consistency(&self, machine: u32) -> Option<(f64, u64)> {
        self.crowd.standing(machine as usize).map(|standing| standing.follower.consistency)
    }

    /// The digest of the whole state: the same after the same readings, and after a restart.
    pub fn digest(&mut self) -> u128 {
        let mut hash = Hash::default();
        hash.number(self.now().map_or(u64::MAX, u64::from));
        for machine in 0..self.crowd.len() {
            hash.bytes(&self.digest_of(machine as u32).to_le_bytes());
        }
        hash.finish()
    }

    /// The digest of one machine.
    pub fn digest_of(&self, machine: u32) -> u128 {
        self.saved_machine(machine as usize).map_or(0, |saved| Hash::of(&saved))
    }

    /// The instant that is shown.
    pub fn time(&self) -> Time {
        self.plan.time_of(i64::from(self.course.clock.tick))
    }

    /// The state as bytes: `restore` goes on from them bit for bit.
    pub fn save(&mut self) -> Vec<u8> {
        self.to_bytes()
    }

    /// The mirror that was saved, under the same site or a changed one: machines, sensors and wears are known by name; what is
    /// new begins fresh, and what is gone is left out.
    pub fn restore(site: &Arc<SitePlan>, bytes: &[u8]) -> Result<Mirror, RestoreError> {
        Mirror::from_bytes(site, bytes)
    }
}

impl Standing {
    /// Duty cycles and feeds change a mode alike.
    fn enter(&mut self, mode: Mode, tick: u32, slots: Option<&mut Slots>) -> Option<Mode> {
        let before = self.mode;
        if let Some(slots) = slots {
            slots.0[usize::from(slot::RUNNING)] = f64::from(u8::from(mode == Mode::Running));
        }
        if before == mode {
            return None;
        }
        (self.mode, self.since) = (mode, tick);
        Some(before)
    }
}
