//! The small things that specs are made of: text, whole numbers, instants, expressions, lists and named tables.

use super::node::{Node, Value};
use super::read::{Cx, Read};
use super::sources::{Bytes, Fault, NOWHERE};
use super::units;
use serde_json::{Value as Json, json};
use twinwright_model::{Span, Time};

/// A value and where it stood.
#[derive(Debug, Clone, PartialEq)]
pub struct At<T> {
    pub value: T,
    pub span: Bytes,
}

impl<T: Read> Read for At<T> {
    fn read(node: &Node, cx: &mut Cx<'_>) -> At<T> {
        let said = cx.faults.said();
        let value = T::read(node, cx);
        At { value, span: cx.place_of(&node.span, said) }
    }

    fn fallback() -> At<T> {
        At { value: T::fallback(), span: NOWHERE }
    }

    fn schema() -> Json {
        T::schema()
    }
}

impl<T: Read> Read for Option<T> {
    fn read(node: &Node, cx: &mut Cx<'_>) -> Option<T> {
        Some(T::read(node, cx))
    }

    fn absent() -> Option<Option<T>> {
        Some(None)
    }

    fn fallback() -> Option<T> {
        None
    }

    fn schema() -> Json {
        T::schema()
    }
}

impl Read for String {
    fn read(node: &Node, cx: &mut Cx<'_>) -> String {
        node.text().map(str::to_owned).unwrap_or_else(|| {
            cx.wrong_sort(node, "text");
            String::new()
        })
    }

    fn fallback() -> String {
        String::new()
    }

    fn schema() -> Json {
        json!({ "type": "string" })
    }
}

impl Read for bool {
    fn read(node: &Node, cx: &mut Cx<'_>) -> bool {
        match node.value {
            Value::Flag(flag) => flag,
            _ => {
                cx.wrong_sort(node, "true or false");
                false
            }
        }
    }

    fn fallback() -> bool {
        false
    }

    fn schema() -> Json {
        json!({ "type": "boolean" })
    }
}

impl Read for u64 {
    fn read(node: &Node, cx: &mut Cx<'_>) -> u64 {
        match node.value {
            Value::Whole(whole) if whole >= 0 => whole as u64,
            Value::Whole(_) | Value::Decimal(_) => {
                let fault = Fault::new(&node.span, "number", "this must be a whole number, 0 or more");
                cx.faults.add(fault.expected("a whole number, 0 or more"));
                1
            }
            _ => {
                cx.wrong_sort(node, "a whole number");
                1
            }
        }
    }

    fn fallback() -> u64 {
        1
    }

    fn schema() -> Json {
        json!({ "type": "integer", "minimum": 0 })
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(node: &Node, cx: &mut Cx<'_>) -> Vec<T> {
        match &node.value {
            Value::Array(items) => items.iter().map(|item| T::read(item, cx)).collect(),
            Value::Table(_) => {
                cx.wrong_sort(node, "a list; a table that may come again stands in double brackets: [[...]]");
                Vec::new()
            }
            _ => {
                cx.wrong_sort(node, "a list");
                Vec::new()
            }
        }
    }

    fn absent() -> Option<Vec<T>> {
        Some(Vec::new())
    }

    fn fallback() -> Vec<T> {
        Vec::new()
    }

    fn schema() -> Json {
        json!({ "type": "array", "items": T::schema() })
    }
}

/// Named tables or values in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Named<T>(pub Vec<(At<String>, T)>);

impl<T> Named<T> {
    pub fn iter(&self) -> impl Iterator<Item = &(At<String>, T)> {
        self.0.iter()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.value.as_str())
    }

    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().find(|(key, _)| key.value == name).map(|(_, value)| value)
    }

    pub fn position(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|(key, _)| key.value == name)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Read> Read for Named<T> {
    fn read(node: &Node, cx: &mut Cx<'_>) -> Named<T> {
        let entries = cx.table(node, "a table of names: `name = ...` or [....name]");
        Named(
            entries
                .iter()
                .map(|(key, value)| (At { value: key.text.clone(), span: key.span.clone() }, T::read(value, cx)))
                .collect(),
        )
    }

    fn absent() -> Option<Named<T>> {
        Some(Named(Vec::new()))
    }

    fn fallback() -> Named<T> {
        Named(Vec::new())
    }

    fn schema() -> Json {
        json!({ "type": "object", "additionalProperties": T::schema() })
    }
}

/// A value kept as it stands, to be read once it is known what it replaces.
impl Read for Node {
    fn read(node: &Node, _: &mut Cx<'_>) -> Node {
        node.clone()
    }

    fn fallback() -> Node {
        Node { span: NOWHERE, value: Value::Broken }
    }

    fn schema() -> Json {
        json!({})
    }
}

/// An instant, or one counted from the start of the scenario (`+30 d`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Instant {
    Absolute(Time),
    AfterStart(Span),
}

impl Instant {
    pub fn resolve(self, start: Time) -> Time {
        match self {
            Instant::Absolute(time) => time,
            Instant::AfterStart(span) => start + span,
        }
    }

