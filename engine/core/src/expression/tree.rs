//! The tree of an expression as it was written, every part with its place in the text.
//!
//! It exists so that what binding finds can be shown where it stands. It is never evaluated.

use super::arithmetic::Binary;
use super::functions::Function;
use std::ops::Range;

/// A parsed expression; spans count bytes of the text it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    pub(super) root: Node,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) what: What,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    Number(f64),
    /// With the place of the name itself: the node's span takes parentheses in.
    Name(String, Range<usize>),
    Negate(Box<Node>),
    Not(Box<Node>),
    Binary(Binary, Box<[Node; 2]>),
    Call(Function, Vec<Node>),
    /// Where something is missing or wrong; never in an expression that was handed out.
    Hole,
}

impl Expr {
    /// Every use of a name with its place, in the order of the text; a name that is used twice is there twice.
    pub fn names(&self) -> Vec<(String, Range<usize>)> {
        let mut found = Vec::new();
        self.root.gather_names(&mut found);
        found
    }
}

impl Node {
    fn gather_names(&self, found: &mut Vec<(String, Range<usize>)>) {
        match &self.what {
            What::Name(name, place) => found.push((name.clone(), place.clone())),
            What::Negate(x) | What::Not(x) => x.gather_names(found),
            What::Binary(_, sides) => sides.iter().for_each(|side| side.gather_names(found)),
            What::Call(_, arguments) => arguments.iter().for_each(|argument| argument.gather_names(found)),
            What::Number(_) | What::Hole => {}
        }
    }
}

/// What stands where something is missing.
pub(super) fn hole(at: usize) -> Node {
    Node { span: at..at, what: What::Hole }
}
