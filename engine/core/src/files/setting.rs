//! `set` by path: a value in one file that takes the place of a value in another.

use super::names;
use super::node::{Key, Node, Value};
use super::sources::{Fault, Faults};

/// The tables of a machine file in which a path may begin.
pub const MACHINE_TABLES: [&str; 7] = ["drivers", "wear", "sensors", "parameters", "costs", "production", "duty"];

/// The tables of a scenario in which a path may begin.
pub const SCENARIO_TABLES: [&str; 2] = ["maintenance", "futures"];

/// Whose value a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    Machines,
    Scenario,
}

/// Whose value a path names; a bare name is a driver.
pub fn owner(key: &Key, value: &Node) -> Result<Owner, Fault> {
    let tables = || MACHINE_TABLES.into_iter().chain(SCENARIO_TABLES);
    let Some((first, _)) = key.text.split_once('.') else {
        if tables().any(|table| table == key.text) && matches!(value.value, Value::Table(_)) {
            let fault = Fault::new(&key.span, "unknown-path", "a path stands in quotes, as one key");
            return Err(fault.expected(format!("such as `\"{}.{}\" = ...`", key.text, first_key(value))));
        }
        return Ok(Owner::Machines);
    };
    if MACHINE_TABLES.contains(&first) {
        return Ok(Owner::Machines);
    }
    if SCENARIO_TABLES.contains(&first) {
        return Ok(Owner::Scenario);
    }
    let message = format!("`{first}` is not a table of a machine file, nor one of the scenario that a path may name");
    let near = names::nearest(first, tables()).map(|near| replace_first(&key.text, first, &near));
    Err(Fault::new(&key.span, "unknown-path", message).expected(names::list(tables())).nearest(near))
}

fn first_key(table: &Node) -> &str {
    match &table.value {
        Value::Table(entries) => entries.first().map_or("...", |(key, _)| &key.text),
        _ => "...",
    }
}

/// The steps of a path in a machine file. A bare name is a driver.
pub fn steps(path: &str) -> Vec<&str> {
    match path.split('.').collect::<Vec<_>>() {
        bare if bare.len() == 1 => vec!["drivers", bare[0]],
        parts => parts,
    }
}

/// Puts `value` where the path of `key` leads in a machine file; what is wrong with the path is reported.
pub fn apply(root: &mut Node, key: &Key, value: &Node, faults: &mut Faults) {
    if let Err(fault) = fit(root, key, value) {
        faults.add(fault);
    }
}

/// The same, saying why it does not fit.
pub fn fit(root: &mut Node, key: &Key, value: &Node) -> Result<(), Fault> {
    let parts = steps(&key.text);
    if !MACHINE_TABLES.contains(&parts[0]) {
        let near = names::nearest(parts[0], MACHINE_TABLES).map(|near| replace_first(&key.text, parts[0], &near));
        let message = format!("`{}` is not a table of a machine file", parts[0]);
        return Err(Fault::new(&key.span, "unknown-path", message).expected(names::list(MACHINE_TABLES)).nearest(near));
    }
    walk(root, &parts, key, value)
}

fn replace_first(text: &str, from: &str, to: &str) -> String {
    text.replacen(from, to, 1)
}

fn walk(node: &mut Node, parts: &[&str], key: &Key, value: &Node) -> Result<(), Fault> {
    let Value::Table(entries) = &mut node.value else {
        let message = format!("`{}` leads into a value that is not a table", key.text);
        return Err(Fault::new(&key.span, "unknown-path", message));
    };
    let (first, rest) = (parts[0], &parts[1..]);
    if let Some((_, child)) = entries.iter_mut().find(|(k, _)| k.text == first) {
        if !rest.is_empty() {
            return walk(child, rest, key, value);
        }
        *child = value.clone();
        return Ok(());
    }
    // A new key may stand at the end of a path, beside the keys that its table has (`sensors.x.lag`); the reader
    // of the changed file says whether it belongs there. Named things must exist.
    let depth = key.text.split('.').count().max(2) - parts.len();
    let names_a_thing =
        depth == 0 || (depth == 1 && !key.text.starts_with("costs.") && !key.text.starts_with("production."));
    if rest.is_empty() && !names_a_thing {
        entries.push((Key { text: first.to_owned(), span: key.span.clone() }, value.clone()));
        return Ok(());
    }
    let known: Vec<&str> = entries.iter().map(|(k, _)| k.text.as_str()).collect();
    let nearest = names::nearest(first, known.iter().copied()).map(|near| replace_first(&key.text, first, &near));
    let message = format!("`{first}` is not known in this machine file");
    Err(Fault::new(&key.span, "unknown-path", message).expected(names::list(known)).nearest(nearest))
}

/// Puts `value` where a path leads in a table that need not be there yet: readers of the table judge its keys.
pub fn insert(node: &mut Node, parts: &[&str], key: &Key, value: &Node) {
    let Value::Table(entries) = &mut node.value else {
        if parts.is_empty() {
            *node = value.clone();
        }
        return;
    };
    let Some((first, rest)) = parts.split_first() else { return };
    let place = entries.iter().position(|(known, _)| known.text == *first).unwrap_or_else(|| {
        let empty = Node { span: key.span.clone(), value: Value::Table(Vec::new()) };
        entries.push((Key { text: (*first).to_owned(), span: key.span.clone() }, empty));
        entries.len() - 1
    });
    match rest {
        [] => entries[place].1 = value.clone(),
        _ => insert(&mut entries[place].1, rest, key, value),
    }
}
