//! What is wrong with an expression, where in its text, and what was probably meant.
//!
//! The faults of one expression are gathered and reported together, in the order of the text; the caller shifts the
//! spans into its file. This must never hold more than [`super::MAX_FAULTS`] of them.

use super::MAX_FAULTS;
use std::ops::Range;

/// One fault in an expression; `span` counts bytes of the expression's text and lies on character boundaries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExprFault {
    /// A stable short name of this sort of mistake, for example `unknown-name`.
    pub code: &'static str,
    pub span: Range<usize>,
    pub message: String,
    pub expected: Option<String>,
    /// The known name that is nearest to the offending one.
    pub nearest: Option<String>,
}

impl ExprFault {
    pub(super) fn new(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { code, span, message: message.into(), expected: None, nearest: None }
    }

    pub(super) fn expected(mut self, what: impl Into<String>) -> Self {
        self.expected = Some(what.into());
        self
    }

    pub(super) fn nearest(mut self, name: Option<String>) -> Self {
        self.nearest = name;
        self
    }
}

/// Collects faults up to the limit and hands them out in the order of the text.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<ExprFault>);

impl Faults {
    pub(super) fn push(&mut self, fault: ExprFault) {
        if self.0.len() < MAX_FAULTS {
            self.0.push(fault);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Drops those faults from number `from` on that `keep` does not want.
    pub(super) fn retain_from(&mut self, from: usize, keep: impl Fn(&ExprFault) -> bool) {
        let tail = self.0.split_off(from.min(self.0.len()));
        self.0.extend(tail.into_iter().filter(keep));
    }

    pub(super) fn into_sorted(mut self) -> Vec<ExprFault> {
        self.0.sort_by_key(|fault| (fault.span.start, fault.span.end));
        self.0
    }
}

/// The candidate that is nearest to `name`, if it is near enough to have been meant: at most a third of the letters
/// differ, whatever their case.
pub(super) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let wanted = name.to_ascii_lowercase();
    let allowed = wanted.chars().count() / 3;
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        // The length alone often decides; without this a long name against many candidates costs seconds.
        if candidate.len().abs_diff(wanted.len()) > 4 * allowed {
            continue;
        }
        let distance = strsim::damerau_levenshtein(&wanted, &candidate.to_ascii_lowercase());
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate.to_owned())
}

/// A piece of the text for a message: in backticks, controls made visible, shortened.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN: usize = 40;
    let dots = if text.chars().count() > SHOWN { "..." } else { "" };
    let shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    format!("`{shown}{dots}`")
}
