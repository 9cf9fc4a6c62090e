//! Which comms faults are at work on which machine, as time goes on.
//!
//! It turns with the readings' own time and keeps the next change of each fault in one order, so that a stretch without
//! any costs one comparison. It knows nothing of what waits on the line.

use crate::dice::{Dice, Purpose};
use crate::faults::comms::{Comms, Fate, Spell};
use crate::faults::schedule::Occurrences;
use crate::faults::{Effect, FaultPlan};
use crate::plan::Plan;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use twinwright_model::{Span, Time};

/// 2^-53: the step of a uniform number.
const FINEST: f64 = 1.0 / 9_007_199_254_740_992.0;

/// A fault on one machine: what is at work now, and what comes after it.
#[derive(Debug)]
struct Bout {
    fault: u32,
    post: u32,
    /// The only sensor that it acts on, by the parcel's number.
    sensor: Option<u32>,
    /// At work, or the next to be.
    spell: Option<Spell>,
    active: bool,
    rest: Occurrences,
}

/// A machine that comms faults act on.
#[derive(Debug)]
struct Post {
    dice: Dice,
    /// Bouts that are at work, by number.
    active: Vec<u32>,
    /// Some fault freezes its time stamps.
    freezes: bool,
}

/// All comms faults of one outlet.
#[derive(Debug)]
pub(super) struct Roll {
    plan: Arc<Plan>,
    bouts: Vec<Bout>,
    posts: Vec<Post>,
    /// By machine of the plan: 1 + its post, or 0.
    post_of: Vec<u32>,
    changes: BinaryHeap<Reverse<(Time, u32)>>,
    active: usize,
    /// By fault and sensor.
    purposes: Vec<Vec<Purpose>>,
}

impl Roll {
    /// None when no comms fault concerns the outlet.
    pub(super) fn new(plan: &Arc<Plan>, sensor_names: &[String], outlet: &str) -> Option<Roll> {
        let mut roll = Roll {
            plan: plan.clone(),
            bouts: Vec::new(),
            posts: Vec::new(),
            post_of: vec![0; plan.machines.len()],
            changes: BinaryHeap::new(),
            active: 0,
            purposes: vec![Vec::new(); plan.faults.len()],
        };
        for (index, fault) in plan.faults.iter().enumerate() {
            if let Effect::Comms(comms) = &fault.effect
                && fault.outlet.as_ref().is_none_or(|only| only.value == outlet)
            {
                let address = |sensor: &String| format!("comms.{}.{}.{sensor}", fault.name, fault.kind.name);
                roll.purposes[index] = sensor_names.iter().map(|name| Purpose::named(&address(name))).collect();
                roll.enter(index, fault, *comms == Comms::FrozenTime, sensor_names);
            }
        }
        (!roll.bouts.is_empty()).then_some(roll)
    }

    fn enter(&mut self, index: usize, fault: &FaultPlan, freezes: bool, sensor_names: &[String]) {
        let plan = self.plan.clone();
        for target in &fault.targets {
            let name = fault.one_sensor.then(|| &plan.model_of(target.machine).sensors[target.part as usize].name);
            let sensor = match name.map(|name| sensor_names.iter().position(|known| known == name)) {
                Some(None) => continue,
                Some(Some(number)) => Some(number as u32),
                None => None,
            };
            let post = self.post_for(target.machine);
            self.posts[post as usize].freezes |= freezes;
            let rest = Occurrences::of(fault, self.posts[post as usize].dice, &plan);
            let mut bout = Bout { fault: index as u32, post, sensor, spell: None, active: false, rest };
            bout.advance(&plan);
            if let Some(spell) = bout.spell {
                self.changes.push(Reverse((spell.start, self.bouts.len() as u32)));
                self.bouts.push(bout);
            }
        }
    }

    fn post_for(&mut self, machine: u32) -> u32 {
        if let Some(post) = self.post(machine) {
            return post;
        }
        let dice = Dice::of(self.plan.seed, 0, &self.plan.machines[machine as usize].id);
        self.posts.push(Post { dice, active: Vec::new(), freezes: false });
        self.post_of[machine as usize] = self.posts.len() as u32;
        self.posts.len() as u32 - 1
    }

