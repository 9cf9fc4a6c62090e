//! What a scenario asks: variants, a sweep, random futures, measures of its own, expectations, an optimum.

use super::leaf::{At, Formula, Instant, Named};
use super::node::{Node, Value};
use super::numbers::{Num, looks_like_a_distribution, span_schema};
use super::read::{Cx, Read};
use super::sources::{Bytes, Fault, NOWHERE};
use crate::faults::spec::FaultTables;
use crate::maintenance::spec::MaintenanceSpec;
use crate::script::spec::AtSpec;
use crate::spec;
use serde_json::{Value as Json, json};

spec! {
    /// The same futures with something changed. One named `base` is what the others are compared with.
    pub struct VariantSpec {
        /// What it is called.
        name: At<String>,
        /// Values by path instead of the scenario's or of its machines': `"maintenance.every" = "30 d"`, `"drivers.load" = 0.7`.
        set: Named<Node>,
        /// What is done beside the scenario's own `[[at]]`.
        at: Vec<AtSpec>,
        /// Faults beside the scenario's own: `[[variant.fault.drift]]`.
        fault: FaultTables,
        /// Takes the place of the scenario's `[maintenance]` as a whole.
        maintenance: Option<MaintenanceSpec>,
    }
}

/// Paths with the values that they go through, or with the ends between which they are sampled.
#[derive(Debug, Clone)]
pub struct SweepSpec {
    pub span: Bytes,
    pub sample: Option<At<String>>,
    pub count: Option<At<u64>>,
    pub axes: Vec<(At<String>, Node)>,
}

impl Read for SweepSpec {
    fn read(node: &Node, cx: &mut Cx<'_>) -> SweepSpec {
        let entries = cx.table(node, "a table of paths with values, such as `\"drivers.load\" = [0.7, 0.8, 0.9]`");
        let axes = entries.iter().filter(|(key, _)| !matches!(key.text.as_str(), "sample" | "count"));
        SweepSpec {
            span: node.span.clone(),
            sample: cx.field(node, "sample"),
            count: cx.field(node, "count"),
            axes: axes
                .map(|(key, node)| (At { value: key.text.clone(), span: key.span.clone() }, node.clone()))
                .collect(),
        }
    }

    fn fallback() -> SweepSpec {
        SweepSpec { span: NOWHERE, sample: None, count: None, axes: Vec::new() }
    }

    fn schema() -> Json {
        json!({
            "type": "object",
            "description": "Paths with their values: every combination is run, or as many points as `count` says.",
            "properties": {
                "sample": { "const": "lhs", "description": "A Latin hypercube between [lowest, highest] of each path." },
                "count": { "type": "integer", "minimum": 1, "description": "The points of a sample." },
            },
            "additionalProperties": { "type": "array", "minItems": 1 },
        })
    }
}

/// A path's value that is drawn: a distribution of numbers or of times.
#[derive(Debug, Clone, PartialEq)]
pub struct Chance(pub Node);

impl Read for Chance {
    fn read(node: &Node, cx: &mut Cx<'_>) -> Chance {
        if !looks_like_a_distribution(node) {
            let expected =
                "a distribution, such as `{ normal = [1.0, 0.05] }` or `{ uniform = [\"200 d\", \"400 d\"] }`";
            cx.wrong_sort(node, expected);
            return Chance::fallback();
        }
        Chance(node.clone())
    }

    fn fallback() -> Chance {
        Chance(Node { span: NOWHERE, value: Value::Broken })
    }

    fn schema() -> Json {
        json!({ "anyOf": [Num::schema(), super::numbers::Lapse::schema()] })
    }
}

spec! {
    /// Random courses of the scenario.
    pub struct FuturesSpec {
        /// How many.
        count: At<u64>,
        /// Numbers that are drawn once a future, the same for all machines and in all variants: paths with distributions.
        vary: Named<Chance>,
        /// When fewer are enough.
        stop_when: Option<StopSpec>,
    }
}

spec! {
    /// The futures are enough when the interval of a measure's mean is this narrow in every run.
    pub struct StopSpec {
        /// A measure, plant-wide or of the scenario's own.
        measure: At<String>,
        /// Half the width of the interval, in the measure's unit.
        half_width: Num,
        /// Of the interval (default 0.95).
        confidence: Option<Num>,
        /// The interval of the `value` (default) or of each variant's `difference` to its baseline.
        of: Option<At<String>>,
    }
}

spec! {
    /// A measure of the scenario's own.
    pub struct MeasureSpec {
        /// What it is called, in expectations too.
        name: At<String>,
        /// An expression over measures of one future, and over own measures that stand before it.
        value: Formula,
        /// For people.
        unit: Option<String>,
        /// Which way is better: `lower` or `higher`.
        better: Option<At<String>>,
    }
}

