//! JSON lines: one object a row, every column in every row.
//!
//! JSON knows no NaN and no infinity. Both are `null`, as is a value that is not there: a string among numbers
//! would break every reader with typed columns. What kind of null it is, the quality beside it says: `null` for no
//! sample, `"bad"` for a missing reading or one that was NaN (CSV and Parquet keep these two apart).

use crate::outflow::Outflow;
use crate::rowtext::{Dialect, RowText};
use crate::table::{Column, TableHead};

#[derive(Debug)]
pub(crate) struct Jsonl;

pub(crate) fn table(head: TableHead, file: Outflow) -> RowText<Jsonl> {
    RowText::open(Jsonl, head, file)
}

/// A text as a JSON string.
pub(crate) fn string(text: &str) -> Vec<u8> {
    serde_json::to_vec(text).expect("a string is always JSON")
}

impl Dialect for Jsonl {
    fn head(&self, _: &[Column], _: &mut Vec<u8>) {}

    fn before(&self, column: &Column, first: bool) -> Vec<u8> {
        let mut text = if first { b"{".to_vec() } else { b",".to_vec() };
        text.extend(string(&column.name));
        text.push(b':');
        text
    }

    fn time_quote(&self) -> &'static str {
        "\""
    }

    fn word(&self, word: &str) -> Vec<u8> {
        string(word)
    }

    fn nothing(&self) -> &'static str {
        "null"
    }

    fn not_a_number(&self) -> &'static str {
        "null"
    }

    fn infinite(&self, _: bool) -> &'static str {
        "null"
    }

    fn end(&self) -> &'static str {
        "}\n"
    }
}
