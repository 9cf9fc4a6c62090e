//! What a scenario says about machines that stand in for each other.

use crate::files::leaf::At;
use crate::files::numbers::Num;
use crate::files::{Cx, Node, Read, Value};
use crate::spec;
use serde_json::{Value as Json, json};

spec! {
    /// Machines of which some are enough: the group is up while at least `needs` of them are running, idle or
    /// calibrating.
    pub struct GroupSpec {
        /// What measures call it: `availability(NAME)`.
        name: At<String>,
        /// Its machines: ids or ranges of ids, such as `P-{1..3}`, one or a list.
        machines: Chosen,
        /// How many of them it needs.
        needs: At<u64>,
        /// Cost of an hour in which the group is down, beside what its machines cost (default 0).
        downtime: Option<Num>,
    }
}

/// One selector of machines, or a list of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen(pub Vec<At<String>>);

impl Read for Chosen {
    fn read(node: &Node, cx: &mut Cx<'_>) -> Chosen {
        match &node.value {
            Value::Array(items) => Chosen(items.iter().map(|item| At::read(item, cx)).collect()),
            _ => Chosen(vec![At::read(node, cx)]),
        }
    }

    fn fallback() -> Chosen {
        Chosen(Vec::new())
    }

    fn schema() -> Json {
        json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
    }
}
