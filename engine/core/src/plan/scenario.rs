//! A scenario compiled: its machines, links, script, faults and maintenance, all by number.

pub(crate) mod actions;
mod asks;
pub(super) mod edits;
mod faults;
mod groups;
pub(crate) mod plant;
mod upkeep;
mod vary;

use super::{Document, Library, Plan, kind, machines};
use crate::files::leaf::At;
use crate::files::scenario::{SCENARIO_SCHEMA, ScenarioSpec};
use crate::files::sources::Fault;
use crate::files::{Cx, Faults, MachineSpec, Node, Read, Sources, Value};
use asks::Asks;
use edits::{Edit, Edits, MachineEdit};
use plant::Plant;
use std::collections::{BTreeMap, BTreeSet};
use twinwright_model::{Diagnostic, Span, Time};
use vary::VaryEdit;

/// Machines times futures that are held in memory at once, a kibibyte each.
pub const MOST_ROWS: u64 = 2_000_000;

/// Futures beyond this are refused.
const MOST_FUTURES: u64 = 1_000_000;

/// Checks a machine file by itself.
pub fn compile_kind(document: &Document) -> Vec<Diagnostic> {
    let (mut sources, mut faults) = (Sources::default(), Faults::default());
    let node = Node::parse(&document.name, &document.text, &mut sources, &mut faults);
    let spec = MachineSpec::read(&node, &mut Cx { sources: &sources, faults: &mut faults });
    // A tick that fits every sensor: whether a scenario's tick fits is judged with the scenario.
    let tick = spec.sensors.iter().filter_map(|(_, s)| s.every.as_ref()?.as_span()).map(|s| s.0).filter(|n| *n > 0);
    let tick = tick.reduce(gcd).unwrap_or(1_000_000_000);
    kind::compile(&spec, kind::Frame { tick: Span(tick), sheet: 0 }, None, &mut faults);
    faults.into_diagnostics(&sources)
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// A scenario, or a site, being compiled.
pub(crate) struct Compiler<'a> {
    pub(crate) sources: Sources,
    pub(crate) faults: Faults,
    library: &'a dyn Library,
    changes: Changes,
    /// Machine files by kind, read once for all variants; and kinds that were looked for in vain.
    kinds: BTreeMap<String, Node>,
    unknown: BTreeSet<String>,
    /// What a command sets in machine files, and what the run being compiled does.
    own_edits: Vec<Edit>,
    machine_edits: Vec<MachineEdit>,
    vary_edits: Vec<VaryEdit>,
    /// Keys of policies that a sweep has met.
    swept: BTreeSet<String>,
    /// What the scenario asks: checked with its first run.
    pub(super) asks: Option<Asks>,
}

/// What a command changes in a scenario before it is compiled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    pub seed: Option<u64>,
    pub start: Option<Time>,
    pub duration: Option<Span>,
    /// Values by path, as a variant's `set` has them: `("maintenance.every", "30 d")`; numbers as they are written.
    pub sets: Vec<(String, String)>,
}

/// Compiles a scenario with its machine files. A plan comes only without faults.
pub fn compile(document: &Document, library: &dyn Library) -> Result<Plan, Vec<Diagnostic>> {
    compile_changed(document, library, Changes::default())
}

/// The same with another seed, start or duration than the file's.
pub fn compile_changed(document: &Document, library: &dyn Library, changes: Changes) -> Result<Plan, Vec<Diagnostic>> {
    let mut compiler = Compiler::new(library, changes);
    let node = compiler.open(document);
    let plan = compiler.plan(&node, &Edits::default());
    match plan {
        Some(plan) if compiler.faults.is_empty() => Ok(plan),
        _ => Err(compiler.faults.into_diagnostics(&compiler.sources)),
    }
}

impl<'a> Compiler<'a> {
    pub(crate) fn new(library: &'a dyn Library, changes: Changes) -> Compiler<'a> {
        Compiler {
            sources: Sources::default(),
            faults: Faults::default(),
            library,
            changes,
            kinds: BTreeMap::new(),
            unknown: BTreeSet::new(),
            own_edits: Vec::new(),
            machine_edits: Vec::new(),
            vary_edits: Vec::new(),
            swept: BTreeSet::new(),
            asks: None,
        }
    }
}

impl Compiler<'_> {
    /// The scenario's text as a tree, with what a command changes in it.
    pub(crate) fn open(&mut self, document: &Document) -> Node {
        let mut node = Node::parse(&document.name, &document.text, &mut self.sources, &mut self.faults);
        change(&mut node, &self.changes);
        if self.changes.sets.is_empty() { node } else { self.apply_command(&node) }
    }

