//! `set` by path: a value in one file that takes the place of a value in another.

use super::names;
use super::node::{Key, Node, Value};
use super::sources::{Fault, Faults};

/// The tables of a machine file in which a path may begin.
pub const MACHINE_TABLES: [&str; 7] = ["drivers", "wear", "sensors", "parameters", "costs", "production", "duty"];

/// Puts `value` where the path of `key` leads in `root`. A bare name is a driver.
pub fn apply(root: &mut Node, key: &Key, value: &Node, faults: &mut Faults) {
    let parts: Vec<&str> = match key.text.split('.').collect::<Vec<_>>() {
        bare if bare.len() == 1 => vec!["drivers", bare[0]],
        parts => parts,
    };
    if !MACHINE_TABLES.contains(&parts[0]) {
        faults.add(
            Fault::new(&key.span, "unknown-path", format!("`{}` is not a table of a machine file", parts[0]))
                .expected(names::list(MACHINE_TABLES))
                .nearest(
                    names::nearest(parts[0], MACHINE_TABLES).map(|near| replace_first(&key.text, parts[0], &near)),
                ),
        );
        return;
    }
    walk(root, &parts, key, value, faults);
}

fn replace_first(text: &str, from: &str, to: &str) -> String {
    text.replacen(from, to, 1)
}

fn walk(node: &mut Node, parts: &[&str], key: &Key, value: &Node, faults: &mut Faults) {
    let Value::Table(entries) = &mut node.value else {
        let message = format!("`{}` leads into a value that is not a table", key.text);
        faults.add(Fault::new(&key.span, "unknown-path", message));
        return;
    };
    let (first, rest) = (parts[0], &parts[1..]);
    if let Some((_, child)) = entries.iter_mut().find(|(k, _)| k.text == first) {
        if rest.is_empty() {
            *child = value.clone();
        } else {
            walk(child, rest, key, value, faults);
        }
        return;
    }
    // A new key may stand at the end of a path, beside the keys that its table has (`sensors.x.lag`); the reader
    // of the changed file says whether it belongs there. Named things must exist.
    let depth = key.text.split('.').count().max(2) - parts.len();
    let names_a_thing =
        depth == 0 || (depth == 1 && !key.text.starts_with("costs.") && !key.text.starts_with("production."));
    if rest.is_empty() && !names_a_thing {
        entries.push((Key { text: first.to_owned(), span: key.span.clone() }, value.clone()));
        return;
    }
    let known: Vec<&str> = entries.iter().map(|(k, _)| k.text.as_str()).collect();
    let nearest = names::nearest(first, known.iter().copied()).map(|near| replace_first(&key.text, first, &near));
    faults.add(
        Fault::new(&key.span, "unknown-path", format!("`{first}` is not known in this machine file"))
            .expected(names::list(known))
            .nearest(nearest),
    );
}
