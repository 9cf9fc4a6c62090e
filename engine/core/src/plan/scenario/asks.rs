//! What a scenario asks: measures of its own, expectations, a stop rule, an optimum. All of it names measures.

use super::Compiler;
use super::plant::Plant;
use crate::expression::Names;
use crate::expression::{Meaning, parse};
use crate::files::leaf::{At, Formula};
use crate::files::numbers::Num;
use crate::files::scenario::ScenarioSpec;
use crate::files::sources::Fault;
use crate::files::study::{Between, Ends, OptimiseSpec, StopSpec};
use crate::files::{Cx, Value, names};
use crate::measures;
use crate::plan::formulas;
use crate::plan::kind::RESERVED;
use crate::plan::study::{
    Asked, BASE, Better, Bounds, Expectation, OPTIMUM, Of, Optimisation, OwnMeasure, StopRule, sweep,
};
use std::collections::BTreeSet;

/// Futures of an optimum where the file says nothing.
const BUDGET: u64 = 20_000;

/// Longer texts of expectations, with measures of the scenario's own written out, are not made.
const LONGEST_TEXT: usize = crate::expression::MAX_TEXT;

/// What a scenario asks, checked.
#[derive(Debug, Clone, Default)]
pub struct Asks {
    pub measures: Vec<OwnMeasure>,
    pub expects: Vec<Expectation>,
    pub stop: Option<StopRule>,
    pub optimise: Option<Optimisation>,
    /// What the scenario as it stands must hold by itself, in measures that every run has.
    pub plain: Vec<String>,
}

