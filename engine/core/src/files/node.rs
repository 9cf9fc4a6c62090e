//! A TOML file as a tree that knows where everything stood.

use super::sources::{Bytes, Fault, Faults, Sources};
use toml::de::{DeTable, DeValue};

/// A file longer than this is refused before it is parsed.
pub const LONGEST_FILE: usize = 4 << 20;

/// A value and the bytes it was read from.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub span: Bytes,
    pub value: Value,
}

/// What TOML can say. Dates are kept as text: every time in our files is a string.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Table(Vec<(Key, Node)>),
    Array(Vec<Node>),
    Text(String),
    Whole(i64),
    Decimal(f64),
    Flag(bool),
    Stamp(String),
    /// Already reported; read as whatever is harmless.
    Broken,
}

/// A key and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    pub text: String,
    pub span: Bytes,
}

impl Node {
    /// Parses a document, going on after syntax errors.
    pub fn parse(name: &str, text: &str, sources: &mut Sources, faults: &mut Faults) -> Node {
        if text.len() > LONGEST_FILE {
            let base = sources.add(name, text.lines().next().map_or("", |line| &line[..line.floor_char_boundary(200)]));
            let fault = Fault::new(&(base..base), "too-long", format!("this file has {} bytes", text.len()))
                .expected(format!("at most {LONGEST_FILE} bytes"));
            faults.add(fault);
            return Node { span: base..base, value: Value::Broken };
        }
        let base = sources.add(name, text);
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            let fault = Fault::new(&(span.start + base..span.end + base), "syntax", error.message());
            faults.add_syntax(sources, fault);
        }
        let mut node = from_table(table.get_ref(), base, faults);
        // A whole document has no place of its own worth underlining: point at its first character.
        node.span = base..base + text.chars().next().map_or(0, char::len_utf8);
        node
    }

    /// What sort of value stands here, for messages.
    pub fn sort(&self) -> &'static str {
        match self.value {
            Value::Table(_) => "a table",
            Value::Array(_) => "a list",
            Value::Text(_) => "text",
            Value::Whole(_) | Value::Decimal(_) => "a number",
            Value::Flag(_) => "true or false",
            Value::Stamp(_) => "a bare date (times are strings here)",
            Value::Broken => "something unreadable",
        }
    }

    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Table(entries) => entries.iter().find(|(k, _)| k.text == key).map(|(_, node)| node),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn number(&self) -> Option<f64> {
        match self.value {
            Value::Whole(whole) => Some(whole as f64),
            Value::Decimal(decimal) => Some(decimal),
            _ => None,
        }
    }
}

fn from_table(table: &DeTable<'_>, base: usize, faults: &mut Faults) -> Node {
    let mut entries = Vec::with_capacity(table.len());
    for (key, value) in table.iter() {
        let span = key.span().start + base..key.span().end + base;
        let mut node = from_value(value.get_ref(), shift(value.span(), base), base, faults);
        // Tables made by dotted keys or headers may carry no span of their own: the key is the place to show.
        if node.span.is_empty() || matches!(node.value, Value::Table(_) | Value::Array(_)) && node.span.start < span.start {
            node.span = span.clone();
        }
        entries.push((Key { text: key.get_ref().to_string(), span }, node));
    }
    Node { span: base..base, value: Value::Table(entries) }
}

fn shift(span: std::ops::Range<usize>, base: usize) -> Bytes {
    span.start + base..span.end + base
}

fn from_value(value: &DeValue<'_>, span: Bytes, base: usize, faults: &mut Faults) -> Node {
    let value = match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(digits) => whole(digits.as_str(), digits.radix(), &span, faults),
        DeValue::Float(digits) => decimal(digits.as_str(), &span, faults),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(stamp) => Value::Stamp(stamp.to_string()),
        DeValue::Array(items) => Value::Array(
            items.iter().map(|item| from_value(item.get_ref(), shift(item.span(), base), base, faults)).collect(),
        ),
        DeValue::Table(table) => from_table(table, base, faults).value,
    };
    Node { span, value }
}

fn whole(digits: &str, radix: u32, span: &Bytes, faults: &mut Faults) -> Value {
    match i64::from_str_radix(&digits.replace('_', ""), radix) {
        Ok(whole) => Value::Whole(whole),
        Err(_) => {
            faults.add(Fault::new(span, "number", "this whole number is too large").expected("at most 2^63 - 1"));
            Value::Broken
        }
    }
}

fn decimal(digits: &str, span: &Bytes, faults: &mut Faults) -> Value {
    match digits.replace('_', "").parse::<f64>() {
        Ok(decimal) if decimal.is_finite() => Value::Decimal(decimal),
        _ => {
            faults.add(Fault::new(span, "number", "this is not a finite number").expected("a finite number"));
            Value::Broken
        }
    }
}
