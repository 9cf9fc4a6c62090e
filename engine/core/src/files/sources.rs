//! The texts of one compilation and the faults found in them.
//!
//! All files share one line of byte offsets (each has a base), so a span says by itself which file it is in, even when
//! a `set` in a scenario replaces a value of a machine file.

use std::collections::BTreeSet;
use std::ops::Range;
use twinwright_model::{Diagnostic, Place};

/// Bytes of the joined texts.
pub type Bytes = Range<usize>;

/// The place of a stand-in: what reads as this was reported already, and nothing more is said about it.
pub const NOWHERE: Bytes = usize::MAX..usize::MAX;

/// How much of a long line an excerpt shows on either side of the place.
const EXCERPT: usize = 60;

/// At most so many faults are kept; a file with more is not a typing mistake.
const MOST_FAULTS: usize = 500;

#[derive(Debug, Clone)]
struct SourceFile {
    name: String,
    text: String,
    base: usize,
    /// Offsets of line starts, made on first use.
    lines: Vec<usize>,
}

/// Every file of one compilation.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Takes a file in and returns the offset at which its bytes begin.
    pub fn add(&mut self, name: &str, text: &str) -> usize {
        let base = self.files.last().map_or(0, |last| last.base + last.text.len() + 1);
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        self.files.push(SourceFile { name: name.to_owned(), text: text.to_owned(), base, lines });
        base
    }

    fn file_of(&self, offset: usize) -> Option<&SourceFile> {
        let after = self.files.partition_point(|file| file.base <= offset);
        self.files.get(after.checked_sub(1)?)
    }

    /// The bytes of a span as they stand in the file.
    pub fn text(&self, span: &Bytes) -> &str {
        let Some(file) = self.file_of(span.start) else { return "" };
        let end = span.end.saturating_sub(file.base).min(file.text.len());
        file.text.get(span.start - file.base..end).unwrap_or("")
    }

    /// Index of the file and of the line that an offset is in.
    pub fn line_of(&self, offset: usize) -> (usize, usize) {
        let file = self.files.partition_point(|file| file.base <= offset).saturating_sub(1);
        let Some(source) = self.files.get(file) else { return (0, 0) };
        (file, source.lines.partition_point(|&start| start <= offset - source.base).saturating_sub(1))
    }

    /// The line of the table header that a line stands under. Keys under a broken one belong elsewhere.
    fn header_of(&self, file: usize, line: usize) -> Option<usize> {
        let source = self.files.get(file)?;
        let starts = source.lines.get(..=line)?;
        starts.iter().rposition(|&start| source.text[start..].trim_start_matches([' ', '\t']).starts_with('['))
    }

    /// Line, column and excerpt for a person.
    pub fn place(&self, span: &Bytes) -> Place {
        let Some(file) = self.file_of(span.start) else {
            return Place {
                file: String::new(),
                line: 1,
                column: 1,
                length: 1,
                excerpt: String::new(),
                excerpt_column: 0,
            };
        };
        let at = floor_boundary(&file.text, span.start - file.base);
        let line = file.lines.partition_point(|&start| start <= at).saturating_sub(1);
        let begin = file.lines.get(line).copied().unwrap_or(0);
        let end = file.text[begin..].find('\n').map_or(file.text.len(), |n| begin + n);
        let text = file.text[begin..end].trim_end_matches('\r');
        let at_in_line = (at - begin).min(text.len());
        let stop = floor_boundary(text, (span.end - file.base).saturating_sub(begin).min(text.len()));
        let length = text.get(at_in_line..stop).map_or(1, |t| t.chars().count()).max(1);
        let (excerpt, excerpt_column) = excerpt(text, at_in_line);
        let column = text[..at_in_line].chars().count() + 1;
        Place { file: file.name.clone(), line: line + 1, column, length, excerpt, excerpt_column }
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}

/// A window of a line around a place, with dots where it was cut.
fn excerpt(line: &str, at: usize) -> (String, usize) {
    let before: Vec<char> = line[..at].chars().rev().take(EXCERPT + 1).collect();
    let after: String = line[at..].chars().take(2 * EXCERPT).collect();
    let cut_before = before.len() > EXCERPT;
    let head: String = before.iter().take(EXCERPT).rev().collect();
    let mut shown = String::new();
    if cut_before {
        shown.push('…');
    }
    shown.push_str(&head);
    let column = shown.chars().count();
    shown.push_str(&after);
    if line[at..].len() > after.len() {
        shown.push('…');
    }
    (shown.chars().map(harmless).collect(), column)
}

/// A message on one line, with what it quotes from a file cut to what a person reads.
fn readable(message: &str) -> String {
    const LONGEST: [usize; 2] = [240, 80];
    let mut said = String::with_capacity(message.len());
    for (index, part) in message.split('`').enumerate() {
        if index > 0 {
            said.push('`');
        }
        // Every second part stands between backticks.
        let end = part.char_indices().nth(LONGEST[index % 2]).map(|(end, _)| end);
        let shown = part[..end.unwrap_or(part.len())].chars();
        said.extend(shown.map(|c| if c.is_control() { ' ' } else { c }));
        said.push_str(if end.is_some() { "…" } else { "" });
    }
    said
}

