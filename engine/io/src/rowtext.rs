//! The row writer behind CSV and JSON lines: cell, the fixed text after it, next cell.
//!
//! All that a format adds (separators, keys, quotes) is fixed text, so a row is the cells with stamps between them.
//! Columns that say the same in a whole stretch (almost always the qualities: all good) melt into those stamps.
//! A [`Dialect`] knows one format's texts; it never sees a row.

use crate::RecordError;
use crate::numerals::{self, Numerals};
use crate::outflow::Outflow;
use crate::table::{Cells, Column, Rows, TableHead, TableWriter, has_value};
use crate::textbuffer::{Stamp, TextBuffer};
use crate::timetext::TimeText;
use twinwright_model::{Mode, Quality, Time};

/// How a format says things.
pub(crate) trait Dialect: std::fmt::Debug + Send {
    /// Before all rows.
    fn head(&self, columns: &[Column], out: &mut Vec<u8>);
    /// Before this column's cells.
    fn before(&self, column: &Column, first: bool) -> Vec<u8>;
    /// Around a time.
    fn time_quote(&self) -> &'static str;
    fn word(&self, word: &str) -> Vec<u8>;
    fn nothing(&self) -> &'static str;
    fn not_a_number(&self) -> &'static str;
    fn infinite(&self, negative: bool) -> &'static str;
    fn end(&self) -> &'static str;
}

#[derive(Debug)]
pub(crate) struct RowText<D> {
    dialect: D,
    columns: Vec<Column>,
    /// Of each column: the words seen so far, as stamps.
    words: Vec<Vec<Stamp>>,
    numerals: Vec<Numerals>,
    time: TimeText,
    qualities: [Stamp; 6],
    modes: [Stamp; 6],
    specials: Specials,
    out: TextBuffer,
}

/// What stands where there is no finite number.
#[derive(Debug)]
struct Specials {
    nothing: Stamp,
    not_a_number: Stamp,
    infinite: [Stamp; 2],
}

/// One cell of a row and the fixed text after it.
#[derive(Debug)]
struct Piece<'a> {
    cell: Cells<'a>,
    column: usize,
    /// Readings only: every row of the stretch has a value.
    complete: bool,
    after: Stamp,
}

impl<D: Dialect> RowText<D> {
    pub(crate) fn open(dialect: D, head: TableHead, file: Outflow) -> RowText<D> {
        let mut out = TextBuffer::new(file);
        let mut text = Vec::new();
        dialect.head(&head.columns, &mut text);
        out.text(&text);
        let word = |word: &str| Stamp::new(&dialect.word(word));
        let nothing = || Stamp::new(dialect.nothing().as_bytes());
        RowText {
            words: vec![Vec::new(); head.columns.len()],
            numerals: vec![Numerals::default(); head.columns.len()],
            time: TimeText::new(),
            qualities: std::array::from_fn(|code| match Quality::from_code(code as u8).word() {
                "" => nothing(),
                quality => word(quality),
            }),
            modes: Mode::ALL.map(|mode| word(mode.name())),
            specials: Specials {
                nothing: nothing(),
                not_a_number: Stamp::new(dialect.not_a_number().as_bytes()),
                infinite: [false, true].map(|negative| Stamp::new(dialect.infinite(negative).as_bytes())),
            },
            columns: head.columns,
            dialect,
            out,
        }
    }

