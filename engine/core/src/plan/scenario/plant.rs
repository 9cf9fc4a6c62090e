//! The plant of a scenario: its machines, each with its model.

use super::{Compiler, MachineSpec, kind, machines};
use crate::dice::Dice;
use crate::files::leaf::At;
use crate::files::scenario::{MachineBlock, ScenarioSpec};
use crate::files::sources::Fault;
use crate::files::{Cx, Faults, Node, Read, names, setting};
use crate::links::{LinkKind, LinkPlan};
use crate::plan::{KindHead, MachinePlan, Model};
use std::collections::{BTreeMap, BTreeSet};
use twinwright_model::{Sheet, Span};

/// The dice of what a machine is in every future: draws of units do not vary from future to future.
pub const EVERY_FUTURE: u64 = u64::MAX;

/// Machines with their models, and the files that they came from.
#[derive(Default)]
pub struct Plant {
    pub machines: Vec<MachinePlan>,
    pub models: Vec<Model>,
    pub sheets: Vec<Sheet>,
    pub heads: Vec<KindHead>,
    pub kinds: BTreeMap<String, Node>,
    by_id: BTreeMap<String, u32>,
}

impl Plant {
    pub fn model_of(&self, machine: u32) -> &Model {
        &self.models[self.machines[machine as usize].model as usize]
    }

    /// The machines that a selector names; an unknown one is reported.
    pub fn select(&self, selector: &At<String>, faults: &mut Faults) -> Vec<u32> {
        let mut found = Vec::new();
        for id in machines::ids_of(selector, machines::MOST_MACHINES, faults) {
            match self.by_id.get(&id) {
                Some(&index) => found.push(index),
                None => {
                    self.report_unknown(&id, selector, faults);
                    break;
                }
            }
        }
        found
    }

    pub fn find(&self, id: &str) -> Option<u32> {
        self.by_id.get(id).copied()
    }

    pub fn report_unknown(&self, id: &str, at: &At<String>, faults: &mut Faults) {
        let known = || self.by_id.keys().map(String::as_str).take(10_000);
        faults.add(
            Fault::new(&at.span, "unknown-machine", format!("there is no machine `{id}`"))
                .expected(names::list(known()))
                .nearest(names::nearest(id, known())),
        );
    }
}

