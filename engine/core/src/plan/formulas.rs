//! Expressions of files: parsed, bound to slots, with their faults put at their places.

use crate::expression::{self, Bound, Expr, ExprFault, Meaning, Names};
use crate::files::leaf::Formula;
use crate::files::sources::Fault;
use crate::files::{Faults, names};

/// Moves the faults of an expression to where its text stands in the file.
fn report(formula: &Formula, found: Vec<ExprFault>, faults: &mut Faults) {
    for fault in found {
        faults.add(Fault {
            span: formula.part(&fault.span),
            code: fault.code,
            message: fault.message,
            expected: fault.expected,
            nearest: fault.nearest,
        });
    }
}

/// The tree of an expression, or None when it was reported as unreadable.
pub fn parse(formula: &Formula, names: Names, faults: &mut Faults) -> Option<Expr> {
    match expression::parse(&formula.text, names) {
        Ok(expr) => Some(expr),
        Err(found) => {
            report(formula, found, faults);
            None
        }
    }
}

/// Parses and binds in one go; what cannot be bound is reported and counts as 1.
pub fn bind(
    formula: &Formula,
    names: Names,
    resolve: &mut dyn FnMut(&str) -> Option<Meaning>,
    known: &[&str],
    faults: &mut Faults,
) -> Bound {
    let Some(expr) = parse(formula, names, faults) else { return Bound::Number(1.0) };
    let known = if faults.is_full() { &[] } else { known };
    match expr.bind(resolve, known) {
        Ok(bound) => bound,
        Err(mut found) => {
            for fault in found.iter_mut().filter(|fault| fault.code == "unknown-name") {
                let silent = fault.nearest.is_none() && fault.expected.is_none() && !known.is_empty();
                fault.expected = if silent { Some(names::list(known.iter().copied())) } else { fault.expected.take() };
            }
            report(formula, found, faults);
            Bound::Number(1.0)
        }
    }
}
