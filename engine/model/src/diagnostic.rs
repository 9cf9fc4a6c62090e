//! A mistake in an input file, said so that its writer can mend it: what, where, what was expected, what was
//! probably meant.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Where in a file: line and column count from 1, the column in characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    pub file: String,
    pub line: usize,
    pub column: usize,
    /// How many characters to underline, at least 1.
    pub length: usize,
    /// The text of that line, shortened around the place when it is very long.
    pub excerpt: String,
    /// Where the place starts in `excerpt`, in characters from 0.
    pub excerpt_column: usize,
}

/// One fault found in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Diagnostic {
    pub place: Place,
    /// A stable short name of this sort of mistake, for example `unknown-key`.
    pub code: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// The known name that is nearest to the offending one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = &self.place;
        writeln!(f, "{}:{}:{}: {} [{}]", place.file, place.line, place.column, self.message, self.code)?;
        if !place.excerpt.is_empty() {
            let number = place.line.to_string();
            let gutter = " ".repeat(number.len());
            let before: String =
                place.excerpt.chars().take(place.excerpt_column).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            let room = place.excerpt.chars().count().saturating_sub(place.excerpt_column).max(1);
            writeln!(f, " {number} | {}", place.excerpt)?;
            writeln!(f, " {gutter} | {before}{}", "^".repeat(place.length.clamp(1, room)))?;
        }
        if let Some(expected) = &self.expected {
            writeln!(f, "   expected: {expected}")?;
        }
        if let Some(nearest) = &self.nearest {
            writeln!(f, "   did you mean: {nearest}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}
