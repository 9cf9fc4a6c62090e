//! A machine file compiled to a model: names become slots, expressions become gains, tapes and tables.

mod drivers;
mod heads;
mod rates;
mod sensors;
mod wears;

use super::{KindHead, Model, formulas, slot};
use crate::dice::{Dice, Purpose};
use crate::economy::EconomyPlan;
use crate::expression::{Bound, Meaning, Names, Tape};
use crate::files::MachineSpec;
use crate::files::leaf::Formula;
use crate::files::numbers::{Draw, Lapse, Num};
use crate::files::sources::{Bytes, Fault, Faults};
use std::collections::BTreeMap;
use twinwright_model::{Sensor, Sheet, Span};

/// Names that mean something in every expression.
pub(super) const RESERVED: [&str; 13] =
    ["running", "min", "max", "abs", "exp", "ln", "sqrt", "sin", "clamp", "if", "and", "or", "not"];

/// Bounds of one kind, so that a mistaken file cannot take the machine's memory.
const MOST_SENSORS: usize = 512;
const MOST_NAMES: usize = 2048;
const MOST_SLOTS: u16 = 8192;
const MOST_WALKS: u8 = 250;
const MOST_PANELS: usize = 250;
/// Phases times drivers that follow them, of one duty cycle.
const MOST_STEPS: usize = 1_000_000;

/// What a kind is compiled against.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    pub tick: Span,
    pub sheet: u16,
}

/// A kind being compiled.
pub struct Maker<'a> {
    pub spec: &'a MachineSpec,
    pub frame: Frame,
    pub faults: &'a mut Faults,
    /// Whose draws: without it typical values stand in for what is drawn once per machine.
    unit: Option<(&'a Dice, &'a str)>,
    /// Something beside parameters and lives is drawn per machine: each machine needs a model of its own.
    pub drawn_per_machine: bool,
    pub model: Model,
    meanings: BTreeMap<String, Meaning>,
    /// True values named in drivers and stress: sensor name to slot.
    echoes: BTreeMap<String, u16>,
    derived: Vec<(Bound, u16)>,
    /// A limit was passed and reported.
    is_too_large: bool,
    /// Slots of driver states, by driver: lags, walks and held values; and of drawn numbers, by path.
    lag_slots: BTreeMap<String, u16>,
    state_slots: BTreeMap<String, u16>,
    draw_slots: BTreeMap<String, u16>,
}

/// Compiles a kind. The second value says that each machine needs its own, drawn with its own dice.
pub fn compile(spec: &MachineSpec, frame: Frame, unit: Option<(&Dice, &str)>, faults: &mut Faults) -> (Model, bool) {
    let model = Model {
        kind: spec.kind.value.clone(),
        sheet: frame.sheet,
        slots: 1,
        drawn: Vec::new(),
        varied: Vec::new(),
        initial: Vec::new(),
        drivers: Vec::new(),
        duties: Vec::new(),
        mode_duty: None,
        tape: Tape::new(0),
        after_drivers: (0, 0),
        echoes: Vec::new(),
        loads: Vec::new(),
        stores: Vec::new(),
        wears: Vec::new(),
        panels: Vec::new(),
        sensors: Vec::new(),
        economy: EconomyPlan::default(),
        slot_of: BTreeMap::new(),
        walks: 0,
    };
    let mut maker = Maker {
        spec,
        frame,
        faults,
        unit,
        drawn_per_machine: false,
        model,
        meanings: BTreeMap::from([("running".to_owned(), Meaning::Slot(slot::RUNNING))]),
        echoes: BTreeMap::new(),
        derived: Vec::new(),
        is_too_large: false,
        lag_slots: BTreeMap::new(),
        state_slots: BTreeMap::new(),
        draw_slots: BTreeMap::new(),
    };
    maker.make();
    (maker.model, maker.drawn_per_machine)
}

