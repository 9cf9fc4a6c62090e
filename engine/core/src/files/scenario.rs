//! A scenario file: a plant, a timeline, and what is asked of it.

use super::leaf::{At, Named};
use super::node::Node;
use super::outlet::OutletTables;
use super::read::Read;
use super::study::{ExpectSpec, FromSpec, FuturesSpec, MeasureSpec, OptimiseSpec, SweepSpec, VariantSpec};
use crate::faults::spec::FaultTables;
use crate::groups::spec::GroupSpec;
use crate::links::spec::LinkSpec;
use crate::maintenance::spec::MaintenanceSpec;
use crate::script::spec::AtSpec;
use crate::spec;
use twinwright_model::{Span, Time};

/// The schema line that a scenario opens with.
pub const SCENARIO_SCHEMA: &str = "scenario/1";

spec! {
    /// A scenario.
    pub struct ScenarioSpec {
        /// Always "scenario/1".
        schema: At<String>,
        /// The question that it answers.
        title: String,
        /// All luck follows from this number (default 1).
        seed: Option<u64>,
        /// The first instant.
        start: At<Time>,
        /// How long it runs.
        duration: At<Span>,
        /// The length of a step.
        tick: At<Span>,
        /// The machines.
        machine: Vec<MachineBlock>,
        /// How machines are joined.
        link: Vec<LinkSpec>,
        /// Machines that stand in for each other: so many of them are needed.
        group: Vec<GroupSpec>,
        /// What is done at a time or on a condition.
        at: Vec<AtSpec>,
        /// Faults that are put in, by sort: `[[fault.drift]]`.
        fault: FaultTables,
        /// When parts are restored before they fail.
        maintenance: Option<MaintenanceSpec>,
        /// What is compared with it.
        variant: Vec<VariantSpec>,
        /// Values that are gone through.
        sweep: Option<SweepSpec>,
        /// How many random courses are run.
        futures: Option<FuturesSpec>,
        /// Measures of its own.
        measure: Vec<MeasureSpec>,
        /// The best values of some paths.
        optimise: Option<OptimiseSpec>,
        /// Where it goes on from.
        from: Option<FromSpec>,
        /// `enterprise/site/area/line`: where these machines stand, the prefix of every address.
        path: Option<At<String>>,
        /// Where `generate` sends the readings: `[outlet.mqtt.plant]`.
        outlet: OutletTables,
        /// What must hold at the end, else the run's exit code is 1.
        expect: Vec<ExpectSpec>,
    }
}

spec! {
    /// Machines of one kind.
    pub struct MachineBlock {
        /// The id, or ids: `P-{101..110}` is ten machines.
        id: At<String>,
        /// The kind: a machine file beside the scenario, in `--machines`, or a shipped one.
        kind: At<String>,
        /// Values that these machines have instead of their kind's, by path: `"drivers.ambient.mean" = 25`.
        set: Named<Node>,
    }
}

/// The JSON Schema of one of our files, for editors.
pub fn published_schema(which: &str) -> Option<serde_json::Value> {
    let (mut schema, id) = match which {
        "machine" => (super::MachineSpec::schema(), super::machine::MACHINE_SCHEMA),
        "scenario" => (ScenarioSpec::schema(), SCENARIO_SCHEMA),
        "site" => (super::SiteSpec::schema(), super::site::SITE_SCHEMA),
        "judge" => (crate::judge::file_schema(), crate::judge::JUDGE_SCHEMA),
        _ => return None,
    };
    schema["properties"]["schema"] = serde_json::json!({ "const": id });
    let mut full = serde_json::Map::new();
    full.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    full.insert("title".into(), format!("twinwright {id}").into());
    if let serde_json::Value::Object(rest) = schema {
        full.extend(rest);
    }
    Some(serde_json::Value::Object(full))
}
