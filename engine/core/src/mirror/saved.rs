//! The mirror's state as bytes, and back, under the same site or a changed one.
//!
//! Beside the numbers stand the names that they are known by: of machines, slots, sensors, wears and states. Under the same
//! names everything is taken over bit for bit; else what has a counterpart is, and the rest begins fresh.

use super::face::Face;
use super::trial::Rival;
use super::{Mirror, Standing};
use crate::follow::Sketch;
use crate::follow::estimate::{Clock, Estimate};
use crate::follow::suspicion::Tally;
use crate::follow::update::{Follower, Trace};
use crate::sensing::LANES;
use crate::site::SitePlan;
use crate::snapshot::RestoreError;
use crate::snapshot::passport::KindPass;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use twinwright_model::Mode;
use twinwright_model::journal::Newcomer;

/// Raised when what is saved changes its meaning.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Saved {
    version: u32,
    plan: u128,
    start: i64,
    step: i64,
    tick: Option<u32>,
    kinds: Vec<Kind>,
    machines: Vec<SavedMachine>,
    newcomers: Vec<Newcomer>,
}

/// What the numbers of a model's machines are called.
#[derive(PartialEq, Serialize, Deserialize)]
struct Kind {
    name: String,
    slots: Vec<(String, u16)>,
    held: Vec<(String, u16)>,
    /// Name, panel and lane.
    sensors: Vec<(String, u8, u8)>,
    /// Name, and which law it follows.
    wears: Vec<(String, u128)>,
    /// Those before the biases, which follow by sensor.
    states: Vec<String>,
}

/// One machine.
#[derive(Serialize, Deserialize)]
pub struct SavedMachine {
    name: String,
    kind: Option<u32>,
    mode: Mode,
    told: bool,
    since: u32,
    slots: Vec<f64>,
    follower: SavedFollower,
    rivals: Vec<(SavedFollower, f64, u32)>,
    faces: Vec<Face>,
    strays: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct SavedFollower {
    x: Vec<f64>,
    p: Vec<f64>,
    /// Clock, base and what is due.
    clocks: Vec<(f64, f64, f64)>,
    ticks: u32,
    traces: Vec<Trace>,
    gains: Vec<f64>,
    tallies: Vec<Tally>,
    consistency: (f64, u64),
}

impl Mirror {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let saved = Saved {
            version: VERSION,
            plan: self.plan.digest,
            start: self.plan.start.0,
            step: self.plan.tick.0,
            tick: self.now(),
            kinds: (0..self.sketches.len()).map(|model| self.kind(model)).collect(),
            machines: (0..self.crowd.len()).filter_map(|machine| self.saved_machine(machine)).collect(),
            newcomers: self.newcomers.clone(),
        };
        // Writing to memory fails only for types of unknown length, which this has none of.
        postcard::to_allocvec(&saved).unwrap_or_default()
    }

    pub(super) fn saved_machine(&self, machine: usize) -> Option<SavedMachine> {
        let standing = self.crowd.standing(machine)?;
        let rival = |rival: &Rival| (SavedFollower::of(&rival.follower), rival.likelihood, rival.heard);
        Some(SavedMachine {
            name: standing.name.to_string(),
            kind: self.crowd.machine(machine).map(|machine| machine.model),
            mode: standing.mode,
            told: standing.told,
            since: standing.since,
            slots: self.crowd.slots(machine).map_or(Vec::new(), |slots| slots.0.to_vec()),
            follower: SavedFollower::of(&standing.follower),
            rivals: standing.rivals.iter().map(rival).collect(),
            faces: standing.faces.clone(),
            strays: standing.strays.clone(),
        })
    }

    fn kind(&self, model: usize) -> Kind {
        // Names of the plan as the site has it: what wanders is a state there.
        let (plan, sketch) = (&self.site.plan.models[model], &self.sketches[model]);
        let pass = KindPass::of(plan);
        let mut states = vec![String::new(); sketch.common];
        for (wear, planned) in sketch.wears.iter().zip(&plan.wears) {
            states[wear.level] = format!("wear {}", planned.name);
            for (state, what) in [(wear.slope, "slope"), (wear.rate, "rate")] {
                if let Some(state) = state {
                    states[state] = format!("{what} {}", planned.name);
                }
            }
        }
        sketch.hidden.iter().for_each(|hidden| states[hidden.state].clone_from(&hidden.name));
        Kind {
            name: pass.kind,
            slots: pass.names,
            held: pass.held.into_iter().map(|(name, slot, _)| (name, slot)).collect(),
            sensors: pass.sensors,
            wears: pass.wears,
            states,
        }
    }

