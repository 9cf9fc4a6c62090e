//! What the parts of a message say: a time, a quality, a number, a mode. Each is checked by itself, and what is wrong is told in
//! its own words.

use super::json::Token;
use super::reading::Wrong;
use super::{quality, times};
use twinwright_model::live::Reason;
use twinwright_model::{E10, Mode, Quality, Time};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    /// Not spoken of.
    Absent,
    /// Null, NaN, an infinity: there is none.
    Nothing,
    Flag(bool),
    Number(&'a str),
    Double(f64),
    Text(&'a str),
    /// An object, a list.
    Other,
}

impl<'a> Value<'a> {
    pub(super) fn of(token: &'a Token<'_>) -> Value<'a> {
        match token {
            Token::Null | Token::Beyond => Value::Nothing,
            Token::Flag(flag) => Value::Flag(*flag),
            Token::Number(text) => Value::Number(text),
            Token::Text(text) => Value::Text(text),
            Token::Object | Token::List => Value::Other,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Stamp<'a> {
    /// The message has no place for a time: that of arrival.
    Arrival,
    /// It has one, and there is nothing.
    Absent,
    Number(&'a str),
    Text(&'a str),
    Exact(Time),
    Wrong,
}

#[inline]
pub(super) fn time_of(stamp: Stamp<'_>, arrived: Time) -> Result<Time, Wrong> {
    let (time, text) = match stamp {
        Stamp::Arrival => return Ok(arrived),
        Stamp::Exact(time) => return Ok(time),
        Stamp::Absent => return Err((Reason::NoTime, "there is no time".to_owned())),
        Stamp::Number(text) => (times::of_number(text), text),
        Stamp::Text(text) => (times::of_text(text), text),
        Stamp::Wrong => (None, ""),
    };
    time.ok_or_else(|| (Reason::WrongTime, format!("`{}` is no time; {}", shown(text), times::EXPECTED)))
}

#[inline]
pub(super) fn quality_of(value: Value<'_>) -> Result<Quality, Wrong> {
    let (quality, text) = match value {
        Value::Absent | Value::Nothing => return Ok(Quality::Good),
        Value::Flag(good) => return Ok(quality::of_flag(good)),
        Value::Double(code) => ((code.fract() == 0.0).then(|| quality::of_code(code as i64)).flatten(), ""),
        Value::Number(text) => (quality::of_number(text), text),
        Value::Text(text) => (quality::of_text(text), text),
        Value::Other => (None, ""),
    };
    quality.ok_or_else(|| (Reason::WrongQuality, format!("`{}` is no quality; {}", shown(text), quality::EXPECTED)))
}

/// A number, a flag or either as text; NaN where there is none.
#[inline]
pub(super) fn number_of(value: Value<'_>, quality: Quality) -> Result<f64, Wrong> {
    match value {
        Value::Number(text) => Ok(text.parse().unwrap_or(f64::NAN)),
        Value::Double(number) => Ok(number),
        Value::Nothing => Ok(f64::NAN),
        Value::Flag(flag) => Ok(f64::from(u8::from(flag))),
        Value::Text(text) => of_text(text.trim()),
        // Who says that it is not good need not say what it is.
        Value::Absent if quality != Quality::Good => Ok(f64::NAN),
        Value::Absent => Err((Reason::NoValue, "there is no value".to_owned())),
        Value::Other => Err((Reason::WrongType, "the value is an object or a list; expected a number".to_owned())),
    }
}

fn of_text(text: &str) -> Result<f64, Wrong> {
    if text.is_empty() {
        return Ok(f64::NAN);
    }
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    const FLAGS: [(&str, f64); 4] = [("true", 1.0), ("false", 0.0), ("on", 1.0), ("off", 0.0)];
    let flag = FLAGS.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, number)| *number);
    flag.ok_or_else(|| (Reason::WrongType, format!("the value `{}` is no number", shown(text))))
}

/// A mode's name, its E10 state or its number.
pub(super) fn mode_of(value: Value<'_>) -> Result<f64, Wrong> {
    let mode = match value {
        Value::Nothing | Value::Absent => return Ok(f64::NAN),
        Value::Text(text) => mode_named(text.trim()).or_else(|| mode_numbered(text.trim().parse().ok()?)),
        Value::Number(text) => text.parse().ok().and_then(mode_numbered),
        Value::Double(number) => mode_numbered(number),
        Value::Flag(_) | Value::Other => None,
    };
    let expected = "expected running, idle, maintenance, failed, offline or calibrating, or an E10 state such as PRD";
    let place = mode.and_then(|mode| Mode::ALL.iter().position(|known| *known == mode));
    place.map(|place| place as f64).ok_or_else(|| (Reason::WrongType, format!("this is no mode; {expected}")))
}

fn mode_named(text: &str) -> Option<Mode> {
    let e10 = E10::ALL.into_iter().find(|state| state.name().eq_ignore_ascii_case(text));
    Mode::ALL.into_iter().find(|mode| mode.name().eq_ignore_ascii_case(text) || Some(mode.e10()) == e10)
}

fn mode_numbered(number: f64) -> Option<Mode> {
    (number.fract() == 0.0 && number >= 0.0).then(|| Mode::ALL.get(number as usize).copied()).flatten()
}

/// As much of a text as a message to people holds.
fn shown(text: &str) -> String {
    super::tally::beginning(text, 60).escape_debug().to_string()
}