impl Compiler<'_> {
    pub(super) fn plant(&mut self, spec: &ScenarioSpec, seed: u64) -> Plant {
        let mut plant = Plant::default();
        for block in &spec.machine {
            self.add_block(block, spec.tick.value, seed, &mut plant);
        }
        plant
    }

    fn add_block(&mut self, block: &MachineBlock, tick: Span, seed: u64, plant: &mut Plant) {
        let ids = machines::ids_of(&block.id, machines::MOST_MACHINES - plant.machines.len(), &mut self.faults);
        let Some(node) = self.kind_node(block, plant) else { return };
        let mut node = node.clone();
        for (path, value) in block.set.iter() {
            let key = crate::files::node::Key { text: path.value.clone(), span: path.span.clone() };
            setting::apply(&mut node, &key, value, &mut self.faults);
        }
        let machine = MachineSpec::read(&node, &mut Cx { sources: &self.sources, faults: &mut self.faults });
        if machine.kind.value != block.kind.value && !machine.kind.value.is_empty() {
            let message = format!("this file calls its kind `{}`, not `{}`", machine.kind.value, block.kind.value);
            self.faults.add(Fault::new(&machine.kind.span, "kind-name", message).nearest(Some(block.kind.value.clone())));
        }
        let sheet = plant.sheets.iter().position(|sheet| sheet.kind == machine.kind.value).unwrap_or_else(|| {
            plant.sheets.push(kind::sheet(&machine));
            plant.heads.push(kind::head(&machine));
            plant.sheets.len() - 1
        });
        let frame = kind::Frame { tick: Span(tick.0.max(1)), sheet: sheet as u16 };
        let (template, per_machine) = kind::compile(&machine, frame, None, &mut self.faults);
        let before = self.faults.len();
        let group = plant.machines.len() as u32;
        let shared = plant.models.len() as u32;
        plant.models.push(template);
        for id in ids {
            let index = plant.machines.len() as u32;
            if plant.by_id.insert(id.clone(), index).is_some() {
                let message = format!("`{id}` is the id of two machines");
                self.faults.add(Fault::new(&block.id.span, "machine-id", message));
                return;
            }
            let mut model = shared;
            // One faulty draw is enough to say what is wrong with a distribution.
            if per_machine && self.faults.len() == before {
                let dice = Dice::of(seed, EVERY_FUTURE, &id);
                let (own, _) = kind::compile(&machine, frame, Some((&dice, &id)), &mut self.faults);
                model = plant.models.len() as u32;
                plant.models.push(own);
            }
            plant.machines.push(MachinePlan { id: id.into_boxed_str(), model, group });
        }
    }

    /// The tree of a kind's file, parsed once.
    fn kind_node<'p>(&mut self, block: &MachineBlock, plant: &'p mut Plant) -> Option<&'p Node> {
        let kind = &block.kind.value;
        if !plant.kinds.contains_key(kind) {
            let Some(document) = self.library.find(kind) else {
                let known = self.library.known();
                let known = || known.iter().map(String::as_str);
                self.faults.add(
                    Fault::new(&block.kind.span, "unknown-kind", format!("there is no machine file for `{kind}`"))
                        .expected(format!("a file {kind}.toml beside the scenario or in --machines, or {}", names::list(known())))
                        .nearest(names::nearest(kind, known())),
                );
                return None;
            };
            let node = Node::parse(&document.name, &document.text, &mut self.sources, &mut self.faults);
            plant.kinds.insert(kind.clone(), node);
        }
        plant.kinds.get(kind)
    }

    pub(super) fn links(&mut self, spec: &ScenarioSpec, plant: &Plant) -> Vec<LinkPlan> {
        let mut links = Vec::new();
        let known = LinkKind::ALL.map(|(name, _)| name);
        for link in &spec.link {
            let kind = LinkKind::ALL.iter().find(|(name, _)| *name == link.kind.value).map(|(_, kind)| *kind);
            if kind.is_none() {
                self.faults.add(
                    Fault::new(&link.kind.span, "link", format!("`{}` is not a sort of link", link.kind.value))
                        .expected(names::list(known))
                        .nearest(names::nearest(&link.kind.value, known)),
                );
            }
            let mut ends = [&link.from, &link.to].into_iter().map(|end| {
                let found = plant.find(&end.value);
                if found.is_none() {
                    plant.report_unknown(&end.value, end, &mut self.faults);
                }
                found
            });
            let (from, to) = (ends.next().flatten(), ends.next().flatten());
            if let (Some(kind), Some(from), Some(to)) = (kind, from, to) {
                if from == to {
                    self.faults.say(&link.to.span, "link", format!("`{}` is linked to itself", link.to.value));
                }
                links.push(LinkPlan { from, to, kind });
            }
        }
        self.check_circle(spec, &links);
        links
    }

    /// Machines that wait for each other would never start.
    fn check_circle(&mut self, spec: &ScenarioSpec, links: &[LinkPlan]) {
        let mut after: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        let mut waits: BTreeMap<u32, usize> = BTreeMap::new();
        for link in links {
            if after.entry(link.from).or_default().insert(link.to) {
                *waits.entry(link.to).or_default() += 1;
            }
            waits.entry(link.from).or_default();
        }
        let mut free: Vec<u32> = waits.iter().filter(|(_, n)| **n == 0).map(|(machine, _)| *machine).collect();
        let mut done = 0;
        while let Some(machine) = free.pop() {
            done += 1;
            for next in after.get(&machine).into_iter().flatten() {
                let left = waits.entry(*next).or_default();
                *left -= 1;
                if *left == 0 {
                    free.push(*next);
                }
            }
        }
        if done < waits.len() && let Some(link) = spec.link.first() {
            self.faults.say(&link.span, "cycle", "these links run in a circle");
        }
    }
}