/// A character as a terminal may show it: what would steer the terminal is left out.
fn harmless(c: char) -> char {
    if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c }
}

/// One mistake, before its place is worked out.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    pub span: Bytes,
    pub code: &'static str,
    pub message: String,
    pub expected: Option<String>,
    pub nearest: Option<String>,
}

impl Fault {
    pub fn new(span: &Bytes, code: &'static str, message: impl Into<String>) -> Fault {
        Fault { span: span.clone(), code, message: message.into(), expected: None, nearest: None }
    }

    pub fn expected(mut self, expected: impl Into<String>) -> Fault {
        self.expected = Some(expected.into());
        self
    }

    pub fn nearest(mut self, nearest: Option<String>) -> Fault {
        self.nearest = nearest;
        self
    }
}

/// The mistakes found so far.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    list: Vec<Fault>,
    /// Places of syntax errors: (file, line). What is read from such a line is not judged again.
    broken: BTreeSet<(usize, usize)>,
    left_out: usize,
    /// How often something was to be said, kept or not.
    said: usize,
}

impl Faults {
    pub fn add(&mut self, mut fault: Fault) {
        self.said += 1;
        if fault.span == NOWHERE {
            // An echo of what was reported where the stand-in came from. Should nothing have been, it must not be lost.
            if !self.list.is_empty() {
                return;
            }
            fault.span = 0..0;
        }
        if self.list.len() >= MOST_FAULTS {
            self.left_out += 1;
        } else if !self.list.contains(&fault) {
            self.list.push(fault);
        }
    }

    /// Shorthand for a fault without further advice.
    pub fn say(&mut self, span: &Bytes, code: &'static str, message: impl Into<String>) {
        self.add(Fault::new(span, code, message));
    }

    /// A syntax error; what follows it on the same line is mostly its echo.
    pub fn add_syntax(&mut self, sources: &Sources, fault: Fault) {
        if self.broken.insert(sources.line_of(fault.span.start)) {
            self.add(fault);
        }
    }

    /// How often something was to be said: when this grew, what was just read is a stand-in.
    pub fn said(&self) -> usize {
        self.said
    }

    /// Whether there is no room for another: a costly message need not be made.
    pub fn is_full(&self) -> bool {
        self.list.len() >= MOST_FAULTS
    }

    /// Whether a key near this name was reported as unknown: then its absence goes without saying.
    pub fn blames_key(&self, key: &str) -> bool {
        self.list.iter().any(|fault| fault.code == "unknown-key" && fault.nearest.as_deref() == Some(key))
    }

    /// Whether some value was of the wrong sort.
    pub fn names_sort(&self) -> bool {
        self.list.iter().any(|fault| fault.code == "wrong-sort")
    }

    /// Whether this very place was reported.
    pub fn blames(&self, place: &Bytes) -> bool {
        self.list.iter().any(|fault| fault.span == *place)
    }

    /// Whether something inside a place was reported: a conclusion from the whole would be its echo.
    pub fn blames_inside(&self, place: &Bytes) -> bool {
        self.list.iter().any(|fault| place.start < fault.span.start && fault.span.end <= place.end)
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// All faults in the order of their places, without the echoes of syntax errors.
    pub fn into_diagnostics(self, sources: &Sources) -> Vec<Diagnostic> {
        let Faults { mut list, broken, left_out, .. } = self;
        list.retain(|fault| {
            let (file, first) = sources.line_of(fault.span.start);
            let (_, last) = sources.line_of(fault.span.end.saturating_sub(1).max(fault.span.start));
            let echo = broken.range((file, first)..=(file, last)).next().is_some()
                || (fault.code == "missing-key" && broken.range((file, 0)..(file + 1, 0)).next().is_some());
            let astray = || {
                fault.code == "unknown-key"
                    && sources.header_of(file, first).is_some_and(|line| broken.contains(&(file, line)))
            };
            fault.code == "syntax" || !(echo || astray())
        });
        list.sort_by(|a, b| (a.span.start, a.span.end, &a.message).cmp(&(b.span.start, b.span.end, &b.message)));
        let mut said: Vec<Diagnostic> = list
            .into_iter()
            .map(|fault| Diagnostic {
                place: sources.place(&fault.span),
                code: fault.code.to_owned(),
                message: readable(&fault.message),
                expected: fault.expected.as_deref().map(readable),
                nearest: fault.nearest.as_deref().map(readable),
            })
            .collect();
        said.dedup();
        if left_out > 0
            && let Some(last) = said.last_mut()
        {
            last.message.push_str(&format!(" (and at least {left_out} more faults that are not shown)"));
        }
        said
    }
}
