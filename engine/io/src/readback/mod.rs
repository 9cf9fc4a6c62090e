//! Tables read back a row at a time: CSV, JSON lines and Parquet, as other programs write them.
//!
//! A [`RowSource`] lends typed cells and says where each row stands. A broken line is an answer with its place, never
//! the end of the file and never a panic; a line has a bound, so a hostile file cannot fill the memory. What columns
//! mean is for the caller.

mod delimited;
mod error;
mod objects;
mod parquet;
mod row;
mod textlines;

pub use error::ReadError;
pub use row::{Cell, Row};

use std::io::Read;
use std::path::{Path, PathBuf};
use textlines::{Packed, TextLines};

/// What a file's name says of its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TableForm {
    Parquet,
    Csv,
    Jsonl,
}

/// What the next row turned out to be; lines and rows count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The row is filled.
    Row(u64),
    /// This one cannot be read.
    Broken(u64, String),
    End,
}

/// Whether the first line of a delimited text names its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    Always,
    /// A first line of nothing but numbers and times is a row; the columns are called c1, c2 and so on.
    IfAny,
}

impl TableForm {
    pub const EXTENSIONS: [&str; 4] = ["csv", "jsonl", "ndjson", "parquet"];

    /// By the file's ending; `.gz` and `.zst` may follow that of a text.
    pub fn of(path: &Path) -> Option<TableForm> {
        let name = path.file_name()?.to_str()?.to_lowercase();
        if name.ends_with(".parquet") {
            return Some(TableForm::Parquet);
        }
        let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
        match name.rsplit_once('.')?.1 {
            "csv" | "tsv" => Some(TableForm::Csv),
            "jsonl" | "ndjson" => Some(TableForm::Jsonl),
            _ => None,
        }
    }
}

/// One table, read from its first row to its last.
#[derive(Debug)]
pub struct RowSource {
    path: PathBuf,
    form: TableForm,
    reader: Reader,
}

#[derive(Debug)]
enum Reader {
    Csv(delimited::DelimitedRows),
    Jsonl(objects::ObjectRows),
    Parquet(Box<parquet::ParquetRows>),
}

impl RowSource {
    pub fn open(path: &Path) -> Result<RowSource, ReadError> {
        RowSource::open_with(path, Header::Always)
    }

    pub fn open_with(path: &Path, header: Header) -> Result<RowSource, ReadError> {
        let form = TableForm::of(path).ok_or_else(|| {
            let ending = "a name that ends in .csv, .jsonl or .parquet";
            ReadError::input(path, None, format!("its name does not say what it is; expected {ending}"))
        })?;
        let reader = match form {
            TableForm::Csv => Reader::Csv(delimited::DelimitedRows::open(path, header)?),
            TableForm::Jsonl => Reader::Jsonl(objects::ObjectRows::open(path)?),
            TableForm::Parquet => Reader::Parquet(Box::new(parquet::ParquetRows::open(path)?)),
        };
        Ok(RowSource { path: path.to_owned(), form, reader })
    }

    /// A text that comes as a stream, delimited or JSON lines, packed or not, told by its first bytes. `name` is what
    /// messages call it.
    pub fn of_stream(name: &str, mut stream: impl Read + 'static, header: Header) -> Result<RowSource, ReadError> {
        let path = PathBuf::from(name);
        let mut head = Vec::new();
        stream.by_ref().take(4).read_to_end(&mut head).map_err(|e| ReadError::of_io(&path, e))?;
        let packed = match *head {
            [0x1f, 0x8b, ..] => Packed::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd] => Packed::Zstd,
            [b'P', b'A', b'R', b'1'] => {
                let why = "this is Parquet, whose end is read first; expected csv or jsonl, or Parquet as a file";
                return Err(ReadError::input(&path, None, why));
            }
            _ => Packed::Not,
        };
        // A byte at a time until something is said: whoever writes the stream may wait for an answer to it.
        while packed == Packed::Not && first(&head).is_none() && head.len() < BLANK_HEAD {
            if stream.by_ref().take(1).read_to_end(&mut head).map_err(|e| ReadError::of_io(&path, e))? == 0 {
                break;
            }
        }
        let mut lines = TextLines::of(&path, std::io::Cursor::new(head).chain(stream), packed)?;
        let (form, reader) = match first(lines.peek()?) {
            Some(b'{') => (TableForm::Jsonl, Reader::Jsonl(objects::ObjectRows::of(lines))),
            _ => (TableForm::Csv, Reader::Csv(delimited::DelimitedRows::of(lines, header)?)),
        };
        Ok(RowSource { path, form, reader })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn form(&self) -> TableForm {
        self.form
    }

    /// The columns so far; in JSON lines a later row may bring new ones, at the end.
    pub fn columns(&self) -> &[String] {
        match &self.reader {
            Reader::Csv(rows) => rows.columns(),
            Reader::Jsonl(rows) => rows.columns(),
            Reader::Parquet(rows) => rows.columns(),
        }
    }

    /// Fills `row` with the next row; its cells are in the order of the columns.
    pub fn next(&mut self, row: &mut Row) -> Result<Next, ReadError> {
        row.clear();
        match &mut self.reader {
            Reader::Csv(rows) => rows.next(row),
            Reader::Jsonl(rows) => rows.next(row),
            Reader::Parquet(rows) => rows.next(row),
        }
    }
}

/// So much white space before the first character is no table.
const BLANK_HEAD: usize = 4_096;

/// The first byte that says something.
fn first(text: &[u8]) -> Option<&u8> {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start().first()
}

#[cfg(test)]
mod tests;