    /// Renders the words that came new with these rows; a code 0 that means none is the first of its column.
    fn learn_words(&mut self, cells: &[Cells<'_>]) {
        for (seen, cells) in self.words.iter_mut().zip(cells) {
            let (list, none) = match cells {
                Cells::Word { words, .. } => (*words, 0),
                Cells::MaybeWord { words, .. } => (*words, 1),
                _ => continue,
            };
            if seen.len() < none {
                seen.push(Stamp::new(self.dialect.nothing().as_bytes()));
            }
            let known = seen.len() - none;
            seen.extend(list.iter().skip(known).map(|word| Stamp::new(&self.dialect.word(word))));
        }
    }

    /// The fixed text before the first cell, and the cells with what follows each.
    fn pieces<'a>(&self, cells: &[Cells<'a>]) -> (Stamp, Vec<Piece<'a>>) {
        let mut lead = Vec::new();
        let mut pieces: Vec<(Cells<'a>, usize, Vec<u8>)> = Vec::new();
        for (index, (column, &cell)) in self.columns.iter().zip(cells).enumerate() {
            let quote = if matches!(cell, Cells::Time(_)) { self.dialect.time_quote() } else { "" };
            let text = pieces.last_mut().map_or(&mut lead, |piece| &mut piece.2);
            text.extend(self.dialect.before(column, index == 0));
            text.extend(quote.as_bytes());
            match self.constant(cell) {
                Some(constant) => text.extend(constant),
                None => pieces.push((cell, index, quote.as_bytes().to_vec())),
            }
        }
        pieces.last_mut().map_or(&mut lead, |piece| &mut piece.2).extend(self.dialect.end().as_bytes());
        let piece = |(cell, column, after): (Cells<'a>, usize, Vec<u8>)| {
            let complete = matches!(cell, Cells::Reading { quality, .. } if quality.iter().all(|&q| has_value(q)));
            Piece { cell, column, complete, after: Stamp::new(&after) }
        };
        (Stamp::new(&lead), pieces.into_iter().map(piece).collect())
    }

    /// What a column says in every row of the stretch, when that is one thing.
    fn constant(&self, cell: Cells<'_>) -> Option<Vec<u8>> {
        match cell {
            Cells::Quality(codes) if codes.iter().all(|&code| code == Quality::Good as u8) => {
                Some(self.dialect.word(Quality::Good.word()))
            }
            Cells::MaybeWord { codes, .. } if codes.iter().all(|&code| code == 0) => {
                Some(self.dialect.nothing().as_bytes().to_vec())
            }
            _ => None,
        }
    }

    #[inline]
    fn cell(&mut self, piece: &Piece<'_>, row: usize) {
        match piece.cell {
            Cells::Time(times) => self.put_time(times[row]),
            Cells::Whole(numbers) => {
                let length = numerals::whole(numbers[row], self.out.room());
                self.out.advance(length);
            }
            Cells::Seq(numbers) => {
                let length = numerals::whole(numbers[row], self.out.room());
                self.out.advance(length);
            }
            Cells::Word { codes, .. } | Cells::MaybeWord { codes, .. } => {
                self.out.stamp(&self.words[piece.column][codes[row] as usize]);
            }
            Cells::Quality(codes) => self.out.stamp(&self.qualities[usize::from(codes[row].min(5))]),
            Cells::Mode(modes) => self.out.stamp(&self.modes[modes[row] as usize]),
            Cells::Reading { values, quality } => {
                if piece.complete || has_value(quality[row]) {
                    self.put_single(values[row], piece.column);
                } else {
                    self.out.stamp(&self.specials.nothing);
                }
            }
            Cells::Truth(values) => self.put_double(values[row]),
            Cells::MaybeTruth(values) if values[row].is_nan() => self.out.stamp(&self.specials.nothing),
            Cells::MaybeTruth(values) => self.put_double(values[row]),
        }
    }

    #[inline]
    fn put_time(&mut self, time: Time) {
        let (text, length) = self.time.of(time);
        self.out.room()[..text.len()].copy_from_slice(text);
        self.out.advance(length);
    }

    #[inline]
    fn put_single(&mut self, value: f32, column: usize) {
        if value.is_finite() {
            let length = self.numerals[column].single(value, self.out.room());
            self.out.advance(length);
        } else {
            self.out.stamp(self.specials.of(f64::from(value)));
        }
    }

    #[inline]
    fn put_double(&mut self, value: f64) {
        if value.is_finite() {
            let length = numerals::double(value, self.out.room());
            self.out.advance(length);
        } else {
            self.out.stamp(self.specials.of(value));
        }
    }
}

impl Specials {
    fn of(&self, value: f64) -> &Stamp {
        if value.is_nan() { &self.not_a_number } else { &self.infinite[usize::from(value < 0.0)] }
    }
}

impl<D: Dialect> TableWriter for RowText<D> {
    fn write(&mut self, rows: &Rows<'_>) -> Result<(), RecordError> {
        self.learn_words(&rows.cells);
        let (lead, pieces) = self.pieces(&rows.cells);
        rows.for_each(|row| {
            self.out.stamp(&lead);
            for piece in &pieces {
                self.cell(piece, row);
                self.out.stamp(&piece.after);
            }
            self.out.end_row()
        })
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
