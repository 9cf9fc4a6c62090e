//! A big buffer of text in front of a file.
//!
//! Short pieces are copied as 32 bytes whatever their length and the end moves by the length: one store without a
//! call, which is most of the speed of the text formats. Rows leave for the file a mebibyte at a time.

use crate::RecordError;
use crate::outflow::Outflow;
use std::io;

const FULL: usize = 1 << 20;
/// The most that one number, time or short text takes.
pub(crate) const ROOM: usize = 64;
const SHORT: usize = 32;

#[derive(Debug)]
pub(crate) struct TextBuffer {
    bytes: Vec<u8>,
    end: usize,
    file: Outflow,
}

/// Text that is written again and again, laid out for copying.
#[derive(Debug, Clone)]
pub(crate) struct Stamp {
    short: [u8; SHORT],
    length: usize,
    long: Vec<u8>,
}

impl Stamp {
    pub(crate) fn new(text: &[u8]) -> Stamp {
        let mut short = [0; SHORT];
        let mut long = Vec::new();
        match short.get_mut(..text.len()) {
            Some(place) => place.copy_from_slice(text),
            None => long = text.to_vec(),
        }
        Stamp { short, length: text.len(), long }
    }
}

impl TextBuffer {
    pub(crate) fn new(file: Outflow) -> TextBuffer {
        TextBuffer { bytes: vec![0; FULL + 4096], end: 0, file }
    }

    /// Room for one short piece; [`TextBuffer::advance`] says how much of it was used.
    #[inline]
    pub(crate) fn room(&mut self) -> &mut [u8; ROOM] {
        if self.bytes.len() < self.end + ROOM {
            self.grow(ROOM);
        }
        let place = &mut self.bytes[self.end..self.end + ROOM];
        place.try_into().expect("the slice has this length")
    }

    #[inline]
    pub(crate) fn advance(&mut self, length: usize) {
        self.end += length;
    }

    #[inline]
    pub(crate) fn stamp(&mut self, stamp: &Stamp) {
        if stamp.length <= SHORT {
            self.room()[..SHORT].copy_from_slice(&stamp.short);
            self.end += stamp.length;
        } else {
            self.text(&stamp.long);
        }
    }

    pub(crate) fn text(&mut self, text: &[u8]) {
        if self.bytes.len() < self.end + text.len() {
            self.grow(text.len());
        }
        self.bytes[self.end..self.end + text.len()].copy_from_slice(text);
        self.end += text.len();
    }

    /// Ends a row: from time to time the buffer goes to the file.
    #[inline]
    pub(crate) fn end_row(&mut self) -> Result<(), RecordError> {
        if self.end >= FULL { self.flush_rows() } else { Ok(()) }
    }

    pub(crate) fn position(&self) -> usize {
        self.end
    }

    /// Takes back what was written since `position` in the same row.
    pub(crate) fn rewind(&mut self, position: usize) {
        self.end = position;
    }

    /// Lets go of the rows so far, so that a reader sees them.
    pub(crate) fn flush(&mut self) -> Result<(), RecordError> {
        self.flush_rows()?;
        io::Write::flush(&mut self.file).map_err(|e| RecordError::file(self.file.path(), "write", e))
    }

    pub(crate) fn written(&self) -> u64 {
        self.file.written() + if self.file.is_packed() { 0 } else { self.end as u64 }
    }

    pub(crate) fn finish(mut self) -> Result<Outflow, RecordError> {
        self.flush_rows()?;
        Ok(self.file)
    }

    fn flush_rows(&mut self) -> Result<(), RecordError> {
        self.file.append(&self.bytes[..self.end])?;
        self.end = 0;
        Ok(())
    }

    #[cold]
    fn grow(&mut self, need: usize) {
        self.bytes.resize(self.bytes.len() * 2 + need, 0);
    }
}

/// For serde_json; never fails, since rows leave for the file only in [`TextBuffer::end_row`].
impl io::Write for TextBuffer {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.text(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
