//! Names and texts from outside, as both databases take them: without zero bytes, and keys no longer than an index holds.

use crate::store::ledger::hexadecimal;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Bytes of a key: an index of PostgreSQL holds 2,700.
const LONGEST: usize = 1_000;
/// What is left of one that is longer.
const KEPT: usize = 200;

/// A text that no database refuses.
pub fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// A text that stands in a key. A long one keeps its beginning, and a digest of all of it tells it from others.
pub fn key(text: &str) -> String {
    let text = plain(text);
    if text.len() <= LONGEST {
        return text;
    }
    let begin: String = text.chars().take(KEPT).collect();
    let digest = hexadecimal(&Sha256::digest(text.as_bytes()));
    format!("{begin}#{}", digest.get(..16).unwrap_or(&digest))
}

/// A text where none is not allowed.
pub fn or_else(text: &str, other: &str) -> String {
    if text.is_empty() { other.to_owned() } else { plain(text) }
}

/// The same of all texts in some JSON.
pub fn clean(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(plain(&text)),
        Value::Array(values) => values.into_iter().map(clean).collect(),
        Value::Object(pairs) => pairs.into_iter().map(|(name, value)| (plain(&name), clean(value))).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_stay_and_long_ones_stay_apart() {
        assert_eq!(key("P-101/vibration"), "P-101/vibration");
        assert_eq!(plain("a\0b"), "a\u{fffd}b");
        let long = |end: char| key(&format!("{}{end}", "ü".repeat(10_000)));
        assert!(long('a').len() < LONGEST);
        assert_ne!(long('a'), long('b'));
        assert_eq!(long('a'), long('a'));
        assert_eq!(or_else("", "engine"), "engine");
        let state = clean(serde_json::json!({ "a\0": ["b\0", 1] }));
        assert_eq!(state, serde_json::json!({ "a\u{fffd}": ["b\u{fffd}", 1] }));
    }
}
