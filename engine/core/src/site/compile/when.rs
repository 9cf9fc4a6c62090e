//! The condition of a rule: a finding, or an expression over a machine, bound to each machine that has its names.

use super::Maker;
use crate::expression::{Bound, Expr, Meaning, Names};
use crate::files::leaf::{At, Formula};
use crate::files::names;
use crate::files::sources::Fault;
use crate::limits::Level;
use crate::maintenance::Source;
use crate::plan::scenario::actions::source_of;
use crate::plan::{Model, formulas};
use crate::site::{DETECTORS, ItemPlan, OF_MACHINES, When};
use std::collections::{BTreeMap, BTreeSet};

/// Machines, and what is judged on them.
type Condition = (Vec<u32>, When);

impl Maker<'_> {
    pub(super) fn condition(
        &mut self,
        rule: &At<String>,
        when: &Formula,
        picked: Option<Vec<u32>>,
        items: &[ItemPlan],
    ) -> Option<Condition> {
        let text = when.text.trim_start();
        let before = when.text.len() - text.len();
        match text.strip_prefix("finding").filter(|rest| rest.is_empty() || rest.starts_with(' ')) {
            Some(rest) => {
                let begin = before + "finding".len() + (rest.len() - rest.trim_start().len());
                let named = when.piece(begin..when.text.trim_end().len().max(begin));
                let found = self.finding(&named, picked, items)?;
                self.take_room(rule, found.0.len()).then_some(found)
            }
            None => self.expression(rule, when, picked),
        }
    }

    /// `bearing_temp.high`, `*.stuck`, `vibration.*`, `signal_lost`
    fn finding(&mut self, named: &Formula, picked: Option<Vec<u32>>, items: &[ItemPlan]) -> Option<Condition> {
        const EXPECTED: &str = "`finding SENSOR.DETECTOR`, with `*` for any, such as `finding bearing_temp.high`";
        let text = named.text.as_str();
        let (sensor, detector) = match text.split_once('.') {
            Some(parts) => parts,
            None if OF_MACHINES.contains(&text) => ("*", text),
            None => {
                let near = names::nearest(text, DETECTORS).map(|near| format!("*.{near}"));
                let what =
                    if text.is_empty() { "no finding is named".to_owned() } else { format!("`{text}` is no finding") };
                let fault = Fault::new(&named.span, "finding", what);
                self.faults().add(fault.expected(EXPECTED).nearest(near));
                return None;
            }
        };
        if detector != "*" && !DETECTORS.contains(&detector) {
            let span = named.part(&(text.len() - detector.len()..text.len()));
            let fault = Fault::new(&span, "finding", format!("there is no detector `{detector}`"));
            let near = names::nearest(detector, DETECTORS);
            self.faults().add(fault.expected(names::list(DETECTORS)).nearest(near));
            return None;
        }
        if sensor != "*" && OF_MACHINES.contains(&detector) {
            let fault = Fault::new(
                &named.span,
                "finding",
                format!("`{detector}` is about a machine, not about a sensor of it"),
            );
            self.faults().add(fault.expected(format!("`finding {detector}`")));
            return None;
        }
        let machines = match sensor {
            "*" => picked.unwrap_or_else(|| (0..self.plant.machines.len() as u32).collect()),
            sensor => self.machines_with(sensor, named, picked)?,
        };
        if sensor != "*" {
            self.check_can_come(named, (sensor, detector), &machines, items);
        }
        let some = |text: &str| (text != "*").then(|| text.to_owned());
        Some((machines, When::Finding { sensor: some(sensor), detector: some(detector) }))
    }

    /// The machines with this sensor: all that a rule picked must have it.
    fn machines_with(&mut self, sensor: &str, named: &Formula, picked: Option<Vec<u32>>) -> Option<Vec<u32>> {
        let known = |model: &crate::plan::Model| model.sensors.iter().any(|known| known.name == sensor);
        let have: Vec<bool> = self.plant.models.iter().map(known).collect();
        let has = |machine: &u32| have[self.plant.machines[*machine as usize].model as usize];
        let all = || (0..self.plant.machines.len() as u32).collect::<Vec<u32>>();
        let (lacking, found) = match &picked {
            Some(picked) if picked.iter().all(has) => return Some(picked.clone()),
            Some(picked) => (picked.iter().copied().find(|machine| !has(machine)), Vec::new()),
            None => (None, all().into_iter().filter(has).collect()),
        };
        if !found.is_empty() {
            return Some(found);
        }
        if self.registers {
            return Some(picked.unwrap_or_else(all));
        }
        if self.plant.unclear {
            return None;
        }
        let models = lacking.map_or(self.used.clone(), |machine| vec![self.plant.machines[machine as usize].model]);
        let sensors = models.iter().flat_map(|model| &self.plant.models[*model as usize].sensors);
        let known: BTreeSet<&str> = sensors.map(|sensor| sensor.name.as_str()).collect();
        let id = |machine: u32| format!("`{}`", self.plant.machines[machine as usize].id);
        let whose = lacking.map_or("this site".to_owned(), id);
        let span = named.part(&(0..sensor.len()));
        let fault = Fault::new(&span, "unknown-sensor", format!("{whose} has no sensor `{sensor}`"))
            .expected(names::list(known.iter().copied()))
            .nearest(names::nearest(sensor, known.iter().copied()));
        self.compiler.faults.add(fault);
        None
    }

    /// A rule on a limit that nobody has set would wait for ever.
    fn check_can_come(
        &mut self,
        named: &Formula,
        (sensor, detector): (&str, &str),
        machines: &[u32],
        items: &[ItemPlan],
    ) {
        if self.registers {
            return;
        }
        let level = Level::ALL.into_iter().find(|level| level.name() == detector);
        let own = items.iter().filter(|item| item.item == sensor);
        let comes = match (level, detector) {
            (Some(level), _) => {
                let site =
                    own.clone().any(|item| item.limits.is_some_and(|limits| limits.at[level as usize].is_some()));
                let file = |machine: &u32| {
                    let known = self.plant.model_of(*machine).sensors.iter().find(|known| known.name == sensor);
                    known.and_then(|known| known.limits).is_some_and(|limits| limits.at[level as usize].is_some())
                };
                site || machines.iter().any(file)
            }
            (None, "rate") => own.clone().any(|item| item.rate.is_some()),
            _ => true,
        };
        if !comes {
            let message = format!("`{sensor}` has no limit `{detector}` that could be passed");
            let fault = Fault::new(&named.span, "finding", message);
            self.faults().add(fault.expected(format!("`[limits.{sensor}]` with `{detector}`")));
        }
    }

    fn expression(&mut self, rule: &At<String>, when: &Formula, picked: Option<Vec<u32>>) -> Option<Condition> {
        if self.names_a_machine(when) {
            return None;
        }
        let expr = formulas::parse(when, Names::Plain, self.faults())?;
        let among = picked.clone().unwrap_or_else(|| (0..self.plant.machines.len() as u32).collect());
        let model_of = |machine: &u32| self.plant.machines[*machine as usize].model;
        let models: BTreeSet<u32> = match &picked {
            Some(picked) => picked.iter().map(model_of).collect(),
            None => self.used.iter().copied().collect(),
        };
        let named = expr.names();
        let mut bound: BTreeMap<u32, (Vec<Source>, Bound)> = BTreeMap::new();
        let mut lacking = None;
        for model in models {
            let plan = &self.plant.models[model as usize];
            if named.iter().any(|(name, _)| source_of(plan, name).is_none()) {
                lacking.get_or_insert(model);
                continue;
            }
            match bind(&expr, plan) {
                Some(one) => {
                    bound.insert(model, one);
                }
                None => {
                    // What is wrong is the same in every kind: once is enough.
                    let mut resolve = |name: &str| source_of(plan, name).map(|_| Meaning::Slot(0));
                    formulas::bind(when, Names::Plain, &mut resolve, &[], &mut self.compiler.faults);
                    return None;
                }
            }
        }
        if let Some(model) = lacking.filter(|_| picked.is_some() || bound.is_empty()) {
            self.report_names(when, picked.is_some().then_some(model));
            return None;
        }
        if bound.is_empty() || bound.values().any(|(_, bound)| bound.as_constant().is_some()) {
            if !self.plant.unclear && !bound.is_empty() {
                self.faults().say(&when.span, "condition", "this condition never changes");
            }
            return None;
        }
        let model_of = |machine: &u32| self.plant.machines[*machine as usize].model;
        let machines: Vec<u32> = among.into_iter().filter(|machine| bound.contains_key(&model_of(machine))).collect();
        if !self.take_room(rule, machines.len()) {
            return None;
        }
        let model_of = |machine: &u32| self.plant.machines[*machine as usize].model;
        let by_machine = machines.iter().filter_map(|machine| bound.get(&model_of(machine)).cloned()).collect();
        Some((machines, When::Holds { text: when.text.trim().to_owned(), by_machine }))
    }

    /// `P-101.vibration` as conditions of scenarios have it: said in these words rather than as odd arithmetic.
    fn names_a_machine(&mut self, when: &Formula) -> bool {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let mut at = 0;
        for word in when.text.split(|c: char| !is_part(c)) {
            if let Some((id, item)) = word.rsplit_once('.')
                && self.plant.find(id).is_some()
            {
                let fault = Fault::new(
                    &when.part(&(at..at + word.len())),
                    "condition",
                    "a rule is judged on each machine by itself",
                );
                let machine = format!("`{item}`, and `machine = \"{id}\"` where it is about that one alone");
                self.faults().add(fault.expected(machine));
                return true;
            }
            at += word.len() + when.text[at + word.len()..].chars().next().map_or(0, char::len_utf8);
        }
        false
    }

    /// Names that a kind lacks, or that no kind of the site has, or that none has together.
    fn report_names(&mut self, when: &Formula, of: Option<u32>) {
        if self.plant.unclear {
            return;
        }
        let models: Vec<&Model> = match of {
            Some(model) => vec![&self.plant.models[model as usize]],
            None => self.plant.models.iter().collect(),
        };
        let known: BTreeSet<String> = models.iter().flat_map(|model| names_of(model)).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let mut resolve = |name: &str| known.contains(&name).then_some(Meaning::Slot(0));
        let said = self.compiler.faults.said();
        formulas::bind(when, Names::Plain, &mut resolve, &known, &mut self.compiler.faults);
        if self.compiler.faults.said() == said {
            self.faults().say(&when.span, "condition", "no machine of this site has all of these names");
        }
    }
}

fn bind(expr: &Expr, model: &Model) -> Option<(Vec<Source>, Bound)> {
    let mut reads: Vec<Source> = Vec::new();
    let mut resolve = |name: &str| {
        let source = source_of(model, name)?;
        let at = reads.iter().position(|read| *read == source).unwrap_or_else(|| {
            reads.push(source);
            reads.len() - 1
        });
        Some(Meaning::Slot(at as u16))
    };
    let bound = expr.bind(&mut resolve, &[]).ok()?;
    Some((reads, bound))
}

fn names_of(model: &Model) -> impl Iterator<Item = String> + '_ {
    let sensors = model.sensors.iter().map(|sensor| sensor.name.clone());
    let wears = model.wears.iter().map(|wear| wear.name.clone());
    sensors.chain(wears).chain(model.slot_of.keys().cloned()).chain(["running".to_owned()])
}
