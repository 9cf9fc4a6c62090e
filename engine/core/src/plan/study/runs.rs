//! The runs of a study: each variant at each point of the sweep, compiled.

use super::sweep::{MOST_RUNS, Sweep, too_many};
use super::{BASE, RunPlan, Setting};
use crate::files::node::Key;
use crate::files::scenario::ScenarioSpec;
use crate::files::sources::Fault;
use crate::files::study::VariantSpec;
use crate::files::{Node, Value};
use crate::plan::scenario::Compiler;
use crate::plan::scenario::edits::{Edit, Edits};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Machines of all runs together: each costs memory.
const MOST_MACHINES: usize = 4_000_000;

/// A variant as the file has it.
#[derive(Debug, Clone, Default)]
struct Variant {
    name: String,
    edits: Edits,
    changes: Vec<(String, String)>,
}

/// Compiles every run of a study. Faults are kept by the compiler; runs that could not be made are left out.
pub fn compile(compiler: &mut Compiler<'_>, scenario: &Node, spec: &ScenarioSpec, sweep: &Sweep) -> Vec<RunPlan> {
    let mut variants = variants(compiler, scenario, spec);
    let named = variants.iter().position(|variant| variant.name == BASE);
    let base = named.map_or(Variant { name: BASE.to_owned(), ..Variant::default() }, |at| variants.remove(at));
    let alone = variants.is_empty();
    let count =
        (variants.len() + 1).saturating_mul(sweep.points.len().max(1)) + usize::from(alone && !sweep.points.is_empty());
    if count > MOST_RUNS {
        let span = spec.sweep.as_ref().map_or(&spec.span, |sweep| &sweep.span);
        too_many(span, count, &mut compiler.faults);
    }
    let fits = count <= MOST_RUNS;
    let mut runs = Runs { compiler, scenario, sweep, list: Vec::new(), names: BTreeSet::new() };
    let (first, rest) = match sweep.points.split_first() {
        None => (None, &[][..]),
        // Without variants every point is compared with the scenario as it stands.
        Some(_) if alone => (None, sweep.points.as_slice()),
        Some((first, rest)) => (Some(first), rest),
    };
    let Some(baseline) = runs.add(&base, first, None) else { return Vec::new() };
    if !runs.machines_fit(baseline, count, spec) || !fits {
        return runs.list;
    }
    for variant in &variants {
        runs.add(variant, first, Some(baseline));
    }
    for (index, point) in rest.iter().enumerate() {
        // What is wrong at one point is mostly wrong at all; and a plan is not worth making for nothing.
        if !runs.compiler.faults.is_empty() && (index > 0 || !alone) {
            break;
        }
        let baseline = if alone { Some(baseline) } else { None };
        let Some(this) = runs.add(&base, Some(point), baseline) else { break };
        for variant in &variants {
            runs.add(variant, Some(point), Some(this));
        }
    }
    runs.list
}

struct Runs<'r, 'c> {
    compiler: &'r mut Compiler<'c>,
    scenario: &'r Node,
    sweep: &'r Sweep,
    list: Vec<RunPlan>,
    names: BTreeSet<String>,
}

impl Runs<'_, '_> {
    /// Compiles one run; its place among the runs.
    fn add(
        &mut self,
        variant: &Variant,
        point: Option<&Vec<(Setting, Edit)>>,
        baseline: Option<usize>,
    ) -> Option<usize> {
        let mut edits = variant.edits.clone();
        edits.point = point.into_iter().flatten().map(|(_, edit)| edit.clone()).collect();
        let plan = self.compiler.plan(self.scenario, &edits)?;
        let place = self.list.len();
        let alone = variant.name == BASE && baseline.is_some();
        let name = match point {
            None => variant.name.clone(),
            Some(point) if alone => self.sweep.name_of(point),
            Some(point) => format!("{}, {}", variant.name, self.sweep.name_of(point)),
        };
        let name = self.unique(name);
        self.list.push(RunPlan {
            name,
            variant: variant.name.clone(),
            point: point.into_iter().flatten().map(|(setting, _)| setting.clone()).collect(),
            baseline: baseline.unwrap_or(place),
            plan: Arc::new(plan),
            changes: variant.changes.clone(),
        });
        Some(place)
    }

