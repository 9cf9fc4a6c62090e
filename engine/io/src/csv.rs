//! CSV as pandas, pyarrow and spreadsheets read it: a header, `,`, `\n`, quotes only where a text needs them.
//!
//! An empty cell is no value; `NaN` is a sensor that said so. Never a byte order mark, never a comment line.

use crate::outflow::Outflow;
use crate::rowtext::{Dialect, RowText};
use crate::table::{Column, TableHead};

#[derive(Debug)]
pub(crate) struct Csv;

pub(crate) fn table(head: TableHead, file: Outflow) -> RowText<Csv> {
    RowText::open(Csv, head, file)
}

/// A text as a CSV field (RFC 4180).
pub(crate) fn field(text: &str, out: &mut Vec<u8>) {
    if text.bytes().any(|c| matches!(c, b',' | b'"' | b'\n' | b'\r')) {
        out.push(b'"');
        out.extend(text.replace('"', "\"\"").as_bytes());
        out.push(b'"');
    } else {
        out.extend(text.as_bytes());
    }
}

impl Dialect for Csv {
    fn head(&self, columns: &[Column], out: &mut Vec<u8>) {
        for (index, column) in columns.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            field(&column.name, out);
        }
        out.push(b'\n');
    }

    fn before(&self, _: &Column, first: bool) -> Vec<u8> {
        if first { Vec::new() } else { b",".to_vec() }
    }

    fn time_quote(&self) -> &'static str {
        ""
    }

    fn word(&self, word: &str) -> Vec<u8> {
        let mut text = Vec::new();
        field(word, &mut text);
        text
    }

    fn nothing(&self) -> &'static str {
        ""
    }

    fn not_a_number(&self) -> &'static str {
        "NaN"
    }

    fn infinite(&self, negative: bool) -> &'static str {
        if negative { "-inf" } else { "inf" }
    }

    fn end(&self) -> &'static str {
        "\n"
    }
}