    /// Reads an instant; the message says what is wrong.
    pub fn parse(text: &str) -> Result<Instant, String> {
        if let Some(relative) = text.trim().strip_prefix('+') {
            return units::parse_span(relative).map(Instant::AfterStart).map_err(|fault| fault.message);
        }
        Time::parse(text).map(Instant::Absolute).map_err(|why| {
            if Instant::meant(text).is_some_and(|meant| meant.ends_with('Z')) {
                return "this instant has no time zone".to_owned();
            }
            // The calendar's own words help where it is a date at all.
            let is_a_date = text.as_bytes().first_chunk::<5>().is_some_and(|head| head.ends_with(b"-"));
            if why.starts_with("this instant") {
                why
            } else if is_a_date {
                format!("this is not an instant: {why}")
            } else {
                "this is not an instant".to_owned()
            }
        })
    }

    /// What was probably meant: a time zone or a plus was forgotten, or a unit is called otherwise.
    fn meant(text: &str) -> Option<String> {
        let text = text.trim();
        if let Some(relative) = text.strip_prefix('+') {
            return units::parse_span(relative).err()?.nearest.map(|near| format!("+{near}"));
        }
        if units::parse_span(text).is_ok_and(|span| span.0 > 0) {
            return Some(format!("+{text}"));
        }
        let zoned = [format!("{text}Z"), format!("{text}:00Z"), format!("{text}T00:00:00Z")];
        zoned.into_iter().find(|zoned| Time::parse(zoned).is_ok()).map(|zoned| zoned.replacen(' ', "T", 1))
    }
}

impl Read for Instant {
    fn read(node: &Node, cx: &mut Cx<'_>) -> Instant {
        let expected = "an instant such as \"2026-01-01T00:00:00Z\", or \"+30 d\" after the start";
        let Some(text) = node.text() else {
            cx.wrong_sort(node, expected);
            return Instant::fallback();
        };
        Instant::parse(text).unwrap_or_else(|message| {
            let nearest = Instant::meant(text);
            cx.faults.add(Fault::new(&node.span, "time", message).expected(expected).nearest(nearest));
            Instant::fallback()
        })
    }

    fn fallback() -> Instant {
        Instant::AfterStart(Span::ZERO)
    }

    fn schema() -> Json {
        json!({ "type": "string" })
    }
}

impl Read for Time {
    fn read(node: &Node, cx: &mut Cx<'_>) -> Time {
        match Instant::read(node, cx) {
            Instant::Absolute(time) => time,
            Instant::AfterStart(_) => {
                if node.text().is_some_and(|text| text.trim().starts_with('+')) {
                    let fault = Fault::new(&node.span, "time", "this instant cannot be relative");
                    cx.faults.add(fault.expected("an instant such as \"2026-01-01T00:00:00Z\""));
                }
                Time::fallback()
            }
        }
    }

    fn fallback() -> Time {
        Time(1_767_225_600_000_000_000)
    }

    fn schema() -> Json {
        json!({ "type": "string", "format": "date-time" })
    }
}

/// The text of an expression and where its first character stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    pub text: String,
    pub span: Bytes,
    /// Where `text` begins, when the file holds it letter by letter (no escapes).
    pub inside: Option<usize>,
}

impl Formula {
    pub fn number(value: f64, span: &Bytes) -> Formula {
        Formula { text: format!("{value}"), span: span.clone(), inside: None }
    }

    /// The place of a part of the text.
    pub fn part(&self, part: &std::ops::Range<usize>) -> Bytes {
        match self.inside {
            Some(start) => start + part.start..start + part.end.max(part.start + 1),
            None => self.span.clone(),
        }
    }

    /// A piece of this text as a formula of its own.
    pub fn piece(&self, part: std::ops::Range<usize>) -> Formula {
        Formula {
            text: self.text[part.clone()].to_owned(),
            span: self.part(&part),
            inside: self.inside.map(|start| start + part.start),
        }
    }
}

impl Read for Formula {
    fn read(node: &Node, cx: &mut Cx<'_>) -> Formula {
        if let Some(number) = node.number() {
            return Formula::number(number, &node.span);
        }
        let Some(text) = node.text() else {
            cx.wrong_sort(node, "an expression, such as \"22 + 5*load\"");
            return Formula::fallback();
        };
        let raw = cx.sources.text(&node.span);
        let inside = raw.find(text).filter(|&at| at <= 5 && !text.is_empty()).map(|at| node.span.start + at);
        Formula { text: text.to_owned(), span: node.span.clone(), inside }
    }

    fn fallback() -> Formula {
        Formula { text: "1".to_owned(), span: NOWHERE, inside: None }
    }

    fn schema() -> Json {
        json!({ "type": ["string", "number"] })
    }
}

/// Two numbers, low then high.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair(pub super::numbers::Num, pub super::numbers::Num, pub Bytes);

impl Read for Pair {
    fn read(node: &Node, cx: &mut Cx<'_>) -> Pair {
        match &node.value {
            Value::Array(items) if items.len() == 2 => {
                let said = cx.faults.said();
                let (low, high) = (Read::read(&items[0], cx), Read::read(&items[1], cx));
                Pair(low, high, cx.place_of(&node.span, said))
            }
            Value::Array(items) => {
                let message = format!("found {} values here", items.len());
                cx.faults.add(Fault::new(&node.span, "wrong-sort", message).expected("[lowest, highest]"));
                Pair::fallback()
            }
            _ => {
                cx.wrong_sort(node, "[lowest, highest]");
                Pair::fallback()
            }
        }
    }

    fn fallback() -> Pair {
        Pair(super::numbers::Num::fixed(0.0), super::numbers::Num::fixed(1.0), NOWHERE)
    }

    fn schema() -> Json {
        let number = super::numbers::Num::schema();
        json!({ "type": "array", "prefixItems": [number, number], "minItems": 2, "maxItems": 2 })
    }
}
