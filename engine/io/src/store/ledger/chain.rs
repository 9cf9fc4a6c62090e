//! A row of a log as text, and its digest: what a stranger needs to check the chain by hand.
//!
//! The text has a line for each column, in one order and of one form, so that no two rows have the same text. The digest
//! of the row before is one of the lines: whoever changes a row changes all digests after it.

use super::super::cell::{Cell, Record};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The logs that are chained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Log {
    /// What people changed.
    Audit,
    /// What the program did.
    System,
}

/// What stands before the first row.
pub const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

impl Log {
    pub const BOTH: [Log; 2] = [Log::Audit, Log::System];

    /// The table.
    pub fn table(self) -> &'static str {
        match self {
            Log::Audit => "audit_log",
            Log::System => "system_events",
        }
    }

    /// The columns of text, in the order in which they are digested.
    pub(super) fn columns(self) -> &'static [&'static str] {
        match self {
            Log::Audit => &["who", "action", "subject", "before", "after", "reason", "source"],
            Log::System => &["severity", "component", "event", "detail"],
        }
    }
}

/// A row as it is in a store.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub id: i64,
    /// Microseconds since 1970.
    pub time: i64,
    pub previous: String,
    pub digest: String,
    pub texts: Vec<Option<String>>,
}

impl Entry {
    /// The columns of a row in the order that [`Entry::of`] wants.
    pub fn columns(log: Log) -> String {
        format!("id, time, previous, digest, {}", log.columns().join(", "))
    }

    pub fn of(record: &Record) -> Entry {
        let texts = record.0.iter().skip(4).map(|cell| match cell {
            Cell::Text(text) => Some(text.clone()),
            _ => None,
        });
        Entry {
            id: record.int(0),
            time: record.int(1),
            previous: record.text(2).to_owned(),
            digest: record.text(3).to_owned(),
            texts: texts.collect(),
        }
    }

    /// What is digested: the log, then name and value of each column, a line each; a text has its length in bytes before
    /// it, since it may hold line ends itself.
    pub fn text(&self, log: Log, id: i64) -> String {
        let mut text = format!("{}\nid {id}\ntime {}\nprevious {}\n", log.table(), self.time, self.previous);
        for (name, value) in log.columns().iter().zip(&self.texts) {
            let _ = match value {
                Some(value) => writeln!(text, "{name} {}:{value}", value.len()),
                None => writeln!(text, "{name} -"),
            };
        }
        text
    }

    /// The digest that it must have, in hexadecimal.
    pub fn digest_at(&self, log: Log, id: i64) -> String {
        hexadecimal(&Sha256::digest(self.text(log, id)))
    }
}

/// Bytes as people compare them.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(texts: [Option<&str>; 4]) -> Entry {
        let texts = texts.iter().map(|text| text.map(str::to_owned)).collect();
        Entry { id: 1, time: -5, previous: START.to_owned(), digest: String::new(), texts }
    }

    #[test]
    fn a_text_says_where_each_value_ends() {
        let text = entry([Some("info"), Some("störe"), Some("a\nb"), None]).text(Log::System, 7);
        let wanted = format!(
            "system_events\nid 7\ntime -5\nprevious {START}\nseverity 4:info\ncomponent 6:störe\nevent 3:a\nb\ndetail -\n"
        );
        assert_eq!(text, wanted);
    }

    #[test]
    fn rows_that_look_alike_have_other_texts() {
        let rows = [
            [Some("a"), Some("b"), Some("c"), None],
            [Some("a"), Some("b"), Some("c"), Some("-")],
            [Some("a"), Some("b"), Some("c"), Some("")],
            [Some("a"), Some("b\nevent 1:c"), Some("c"), None],
            [Some("a"), Some(""), Some("bc"), None],
        ];
        let digests: std::collections::BTreeSet<String> =
            rows.iter().map(|row| entry(*row).digest_at(Log::System, 1)).collect();
        assert_eq!(digests.len(), rows.len());
    }
}
