//! The plant of a scenario or a site: its machines, each with its model.

use super::{Compiler, MachineSpec, kind, machines};
use crate::dice::{Dice, EVERY_FUTURE};
use crate::files::leaf::At;
use crate::files::scenario::MachineBlock;
use crate::files::sources::Fault;
use crate::files::{Cx, Faults, Node, Read, names, setting};
use crate::links::spec::LinkSpec;
use crate::links::{LinkKind, LinkPlan};
use crate::plan::{KindHead, MachinePlan, Model};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use twinwright_model::{Sheet, Span};

/// Machines with their models, and the files that they came from.
#[derive(Default)]
pub struct Plant {
    pub machines: Vec<MachinePlan>,
    pub models: Vec<Model>,
    pub sheets: Vec<Sheet>,
    pub heads: Vec<KindHead>,
    by_id: BTreeMap<String, u32>,
    /// Models of blocks that say the same, by what they say.
    made: BTreeMap<u128, u32>,
    /// A block's machines could not be made: names that nobody knows may be theirs, and are not reported.
    pub unclear: bool,
    /// Machines that actions and faults name, counted: each costs memory.
    named: std::cell::Cell<usize>,
}

/// Actions and faults of one scenario name at most so many machines in all.
const MOST_NAMED: usize = 1_000_000;

/// Machines with a model of their own (numbers drawn in their sensors or costs) cost some ten kilobytes each.
const MOST_OWN_MODELS: usize = 10_000;

impl Plant {
    pub fn model_of(&self, machine: u32) -> &Model {
        &self.models[self.machines[machine as usize].model as usize]
    }

    /// The machines that a selector names; an unknown one is reported.
    pub fn select(&self, selector: &At<String>, faults: &mut Faults) -> Vec<u32> {
        let mut found = Vec::new();
        let count = machines::count_ids(&selector.value).unwrap_or(0);
        if count > self.by_id.len() as u64 {
            self.report_too_many(selector, faults);
            return found;
        }
        self.named.set(self.named.get() + count as usize);
        if self.named.get() > MOST_NAMED {
            if !faults.is_full() {
                let fault = Fault::new(&selector.span, "too-many", "from here on too many machines are named");
                faults.add(fault.expected(format!("at most {MOST_NAMED} in all actions and faults")));
            }
            return found;
        }
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

    /// A range of more machines than there are: one of them is unknown, and it is not worth making all to find it.
    fn report_too_many(&self, selector: &At<String>, faults: &mut Faults) {
        if self.unclear || faults.is_full() {
            return;
        }
        let few = machines::expand_ids(&selector.value, 1_000).unwrap_or_default();
        match few.iter().find(|id| !self.by_id.contains_key(*id)) {
            Some(id) => self.report_unknown(id, selector, faults),
            None => {
                let known = self.by_id.len();
                let message = format!("this stands for more machines than the {known} that there are");
                faults.add(Fault::new(&selector.span, "unknown-machine", message));
            }
        }
    }

    pub fn report_unknown(&self, id: &str, at: &At<String>, faults: &mut Faults) {
        if self.unclear || faults.is_full() {
            return;
        }
        let known = || self.by_id.keys().map(String::as_str).take(2_000);
        faults.add(
            Fault::new(&at.span, "unknown-machine", format!("there is no machine `{id}`"))
                .expected(names::list(known()))
                .nearest(names::nearest(id, known())),
        );
    }
}

impl Compiler<'_> {
    pub(crate) fn plant(&mut self, blocks: &[MachineBlock], tick: Span, seed: u64) -> Plant {
        let mut plant = Plant::default();
        for block in blocks {
            self.add_block(block, tick, seed, &mut plant);
        }
        plant
    }

    fn add_block(&mut self, block: &MachineBlock, tick: Span, seed: u64, plant: &mut Plant) {
        let ids = machines::ids_of(&block.id, machines::MOST_MACHINES - plant.machines.len(), &mut self.faults);
        let (said, told) = (self.faults.said(), self.faults.len());
        let node = self.kind_node(block);
        plant.unclear |= ids.is_empty() || node.is_none() || self.faults.said() > said;
        let Some(mut node) = node else { return };
        let says = block_digest(block);
        if let Some(&model) = plant.made.get(&says) {
            for id in ids {
                self.add_machine(block, id, model, plant);
            }
            return;
        }
        for (path, value) in block.set.iter() {
            let key = crate::files::node::Key { text: path.value.clone(), span: path.span.clone() };
            setting::apply(&mut node, &key, value, &mut self.faults);
        }
        self.edit_kind(&mut node);
        let varied = self.vary_kind(&mut node);
        let machine = MachineSpec::read(&node, &mut Cx { sources: &self.sources, faults: &mut self.faults });
        if machine.kind.value != block.kind.value && !machine.kind.value.is_empty() {
            let message = format!("this file calls its kind `{}`, not `{}`", machine.kind.value, block.kind.value);
            self.faults
                .add(Fault::new(&machine.kind.span, "kind-name", message).nearest(Some(block.kind.value.clone())));
        }
        let sheet = plant.sheets.iter().position(|sheet| sheet.kind == machine.kind.value).unwrap_or_else(|| {
            plant.sheets.push(kind::sheet(&machine));
            plant.heads.push(kind::head(&machine));
            plant.sheets.len() - 1
        });
        let frame = kind::Frame { tick: Span(tick.0.max(1)), sheet: sheet as u16 };
        let (mut template, per_machine) = kind::compile(&machine, frame, None, &mut self.faults);
        varied.iter().for_each(|path| template.let_vary(path));
        let before = self.faults.said();
        let shared = plant.models.len() as u32;
        plant.models.push(template);
        // A block with a mistake of its own is not the model for others: they are to be told theirs.
        let fine = self.faults.len() == told || self.faults.is_full();
        if !per_machine && fine {
            plant.made.insert(says, shared);
        } else if per_machine && plant.models.len() - 1 + ids.len() > MOST_OWN_MODELS {
            let message = format!("these machines draw numbers of their sensors or costs: {} are too many", ids.len());
            let fault = Fault::new(&block.id.span, "too-many", message);
            self.faults
                .add(fault.expected(format!("at most {MOST_OWN_MODELS} in all; parameters may vary in any number")));
        }
        for id in ids {
            let mut model = shared;
            // One faulty draw is enough to say what is wrong with a distribution.
            if per_machine && self.faults.said() == before {
                let dice = Dice::of(seed, EVERY_FUTURE, &id);
                let (mut own, _) = kind::compile(&machine, frame, Some((&dice, &id)), &mut self.faults);
                varied.iter().for_each(|path| own.let_vary(path));
                model = plant.models.len() as u32;
                plant.models.push(own);
            }
            self.add_machine(block, id, model, plant);
        }
    }

