//! Turns the names of an expression into numbers and slots and folds what is constant.
//!
//! Folding only ever replaces an operation on numbers by its value, computed by the same code as at run time, so it
//! cannot change a result. Faults in the numbers (a division by zero that a parameter caused) are found here, before
//! anything runs; a branch that a constant condition rules out may hold such faults, since that is what it guards.

use super::arithmetic::{Binary, Unary, choose, halves, raise_number};
use super::bound::Bound;
use super::fault::{ExprFault, Faults, nearest, quoted};
use super::functions::Function;
use super::tree::{Expr, Node, What};
use std::collections::BTreeSet;
use std::ops::Range;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Meaning {
    Number(f64),
    Slot(u16),
}

impl Expr {
    /// Asks `resolve` for the meaning of every name. `known` are the names to suggest where it knows none.
    pub fn bind(
        &self,
        resolve: &mut dyn FnMut(&str) -> Option<Meaning>,
        known: &[&str],
    ) -> Result<Bound, Vec<ExprFault>> {
        let mut binder = Binder { resolve, known, faults: Faults::default(), unknown: BTreeSet::new() };
        match binder.node(&self.root) {
            Some(bound) if binder.faults.is_empty() => Ok(bound),
            _ => Err(binder.faults.into_sorted()),
        }
    }
}

const UNKNOWN: &str = "unknown-name";

struct Binder<'a> {
    resolve: &'a mut dyn FnMut(&str) -> Option<Meaning>,
    known: &'a [&'a str],
    faults: Faults,
    /// Reported already: once a name is enough.
    unknown: BTreeSet<&'a str>,
}

impl<'a> Binder<'a> {
    /// None where a fault was found below: nothing above it is judged.
    fn node(&mut self, node: &'a Node) -> Option<Bound> {
        match &node.what {
            What::Number(number) => Some(Bound::Number(*number)),
            What::Name(name, place) => self.name(name, place),
            What::Negate(x) => self.unary(Unary::Negate, x, node),
            What::Not(x) => self.unary(Unary::Not, x, node),
            What::Binary(operation, sides) => self.binary(*operation, &sides[0], &sides[1], node),
            What::Call(function, arguments) => self.call(*function, arguments, node),
            What::Hole => None,
        }
    }

    fn name(&mut self, name: &'a str, place: &Range<usize>) -> Option<Bound> {
        match (self.resolve)(name) {
            Some(Meaning::Slot(slot)) => Some(Bound::Slot(slot)),
            Some(Meaning::Number(number)) if number.is_finite() => Some(Bound::Number(number)),
            Some(Meaning::Number(number)) => {
                let message = format!("{} is {number}, which is not a finite number", quoted(name));
                self.faults.push(ExprFault::new("not-finite", place.clone(), message));
                None
            }
            None => {
                if self.unknown.insert(name) {
                    self.faults.push(self.unknown_name(name, place));
                }
                None
            }
        }
    }

    fn unknown_name(&self, name: &str, place: &Range<usize>) -> ExprFault {
        let fault = ExprFault::new(UNKNOWN, place.clone(), format!("there is no {} here", quoted(name)));
        if let Some(function) = Function::named(name) {
            return fault.expected(function.usage());
        }
        // What reads like a measure, `sqr(x)`, may have been meant as a function.
        let function = || name.split_once('(').and_then(|(word, _)| Function::nearest(word));
        fault.nearest(nearest(name, self.known.iter().copied()).or_else(function))
    }

    fn unary(&mut self, operation: Unary, x: &'a Node, node: &Node) -> Option<Bound> {
        let x = self.node(x)?;
        let value = x.as_constant().map(|x| operation.apply(x));
        self.folded(Bound::Unary(operation, Box::new(x)), value, node)
    }

    fn binary(&mut self, operation: Binary, a: &'a Node, b: &'a Node, node: &Node) -> Option<Bound> {
        let left = self.node(a);
        let decided = match (operation, left.as_ref().and_then(Bound::as_constant)) {
            (Binary::And, Some(0.0)) => Some(0.0),
            (Binary::Or, Some(left)) if left != 0.0 => Some(1.0),
            _ => None,
        };
        if let Some(value) = decided {
            self.ruled_out(b);
            return Some(Bound::Number(value));
        }
        let right = self.node(b);
        if operation == Binary::Divide && right.as_ref().and_then(Bound::as_constant) == Some(0.0) {
            self.faults.push(ExprFault::new("division-by-zero", b.span.clone(), "this is always 0, and it divides"));
            return None;
        }
        self.combine(operation, left?, right?, node)
    }

