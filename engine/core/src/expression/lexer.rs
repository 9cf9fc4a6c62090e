//! Cuts the text of an expression into numbers, names and signs.
//!
//! It always reaches the end of the text: what does not belong into an expression becomes a fault and a token that
//! lets the parser go on without blaming the neighbours. What people write from habit or copy from a document
//! (`&&`, `**`, `×`, `≤`) is reported with what to write instead, and read as that. Spans always lie on character
//! boundaries.

use super::Names;
use super::arithmetic::Binary;
use super::fault::{ExprFault, Faults, quoted};
use super::functions::Function;
use std::ops::Range;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Number(f64),
    Name(String),
    Sign(Binary),
    Not,
    Open,
    Close,
    Comma,
    /// Stands where a value should and has been reported.
    BadValue,
    /// Stands anywhere and has been reported.
    Stray,
}

#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

/// Longer before shorter, so that `<=` is not read as `<`.
const SIGNS: [(&str, Kind); 14] = [
    ("<=", Kind::Sign(Binary::LessEqual)),
    (">=", Kind::Sign(Binary::GreaterEqual)),
    ("==", Kind::Sign(Binary::Equal)),
    ("!=", Kind::Sign(Binary::NotEqual)),
    ("<", Kind::Sign(Binary::Less)),
    (">", Kind::Sign(Binary::Greater)),
    ("+", Kind::Sign(Binary::Add)),
    ("-", Kind::Sign(Binary::Subtract)),
    ("*", Kind::Sign(Binary::Multiply)),
    ("/", Kind::Sign(Binary::Divide)),
    ("^", Kind::Sign(Binary::Power)),
    ("(", Kind::Open),
    (")", Kind::Close),
    (",", Kind::Comma),
];

/// What people write, what they should write, and how it is read. Tried before [`SIGNS`].
const FOREIGN: [(&str, &str, &[Kind]); 18] = [
    ("&&", "and", &[Kind::Sign(Binary::And)]),
    ("||", "or", &[Kind::Sign(Binary::Or)]),
    ("**", "^", &[Kind::Sign(Binary::Power)]),
    ("<>", "!=", &[Kind::Sign(Binary::NotEqual)]),
    ("&", "and", &[Kind::Sign(Binary::And)]),
    ("|", "or", &[Kind::Sign(Binary::Or)]),
    ("=", "==", &[Kind::Sign(Binary::Equal)]),
    ("!", "not", &[Kind::Not]),
    ("×", "*", &[Kind::Sign(Binary::Multiply)]),
    ("·", "*", &[Kind::Sign(Binary::Multiply)]),
    ("÷", "/", &[Kind::Sign(Binary::Divide)]),
    ("−", "-", &[Kind::Sign(Binary::Subtract)]),
    ("–", "-", &[Kind::Sign(Binary::Subtract)]),
    ("≤", "<=", &[Kind::Sign(Binary::LessEqual)]),
    ("≥", ">=", &[Kind::Sign(Binary::GreaterEqual)]),
    ("≠", "!=", &[Kind::Sign(Binary::NotEqual)]),
    ("²", "^2", &[Kind::Sign(Binary::Power), Kind::Number(2.0)]),
    ("³", "^3", &[Kind::Sign(Binary::Power), Kind::Number(3.0)]),
];

/// Cuts `text` into tokens, adding what is wrong to `faults`.
pub(super) fn tokens(text: &str, names: Names, faults: &mut Faults) -> Vec<Token> {
    let mut lexer = Lexer { text, at: 0, names, tokens: Vec::new(), faults };
    while let Some(next) = lexer.rest().chars().next() {
        match next {
            _ if next.is_whitespace() => lexer.at += next.len_utf8(),
            _ if starts_number(lexer.rest()) => lexer.number(),
            _ if next == '_' || next.is_alphabetic() => lexer.word(),
            _ => lexer.sign(),
        }
    }
    lexer.tokens
}

struct Lexer<'a, 'f> {
    text: &'a str,
    at: usize,
    names: Names,
    tokens: Vec<Token>,
    faults: &'f mut Faults,
}

