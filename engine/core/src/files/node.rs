//! A TOML file as a tree that knows where everything stood.

use super::sources::{Bytes, Fault, Faults, Sources};
use toml::de::{DeTable, DeValue};

/// A file longer than this is refused before it is parsed.
pub const LONGEST_FILE: usize = 2 << 20;

/// A long file is looked at in steps of this many bytes, until its errors are enough: each costs the parser memory.
const STEP: usize = 256 << 10;

/// With so many syntax errors it is no file of ours.
const MOST_ERRORS: usize = 500;

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

impl Value {
    /// As a file would have it, on one line.
    fn written(&self) -> String {
        match self {
            Value::Table(entries) => {
                let entries: Vec<String> =
                    entries.iter().map(|(key, node)| format!("{} = {}", key.text, node.value.written())).collect();
                format!("{{ {} }}", entries.join(", "))
            }
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| item.value.written()).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Text(text) => Value::quoted(text),
            Value::Whole(whole) => whole.to_string(),
            Value::Decimal(decimal) => decimal.to_string(),
            Value::Flag(flag) => flag.to_string(),
            Value::Stamp(text) => text.clone(),
            Value::Broken => String::new(),
        }
    }

    /// A text as a file would have it.
    pub fn quoted(text: &str) -> String {
        let mut quoted = String::with_capacity(text.len() + 2);
        quoted.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => quoted.extend(['\\', c]),
                c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => quoted.push(c),
            }
        }
        quoted.push('"');
        quoted
    }
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
        let (table, mut errors) = parse_in_steps(text);
        errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
        drop_repeated_tables(text, &mut errors);
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            let (message, expected) = words_of(&error, text);
            let mut fault = Fault::new(&(span.start + base..span.end + base), "syntax", message);
            fault.expected = expected;
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
            Value::Stamp(_) => "a date without quotes",
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

    /// What stands here in words for people: text without quotes, else as a file would have it on one line.
    pub fn words(&self) -> String {
        self.text().map_or_else(|| self.value.written(), str::to_owned)
    }

    pub fn number(&self) -> Option<f64> {
        match self.value {
            Value::Whole(whole) => Some(whole as f64),
            Value::Decimal(decimal) => Some(decimal),
            _ => None,
        }
    }
}

/// Parses a text; a long one piece by piece from its start, until the errors are enough to refuse it.
fn parse_in_steps(text: &str) -> (toml::Spanned<DeTable<'_>>, Vec<toml::de::Error>) {
    let mut end = STEP;
    while end < text.len() {
        let cut = text[..text.floor_char_boundary(end)].rfind('\n').map_or(end, |at| at + 1);
        let (table, errors) = DeTable::parse_recoverable(&text[..text.floor_char_boundary(cut)]);
        if errors.len() > MOST_ERRORS {
            return (table, errors);
        }
        end += STEP;
    }
    DeTable::parse_recoverable(text)
}

/// What the parser says, taken apart: it joins what is wrong and what it expected.
fn words_of(error: &toml::de::Error, text: &str) -> (String, Option<String>) {
    let message = error.message();
    if error.span().is_none() && message == "recursion limit" {
        return ("keys or tables are nested too deep".to_owned(), None);
    }
    let rest = error.span().and_then(|span| text.get(span.start..)).unwrap_or("");
    if message.starts_with("string values must be quoted") {
        let nothing = rest.is_empty() || rest.starts_with(['\n', '\r', '#']);
        let message = if nothing { "there is no value here" } else { "text must stand in quotes" };
        return (message.to_owned(), Some("a number, \"text\", true, false, [ ... ] or { ... }".to_owned()));
    }
    match message.split_once(", expected ") {
        Some((wrong, "nothing")) => (wrong.to_owned(), None),
        Some((wrong, expected)) => (wrong.to_owned(), Some(expected.to_owned())),
        None => (message.to_owned(), None),
    }
}

/// A table that stands twice is one mistake: the keys in it are not told one by one.
fn drop_repeated_tables(text: &str, errors: &mut Vec<toml::de::Error>) {
    let mut repeated: Option<usize> = None;
    errors.retain(|error| {
        let Some(at) = error.span().map(|span| span.start).filter(|_| error.message() == "duplicate key") else {
            return true;
        };
        let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
        if text[line..].trim_start().starts_with('[') {
            repeated = Some(at);
            return true;
        }
        repeated.is_none_or(|from| text[from..at].contains("\n["))
    });
}

fn from_table(table: &DeTable<'_>, base: usize, faults: &mut Faults) -> Node {
    let mut entries = Vec::with_capacity(table.len());
    for (key, value) in table.iter() {
        let span = key.span().start + base..key.span().end + base;
        let mut node = from_value(value.get_ref(), shift(value.span(), base), base, faults);
        // Tables made by dotted keys or headers may carry no span of their own: the key is the place to show.
        if node.span.is_empty()
            || matches!(node.value, Value::Table(_) | Value::Array(_)) && node.span.start < span.start
        {
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
