//! CSV: a header and lines of as many cells, with `,`, `;` or a tab between them, whichever the header has most. Where the
//! caller allows it, a first line of numbers and times is a row, and columns are called c1, c2 and so on.
//!
//! A row is a line: a quoted cell cannot hold a line break, since no reading needs one and a forgotten quote would
//! otherwise swallow the rest of the file.

use super::row::{Kept, Row};
use super::textlines::{Line, TextLines};
use super::{Header, Next, ReadError};
use std::path::Path;

#[derive(Debug)]
pub(super) struct DelimitedRows {
    lines: TextLines,
    columns: Vec<String>,
    mark: u8,
    /// The first line, where it is a row like any other.
    first: Option<String>,
}

impl DelimitedRows {
    pub(super) fn open(path: &Path, header: Header) -> Result<DelimitedRows, ReadError> {
        DelimitedRows::of(TextLines::open(path)?, header)
    }

    pub(super) fn of(mut lines: TextLines, header: Header) -> Result<DelimitedRows, ReadError> {
        let path = lines.path().to_owned();
        let wrong = |column, why: String| ReadError::input(&path, Some((1, column)), why);
        let top = match lines.next()? {
            None => return Err(wrong(1, "the file is empty; expected a line with the columns' names".to_owned())),
            Some((_, Line::Broken(why))) => return Err(wrong(1, why)),
            Some((_, Line::Text(text))) => text.to_owned(),
        };
        let count = |mark: u8| top.bytes().filter(|&byte| byte == mark).count();
        let marks = [b',', b';', b'\t'];
        if header == Header::IfAny
            && let Some(mark) = marks.into_iter().filter(|&mark| is_row(&top, mark)).max_by_key(|&mark| count(mark))
        {
            let columns = (1..=cells_of(&top, mark)).map(|column| format!("c{column}")).collect();
            return Ok(DelimitedRows { lines, columns, mark, first: Some(top) });
        }
        let mark = marks.into_iter().max_by_key(|&mark| (count(mark), mark == b',')).unwrap_or(b',');
        let mut row = Row::new();
        split(&top, mark, &mut row).map_err(|(column, why)| wrong(column as u64, why))?;
        let name = |column| match row.cell(column) {
            super::Cell::Text(text) => text.trim().to_owned(),
            _ => String::new(),
        };
        Ok(DelimitedRows { lines, columns: (0..row.len()).map(name).collect(), mark, first: None })
    }

    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    pub(super) fn next(&mut self, row: &mut Row) -> Result<Next, ReadError> {
        if let Some(first) = self.first.take() {
            return Ok(match split(&first, self.mark, row) {
                Ok(()) => Next::Row(1),
                Err((column, why)) => Next::Broken(1, format!("column {column}: {why}")),
            });
        }
        loop {
            let (number, text) = match self.lines.next()? {
                None => return Ok(Next::End),
                Some((number, Line::Broken(why))) => return Ok(Next::Broken(number, why)),
                Some((_, Line::Text(""))) => continue,
                Some((number, Line::Text(text))) => (number, text),
            };
            if let Err((column, why)) = split(text, self.mark, row) {
                return Ok(Next::Broken(number, format!("column {column}: {why}")));
            }
            if row.len() != self.columns.len() {
                let (found, expected) = (row.len(), self.columns.len());
                return Ok(Next::Broken(number, format!("{found} cells; expected {expected}, as in the header")));
            }
            return Ok(Next::Row(number));
        }
    }
}

fn cells_of(line: &str, mark: u8) -> usize {
    line.bytes().filter(|&byte| byte == mark).count() + 1
}

/// Whether a line holds numbers and times only, so that it names no columns.
fn is_row(line: &str, mark: u8) -> bool {
    let mut numbers = 0;
    let fits = line.split(mark as char).map(str::trim).all(|cell| {
        let plain =
            |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | ',' | ':' | 'e' | 'E' | 'T' | 'Z' | ' ');
        numbers += usize::from(cell.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')));
        let is_number = cell.contains(|c: char| c.is_ascii_digit()) && cell.chars().all(plain);
        is_number || cell.is_empty() || cell.eq_ignore_ascii_case("nan")
    });
    fits && numbers > 0
}

/// Cuts a line into cells; what is wrong comes with its column.
fn split(line: &str, mark: u8, row: &mut Row) -> Result<(), (usize, String)> {
    let mut rest = line;
    loop {
        let at = line.len() - rest.len();
        let cell_end = match rest.strip_prefix('"') {
            None => {
                let end = rest.bytes().position(|byte| byte == mark).unwrap_or(rest.len());
                if end == 0 {
                    row.push(Kept::Nothing)
                } else {
                    row.push_text(&rest[..end])
                }
                end
            }
            Some(quoted) => {
                let end = closing_quote(quoted).ok_or((at + 1, "a quote is opened and never closed".to_owned()))?;
                row.push_text(&quoted[..end].replace("\"\"", "\""));
                end + 2
            }
        };
        rest = match rest.as_bytes().get(cell_end) {
            None => return Ok(()),
            Some(&byte) if byte == mark => &rest[cell_end + 1..],
            Some(_) => return Err((at + cell_end + 1, "text goes on after a closing quote".to_owned())),
        };
    }
}

/// Where a quoted cell ends; two quotes are one in the text.
fn closing_quote(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        at += bytes.get(at..)?.iter().position(|&byte| byte == b'"')?;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}
