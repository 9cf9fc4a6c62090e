//! Numbers and times that may also be a distribution.
//!
//! `3.2`, `{ normal = [1.0, 0.05] }`, `"12 min"`, `{ lognormal = ["8 h", 1.4] }`. A time is held in nanoseconds.

use super::names;
use super::node::{Key, Node, Value};
use super::read::{Cx, Read};
use super::sources::{Bytes, Fault, NOWHERE};
use super::units;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use twinwright_model::Span;

/// How a number that is not fixed falls out. Lognormal is (median, geometric sd), weibull (shape, mean).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Draw {
    Fixed(f64),
    Normal(f64, f64),
    Lognormal(f64, f64),
    Uniform(f64, f64),
    Exponential(f64),
    Weibull(f64, f64),
    Choice(Vec<f64>),
}

impl Draw {
    /// The number itself when nothing is left to chance.
    pub fn fixed(&self) -> Option<f64> {
        match self {
            Draw::Fixed(value) => Some(*value),
            _ => None,
        }
    }
}

/// The names of distributions, each with what its list holds: `q` a quantity in the number's own unit, `n` a plain number.
const FORMS: [(&str, &str, &str); 6] = [
    ("normal", "qq", "[mean, sd]"),
    ("lognormal", "qn", "[median, geometric sd]"),
    ("uniform", "qq", "[lowest, highest]"),
    ("exponential", "q", "a mean"),
    ("weibull", "nq", "[shape, mean]"),
    ("choice", "*", "a list of values"),
];

/// A plain number or a distribution of numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Num {
    pub span: Bytes,
    pub draw: Draw,
}

/// A time or a distribution of times, in nanoseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Lapse {
    pub span: Bytes,
    pub draw: Draw,
}

impl Num {
    pub fn fixed(value: f64) -> Num {
        Num { span: NOWHERE, draw: Draw::Fixed(value) }
    }
}

impl Lapse {
    /// The span, where it is not a distribution.
    pub fn as_span(&self) -> Option<Span> {
        self.draw.fixed().map(|nanos| Span(nanos as i64))
    }
}

/// Whether this table is a distribution rather than something else.
pub fn looks_like_a_distribution(node: &Node) -> bool {
    matches!(&node.value, Value::Table(entries) if entries.iter().any(|(key, _)| FORMS.iter().any(|form| form.0 == key.text)))
}

