//! A recorded table of one machine, row by row: which tick a row belongs to, what it tells of drivers and the mode, and what its
//! sensors showed. It reads no file; where a column comes from is the caller's business.

use super::{Diagnosis, Examiner, diagnose};
use crate::birth::Birth;
use crate::follow::sketch::Sketch;
use crate::mirror::quiet;
use crate::plan::Plan;
use crate::world::{Machine, Slots, Wears};
use std::sync::Arc;
use twinwright_model::{Mode, Time};

/// What a row says of the machine.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Told {
    pub mode: Option<Mode>,
    /// By the number of a told driver.
    pub drivers: Vec<Option<f64>>,
    /// By the number of a sensor; None where it says nothing that may be believed.
    pub sensors: Vec<Option<f64>>,
}

/// A machine whose table is read.
#[derive(Debug)]
pub struct Examination {
    plan: Arc<Plan>,
    examiner: Examiner,
    slots: Vec<u16>,
    last: Option<u32>,
    /// Rows that were looked at, and those that lie before the one above them.
    pub rows: u64,
    pub unordered: u64,
}

impl Examination {
    /// A machine of a plan, with drivers that the table tells. Err names a driver that cannot be told.
    pub fn of<'a>(plan: &Plan, machine: u32, told: &[&'a str]) -> Result<Examination, &'a str> {
        let mut quiet = (*quiet::quieten(plan)).clone();
        let number = quiet.machines[machine as usize].model;
        let mut slots = Vec::new();
        for driver in told {
            slots.push(quiet::hold(&mut quiet.models[number as usize], driver).ok_or(*driver)?);
        }
        // What wanders is known from the plan as it was: in the quiet one it is held.
        let mut sketch = Sketch::of(&plan.models[number as usize], plan.tick.seconds(), |slot| slots.contains(&slot));
        sketch.hidden.retain(|hidden| !slots.contains(&hidden.slot));
        let plan = Arc::new(quiet);
        let birth = Birth::of(&plan, machine);
        let dice = birth.dice(&plan, 0);
        let (mut numbers, mut wears) = (Slots(Default::default()), Wears(Default::default()));
        birth.begin(&plan, 0, &dice, &mut numbers, &mut wears);
        let who = Machine { local: 0, machine, future: 0, model: number, dice };
        let examiner = Examiner::of(&plan, &who, &numbers, sketch);
        Ok(Examination { plan, examiner, slots, last: None, rows: 0, unordered: 0 })
    }

    /// Takes in a row.
    pub fn row(&mut self, time: Time, told: &Told) {
        let tick = u32::try_from(self.plan.tick_at(Time(time.0 - self.plan.tick.0 / 2))).unwrap_or(0);
        if self.last.is_some_and(|last| tick <= last) {
            self.unordered += 1;
            return;
        }
        self.last = Some(tick);
        for (&slot, value) in self.slots.iter().zip(&told.drivers) {
            if let Some(value) = value.filter(|value| value.is_finite()) {
                self.examiner.tell(slot, value);
            }
        }
        self.examiner.step(tick, told.mode);
        let seen = told.sensors.iter().enumerate().filter_map(|(sensor, value)| Some((sensor, (*value)?)));
        self.examiner.hear(seen);
        self.rows += 1;
    }

    /// What was seen so far, ready to be judged.
    pub fn symptoms(&self) -> super::Symptoms {
        self.examiner.symptoms()
    }

    /// What explains what was seen; None where nothing was.
    pub fn diagnosis(&self) -> Option<Diagnosis> {
        diagnose(&self.symptoms())
    }
}
