//! One label file while it is written: a small buffer of text in front of a part file.
//!
//! Small, because dozens are open at the same time and thousands one after another.

use crate::folder::PartFile;
use crate::numerals::Numerals;
use crate::textbuffer::ROOM;
use crate::timetext::TimeText;
use crate::{RecordError, RunFolder};
use twinwright_model::Time;
use twinwright_model::time::SECOND;

const FULL: usize = 1 << 16;

#[derive(Debug)]
pub(super) struct Page {
    file: PartFile,
    bytes: Vec<u8>,
    numerals: Numerals,
}

impl Page {
    pub(super) fn open(folder: &RunFolder, name: &str) -> Result<Page, RecordError> {
        Ok(Page { file: folder.create(name)?, bytes: Vec::new(), numerals: Numerals::default() })
    }

    pub(super) fn text(&mut self, text: &str) -> Result<(), RecordError> {
        self.bytes.extend_from_slice(text.as_bytes());
        if self.bytes.len() >= FULL { self.flush() } else { Ok(()) }
    }

    /// A number as the other tables write it: the shortest that reads back, `22.0` for a whole one.
    pub(super) fn number(&mut self, value: f32) -> Result<(), RecordError> {
        if value.is_finite() {
            let mut text = [0; ROOM];
            let length = self.numerals.single(value, &mut text);
            self.bytes.extend_from_slice(&text[..length]);
            return Ok(());
        }
        self.text(if value.is_nan() {
            ""
        } else if value > 0.0 {
            "inf"
        } else {
            "-inf"
        })
    }

    pub(super) fn finish(mut self) -> Result<(), RecordError> {
        self.flush()?;
        self.file.finish()
    }

    fn flush(&mut self) -> Result<(), RecordError> {
        self.file.append(&self.bytes)?;
        self.bytes.clear();
        Ok(())
    }
}

/// Times without a zone, as these sets have them: `2020-03-09 10:14:33`, with so many decimals in a whole file, since
/// a reader guesses the form from the first row.
#[derive(Debug)]
pub(super) struct Stamps {
    text: TimeText,
    digits: usize,
    out: String,
}

impl Stamps {
    pub(super) fn new(digits: usize) -> Stamps {
        Stamps { text: TimeText::new(), digits, out: String::new() }
    }

    pub(super) fn of(&mut self, time: Time) -> &str {
        let (bytes, _) = self.text.of(time);
        self.out.clear();
        self.out.extend(bytes[..19].iter().map(|&byte| if byte == b'T' { ' ' } else { char::from(byte) }));
        if self.digits > 0 {
            let nanos = format!(".{:09}", time.0.rem_euclid(SECOND));
            self.out.push_str(&nanos[..=self.digits]);
        }
        &self.out
    }
}

/// How many decimals of a second this instant needs: 0, 3, 6 or 9.
pub(super) fn digits_of(time: Time) -> u8 {
    match time.0.rem_euclid(SECOND) {
        0 => 0,
        n if n % 1_000_000 == 0 => 3,
        n if n % 1_000 == 0 => 6,
        _ => 9,
    }
}
