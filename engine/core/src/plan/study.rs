//! A study: a scenario with everything that it compares, and what is asked of the comparison.

mod from;
mod runs;
pub mod sweep;

pub use from::From;
pub(super) use runs::compares;

use super::scenario::Compiler;
use super::scenario::edits::{Edit, Edits};
use super::{Changes, Document, Library, Plan};
use crate::expression::{self, Bound, Meaning, Names};
use crate::files::node::Key;
use crate::files::scenario::ScenarioSpec;
use crate::files::{Cx, Node, Read, Value, units};
use std::sync::Arc;
use sweep::Sweep;
use twinwright_model::Diagnostic;

/// The variant that others are compared with, when the scenario names none so.
pub const BASE: &str = "base";

/// The run at the best values that `[optimise]` found.
pub const OPTIMUM: &str = "optimum";

/// A scenario with everything that it compares.
#[derive(Debug, Clone)]
pub struct Study {
    /// All that is run: of each point of the sweep the baseline first, then the variants in file order.
    pub runs: Vec<RunPlan>,
    /// What is swept; empty without a sweep.
    pub axes: Vec<Axis>,
    pub measures: Vec<OwnMeasure>,
    pub expects: Vec<Expectation>,
    pub stop: Option<StopRule>,
    pub optimise: Option<Optimisation>,
    /// What it goes on from.
    pub from: Option<From>,
}

/// One thing that is run: a variant at a point of the sweep.
#[derive(Debug, Clone)]
pub struct RunPlan {
    /// Unique, for people and folders: `base`, `monthly swap`, `base, load = 0.7`.
    pub name: String,
    pub variant: String,
    /// One value for each axis.
    pub point: Vec<Setting>,
    /// The run that this one is compared with, by its place among the runs; its own for a baseline.
    pub baseline: usize,
    pub plan: Arc<Plan>,
    /// What the variant says otherwise than the scenario: path and value, as the file has them.
    pub changes: Vec<(String, String)>,
}

/// A swept path with its values in ascending order of appearance.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    pub path: String,
    pub values: Vec<Setting>,
}

/// A value as a file would have it, and as a number where it is one: times count in hours.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    pub text: String,
    pub number: Option<f64>,
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    Lower,
    Higher,
}

/// A measure of the scenario's own: an expression over measures of one future.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnMeasure {
    pub name: String,
    pub unit: String,
    pub better: Option<Better>,
    pub formula: Asked,
}

/// An expression over named measures.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub text: String,
    /// Names in the order of the slots.
    pub names: Vec<String>,
    bound: Bound,
}

impl Asked {
    /// Binds a text; None when it cannot be read, which compiling has reported.
    pub fn parse(text: &str) -> Option<Asked> {
        let mut names: Vec<String> = Vec::new();
        let mut resolve = |name: &str| {
            let place = names.iter().position(|known| known == name).unwrap_or_else(|| {
                names.push(name.to_owned());
                names.len() - 1
            });
            Some(Meaning::Slot(place as u16))
        };
        let bound = expression::parse(text, Names::Qualified).ok()?.bind(&mut resolve, &[]).ok()?;
        Some(Asked { text: text.to_owned(), names, bound })
    }

    /// Its value, when every measure that it names has one.
    pub fn value(&self, mut measure: impl FnMut(&str) -> Option<f64>) -> Option<f64> {
        let values: Option<Vec<f64>> = self.names.iter().map(|name| measure(name)).collect();
        Some(self.bound.eval(&values?)).filter(|value| value.is_finite())
    }
}

/// What an expectation speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Of {
    /// The means of measures.
    #[default]
    Value,
    /// The means of the paired differences to the baseline.
    Difference,
}

/// Something that must hold at the end.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    pub asked: Asked,
    /// The variant that it speaks of; the baseline's own where none is named.
    pub variant: Option<String>,
    pub of: Of,
}

/// When enough futures were run: the interval of a measure's mean is narrow enough in every run.
#[derive(Debug, Clone, PartialEq)]
pub struct StopRule {
    pub measure: String,
    pub half_width: f64,
    pub confidence: f64,
    /// Of the measure itself, or of every variant's difference to its baseline.
    pub of: Of,
}

/// The best values of some paths for a measure.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimisation {
    pub measure: String,
    pub better: Better,
    pub over: Vec<Bounds>,
    /// Futures in all, over all points that are tried.
    pub budget: u64,
}

/// Where a path may go. Times count in hours here and are written back with their unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Bounds {
    pub path: String,
    pub low: f64,
    pub high: f64,
    pub is_time: bool,
    /// That it is written in, for a time.
    pub unit: &'static str,
    pub whole: bool,
}

impl Study {
    /// A plain run: nothing is compared or optimised, and there is one future.
    pub fn is_plain(&self) -> bool {
        self.runs.len() == 1 && self.base().futures == 1 && self.optimise.is_none()
    }

    pub fn base(&self) -> &Arc<Plan> {
        &self.runs[0].plan
    }
}

impl Setting {
    /// A value as it stands in a file.
    pub fn of(node: &Node) -> Setting {
        let text = node.words();
        let hours = || node.text().and_then(|text| units::parse_span(text).ok()).map(|span| span.hours());
        Setting { number: node.number().or_else(hours), text }
    }
}

/// Compiles a scenario with its machine files, its variants and its sweep. A study comes only without faults.
pub fn study(document: &Document, library: &dyn Library, changes: &Changes) -> Result<Study, Vec<Diagnostic>> {
    let mut compiler = Compiler::new(library, changes.clone());
    let node = compiler.open(document);
    let spec = ScenarioSpec::read(&node, &mut Cx { sources: &compiler.sources, faults: &mut compiler.faults });
    let seed = changes.seed.or(spec.seed).unwrap_or(1);
    let sweep = spec
        .sweep
        .as_ref()
        .map_or_else(Sweep::default, |sweep| Sweep::read(sweep, seed, &compiler.sources, &mut compiler.faults));
    let runs = runs::compile(&mut compiler, &node, &spec, &sweep);
    compiler.check_swept(&sweep);
    check_bounds(&mut compiler, &node, &spec);
    from::check(&mut compiler, &spec);
    let asks = compiler.asks.take().unwrap_or_default();
    if !compiler.faults.is_empty() || runs.is_empty() {
        return Err(compiler.faults.into_diagnostics(&compiler.sources));
    }
    Ok(Study {
        runs,
        axes: sweep.axes,
        measures: asks.measures,
        expects: asks.expects,
        stop: asks.stop,
        optimise: asks.optimise,
        from: spec.from.as_ref().and_then(from::read),
    })
}

/// Compiles the scenario at both ends of what an optimum may change: what is wrong there is told at the bounds.
fn check_bounds(compiler: &mut Compiler<'_>, scenario: &Node, spec: &ScenarioSpec) {
    let over = || spec.optimise.iter().flat_map(|optimise| optimise.over.iter());
    for end in 0..2 {
        let at_end = |(path, between): &(crate::files::leaf::At<String>, crate::files::study::Between)| {
            let Value::Array(ends) = &between.0.value else { return None };
            let key = Key { text: path.value.clone(), span: path.span.clone() };
            Some(Edit { key, value: ends.get(end)?.clone() })
        };
        let sets: Vec<Edit> = over().filter_map(at_end).collect();
        if !sets.is_empty() && compiler.faults.is_empty() {
            compiler.plan(scenario, &Edits { sets, ..Edits::default() });
        }
    }
}
