//! InfluxDB line protocol: machine, future and sensor are tags, all else are fields, time in nanoseconds.
//!
//! A field that has nothing to say is left out: no value, no NaN, quality `good`, no fault; so is a line without
//! fields. `quality.vibration` becomes the field `vibration_quality`, since a dot means a path to many readers.
//! The protocol cannot express a line break or a last backslash in a name: these become `\n` in letters and `/`.

use crate::RecordError;
use crate::numerals::{self, Numerals};
use crate::outflow::Outflow;
use crate::table::{Cells, Column, Role, Rows, TableHead, TableWriter, has_value};
use crate::textbuffer::{Stamp, TextBuffer};
use twinwright_model::Quality;

#[derive(Debug)]
pub(crate) struct InfluxTable {
    roles: Vec<Role>,
    measurement: Stamp,
    /// Of each column: `name=` for fields, `,name=` for tags.
    keys: Vec<Stamp>,
    words: Vec<Vec<Stamp>>,
    numerals: Vec<Numerals>,
    out: TextBuffer,
}

/// A line under way: whether it already has a field.
#[derive(Debug, Default)]
struct Line {
    fields: bool,
}

impl InfluxTable {
    pub(crate) fn open(head: &TableHead, file: Outflow) -> InfluxTable {
        InfluxTable {
            roles: head.columns.iter().map(|column| column.role).collect(),
            measurement: Stamp::new(escape(&head.name, &[',', ' ']).as_bytes()),
            keys: head.columns.iter().map(key).collect(),
            words: vec![Vec::new(); head.columns.len()],
            numerals: vec![Numerals::default(); head.columns.len()],
            out: TextBuffer::new(file),
        }
    }

    fn learn_words(&mut self, cells: &[Cells<'_>]) {
        for ((seen, cells), role) in self.words.iter_mut().zip(cells).zip(&self.roles) {
            let (Cells::Word { words, .. } | Cells::MaybeWord { words, .. }) = cells else { continue };
            let known = seen.len();
            let text = |word: &String| if is_tag(*role) { escape(word, &[',', ' ', '=']) } else { quoted(word) };
            seen.extend(words.iter().skip(known).map(|word| Stamp::new(text(word).as_bytes())));
        }
    }

    fn tags(&mut self, cells: &[Cells<'_>], row: usize) {
        for (index, cells) in cells.iter().enumerate() {
            match cells {
                Cells::Word { codes, .. } => {
                    self.out.stamp(&self.keys[index]);
                    self.out.stamp(&self.words[index][codes[row] as usize]);
                }
                Cells::Whole(numbers) => {
                    self.out.stamp(&self.keys[index]);
                    self.whole(i64::from(numbers[row]));
                }
                _ => {}
            }
        }
    }

    fn field(&mut self, line: &mut Line, cells: Cells<'_>, column: usize, row: usize) {
        match cells {
            Cells::Reading { values, quality } if has_value(quality[row]) && values[row].is_finite() => {
                self.key(line, column);
                let length = self.numerals[column].single(values[row], self.out.room());
                self.out.advance(length);
            }
            Cells::Truth(values) | Cells::MaybeTruth(values) if values[row].is_finite() => {
                self.key(line, column);
                let length = numerals::double(values[row], self.out.room());
                self.out.advance(length);
            }
            Cells::Quality(codes) => {
                let quality = Quality::from_code(codes[row]);
                if !matches!(quality, Quality::Good | Quality::Unsampled) {
                    self.key(line, column);
                    self.out.text(quoted(quality.word()).as_bytes());
                }
            }
            Cells::MaybeWord { codes, .. } if codes[row] > 0 => {
                self.key(line, column);
                self.out.stamp(&self.words[column][codes[row] as usize - 1]);
            }
            Cells::Seq(numbers) => {
                self.key(line, column);
                let length = numerals::whole(numbers[row], self.out.room());
                self.out.advance(length);
                self.out.text(b"i");
            }
            Cells::Mode(modes) => {
                self.key(line, column);
                self.out.text(quoted(modes[row].name()).as_bytes());
            }
            _ => {}
        }
    }

    fn key(&mut self, line: &mut Line, column: usize) {
        self.out.text(if line.fields { b"," } else { b" " });
        self.out.stamp(&self.keys[column]);
        line.fields = true;
    }

    fn whole(&mut self, number: i64) {
        let length = numerals::whole(number, self.out.room());
        self.out.advance(length);
    }

    fn line(&mut self, cells: &[Cells<'_>], row: usize) -> Result<(), RecordError> {
        let start = self.out.position();
        let measurement = &self.measurement;
        self.out.stamp(measurement);
        self.tags(cells, row);
        let mut line = Line::default();
        for (column, &cell) in cells.iter().enumerate() {
            self.field(&mut line, cell, column, row);
        }
        if !line.fields {
            self.out.rewind(start);
            return Ok(());
        }
        if let Some(Cells::Time(times)) = cells.first() {
            self.out.text(b" ");
            self.whole(times[row].0);
        }
        self.out.text(b"\n");
        self.out.end_row()
    }
}

impl TableWriter for InfluxTable {
    fn write(&mut self, rows: &Rows<'_>) -> Result<(), RecordError> {
        self.learn_words(&rows.cells);
        rows.for_each(|row| self.line(&rows.cells, row))
    }

    fn flush(&mut self) -> Result<(), RecordError> {
        self.out.flush()
    }

    fn written(&self) -> u64 {
        self.out.written()
    }

    fn finish(self: Box<Self>) -> Result<Outflow, RecordError> {
        self.out.finish()
    }
}

fn is_tag(role: Role) -> bool {
    matches!(role, Role::Machine | Role::Future | Role::Sensor)
}

fn key(column: &Column) -> Stamp {
    let name = match column.name.strip_prefix("quality.") {
        Some(sensor) if column.role == Role::Quality => format!("{sensor}_quality"),
        _ => column.name.clone(),
    };
    let name = escape(&name, &[',', ' ', '=']);
    Stamp::new(if is_tag(column.role) { format!(",{name}=") } else { format!("{name}=") }.as_bytes())
}

fn escape(name: &str, marks: &[char]) -> String {
    let mut text = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            c => {
                if marks.contains(&c) {
                    text.push('\\');
                }
                text.push(c);
            }
        }
    }
    if text.ends_with('\\') {
        text.pop();
        text.push('/');
    }
    text
}

/// A string field's value.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