impl Compiler<'_> {
    pub(super) fn asks(&mut self, spec: &ScenarioSpec, plant: &Plant) -> Asks {
        let known = self.known_measures(spec, plant);
        let mut known: BTreeSet<String> = known.into_iter().collect();
        let mut asks = Asks::default();
        for measure in &spec.measure {
            let formula = self.asked(&measure.value, &known, "such as `cost / good_pieces`");
            self.check_measure_name(&measure.name, &known);
            let better = measure.better.as_ref().and_then(|better| self.better(better));
            known.insert(measure.name.value.clone());
            let unit = measure.unit.clone().unwrap_or_default();
            asks.measures.extend(formula.map(|formula| OwnMeasure {
                name: measure.name.value.clone(),
                unit,
                better,
                formula,
            }));
        }
        for expect in &spec.expect {
            let asked = self.asked(&expect.that, &known, "such as `availability > 0.97`");
            if asked.is_some() && !expect.that.text.contains(['<', '>', '=']) {
                let fault = Fault::new(&expect.that.span, "condition", "this compares nothing: when does it hold?");
                self.faults.add(fault.expected("such as `availability > 0.97`"));
            }
            let variant = expect.variant.as_ref().filter(|variant| self.check_variant(variant, spec));
            let of = self.of(&expect.of);
            let plain = of == Of::Value && variant.is_none_or(|variant| variant.value == BASE);
            let nothing_beside = spec.variant.is_empty() && spec.sweep.is_some();
            if let (Some(at), Of::Difference, true) = (&expect.of, of, !nothing_beside && is_base(variant)) {
                let fault = Fault::new(&at.span, "expect", "the baseline has no difference to itself");
                self.faults.add(fault.expected("`variant = \"...\"`: whose difference?"));
            }
            let Some(asked) = asked else { continue };
            asks.plain.extend(written_out(&asked.text, &asks.measures).filter(|_| plain));
            asks.expects.push(Expectation { asked, variant: variant.map(|variant| variant.value.clone()), of });
        }
        asks.stop = spec
            .futures
            .as_ref()
            .and_then(|futures| futures.stop_when.as_ref())
            .and_then(|stop| self.stop_rule(stop, spec, &known));
        if let (Some(optimise), Some(_)) = (&spec.optimise, &spec.sweep) {
            let fault =
                Fault::new(&optimise.span, "optimise", "this scenario is swept too: which point would be best?");
            self.faults.add(fault.expected("either [sweep] or [optimise]"));
        }
        asks.optimise = spec.optimise.as_ref().and_then(|optimise| self.optimisation(optimise, &known));
        asks
    }

    /// Every measure of the program that this scenario's runs have.
    fn known_measures(&self, spec: &ScenarioSpec, plant: &Plant) -> Vec<String> {
        let ids: Vec<&str> = plant.machines.iter().take(measures::MOST_NAMED).map(|machine| &*machine.id).collect();
        let mut names = measures::names(&ids);
        names.extend(measures::group_names(spec.group.iter().map(|group| group.name.value.as_str())));
        names
    }

    /// An expression over known measures; one that names none is reported.
    fn asked(&mut self, formula: &Formula, known: &BTreeSet<String>, example: &str) -> Option<Asked> {
        let mut resolve = |name: &str| known.contains(name).then_some(Meaning::Slot(0));
        let said = self.faults.said();
        let near: Vec<&str> = plain_names(known).collect();
        let bound = formulas::bind(formula, Names::Qualified, &mut resolve, &near, &mut self.faults);
        if self.faults.said() > said {
            return None;
        }
        if bound.as_constant().is_some() {
            let fault = Fault::new(&formula.span, "condition", "this names no measure: it never changes");
            self.faults.add(fault.expected(example));
            return None;
        }
        Asked::parse(&formula.text)
    }

    fn check_measure_name(&mut self, name: &At<String>, known: &BTreeSet<String>) {
        if !names::is_identifier(&name.value) {
            let fault = Fault::new(&name.span, "name", format!("`{}` cannot name a measure", name.value));
            self.faults.add(fault.expected("letters, digits and `_`, at most 64, no digit first"));
        } else if RESERVED.contains(&name.value.as_str()) {
            let message = format!("`{}` already means something in expressions", name.value);
            self.faults.say(&name.span, "name", message);
        } else if known.contains(&name.value) {
            self.faults.say(&name.span, "name", format!("there is a measure `{}` already", name.value));
        }
    }

    fn better(&mut self, better: &At<String>) -> Option<Better> {
        match better.value.as_str() {
            "lower" => Some(Better::Lower),
            "higher" => Some(Better::Higher),
            _ => {
                self.no_such_word(better, "better", "a way to be better", ["lower", "higher"]);
                None
            }
        }
    }

    fn of(&mut self, of: &Option<At<String>>) -> Of {
        match of.as_ref().map(|of| of.value.as_str()) {
            None | Some("value") => Of::Value,
            Some("difference") => Of::Difference,
            Some(_) => {
                if let Some(of) = of {
                    self.no_such_word(of, "of", "something to look at", ["value", "difference"]);
                }
                Of::Value
            }
        }
    }

    fn no_such_word(&mut self, word: &At<String>, code: &'static str, what: &str, known: [&str; 2]) {
        self.faults.add(
            Fault::new(&word.span, code, format!("`{}` is not {what}", word.value))
                .expected(names::list(known))
                .nearest(names::nearest(&word.value, known)),
        );
    }

    fn check_variant(&mut self, variant: &At<String>, spec: &ScenarioSpec) -> bool {
        let optimum = spec.optimise.as_ref().map(|_| OPTIMUM);
        let known = || spec.variant.iter().map(|variant| variant.name.value.as_str()).chain([BASE]).chain(optimum);
        if known().any(|name| name == variant.value) {
            return true;
        }
        self.faults.add(
            Fault::new(&variant.span, "unknown-variant", format!("there is no variant `{}`", variant.value))
                .expected(names::list(known()))
                .nearest(names::nearest(&variant.value, known())),
        );
        false
    }

    /// A measure by its bare name.
    fn check_measure(&mut self, measure: &At<String>, known: &BTreeSet<String>) {
        if !known.contains(&measure.value) {
            self.faults.add(
                Fault::new(&measure.span, "unknown-measure", format!("there is no measure `{}`", measure.value))
                    .expected(names::list(plain_names(known)))
                    .nearest(names::nearest(&measure.value, plain_names(known))),
            );
        }
    }

    fn stop_rule(&mut self, stop: &StopSpec, spec: &ScenarioSpec, known: &BTreeSet<String>) -> Option<StopRule> {
        self.check_measure(&stop.measure, known);
        let of = self.of(&stop.of);
        if let (Some(at), Of::Difference, false) = (&stop.of, of, crate::plan::study::compares(spec)) {
            let fault = Fault::new(&at.span, "of", "there is nothing that differs from the baseline");
            self.faults.add(fault.expected("a [[variant]] or a [sweep] beside it"));
        }
        let half_width = self.fixed(&stop.half_width, "the half width", "above 0", |width| width > 0.0);
        let part = |part: f64| 0.0 < part && part < 1.0;
        let confidence = match &stop.confidence {
            None => Some(0.95),
            Some(asked) => self.fixed(asked, "the confidence", "between 0 and 1, such as 0.95", part),
        };
        let (half_width, confidence) = (half_width?, confidence?);
        Some(StopRule { measure: stop.measure.value.clone(), half_width, confidence, of })
    }

    fn fixed(&mut self, num: &Num, what: &str, expected: &str, holds: impl Fn(f64) -> bool) -> Option<f64> {
        let value = num.draw.fixed().filter(|value| holds(*value));
        if value.is_none() {
            let fault = Fault::new(&num.span, "number", format!("{what} is out of bounds"));
            self.faults.add(fault.expected(format!("a number {expected}")));
        }
        value
    }

    fn optimisation(&mut self, optimise: &OptimiseSpec, known: &BTreeSet<String>) -> Option<Optimisation> {
        let (measure, better) = match (&optimise.minimise, &optimise.maximise) {
            (Some(measure), None) => (measure, Better::Lower),
            (None, Some(measure)) => (measure, Better::Higher),
            (both, _) => {
                let message =
                    if both.is_some() { "this is to be small and large at once" } else { "what is to be best?" };
                let fault = Fault::new(&optimise.span, "optimise", message);
                self.faults.add(fault.expected("either `minimise` or `maximise`, such as `minimise = \"cost\"`"));
                return None;
            }
        };
        self.check_measure(measure, known);
        if optimise.over.is_empty() {
            let fault = Fault::new(&optimise.span, "optimise", "nothing may change");
            self.faults.add(fault.expected(
                "`over` with a path and its bounds, such as `{ \"maintenance.every\" = [\"10 d\", \"120 d\"] }`",
            ));
        }
        let over = optimise.over.iter().filter_map(|(path, between)| self.bounds(path, between)).collect();
        let budget = optimise.budget.as_ref().map_or(BUDGET, |budget| {
            if budget.value == 0 {
                let fault = Fault::new(&budget.span, "number", "nothing could be tried");
                self.faults.add(fault.expected("futures in all, 1 or more"));
            }
            budget.value
        });
        Some(Optimisation { measure: measure.value.clone(), better, over, budget })
    }

    fn bounds(&mut self, path: &At<String>, between: &Between) -> Option<Bounds> {
        if between.0.value == Value::Broken {
            return None;
        }
        let ends = Ends::read(&between.0, &mut Cx { sources: &self.sources, faults: &mut self.faults })?;
        let whole = sweep::takes_whole(&path.value);
        let (is_time, unit) = (ends.unit.is_some(), ends.unit.unwrap_or_default());
        Some(Bounds { path: path.value.clone(), low: ends.low, high: ends.high, is_time, unit, whole })
    }
}

/// Measures of the plant in the order in which they are documented, then the scenario's own.
fn plain_names(known: &BTreeSet<String>) -> impl Iterator<Item = &str> {
    let own = known.iter().map(String::as_str).filter(|name| !name.contains('(') && !measures::NAMES.contains(name));
    measures::NAMES.into_iter().chain(own)
}

fn is_base(variant: Option<&At<String>>) -> bool {
    variant.is_none_or(|variant| variant.value == BASE)
}

/// A text with measures of the scenario's own written out, where it does not become too long.
fn written_out(text: &str, own: &[OwnMeasure]) -> impl Iterator<Item = String> {
    let mut text = text.to_owned();
    // A measure names only those before it: from the last to the first all are gone.
    for measure in own.iter().rev() {
        let Ok(expr) = parse(&text, Names::Qualified) else { return None.into_iter() };
        let mut places: Vec<_> = expr.names().into_iter().filter(|(name, _)| *name == measure.name).collect();
        places.sort_by_key(|(_, span)| span.start);
        for (_, span) in places.into_iter().rev() {
            text.replace_range(span, &format!("({})", measure.formula.text));
        }
        if text.len() > LONGEST_TEXT {
            return None.into_iter();
        }
    }
    Some(text).into_iter()
}