    fn unique(&mut self, name: String) -> String {
        let numbered = (2..).map(|number| format!("{name} ({number})"));
        let name =
            std::iter::once(name.clone()).chain(numbered).find(|name| !self.names.contains(name)).unwrap_or(name);
        self.names.insert(name.clone());
        name
    }

    fn machines_fit(&mut self, baseline: usize, runs: usize, spec: &ScenarioSpec) -> bool {
        let machines = self.list[baseline].plan.machines.len();
        let fits = runs == 1 || machines.saturating_mul(runs) <= MOST_MACHINES;
        if !fits {
            let message = format!("{machines} machines in {runs} runs are too many");
            let span =
                spec.variant.first().map(|variant| &variant.span).or(spec.sweep.as_ref().map(|sweep| &sweep.span));
            let fault = Fault::new(span.unwrap_or(&spec.span), "too-many", message);
            self.compiler.faults.add(fault.expected(format!("at most {MOST_MACHINES} machines times runs")));
        }
        fits
    }
}

/// The variants with what each says otherwise, in the order of the file.
fn variants(compiler: &mut Compiler<'_>, scenario: &Node, spec: &ScenarioSpec) -> Vec<Variant> {
    let nodes = match scenario.get("variant").map(|node| &node.value) {
        Some(Value::Array(nodes)) => nodes.as_slice(),
        _ => &[],
    };
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let mut all = Vec::new();
    for (variant, node) in spec.variant.iter().zip(nodes) {
        let name = variant.name.value.as_str();
        if name.trim().is_empty() {
            let fault = Fault::new(&variant.name.span, "variant", "this variant has no name");
            compiler.faults.add(fault.expected("a name, such as \"monthly swap\""));
        } else if !names.insert(name) {
            compiler.faults.say(&variant.name.span, "variant", format!("`{name}` is the name of two variants"));
        }
        let swept = |path: &str| spec.sweep.iter().flat_map(|sweep| &sweep.axes).any(|(axis, _)| axis.value == path);
        for (path, _) in variant.set.iter().filter(|(path, _)| swept(&path.value)) {
            let message = format!("`{}` is swept: no run would have what this variant sets", path.value);
            compiler.faults.add(Fault::new(&path.span, "variant", message).expected("a path that is not in [sweep]"));
        }
        all.push(Variant { name: name.to_owned(), edits: edits_of(variant, node), changes: changes_of(node) });
    }
    if all.len() > MOST_RUNS {
        too_many(&spec.variant[MOST_RUNS].span, all.len(), &mut compiler.faults);
        all.truncate(MOST_RUNS);
    }
    all
}

fn edits_of(variant: &VariantSpec, node: &Node) -> Edits {
    let set = |(path, value): &(crate::files::leaf::At<String>, Node)| Edit {
        key: Key { text: path.value.clone(), span: path.span.clone() },
        value: value.clone(),
    };
    Edits {
        sets: variant.set.iter().map(set).collect(),
        point: Vec::new(),
        upkeep: node.get("maintenance").cloned(),
        at: variant.at.clone(),
        faults: Some(variant.fault.clone()),
        beside: ["at", "fault"].into_iter().filter_map(|key| node.get(key).cloned()).collect(),
    }
}

/// What a variant says, for people: path and value.
fn changes_of(node: &Node) -> Vec<(String, String)> {
    let entries = |key: &str| match node.get(key).map(|node| &node.value) {
        Some(Value::Table(entries)) => entries.clone(),
        _ => Vec::new(),
    };
    let mut changes: Vec<(String, String)> =
        entries("set").into_iter().map(|(path, value)| (path.text, value.words())).collect();
    changes.extend(
        entries("maintenance").into_iter().map(|(key, value)| (format!("maintenance.{}", key.text), value.words())),
    );
    let listed = |name: String, node: &Node| -> Vec<(String, String)> {
        match &node.value {
            Value::Array(items) => items.iter().map(|item| (name.clone(), item.words())).collect(),
            _ => Vec::new(),
        }
    };
    changes.extend(node.get("at").into_iter().flat_map(|at| listed("at".to_owned(), at)));
    changes.extend(entries("fault").iter().flat_map(|(kind, faults)| listed(format!("fault.{}", kind.text), faults)));
    changes
}

/// Whether there is anything beside the baseline.
pub fn compares(spec: &ScenarioSpec) -> bool {
    spec.sweep.is_some() || spec.variant.iter().any(|variant| variant.name.value != BASE)
}
