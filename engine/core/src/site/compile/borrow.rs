//! Rules for a plant that stands in another file: what they leave out (machines, links, tick) is borrowed from there. Nothing is fed.

use crate::files::node::Key;
use crate::files::{Node, Value};
use crate::plan::Document;
use crate::plan::scenario::Compiler;

/// What stands in for a feed where there is none.
const NO_FEED: &str = "[feed.replay.none]\npath = \"none.csv\"\n";

/// Puts in what the rules leave out. Machines and links come together: a file's links name that file's machines.
pub fn plant(compiler: &mut Compiler<'_>, rules: &mut Node, plant: &Document) {
    let feed = Document { name: "none.toml".to_owned(), text: NO_FEED.to_owned() };
    let (plant, feed) = (compiler.open(plant), compiler.open(&feed));
    let (has_machines, has_tick) = (rules.get("machine").is_some(), rules.get("tick").is_some());
    let has_feed = rules.get("feed").is_some();
    let Value::Table(entries) = &mut rules.value else { return };
    let lends = |key: &str| match key {
        "machine" | "link" => !has_machines,
        "tick" => !has_tick,
        _ => false,
    };
    if !has_machines {
        entries.retain(|(key, _)| key.text != "link");
    }
    entries.extend(parts(plant).filter(|(key, _)| lends(&key.text)));
    entries.extend(parts(feed).filter(|_| !has_feed));
}

fn parts(node: Node) -> impl Iterator<Item = (Key, Node)> {
    let entries = match node.value {
        Value::Table(entries) => entries,
        _ => Vec::new(),
    };
    entries.into_iter()
}
