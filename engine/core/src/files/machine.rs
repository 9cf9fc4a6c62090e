//! A machine file: what all machines of one kind share.

use super::leaf::{At, Named};
use super::node::{Node, Value};
use super::numbers::Num;
use super::read::{Cx, Read};
use crate::drivers::spec::{DriverSpec, DutySpec};
use crate::economy::spec::{CostsSpec, ProductionSpec};
use crate::sensing::spec::SensorSpec;
use crate::spec;
use crate::wear::spec::WearSpec;
use serde_json::{Value as Json, json};

/// The schema line that a machine file opens with.
pub const MACHINE_SCHEMA: &str = "machine/1";

/// What a machine can be, for people who look for one.
pub const CLASSES: [&str; 7] = ["etcher", "cvd", "pvd", "cmp", "lithography", "metrology", "other"];

spec! {
    /// A kind of machine.
    pub struct MachineSpec {
        /// Always "machine/1".
        schema: At<String>,
        /// The name of the kind; scenarios call it by this.
        kind: At<String>,
        /// A title for people.
        title: Option<String>,
        /// etcher, cvd, pvd, cmp, lithography, metrology or other.
        class: Option<At<String>>,
        /// Manufacturer, model, serial, installed: free text that is carried along.
        identity: Named<Label>,
        /// Constants for expressions; a distribution is drawn once for each machine.
        parameters: Named<Num>,
        /// Numbers that act on the machine.
        drivers: Named<DriverSpec>,
        /// Duty cycles that drivers follow.
        duty: Named<DutySpec>,
        /// Hidden degradations.
        wear: Named<WearSpec>,
        /// What is measured.
        sensors: Named<SensorSpec>,
        /// Output, for throughput and OEE.
        production: Option<ProductionSpec>,
        /// Power and money.
        costs: Option<CostsSpec>,
    }
}

/// Free text or a number in `[identity]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Label(pub String);

impl Read for Label {
    fn read(node: &Node, cx: &mut Cx<'_>) -> Label {
        match &node.value {
            Value::Text(text) | Value::Stamp(text) => Label(text.clone()),
            Value::Whole(whole) => Label(whole.to_string()),
            Value::Decimal(decimal) => Label(decimal.to_string()),
            _ => {
                cx.wrong_sort(node, "text or a number");
                Label(String::new())
            }
        }
    }

    fn fallback() -> Label {
        Label(String::new())
    }

    fn schema() -> Json {
        json!({ "type": ["string", "number"] })
    }
}
