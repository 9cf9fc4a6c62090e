//! The lines of a text file with their numbers, plain or packed with gzip or zstd, each at most a mebibyte long.

use super::ReadError;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// A longer line is nobody's row: it is passed over without being kept.
pub(super) const LONGEST: usize = 1 << 20;
const BUFFER: usize = 1 << 18;

pub(super) struct TextLines {
    path: PathBuf,
    reader: Box<dyn BufRead>,
    line: Vec<u8>,
    number: u64,
}

/// How a text is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packed {
    Not,
    Gzip,
    Zstd,
}

/// A line without its end.
pub(super) enum Line<'a> {
    Text(&'a str),
    Broken(String),
}

impl std::fmt::Debug for TextLines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextLines").field("path", &self.path).field("number", &self.number).finish_non_exhaustive()
    }
}

impl TextLines {
    pub(super) fn open(path: &Path) -> Result<TextLines, ReadError> {
        let wrong = |e| ReadError::of_io(path, e);
        let file = File::open(path).map_err(wrong)?;
        if file.metadata().map_err(wrong)?.is_dir() {
            return Err(ReadError::input(path, None, "this is a folder; expected a file"));
        }
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let packing = match ending.as_deref() {
            Some("gz") => Packed::Gzip,
            Some("zst") => Packed::Zstd,
            _ => Packed::Not,
        };
        TextLines::of(path, file, packing)
    }

    /// The lines of anything that can be read; `name` is what messages call it.
    pub(super) fn of(name: &Path, reader: impl Read + 'static, packed: Packed) -> Result<TextLines, ReadError> {
        let reader: Box<dyn BufRead> = match packed {
            Packed::Gzip => buffered(flate2::read::MultiGzDecoder::new(reader)),
            Packed::Zstd => buffered(zstd::stream::read::Decoder::new(reader).map_err(|e| ReadError::of_io(name, e))?),
            Packed::Not => buffered(reader),
        };
        Ok(TextLines { path: name.to_owned(), reader, line: Vec::new(), number: 0 })
    }

    /// What stands at the beginning, without taking it.
    pub(super) fn peek(&mut self) -> Result<&[u8], ReadError> {
        self.reader.fill_buf().map_err(|e| ReadError::of_io(&self.path, e))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The next line and its number, from 1.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Line<'_>)>, ReadError> {
        self.line.clear();
        let mut too_long = false;
        loop {
            let some = self.reader.fill_buf().map_err(|e| ReadError::of_io(&self.path, e))?;
            if some.is_empty() {
                if self.line.is_empty() && !too_long {
                    return Ok(None);
                }
                break;
            }
            let (taken, ended) = match some.iter().position(|&byte| byte == b'\n') {
                Some(place) => (place + 1, true),
                None => (some.len(), false),
            };
            too_long |= self.line.len() + taken > LONGEST;
            if !too_long {
                self.line.extend_from_slice(&some[..taken]);
            }
            self.reader.consume(taken);
            if ended {
                break;
            }
        }
        self.number += 1;
        if too_long {
            return Ok(Some((self.number, Line::Broken(format!("the line is longer than {LONGEST} bytes")))));
        }
        let end = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        let end = end.strip_suffix(b"\r").unwrap_or(end);
        let line = match std::str::from_utf8(end) {
            // Some programs open a text with a mark that says nothing.
            Ok(text) if self.number == 1 => Line::Text(text.strip_prefix('\u{feff}').unwrap_or(text)),
            Ok(text) => Line::Text(text),
            Err(error) => Line::Broken(format!("column {} is no UTF-8 text", error.valid_up_to() + 1)),
        };
        Ok(Some((self.number, line)))
    }
}

fn buffered(reader: impl Read + 'static) -> Box<dyn BufRead> {
    Box::new(BufReader::with_capacity(BUFFER, reader))
}
