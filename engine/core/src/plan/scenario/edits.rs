//! What one run says otherwise than the scenario: a variant, a point of the sweep, a command's settings.

use super::Compiler;
use super::plant::Plant;
use crate::faults::spec::FaultTables;
use crate::files::node::Key;
use crate::files::scenario::ScenarioSpec;
use crate::files::setting::{self, Owner};
use crate::files::sources::Fault;
use crate::files::{Faults, Node, Sources, Value, names};
use crate::plan::study::sweep::Sweep;
use crate::script::spec::AtSpec;

/// Keys of `[maintenance]` that belong to some policies only. A `set` of another policy leaves those of the old one
/// behind, and a sweep of one of them passes by runs whose policy has no such key.
const POLICY_KEYS: [(&str, &[&str]); 6] = [
    ("every", &["periodic", "predictive"]),
    ("by", &["periodic"]),
    ("when", &["condition"]),
    ("delay", &["condition"]),
    ("lead", &["predictive"]),
    ("risk", &["predictive"]),
];

/// A value for a path, with both their places.
#[derive(Debug, Clone)]
pub struct Edit {
    pub key: Key,
    pub value: Node,
}

/// What one run says otherwise than the scenario as it stands.
#[derive(Debug, Clone, Default)]
pub struct Edits {
    pub sets: Vec<Edit>,
    /// A point of the sweep: these pass by where a policy has no such key.
    pub point: Vec<Edit>,
    /// Takes the place of `[maintenance]`.
    pub upkeep: Option<Node>,
    /// These come after the scenario's own, so that those keep their numbers and with them their luck.
    pub at: Vec<AtSpec>,
    pub faults: Option<FaultTables>,
    /// The nodes of `at` and `faults`, for the digest.
    pub beside: Vec<Node>,
}

impl Edits {
    /// Every path with its value, in the order in which they are applied.
    fn all(&self) -> impl Iterator<Item = &Edit> {
        self.sets.iter().chain(&self.point)
    }
}

/// A value of the machines, and whether some kind has taken it.
#[derive(Debug)]
pub struct MachineEdit {
    pub edit: Edit,
    taken: bool,
    /// Why a kind did not take it.
    miss: Option<Fault>,
}