spec! {
    /// Something that must hold at the end.
    pub struct ExpectSpec {
        /// An expression over measures, such as `availability > 0.97`.
        that: Formula,
        /// The variant that it speaks of (default `base`).
        variant: Option<At<String>>,
        /// Speaks of means as `value` (default), or of the mean `difference` to the baseline.
        of: Option<At<String>>,
    }
}

spec! {
    /// Looks for the values of some paths that are best for a measure.
    pub struct OptimiseSpec {
        /// The measure that is to be small.
        minimise: Option<At<String>>,
        /// The measure that is to be large.
        maximise: Option<At<String>>,
        /// The paths with their bounds: `"maintenance.every" = ["10 d", "120 d"]`.
        over: Named<Between>,
        /// Futures in all, over all values that are tried (default 20,000).
        budget: Option<At<u64>>,
    }
}

spec! {
    /// Where the scenario goes on from.
    pub struct FromSpec {
        /// A file that `run --save-at` wrote, beside the scenario.
        snapshot: Option<At<String>>,
        /// The store of a run that remembers: `sqlite:plant.db` beside the scenario, or `postgres://user@host/plant`.
        store: Option<At<String>>,
        /// The instant of the stored run at which it goes on.
        at: Option<At<Instant>>,
        /// The name of the stored run (default: the latest of this scenario that knows itself then).
        run: Option<At<String>>,
    }
}

/// A list of two ends, read when it is known what stands between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Between(pub Node);

impl Read for Between {
    fn read(node: &Node, _: &mut Cx<'_>) -> Between {
        Between(node.clone())
    }

    fn fallback() -> Between {
        Between(Node { span: NOWHERE, value: Value::Broken })
    }

    fn schema() -> Json {
        let one = json!({ "anyOf": [{ "type": "number" }, span_schema()] });
        json!({ "type": "array", "prefixItems": [one, one], "minItems": 2, "maxItems": 2 })
    }
}

/// Two ends, low then high, both numbers or both times.
#[derive(Debug, Clone, PartialEq)]
pub struct Ends {
    pub low: f64,
    pub high: f64,
    /// Times count in hours, and are written in this unit.
    pub unit: Option<&'static str>,
    /// Both ends were whole numbers.
    pub whole: bool,
}

impl Ends {
    /// Reads ends from a list of two; what is wrong is reported.
    pub fn read(node: &Node, cx: &mut Cx<'_>) -> Option<Ends> {
        let expected = "[lowest, highest], two numbers or two times";
        let pair = match &node.value {
            Value::Array(items) => <&[Node; 2]>::try_from(items.as_slice()).ok(),
            _ => None,
        };
        let Some([low, high]) = pair else {
            match &node.value {
                Value::Array(items) => {
                    let message = format!("found {} values here", items.len());
                    cx.faults.add(Fault::new(&node.span, "wrong-sort", message).expected(expected));
                }
                _ => cx.wrong_sort(node, expected),
            }
            return None;
        };
        let whole = matches!((&low.value, &high.value), (Value::Whole(_), Value::Whole(_)));
        let (from, to) = (end(low, cx)?, end(high, cx)?);
        if from.1.is_some() != to.1.is_some() {
            cx.faults
                .add(Fault::new(&node.span, "wrong-sort", "one end is a number and one a time").expected(expected));
            return None;
        }
        if from.0 >= to.0 {
            let fault = Fault::new(&node.span, "bounds", "the low end is not below the high one");
            cx.faults.add(fault.expected(expected));
            return None;
        }
        Some(Ends { low: from.0, high: to.0, unit: from.1, whole })
    }
}

/// A number, or a time in hours with the unit that it was written in.
fn end(node: &Node, cx: &mut Cx<'_>) -> Option<(f64, Option<&'static str>)> {
    if let Some(number) = node.number() {
        return Some((number, None));
    }
    if node.text().is_none() {
        cx.wrong_sort(node, "a number or a time");
        return None;
    }
    let said = cx.faults.said();
    let span = twinwright_model::Span::read(node, cx);
    (cx.faults.said() == said).then(|| (span.hours(), Some(unit_of(node.text().unwrap_or_default()))))
}

/// The unit at the end of a time.
fn unit_of(text: &str) -> &'static str {
    let letters = text.trim().trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let known = super::units::UNITS.iter().map(|(name, _)| *name);
    known.filter(|name| letters.ends_with(name)).max_by_key(|name| name.len()).unwrap_or("h")
}