    fn add_machine(&mut self, block: &MachineBlock, id: String, model: u32, plant: &mut Plant) {
        match plant.by_id.entry(id) {
            Entry::Occupied(there) => {
                let message = format!("`{}` is the id of two machines", there.key());
                // One of a range is enough.
                if !self.faults.blames(&block.id.span) {
                    self.faults.add(Fault::new(&block.id.span, "machine-id", message));
                }
            }
            Entry::Vacant(free) => {
                plant.machines.push(MachinePlan { id: free.key().as_str().into(), model });
                free.insert(plant.machines.len() as u32 - 1);
            }
        }
    }

    /// The tree of a kind's file, parsed once.
    fn kind_node(&mut self, block: &MachineBlock) -> Option<Node> {
        let kind = &block.kind.value;
        if !self.kinds.contains_key(kind) {
            let Some(document) = self.library.find(kind) else {
                if self.unknown.contains(kind) || self.faults.is_full() {
                    return None;
                }
                self.unknown.insert(kind.clone());
                let known = self.library.known();
                let known = || known.iter().map(String::as_str);
                self.faults.add(
                    Fault::new(&block.kind.span, "unknown-kind", format!("there is no machine file for `{kind}`"))
                        .expected(format!(
                            "a file of that name beside this one or in --machines, or {}",
                            names::list(known())
                        ))
                        .nearest(names::nearest(kind, known())),
                );
                return None;
            };
            let node = Node::parse(&document.name, &document.text, &mut self.sources, &mut self.faults);
            self.kinds.insert(kind.clone(), node);
        }
        self.kinds.get(kind).cloned()
    }

    pub(crate) fn links(&mut self, specs: &[LinkSpec], plant: &Plant) -> Vec<LinkPlan> {
        let (mut links, mut origins) = (Vec::new(), Vec::new());
        let known = LinkKind::ALL.map(|(name, _)| name);
        for link in specs {
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
                    continue;
                }
                origins.push(link);
                links.push(LinkPlan { from, to, kind });
            }
        }
        self.check_circle(&links, &origins, plant);
        links
    }

    /// Machines that wait for each other would never start.
    fn check_circle(&mut self, links: &[LinkPlan], origins: &[&LinkSpec], plant: &Plant) {
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
        if done < waits.len() {
            self.report_circle(links, origins, &waits, plant);
        }
    }

    /// From a machine that still waits, back along the links to others that wait, until one comes again.
    fn report_circle(
        &mut self,
        links: &[LinkPlan],
        origins: &[&LinkSpec],
        waits: &BTreeMap<u32, usize>,
        plant: &Plant,
    ) {
        let waiting = |machine: u32| waits.get(&machine).is_some_and(|left| *left > 0);
        let before: BTreeMap<u32, usize> = links
            .iter()
            .enumerate()
            .filter(|(_, link)| waiting(link.from) && waiting(link.to))
            .map(|(index, link)| (link.to, index))
            .collect();
        let Some((&start, _)) = before.first_key_value() else { return };
        let (mut path, mut at) = (vec![start], start);
        let closing = loop {
            let Some(&link) = before.get(&at) else { return };
            at = links[link].from;
            if let Some(from) = path.iter().position(|machine| *machine == at) {
                path.drain(..from);
                break link;
            }
            path.push(at);
        };
        path.push(at);
        let ids: Vec<&str> = path.iter().rev().take(10).map(|machine| &*plant.machines[*machine as usize].id).collect();
        let more = if path.len() > 10 { " ..." } else { "" };
        let message = format!("these links run in a circle: {}{more}", ids.join(" -> "));
        self.faults.say(&origins[closing].span, "cycle", message);
    }
}

/// What a block says about its machines beside their ids: blocks that agree share a model.
fn block_digest(block: &MachineBlock) -> u128 {
    let mut hash = crate::digest::Hash::default();
    hash.text(&block.kind.value);
    for (path, value) in block.set.iter() {
        hash.text(&path.value);
        super::hash_node(&mut hash, value);
    }
    hash.finish()
}