impl Compiler<'_> {
    /// The scenario with what these edits change in it. What concerns machines is kept for their files.
    pub(super) fn edited(&mut self, scenario: &Node, edits: &Edits, whole: bool) -> Node {
        let mut node = if self.asks.is_none() { scenario.clone() } else { without_asks(scenario) };
        let own = self.own_edits.iter().cloned();
        self.machine_edits = own.map(|edit| MachineEdit { edit, taken: false, miss: None }).collect();
        if let Some(upkeep) = &edits.upkeep {
            setting::insert(&mut node, &["maintenance"], &key_at(upkeep, "maintenance"), upkeep);
        }
        leave_old_policy(&mut node, edits);
        let (policy, rest): (Vec<&Edit>, Vec<&Edit>) =
            edits.all().partition(|edit| edit.key.text == "maintenance.policy");
        for edit in policy.into_iter().chain(rest) {
            match setting::owner(&edit.key, &edit.value) {
                Ok(Owner::Machines) => {
                    self.machine_edits.push(MachineEdit { edit: edit.clone(), taken: false, miss: None });
                }
                Ok(Owner::Scenario) => self.edit_scenario(&mut node, edit, whole),
                Err(fault) => self.faults.add(fault),
            }
        }
        let policy = policy_of(&node).to_owned();
        if let Some(Value::Table(entries)) = table_mut(&mut node, "maintenance").map(|node| &mut node.value) {
            for key in edits.point.iter().filter_map(|edit| edit.key.text.strip_prefix("maintenance.")) {
                if takes_key(&policy, key) {
                    self.swept.insert(key.to_owned());
                } else {
                    entries.retain(|(known, _)| known.text != key);
                }
            }
        }
        node
    }

    /// What a command sets lies under what variants say.
    pub(super) fn apply_command(&mut self, scenario: &Node) -> Node {
        let sets: Vec<Edit> =
            self.changes.sets.clone().iter().map(|(path, text)| self.command_edit(path, text)).collect();
        let node = self.edited(scenario, &Edits { sets, ..Edits::default() }, true);
        self.own_edits = self.machine_edits.drain(..).map(|machine_edit| machine_edit.edit).collect();
        node
    }

    /// `--set` as a line of a file: a number, a list or a table as TOML has it, else text.
    fn command_edit(&mut self, path: &str, text: &str) -> Edit {
        let line = |value: &str| format!("{} = {value}", Value::quoted(path));
        let (mut sources, mut faults) = (Sources::default(), Faults::default());
        let node = Node::parse("--set", &line(text), &mut sources, &mut faults);
        let fine = faults.is_empty() && matches!(&node.value, Value::Table(entries) if entries.len() == 1);
        let line = if fine { line(text) } else { line(&Value::quoted(text)) };
        let node = Node::parse("--set", &line, &mut self.sources, &mut self.faults);
        match node.value {
            Value::Table(entries) => entries.into_iter().next(),
            _ => None,
        }
        .map_or_else(
            || Edit {
                key: key_at(&Node { span: node.span.clone(), value: Value::Broken }, path),
                value: Node { span: node.span.clone(), value: Value::Broken },
            },
            |(key, value)| Edit { key, value },
        )
    }

    fn edit_scenario(&mut self, node: &mut Node, edit: &Edit, whole: bool) {
        let key = &edit.key;
        let parts: Vec<&str> = match key.text.strip_prefix("futures.vary.") {
            Some(path) => vec!["futures", "vary", path],
            None => key.text.split('.').collect(),
        };
        if parts[0] == "futures" && parts.get(1) != Some(&"vary") && !whole {
            let fault = Fault::new(&key.span, "unknown-path", "every variant runs through the same futures");
            self.faults.add(fault.expected("of `futures` only what varies: `\"futures.vary.drivers.load\" = ...`"));
            return;
        }
        if parts[0] == "maintenance" && node.get("maintenance").is_none() && key.text != "maintenance.policy" {
            let policy = Node { span: key.span.clone(), value: Value::Text("run-to-failure".to_owned()) };
            setting::insert(node, &["maintenance", "policy"], key, &policy);
        }
        setting::insert(node, &parts, key, &edit.value);
    }

    /// Adds what stands beside the scenario's own actions and faults. Their number comes back: faults are called by it.
    pub(super) fn add_beside(spec: &mut ScenarioSpec, edits: &Edits) -> usize {
        let own = spec.fault.0.len();
        spec.at.extend(edits.at.iter().cloned());
        spec.fault.0.extend(edits.faults.iter().flat_map(|faults| faults.0.iter().cloned()));
        own
    }

    /// Puts the run's values into a machine file, where it has their paths.
    pub(super) fn edit_kind(&mut self, kind: &mut Node) {
        for machine_edit in &mut self.machine_edits {
            match setting::fit(kind, &machine_edit.edit.key, &machine_edit.edit.value) {
                Ok(()) => machine_edit.taken = true,
                Err(fault) => {
                    // The kind that has something near it is the one that was meant.
                    let better = machine_edit.miss.as_ref().is_none_or(|miss| miss.nearest.is_none());
                    machine_edit.miss = if better { Some(fault) } else { machine_edit.miss.take() };
                }
            }
        }
    }

    /// Values that no machine has taken.
    pub(super) fn report_untaken(&mut self, plant: &Plant) {
        let untaken = self.machine_edits.iter_mut().filter(|edit| !edit.taken);
        let misses: Vec<Fault> = untaken.filter_map(|edit| edit.miss.take()).collect();
        if plant.unclear || plant.machines.is_empty() {
            return;
        }
        for mut fault in misses {
            fault.message = fault.message.replace("in this machine file", "in a machine file of this scenario");
            self.faults.add(fault);
        }
    }

    /// A swept key of a policy must belong to the policy of some run.
    pub(in crate::plan) fn check_swept(&mut self, sweep: &Sweep) {
        for (_, edit) in sweep.points.first().into_iter().flatten() {
            let Some(key) = edit.key.text.strip_prefix("maintenance.") else { continue };
            let Some((_, policies)) = POLICY_KEYS.iter().find(|(known, _)| *known == key) else { continue };
            if !self.swept.contains(key) && self.faults.is_empty() {
                let fault = Fault::new(&edit.key.span, "sweep", format!("no run has a policy with `{key}`"));
                self.faults.add(fault.expected(format!(
                    "a policy {} in the scenario or in a variant",
                    names::list(policies.iter().copied())
                )));
            }
        }
    }

    pub(super) fn hash_edits(&self, hash: &mut crate::digest::Hash, edits: &Edits) {
        for MachineEdit { edit, .. } in &self.machine_edits {
            hash.text(&setting::steps(&edit.key.text).join("."));
            super::hash_node(hash, &edit.value);
        }
        edits.beside.iter().for_each(|node| super::hash_node(hash, node));
    }
}

fn key_at(node: &Node, text: &str) -> Key {
    Key { text: text.to_owned(), span: node.span.clone() }
}

/// What was asked is checked with the first run: the others need no copy of it.
fn without_asks(scenario: &Node) -> Node {
    const ASKS: [&str; 5] = ["variant", "sweep", "measure", "expect", "optimise"];
    let value = match &scenario.value {
        Value::Table(entries) => {
            Value::Table(entries.iter().filter(|(key, _)| !ASKS.contains(&key.text.as_str())).cloned().collect())
        }
        other => other.clone(),
    };
    Node { span: scenario.span.clone(), value }
}

fn table_mut<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    match &mut node.value {
        Value::Table(entries) => entries.iter_mut().find(|(known, _)| known.text == key).map(|(_, node)| node),
        _ => None,
    }
}

fn policy_of(scenario: &Node) -> &str {
    scenario.get("maintenance").and_then(|upkeep| upkeep.get("policy")).and_then(Node::text).unwrap_or_default()
}

fn takes_key(policy: &str, key: &str) -> bool {
    POLICY_KEYS.iter().all(|(known, policies)| *known != key || policies.contains(&policy))
}

/// With another policy the keys of the old one go.
fn leave_old_policy(scenario: &mut Node, edits: &Edits) {
    let new =
        edits.all().filter(|edit| edit.key.text == "maintenance.policy").last().and_then(|edit| edit.value.text());
    if new.is_none_or(|new| new == policy_of(scenario)) {
        return;
    }
    if let Some(Value::Table(entries)) = table_mut(scenario, "maintenance").map(|node| &mut node.value) {
        entries.retain(|(key, _)| !POLICY_KEYS.iter().any(|(known, _)| *known == key.text));
    }
}