/// The head of a kind's tables.
pub fn sheet(spec: &MachineSpec) -> Sheet {
    Sheet {
        kind: spec.kind.value.clone(),
        sensors: spec
            .sensors
            .iter()
            .map(|(name, sensor)| Sensor { name: name.value.clone(), unit: sensor.unit.clone().unwrap_or_default() })
            .collect(),
        wears: spec.wear.names().map(str::to_owned).collect(),
    }
}

/// What the file says to people.
pub fn head(spec: &MachineSpec) -> KindHead {
    KindHead {
        title: spec.title.clone().unwrap_or_default(),
        class: spec.class.as_ref().map_or("other".to_owned(), |class| class.value.clone()),
        identity: spec.identity.iter().map(|(key, label)| (key.value.clone(), label.0.clone())).collect(),
        drivers: spec.drivers.iter().map(|(name, driver)| (name.value.clone(), driver.unit.clone())).collect(),
    }
}

impl Maker<'_> {
    fn make(&mut self) {
        self.check_head();
        if !self.check_names() {
            return;
        }
        self.place_parameters();
        self.place_drivers();
        self.place_wears();
        self.place_echoes();
        self.place_driver_states();
        self.make_duties();
        // Every slot that a tape can name must be known before the tape is made: temporaries come after the slots.
        let pending = self.gather_formulas();
        self.make_sensors();
        self.write_tape(pending);
        self.finish_lists();
    }

    fn new_slot(&mut self) -> u16 {
        let slot = self.model.slots;
        if slot >= MOST_SLOTS {
            self.too_many(format!("at most {MOST_SLOTS} values, counting each term that is not linear"));
            return MOST_SLOTS - 1;
        }
        self.model.slots += 1;
        slot
    }

    /// A limit of this kind is passed: said once, at its name.
    fn too_many(&mut self, expected: String) {
        if !self.is_too_large {
            self.is_too_large = true;
            let fault = Fault::new(&self.spec.kind.span, "too-many", "this kind is too large");
            self.faults.add(fault.expected(expected));
        }
    }

    /// A number that must be known when the model is made: drawn for this machine, or typical where there is none.
    pub fn fix(&mut self, num: &Num, path: &str) -> f64 {
        self.fix_draw(&num.draw, path)
    }

    /// The same for a time, in nanoseconds.
    pub fn fix_lapse(&mut self, lapse: &Lapse, path: &str) -> f64 {
        self.fix_draw(&lapse.draw, path)
    }

    fn fix_draw(&mut self, draw: &Draw, path: &str) -> f64 {
        if let Some(fixed) = draw.fixed() {
            return fixed;
        }
        self.drawn_per_machine = true;
        match self.unit {
            Some((dice, _)) => dice.stream(Purpose::named(&format!("unit.{path}")), 0).draw(draw),
            None => typical(draw),
        }
    }

    /// Reports a number that is out of bounds.
    pub fn require(&mut self, holds: bool, span: &Bytes, what: &str, expected: &str) {
        if !holds {
            let whose = self.unit.map_or(String::new(), |(_, id)| format!(" (as drawn for {id})"));
            let fault = Fault::new(span, "number", format!("{what} is out of bounds{whose}"));
            self.faults.add(fault.expected(expected));
        }
    }

    /// A number kept in a slot when it is drawn per machine.
    fn slot_for_draw(&mut self, draw: &Draw, name: String) -> Option<u16> {
        if draw.fixed().is_some() {
            return None;
        }
        let slot = self.new_slot();
        self.model.drawn.push((slot, name, draw.clone()));
        self.model.loads.push(slot);
        Some(slot)
    }

    fn place_parameters(&mut self) {
        for (name, num) in self.spec.parameters.iter() {
            let meaning = match self.slot_for_draw(&num.draw, format!("parameters.{}", name.value)) {
                Some(slot) => {
                    self.model.slot_of.insert(name.value.clone(), slot);
                    Meaning::Slot(slot)
                }
                None => Meaning::Number(num.draw.fixed().unwrap_or(1.0)),
            };
            self.meanings.insert(name.value.clone(), meaning);
        }
    }

    /// Sensors whose true values are read one tick late by drivers and stress.
    fn place_echoes(&mut self) {
        let drivers = self.spec.drivers.iter().filter_map(|(_, driver)| match &driver.form {
            crate::drivers::spec::DriverForm::Expr(formula) => Some(formula),
            _ => None,
        });
        let stresses = self.spec.wear.iter().filter_map(|(_, wear)| wear.stress.as_ref());
        let mut named: Vec<String> = Vec::new();
        for formula in drivers.chain(stresses) {
            if let Ok(expr) = crate::expression::parse(&formula.text, Names::Plain) {
                named.extend(expr.names().into_iter().map(|(name, _)| name));
            }
        }
        for name in named {
            let is_echo = self.spec.sensors.position(&name).is_some() && !self.meanings.contains_key(&name);
            if is_echo && !self.echoes.contains_key(&name) {
                let slot = self.new_slot();
                self.model.loads.push(slot);
                self.echoes.insert(name, slot);
            }
        }
    }

    /// Binds an expression; sensors may be named where true values of the tick before are allowed.
    pub fn bind(&mut self, formula: &Formula, with_sensors: bool) -> Bound {
        if !with_sensors && self.names_a_sensor(formula) {
            return Bound::Number(1.0);
        }
        let (meanings, echoes) = (&self.meanings, &self.echoes);
        let mut known: Vec<&str> = meanings.keys().map(String::as_str).collect();
        if with_sensors {
            known.extend(self.spec.sensors.names());
        }
        let mut resolve = |name: &str| {
            meanings
                .get(name)
                .copied()
                .or_else(|| with_sensors.then(|| echoes.get(name).map(|&slot| Meaning::Slot(slot))).flatten())
        };
        formulas::bind(formula, Names::Plain, &mut resolve, &known, self.faults)
    }

    /// A sensor's value must not name a sensor: said in these words rather than as an unknown name.
    fn names_a_sensor(&mut self, formula: &Formula) -> bool {
        let Ok(expr) = crate::expression::parse(&formula.text, Names::Plain) else { return false };
        let mut found = false;
        for (name, span) in expr.names() {
            if !self.meanings.contains_key(&name) && self.spec.sensors.position(&name).is_some() {
                let fault = Fault::new(&formula.part(&span), "names-a-sensor", format!("`{name}` is a sensor"));
                self.faults.add(fault.expected("drivers, parameters, wears and `running`: no other sensor"));
                found = true;
            }
        }
        found
    }

    /// The slot of a term that is not linear; equal terms share one.
    pub fn derived_slot(&mut self, term: Bound) -> u16 {
        if let Bound::Slot(slot) = term {
            return slot;
        }
        if self.is_too_large {
            return slot::RUNNING;
        }
        if let Some((_, slot)) = self.derived.iter().find(|(known, _)| *known == term) {
            return *slot;
        }
        let slot = self.new_slot();
        self.derived.push((term, slot));
        slot
    }

    /// Loads and stores without doubles, in ascending order.
    fn finish_lists(&mut self) {
        let model = &mut self.model;
        model.loads.push(slot::RUNNING);
        for list in [&mut model.loads, &mut model.stores] {
            list.sort_unstable();
            list.dedup();
        }
        for (name, slot) in &self.echoes {
            if let Some(sensor) = model.sensors.iter().find(|sensor| sensor.name == *name) {
                model.echoes.push((*slot, sensor.panel, sensor.lane));
            }
        }
    }
}

/// What stands in for a draw while a file is only checked.
pub fn typical(draw: &Draw) -> f64 {
    match draw {
        Draw::Fixed(value) | Draw::Normal(value, _) | Draw::Lognormal(value, _) => *value,
        Draw::Exponential(mean) | Draw::Weibull(_, mean) => *mean,
        Draw::Uniform(low, high) => (low + high) / 2.0,
        Draw::Choice(values) => values.first().copied().unwrap_or(1.0),
    }
}