    pub(super) fn posts(&self) -> usize {
        self.posts.len()
    }

    /// The post of a machine that faults act on, now or at some time.
    #[inline]
    pub(super) fn post(&self, machine: u32) -> Option<u32> {
        self.post_of.get(machine as usize).and_then(|post| post.checked_sub(1))
    }

    /// When a fault starts or ends next.
    pub(super) fn next_change(&self) -> Time {
        self.changes.peek().map_or(Time(i64::MAX), |Reverse((time, _))| *time)
    }

    pub(super) fn is_idle(&self) -> bool {
        self.active == 0
    }

    pub(super) fn is_active_on(&self, post: u32) -> bool {
        !self.posts[post as usize].active.is_empty()
    }

    pub(super) fn freezes(&self, post: u32) -> bool {
        self.posts[post as usize].freezes
    }

    pub(super) fn ever_freezes(&self) -> bool {
        self.posts.iter().any(|post| post.freezes)
    }

    /// Starts and ends what is due up to an instant.
    pub(super) fn turn_to(&mut self, now: Time) {
        while let Some(Reverse((time, number))) = self.changes.peek().copied()
            && time <= now
        {
            self.changes.pop();
            let bout = &mut self.bouts[number as usize];
            let was_active = bout.active;
            let next = bout.turn_to(now, &self.plan);
            self.changes.extend(next.map(|time| Reverse((time, number))));
            match (was_active, bout.active) {
                (false, true) => {
                    self.active += 1;
                    self.posts[bout.post as usize].active.push(number);
                }
                (true, false) => {
                    self.active -= 1;
                    self.posts[bout.post as usize].active.retain(|active| *active != number);
                }
                _ => {}
            }
        }
    }

    /// What becomes of a reading by all that is at work on it.
    pub(super) fn fate(&self, post: u32, sensor: u32, time: Time) -> Fate {
        let mut fate = Fate::default();
        let post = &self.posts[post as usize];
        for bout in post.active.iter().map(|number| &self.bouts[*number as usize]) {
            let Some(spell) = bout.spell.as_ref().filter(|_| bout.sensor.is_none_or(|only| only == sensor)) else {
                continue;
            };
            let luck = || {
                let purpose = self.purposes[bout.fault as usize][sensor as usize];
                let words = post.dice.words(purpose, time.0.wrapping_sub(self.plan.start.0) as u64);
                ((u64::from(words[0]) | u64::from(words[1]) << 32) >> 11) as f64 * FINEST
            };
            spell.strike(time, luck, &mut fate);
        }
        fate
    }
}

impl Bout {
    /// Makes the next occurrence the one at hand.
    fn advance(&mut self, plan: &Plan) {
        let fault = &plan.faults[self.fault as usize];
        let Effect::Comms(comms) = &fault.effect else { return };
        self.spell = self.rest.next(fault, plan).map(|occurrence| Spell {
            comms: comms.drawn(fault, self.rest.dice(), occurrence.number),
            envelope: occurrence.envelope,
            start: instant(plan, occurrence.envelope.start),
            end: instant(plan, occurrence.end),
        });
    }

    /// Starts or ends what is at hand at an instant; when it changes next, if it does.
    fn turn_to(&mut self, now: Time, plan: &Plan) -> Option<Time> {
        while let Some(spell) = &self.spell {
            self.active = spell.start <= now && now < spell.end;
            if now < spell.start {
                return Some(spell.start);
            }
            if now < spell.end {
                return (spell.end.0 < i64::MAX).then_some(spell.end);
            }
            self.advance(plan);
        }
        self.active = false;
        None
    }
}

/// When a tick is; the last tick there can be is never.
fn instant(plan: &Plan, tick: u32) -> Time {
    match tick {
        u32::MAX => Time(i64::MAX),
        tick => plan.start + Span(i64::from(tick).saturating_mul(plan.tick.0)),
    }
}