    pub(super) fn from_bytes(site: &Arc<SitePlan>, bytes: &[u8]) -> Result<Mirror, RestoreError> {
        let (version, _) = postcard::take_from_bytes::<u32>(bytes).map_err(|_| RestoreError::Unreadable)?;
        if version != VERSION {
            return Err(RestoreError::Version(version));
        }
        let saved: Saved = postcard::from_bytes(bytes).map_err(|_| RestoreError::Unreadable)?;
        let mut mirror = Mirror::build(site);
        if (saved.start, saved.step) != (mirror.plan.start.0, mirror.plan.tick.0) {
            let why = "its first tick or the length of its ticks is not the site's";
            return Err(RestoreError::Unfit(why.to_owned()));
        }
        if let Some(tick) = saved.tick {
            mirror.course.clock.tick = tick;
            mirror.started = true;
        }
        let kinds: Vec<Kind> = (0..mirror.sketches.len()).map(|model| mirror.kind(model)).collect();
        saved.newcomers.iter().for_each(|newcomer| mirror.register_if_new(newcomer));
        let numbers: BTreeMap<String, usize> =
            mirror.crowd.standings().enumerate().map(|(number, one)| (one.name.to_string(), number)).collect();
        for one in &saved.machines {
            let Some(&number) = numbers.get(&one.name) else { continue };
            one.check()?;
            let then = match one.kind {
                Some(kind) => Some(saved.kinds.get(kind as usize).ok_or(RestoreError::Unreadable)?),
                None => None,
            };
            let now = mirror.crowd.machine(number).map(|machine| &kinds[machine.model as usize]);
            let same_plan = saved.plan == mirror.plan.digest;
            mirror.put(number, one, then.zip(now), same_plan)?;
        }
        Ok(mirror)
    }

    /// A newcomer of then may stand in the site's file now: then it is none any more.
    fn register_if_new(&mut self, newcomer: &Newcomer) {
        if self.site.channels.iter().all(|channel| channel.name != newcomer.name) {
            self.register(newcomer);
        }
    }

    fn put(
        &mut self,
        number: usize,
        one: &SavedMachine,
        kinds: Option<(&Kind, &Kind)>,
        same_plan: bool,
    ) -> Result<(), RestoreError> {
        let modelled = self.modelled_panels(number);
        let mut columns = self.crowd.lend();
        let standing = &mut columns.standings[number];
        (standing.mode, standing.told, standing.since) = (one.mode, one.told, one.since);
        let then_modelled = one.faces.len() - one.strays.len().div_ceil(LANES);
        standing.put_strays(one, modelled, then_modelled);
        let Some((then, now)) = kinds else { return Ok(()) };
        if then.name != now.name {
            return Ok(());
        }
        let sketch = &self.sketches[columns.machines[number].model as usize];
        let slots = &mut columns.slots[number].0;
        let same = then == now;
        if same && same_plan && one.slots.len() == slots.len() {
            slots.copy_from_slice(&one.slots);
        } else {
            for (from, to) in pairs(&then.slots, &now.slots).chain(pairs(&then.held, &now.held)) {
                if let (Some(value), Some(slot)) = (one.slots.get(from), slots.get_mut(to)) {
                    *slot = *value;
                }
            }
        }
        let fits = one.follower.x.len() == then.states.len() + then.sensors.len();
        if same && same_plan && one.follower.x.len() == sketch.size() {
            standing.follower = one.follower.whole(sketch)?;
            let rival = |(follower, likelihood, heard): &(SavedFollower, f64, u32)| {
                Ok(Rival { follower: follower.whole(sketch)?, likelihood: *likelihood, heard: *heard })
            };
            standing.rivals = one.rivals.iter().map(rival).collect::<Result<_, _>>()?;
        } else if fits {
            one.follower.carry(then, now, sketch, &mut standing.follower);
            standing.follower.estimate.write(sketch, slots);
        } else {
            return Err(RestoreError::Unreadable);
        }
        for (name, panel, lane) in &then.sensors {
            let Some((_, to, to_lane)) = now.sensors.iter().find(|(other, ..)| other == name) else { continue };
            let Some(from) = one.faces.get(usize::from(*panel)) else { return Err(RestoreError::Unreadable) };
            if usize::from(*lane) >= LANES {
                return Err(RestoreError::Unreadable);
            }
            standing.faces[usize::from(*to)].take_lane(usize::from(*to_lane), from, usize::from(*lane));
        }
        Ok(())
    }
}

/// Places of the same name, from then to now.
fn pairs<'a>(then: &'a [(String, u16)], now: &'a [(String, u16)]) -> impl Iterator<Item = (usize, usize)> + 'a {
    now.iter().filter_map(move |(name, to)| {
        let from = then.iter().find(|(other, _)| other == name)?.1;
        Some((usize::from(from), usize::from(*to)))
    })
}

impl Standing {
    fn put_strays(&mut self, one: &SavedMachine, modelled: usize, then_modelled: usize) {
        for (at, name) in self.strays.iter().enumerate() {
            let Some(from) = one.strays.iter().position(|other| other == name) else { continue };
            let Some(face) = one.faces.get(then_modelled + from / LANES) else { continue };
            self.faces[modelled + at / LANES].take_lane(at % LANES, face, from % LANES);
        }
    }
}