impl<'a> Lexer<'a, '_> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Ends a token of `length` bytes that starts here.
    fn take(&mut self, length: usize, kind: Kind) {
        let span = self.at..self.at + length;
        self.at = span.end;
        self.tokens.push(Token { kind, span });
    }

    fn number(&mut self) {
        let rest = self.rest();
        let length = number_length(rest);
        let tail = count(&rest[length..], |c| c == '_' || c == '.' || c.is_ascii_digit() || c.is_alphabetic());
        let (whole, span) = (&rest[..length + tail], self.at..self.at + length + tail);
        let kind = match rest[..length].parse::<f64>() {
            Ok(number) if tail == 0 && number.is_finite() => Kind::Number(number),
            Ok(_) if tail == 0 => {
                let message = format!("{} is too large for a number", quoted(whole));
                self.faults.push(ExprFault::new("number-too-large", span, message).expected("a number below 1.8e308"));
                Kind::BadValue
            }
            _ => {
                let unit = &rest[length..length + tail];
                let factor = is_plain_name(unit) && !unit.starts_with(['e', 'E', 'x']);
                let fix = if factor { format!("{} * {unit}", &rest[..length]) } else { "such as 2.5 or 1e-3".into() };
                let message = format!("{} is not a number", quoted(whole));
                self.faults.push(ExprFault::new("bad-number", span, message).expected(fix));
                Kind::BadValue
            }
        };
        self.take(length + tail, kind);
    }

    fn word(&mut self) {
        let rest = self.rest();
        if let Some(length) = self.qualified_length() {
            return self.take(length, Kind::Name(rest[..length].to_owned()));
        }
        let length = count(rest, |c| c == '_' || c.is_ascii_digit() || c.is_alphabetic());
        let word = &rest[..length];
        if !word.is_ascii() {
            let message = format!("{} cannot be a name", quoted(word));
            let fault = ExprFault::new("bad-name", self.at..self.at + length, message);
            self.faults.push(fault.expected("names of the letters a to z, digits and _"));
            return self.take(length, Kind::BadValue);
        }
        match word {
            "and" => self.take(length, Kind::Sign(Binary::And)),
            "or" => self.take(length, Kind::Sign(Binary::Or)),
            "not" => self.take(length, Kind::Not),
            _ => match self.measure_of_machine(word) {
                Some((length, name)) => self.take(length, Kind::Name(name)),
                None => self.take(length, Kind::Name(word.to_owned())),
            },
        }
    }

    /// The length of a name such as `P-101.vibration` that starts here.
    fn qualified_length(&self) -> Option<usize> {
        let rest = self.rest();
        if self.names == Names::Plain || !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        let machine = count(rest, |c| is_id_character(c) && (c != '-' || self.names == Names::Qualified));
        let dotted = dotted_length(&rest[machine..]);
        (dotted > 0).then_some(machine + dotted)
    }

    /// Length and name of `availability(P-101)`, spaces left out, where `word` is no built-in function.
    fn measure_of_machine(&self, word: &str) -> Option<(usize, String)> {
        if self.names != Names::Qualified || Function::named(word).is_some() {
            return None;
        }
        let (inside, after) = self.rest()[word.len()..].trim_start().strip_prefix('(')?.split_once(')')?;
        let id = inside.trim();
        let machine = count(id, is_id_character);
        let is_id = machine > 0
            && !id.starts_with(['_', '-'])
            && id.contains(|c: char| c.is_ascii_alphabetic())
            && machine + dotted_length(&id[machine..]) == id.len();
        is_id.then(|| (self.rest().len() - after.len(), format!("{word}({id})")))
    }

    fn sign(&mut self) {
        let rest = self.rest();
        if let Some((sign, kind)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign))
            && !FOREIGN.iter().any(|(foreign, ..)| foreign.len() > sign.len() && rest.starts_with(foreign))
        {
            return self.take(sign.len(), kind.clone());
        }
        if let Some((foreign, instead, kinds)) = FOREIGN.iter().find(|(foreign, ..)| rest.starts_with(foreign)) {
            let span = self.at..self.at + foreign.len();
            let message = format!("`{foreign}` is written otherwise here");
            self.faults.push(ExprFault::new("stray-character", span.clone(), message).expected(format!("`{instead}`")));
            self.tokens.extend(kinds.iter().map(|kind| Token { kind: kind.clone(), span: span.clone() }));
            self.at = span.end;
            return;
        }
        let length = stray_length(rest);
        let message = format!("{} does not belong into an expression", quoted(&rest[..length]));
        self.faults.push(ExprFault::new("stray-character", self.at..self.at + length, message));
        self.take(length, Kind::Stray);
    }
}

/// Bytes of the leading characters that satisfy `wanted`.
fn count(text: &str, wanted: impl Fn(char) -> bool) -> usize {
    text.find(|c| !wanted(c)).unwrap_or(text.len())
}

fn digits(text: &str) -> usize {
    count(text, |c| c.is_ascii_digit())
}

fn starts_number(text: &str) -> bool {
    digits(text.strip_prefix('.').unwrap_or(text)) > 0
}

/// How far `1`, `2.5`, `.5` or `1e-3` goes.
fn number_length(text: &str) -> usize {
    let mut length = digits(text);
    if text[length..].starts_with('.') {
        length += 1 + digits(&text[length + 1..]);
    }
    if let Some(exponent) = text[length..].strip_prefix(['e', 'E']) {
        let power = digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
        let sign = usize::from(exponent.starts_with(['+', '-']));
        length += if power > 0 { 1 + sign + power } else { 0 };
    }
    length
}

fn is_id_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

fn is_plain_name(text: &str) -> bool {
    text.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
        && text.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric())
}

/// How far `.vibration` or `.drivers.load` goes; 0 when there is no such thing.
fn dotted_length(text: &str) -> usize {
    let mut length = 0;
    while let Some(part) = text[length..].strip_prefix('.')
        && part.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
    {
        length += 1 + count(part, |c| c == '_' || c.is_ascii_alphanumeric());
    }
    length
}

/// How many bytes from here on have no meaning, at least one character.
fn stray_length(text: &str) -> usize {
    let known = |rest: &str, c: char| {
        c.is_whitespace()
            || c == '_'
            || c.is_alphanumeric()
            || SIGNS.iter().any(|(sign, _)| rest.starts_with(sign))
            || FOREIGN.iter().any(|(foreign, ..)| rest.starts_with(foreign))
    };
    let end = text.char_indices().skip(1).find(|(at, c)| known(&text[*at..], *c));
    end.map_or(text.len(), |(at, _)| at)
}