    fn combine(&mut self, operation: Binary, left: Bound, right: Bound, node: &Node) -> Option<Bound> {
        if operation == Binary::Power
            && let Some(halves) = right.as_constant().and_then(halves)
        {
            return match halves {
                0 => Some(Bound::Number(1.0)),
                2 => Some(left),
                _ => {
                    let value = left.as_constant().map(|x| raise_number(x, halves));
                    self.folded(Bound::Halves(Box::new(left), halves), value, node)
                }
            };
        }
        let value = left.as_constant().zip(right.as_constant()).map(|(a, b)| operation.apply(a, b));
        self.folded(Bound::binary(operation, left, right), value, node)
    }

    fn call(&mut self, function: Function, arguments: &'a [Node], node: &Node) -> Option<Bound> {
        match (function, arguments) {
            (Function::Abs, [x]) => self.unary(Unary::Abs, x, node),
            (Function::Exp, [x]) => self.unary(Unary::Exp, x, node),
            (Function::Ln, [x]) => self.unary(Unary::Ln, x, node),
            (Function::Sqrt, [x]) => self.unary(Unary::Sqrt, x, node),
            (Function::Sin, [x]) => self.unary(Unary::Sin, x, node),
            (Function::Min, _) => self.extreme(Binary::Min, arguments, node),
            (Function::Max, _) => self.extreme(Binary::Max, arguments, node),
            (Function::Clamp, [x, lowest, highest]) => self.clamp(x, lowest, highest, node),
            (Function::If, [condition, then, otherwise]) => self.condition(condition, then, otherwise, node),
            // The parser has counted the arguments.
            _ => None,
        }
    }

    fn extreme(&mut self, operation: Binary, arguments: &'a [Node], node: &Node) -> Option<Bound> {
        // All are looked at before giving up, for all their faults.
        let bound: Vec<Option<Bound>> = arguments.iter().map(|argument| self.node(argument)).collect();
        let mut bound = bound.into_iter().collect::<Option<Vec<Bound>>>()?.into_iter();
        let first = bound.next()?;
        bound.try_fold(first, |least, next| self.combine(operation, least, next, node))
    }

    fn clamp(&mut self, x: &'a Node, lowest: &'a Node, highest: &'a Node, node: &Node) -> Option<Bound> {
        let (x, low, high) = (self.node(x), self.node(lowest), self.node(highest));
        let (x, low, high) = (x?, low?, high?);
        if let Some((low, high)) = low.as_constant().zip(high.as_constant())
            && low > high
        {
            let message = format!("the lower limit {low} is above the upper limit {high}");
            self.faults.push(ExprFault::new("limits-swapped", lowest.span.start..highest.span.end, message));
            return None;
        }
        let raised = self.combine(Binary::Max, x, low, node)?;
        self.combine(Binary::Min, raised, high, node)
    }

    fn condition(&mut self, condition: &'a Node, then: &'a Node, otherwise: &'a Node, node: &Node) -> Option<Bound> {
        let condition = self.node(condition);
        if let Some(value) = condition.as_ref().and_then(Bound::as_constant) {
            let taken = choose(value, 1.0, 0.0) == 1.0;
            self.ruled_out(if taken { otherwise } else { then });
            return self.node(if taken { then } else { otherwise });
        }
        let (then, otherwise) = (self.node(then), self.node(otherwise));
        self.folded(Bound::If(Box::new([condition?, then?, otherwise?])), None, node)
    }

    /// Looks at a part that is never evaluated: its names must exist, its numbers may be anything.
    fn ruled_out(&mut self, node: &'a Node) {
        let before = self.faults.len();
        self.node(node);
        self.faults.retain_from(before, |fault| fault.code == UNKNOWN);
    }

    /// The value instead of the operation, where there is one.
    fn folded(&mut self, bound: Bound, value: Option<f64>, node: &Node) -> Option<Bound> {
        match value {
            None => Some(bound),
            Some(value) if value.is_finite() => Some(Bound::Number(value)),
            Some(_) => {
                let message = format!("{bound} is not a finite number");
                self.faults.push(ExprFault::new("not-finite", node.span.clone(), message));
                None
            }
        }
    }
}
