//! JSON lines: one object a line; its keys are the columns, in the order of their first sight.

use super::row::{Kept, Row};
use super::textlines::{Line, TextLines};
use super::{Next, ReadError};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::path::Path;

/// A table with more columns than this is no table.
const MOST_COLUMNS: usize = 20_000;

#[derive(Debug)]
pub(super) struct ObjectRows {
    lines: TextLines,
    columns: Vec<String>,
    known: HashMap<String, usize>,
}

impl ObjectRows {
    pub(super) fn open(path: &Path) -> Result<ObjectRows, ReadError> {
        Ok(ObjectRows::of(TextLines::open(path)?))
    }

    pub(super) fn of(lines: TextLines) -> ObjectRows {
        ObjectRows { lines, columns: Vec::new(), known: HashMap::new() }
    }

    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    pub(super) fn next(&mut self, row: &mut Row) -> Result<Next, ReadError> {
        loop {
            let (number, text) = match self.lines.next()? {
                None => return Ok(Next::End),
                Some((number, Line::Broken(why))) => return Ok(Next::Broken(number, why)),
                Some((_, Line::Text(text))) if text.trim().is_empty() => continue,
                Some((number, Line::Text(text))) => (number, text),
            };
            let mut reader = serde_json::Deserializer::from_str(text);
            let members = Members { columns: &mut self.columns, known: &mut self.known, row };
            let read = members.deserialize(&mut reader).and_then(|()| reader.end());
            return Ok(match read {
                Ok(()) => Next::Row(number),
                Err(error) => Next::Broken(number, format!("column {}: {}", error.column(), without_place(&error))),
            });
        }
    }
}

/// What serde_json says, without its ` at line 1 column 5`: a line here is always the first.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(message, _)| message.to_owned())
}

/// Takes an object's members into a row.
struct Members<'a> {
    columns: &'a mut Vec<String>,
    known: &'a mut HashMap<String, usize>,
    row: &'a mut Row,
}

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(Key(name)) = members.next_key()? {
            let column = match self.known.get(&*name) {
                Some(&column) => column,
                None if self.columns.len() == MOST_COLUMNS => {
                    return Err(A::Error::custom(format!("more than {MOST_COLUMNS} different keys")));
                }
                None => {
                    self.known.insert(name.to_string(), self.columns.len());
                    self.columns.push(name.into_owned());
                    self.columns.len() - 1
                }
            };
            let cell = members.next_value_seed(OneCell(self.row))?;
            self.row.put(column, cell);
        }
        Ok(())
    }
}

/// A key, borrowed from the line where it holds no escape.
struct Key<'de>(Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Key<'de>, D::Error> {
        struct Name;
        impl<'de> Visitor<'de> for Name {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        reader.deserialize_str(Name)
    }
}

/// A member's value as a cell.
struct OneCell<'a>(&'a mut Row);

impl<'de> DeserializeSeed<'de> for OneCell<'_> {
    type Value = Kept;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Kept, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OneCell<'_> {
    type Value = Kept;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Kept, E> {
        Ok(Kept::Nothing)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Kept, E> {
        Ok(Kept::Other)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Kept, E> {
        Ok(Kept::Whole(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Kept, E> {
        Ok(i64::try_from(number).map_or(Kept::Double(number as f64), Kept::Whole))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Kept, E> {
        Ok(Kept::Double(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Kept, E> {
        Ok(self.0.keep(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Kept, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Kept::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Kept, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Kept::Other)
    }
}