    /// One run of an opened scenario.
    pub(super) fn plan(&mut self, scenario: &Node, edits: &Edits) -> Option<Plan> {
        let node = self.edited(scenario, edits, false);
        let mut spec = ScenarioSpec::read(&node, &mut Cx { sources: &self.sources, faults: &mut self.faults });
        let own_faults = Compiler::add_beside(&mut spec, edits);
        self.check_head(&node, &spec);
        let ticks = self.ticks(&spec);
        let seed = self.changes.seed.or(spec.seed).unwrap_or(1);
        let futures = self.futures(&spec);
        self.open_vary(&spec);
        let plant = self.plant(&spec.machine, spec.tick.value, seed);
        self.report_untaken(&plant);
        self.report_unvaried(&plant);
        self.check_size(&spec, &plant, futures);
        let links = self.links(&spec.link, &plant);
        let groups = self.groups(&spec, &plant);
        let start = spec.start.value;
        let script = self.script(&spec, &plant, start);
        let faults = self.fault_plans(&spec, own_faults, &plant, start);
        let maintenance = self.maintenance(&spec, &plant);
        if self.asks.is_none() {
            self.asks = Some(self.asks(&spec, &plant));
        }
        let outlets = spec.outlet.compile(&self.sources, &mut self.faults);
        let digest = self.digest_of(&node, edits, seed);
        Some(Plan {
            title: spec.title.clone(),
            seed,
            start,
            tick: spec.tick.value,
            ticks: ticks?,
            futures,
            machines: plant.machines,
            models: plant.models,
            sheets: plant.sheets,
            kinds: plant.heads,
            links,
            groups,
            script,
            faults,
            maintenance,
            path: self.path(spec.path.as_ref()),
            outlets,
            expectations: self.asks.as_ref().map_or_else(Vec::new, |asks| asks.plain.clone()),
            digest,
            origin: None,
        })
    }

    fn check_head(&mut self, node: &Node, spec: &ScenarioSpec) {
        if spec.schema.value != SCENARIO_SCHEMA {
            let fault = Fault::new(&spec.schema.span, "schema", "this is not a scenario of version 1");
            self.faults.add(fault.expected(format!("`schema = \"{SCENARIO_SCHEMA}\"`")));
        }
        if spec.machine.is_empty()
            && !node.get("machine").is_some_and(|node| !matches!(node.value, Value::Array(_)))
            && !self.faults.blames_key("machine")
        {
            let fault = Fault::new(&spec.span, "missing-key", "a scenario needs at least one [[machine]]");
            self.faults.add(fault);
        }
    }

    fn ticks(&mut self, spec: &ScenarioSpec) -> Option<u32> {
        let (duration, tick) = (spec.duration.value.0, spec.tick.value.0);
        if tick <= 0 {
            self.faults.add(Fault::new(&spec.tick.span, "time", "the tick is not a step forward").expected("above 0"));
            return None;
        }
        if duration < tick {
            let fault = Fault::new(&spec.duration.span, "time", "this is shorter than one tick");
            self.faults.add(fault.expected(format!("at least the tick of {}", spec.tick.value)));
            return None;
        }
        if spec.start.value.0.checked_add(duration).is_none() {
            let fault = Fault::new(&spec.duration.span, "time", "the end lies beyond the year 2262");
            self.faults.add(fault);
            return None;
        }
        let ticks = duration / tick;
        if ticks > i64::from(u32::MAX - 1) {
            let fault = Fault::new(&spec.duration.span, "time", format!("this is {ticks} ticks"));
            self.faults
                .add(fault.expected(format!("at most {} ticks: a longer tick or a shorter duration", u32::MAX - 1)));
            return None;
        }
        Some(ticks as u32)
    }