/// Reads one quantity: a number for [`Num`], a time for [`Lapse`].
type Quantity = fn(&Node, &mut Cx<'_>) -> f64;

fn read_draw(node: &Node, cx: &mut Cx<'_>, quantity: Quantity, fallback: f64) -> Draw {
    let Value::Table(entries) = &node.value else {
        return Draw::Fixed(quantity(node, cx));
    };
    let [(key, value)] = entries.as_slice() else {
        let expected = "one distribution, such as `{ normal = [1.0, 0.05] }`";
        cx.faults.add(Fault::new(&node.span, "distribution", "this is not one distribution").expected(expected));
        return Draw::Fixed(fallback);
    };
    let Some((name, slots, holds)) = FORMS.iter().find(|form| form.0 == key.text) else {
        unknown_form(key, cx);
        return Draw::Fixed(fallback);
    };
    let Some(values) = read_slots(value, slots, cx, quantity) else {
        let message = format!("`{name}` takes {holds}");
        cx.faults.add(Fault::new(&value.span, "distribution", message).expected(format!("`{name} = {holds}`")));
        return Draw::Fixed(fallback);
    };
    let first = item(value, 0);
    let second = item(value, 1);
    match *name {
        "normal" => Draw::Normal(values[0], at_least_zero(values[1], second, "the sd", cx)),
        "lognormal" => {
            Draw::Lognormal(above_zero(values[0], first, "the median", cx), one_or_more(values[1], second, cx))
        }
        "uniform" => {
            if values[0] > values[1] {
                cx.faults.add(Fault::new(&value.span, "distribution", "the lowest value is above the highest"));
            }
            Draw::Uniform(values[0], values[1].max(values[0]))
        }
        "exponential" => Draw::Exponential(above_zero(values[0], first, "the mean", cx)),
        "weibull" => {
            Draw::Weibull(above_zero(values[0], first, "the shape", cx), above_zero(values[1], second, "the mean", cx))
        }
        _ => Draw::Choice(values),
    }
}

/// A value of a distribution's list, or the value that stands without a list.
fn item(value: &Node, index: usize) -> &Node {
    match &value.value {
        Value::Array(items) => items.get(index).unwrap_or(value),
        _ => value,
    }
}

fn unknown_form(key: &Key, cx: &mut Cx<'_>) {
    let known = FORMS.iter().map(|form| form.0);
    cx.faults.add(
        Fault::new(&key.span, "distribution", format!("`{}` is not a distribution", key.text))
            .expected(names::list(known.clone()))
            .nearest(names::nearest(&key.text, known)),
    );
}

/// The values of a distribution's list, or None when their number is wrong.
fn read_slots(value: &Node, slots: &str, cx: &mut Cx<'_>, quantity: Quantity) -> Option<Vec<f64>> {
    let one = std::slice::from_ref(value);
    let items = match &value.value {
        Value::Array(items) => items.as_slice(),
        _ => one,
    };
    if slots == "*" {
        return (!items.is_empty() && items.len() <= 1000)
            .then(|| items.iter().map(|item| quantity(item, cx)).collect());
    }
    if items.len() != slots.len() || (slots.len() > 1 && !matches!(value.value, Value::Array(_))) {
        return None;
    }
    Some(
        slots
            .chars()
            .zip(items)
            .map(|(slot, item)| if slot == 'q' { quantity(item, cx) } else { plain(item, cx) })
            .collect(),
    )
}

fn above_zero(value: f64, node: &Node, what: &str, cx: &mut Cx<'_>) -> f64 {
    if value <= 0.0 {
        cx.faults.add(Fault::new(&node.span, "distribution", format!("{what} must be above 0")));
        return 1.0;
    }
    value
}

fn at_least_zero(value: f64, node: &Node, what: &str, cx: &mut Cx<'_>) -> f64 {
    if value < 0.0 {
        cx.faults.add(Fault::new(&node.span, "distribution", format!("{what} must not be below 0")));
        return 0.0;
    }
    value
}

fn one_or_more(value: f64, node: &Node, cx: &mut Cx<'_>) -> f64 {
    if value < 1.0 {
        cx.faults.add(Fault::new(&node.span, "distribution", "a geometric sd is 1 or more"));
        return 1.0;
    }
    value
}

fn plain(node: &Node, cx: &mut Cx<'_>) -> f64 {
    node.number().unwrap_or_else(|| {
        cx.wrong_sort(node, "a number");
        1.0
    })
}

fn span_nanos(node: &Node, cx: &mut Cx<'_>) -> f64 {
    let Some(text) = node.text() else {
        cx.wrong_sort(node, "a time with its unit, such as \"12 min\"");
        return 1e9;
    };
    match units::parse_span(text) {
        Ok(span) => span.0 as f64,
        Err(fault) => {
            let mut said = Fault::new(&node.span, "time", fault.message).nearest(fault.nearest);
            said.expected = fault.expected;
            cx.faults.add(said);
            1e9
        }
    }
}

fn distribution_schema(quantity: Json) -> Json {
    let number = json!({ "type": "number" });
    let pair = |a: &Json, b: &Json| json!({ "type": "array", "prefixItems": [a, b], "minItems": 2, "maxItems": 2 });
    let one = |name: &str, schema: Json| json!({ "type": "object", "properties": { name: schema }, "required": [name], "additionalProperties": false });
    json!({ "anyOf": [
        quantity,
        one("normal", pair(&quantity, &quantity)),
        one("lognormal", pair(&quantity, &number)),
        one("uniform", pair(&quantity, &quantity)),
        one("exponential", quantity.clone()),
        one("weibull", pair(&number, &quantity)),
        one("choice", json!({ "type": "array", "items": quantity, "minItems": 1 })),
    ] })
}

impl Read for Num {
    fn read(node: &Node, cx: &mut Cx<'_>) -> Num {
        let said = cx.faults.said();
        let draw = read_draw(node, cx, plain, 1.0);
        Num { draw, span: cx.place_of(&node.span, said) }
    }

    fn fallback() -> Num {
        Num::fixed(1.0)
    }

    fn schema() -> Json {
        distribution_schema(json!({ "type": "number" }))
    }
}

/// The schema of a time such as `12 min`.
pub fn span_schema() -> Json {
    json!({ "type": "string", "pattern": r"^\s*[-+]?[0-9_.]+([eE][-+]?[0-9]+)?\s*(ns|us|ms|s|min|h|d|w)\s*$" })
}

impl Read for Lapse {
    fn read(node: &Node, cx: &mut Cx<'_>) -> Lapse {
        let said = cx.faults.said();
        let draw = read_draw(node, cx, span_nanos, 1e9);
        Lapse { draw, span: cx.place_of(&node.span, said) }
    }

    fn fallback() -> Lapse {
        Lapse { span: NOWHERE, draw: Draw::Fixed(1e9) }
    }

    fn schema() -> Json {
        distribution_schema(span_schema())
    }
}

impl Read for Span {
    fn read(node: &Node, cx: &mut Cx<'_>) -> Span {
        Span(span_nanos(node, cx) as i64)
    }

    fn fallback() -> Span {
        Span::from_seconds(1.0)
    }

    fn schema() -> Json {
        span_schema()
    }
}
