//! `[futures.vary]`: which numbers of machine files are drawn once a future, and which cannot be.

use super::Compiler;
use super::edits::Edit;
use super::plant::Plant;
use crate::files::node::Key;
use crate::files::scenario::ScenarioSpec;
use crate::files::setting;
use crate::files::sources::Fault;
use crate::files::{Node, Value, names};
use std::collections::BTreeSet;

/// What can vary, for messages.
const CAN_VARY: &str = "a parameter (`parameters.x`), a driver that is a constant (`drivers.x`), `mean`, `swing` or `sd` of a driver, \
                        or `life` or `starts_at` of a wear (`wear.x.life`)";

/// A path that varies, and whether some kind has it.
#[derive(Debug)]
pub struct VaryEdit {
    edit: Edit,
    taken: bool,
    /// Paths of the kinds that can vary, for the nearest one.
    known: BTreeSet<String>,
    /// Some kind has the path, but it is something that cannot vary.
    fixed: bool,
}

/// A number of a machine file that can vary: where it stands, and what its draw is called.
struct Place {
    path: String,
    name: String,
}

impl Compiler<'_> {
    pub(super) fn open_vary(&mut self, spec: &ScenarioSpec) {
        let vary = spec.futures.iter().flat_map(|futures| futures.vary.iter());
        let edit = |(path, chance): &(crate::files::leaf::At<String>, crate::files::study::Chance)| VaryEdit {
            edit: Edit { key: Key { text: path.value.clone(), span: path.span.clone() }, value: chance.0.clone() },
            taken: false,
            known: BTreeSet::new(),
            fixed: false,
        };
        self.vary_edits = vary.map(edit).collect();
        let path = |key: &Key| setting::steps(&key.text).join(".");
        let hidden = self
            .machine_edits
            .iter()
            .map(|set| &set.edit.key)
            .filter(|key| self.vary_edits.iter().any(|vary| path(&vary.edit.key) == path(key)));
        for key in hidden {
            let message = format!("`{}` varies from future to future: what is set here would not be seen", key.text);
            let expected = format!("another distribution, as `\"futures.vary.{}\" = ...`", path(key));
            self.faults.add(Fault::new(&key.span, "vary", message).expected(expected));
        }
    }

    /// Puts the distributions of what varies into a machine file; the names of the draws come back.
    pub(super) fn vary_kind(&mut self, kind: &mut Node) -> Vec<String> {
        let mut names = Vec::new();
        for vary in self.vary_edits.iter_mut().filter(|vary| vary.edit.value.value != Value::Broken) {
            let path = setting::steps(&vary.edit.key.text).join(".");
            let places = places(kind);
            let Some(place) = places.iter().find(|place| place.path == path || place.name == path) else {
                vary.fixed |= find(kind, &path).is_some();
                vary.known.extend(places.into_iter().map(|place| place.path));
                continue;
            };
            let key = Key { text: place.path.clone(), span: vary.edit.key.span.clone() };
            vary.taken |= setting::fit(kind, &key, &vary.edit.value).is_ok();
            names.push(place.name.clone());
        }
        names
    }

    /// Paths that nothing has which could vary.
    pub(super) fn report_unvaried(&mut self, plant: &Plant) {
        if plant.unclear || plant.machines.is_empty() {
            return;
        }
        for vary in self.vary_edits.iter().filter(|vary| !vary.taken && vary.edit.value.value != Value::Broken) {
            let key = &vary.edit.key;
            let message = match vary.fixed {
                true => format!("`{}` cannot vary from future to future", key.text),
                false => format!("no machine of this scenario has `{}`", key.text),
            };
            let path = setting::steps(&key.text).join(".");
            let near = if vary.fixed { None } else { names::nearest(&path, vary.known.iter().map(String::as_str)) };
            self.faults.add(Fault::new(&key.span, "vary", message).expected(CAN_VARY).nearest(near));
        }
    }
}

fn find<'n>(node: &'n Node, path: &str) -> Option<&'n Node> {
    path.split('.').try_fold(node, |node, step| node.get(step))
}

fn entries<'n>(kind: &'n Node, table: &str) -> impl Iterator<Item = (&'n str, &'n Node)> {
    let entries = match kind.get(table).map(|node| &node.value) {
        Some(Value::Table(entries)) => entries.as_slice(),
        _ => &[],
    };
    entries.iter().map(|(key, node)| (key.text.as_str(), node))
}

/// All numbers of a machine file that can vary.
fn places(kind: &Node) -> Vec<Place> {
    let mut places = Vec::new();
    let mut place = |path: String, name: String| places.push(Place { path, name });
    for (name, _) in entries(kind, "parameters") {
        place(format!("parameters.{name}"), format!("parameters.{name}"));
    }
    for (driver, node) in entries(kind, "drivers") {
        let path = format!("drivers.{driver}");
        let constant = node.number().is_some() || crate::files::numbers::looks_like_a_distribution(node);
        if constant {
            place(path.clone(), path.clone());
        } else if node.get("value").is_some() {
            place(format!("{path}.value"), path.clone());
        }
        for key in ["mean", "swing"].into_iter().filter(|key| node.get(key).is_some()) {
            place(format!("{path}.{key}"), format!("{path}.{key}"));
        }
        for key in ["mean", "sd"].into_iter().filter(|_| node.get("walk").is_some()) {
            place(format!("{path}.walk.{key}"), format!("{path}.{key}"));
        }
    }
    for (wear, node) in entries(kind, "wear") {
        let life = node.get("life").map(|_| "life");
        for key in life.into_iter().chain(["starts_at"]) {
            place(format!("wear.{wear}.{key}"), format!("wear.{wear}.{key}"));
        }
    }
    places
}