    /// Four levels that can stand in a topic.
    pub(crate) fn path(&mut self, path: Option<&At<String>>) -> Option<String> {
        let path = path?;
        let levels: Vec<&str> = path.value.split('/').collect();
        let bad = |level: &&str| level.is_empty() || level.contains(['+', '#', '\0', '\n']);
        if levels.len() > 8 || path.value.len() > 200 || levels.iter().any(bad) {
            let fault = Fault::new(&path.span, "path", "this is no path");
            self.faults.add(
                fault.expected("levels apart by `/`, such as \"acme/lyon/utilities/line-1\", without `+` and `#`"),
            );
        }
        Some(path.value.clone())
    }

    fn futures(&mut self, spec: &ScenarioSpec) -> u32 {
        let Some(futures) = &spec.futures else { return 1 };
        let count = futures.count.value;
        if count == 0 || count > MOST_FUTURES {
            let fault = Fault::new(&futures.count.span, "number", format!("{count} futures cannot be run"));
            self.faults.add(fault.expected(format!("1 to {MOST_FUTURES}")));
            return 1;
        }
        count as u32
    }

    /// Futures live side by side in memory.
    fn check_size(&mut self, spec: &ScenarioSpec, plant: &Plant, futures: u32) {
        let (machines, Some(asked)) = (plant.machines.len() as u64, &spec.futures) else { return };
        let rows = machines * u64::from(futures);
        if rows > MOST_ROWS && futures > 1 {
            let fault = Fault::new(
                &asked.count.span,
                "number",
                format!("{machines} machines in {futures} futures are {rows} at once"),
            );
            self.faults.add(fault.expected(format!("at most {MOST_ROWS} machines times futures")));
        }
    }
}

/// Puts what a command asks for in the place of what the file says; what the file lacks is still missing.
fn change(scenario: &mut Node, changes: &Changes) {
    let start = changes.start.map(|start| Value::Text(start.to_string()));
    let duration = changes.duration.map(|duration| Value::Text(format!("{} ns", duration.0)));
    let Value::Table(entries) = &mut scenario.value else { return };
    for (key, node) in entries {
        let value = match key.text.as_str() {
            "start" => &start,
            "duration" => &duration,
            _ => continue,
        };
        if let Some(value) = value {
            node.value = value.clone();
        }
    }
}

/// Keys that do not change what a run is.
const NOT_IN_DIGEST: [&str; 12] = [
    "title", "seed", "duration", "futures", "expect", "path", "outlet", "variant", "sweep", "measure", "optimise",
    "from",
];

impl Compiler<'_> {
    /// What varies from future to future makes another run; how many futures there are does not.
    fn digest_of(&self, scenario: &Node, edits: &Edits, seed: u64) -> u128 {
        let mut hash = crate::digest::Hash::default();
        hash.number(seed);
        if let Value::Table(entries) = &scenario.value {
            for (key, node) in entries.iter().filter(|(key, _)| !NOT_IN_DIGEST.contains(&key.text.as_str())) {
                hash.text(&key.text);
                hash_node(&mut hash, node);
            }
        }
        if let Some(vary) = scenario.get("futures").and_then(|futures| futures.get("vary")) {
            hash_node(&mut hash, vary);
        }
        self.hash_kinds(&mut hash);
        self.hash_edits(&mut hash, edits);
        hash.finish()
    }

    /// What the machine files say.
    pub(crate) fn hash_kinds(&self, hash: &mut crate::digest::Hash) {
        for (name, node) in &self.kinds {
            hash.text(name);
            hash_node(hash, node);
        }
    }
}

/// What a node says, without where it stood: comments and white space do not change a run.
pub(crate) fn hash_node(hash: &mut crate::digest::Hash, node: &Node) {
    use crate::files::Value;
    match &node.value {
        Value::Table(entries) => {
            hash.text("table");
            hash.number(entries.len() as u64);
            for (key, child) in entries {
                hash.text(&key.text);
                hash_node(hash, child);
            }
        }
        Value::Array(items) => {
            hash.text("array");
            hash.number(items.len() as u64);
            items.iter().for_each(|item| hash_node(hash, item));
        }
        Value::Text(text) | Value::Stamp(text) => hash.text(text),
        // Whole numbers stand for decimals.
        Value::Whole(whole) => hash.number((*whole as f64).to_bits()),
        Value::Decimal(decimal) => hash.number(decimal.to_bits()),
        Value::Flag(flag) => hash.number(u64::from(*flag)),
        Value::Broken => hash.text("broken"),
    }
}
