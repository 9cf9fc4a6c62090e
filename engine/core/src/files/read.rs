//! How a spec is read from a node: one trait, and one macro that makes the struct, its reader and its JSON Schema from
//! the same lines.
//!
//! Reading never fails: what is wrong is reported and a harmless stand-in takes its place, so that the rest of the file
//! is judged too.

use super::names;
use super::node::{Key, Node, Value};
use super::sources::{Bytes, Fault, Faults, NOWHERE, Sources};
use serde_json::{Value as Json, json};

/// What a reader needs beside the node.
#[derive(Debug)]
pub struct Cx<'a> {
    pub sources: &'a Sources,
    pub faults: &'a mut Faults,
}

/// Something that can be read from a file.
pub trait Read: Sized {
    fn read(node: &Node, cx: &mut Cx<'_>) -> Self;

    /// What stands in when the key is absent; None makes the key required.
    fn absent() -> Option<Self> {
        None
    }

    /// What stands in for something unreadable; it must cause no further faults.
    fn fallback() -> Self;

    /// The JSON Schema of what `read` accepts.
    fn schema() -> Json;
}

impl Cx<'_> {
    /// Reports that something else was expected here.
    pub fn wrong_sort(&mut self, node: &Node, expected: &str) {
        if node.value != Value::Broken {
            let message = format!("found {} here", node.sort());
            self.faults.add(Fault::new(&node.span, "wrong-sort", message).expected(expected));
        }
    }

    /// The entries of a table; anything else is reported.
    pub fn table<'n>(&mut self, node: &'n Node, what: &str) -> &'n [(Key, Node)] {
        match &node.value {
            Value::Table(entries) => entries,
            _ => {
                self.wrong_sort(node, what);
                &[]
            }
        }
    }

    /// Reports every key that is not in `known`.
    pub fn no_other_keys(&mut self, entries: &[(Key, Node)], known: &[&str]) {
        for (key, _) in entries {
            if !known.contains(&key.text.as_str()) {
                self.unknown_key(key, known);
            }
        }
    }

    pub fn unknown_key(&mut self, key: &Key, known: &[&str]) {
        let nearest = names::nearest(&key.text, known.iter().copied());
        self.faults.add(
            Fault::new(&key.span, "unknown-key", format!("`{}` is not known here", key.text))
                .expected(names::list(known.iter().copied()))
                .nearest(nearest),
        );
    }

    /// One field of a table.
    pub fn field<T: Read>(&mut self, node: &Node, key: &str) -> T {
        if let Some(found) = node.get(key) {
            return T::read(found, self);
        }
        T::absent().unwrap_or_else(|| {
            // A broken or mistyped table was reported already; a second word about it would only distract.
            if let Value::Table(entries) = &node.value
                && !self.is_mistyped(entries, key)
            {
                self.missing(&node.span, key);
            }
            T::fallback()
        })
    }

    /// Whether one of these keys was reported as unknown and is near to this one.
    fn is_mistyped(&self, entries: &[(Key, Node)], key: &str) -> bool {
        self.faults.blames_key(key) && entries.iter().any(|(typed, _)| names::nearest(&typed.text, [key]).is_some())
    }

    /// The place of what was just read: nowhere when it was reported since `said`, so that nobody reports it again.
    pub fn place_of(&self, span: &Bytes, said: usize) -> Bytes {
        if self.faults.said() == said { span.clone() } else { NOWHERE }
    }

    pub fn missing(&mut self, span: &Bytes, key: &str) {
        self.faults.add(Fault::new(span, "missing-key", format!("`{key}` is missing")));
    }
}

/// The name of a field as it stands in a file.
pub fn key_name(field: &'static str) -> &'static str {
    field.strip_prefix("r#").unwrap_or(field)
}

/// Joins the lines of a doc comment.
pub fn doc(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// The schema of a table from its fields: (name, doc, schema, required).
pub fn object_schema(about: String, fields: Vec<(&'static str, String, Json, bool)>) -> Json {
    let mut properties = serde_json::Map::new();
    let mut required = Vec::new();
    for (name, about, mut schema, needed) in fields {
        if let (Json::Object(map), false) = (&mut schema, about.is_empty()) {
            map.insert("description".to_owned(), Json::String(about));
        }
        properties.insert(name.to_owned(), schema);
        if needed {
            required.push(name);
        }
    }
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if !about.is_empty() {
        schema["description"] = json!(about);
    }
    schema
}

/// Makes a spec struct with its reader and its schema. Fields are read by type: `Option<T>` and maps may be absent.
#[macro_export]
macro_rules! spec {
    ($(#[doc = $about:literal])* pub struct $name:ident {
        $($(#[doc = $doc:literal])* $field:ident: $type:ty,)*
    }) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone)]
        pub struct $name {
            /// Where this stands in its file.
            pub span: $crate::files::sources::Bytes,
            $($(#[doc = $doc])* pub $field: $type,)*
        }

        impl $name {
            /// The keys of this table, as they stand in a file.
            pub fn keys() -> Vec<&'static str> {
                vec![$($crate::files::read::key_name(stringify!($field))),*]
            }
        }

        impl $crate::files::Read for $name {
            fn read(node: &$crate::files::Node, cx: &mut $crate::files::Cx<'_>) -> Self {
                let said = cx.faults.said();
                let expected = format!("a table of {}", $crate::files::names::list(Self::keys()));
                let entries = cx.table(node, &expected);
                let span = cx.place_of(&node.span, said);
                cx.no_other_keys(entries, &Self::keys());
                Self {
                    span,
                    $($field: cx.field(node, $crate::files::read::key_name(stringify!($field))),)*
                }
            }

            fn fallback() -> Self {
                Self { span: $crate::files::sources::NOWHERE, $($field: <$type as $crate::files::Read>::absent().unwrap_or_else(<$type as $crate::files::Read>::fallback),)* }
            }

            fn schema() -> serde_json::Value {
                $crate::files::read::object_schema(
                    $crate::files::read::doc(&[$($about),*]),
                    vec![$((
                        $crate::files::read::key_name(stringify!($field)),
                        $crate::files::read::doc(&[$($doc),*]),
                        <$type as $crate::files::Read>::schema(),
                        <$type as $crate::files::Read>::absent().is_none(),
                    )),*],
                )
            }
        }
    };
}
