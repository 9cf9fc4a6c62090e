//! Drivers of a kind: where each value comes from, and who must be worked out before whom.

use super::Maker;
use crate::dice::Purpose;
use crate::drivers::spec::{DriverForm, DriverSpec, DutySpec, Phase};
use crate::drivers::{DriverPlan, DutyPlan, Lag, Operand, Source};
use crate::expression::{Meaning, Names, Tape};
use crate::files::leaf::At;
use crate::files::names;
use crate::files::numbers::Num;
use crate::files::sources::Fault;
use std::collections::BTreeMap;
use twinwright_model::Mode;

impl Maker<'_> {
    /// Gives every driver a slot, so that expressions can name it.
    pub(super) fn place_drivers(&mut self) {
        for (name, _) in self.spec.drivers.iter() {
            let slot = self.new_slot();
            self.meanings.insert(name.value.clone(), Meaning::Slot(slot));
            self.model.slot_of.insert(name.value.clone(), slot);
            self.model.stores.push(slot);
        }
    }

    pub(super) fn make_duties(&mut self) {
        let spec = self.spec;
        for (name, duty) in spec.duty.iter() {
            let plan = self.make_duty(name, duty);
            self.model.duties.push(plan);
        }
        for (index, (name, duty)) in spec.duty.iter().enumerate() {
            if duty.cycle.iter().all(|phase| phase.mode.is_none()) {
                continue;
            }
            match self.model.mode_duty {
                None => self.model.mode_duty = Some(index),
                Some(first) => {
                    let message = format!("`{}` and `{}` both say the mode", self.model.duties[first].name, name.value);
                    self.faults.add(Fault::new(&name.span, "duty", message).expected("modes in one duty cycle"));
                }
            }
        }
    }

    fn make_duty(&mut self, name: &At<String>, duty: &DutySpec) -> DutyPlan {
        if duty.cycle.is_empty() {
            self.faults.say(&name.span, "duty", format!("`{}` has no phases", name.value));
        }
        let spec = self.spec;
        let followers: Vec<&str> = spec
            .drivers
            .iter()
            .filter(|(_, driver)| matches!(&driver.form, DriverForm::Duty(duty) if duty.value == name.value))
            .map(|(driver, _)| driver.value.as_str())
            .collect();
        let mut plan = DutyPlan {
            name: name.value.clone(),
            ends: Vec::new(),
            modes: Vec::new(),
            columns: followers.iter().map(|&name| name.to_owned()).collect(),
            values: vec![Vec::new(); followers.len()],
        };
        if duty.cycle.len().saturating_mul(followers.len().max(1)) > super::MOST_STEPS {
            let message = format!("`{}` has {} phases for {} drivers", name.value, duty.cycle.len(), followers.len());
            let fault = Fault::new(&name.span, "too-many", message);
            self.faults.add(fault.expected(format!("at most {} in all", super::MOST_STEPS)));
            return plan;
        }
        let mut end = 0i64;
        for (index, phase) in duty.cycle.iter().enumerate() {
            let path = format!("duty.{}.{index}", name.value);
            let lasts = self.fix_lapse(&phase.lasts, &format!("{path}.for"));
            self.require(lasts >= 1.0, &phase.lasts.span, "the length of a phase", "a time above 0");
            end = end.saturating_add(lasts.max(1.0) as i64);
            plan.ends.push(end);
            plan.modes.push(phase.mode.as_ref().map_or(Mode::Running, |mode| mode.value.0));
            for (column, num) in phase.columns.iter() {
                // A driver that was set to something else leaves its column without a follower; that is no mistake.
                if spec.drivers.position(&column.value).is_none() {
                    let known = || spec.drivers.names().chain(["for", "mode"]);
                    let message = format!("there is no driver `{}` to follow this", column.value);
                    self.faults.add(
                        Fault::new(&column.span, "duty", message)
                            .expected(names::list(known()))
                            .nearest(names::nearest(&column.value, known())),
                    );
                }
                self.fix(num, &format!("{path}.{}", column.value));
            }
            for (column, follower) in followers.iter().enumerate() {
                let value = match phase.columns.get(follower) {
                    Some(num) => self.fix(num, &format!("{path}.{follower}")),
                    None => {
                        let message = format!("this phase does not say `{follower}`, which follows it");
                        self.faults
                            .add(Fault::new(&phase.span, "duty", message).expected(format!("`{follower} = ...`")));
                        1.0
                    }
                };
                plan.values[column].push(value);
            }
        }
        plan
    }

    /// Writes the drivers in the order of who needs whom.
    pub(super) fn write_drivers(&mut self, tape: &mut Tape) {
        let spec = self.spec;
        let mut pushes = 0;
        for index in self.driver_order() {
            let (name, driver) = &spec.drivers.0[index];
            let slot = self.model.slot_of[&name.value];
            let source = match &driver.form {
                DriverForm::Expr(formula) => {
                    let bound = self.bind(formula, true);
                    // A lagged driver's target goes through the lag's own step, from the driver's slot.
                    tape.push(&bound, slot);
                    pushes += 1;
                    Source::Tape { push: pushes - 1 }
                }
                form => self.plain_source(&name.value, form),
            };
            let lag = self.make_lag(&name.value, driver);
            self.model.drivers.push(DriverPlan {
                name: name.value.clone(),
                unit: driver.unit.clone(),
                slot,
                source,
                lag,
                is_fed: matches!(driver.form, DriverForm::Feed { .. }),
            });
        }
    }

    fn make_lag(&mut self, name: &str, driver: &DriverSpec) -> Option<Lag> {
        let lapse = driver.lag.as_ref()?;
        let tau = self.fix_lapse(lapse, &format!("drivers.{name}.lag"));
        self.require(tau >= 0.0, &lapse.span, "the lag", "a time of 0 or more");
        if tau <= 0.0 {
            return None;
        }
        let lag = self.lag_slots.get(name).copied()?;
        Some(Lag { slot: lag, alpha: -libm::expm1(-(self.frame.tick.0 as f64) / tau) })
    }

    fn operand(&mut self, num: &Num, path: &str) -> Operand {
        match self.draw_slots.get(path) {
            Some(&slot) => Operand::Slot(slot),
            None => Operand::Number(num.draw.fixed().unwrap_or(1.0)),
        }
    }

    /// Slots for lags, walks, held values and drawn numbers: before the tape is made, all slots must be known.
    pub(super) fn place_driver_states(&mut self) {
        for (name, driver) in self.spec.drivers.iter() {
            let name = &name.value;
            if driver.lag.is_some() {
                let slot = self.new_slot();
                self.lag_slots.insert(name.clone(), slot);
                self.keep(slot);
            }
            let drawn: Vec<(&Num, String)> = match &driver.form {
                DriverForm::Swing { mean, swing, .. } => {
                    vec![(mean, format!("drivers.{name}.mean")), (swing, format!("drivers.{name}.swing"))]
                }
                DriverForm::Walk(walk) => {
                    let slot = self.new_slot();
                    self.state_slots.insert(name.clone(), slot);
                    self.keep(slot);
                    vec![(&walk.mean, format!("drivers.{name}.mean")), (&walk.sd, format!("drivers.{name}.sd"))]
                }
                DriverForm::Constant(num) | DriverForm::Feed { default: num, .. } => {
                    let slot = match self.slot_for_draw(&num.draw, format!("drivers.{name}")) {
                        Some(slot) => slot,
                        None => {
                            let slot = self.new_slot();
                            self.model.initial.push((slot, num.draw.fixed().unwrap_or(1.0)));
                            self.model.loads.push(slot);
                            slot
                        }
                    };
                    self.state_slots.insert(name.clone(), slot);
                    Vec::new()
                }
                _ => Vec::new(),
            };
            for (num, path) in drawn {
                if let Some(slot) = self.slot_for_draw(&num.draw, path.clone()) {
                    self.draw_slots.insert(path, slot);
                }
            }
        }
    }

    fn keep(&mut self, slot: u16) {
        self.model.loads.push(slot);
        self.model.stores.push(slot);
    }

    fn plain_source(&mut self, name: &str, form: &DriverForm) -> Source {
        let spec = self.spec;
        match form {
            DriverForm::Duty(duty) => {
                let Some(index) = spec.duty.position(&duty.value) else {
                    let known: Vec<&str> = spec.duty.names().collect();
                    let fault = Fault::new(&duty.span, "duty", format!("there is no duty cycle `{}`", duty.value));
                    let fault = fault.expected(match known.is_empty() {
                        true => format!("a table [duty.{}]", duty.value),
                        false => names::list(known.iter().copied()),
                    });
                    self.faults.add(fault.nearest(names::nearest(&duty.value, known)));
                    return Source::Held { slot: 0 };
                };
                let column = self.model.duties[index].columns.iter().position(|column| column == name).unwrap_or(0);
                Source::Duty { duty: index, column }
            }
            DriverForm::Swing { mean, swing, period, phase } => {
                let nanos = self.fix_lapse(period, &format!("drivers.{name}.period"));
                self.require(nanos >= 1.0, &period.span, "the period", "a time above 0");
                let phase = match phase {
                    Phase::Radians(radians) => radians / std::f64::consts::TAU,
                    Phase::Time(span) => span.0 as f64 / nanos.max(1.0),
                };
                let mean = self.operand(mean, &format!("drivers.{name}.mean"));
                let swing = self.operand(swing, &format!("drivers.{name}.swing"));
                Source::Swing { mean, swing, period: nanos.max(1.0), phase }
            }
            DriverForm::Walk(walk) => {
                let memory = self.fix_lapse(&walk.memory, &format!("drivers.{name}.memory"));
                self.require(memory > 0.0, &walk.memory.span, "the memory of a walk", "a time above 0");
                self.require(walk.sd.draw.fixed().is_none_or(|sd| sd >= 0.0), &walk.sd.span, "the sd", "0 or more");
                let steps = self.frame.tick.0 as f64 / memory.max(1.0);
                let index = self.model.walks;
                if index < super::MOST_WALKS {
                    self.model.walks += 1;
                } else {
                    self.too_many(format!("at most {} walks", super::MOST_WALKS));
                }
                Source::Walk {
                    slot: self.state_slots[name],
                    mean: self.operand(&walk.mean, &format!("drivers.{name}.mean")),
                    sd: self.operand(&walk.sd, &format!("drivers.{name}.sd")),
                    rho: libm::exp(-steps),
                    push: (-libm::expm1(-2.0 * steps)).sqrt(),
                    walk: index,
                    purpose: Purpose::named(&format!("walk.{name}")),
                }
            }
            _ => Source::Held { slot: self.state_slots.get(name).copied().unwrap_or(0) },
        }
    }

    /// Drivers sorted so that each comes after those it names; a circle is reported and cut.
    fn driver_order(&mut self) -> Vec<usize> {
        let spec = self.spec;
        let mut needs: Vec<Vec<(usize, std::ops::Range<usize>)>> = Vec::new();
        for (_, driver) in spec.drivers.iter() {
            let named = match &driver.form {
                DriverForm::Expr(formula) => {
                    crate::expression::parse(&formula.text, Names::Plain).map(|expr| expr.names()).unwrap_or_default()
                }
                _ => Vec::new(),
            };
            needs.push(
                named
                    .into_iter()
                    .filter_map(|(name, span)| spec.drivers.position(&name).map(|index| (index, span)))
                    .collect(),
            );
        }
        let mut order = Vec::new();
        let mut mark: BTreeMap<usize, bool> = BTreeMap::new();
        for start in 0..needs.len() {
            self.visit(start, &needs, &mut mark, &mut order);
        }
        order
    }

    /// Depth first without recursion: the chain of a hostile file may be long.
    fn visit(
        &mut self,
        start: usize,
        needs: &[Vec<(usize, std::ops::Range<usize>)>],
        mark: &mut BTreeMap<usize, bool>,
        order: &mut Vec<usize>,
    ) {
        if mark.contains_key(&start) {
            return;
        }
        let mut stack = vec![(start, 0usize)];
        mark.insert(start, false);
        while let Some((node, next)) = stack.pop() {
            let Some((child, span)) = needs[node].get(next) else {
                mark.insert(node, true);
                order.push(node);
                continue;
            };
            stack.push((node, next + 1));
            match mark.get(child) {
                None => {
                    mark.insert(*child, false);
                    stack.push((*child, 0));
                }
                Some(false) => self.report_circle(node, *child, span, &stack),
                Some(true) => {}
            }
        }
    }

    fn report_circle(&mut self, node: usize, child: usize, span: &std::ops::Range<usize>, stack: &[(usize, usize)]) {
        let name = |index: usize| self.spec.drivers.0[index].0.value.as_str();
        let from = stack.iter().position(|(index, _)| *index == child).unwrap_or(0);
        let mut path: Vec<&str> = stack[from..].iter().map(|(index, _)| name(*index)).collect();
        path.push(name(child));
        let message = format!("these drivers need each other: {}", path.join(" -> "));
        if let DriverForm::Expr(formula) = &self.spec.drivers.0[node].1.form {
            let fault = Fault::new(&formula.part(span), "cycle", message);
            self.faults.add(fault.expected("a driver may name a sensor instead: its true value one tick before"));
        }
    }
}
