//! JSON, read without building it: one pass over a text, in which whoever asks takes what it wants and passes over the rest.
//!
//! It keeps nothing, so neither a million keys nor a long list costs memory, and it goes at most 64 levels deep, so no message
//! can exhaust the stack. Beyond the standard it knows `NaN`, `Infinity` and `-Infinity`, which many sources send where a sensor
//! has failed; nothing else that is no JSON is let through.

use std::borrow::Cow;

/// Deeper nesting is nobody's reading.
const DEEPEST: usize = 64;

/// Where it is no JSON, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    /// The byte, from 0.
    pub(super) at: usize,
    pub(super) why: &'static str,
}

/// What stands at a place: a scalar, or the begin of something with parts.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    Null,
    Flag(bool),
    /// As it is written.
    Number(&'a str),
    /// `NaN` or an infinity.
    Beyond,
    Text(Cow<'a, str>),
    Object,
    List,
}

/// A place in a text.
#[derive(Debug, Clone)]
pub(super) struct Json<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Json<'a> {
    /// From this byte on, which begins a character.
    pub(super) fn new(text: &'a str, at: usize) -> Json<'a> {
        Json { text, at, depth: 0 }
    }

    /// The byte that is next.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    fn fault<T>(&self, why: &'static str) -> Result<T, Fault> {
        Err(Fault { at: self.at, why })
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes over blanks; says what comes then.
    #[inline]
    pub(super) fn ahead(&mut self) -> Option<u8> {
        while let Some(byte) = self.peek() {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// Reads a scalar whole; of an object or a list only its opening.
    #[inline]
    pub(super) fn begin(&mut self) -> Result<Token<'a>, Fault> {
        match self.ahead() {
            Some(b'"') => self.text().map(Token::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'{') => self.open(Token::Object),
            Some(b'[') => self.open(Token::List),
            Some(b't') => self.word("true", Token::Flag(true)),
            Some(b'f') => self.word("false", Token::Flag(false)),
            Some(b'n') => self.word("null", Token::Null),
            Some(b'N') => self.word("NaN", Token::Beyond),
            Some(b'I') => self.word("Infinity", Token::Beyond),
            Some(_) => self.fault("expected a value"),
            None => self.fault("it ends where a value is expected"),
        }
    }

    fn open(&mut self, what: Token<'a>) -> Result<Token<'a>, Fault> {
        if self.depth == DEEPEST {
            return self.fault("nested deeper than 64 levels");
        }
        self.at += 1;
        self.depth += 1;
        Ok(what)
    }

    fn word(&mut self, word: &'static str, token: Token<'a>) -> Result<Token<'a>, Fault> {
        if !self.text[self.at..].starts_with(word) {
            return self.fault("expected a value");
        }
        self.at += word.len();
        Ok(token)
    }

    /// The next key of an object; None at its end. `first` is true before the first one.
    #[inline]
    pub(super) fn key(&mut self, first: &mut bool) -> Result<Option<Cow<'a, str>>, Fault> {
        if !self.goes_on(first, b'}')? {
            return Ok(None);
        }
        if self.ahead() != Some(b'"') {
            return self.fault("expected a key in quotes");
        }
        let key = self.text()?;
        if self.ahead() != Some(b':') {
            return self.fault("expected `:` behind a key");
        }
        self.at += 1;
        Ok(Some(key))
    }

    /// Whether a list has another item.
    #[inline]
    pub(super) fn item(&mut self, first: &mut bool) -> Result<bool, Fault> {
        self.goes_on(first, b']')
    }

    #[inline]
    fn goes_on(&mut self, first: &mut bool, end: u8) -> Result<bool, Fault> {
        let next = self.ahead();
        if next == Some(end) {
            self.at += 1;
            self.depth -= 1;
            return Ok(false);
        }
        if !std::mem::take(first) {
            if next != Some(b',') {
                return self.fault("expected `,` or the end of an object or a list");
            }
            self.at += 1;
            // A comma before the end is none.
            if self.ahead() == Some(end) {
                return self.fault("expected another part behind `,`");
            }
        }
        Ok(true)
    }

    /// Passes over a value, and checks that it is one.
    pub(super) fn pass(&mut self) -> Result<(), Fault> {
        let token = self.begin()?;
        self.pass_rest(&token)
    }

    /// Passes over what follows the opening of an object or a list.
    pub(super) fn pass_rest(&mut self, token: &Token<'_>) -> Result<(), Fault> {
        let mut first = true;
        match token {
            Token::Object => {
                while self.key(&mut first)?.is_some() {
                    self.pass()?;
                }
            }
            Token::List => {
                while self.item(&mut first)? {
                    self.pass()?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Token<'a>, Fault> {
        let begin = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
            if self.peek() == Some(b'I') {
                return self.word("Infinity", Token::Beyond);
            }
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'0'..=b'9')) {
            return self.fault("a number does not begin with 0");
        }
        Ok(Token::Number(&self.text[begin..self.at]))
    }

    #[inline]
    fn digits(&mut self) -> Result<(), Fault> {
        let begin = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == begin { self.fault("expected a digit") } else { Ok(()) }
    }

    /// A text in quotes; it stays where it is unless something in it is escaped.
    #[inline]
    fn text(&mut self) -> Result<Cow<'a, str>, Fault> {
        self.at += 1;
        let begin = self.at;
        let plain = |byte: &u8| *byte == b'"' || *byte == b'\\' || *byte < 0x20;
        let Some(length) = self.text.as_bytes()[begin..].iter().position(plain) else {
            self.at = self.text.len();
            return self.fault("a text is opened and never closed");
        };
        self.at += length;
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(&self.text[begin..self.at - 1]));
        }
        self.escaped(begin).map(Cow::Owned)
    }

    #[cold]
    fn escaped(&mut self, begin: usize) -> Result<String, Fault> {
        let mut text = self.text[begin..self.at].to_owned();
        loop {
            let from = self.at;
            match self.peek() {
                None => return self.fault("a text is opened and never closed"),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(0..0x20) => return self.fault("a control character in a text"),
                Some(_) => {
                    let plain = |byte: &u8| *byte == b'"' || *byte == b'\\' || *byte < 0x20;
                    let rest = &self.text.as_bytes()[from..];
                    self.at += rest.iter().position(plain).unwrap_or(rest.len());
                    text.push_str(&self.text[from..self.at]);
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, Fault> {
        self.at += 1;
        let character = match self.peek() {
            Some(plain @ (b'"' | b'\\' | b'/')) => plain as char,
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.code(),
            _ => return self.fault("there is no such escape"),
        };
        self.at += 1;
        Ok(character)
    }

    /// `uXXXX`, or two of them for a character beyond the first 65,536.
    fn code(&mut self) -> Result<char, Fault> {
        let high = self.four_digits()?;
        let code = match high {
            0xD800..0xDC00 => {
                if !self.text[self.at..].starts_with("\\u") {
                    return self.fault("half a character");
                }
                self.at += 1;
                match self.four_digits()? {
                    low @ 0xDC00..0xE000 => 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00),
                    _ => return self.fault("half a character"),
                }
            }
            code => code,
        };
        char::from_u32(code).ok_or(Fault { at: self.at, why: "half a character" })
    }

    fn four_digits(&mut self) -> Result<u32, Fault> {
        self.at += 1;
        let digits = self.text.as_bytes().get(self.at..self.at + 4).unwrap_or_default();
        let digit = |code: Option<u32>, byte: &u8| Some(code? * 16 + (*byte as char).to_digit(16)?);
        let code = digits.iter().fold((digits.len() == 4).then_some(0), digit);
        let Some(code) = code else { return self.fault("expected four hexadecimal digits") };
        self.at += 4;
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::chance::Chance;
    use serde_json::Value;

    /// Built by what is under test, to be compared with what serde_json builds.
    fn built(json: &mut Json<'_>) -> Result<Value, Fault> {
        let mut first = true;
        Ok(match json.begin()? {
            Token::Null => Value::Null,
            Token::Flag(flag) => Value::Bool(flag),
            Token::Number(text) => serde_json::from_str(text).map_err(|_| Fault { at: 0, why: "a large number" })?,
            Token::Beyond => Value::from("beyond"),
            Token::Text(text) => Value::from(text.into_owned()),
            Token::List => {
                let mut items = Vec::new();
                while json.item(&mut first)? {
                    items.push(built(json)?);
                }
                Value::from(items)
            }
            Token::Object => {
                let mut members = serde_json::Map::new();
                while let Some(key) = json.key(&mut first)? {
                    members.insert(key.into_owned(), built(json)?);
                }
                Value::from(members)
            }
        })
    }

    fn whole(text: &str) -> Result<Value, Fault> {
        let mut json = Json::new(text, 0);
        let value = built(&mut json)?;
        if json.ahead().is_some() { json.fault("more") } else { Ok(value) }
    }

    #[test]
    fn it_reads_what_another_reader_reads_and_refuses_what_that_refuses() {
        let seeds = [
            r#"{"timestamp_ms":1767225600000,"value":2.31}"#,
            r#"[{"sensor":"a\u00e9\ud83d\ude00","v":-0.0e-7},{"x":[[],{},null,true,false]}, 1e5 ]"#,
            r#" { "a/b" : { "c~d" : "\"\\\/\b\f\n\r\t" } , "" : 0 } "#,
        ];
        let mut chance = Chance::new(6);
        let mut accepted = 0;
        for case in 0..200_000 {
            let bytes = chance.mangled(seeds[case % seeds.len()].as_bytes(), br#"{}[]",:\u0dD8eE+-.12tfn "#);
            let Ok(text) = std::str::from_utf8(&bytes) else { continue };
            let expected = serde_json::from_str::<Value>(text);
            match (whole(text), expected) {
                (Ok(ours), Ok(theirs)) => {
                    assert_eq!(ours, theirs, "{text}");
                    accepted += 1;
                }
                (Err(_), Err(_)) => {}
                (Ok(_), Err(_)) if text.contains('N') || text.contains('I') => {}
                (ours, theirs) => panic!("{text}: {ours:?}, but {theirs:?}"),
            }
        }
        assert!(accepted > 10_000, "only {accepted} cases were JSON");
    }

    #[test]
    fn depth_has_an_end_and_breadth_costs_nothing() {
        for (deep, fits) in [(64, true), (65, false), (100_000, false)] {
            let text = "[".repeat(deep) + &"]".repeat(deep);
            assert_eq!(Json::new(&text, 0).pass().is_ok(), fits, "{deep}");
            let text = r#"{"a":"#.repeat(deep) + "1" + &"}".repeat(deep);
            assert_eq!(Json::new(&text, 0).pass().is_ok(), fits, "{deep}");
        }
        let many: String = (0..1_000_000).map(|key| format!("\"k{key}\":{key},")).collect();
        assert!(Json::new(&format!("{{{many}\"end\":0}}"), 0).pass().is_ok());
    }

    #[test]
    fn what_no_number_can_say_is_told_apart() {
        for text in ["NaN", "Infinity", "-Infinity", " NaN"] {
            assert_eq!(Json::new(text, 0).begin(), Ok(Token::Beyond), "{text}");
        }
        for text in ["nan", "-NaN", "Inf", "+1", "01", "1.", ".5", "0x10", "'a'", "", "\u{feff}1"] {
            assert!(whole(text).is_err(), "{text}");
        }
    }
}