impl Face {
    fn take_lane(&mut self, to: usize, other: &Face, from: usize) {
        self.ahead[to] = other.ahead[from];
        self.expected[to] = other.expected[from];
        self.measured[to] = other.measured[from];
        self.quality[to] = other.quality[from];
        self.heard_at[to] = other.heard_at[from];
        self.noise[to] = other.noise[from];
        self.doubt[to] = other.doubt[from];
        self.gap[to] = other.gap[from];
        self.mean[to] = other.mean[from];
        self.variance[to] = other.variance[from];
        self.count[to] = other.count[from];
    }
}

impl SavedMachine {
    /// Whether its parts fit each other, whoever wrote them.
    fn check(&self) -> Result<(), RestoreError> {
        let followers = std::iter::once(&self.follower).chain(self.rivals.iter().map(|rival| &rival.0));
        let fits =
            followers.into_iter().all(SavedFollower::fits) && self.faces.len() >= self.strays.len().div_ceil(LANES);
        if fits { Ok(()) } else { Err(RestoreError::Unreadable) }
    }
}

impl SavedFollower {
    fn of(follower: &Follower) -> SavedFollower {
        let estimate = &follower.estimate;
        SavedFollower {
            x: estimate.x.as_slice().to_vec(),
            p: estimate.p.as_slice().to_vec(),
            clocks: estimate.clocks.iter().map(|clock| (clock.s, clock.base, clock.due)).collect(),
            ticks: estimate.ticks,
            traces: follower.traces.clone(),
            gains: follower.gains.clone(),
            tallies: follower.tallies.clone(),
            consistency: follower.consistency,
        }
    }

    fn fits(&self) -> bool {
        let size = self.x.len();
        let common = size.checked_sub(self.traces.len());
        self.p.len() == size * size
            && self.clocks.len() == self.tallies.len()
            && common.is_some_and(|common| self.gains.len() == common * self.traces.len())
            && self.x.iter().chain(&self.p).chain(&self.gains).all(|number| number.is_finite())
    }

    fn whole(&self, sketch: &Sketch) -> Result<Follower, RestoreError> {
        let mut follower = Follower::fresh(sketch);
        let parts = (self.x.len(), self.clocks.len(), self.traces.len());
        if parts != (sketch.size(), sketch.wears.len(), sketch.lanes.len()) {
            return Err(RestoreError::Unreadable);
        }
        let Estimate { x, p, clocks, ticks } = &mut follower.estimate;
        x.as_mut_slice().copy_from_slice(&self.x);
        p.as_mut_slice().copy_from_slice(&self.p);
        *ticks = self.ticks;
        for (clock, &(s, base, due)) in clocks.iter_mut().zip(&self.clocks) {
            *clock = Clock { s, base, due };
        }
        follower.traces.clone_from(&self.traces);
        follower.gains.clone_from(&self.gains);
        follower.tallies.clone_from(&self.tallies);
        follower.consistency = self.consistency;
        Ok(follower)
    }

    /// What has a counterpart under other names: states with what they have to do with each other, and clocks of wears whose law
    /// is the same.
    fn carry(&self, then: &Kind, now: &Kind, sketch: &Sketch, follower: &mut Follower) {
        let names = |kind: &Kind| -> Vec<String> {
            let biases = kind.sensors.iter().map(|(name, ..)| format!("bias {name}"));
            kind.states.iter().cloned().chain(biases).collect()
        };
        let before = names(then);
        let same_law = |name: &str| {
            let law = |kind: &Kind| kind.wears.iter().find(|(other, _)| other == name).map(|(_, law)| *law);
            law(then) == law(now)
        };
        let found = |name: &String| {
            let wear = ["wear ", "slope ", "rate "].iter().find_map(|what| name.strip_prefix(what));
            before.iter().position(|other| other == name).filter(|_| wear.is_none_or(same_law))
        };
        let from: Vec<Option<usize>> = names(now).iter().map(found).collect();
        let size = self.x.len();
        let Estimate { x, p, clocks, ticks } = &mut follower.estimate;
        for (to, from_row) in from.iter().enumerate() {
            let Some(from_row) = *from_row else { continue };
            x[to] = self.x[from_row];
            for (to_column, from_column) in from.iter().enumerate() {
                if let Some(from_column) = *from_column {
                    p[(to, to_column)] = self.p[from_column * size + from_row];
                }
            }
        }
        *ticks = self.ticks;
        for (number, (name, law)) in now.wears.iter().enumerate().take(sketch.wears.len()) {
            let place = then.wears.iter().position(|(other, old)| (other, old) == (name, law));
            if let Some(&(s, base, due)) = place.and_then(|place| self.clocks.get(place)) {
                clocks[number] = Clock { s, base, due };
            }
        }
    }
}
