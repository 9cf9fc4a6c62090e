//! Which models stand still between events: what their wear, output and costs need of their drivers.
//!
//! Drivers that only feed sensors do not matter where nobody reads. What matters must be constant, follow a duty cycle,
//! or follow from such drivers and `running`: then nothing changes but at ticks that are known beforehand.

use crate::drivers::Source;
use crate::expression::Tape;
use crate::faults::Effect;
use crate::faults::schedule::target_on;
use crate::plan::{Model, Plan};
use std::collections::BTreeSet;

/// What must be worked out of a model that stands still between events.
#[derive(Debug, Clone)]
pub struct Steady {
    /// Drivers by their place in the model, in order, each with the push that makes it, if one does.
    pub drivers: Vec<(u16, Option<usize>)>,
    /// The pushes of needed drivers, then those of stress and rates from `after` on.
    pub tape: Tape,
    pub after: usize,
    /// Duty cycles whose phases matter, by place.
    pub duties: BTreeSet<usize>,
    /// Power, output or scrap follow a wear: they bend between events, and are summed piece by piece of its path.
    pub bends: bool,
}

/// What some slots follow from.
#[derive(Debug, Default)]
struct Needs {
    drivers: BTreeSet<usize>,
    /// Pushes after the drivers.
    pushes: BTreeSet<usize>,
    wear: bool,
}

impl Steady {
    /// What a model needs; or, in words, why it cannot stand still.
    pub fn of(model: &Model) -> Result<Steady, String> {
        let stresses: Vec<u16> = model.wears.iter().map(|wear| wear.stress).collect();
        let stress = Needs::of(model, &stresses, false).map_err(|why| format!("its stress {why}"))?;
        let economy = &model.economy;
        let rates: Vec<u16> = [economy.power, economy.rate, economy.scrap].into_iter().flatten().collect();
        let rates = Needs::of(model, &rates, true).map_err(|why| format!("its power or output {why}"))?;
        if rates.wear && economy.takes.is_some() {
            return Err("its pieces are judged one by one, by a wear".to_owned());
        }
        let needed: BTreeSet<usize> = stress.drivers.union(&rates.drivers).copied().collect();
        let mut steady =
            Steady { drivers: Vec::new(), tape: Tape::default(), after: 0, duties: BTreeSet::new(), bends: rates.wear };
        let mut pushes = BTreeSet::new();
        for driver in needed {
            let source = &model.drivers[driver].source;
            steady.drivers.push((driver as u16, matches!(source, Source::Tape { .. }).then_some(pushes.len())));
            match *source {
                Source::Tape { push } => drop(pushes.insert(push)),
                Source::Duty { duty, .. } => drop(steady.duties.insert(duty)),
                _ => {}
            }
        }
        steady.after = pushes.len();
        pushes.extend(stress.pushes.union(&rates.pushes));
        steady.tape = model.tape.excerpt(&pushes);
        Ok(steady)
    }

    /// Nothing has to be worked out, ever: all that matters is constant.
    pub fn is_constant(&self) -> bool {
        self.drivers.is_empty() && self.tape.pushes() == 0
    }

    pub fn needs(&self, driver: u16) -> bool {
        self.drivers.iter().any(|(known, _)| *known == driver)
    }
}

impl Needs {
    fn of(model: &Model, roots: &[u16], may_bend: bool) -> Result<Needs, String> {
        let mut needs = Needs::default();
        let mut open: Vec<u16> = roots.to_vec();
        while let Some(slot) = open.pop() {
            let push =
                (model.after_drivers.0..model.after_drivers.1).find(|&push| model.tape.writes(push) == Some(slot));
            if let Some(push) = push {
                if needs.pushes.insert(push) {
                    open.extend(model.tape.reads(push));
                }
            } else if let Some(at) = model.drivers.iter().position(|driver| driver.slot == slot) {
                if needs.drivers.insert(at) {
                    open.extend(driver_reads(model, at)?);
                }
            } else if let Some(wear) = model.wears.iter().find(|wear| wear.slot == slot) {
                if !may_bend {
                    return Err(format!("follows the wear `{}`", wear.name));
                }
                needs.wear = true;
            } else if let Some((_, panel, lane)) = model.echoes.iter().find(|(echo, ..)| *echo == slot) {
                let sensor = model.sensors.iter().find(|sensor| (sensor.panel, sensor.lane) == (*panel, *lane));
                return Err(format!("reads the sensor `{}`", sensor.map_or("", |sensor| &sensor.name)));
            }
        }
        Ok(needs)
    }
}

/// The slots that a driver follows from; or why it moves by itself.
fn driver_reads(model: &Model, at: usize) -> Result<BTreeSet<u16>, String> {
    let driver = &model.drivers[at];
    let moves = |what: &str| Err(format!("reads `{}`, {what}", driver.name));
    if driver.lag.is_some() {
        return moves("which follows with a lag");
    }
    match driver.source {
        Source::Held { .. } | Source::Duty { .. } => Ok(BTreeSet::new()),
        Source::Tape { push } => Ok(model.tape.reads(push)),
        Source::Swing { .. } => moves("which swings"),
        Source::Walk { .. } => moves("a random walk"),
    }
}

/// Why a machine that could stand still does not: a fault lets a driver that matters rise or fall slowly.
pub fn slow_fault(plan: &Plan, machine: u32, steady: &Steady) -> Option<String> {
    let slow = plan.faults.iter().filter(|fault| matches!(fault.effect, Effect::Shift { .. }));
    slow.filter(|fault| fault.ramp.is_some() || fault.decay.is_some())
        .find(|fault| target_on(fault, machine).is_some_and(|target| steady.needs(target.part)))
        .map(|fault| format!("the fault `{}` rises or falls slowly", fault.name))
}
